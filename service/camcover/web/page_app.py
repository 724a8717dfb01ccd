"""What the pages for patients and those for staff have in common as ASGI applications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

__all__ = ["AnswersError", "PageApp"]

_SMALLEST_PACKED, _LEVEL = 1024, 5

AnswersError: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]
"""The page for an exception."""


class PageApp:
    """Routes as an application: packed by gzip, each path as it stands, with a page where there is none."""

    def __init__(self, routes: Sequence[Route], no_page: AnswersError) -> None:
        """Serve `routes`; `no_page` answers where there is no page, or not by that method of HTTP."""
        self._starlette = Starlette(routes=list(routes), exception_handlers={HTTPException: no_page})
        self._starlette.router.redirect_slashes = False
        self._app = GZipMiddleware(self._starlette, minimum_size=_SMALLEST_PACKED, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def handle(self, kind: type[Exception], answer: AnswersError) -> None:
        """Answer by `answer` where work raises an exception of a kind; to be called before the first request."""
        self._starlette.add_exception_handler(kind, answer)
