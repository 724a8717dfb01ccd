"""How many calls run at once: all together, and of each caller; and an end to it when the server drains.

Calls, streams of estimates and those who only watch are counted apart, so that none takes the places of another.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from google.rpc.status_pb2 import Status

from camcover.api.access import ANYONE, Caller
from camcover.api.errors import RETRY_AFTER_SECONDS, ending, overloaded

__all__ = ["WHO", "Admission", "Bounds", "Places", "who_calls"]

ARRIVING = 4
"""Calls whose message is still on its way, for each that may run. They cost little: nothing is read for them yet."""

_QUIET_SECONDS = 0.2
"""No call has come for so long: those that were on their way have been told."""

_MOST_QUIET_SECONDS = 2.0
"""So long at most are calls refused once nothing runs any more."""

WHO: ContextVar[str] = ContextVar("who", default="")
"""Under whose name the call is counted that runs."""


class Bounds(NamedTuple):
    """So many at once, and so many of one caller. Those who watch have the places of streams once more."""

    calls: int
    calls_of_caller: int
    streams: int
    streams_of_caller: int


class Ending(Protocol):
    """A stream that the drain ends."""

    def end(self) -> None:
        """Read no more; what was read is answered."""


class Places:
    """Places of one kind."""

    def __init__(
        self, what: str, most: int, most_of_caller: int, retry_after_seconds: int = RETRY_AFTER_SECONDS
    ) -> None:
        """`what` takes them, in the plural; whoever is refused may try again after so many seconds."""
        self._what, self._most, self._most_of_caller = what, most, most_of_caller
        self._retry_after_seconds = retry_after_seconds
        self._taken: Counter[str] = Counter()
        self.count = 0

    def enter(self, who: str) -> Status | None:
        """Take a place for a caller; where there is none, the refusal."""
        if self.count >= self._most:
            return overloaded(self._retry_after_seconds, f"too many {self._what} at once")
        if self._taken[who] >= self._most_of_caller:
            what = f"{self._taken[who]} {self._what} of this caller at once; expected at most {self._most_of_caller}"
            return overloaded(self._retry_after_seconds, what)
        self._taken[who] += 1
        self.count += 1
        return None

    def leave(self, who: str) -> None:
        """Give a place back."""
        self.count -= 1
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]


class Admission:
    """Lets calls in while there is room and the server does not drain; belongs to one event loop."""

    def __init__(self, bounds: Bounds) -> None:
        """Bound calls, streams and watchers."""
        self.calls = Places("calls", bounds.calls, bounds.calls_of_caller)
        self.arrivals = Places("calls", ARRIVING * bounds.calls, ARRIVING * bounds.calls_of_caller)
        self.streams = Places("streams", bounds.streams, bounds.streams_of_caller)
        self.watchers = Places("watching calls", bounds.streams, bounds.streams_of_caller)
        self._open: set[Ending] = set()
        self._is_ending = False
        self._arrived = 0
        self._left = asyncio.Event()

    def enter(self, places: Places, who: str) -> Status | None:
        """Let a call in, or say why not."""
        self._arrived += 1
        return ending() if self._is_ending else places.enter(who)

    def leave(self, places: Places, who: str) -> None:
        """Let a call out."""
        places.leave(who)
        self._left.set()

    def opened(self, stream: Ending) -> None:
        """A stream reads its requests from now on."""
        self._open.add(stream)

    def closed(self, stream: Ending) -> None:
        """A stream reads no more."""
        self._open.discard(stream)

    async def end(self, seconds: float) -> None:
        """Refuse new calls, end streams, and wait for what runs, at most so long.

        Then wait until the callers have noticed: what they sent before they did is refused as well, not broken off.
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
        while arrived != self._arrived and loop.time() < last:
            arrived = self._arrived
            await asyncio.sleep(_QUIET_SECONDS)

    async def _emptied(self) -> None:
        """Wait until no call runs."""
        while self.calls.count + self.streams.count:
            self._left.clear()
            await self._left.wait()


def who_calls(judged: Caller | Status, peer: str) -> str:
    """Under which name a call is counted: the token's subject, or the address where no tokens are asked for.

    `peer`: as gRPC gives it, such as `ipv4:10.0.0.7:51234`.
    """
    if isinstance(judged, Caller) and judged != ANYONE:
        return judged.subject
    # Its port is another for each connection.
    return peer.rpartition(":")[0] or peer
