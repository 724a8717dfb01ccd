"""Around every call: who it is and may, a bound on how many run at once, refusals as statuses, one log line.

The line holds the method, the caller, the status and the duration; never a member, a diagnosis or an amount.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

import grpc
import structlog
from google.rpc.status_pb2 import Status

from camcover.api.access import ANYONE, CALLER, Access, Caller
from camcover.api.errors import DETAILS_KEY, internal, overloaded, status_code, status_of

__all__ = ["CallInterceptor"]

RETRY_AFTER_SECONDS = 1

_LOG = structlog.get_logger("camcover.calls")

Handler: TypeAlias = Any
"""grpc.RpcMethodHandler, whose attributes its type does not declare."""

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""What gRPC hands a method about its call."""


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Bounds, logs and answers for every method of our services; health and reflection pass untouched."""

    def __init__(self, maximum_calls: int, access: Access | None = None) -> None:
        """Refuse calls while `maximum_calls` are running, and callers that `access` does not let in."""
        self._maximum = maximum_calls
        self._access = access or Access()
        self._running = 0

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]], details: grpc.HandlerCallDetails
    ) -> Handler:
        """The method's handler, guarded."""
        handler = await continuation(details)
        method = details.method
        if handler is None or not method.startswith("/camcover."):
            return handler
        judged = self._access.judge(method, details.invocation_metadata or ())
        serialisers = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._unary(method, judged, handler.unary_unary), *serialisers)
        if handler.unary_stream:
            guarded = self._stream(method, judged, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(guarded, *serialisers)
        if handler.stream_stream:
            guarded = self._stream(method, judged, handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(guarded, *serialisers)
        raise AssertionError(f"{method} is of a kind that nothing guards")

    def _unary(
        self, method: str, judged: Caller | Status, call: Callable[[Any, Any], Awaitable[Any]]
    ) -> Callable[[Any, Any], Awaitable[Any]]:
        """A guarded unary method."""

        async def guarded(request: Any, context: Context) -> Any:
            async with _Guard(self, method, judged, context):
                return await call(request, context)

        return guarded

    def _stream(
        self, method: str, judged: Caller | Status, call: Callable[[Any, Any], AsyncIterator[Any]]
    ) -> Callable[[Any, Any], AsyncIterator[Any]]:
        """A guarded method whose answer is a stream."""

        async def guarded(requests: Any, context: Context) -> AsyncIterator[Any]:
            async with _Guard(self, method, judged, context):
                async for response in call(requests, context):
                    yield response

        return guarded

    def enter(self) -> bool:
        """Count a call in; False when there is no room."""
        if self._running >= self._maximum:
            return False
        self._running += 1
        return True

    def leave(self) -> None:
        """Count a call out."""
        self._running -= 1


class _Guard:
    """One call, from entry to its log line."""

    def __init__(self, owner: CallInterceptor, method: str, judged: Caller | Status, context: Context) -> None:
        self._owner, self._method, self._judged, self._context = owner, method, judged, context
        self._began = time.perf_counter()

    async def __aenter__(self) -> None:
        if isinstance(self._judged, Status):
            self._log(status_code(self._judged))
            await _abort(self._context, self._judged)
        CALLER.set(self._judged)
        if not self._owner.enter():
            self._log(grpc.StatusCode.RESOURCE_EXHAUSTED)
            await _abort(self._context, overloaded(RETRY_AFTER_SECONDS))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        self._owner.leave()
        if error is None:
            self._log(grpc.StatusCode.OK)
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._log(grpc.StatusCode.CANCELLED)
        elif isinstance(error, Exception) and not isinstance(error, grpc.aio.AbortError):
            await self._refuse(error)

    async def _refuse(self, error: Exception) -> NoReturn:
        """End the call with the refusal's status, or with INTERNAL and an incident number that the log explains."""
        status = status_of(error)
        if status is None:
            incident = uuid.uuid4().hex
            status = internal(incident)
            # The kind and place of the fault; its text might quote a request.
            _LOG.error("fault", method=self._method, incident=incident, kind=type(error).__name__, place=_place(error))
        self._log(status_code(status))
        await _abort(self._context, status)

    def _log(self, code: grpc.StatusCode) -> None:
        """The call's line."""
        duration = round((time.perf_counter() - self._began) * 1000, 3)
        caller = ANYONE.subject if isinstance(self._judged, Status) else self._judged.subject
        _LOG.info("call", method=self._method, caller=caller, code=code.name, duration_ms=duration)


def _place(error: Exception) -> str:
    """`file:line` of the innermost frame of a fault."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


async def _abort(context: Context, status: Status) -> NoReturn:
    """End the call with a status and its details."""
    await context.abort(status_code(status), status.message, ((DETAILS_KEY, status.SerializeToString()),))
    raise AssertionError("abort returns never")
