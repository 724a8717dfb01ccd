"""Signing in by an identity provider: authorization code flow of OpenID Connect with PKCE, state and nonce.

What comes in: a secret of one browser, which only its cookie holds, and the code that the provider sends back with it.
What goes out: the address to which the browser goes, and whom the provider names. State, nonce and code verifier follow
from the secret, so that nothing is kept here of a sign-in on its way, and any process of the service can end it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import structlog
from google.rpc.status_pb2 import Status

from camcover.api.access_tokens import AccessTokens
from camcover.api.credentials import OidcSettings, SignInClient, token_hash
from camcover.api.errors import Refused, issuer_away
from camcover.api.issuer import RENEW_SECONDS, RETRY_SECONDS, IssuerUnreachable, fetched
from camcover.api.origins import is_private_origin
from camcover.workflow.staff_sessions import StaffPerson

__all__ = ["ProviderSignIn"]

_LOG = structlog.get_logger("camcover.issuer")


class Asks(Protocol):
    """Fetches a JSON object, by POST where there is a form; as `fetched`."""

    def __call__(
        self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """The object. Raises `IssuerUnreachable`."""


class _Endpoints(NamedTuple):
    """Where the provider asks people, where it gives tokens for codes, and where it signs people out, if it does."""

    authorization: str
    token: str
    end_session: str = ""


class ProviderSignIn:
    """Signs people in by one provider; it belongs to one event loop."""

    def __init__(
        self,
        settings: OidcSettings,
        client: SignInClient,
        tokens: AccessTokens,
        *,
        ask: Asks = fetched,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sign in as `client`; `tokens` judges what the provider signs, `ask` fetches, `clock` counts seconds."""
        self._settings, self._client, self._tokens = settings, client, tokens
        self._ask, self._clock = ask, clock
        self._endpoints: _Endpoints | None = None
        self._found_at = self._failed_at = float("-inf")
        self._finding = asyncio.Lock()

    async def address(self, secret: str, back: str) -> str:
        """Where the browser with this secret goes to sign in; `back`: the path to which it then comes back.

        Raises `Refused` where the provider is away.
        """
        endpoints = await self._found()
        challenge = _base64(hashlib.sha256(_derived("verifier", secret).encode()).digest())
        scopes = ["openid", *(["email"] if self._settings.subject_claim == "email" else []), *self._settings.scopes]
        asked = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": f"{self._client.origin}{back}",
            "scope": " ".join(dict.fromkeys(scopes)),
            "state": _derived("state", secret),
            "nonce": _derived("nonce", secret),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoints.authorization}{'&' if '?' in endpoints.authorization else '?'}{urlencode(asked)}"

    async def leaving(self, back: str) -> str:
        """Where a browser goes to sign out at the provider, which sends it to the path `back`; empty where it cannot.

        By OpenID Connect RP-Initiated Logout 1.0, with the client's id: no ID token is kept that could stand for it.
        """
        try:
            address = (await self._found()).end_session
        except Refused:
            return ""
        asked = urlencode({"client_id": self._client.id, "post_logout_redirect_uri": f"{self._client.origin}{back}"})
        return f"{address}{'&' if '?' in address else '?'}{asked}" if address else ""

    def is_own(self, secret: str, state: str, issuer: str) -> bool:
        """Whether a browser comes back from the sign-in that its own secret began; `issuer` as RFC 9207, if given."""
        return issuer in ("", self._settings.issuer) and _is_text(state, _derived("state", secret))

    async def person(self, secret: str, code: str, back: str) -> StaffPerson | None:
        """Whom the provider names for a code; None where it names nobody who counts here: the log says why.

        The roles are those of the access token. The ID token says that it was made for this very sign-in. Raises
        `Refused` where the provider is away.
        """
        found = await self._judged(secret, await self._exchanged(secret, code, back))
        if isinstance(found, str):
            _LOG.warning("sign-in refused", reason=found)
            return None
        return found

    async def _judged(self, secret: str, answer: Mapping[str, Any]) -> StaffPerson | str:
        """Whom the provider's answer to a code names, or why it names nobody."""
        id_token, access_token = (answer.get(name) for name in ("id_token", "access_token"))
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            return "the provider gave no ID token or no access token"
        claims = await self._claims(id_token, self._client.id)
        if isinstance(claims, Status):
            return f"ID token: {claims.message}"
        granted, caller = await self._claims(access_token, self._settings.audience), self._tokens.caller(access_token)
        if isinstance(granted, Status) or isinstance(caller, Status):
            refusal = granted if isinstance(granted, Status) else caller
            return refusal.message if isinstance(refusal, Status) else ""
        if not _is_text(claims.get("nonce"), _derived("nonce", secret)):
            return "the ID token is of another sign-in"
        if claims.get("azp", self._client.id) != self._client.id:
            return "the ID token is for another client"
        if not claims.get("sub") or granted.get("sub") != claims["sub"]:
            return "the tokens are of two people"
        hashed = token_hash(access_token)
        return StaffPerson(caller.subject, caller.roles, caller.payers, caller.expires, hashed, is_listed=False)

    async def _claims(self, token: str, audience: str) -> Mapping[str, Any] | Status:
        """The claims of a token that counts now, or why it does not."""
        await self._tokens.prepare(token)
        return self._tokens.claims_now(token, audience)

    async def _exchanged(self, secret: str, code: str, back: str) -> Mapping[str, Any]:
        """The provider's answer to a code; empty where it refuses the code. Raises `Refused`."""
        endpoints, client = await self._found(), self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{client.origin}{back}",
            "client_id": client.id,
            "code_verifier": _derived("verifier", secret),
        }
        headers = {}
        if client.secret:
            # Both parts are encoded as in forms first (RFC 6749, section 2.3.1).
            pair = f"{quote(client.id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            return await asyncio.to_thread(self._ask, endpoints.token, form, headers)
        except IssuerUnreachable as error:
            _LOG.error("no tokens for a code", reason=str(error))
            if error.is_answered:
                return {}
            raise Refused(issuer_away()) from error

    async def _found(self) -> _Endpoints:
        """The endpoints of the provider's discovery document, kept for ten minutes. Raises `Refused`.

        Whoever comes, the provider is asked once at a time, and not again for some seconds where it did not answer.
        """
        async with self._finding:
            if self._endpoints is None or self._clock() - self._found_at > RENEW_SECONDS:
                if self._clock() - self._failed_at < RETRY_SECONDS:
                    raise Refused(issuer_away())
                try:
                    self._endpoints = await asyncio.to_thread(self._discovered)
                except IssuerUnreachable as error:
                    self._failed_at = self._clock()
                    _LOG.error("endpoints of the issuer not fetched", reason=str(error))
                    raise Refused(issuer_away()) from error
                self._found_at = self._clock()
            return self._endpoints

    def _discovered(self) -> _Endpoints:
        """The endpoints now. Raises `IssuerUnreachable`."""
        issuer = self._settings.issuer
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        document = self._ask(place)
        if document.get("issuer") != issuer:
            raise IssuerUnreachable(f"{place}: found another issuer; expected {issuer}")
        authorization, token = (_endpoint(document, name, issuer) for name in _NAMES)
        end_session = _endpoint(document, _LEAVING, issuer) if _LEAVING in document else ""
        return _Endpoints(authorization, token, end_session)


_NAMES = ("authorization_endpoint", "token_endpoint")
_LEAVING = "end_session_endpoint"


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """An endpoint by its name: https, or on this machine where the issuer is, too. Raises `IssuerUnreachable`."""
    found = document.get(name)
    if not isinstance(found, str) or "#" in found:
        raise IssuerUnreachable(f"{issuer}: found no {name}; expected an address")
    if not (found.startswith("https://") or (is_private_origin(found) and is_private_origin(issuer))):
        raise IssuerUnreachable(f"{issuer}: found a {name} without https; expected an https address")
    return found


def _derived(what: str, secret: str) -> str:
    """One of the three values of a sign-in, 256 bits that do not give the secret or each other away."""
    return _base64(hmac.digest(secret.encode(), f"camcover-{what}".encode(), "sha256"))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _is_text(found: object, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode(), expected.encode())
