"""Access tokens of an identity provider (OIDC): JWTs that one of the issuer's keys has signed, for this service.

What comes in: the text of a token. What goes out: its caller, whose roles follow from the token's scopes, or a refusal,
which never holds a part of the token. Only asymmetric algorithms of an allow-list count (RFC 8725).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cachetools import LRUCache
from google.rpc.status_pb2 import Status
from joserfc import jws
from joserfc.errors import JoseError

from camcover.api.base64_urls import from_base64
from camcover.api.callers import Caller
from camcover.api.credentials import OidcSettings
from camcover.api.errors import issuer_away, refused
from camcover.api.issuer import IssuerKeys
from camcover.refusals import Refusal
from camcover.store.schema import PAGES

__all__ = ["AccessTokens"]

_MOST_LETTERS = 8_192
_MOST_SUBJECT = 256
_KEPT = 4_096
"""So many tokens that were found good need not be checked anew."""


class AccessTokens:
    """Judges the access tokens of one issuer; it belongs to one event loop."""

    def __init__(
        self, settings: OidcSettings, keys: IssuerKeys | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        """Judge by `settings`; `keys` are those of its issuer, `clock` gives the time."""
        self._settings = settings
        self._keys = keys or IssuerKeys(settings.issuer)
        self._now = clock or (lambda: datetime.now(UTC))
        # Other header fields are ignored, as RFC 7515 says.
        self._registry = jws.JWSRegistry(algorithms=list(settings.algorithms), strict_check_header=False)
        self._good: LRUCache[bytes, Caller] = LRUCache(_KEPT)
        self._edition = 0

    async def prepare(self, token: str) -> None:
        """Fetch the issuer's keys where the token needs one that is not known."""
        header = _header(token)
        if header is not None:
            await self._keys.look_for(_text(header, "kid"))

    def caller(self, token: str) -> Caller | Status:
        """The caller of a token, which may have expired; or its refusal."""
        if self._edition != self._keys.edition:
            self._good.clear()
            self._edition = self._keys.edition
        name = hashlib.sha256(token.encode()).digest()
        if (found := self._good.get(name)) is not None:
            return found
        judged = self._judged(token)
        if isinstance(judged, Caller):
            self._good[name] = judged
        return judged

    def _judged(self, token: str) -> Caller | Status:
        claims = self.claims(token, self._settings.audience)
        return claims if isinstance(claims, Status) else self._of_claims(claims)

    def claims(self, token: str, audience: str) -> Mapping[str, Any] | Status:
        """The claims of a token that the issuer has signed for an audience, which may have expired; or its refusal."""
        header = _header(token)
        if header is None:
            return _refusal("it is no JWT")
        if header.get("alg") not in self._settings.algorithms:
            return _refusal(f"its algorithm is not one of {', '.join(self._settings.algorithms)}")
        if "crit" in header:
            return _refusal("it needs an extension that this service does not know (crit)")
        key = self._keys.key(_text(header, "kid"))
        if key is None:
            return _refusal("no key of the issuer has its kid") if self._keys.is_reached else issuer_away()
        try:
            content = jws.deserialize_compact(token, key, self._settings.algorithms, self._registry).payload or b""
        except (JoseError, ValueError):
            return _refusal("its signature is not the issuer's")
        claims = _object(content)
        return _refusal("it has no claims") if claims is None else self._in_force(claims, audience)

    def _in_force(self, claims: Mapping[str, Any], audience: str) -> Mapping[str, Any] | Status:
        """Claims that the issuer has signed, if they are its own, for the audience, and of this time."""
        if claims.get("iss") != self._settings.issuer:
            return _refusal("it is of another issuer")
        given = claims.get("aud")
        if audience not in (given if isinstance(given, list) else [given]):
            return _refusal("it is for another audience")
        begins = _time(claims, "nbf")
        if _time(claims, "exp") is None:
            return _refusal("its end (exp) is missing or not a time")
        if "nbf" in claims and begins is None:
            return _refusal("its beginning (nbf) is not a time")
        if begins is not None and begins - self._leeway > self._now():
            return _refusal("it is not valid yet (nbf)")
        return claims

    def claims_now(self, token: str, audience: str) -> Mapping[str, Any] | Status:
        """The same, but the refusal of a token that has expired."""
        found = self.claims(token, audience)
        has_ended = not isinstance(found, Status) and self._end(found) <= self._now()
        return _refusal("it has expired") if has_ended else found

    def _end(self, claims: Mapping[str, Any]) -> datetime:
        """When claims that count end, with the leeway."""
        found = _time(claims, "exp")
        if found is None:
            raise AssertionError("claims without a time count nowhere")
        return found + self._leeway

    @property
    def _leeway(self) -> timedelta:
        return timedelta(seconds=self._settings.leeway_seconds)

    def _of_claims(self, claims: Mapping[str, Any]) -> Caller | Status:
        """The caller of claims that count."""
        settings = self._settings
        subject = _text(claims, settings.subject_claim)
        if not subject or not subject.isprintable() or len(subject) > _MOST_SUBJECT or subject == PAGES:
            return _refusal(f"it has no {settings.subject_claim} that names a caller")
        if settings.subject_claim == "email" and claims.get("email_verified") is not True:
            return _refusal("its email is not verified")
        roles = {
            settings.scopes[each] for each in _words(claims.get("scope", claims.get("scp"))) if each in settings.scopes
        }
        payers = None if settings.payers_claim is None else frozenset(_words(claims.get(settings.payers_claim)))
        return Caller(subject, frozenset(roles), self._end(claims), payers)


def _refusal(why: str) -> Status:
    return refused(Refusal.TOKEN_REFUSED, f"the access token is refused: {why}")


def _header(token: str) -> Mapping[str, Any] | None:
    """The header of a JWT, which nobody has checked; None for any other text."""
    if len(token) > _MOST_LETTERS or token.count(".") != 2:  # header, claims, signature
        return None
    content = from_base64(token.partition(".")[0])
    return None if content is None else _object(content)


def _object(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object that bytes hold; None where they hold none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None


def _time(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A time in seconds since 1970; None where it is none."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _words(value: object) -> list[str]:
    """The words of a claim: a text with spaces, as `scope` of RFC 9068 is, or a list, as some issuers give it."""
    if isinstance(value, str):
        return value.split()
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
