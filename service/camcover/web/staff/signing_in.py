"""Signing in by a token, and out; the cookie, and what each form has to prove.

The cookie has the prefix `__Host-`: browsers take it over TLS alone (or from this machine), for this host and every
path. Scripts cannot read it, and other sites cannot send it with a form.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from camcover.web.forms import SlowForm, WrongForm, body_of, fields_of
from camcover.web.staff.frame import ROOT, open_page
from camcover.web.staff.visits import StaffSite
from camcover.workflow.staff_sessions import StaffPerson, begin, end

__all__ = [
    "COOKIE",
    "SIGNED_OUT",
    "cookie_of",
    "inside",
    "is_proven",
    "is_sent_from_here",
    "let_in",
    "proof_of",
    "sign_in",
    "sign_in_page",
    "sign_out",
]

COOKIE = "__Host-camcover-staff"
SIGNED_OUT = "/sign-in/signed-out"
"""The page after a sign-out where an identity provider signs people in."""


_PATH = re.compile(rf"{ROOT}(/[A-Za-z0-9._~/-]*)?(\?[A-Za-z0-9._~&=%+-]*)?")
"""Where a sign-in may lead: a page of ours, never another site."""

_COOKIE_TEXT = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_LETTERS = 8_192
_LOG = structlog.get_logger("camcover.pages")


def cookie_of(request: Request) -> str:
    """The cookie of a request; empty where it has none, or one that is not of our making."""
    text = request.cookies.get(COOKIE, "")
    return text if _COOKIE_TEXT.fullmatch(text) else ""


def proof_of(cookie: str) -> str:
    """What a form of this session sends with it: only who has the cookie, or a page of ours, knows it."""
    return hashlib.sha256(f"form:{cookie}".encode()).hexdigest()


def is_proven(cookie: str, sent: str) -> bool:
    """Whether a form came with the proof of its session."""
    return hmac.compare_digest(proof_of(cookie).encode(), sent.encode())


def is_sent_from_here(request: Request) -> bool:
    """Whether a page of this host sent a form, by what its browser says. A request that says nothing is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] == request.headers.get("host")


def sign_in_page(site: StaffSite, to: str, said: str = "", status: int = 200) -> Response:
    """The form that takes a token; `to`: the page to see then; `said`: why the last one was not taken."""
    given = {"to": inside(to), "said": said, "release": site.rules.release, "has_provider": site.provider is not None}
    return open_page("sign_in.html", "Sign in", status=status, **given)


async def sign_in(site: StaffSite, request: Request) -> Response:
    """Take a token: a new session, its cookie, and the page that was wanted; or the form again, with the reason."""
    if not is_sent_from_here(request):
        return sign_in_page(site, "", "This form came from another site. Nothing was done.", 403)
    try:
        sent = dict(fields_of(await body_of(request, seconds=site.form_seconds)))
    except WrongForm as error:
        status = 408 if isinstance(error, SlowForm) else 400
        return sign_in_page(site, "", "This form cannot be read. Sign in again.", status)
    to, token = sent.get("to", ""), sent.get("token", "").strip()
    person = await site.door.identified(token) if 0 < len(token) <= _MOST_LETTERS and token.isascii() else None
    if person is None:
        _LOG.warning("sign-in refused")
        return sign_in_page(site, to, "This token is not known here, or its time is over.", 401)
    return await let_in(site, request, person, to)


async def let_in(site: StaffSite, request: Request, person: StaffPerson, to: str) -> Response:
    """A new session of a person, its cookie, and the page that was wanted; or why they may not look at these pages."""
    if not person.may_read:
        _LOG.warning("sign-in refused", caller=person.subject)
        said = f"{person.subject} has no access to these pages: they need the role rules.read or rules.write."
        return sign_in_page(site, to, said, 403)
    old = cookie_of(request)
    if old:
        await site.look(end, site.releases.store, old)
    cookie = await site.look(begin, site.releases.store, person, site.now())
    _LOG.info("signed in", caller=person.subject)
    answer = RedirectResponse(inside(to), 303, headers={"cache-control": "no-store"})
    # It ends with the window of the browser, or with the session.
    answer.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="lax", path="/")
    return answer


async def sign_out(site: StaffSite, cookie: str) -> Response:
    """End the session."""
    await site.look(end, site.releases.store, cookie)
    # Not to the provider at once: the policy of the pages lets no form lead to another site.
    place = "/sign-in" if site.provider is None else SIGNED_OUT
    answer = RedirectResponse(f"{ROOT}{place}", 303, headers={"cache-control": "no-store"})
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer


def inside(to: str) -> str:
    """The page to see after a sign-in; the first one for anything that is no page of ours."""
    is_page = _PATH.fullmatch(to) and "//" not in to and ".." not in to
    return to if is_page and not to.startswith((f"{ROOT}/sign-in", f"{ROOT}/sign-out")) else ROOT
