"""The strip on top of every page for staff, asked for again by a page that stays open: which release answers by now.

A script asks every two seconds while its page can be seen (`static/strip.js`). Where the session is over, the answer
leads to the sign-in, as that of every page does, and the script says so.
"""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.rendering import page, template
from camcover.web.staff.frame import ROOT, STRIP, strip_of
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.roles import Role

__all__ = ["PAGES"]

_LONGEST_ID = 64


async def _show(visit: Visit) -> Response:
    """The strip as it is now; `of`: the release that answered when the asking page was made, by which there is news."""
    made_by = visit.asked("of", _LONGEST_ID)
    return page(template("staff/_strip.html").render(root=ROOT, made_by=made_by, **strip_of(visit)))


PAGES = (StaffPage(STRIP, _show, needs=Role.RULES_READ),)
