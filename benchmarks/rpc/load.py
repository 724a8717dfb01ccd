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


def _measured(latencies: list[float], seconds: float, failed: int) -> Measured:
    ordered = sorted(latencies)
    count = len(ordered)
    return Measured(count / seconds, ordered[count // 2], ordered[min(count - 1, count * 99 // 100)], failed)


async def closed(call: Call, at_once: int, seconds: float) -> Measured:
    """`at_once` callers, each of which calls again as soon as it is answered."""
    latencies: list[float] = []
    failed = 0
    began = time.perf_counter()
    end = began + seconds

    async def caller() -> None:
        nonlocal failed
        while (start := time.perf_counter()) < end:
            try:
                await call()
            except Exception:  # noqa: BLE001 - counted, whatever it was
                failed += 1
            else:
                latencies.append(time.perf_counter() - start)

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return _measured(latencies, time.perf_counter() - began, failed)


async def opened(call: Call, calls_per_second: float, seconds: float) -> Measured:
    """Calls that begin at even intervals, whether or not those before are answered; latency counts from then on."""
    latencies: list[float] = []
    failed = 0
    began = time.perf_counter()

    async def one(due: float) -> None:
        nonlocal failed
        try:
            await call()
        except Exception:  # noqa: BLE001 - counted, whatever it was
            failed += 1
        else:
            latencies.append(time.perf_counter() - due)

    tasks = []
    for number in range(int(calls_per_second * seconds)):
        due = began + number / calls_per_second
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return _measured(latencies, time.perf_counter() - began, failed)
