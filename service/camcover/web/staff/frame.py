"""The frame of the pages for staff: the bar of places, the strip with the release that answers, who is signed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.responses import RedirectResponse, Response

from camcover.web.rendering import page, template
from camcover.web.staff.visits import Visit
from camcover.web.static_files import prefix
from camcover.workflow.following import Following

__all__ = ["ROOT", "StaffPlace", "framed", "led_to", "open_page", "told_moment"]

ROOT = "/staff"


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
    release = visit.site.rules.release
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
        answering=release,
        since=visit.history.since if release == visit.history.active else None,
        is_behind=visit.site.following() is not Following.AT_ONE or (visit.history.active or "") != release,
        moment=told_moment,
        nonce=nonce,
        **values,
    )
    return page(text, status, nonce=nonce)


def open_page(name: str, /, title: str, *, status: int = 200, **values: Any) -> Response:
    """A page for somebody who is not signed in, or of whom that is not known."""
    return page(template(f"staff/{name}").render(static=prefix(), root=ROOT, title=title, **values), status)


def led_to(path: str) -> Response:
    """The answer to a form that did what it was to do: the page to see now, by GET."""
    return RedirectResponse(f"{ROOT}{path}", 303, headers={"cache-control": "no-store"})


def told_moment(when: datetime) -> str:
    """A time as the pages show it, in UTC to the minute: `2026-11-25 16:36 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
