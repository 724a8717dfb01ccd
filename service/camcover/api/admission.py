"""Admission of calls: how many run at once, of all callers and of each, and none once the server drains.

Calls, streams of estimates and those who only watch are counted apart, so that none takes the places of another. What
large answers to calls take is counted besides, in bytes, until they are sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from google.rpc.status_pb2 import Status

from camcover.api.access import ANYONE, Caller
from camcover.api.errors import RETRY_AFTER_SECONDS, Refused, ending, overloaded
from camcover.api.rates import Rates

__all__ = ["HELD", "WHO", "Admission", "CallBounds", "Held", "Places", "hold", "who_calls"]

ARRIVING = 4
"""Calls whose message is still on its way, for each that may run, and as many whose answer is. They cost little:
nothing is read for the former yet, and the latter's bytes are counted where they are many."""

_SMALL_BYTES = 64 << 10
"""An answer that is expected to take no more is not counted: gRPC sends as much ahead of a reader."""

_QUIET_SECONDS = 0.2
"""No call has come for so long: those that were on their way have been told."""

_MOST_QUIET_SECONDS = 2.0
"""So long at most are calls refused once nothing runs any more."""

_UNREAD_SECONDS = 1.0
"""How long the end of what a client reads slowly, a large answer or a stream, may take to leave."""

WHO: ContextVar[str] = ContextVar("who", default="")
"""The name under which the running call is counted."""


class CallBounds(NamedTuple):
    """The most calls at once, of all and of one caller. Watchers have as many places again as streams.

    `answer_bytes`: of the answers to calls, as they are expected, until they are sent. `rate_of_caller`: calls a
    second, 0 for no bound; `burst_of_caller`: as many at once.
    """

    calls: int
    calls_of_caller: int
    streams: int
    streams_of_caller: int
    answer_bytes: int
    answer_bytes_of_caller: int
    rate_of_caller: float = 0.0
    burst_of_caller: int = 1


class Ending(Protocol):
    """A stream that the drain ends."""

    def end(self) -> None:
        """Stop reading requests; those already read are answered."""


class Places:
    """Places of one kind."""

    def __init__(
        self, what: str, most: int, most_of_caller: int, retry_after_seconds: int = RETRY_AFTER_SECONDS
    ) -> None:
        """`what` names the calls, in the plural; a refusal names the seconds to wait before a retry."""
        self._what, self._most, self._most_of_caller = what, most, most_of_caller
        self._retry_after_seconds = retry_after_seconds
        self._taken: Counter[str] = Counter()
        self.count = 0

    def enter(self, who: str, number: int = 1) -> Status | None:
        """Take places for a caller; gives the refusal where there are too few."""
        if self.count + number > self._most:
            return overloaded(self._retry_after_seconds, f"too many {self._what} at once")
        if self._taken[who] + number > self._most_of_caller:
            what = f"this caller has {self._taken[who]} {self._what} at once; expected at most {self._most_of_caller}"
            return overloaded(self._retry_after_seconds, what)
        self._taken[who] += number
        self.count += number
        return None

    def leave(self, who: str, number: int = 1) -> None:
        """Give places back."""
        self.count -= number
        self._taken[who] -= number
        if not self._taken[who]:
            del self._taken[who]


class Held:
    """The bytes that the answer to one call holds of the room for all answers."""

    def __init__(self, places: Places, who: str) -> None:
        """Hold nothing yet, for the caller `who`."""
        self._places, self._who = places, who
        self._held = 0

    def take(self, byte_count: int) -> None:
        """Hold so many bytes more. Raises `Refused` where too many are held."""
        refusal = self._places.enter(self._who, byte_count)
        if refusal is not None:
            raise Refused(refusal)
        self._held += byte_count

    def give_back(self) -> bool:
        """Release all of it; tells whether there was any."""
        was_any = self._held > 0
        self._places.leave(self._who, self._held)
        self._held = 0
        return was_any


HELD: ContextVar[Held | None] = ContextVar("held", default=None)
"""The place and the bytes that the running call holds."""


def hold(byte_count: int) -> None:
    """Count what the answer to the call that runs is expected to take, until it is sent; to be called before the work.

    A small answer is not counted, so that whoever asks for one is not refused for what others hold.

    Raises `Refused` where too much is held already, so that clients that read nothing do not fill the memory.
    """
    held = HELD.get()
    if held is not None and byte_count > _SMALL_BYTES:
        held.take(byte_count)


class Admission:
    """Admits calls while there is room and the server does not drain; it belongs to one event loop."""

    def __init__(self, bounds: CallBounds) -> None:
        """Bound calls, streams and watchers."""
        self.calls = Places("calls", bounds.calls, bounds.calls_of_caller)
        self.arrivals = Places("calls", ARRIVING * bounds.calls, ARRIVING * bounds.calls_of_caller)
        self.answers = Places("bytes of answers", bounds.answer_bytes, bounds.answer_bytes_of_caller)
        self.leaving = Places("answers", ARRIVING * bounds.calls, ARRIVING * bounds.calls_of_caller)
        self.streams = Places("streams", bounds.streams, bounds.streams_of_caller)
        self.watchers = Places("watching calls", bounds.streams, bounds.streams_of_caller)
        self.rates = Rates(bounds.rate_of_caller, bounds.burst_of_caller)
        self._open: set[Ending] = set()
        self._is_ending = False
        self._arrived = 0
        self._unread_until = 0.0
        self._left = asyncio.Event()

    def arrive(self, places: Places, who: str) -> Status | None:
        """Admit a new call and count it toward the caller's rate, or give its refusal."""
        refusal = self.enter(places, who)
        if refusal is None and (refusal := self.rates.refusal(who)) is not None:
            self.leave(places, who)
        return refusal

    def enter(self, places: Places, who: str) -> Status | None:
        """Give a call a place, or its refusal."""
        self._arrived += 1
        return ending() if self._is_ending else places.enter(who)

    def leave(self, places: Places, who: str, *, may_be_unread: bool = False) -> None:
        """Note that a call has ended. `may_be_unread`: so much was sent that some of it may still wait to be read."""
        places.leave(who)
        if may_be_unread:
            self._unread_until = asyncio.get_running_loop().time() + _UNREAD_SECONDS
        self._left.set()

    def opened(self, stream: Ending) -> None:
        """A stream reads its requests from now on."""
        self._open.add(stream)

    def closed(self, stream: Ending) -> None:
        """A stream reads no more."""
        self._open.discard(stream)

    async def end(self, seconds: float) -> None:
        """Refuse new calls, end streams, and wait for running calls, at most `seconds`.

        Then wait until the callers have noticed, and what was sent has left: what comes before they did is refused as
        well, not broken off.
        """
        self._is_ending = True
        for stream in tuple(self._open):
            stream.end()
        loop = asyncio.get_running_loop()
        last = loop.time() + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout_at(last):
                await self._emptied()
        last = min(last, loop.time() + _MOST_QUIET_SECONDS)
        arrived = -1
        while (arrived != self._arrived or loop.time() < self._unread_until) and loop.time() < last:
            arrived = self._arrived
            await asyncio.sleep(_QUIET_SECONDS)

    async def _emptied(self) -> None:
        """Wait until no call runs, and no answer is on its way."""
        while self.calls.count + self.leaving.count + self.streams.count:
            self._left.clear()
            await self._left.wait()


def who_calls(judged: Caller | Status, peer: str) -> str:
    """The name by which a call is counted: the token's subject, or the address where no tokens are used.

    `peer`: as gRPC gives it, such as `ipv4:10.0.0.7:51234`.
    """
    if isinstance(judged, Caller) and judged != ANYONE:
        return judged.subject
    # The port differs from connection to connection, so it is left out.
    return peer.rpartition(":")[0] or peer
