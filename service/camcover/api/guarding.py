"""The life of one call: authorised and counted before it is read, refused with a status, logged at its end.

The line holds the method, the caller, the status, the duration and the id of the trace; never a member, a diagnosis or
an amount.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn, Protocol, Self

import grpc
import structlog
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from camcover.api.access import CALLER, Caller
from camcover.api.admission import HELD, WHO, Admission, Held, Places, who_calls
from camcover.api.errors import Refused, internal, reason_of, status_of, timed_out
from camcover.api.figures import CALLS, REFUSALS
from camcover.api.identity import NO_NAMES, Names
from camcover.api.intake import SMALL_BYTES, Reader
from camcover.api.measures import EndOfCall, Measures
from camcover.api.pools import Pool
from camcover.api.trace_context import trace_of
from camcover.observing import OBSERVER

__all__ = ["Call", "CallContext", "IncomingCall", "abort"]

_LOG = structlog.get_logger("camcover.calls")

_DETAILS_KEY = "grpc-status-details-bin"
"""The trailing metadata in which clients look for the whole Status."""

_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


class CallContext(Protocol):
    """One call: the context that gRPC hands a method, or its stand-in for a call over HTTP."""

    def peer(self) -> str:
        """The caller's address, such as `ipv4:10.0.0.7:51234`."""

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """The result of the TLS handshake, with the names in the client's certificate."""

    async def read(self) -> Any:
        """The bytes of the next message, `grpc.aio.EOF` at the end."""

    async def write(self, message: Any, /) -> None:
        """Send an answer; ends once it is on its way."""

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, bytes], ...] = ()
    ) -> NoReturn:
        """End the call; `trailing_metadata` holds the whole status. Raises `grpc.aio.AbortError`."""


class IncomingCall(NamedTuple):
    """A call of a method: its metadata; its caller or refusal; the caller's subject, for the log; its certificate."""

    method: str
    metadata: tuple[tuple[str, str | bytes], ...]
    judged: Caller | Status
    subject: str
    names: Names = NO_NAMES


class Call:
    """A call that is guarded while the block runs."""

    def __init__(
        self, asked: IncomingCall, context: CallContext, places: Places, *, admission: Admission, measures: Measures
    ) -> None:
        """`places`: of which kind one is taken of `admission`; `measures` watch the call."""
        self._method, self._judged, self._subject = asked.method, asked.judged, asked.subject
        self._metadata, self._measures = asked.metadata, measures
        self._ended: EndOfCall = lambda *_: None
        self._context, self._admission, self._places = context, admission, places
        self._who = who_calls(asked.judged, context.peer())
        self._held = Held(admission.answers, self._who)
        self._began = time.perf_counter()

    async def __aenter__(self) -> Self:
        """Take a place before a byte of the call's messages is read; end the call where it is refused."""
        OBSERVER.set(self._measures)
        trace_id, self._ended = self._measures.tracer.call(self._method, trace_of(self._metadata))
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
        refusal = self._judged if isinstance(self._judged, Status) else self._admission.arrive(self._places, self._who)
        if refusal is not None:
            self._log(_STATUS_CODES[refusal.code], reason_of(refusal))
            await abort(self._context, refusal)
        if isinstance(self._judged, Caller):
            CALLER.set(self._judged)
        WHO.set(self._who)
        HELD.set(self._held)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        """Give the place back, and log how the call ended."""
        is_large = self._held.give_back()
        is_stream = self._places is self._admission.streams
        self._admission.leave(self._places, self._who, may_be_unread=is_large or is_stream)
        if error is None:
            self._log(grpc.StatusCode.OK)
        elif isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._log(grpc.StatusCode.CANCELLED)
        elif isinstance(error, Exception) and not isinstance(error, grpc.aio.AbortError):
            await self._refuse(error)

    def run(self, places: Places) -> None:
        """Exchange the place for one of another kind when the work begins. Raises `Refused` where none is free."""
        refusal = self._admission.enter(places, self._who)
        if refusal is not None:
            raise Refused(refusal)
        self._move_to(places)

    def answered(self, places: Places) -> None:
        """Exchange the place for one of `places`, for calls that send, if one is free; so another call may run."""
        if places.enter(self._who) is None:
            self._move_to(places)

    def _move_to(self, places: Places) -> None:
        """Give the old place back; the new one is taken already."""
        self._admission.leave(self._places, self._who)
        self._places = places

    async def read(self, intake: Reader, pool: Pool, places: Places | None = None) -> Message | None:
        """The next message, a large one read in a thread of `pool`; None at the end. Raises `Refused`.

        `places`: one of them is taken once the message has come, and before it is looked at.
        """
        data = await self._context.read()
        if data is grpc.aio.EOF:
            return None
        if places is not None:
            self.run(places)
        return intake.message(data) if len(data) <= SMALL_BYTES else await pool.run(intake.message, data)

    async def read_paced(self, intake: Reader, pool: Pool) -> Message | None:
        """The next message of a stream, which is read no faster than its caller may call. Raises as `read`."""
        await self._admission.rates.pace(self._who)
        return await self.read(intake, pool)

    async def write(self, response: object, seconds: float) -> None:
        """Send an answer. Raises `Refused` where the client does not read it in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._context.write(response)
        except TimeoutError:
            raise Refused(timed_out(f"the client did not read an answer for {seconds:g} seconds")) from None

    async def _refuse(self, error: Exception) -> NoReturn:
        """End the call with the refusal's status, or with INTERNAL and an incident number that the log explains."""
        status = status_of(error)
        if status is None:
            incident = uuid.uuid4().hex
            status = internal(incident)
            # The kind and place of the fault; its text might quote a request.
            _LOG.error("fault", method=self._method, incident=incident, kind=type(error).__name__, place=_place(error))
        self._log(_STATUS_CODES[status.code], reason_of(status))
        await abort(self._context, status)

    def _log(self, code: grpc.StatusCode, reason: str = "") -> None:
        """The call's line, its figures, and the end of its span."""
        seconds = time.perf_counter() - self._began
        self._measures.note(CALLS.name, seconds, self._method, code.name)
        if reason:
            self._measures.note(REFUSALS.name, 1, reason)
        self._ended(code.name, reason)
        duration = round(seconds * 1000, 3)
        _LOG.info("call", method=self._method, caller=self._subject, code=code.name, duration_ms=duration)


def _place(error: Exception) -> str:
    """`file:line` of the innermost frame of a fault."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


async def abort(context: CallContext, status: Status) -> NoReturn:
    """End the call with a status and its details."""
    await context.abort(_STATUS_CODES[status.code], status.message, ((_DETAILS_KEY, status.SerializeToString()),))
    raise AssertionError("abort returns never")
