"""S9, estimates: one of them by its name or request id, and whether it comes out the same once more.

Nobody searches for persons here. What stands in an estimate is shown to those alone who may ask for estimates.
"""

from __future__ import annotations

from typing import Any

import structlog
from starlette.responses import Response

from camcover.web.staff.frame import framed
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.estimates_at_hand import FoundEstimate
from camcover.workflow.roles import Role

__all__ = ["PAGES"]

_LONGEST = 200
_LOG = structlog.get_logger("camcover.pages")


async def _ask(visit: Visit) -> Response:
    """The form."""
    return _shown(visit)


async def _find(visit: Visit) -> Response:
    """One estimate; with `again`, computed once more."""
    name, subject, request_id = (visit.sent(each, _LONGEST) for each in ("name", "subject", "request_id"))
    if not name and not (subject and request_id):
        said = "Give the name of an estimate, or who asked and their request id."
        return _shown(visit, status=400, fault=said)
    found = await visit.site.look(visit.site.estimates.found, name, subject, request_id)
    _LOG.info("estimate looked up", caller=visit.person.subject, found=found is not None)
    if found is None:
        said = "There is no such estimate. Request ids are forgotten after their time; names are not."
        return _shown(visit, status=404, fault=said)
    again = None
    if visit.sent("again") and found.kept == "whole":
        again = await visit.site.look(visit.site.estimates.difference, found.name)
    return _shown(visit, found, again)


def _shown(
    visit: Visit, found: FoundEstimate | None = None, again: str | None = None, *, status: int = 200, fault: str = ""
) -> Response:
    """The page. `again`: what came of computing it once more, None where that was not asked for."""
    may_see = visit.person.may(Role.ESTIMATE)
    values: dict[str, Any] = {"found": found, "again": again, "may_see": may_see, "fault": fault}
    return framed(visit, "estimates.html", "Estimates", status=status, **values)


PAGES = (StaffPage("/estimates", _ask, _find, needs=Role.RULES_READ),)
