"""How fast each caller may call: so many calls a second on average, and a burst at once.

A caller is known by a time: the moment at which all calls so far would be paid for at the rate (the generic cell rate
algorithm, a token bucket that needs one number). Who has been quiet long enough is forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from google.rpc.status_pb2 import Status

from camcover.api.errors import too_fast

__all__ = ["Rates"]

_MOST_KNOWN = 10_000
"""Beyond so many callers those who owe nothing are forgotten."""

_NOTHING_SECONDS = 1e-9
"""No reason to wait: sums of floats differ by less."""


class Rates:
    """The rate of each caller; it belongs to one event loop."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Let each caller make `per_second` calls a second, 0 for as many as they like, and `burst` at once."""
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._paid_at: dict[str, float] = {}

    def take(self, who: str) -> float:
        """Count a call and give 0; or, if it comes too early, give the seconds to wait."""
        paid_at, early = self._next(who)
        if early <= 0:
            self._note(who, paid_at)
        return max(early, 0.0)

    def refusal(self, who: str) -> Status | None:
        """Count a call, or give its refusal with the time to wait."""
        seconds = self.take(who)
        return too_fast(seconds, f"this caller may make {self._per_second:g} calls a second") if seconds else None

    async def pace(self, who: str) -> None:
        """Count one more request of a stream, and wait until it may be read."""
        paid_at, early = self._next(who)
        self._note(who, paid_at)
        if early > 0:
            await asyncio.sleep(early)

    def _next(self, who: str) -> tuple[float, float]:
        """When one more call will be paid for, and how many seconds from now it may be made."""
        now = self._clock()
        if not self._per_second:
            return now, 0.0
        interval = 1 / self._per_second
        paid_at = max(self._paid_at.get(who, now), now) + interval
        early = paid_at - now - self._burst * interval
        return paid_at, early if early > _NOTHING_SECONDS else 0.0

    def _note(self, who: str, paid_at: float) -> None:
        if len(self._paid_at) >= _MOST_KNOWN:
            now = self._clock()
            self._paid_at = {name: at for name, at in self._paid_at.items() if at > now}
        if self._per_second:
            self._paid_at[who] = paid_at
