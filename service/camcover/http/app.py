"""The application: which path is answered by what, and the refusals of all that is no call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from camcover.api.errors import refused
from camcover.api.server import Server
from camcover.http.aliases import ALIASES, CONTENT_TYPES, asker
from camcover.http.calls import HttpMethod, is_pure
from camcover.http.operations import Described, Lives, Measured, Ready
from camcover.http.origins import Origins
from camcover.http.replies import Reply, refusal
from camcover.refusals import Refusal

__all__ = ["application"]

_NO_CONTENT, _NOT_FOUND, _NOT_ALLOWED = 204, 404, 405


def application(server: Server, origins: Collection[str] = ()) -> ASGIApp:
    """The ASGI application over a server's methods; `origins`: of pages that may call it."""
    made = Starlette(
        routes=[*_methods(server), *_short(server), *_operations(server)], exception_handlers={HTTPException: _refused}
    )
    # `/livez/` is another path than `/livez`, not a way to it.
    made.router.redirect_slashes = False
    return Origins(made, origins)


def _methods(server: Server) -> Iterator[Route]:
    """Every method by the path that gRPC calls it by."""
    for path, method in server.methods.items():
        yield from _asked(path, HttpMethod(server, path), ["POST", "GET"] if is_pure(method) else ["POST"])


def _short(server: Server) -> Iterator[Route]:
    """The short paths."""
    for alias in ALIASES:
        method = HttpMethod(server, alias.method, asker(alias), CONTENT_TYPES)
        yield from _asked(alias.path, method, [alias.verb])


def _operations(server: Server) -> Iterator[Route]:
    answered: dict[str, ASGIApp] = {
        "/livez": Lives(server),
        "/readyz": Ready(server),
        "/metrics": Measured(server),
        "/openapi.json": Described(server),
    }
    for path, app in answered.items():
        yield from _asked(path, app, ["GET"])


def _asked(path: str, app: ASGIApp, methods: Sequence[str]) -> Iterator[Route]:
    """A path with the methods of HTTP that it takes; OPTIONS names them."""
    allowed = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
    yield Route(path, _Allowing(app, allowed, methods))


class _Allowing:
    """An application that is asked by some methods of HTTP only."""

    def __init__(self, app: ASGIApp, allowed: str, methods: Sequence[str]) -> None:
        self._app, self._allowed = app, allowed
        self._methods = {*methods, *(["HEAD"] if "GET" in methods else [])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["method"] in self._methods:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Reply(status=_NO_CONTENT, headers={"allow": self._allowed}).send(send)
        else:
            said = f"found the method {scope['method'][:20]}; expected {self._allowed}"
            reply = refusal(refused(Refusal.WRONG_HTTP_METHOD, said), _NOT_ALLOWED)
            await reply.more(allow=self._allowed).send(send)


def _refused(request: Request, _: Exception) -> Response:
    """The answer where Starlette finds nothing at a path."""
    said = f"there is nothing at {request.url.path[:200]}"
    reply = refusal(refused(Refusal.UNKNOWN_PATH, said), _NOT_FOUND)
    return Response(reply.body, reply.status, media_type=reply.content_type)
