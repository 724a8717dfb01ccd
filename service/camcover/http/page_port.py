"""Pages beside the methods: admitted, counted and logged as calls are, by their path.

The names of pages hold nothing of a person, so that the log, the metrics and traces may have them.
"""

from __future__ import annotations

import time

import grpc
import structlog
from google.rpc.status_pb2 import Status
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from camcover.api.access import ANYONE
from camcover.api.admission import WHO, who_calls
from camcover.api.errors import Refused, reason_of
from camcover.api.figures import CALLS, REFUSALS
from camcover.api.server import Server
from camcover.api.trace_context import trace_of
from camcover.http.exchange import peer_of
from camcover.http.replies import refusal
from camcover.languages import languages
from camcover.observing import OBSERVER
from camcover.web.app import Pages
from camcover.web.staff.app import StaffPages
from camcover.web.staff.frame import ROOT, STRIP

__all__ = ["AdmittedPages", "is_page", "is_staff_page"]

_LOG = structlog.get_logger("camcover.pages")

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
"""The code by which the figures count a page of a status of HTTP."""

_STRIP = f"{ROOT}{STRIP}"
"""Open pages of staff ask for it every two seconds: it is counted, and has no line in the log."""

_FIRST_FAULT, _FIRST_ERROR = 400, 500
_UNKNOWN = "/unknown"
"""What a trace has for a path that is no page's: such a path is anybody's text."""


def is_page(path: str) -> bool:
    """Whether a path is one of the pages' own."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return path == "/" or first in {"static", "embed", *languages()}


def is_staff_page(path: str) -> bool:
    """Whether a path is one of the pages for staff, or of the files that they load."""
    return path.startswith(("/staff/", "/static/")) or path == "/staff"


class AdmittedPages:
    """The pages, each admitted as a call is."""

    def __init__(self, server: Server, pages: Pages | StaffPages) -> None:
        """Answer by `pages` while `server` admits calls."""
        self._server, self._pages = server, pages
        pages.handle(Refused, self._busy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        if path.startswith("/static/"):
            await self._pages(scope, receive, send)
            return
        admission, measures = self._server.admission, self._server.measures
        name = self._pages.named(path)
        OBSERVER.set(measures)
        trace = trace_of(Headers(scope=scope).items())
        trace_id, ended = measures.tracer.call(f"/pages{name or _UNKNOWN}", trace)
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
        began, status = time.perf_counter(), _FIRST_ERROR

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        who = who_calls(ANYONE, peer_of(scope))
        refused = admission.arrive(admission.calls, who)
        WHO.set(who)
        try:
            await (self._pages if refused is None else self._refused(path, refused))(scope, receive, noted)
        finally:
            if refused is None:
                admission.leave(admission.calls, who)
            seconds, code = time.perf_counter() - began, _code(status)
            ended(code, "" if refused is None else reason_of(refused))
            if name:
                measures.note(CALLS.name, seconds, name, code)
            if name and name != _STRIP:
                _LOG.info("page", path=name, status=status, milliseconds=round(seconds * 1000, 1))

    async def _busy(self, request: Request, error: Exception) -> Response:
        """The page in place of one whose work was refused."""
        if not isinstance(error, Refused):
            raise error
        return self._refused(request.url.path, error.status)

    def _refused(self, path: str, status: Status) -> Response:
        """The page that asks to try again, and when."""
        self._server.measures.note(REFUSALS.name, 1, reason_of(status))
        reply = refusal(status)
        response = self._pages.refused(path, "web-busy", reply.status)
        response.headers.update({name: value for name, value in reply.headers.items() if name == "retry-after"})
        return response


def _code(status: int) -> str:
    """The name of the code for a status of HTTP."""
    if status < _FIRST_FAULT:
        return grpc.StatusCode.OK.name
    return _CODES.get(status, grpc.StatusCode.INTERNAL).name
