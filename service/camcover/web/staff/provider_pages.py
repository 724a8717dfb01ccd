"""Signing in by an identity provider: the way to it, and the way back.

A cookie of its own holds 256 random bits and the page that was wanted, for the time of one sign-in. Nobody comes in by
an address alone: state, nonce and code verifier follow from the cookie, and it is used once.
"""

from __future__ import annotations

import base64
import re
import secrets
from datetime import timedelta

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from camcover.web.staff.frame import ROOT, open_page
from camcover.web.staff.signing_in import inside, let_in, sign_in_page
from camcover.web.staff.visits import SignInProvider, StaffSite
from camcover.workflow.staff_sessions import PROVIDED_HOURS

__all__ = ["LEAVING", "RETURN", "begin_at_provider", "come_back", "signed_out"]

LEAVING, RETURN = "/sign-in/provider", "/sign-in/callback"

COOKIE = "__Host-camcover-sign-in"
SECONDS = 600
"""How long a person may take at the provider."""

_COOKIE_TEXT = re.compile(r"([A-Za-z0-9_-]{43})[.]([A-Za-z0-9_-]{0,2800})")
_ERROR = re.compile(r"[a-z_]{1,64}")
_MOST_LETTERS = 4_096
_MOST_PATH = 2_000
_LOG = structlog.get_logger("camcover.pages")

_ELSEWHERE = "This sign-in did not begin in this browser, was used already, or took too long. Begin it again."
_NOBODY = "What the identity provider says of you does not count here. Whoever runs this service finds why in its log."


async def begin_at_provider(site: StaffSite, request: Request) -> Response:
    """Lead a browser to the provider, with a new secret in its cookie."""
    if site.provider is None:
        return _not_here(site)
    to, secret = inside(request.query_params.get("to", "")[:_MOST_PATH]), secrets.token_urlsafe(32)
    address = await site.provider.address(secret, f"{ROOT}{RETURN}")
    answer = RedirectResponse(address, 303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})
    kept = f"{secret}.{base64.urlsafe_b64encode(to.encode()).rstrip(b'=').decode()}"
    answer.set_cookie(COOKIE, kept, max_age=SECONDS, secure=True, httponly=True, samesite="lax", path="/")
    return answer


async def come_back(site: StaffSite, request: Request) -> Response:
    """Take what the provider sends a browser back with; the cookie of the sign-in is used up, whatever comes of it."""
    answer = _not_here(site) if site.provider is None else await _arrived(site, site.provider, request)
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer


async def _arrived(site: StaffSite, provider: SignInProvider, request: Request) -> Response:
    """The session of somebody who comes back, or the page that says why there is none."""
    cookie = _COOKIE_TEXT.fullmatch(request.cookies.get(COOKIE, ""))
    sent = {name: request.query_params.get(name, "") for name in ("state", "iss", "code", "error")}
    if cookie is None or not provider.is_own(cookie[1], sent["state"], sent["iss"]):
        _LOG.warning("sign-in refused")
        return sign_in_page(site, "", _ELSEWHERE, 400)
    secret, to = cookie[1], _wanted(cookie[2])
    if sent["error"] or not 0 < len(sent["code"]) <= _MOST_LETTERS:
        word = sent["error"] if _ERROR.fullmatch(sent["error"]) else "no code"
        return sign_in_page(site, to, f"The identity provider did not sign you in: {word}.", 403)
    person = await provider.person(secret, sent["code"], f"{ROOT}{RETURN}")
    if person is None:
        return sign_in_page(site, to, _NOBODY, 403)
    return await let_in(site, request, person._replace(expires=site.now() + timedelta(hours=PROVIDED_HOURS)), to)


async def signed_out(site: StaffSite, _request: Request) -> Response:
    """Say that a session is over, and lead to the provider's own sign-out where there is one."""
    if site.provider is None:
        return _not_here(site)
    leaving = await site.provider.leaving(f"{ROOT}/sign-in")
    return open_page("signed_out.html", "Signed out", leaving=leaving)


def _wanted(text: str) -> str:
    """The page that a cookie names; it is looked at as any text that a browser sends."""
    try:
        return inside(base64.urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}").decode())
    except ValueError:
        return ROOT


def _not_here(site: StaffSite) -> Response:
    return sign_in_page(site, "", "No identity provider signs people in here.", 404)
