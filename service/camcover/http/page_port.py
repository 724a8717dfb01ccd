"""Pages beside the methods: counted among the calls, logged by their path, priced in threads of their own.

Their paths hold nothing of a person, so that the log and the metrics may name them.
"""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from camcover.api.access import ANYONE
from camcover.api.admission import who_calls
from camcover.api.errors import Refused
from camcover.api.figures import CALLS
from camcover.api.server import Server
from camcover.languages import ENGLISH, languages
from camcover.web.app import refused_page

__all__ = ["AdmittedPages", "is_page"]

_LOG = structlog.get_logger("camcover.pages")

_TOO_MANY = 503
_OK, _FAILED = "OK", "INTERNAL"
_FIRST_ERROR = 500


def is_page(path: str) -> bool:
    """Whether a path is one of the pages' own."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return path == "/" or first in {"static", "embed", *languages()}


class AdmittedPages:
    """The pages, each admitted as a call is."""

    def __init__(self, server: Server, app: ASGIApp) -> None:
        """Answer by `app` while `server` admits calls."""
        self._server, self._app = server, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        if path.startswith("/static/"):
            await self._app(scope, receive, send)
            return
        admission = self._server.admission
        who = who_calls(ANYONE, f"http:{(scope.get('client') or ('', 0))[0]}:0")
        if admission.arrive(admission.calls, who) is not None:
            await _busy(path)(scope, receive, send)
            return
        began, status = time.perf_counter(), _FIRST_ERROR

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Refused:
            status = _TOO_MANY
            await _busy(path)(scope, receive, send)
        finally:
            seconds = time.perf_counter() - began
            admission.leave(admission.calls, who)
            if status != 404:  # an unknown path is anybody's text
                self._server.measures.note(CALLS.name, seconds, path, _FAILED if status >= _FIRST_ERROR else _OK)
                _LOG.info("page", path=path, status=status, milliseconds=round(seconds * 1000, 1))


def _busy(path: str) -> ASGIApp:
    """The page that asks to try again."""
    first = path.split("/")[1]
    response = refused_page(first if first in languages() else ENGLISH, "web-busy", _TOO_MANY)
    response.headers["retry-after"] = "2"
    return response
