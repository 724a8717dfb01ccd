"""S1, today: what waits for somebody, what answers, what comes next, what went live, what is published and not live."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.draft_states import DraftState
from camcover.workflow.drafting import draft_views, drafts_of
from camcover.workflow.release_history import releases_page

__all__ = ["PAGES"]

_WEEK = timedelta(days=7)
_MOST_WAITING = 5
_OPEN = (DraftState.OPEN, DraftState.PROPOSED, DraftState.APPROVED, DraftState.SENT_BACK)
"""Drafts for which somebody has a step to take."""


async def _show(visit: Visit) -> Response:
    """The page."""
    told = visit.history
    lived = [each for each in told.effective if told.now - each.effective_at <= _WEEK]
    newest = await visit.site.read(releases_page, _MOST_WAITING)
    decided = {each.release_id for each in told.decisions if not each.is_cancelled}
    waiting = [each for each in newest.releases if each.id not in decided]
    found = await visit.site.look(draft_views, drafts_of(visit.site.releases))
    drafts = [each for each in found if each.state in _OPEN]
    return framed(
        visit,
        "today.html",
        "Today",
        lived=lived,
        waiting=waiting,
        drafts=drafts,
        counts=_counts(visit),
    )


def _counts(visit: Visit) -> tuple[int, int]:
    """How many plans answer, and of how many payers."""
    tables = visit.site.rules.tables
    plans = () if tables is None else tuple(tables.directory.values())
    return len(plans), len({each.payer_id for each in plans})


PAGES = (StaffPage("", _show),)
