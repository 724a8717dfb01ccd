"""Runs before every method: authorises the caller and checks for room before a byte of the message is read.

gRPC hands a method bytes, and only when the method asks for them. So a caller that is refused is neither read nor
parsed for, and one that sends nothing takes a place that is counted as its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, NamedTuple, TypeAlias

import grpc
from google.rpc.status_pb2 import Status

from camcover.api.access import Access
from camcover.api.admission import Admission, Places
from camcover.api.errors import Refused, refuse
from camcover.api.guarding import Call, CallContext, IncomingCall, abort
from camcover.api.identity import NO_NAMES, names_of_context
from camcover.api.intake import Intake, Reader
from camcover.api.measures import Measures
from camcover.api.pools import Pool
from camcover.api.streaming import Requests

__all__ = ["CallInterceptor"]

Handler: TypeAlias = Any
"""grpc.RpcMethodHandler, whose attributes its type does not declare."""


class _UnjudgedCall(NamedTuple):
    """A new call, with what is needed to judge it once its connection is known."""

    access: Access
    method: str
    metadata: tuple[tuple[str, str | bytes], ...]

    async def judged(self, context: CallContext) -> IncomingCall:
        """The call with its caller, or its refusal."""
        access, method, metadata = self
        await access.prepare(metadata)
        names = names_of_context(context.auth_context()) if access.knows_certificates else NO_NAMES
        judged = access.judge(method, metadata, names)
        # An allowed caller comes with its subject. Only for a refused one is the token hashed once more.
        subject = access.subject_of(metadata, names) if isinstance(judged, Status) else judged.subject
        return IncomingCall(method, metadata, judged, subject, names)

    def while_allowed(self, asked: IncomingCall) -> AbstractAsyncContextManager[None]:
        """A context whose body ends with the token of the call."""
        return self.access.while_allowed(asked.method, asked.metadata, asked.names)


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Guards every method of our services; of other services, such as health, it only counts streams."""

    def __init__(
        self,
        admission: Admission,
        intakes: Mapping[str, Intake],
        reading: Pool,
        access: Access,
        *,
        idle_seconds: float,
        measures: Measures,
    ) -> None:
        """Admit calls by `admission` and `access`; parse messages by `intakes`, large ones in the pool `reading`.

        A stream that is silent, or whose answers nobody reads, ends after `idle_seconds`. `measures` watch each call.
        """
        self._admission, self._intakes, self._reading = admission, intakes, reading
        self._access, self._idle_seconds, self._measures = access, idle_seconds, measures

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]], details: grpc.HandlerCallDetails
    ) -> Handler:
        """The method's handler, guarded."""
        handler = await continuation(details)
        method = details.method
        if handler is None:
            return None
        intake = self._intakes.get(method)
        if intake is None:
            return self._counted(handler)
        asking = _UnjudgedCall(self._access, method, tuple(details.invocation_metadata or ()))
        if handler.unary_unary:
            guarded = self._unary(asking, intake, handler.unary_unary)
        elif handler.unary_stream:
            guarded = self._watch(asking, intake, handler.unary_stream)
        else:
            guarded = self._stream(asking, intake, handler.stream_stream)
        return grpc.stream_stream_rpc_method_handler(guarded, None, _as_bytes(handler.response_serializer))

    async def answer(
        self,
        method: str,
        metadata: tuple[tuple[str, str | bytes], ...],
        *,
        reader: Reader,
        call: Callable[[Any, Any], Awaitable[Any]],
        context: CallContext,
    ) -> None:
        """Answer a unary call that came another way than by gRPC, guarded as those are.

        `call` is the servicer's method. Raises `grpc.aio.AbortError` where `context.abort` has ended the call.
        """
        await self._unary(_UnjudgedCall(self._access, method, metadata), reader, call)(None, context)

    def _unary(
        self, asking: _UnjudgedCall, intake: Reader, call: Callable[[Any, Any], Awaitable[Any]]
    ) -> Callable[[Any, Any], Awaitable[None]]:
        """A guarded unary method, which is counted until its answer is sent.

        So it is registered as one that answers by a stream: on the way both are the same.
        """

        async def guarded(_: object, context: CallContext) -> None:
            asked = await asking.judged(context)
            async with self._entering(asked, context, self._admission.arrivals) as entered:
                answer = await call(await self._only(entered, intake, self._admission.calls), context)
                entered.answered(self._admission.leaving)
                await entered.write(answer, self._idle_seconds)

        return guarded

    def _watch(
        self, asking: _UnjudgedCall, intake: Reader, call: Callable[[Any, Any], AsyncIterator[Any]]
    ) -> Callable[[Any, Any], Awaitable[None]]:
        """A guarded method that answers one request by a stream."""

        async def guarded(_: object, context: CallContext) -> None:
            asked = await asking.judged(context)
            entering = self._entering(asked, context, self._admission.watchers)
            async with entering as entered, asking.while_allowed(asked):
                await self._answer(entered, call(await self._only(entered, intake), context))

        return guarded

    def _stream(
        self, asking: _UnjudgedCall, intake: Reader, call: Callable[[Any, Any], AsyncIterator[Any]]
    ) -> Callable[[Any, Any], Awaitable[None]]:
        """A guarded method that answers a stream of requests by a stream of bytes."""

        async def guarded(_: object, context: CallContext) -> None:
            asked = await asking.judged(context)
            async with self._entering(asked, context, self._admission.streams) as entered:
                requests = Requests(lambda: entered.read_paced(intake, self._reading), self._idle_seconds)
                self._admission.opened(requests)
                try:
                    async with asking.while_allowed(asked):
                        await self._answer(entered, call(requests, context))
                finally:
                    self._admission.closed(requests)
                if requests.why is not None:
                    raise Refused(requests.why)

        return guarded

    def _entering(self, asked: IncomingCall, context: CallContext, places: Places) -> Call:
        """A call that takes one of `places`."""
        return Call(asked, context, places, admission=self._admission, measures=self._measures)

    async def _only(self, entered: Call, intake: Reader, places: Places | None = None) -> Any:
        """The one request of a call, which then takes one of `places`. Raises `Refused`."""
        requests = Requests(lambda: entered.read(intake, self._reading, places), self._idle_seconds)
        async for message in requests:
            if isinstance(message, Status):
                raise Refused(message)
            return message
        return intake.message(None) if requests.why is None else refuse(requests.why)

    async def _answer(self, entered: Call, responses: AsyncIterator[Any]) -> None:
        """Send what a method gives."""
        async with aclosing(responses) as given:  # type: ignore[type-var]
            async for response in given:
                await entered.write(response, self._idle_seconds)

    def _counted(self, handler: Handler) -> Handler:
        """A method of another service: a stream takes a watcher's place, the rest passes untouched."""
        places = self._admission.watchers
        if handler.unary_stream:
            guarded = _in_place(places, handler.unary_stream)
            make = grpc.unary_stream_rpc_method_handler
        elif handler.stream_stream:
            guarded = _in_place(places, handler.stream_stream)
            make = grpc.stream_stream_rpc_method_handler
        else:
            return handler
        return make(guarded, handler.request_deserializer, handler.response_serializer)


def _as_bytes(serializer: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """The serializer of answers, of which large ones come as bytes: as such they take less room while they wait."""
    return lambda answer: answer if isinstance(answer, bytes) else serializer(answer)


def _in_place(places: Places, call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Awaitable[None]]:
    """A method that takes a place under its caller's address."""

    async def counted(requests: Any, context: CallContext) -> None:
        who = context.peer().rpartition(":")[0]
        refusal = places.enter(who)
        if refusal is not None:
            await abort(context, refusal)
        try:
            answering = call(requests, context)
            if not hasattr(answering, "__aiter__"):
                await answering
                return
            async for response in answering:
                await context.write(response)
        finally:
            places.leave(who)

    return counted
