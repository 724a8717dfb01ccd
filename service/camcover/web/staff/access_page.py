"""S12, access: whether two people are needed, and who may do what, as the file of tokens has it."""

from __future__ import annotations

from starlette.responses import Response

from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.activation import four_eyes, switch_four_eyes
from camcover.workflow.payers import SETTINGS, for_all_payers

__all__ = ["PAGES"]


async def _show(visit: Visit) -> Response:
    """The page."""
    eyes = await visit.site.look(four_eyes, visit.site.releases.store)
    people = sorted(visit.site.door.people(), key=lambda each: each.subject)
    return framed(visit, "access.html", "Access", eyes=eyes, people=people)


async def _switch(visit: Visit) -> Response:
    """Ask for four eyes, or for their end. Raises `PayerNotAllowed`, `SecondPersonNeeded`."""
    person = visit.person
    for_all_payers(person.payers, person.subject, SETTINGS)
    is_on = visit.sent("four-eyes") == "on"
    await visit.site.look(switch_four_eyes, visit.site.releases.store, person.subject, is_on=is_on)
    return led_to("/access")


PAGES = (StaffPage("/access", _show, _switch),)
