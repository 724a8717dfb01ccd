"""One method over HTTP: what the headers ask for, the guarded call, and the reply.

A method is asked by POST with JSON or protobuf as its body. One that the .proto marks as without side effects is asked
by GET, too, with its message in the address.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

import grpc
from google.protobuf.descriptor_pb2 import MethodOptions
from google.rpc.status_pb2 import Status
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from camcover.api.base64_urls import from_base64
from camcover.api.errors import Refused, refuse, refused, timed_out
from camcover.api.server import Server, UnaryMethod
from camcover.http.exchange import Exchange
from camcover.http.reader import JsonReader
from camcover.http.replies import JSON, PROTO, Reply, refusal, tagged, takes_gzip
from camcover.refusals import Refusal

__all__ = ["Ask", "HttpMethod", "is_pure"]

Ask: TypeAlias = Callable[[Request, Exchange], None]
"""Reads what a request asks for into its exchange. Raises `Refused`."""

Refuse: TypeAlias = Callable[[Status, int | None], Reply]
"""Makes the reply with a refusal, of another status of HTTP where one is given."""

CONTENT_TYPES = (JSON, PROTO)

_VERSION = "1"
"""The version of the Connect protocol."""

_CATALOG = "CatalogService"
"""What its methods answer changes with the rules only, and holds nothing of a person."""

_READING = frozenset({"GET", "HEAD"})

_MILLISECONDS = re.compile(r"[0-9]{1,10}")
_UNSUPPORTED_MEDIA_TYPE = 415
_CHARSETS = {"", "charset=utf-8", 'charset="utf-8"'}


def is_pure(method: UnaryMethod) -> bool:
    """Whether the .proto marks the method as one without side effects."""
    level: int = method.descriptor.GetOptions().idempotency_level
    return level == MethodOptions.NO_SIDE_EFFECTS


class HttpMethod:
    """An ASGI application that answers the calls of one method."""

    def __init__(
        self,
        server: Server,
        path: str,
        ask: Ask | None = None,
        content_types: tuple[str, ...] = CONTENT_TYPES,
        *,
        refused_as: Refuse = refusal,
    ) -> None:
        """Answer the method of `server` that gRPC calls by `path`.

        `ask` reads a request in place of Connect's way; `content_types` are what it takes; `refused_as` makes the reply
        to a call that is refused.
        """
        self._server, self._path = server, path
        self._method = server.methods[path]
        self._json = JsonReader(self._method.intake)
        self._ask, self._content_types, self._refused_as = ask or asked_by_connect, content_types, refused_as
        self._is_catalog = self._method.descriptor.containing_service.name == _CATALOG

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope)
        exchange = Exchange(scope, receive, send, method=self._method, pool=self._server.reading)
        try:
            self._ask(request, exchange)
            seconds = _seconds(request.headers)
        except Refused as error:
            is_type = error.reason == Refusal.WRONG_CONTENT_TYPE.name
            reply = self._refused_as(error.status, _UNSUPPORTED_MEDIA_TYPE if is_type else None)
            await (reply.more(accept_post=", ".join(self._content_types)) if is_type else reply).send(send)
            return
        gzips = takes_gzip(request.headers.getlist("accept-encoding"))
        exchange.finish = _packed if gzips else _plain
        if self._is_catalog and scope["method"] in _READING:
            exchange.finish = tagged(exchange.finish, request.headers.getlist("if-none-match"))
        refused_by = await self._answered(request, exchange, seconds)
        if refused_by is not None:
            if self._server.is_draining:
                await exchange.skip()
                refused_by = refused_by.more(connection="close")
            await refused_by.send(send)

    async def _answered(self, request: Request, exchange: Exchange, seconds: float | None) -> Reply | None:
        """The refusal that a call ends with, if it does; its answer is sent already."""
        metadata = tuple((name, value) for name, value in request.headers.items())
        reader = exchange.reader or (self._json if exchange.is_json else self._method.intake)
        try:
            async with asyncio.timeout(seconds) as limit:
                await self._server.answer(self._path, metadata, reader=reader, context=exchange)
        except grpc.aio.AbortError:
            return None if exchange.has_begun or exchange.refusal is None else self._refused_as(exchange.refusal, None)
        except TimeoutError:
            if not limit.expired():
                raise
            status = timed_out(f"the call gave itself {seconds:g} seconds")
            return None if exchange.has_begun else self._refused_as(status, None)
        except asyncio.CancelledError:
            if not exchange.has_left:
                raise
        finally:
            exchange.close()
        return None


def asked_by_connect(request: Request, exchange: Exchange) -> None:
    """Read the headers of a POST, or the parameters of a GET, as the Connect protocol has them. Raises `Refused`."""
    if request.method in _READING:
        _read_address(request.query_params, exchange)
        return
    _same("Connect-Protocol-Version", request.headers.get("connect-protocol-version", _VERSION), _VERSION)
    read_content_type(request.headers, exchange, CONTENT_TYPES)


def read_content_type(headers: Headers, exchange: Exchange, allowed: tuple[str, ...]) -> None:
    """Take note of what a body is. Raises `Refused` where it is nothing that is `allowed`, or packed otherwise."""
    found = headers.get("content-type", "")
    kind, _, parameters = found.lower().partition(";")
    if kind.strip() not in allowed or parameters.strip() not in _CHARSETS:
        said = f"found the content type {found[:100]!r}; expected {' or '.join(allowed)}"
        refuse(refused(Refusal.WRONG_CONTENT_TYPE, said))
    exchange.is_json = kind.strip() == JSON
    _read_encoding(headers.get("content-encoding", ""), exchange)


def _read_encoding(encoding: str, exchange: Exchange) -> None:
    if encoding.lower() not in {"", "identity", "gzip"}:
        refuse(refused(Refusal.UNKNOWN_ENCODING, f"found {encoding[:100]!r}; expected gzip or identity"))
    exchange.is_packed = encoding.lower() == "gzip"


def _read_address(query: QueryParams, exchange: Exchange) -> None:
    """The message of a GET: `message`, in base64 where `base64=1`, of the `encoding` json or proto."""
    _same("connect", query.get("connect", f"v{_VERSION}"), f"v{_VERSION}")
    encoding, text = query.get("encoding", ""), query.get("message")
    if encoding not in {"json", "proto"}:
        _refuse_value("encoding", encoding, "json or proto")
    if text is None:
        _refuse_value("message", "", "the message")
    exchange.is_json = encoding == "json"
    _read_encoding(query.get("compression", ""), exchange)
    content = from_base64(text) if query.get("base64") == "1" else text.encode()
    if content is None:
        _refuse_value("message", text, "URL-safe base64, because the address says base64=1")
    exchange.take(content)


def _seconds(headers: Headers) -> float | None:
    """The time that a call gives itself. Raises `Refused`."""
    text = headers.get("connect-timeout-ms")
    if text is None:
        return None
    if not _MILLISECONDS.fullmatch(text):
        _refuse_value("Connect-Timeout-Ms", text, "at most ten digits")
    return int(text) / 1000


def _same(name: str, found: str, expected: str) -> None:
    if found != expected:
        _refuse_value(name, found, expected)


def _refuse_value(name: str, found: str, expected: str) -> NoReturn:
    shown = repr(found[:100]) if found else "nothing"
    refuse(refused(Refusal.INVALID_HEADER, f"{name}: found {shown}; expected {expected}"))


def _packed(reply: Reply) -> Reply:
    return _plain(reply.packed())


def _plain(reply: Reply) -> Reply:
    return reply.more(vary="Accept-Encoding")
