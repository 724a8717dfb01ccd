"""The application: which path is answered by what, and the refusals of all that is no call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

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
from camcover.http.fhir import FHIR_TYPES, METADATA, METHOD, SUBMIT, asker_with_bundle, outcome, refusing_at
from camcover.http.fhir_metadata import Capabilities
from camcover.http.operations import Described, LivenessProbe, Measured, Ready
from camcover.http.origins import Origins
from camcover.http.page_port import AdmittedPages, is_page, is_staff_page
from camcover.http.replies import Reply
from camcover.refusals import Refusal
from camcover.web.app import Pages
from camcover.web.staff.app import StaffPages

__all__ = ["application"]

_NO_CONTENT, _NOT_FOUND, _NOT_ALLOWED = 204, 404, 405


def application(
    server: Server, origins: Collection[str] = (), pages: Pages | None = None, staff: StaffPages | None = None
) -> ASGIApp:
    """The ASGI application over a server's methods; `origins`: of pages that may call it.

    `pages`: its own for patients, `staff`: those for staff, if any.
    """
    made = Starlette(
        routes=[*_methods(server), *_short(server), *_operations(server), *_fhir(server)],
        exception_handlers={HTTPException: _refused},
    )
    # `/livez/` is another path than `/livez`, and does not lead to it.
    made.router.redirect_slashes = False
    methods = Origins(made, origins)
    admitted: list[tuple[Callable[[str], bool], ASGIApp]] = []
    if staff is not None:
        admitted.append((is_staff_page, AdmittedPages(server, staff)))
    if pages is not None:
        admitted.append((is_page, AdmittedPages(server, pages)))
    return _PagesBesideMethods(admitted, methods) if admitted else methods


class _PagesBesideMethods:
    """Pages by their paths, and the methods by all others."""

    def __init__(self, pages: Sequence[tuple[Callable[[str], bool], ASGIApp]], methods: ASGIApp) -> None:
        self._pages, self._methods = pages, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = next((app for is_one, app in self._pages if is_one(scope["path"])), self._methods)
        await app(scope, receive, send)


def _methods(server: Server) -> Iterator[Route]:
    """Every method by the path that gRPC calls it by."""
    for path, method in server.methods.items():
        app = HttpMethod(server, path)
        yield _asked(path, {"POST": app, "GET": app} if is_pure(method) else {"POST": app})


def _short(server: Server) -> Iterator[Route]:
    """The short paths, of which one may be asked for several methods."""
    paths: dict[str, dict[str, ASGIApp]] = {}
    for alias in ALIASES:
        ask = asker(alias, server.methods[alias.method].descriptor.input_type)
        paths.setdefault(alias.path, {})[alias.verb] = HttpMethod(server, alias.method, ask, CONTENT_TYPES)
    for path, apps in paths.items():
        yield _asked(path, apps)


def _operations(server: Server) -> Iterator[Route]:
    answered: dict[str, ASGIApp] = {
        "/livez": LivenessProbe(server),
        "/readyz": Ready(server),
        "/metrics": Measured(server),
        "/openapi.json": Described(server),
    }
    for path, app in answered.items():
        yield _asked(path, {"GET": app})


def _fhir(server: Server) -> Iterator[Route]:
    """What speaks FHIR."""
    submitted = HttpMethod(server, METHOD, asker_with_bundle(server), FHIR_TYPES, refused_as=outcome)
    yield _asked(SUBMIT, {"POST": submitted})
    yield _asked(METADATA, {"GET": Capabilities()})


def _asked(path: str, apps: Mapping[str, ASGIApp]) -> Route:
    """A path with what answers each method of HTTP that it takes; OPTIONS names them, HEAD is a GET without a body."""
    return Route(path, _Allowing({**apps, "HEAD": apps["GET"]} if "GET" in apps else apps))


class _Allowing:
    """Applications, each of which is asked by some methods of HTTP."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps, self._allowed = apps, ", ".join(sorted({*apps, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        app = self._apps.get(scope["method"])
        if app is not None:
            await app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Reply(status=_NO_CONTENT, headers={"allow": self._allowed}).send(send)
        else:
            said = f"found the method {scope['method'][:20]}; expected {self._allowed}"
            reply = refusing_at(scope["path"])(refused(Refusal.WRONG_HTTP_METHOD, said), _NOT_ALLOWED)
            await reply.more(allow=self._allowed).send(send)


def _refused(request: Request, _: Exception) -> Response:
    """The answer where Starlette finds nothing at a path."""
    said = f"there is nothing at {request.url.path[:200]}"
    reply = refusing_at(request.url.path)(refused(Refusal.UNKNOWN_PATH, said), _NOT_FOUND)
    return Response(reply.body, reply.status, media_type=reply.content_type)
