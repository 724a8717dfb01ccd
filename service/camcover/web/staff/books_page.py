"""S12, books: the members over which staff have the impact of a change worked out."""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.impact.job_books import book_facts

__all__ = ["PAGES"]


async def _show(visit: Visit) -> Response:
    """All books; none where the service works no impacts out."""
    impacts = visit.site.impacts
    found = await visit.site.look(book_facts, impacts.book) if impacts is not None else ()
    return framed(visit, "books.html", "Books of members", found=found, has_impacts=impacts is not None)


PAGES = (StaffPage("/books", _show),)
