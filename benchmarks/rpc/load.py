"""A load on a server on the loopback: closed (so many calls at once) or open (so many calls a second)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

Call = Callable[[], Awaitable[object]]


class Measured(NamedTuple):
    """What a load came to: calls a second, and the latency below which half, and 99 of 100, lay (seconds)."""

    calls_per_second: float
    p50: float
    p99: float
    failed: int


class _Tally:
    """What calls came to while a load runs."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self._latencies: list[float] = []
        self._failed = 0

    async def take(self, call: Call, due: float) -> None:
        """Make a call; its latency counts from `due`."""
        try:
            await call()
        except Exception:  # noqa: BLE001 - counted, whatever it was
            self._failed += 1
        else:
            self._latencies.append(time.perf_counter() - due)

    def measured(self) -> Measured:
        """The load so far."""
        ordered = sorted(self._latencies)
        count = len(ordered)
        seconds = time.perf_counter() - self.began
        return Measured(count / seconds, ordered[count // 2], ordered[min(count - 1, count * 99 // 100)], self._failed)


async def closed(call: Call, at_once: int, seconds: float) -> Measured:
    """`at_once` callers, each of which calls again as soon as it is answered."""
    tally = _Tally()

    async def caller() -> None:
        while (now := time.perf_counter()) < tally.began + seconds:
            await tally.take(call, now)

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return tally.measured()


async def opened(call: Call, calls_per_second: float, seconds: float) -> Measured:
    """Calls that begin at even intervals, whether or not those before are answered; latency counts from then on."""
    tally = _Tally()
    tasks = []
    for number in range(int(calls_per_second * seconds)):
        due = tally.began + number / calls_per_second
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(tally.take(call, due)))
    await asyncio.gather(*tasks)
    return tally.measured()
