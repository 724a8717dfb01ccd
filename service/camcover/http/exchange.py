"""One call over HTTP, in the place of what gRPC hands a method about its call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status
from starlette.types import Receive, Scope, Send

from camcover.api.intake import Reader
from camcover.api.json_answer import as_json
from camcover.api.pools import Pool
from camcover.api.server import UnaryMethod
from camcover.http.reader import unpacked
from camcover.http.replies import JSON, PROTO, Reply

__all__ = ["CLIENT", "Exchange", "peer_of"]

Finish: TypeAlias = Callable[[Reply], Reply]

Form: TypeAlias = Callable[[Message], Reply]
"""Makes the reply with an answer."""

_SMALL_ANSWER_BYTES = 32 << 10
"""An answer up to this size is written where it is made; a larger one in a thread."""


CLIENT = "client"
"""Where the state of a request has what the handshake has found of its client."""

_SKIP_SECONDS = 1.0
"""How long the rest of a body may take to come that nobody reads."""


def peer_of(scope: Scope) -> str:
    """A caller's address as gRPC writes it, so that a caller is counted as one over both."""
    host, port = scope.get("client") or ("", 0)
    return f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"


class Exchange:
    """Reads one message from a request, and sends one answer, or keeps the refusal that it ends with."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, method: UnaryMethod, pool: Pool) -> None:
        """A call of `method`; large bodies are unpacked and large answers written in a thread of `pool`."""
        self._scope, self._receive, self._send = scope, receive, send
        self._intake, self._answer_class = method.intake, GetMessageClass(method.descriptor.output_type)
        self._pool = pool
        self._given: bytes | None = None
        self._is_read = False
        self._task = asyncio.current_task()
        self._leaving: asyncio.Task[None] | None = None
        self.is_packed = self.is_json = False
        self.finish: Finish = lambda reply: reply
        self.has_begun = self.has_left = False
        self.refusal: Status | None = None
        self.reader: Reader | None = None
        self.form: Form | None = None

    def take(self, message: bytes) -> None:
        """Let `message` stand for the body, which is not read: the call holds it in its address."""
        self._given = message

    def speak(self, reader: Reader, form: Form) -> None:
        """Read the body by `reader`, and send the answer in a `form`, in place of JSON and protobuf."""
        self.reader, self.form = reader, form

    def peer(self) -> str:
        """The caller's address as gRPC writes it."""
        return peer_of(self._scope)

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """What the handshake has found of the client, in the words of gRPC."""
        found: Mapping[str, Iterable[bytes]] = self._scope.get("state", {}).get(CLIENT, {})
        return found

    async def read(self) -> Any:
        """The bytes of the message. Raises `Refused` where it is too large, as soon as that is known."""
        if self._is_read:
            return grpc.aio.EOF
        self._is_read = True
        data = await self._body() if self._given is None else self._given
        self._intake.refuse_above(len(data))
        # The only event to wait for now is that the client leaves.
        self._leaving = asyncio.create_task(self._watch())
        return await self._pool.run(unpacked, data, self._intake) if self.is_packed else data

    async def _body(self) -> bytes:
        """The body, as it came."""
        for name, value in self._scope["headers"]:
            if name == b"content-length" and value.isdigit():
                self._intake.refuse_above(int(value))
        body = bytearray()
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                self.has_left = True
                raise asyncio.CancelledError
            body += event.get("body", b"")
            self._intake.refuse_above(len(body))
            if not event.get("more_body", False):
                return bytes(body)

    async def skip(self) -> None:
        """Take what is left of a body that nobody reads, for a moment at most.

        A connection that ends before its body has come is reset, and its client may never see the reply.
        """
        if self._is_read:
            return
        self._is_read = True
        byte_count = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_SKIP_SECONDS):
                while byte_count <= self._intake.most_bytes:
                    event = await self._receive()
                    byte_count += len(event.get("body", b""))
                    if not event.get("more_body", False):
                        return

    async def _watch(self) -> None:
        """Give the call up once its client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self.has_begun and self._task is not None:
            self.has_left = True
            self._task.cancel()

    async def write(self, message: Any, /) -> None:
        """Send the answer, a message or the bytes of one."""
        size = len(message) if isinstance(message, bytes) else message.ByteSize()
        make = self._reply(message)
        reply = make() if size <= _SMALL_ANSWER_BYTES else await self._pool.run(make)
        self.has_begun = True
        await reply.send(self._send)

    def _reply(self, answer: Message | bytes) -> Callable[[], Reply]:
        """What makes the reply with an answer."""

        def make() -> Reply:
            if self.form is not None:
                message = self._answer_class.FromString(answer) if isinstance(answer, bytes) else answer
                return self.finish(self.form(message))
            if not self.is_json:
                body = answer if isinstance(answer, bytes) else answer.SerializeToString()
                return self.finish(Reply(body, PROTO))
            message = self._answer_class.FromString(answer) if isinstance(answer, bytes) else answer
            return self.finish(Reply(as_json(message), JSON))

        return make

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, bytes], ...] = ()
    ) -> NoReturn:
        """Keep the refusal, and end the call. Raises `grpc.aio.AbortError`."""
        self.refusal = Status.FromString(trailing_metadata[0][1])
        raise grpc.aio.AbortError(code, details)

    def close(self) -> None:
        """Watch the client no more."""
        if self._leaving is not None:
            self._leaving.cancel()
