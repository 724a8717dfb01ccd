"""S8, schedule: the activations to come, and the way to call one off."""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import LONGEST_REASON, SAY_WHY, StaffPage, Visit, whole_number
from camcover.workflow.activation import Decision, cancel
from camcover.workflow.errors import UnknownActivation
from camcover.workflow.payers import LATER, for_all_payers

__all__ = ["PAGES"]

_LONGEST_NUMBER = 18


async def _show(visit: Visit, fault: str = "", number: str = "") -> Response:
    """The page; `number`: the activation whose form was wrong."""
    return framed(
        visit,
        "schedule.html",
        "Schedule",
        status=400 if fault else 200,
        fault=fault,
        number=number,
        longest=LONGEST_REASON,
        reason=visit.sent("reason"),
    )


async def _cancel(visit: Visit) -> Response:
    """Call an activation off."""
    person, number = visit.person, visit.sent("number", _LONGEST_NUMBER)
    for_all_payers(person.payers, person.subject, LATER)
    if whole_number(number) is None:
        raise UnknownActivation(number)
    if not visit.sent("reason"):
        return await _show(visit, SAY_WHY, number)
    decision = Decision(person.subject, visit.sent("reason", LONGEST_REASON))
    await visit.site.look(cancel, visit.site.releases.store, int(number), decision)
    return led_to("/schedule")


PAGES = (StaffPage("/schedule", _show, _cancel),)
