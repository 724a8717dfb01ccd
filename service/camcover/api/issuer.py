"""An identity provider: its address, how its documents are fetched, and the keys that sign its access tokens.

What comes in: an issuer's URL. What goes out: public keys by `kid`. They are fetched in a thread, with bounded time and
size, by the issuer's discovery document (OpenID Connect Discovery 1.0). They are kept, fetched anew when a token names
one that is not among them or when they are old, and no longer used when the issuer has not confirmed them for a day.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit

import structlog
from joserfc import jwk
from joserfc.errors import JoseError

from camcover.api.origins import is_private_origin
from camcover.errors import CamcoverError

__all__ = ["IssuerKeys", "IssuerUnreachable", "Key", "fetched"]

_LOG = structlog.get_logger("camcover.issuer")

PAUSE_SECONDS = 30.0
"""So long after an answer a token with a key that is not known makes no new question."""

RETRY_SECONDS = 5.0
"""The same after a question that was not answered."""

RENEW_SECONDS = 600.0
"""Older keys are fetched anew, so that a withdrawn key goes out of use."""

TRUST_SECONDS = 86_400.0
"""Older keys are not used, where the issuer cannot be reached."""

_FETCH_SECONDS = 5.0
_MOST_BYTES = 256 << 10
_CHUNK_BYTES = 16 << 10
_MODULUS_LETTERS = 342
"""The modulus of an RSA key of 2,048 bits in base64; shorter keys are not used."""

_OK, _REFUSING = 200, range(400, 500)

Key: TypeAlias = jwk.RSAKey | jwk.ECKey | jwk.OKPKey


class IssuerUnreachable(CamcoverError):
    """A document of the identity provider cannot be had; the message says why.

    `is_answered`: it refused what was asked of it, by a status of 400 to 499.
    """

    def __init__(self, said: str, *, is_answered: bool = False) -> None:
        """Say why."""
        super().__init__(said)
        self.is_answered = is_answered


def fetched(
    url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """The JSON object at a URL, to which `form` is sent, if any. Blocks for at most some five seconds.

    Redirects are not followed: what they lead to is not what the settings name. Raises `IssuerUnreachable`.
    """
    last = time.monotonic() + _FETCH_SECONDS
    place = urlsplit(url)
    if place.scheme != "https" and not is_private_origin(url):
        raise IssuerUnreachable(f"{url}: expected https")
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=_FETCH_SECONDS)
    try:
        path = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
        given = {"Accept": "application/json"} | dict(headers or {})
        if form is None:
            connection.request("GET", path, headers=given)
        else:
            given["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("POST", path, urlencode(form), given)
        answer = connection.getresponse()
        if answer.status != _OK:
            said = f"{url}: found status {answer.status}; expected {_OK}"
            raise IssuerUnreachable(said, is_answered=answer.status in _REFUSING)
        content = b""
        while chunk := answer.read1(_CHUNK_BYTES):
            content += chunk
            if len(content) > _MOST_BYTES:
                raise IssuerUnreachable(f"{url}: more than {_MOST_BYTES} bytes")
            if time.monotonic() > last:
                raise IssuerUnreachable(f"{url}: took more than {_FETCH_SECONDS:g} seconds")
        found = json.loads(content)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise IssuerUnreachable(f"{url}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise IssuerUnreachable(f"{url}: expected a JSON object")
    return found


class IssuerKeys:
    """The keys of an issuer; it belongs to one event loop."""

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Mapping[str, Any]] = fetched,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask `issuer` by `fetch` once keys are wanted; `clock` counts seconds."""
        self._issuer, self._fetch, self._clock = issuer, fetch, clock
        self._keys: dict[str, Key] = {}
        self._answered_at = self._asked_at = float("-inf")
        self._is_reached = True
        self._task: asyncio.Task[None] | None = None
        self._answers = 0

    @property
    def edition(self) -> int:
        """The number of the current set of keys; it increases. -1 if no set is valid any more."""
        return self._answers if self._are_trusted() else -1

    def _are_trusted(self) -> bool:
        return self._clock() - self._answered_at <= TRUST_SECONDS

    @property
    def is_reached(self) -> bool:
        """Whether the last question was answered."""
        return self._is_reached

    def key(self, kid: str | None) -> Key | None:
        """The key of an id; without an id the only key. None if it is not known now."""
        if not self._are_trusted():
            return None
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def look_for(self, kid: str | None) -> None:
        """Wait until the issuer was asked, where a key is not known; where keys are old, ask and do not wait."""
        is_known = self.key(kid) is not None
        now = self._clock()
        if is_known and now - self._answered_at <= RENEW_SECONDS:
            return
        if self._task is None and now - self._asked_at >= (PAUSE_SECONDS if self._is_reached else RETRY_SECONDS):
            self._task = asyncio.create_task(self._renew())
        if self._task is not None and not is_known:
            # A caller that gives up does not cancel the fetch, because others wait for it.
            await asyncio.shield(self._task)

    async def _renew(self) -> None:
        try:
            self._keys = await asyncio.to_thread(self._asked)
        except IssuerUnreachable as error:
            self._is_reached = False
            _LOG.error("keys of the issuer not fetched", reason=str(error))
        else:
            self._is_reached, self._answered_at = True, self._clock()
            self._answers += 1
            _LOG.info("keys of the issuer fetched", count=len(self._keys))
        finally:
            self._asked_at, self._task = self._clock(), None

    def _asked(self) -> dict[str, Key]:
        """The issuer's keys now. Raises `IssuerUnreachable`."""
        place = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        document = self._fetch(place)
        if document.get("issuer") != self._issuer:
            raise IssuerUnreachable(f"{place}: found another issuer; expected {self._issuer}")
        address = document.get("jwks_uri")
        if not isinstance(address, str):
            raise IssuerUnreachable(f"{place}: found no jwks_uri; expected an address")
        if is_private_origin(address) and not is_private_origin(self._issuer):
            raise IssuerUnreachable(f"{place}: found a jwks_uri on this machine; expected an https address")
        found = self._fetch(address).get("keys")
        if not isinstance(found, list):
            raise IssuerUnreachable(f"{address}: expected a list of keys")
        return {kid: key for each in found if (key := _public(each)) is not None and (kid := _kid(each)) is not None}


def _kid(data: Mapping[str, Any]) -> str | None:
    """The id of a key; empty for one without, which only tokens without a `kid` mean."""
    kid = data.get("kid", "")
    return kid if isinstance(kid, str) else None


def _public(data: object) -> Key | None:
    """A key that can check signatures; None for another kind, since an issuer may list kinds unknown here."""
    if not isinstance(data, dict) or data.get("kty") not in {"RSA", "EC", "OKP"} or data.get("use", "sig") != "sig":
        return None
    if data["kty"] == "RSA" and len(str(data.get("n"))) < _MODULUS_LETTERS:
        return None
    try:
        key = jwk.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None if isinstance(key, jwk.OctKey) else key
