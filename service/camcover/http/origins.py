"""Which pages of other origins may call: a list; all others are refused before anything is done."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from camcover.api.errors import refused
from camcover.http.fhir import refusing_at
from camcover.refusals import Refusal

__all__ = ["Origins", "is_origin"]

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")

_TAKEN = (
    "Authorization",
    "Connect-Protocol-Version",
    "Connect-Timeout-Ms",
    "Content-Encoding",
    "Content-Type",
    "If-None-Match",
    "Traceparent",
    "Tracestate",
    "X-User-Agent",
)
"""Headers that a page may send: ours, those of the Connect protocol's clients, and the context of a trace."""

_SHOWN = ("ETag", "Retry-After", "WWW-Authenticate")
"""Headers that a page may read besides those that all may."""

_SECONDS = 7200
"""How long a browser may keep what it was told; none keeps it longer."""


def is_origin(text: str) -> bool:
    """Whether a text is an origin as browsers write it: scheme, host and port, nothing behind."""
    return _ORIGIN.fullmatch(text) is not None


class Origins:
    """An application that pages of the listed origins may call, and callers that are no pages."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        """Answer by `app`; `allowed` are origins, such as `https://portal.example`."""
        self._allowed = frozenset(allowed)
        self._app = CORSMiddleware(
            app,
            allow_origins=tuple(allowed),
            allow_methods=("DELETE", "GET", "HEAD", "POST"),
            allow_headers=_TAKEN,
            expose_headers=_SHOWN,
            max_age=_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        origin = Headers(scope=scope).get("origin")
        if origin is None or origin in self._allowed:
            await self._app(scope, receive, send)
            return
        said = f"pages of {origin[:200]!r} may not call this service: --http-origins lists those that may"
        await refusing_at(scope["path"])(refused(Refusal.ORIGIN_REFUSED, said), None).more(vary="Origin").send(send)
