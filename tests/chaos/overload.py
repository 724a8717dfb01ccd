"""`make overload`: ten times the calls that a service takes, and half of them, for OVERLOAD_SECONDS (10) each.

One process over the small rules, which keeps nothing, is asked for batches of 200 estimates. First it is measured how
many it answers in a second; then calls begin evenly at half that rate, and at ten times. OVERLOAD_CALLS (256,8) says
how many calls may run at once, one measurement for each. Latencies are printed, none is asserted. The status is 1 where
a call is neither answered nor refused as RESOURCE_EXHAUSTED.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from camcover.gen.camcover.v1 import estimate_service_pb2
from chaos.load import asked, started
from processes import address_of
from small_rules import TEXTS

__all__ = ["Outcomes", "batch", "drive"]

METHOD = "/camcover.v1.EstimateService/BatchEstimatePlans"
BATCH = 200
CONNECTIONS = 8
HEADING = f"{'load':10} {'calls/s':>8}  answered    p50 ms    p99 ms   refused    p50 ms    p99 ms\n"


class Outcomes(NamedTuple):
    """Seconds that calls took, of those that were answered and of those that were refused, and what else came."""

    answered: list[float]
    refused: list[float]
    others: list[str]


def batch(size: int = BATCH) -> bytes:
    """A request for so many estimates."""
    return estimate_service_pb2.BatchEstimatePlansRequest(requests=[asked("")] * size).SerializeToString()


async def call(channel: grpc.aio.Channel, request: bytes, outcomes: Outcomes) -> None:
    """One call, and what became of it."""
    began = time.perf_counter()
    asking: Any = channel.unary_unary(METHOD)
    try:
        await asking(request, timeout=60)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            outcomes.refused.append(time.perf_counter() - began)
        else:
            outcomes.others.append(f"{error.code().name}: {error.details()}")
    else:
        outcomes.answered.append(time.perf_counter() - began)


async def saturate(channels: Sequence[grpc.aio.Channel], request: bytes, seconds: float) -> float:
    """Calls that were answered in a second where four ask on and on."""
    outcomes, began = Outcomes([], [], []), time.monotonic()

    async def ask_on(channel: grpc.aio.Channel) -> None:
        while time.monotonic() < began + seconds:
            await call(channel, request, outcomes)

    await asyncio.gather(*map(ask_on, channels[:4]))
    return len(outcomes.answered) / (time.monotonic() - began)


async def drive(channels: Sequence[grpc.aio.Channel], request: bytes, rate: float, count: int) -> Outcomes:
    """Begin `count` calls, one every 1/`rate` seconds, whether or not those before have ended."""
    outcomes, began = Outcomes([], [], []), time.monotonic()
    async with asyncio.TaskGroup() as calls:
        for number in range(count):
            await asyncio.sleep(began + number / rate - time.monotonic())
            calls.create_task(call(channels[number % len(channels)], request, outcomes))
    return outcomes


def logged(folder: Path) -> list[str]:
    """The whole lines of the service's log."""
    return [line for line in (folder / "log").read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def of_log(lines: list[str]) -> Outcomes:
    """How long calls took as the service tells it: without the way to it, and without the wait of its caller."""
    outcomes = Outcomes([], [], [])
    for each in filter(lambda line: line["event"] == "call", map(json.loads, lines)):
        (outcomes.answered if each["code"] == "OK" else outcomes.refused).append(each["duration_ms"] / 1000)
    return outcomes


def told(name: str, rate: float, outcomes: Outcomes) -> str:
    """A line of the table."""
    cells = [f"{name:10} {rate:8.1f}"]
    for latencies in (outcomes.answered, outcomes.refused):
        ranked = sorted(each * 1000 for each in latencies)
        places = (len(ranked) // 2, len(ranked) * 99 // 100)
        cells.append(f"{len(ranked):9}" + "".join(f"{ranked[each]:10.1f}" if ranked else " " * 10 for each in places))
    return " ".join(cells) + "\n"


async def overload(folder: Path, calls: int, seconds: float) -> int:
    """Measure under one bound; gives how many calls ended otherwise than they should."""
    options = ("--rules", folder / "rules", "--database-url", "off")
    bounds = ("--max-calls", calls, "--max-calls-per-caller", calls)
    with started(folder, *options, *bounds) as process:
        address = address_of(process)
        # Each has a connection of its own, which nothing else shares.
        channels = [
            grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
            for _ in range(CONNECTIONS)
        ]
        request, wrong = batch(), list[str]()
        await saturate(channels, request, 1)
        most = await saturate(channels, request, seconds)
        sys.stdout.write(
            f"at most {calls} calls at once; {most:.1f} a second are answered where four ask on\n{HEADING}"
        )
        for name, rate in (("half", most / 2), ("tenfold", most * 10)):
            before = len(logged(folder))
            outcomes = await drive(channels, request, rate, int(rate * seconds))
            wrong += outcomes.others
            sys.stdout.write(told(name, rate, outcomes))
            sys.stdout.write(told("by its log", rate, of_log(logged(folder)[before:])))
        for channel in channels:
            await channel.close()
    if wrong:
        sys.stdout.write(f"{len(wrong)} calls ended otherwise: {wrong[:5]}\n")
    return len(wrong)


def main() -> int:
    """Read the settings and measure; gives the status."""
    seconds = float(os.environ.get("OVERLOAD_SECONDS") or 10)
    bounds = [int(each) for each in (os.environ.get("OVERLOAD_CALLS") or "256,8").split(",")]
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules"
        rules.mkdir()
        for name, text in TEXTS.items():
            (rules / name).write_text(text, encoding="utf-8")
        wrong = [asyncio.run(overload(Path(folder), calls, seconds)) for calls in bounds]
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
