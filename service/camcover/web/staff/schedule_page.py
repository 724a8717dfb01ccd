"""S8, schedule: the activations to come, and the way to call one off."""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.activation import Decision, cancel
from camcover.workflow.errors import PayerNotAllowed, UnknownActivation

__all__ = ["PAGES"]

_LONGEST_REASON = 500
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
        longest=_LONGEST_REASON,
        reason=visit.sent("reason"),
    )


async def _cancel(visit: Visit) -> Response:
    """Call an activation off."""
    person, number = visit.person, visit.sent("number", _LONGEST_NUMBER)
    if person.payers is not None:
        raise PayerNotAllowed(person.subject, person.payers, "what others decide until then; activate at once")
    if not (number.isascii() and number.isdecimal()):
        raise UnknownActivation(number)
    if not visit.sent("reason"):
        return await _show(visit, "Say why: the audit log keeps it.", number)
    decision = Decision(person.subject, visit.sent("reason", _LONGEST_REASON))
    await visit.site.look(cancel, visit.site.releases.store, int(number), decision)
    return led_to("/schedule")


PAGES = (StaffPage("/schedule", _show, _cancel),)
