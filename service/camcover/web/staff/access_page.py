"""S12, access: whether two people are needed, who may do what as the file of tokens has it, and who is signed in."""

from __future__ import annotations

import structlog
from starlette.responses import Response

from camcover.web.staff.frame import framed, led_to
from camcover.web.staff.visits import StaffPage, Visit
from camcover.workflow.activation import four_eyes, switch_four_eyes
from camcover.workflow.payers import SETTINGS, for_all_payers
from camcover.workflow.people import is_same_person
from camcover.workflow.staff_sessions import end_all, open_sessions

__all__ = ["PAGES"]

_LOG = structlog.get_logger("camcover.pages")


async def _show(visit: Visit) -> Response:
    """The page."""
    eyes = await visit.site.look(four_eyes, visit.site.releases.store)
    people = sorted(visit.site.door.people(), key=lambda each: each.subject)
    sessions = await visit.site.look(open_sessions, visit.site.releases.store, visit.site.door, visit.site.now())
    is_asker = eyes.asked_off_by is not None and is_same_person(eyes.asked_off_by, visit.person.subject)
    return framed(visit, "access.html", "Access", eyes=eyes, is_asker=is_asker, people=people, sessions=sessions)


async def _do(visit: Visit) -> Response:
    """Ask for four eyes, or for their end; or end somebody's sessions.

    Raises `PayerNotAllowed`, `SecondPersonNeeded`.
    """
    person, subject = visit.person, visit.sent("end")
    for_all_payers(person.payers, person.subject, SETTINGS)
    if subject:
        count = await visit.site.look(end_all, visit.site.releases.store, subject)
        _LOG.info("sessions ended", caller=person.subject, of=subject, count=count)
        return led_to("/access")
    is_on = visit.sent("four-eyes") == "on"
    await visit.site.look(switch_four_eyes, visit.site.releases.store, person.subject, is_on=is_on)
    return led_to("/access")


PAGES = (StaffPage("/access", _show, _do),)
