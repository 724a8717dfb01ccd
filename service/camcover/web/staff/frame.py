"""The frame of the pages for staff: the bar of places, the strip with the release that answers, who is signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from camcover.web.rendering import page, template
from camcover.web.staff.visits import Visit
from camcover.web.static_files import prefix
from camcover.workflow.following import Following

__all__ = ["ROOT", "STRIP", "StaffPlace", "framed", "led_to", "open_page", "strip_of", "told_moment"]

ROOT, STRIP = "/staff", "/strip"


class StaffPlace(NamedTuple):
    """One entry of the bar: its path below `/staff`, its words, and the heading that stands before it, if any."""

    path: str
    words: str
    heading: str = ""


PLACES: tuple[StaffPlace, ...] = (
    StaffPlace("", "Today"),
    StaffPlace("/plans", "Plans"),
    StaffPlace("/tests", "Tests"),
    StaffPlace("/releases", "Releases"),
    StaffPlace("/drafts", "Drafts"),
    StaffPlace("/schedule", "Schedule"),
    StaffPlace("/estimates", "Estimates", "Look up"),
    StaffPlace("/try", "Try an estimate"),
    StaffPlace("/audit", "Audit log"),
    StaffPlace("/books", "Books of members", "Manage"),
    StaffPlace("/access", "Access and four eyes"),
)
"""The bar, in its order. A page that is there stands in it."""


def framed(visit: Visit, name: str, /, title: str, *, status: int = 200, nonce: str = "", **values: Any) -> Response:
    """A page from a template of `templates/staff/`; `title` is its name for the window.

    `nonce`: by which a script of ours marks the styles that it adds.
    """
    text = template(f"staff/{name}").render(
        static=prefix(),
        root=ROOT,
        title=title,
        places=PLACES,
        here=visit.here,
        visit=visit,
        person=visit.person,
        may_write=visit.person.may_write,
        proof=visit.proof,
        nonce=nonce,
        **strip_of(visit),
        **values,
    )
    return page(text, status, nonce=nonce)


def strip_of(visit: Visit) -> dict[str, Any]:
    """What the strip is made of: the release that answers here, since when, and whether the database has another."""
    release, told = visit.site.rules.release, visit.history
    return {
        "answering": release,
        "since": told.since if release == told.active else None,
        "active": told.active,
        "is_behind": visit.site.following() is not Following.AT_ONE or (told.active or "") != release,
        "moment": told_moment,
    }


def open_page(name: str, /, title: str, *, status: int = 200, **values: Any) -> Response:
    """A page for somebody who is not signed in, or of whom that is not known."""
    return page(template(f"staff/{name}").render(static=prefix(), root=ROOT, title=title, **values), status)


def led_to(path: str) -> Response:
    """The answer to a form that did what it was to do: the page to see now, by GET."""
    return RedirectResponse(f"{ROOT}{path}", 303, headers={"cache-control": "no-store"})


def told_moment(when: datetime) -> str:
    """A time as the pages show it, in UTC to the minute: `2026-11-25 16:36 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
