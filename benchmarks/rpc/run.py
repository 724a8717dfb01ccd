"""Calls to a server beside an echo on the same server, in turn in one run; then batch, stream, workers, and a reload.

`python run.py [SECONDS [DATA]]`; SECONDS for each measurement. With DATA, the folder of the Medicare Advantage tables,
the reload is measured under 20,000 plans too. Server and client share this machine's cores. The echo reads the same
request and answers the same estimate, made beforehand.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import grpc
from load import Call, Measured, closed, opened

from camcover.gen.camcover.v1 import estimate_pb2, estimate_service_pb2, request_pb2, rule_service_pb2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from many_rules import build  # noqa: E402 - these lie one folder up
from medicare_advantage import plan_texts  # noqa: E402 - the same
from questions import ROOT, twelve_sessions  # noqa: E402 - the same

ECHO, ESTIMATE = "/benchmark.Echo/EstimatePlan", "/camcover.v1.EstimateService/EstimatePlan"
AT_ONCE = 16
UNCACHED = ("--estimate-cache-mib", "0")
"""The same requests come again and again: what is measured is pricing them, not remembering them."""
ROUNDS = 3
BATCH = 100
CONNECTIONS = 8
MANY = 20_000
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), str(ROOT / "service")])}


@asynccontextmanager
async def serving(*command: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process, grpc.aio.Channel]]:
    """The port that a server process prints, the process, and a channel to it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=ENVIRONMENT
    )
    assert process.stdout is not None
    port = (await process.stdout.readline()).decode().strip().rpartition(":")[2]
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield port, process, channel
    finally:
        process.terminate()
        await process.wait()


def call(channel: grpc.aio.Channel, method: str, plan_id: str = "") -> Call:
    """One call of a method with the request of twelve sessions, or the same under another plan, its sums unknown."""
    request = twelve_sessions()
    if plan_id:
        request.plan_id, request.items[0].tier = plan_id, "in_network"
        request.members[0].ClearField("accumulators")
    stub = channel.unary_unary(
        method, request_pb2.EstimatePlanRequest.SerializeToString, estimate_pb2.Estimate.FromString
    )
    return lambda: stub(request)


def batch(channel: grpc.aio.Channel) -> Call:
    """One call with a hundred plans."""
    request = estimate_service_pb2.BatchEstimatePlansRequest(requests=[twelve_sessions()] * BATCH)
    stub = channel.unary_unary(
        "/camcover.v1.EstimateService/BatchEstimatePlans",
        estimate_service_pb2.BatchEstimatePlansRequest.SerializeToString,
        estimate_service_pb2.BatchEstimatePlansResponse.FromString,
    )
    return lambda: stub(request)


def stream(channel: grpc.aio.Channel, count: int) -> Call:
    """One stream of `count` plans."""
    requests = [twelve_sessions()] * count
    stub = channel.stream_stream(
        "/camcover.v1.EstimateService/StreamEstimates",
        request_pb2.EstimatePlanRequest.SerializeToString,
        estimate_service_pb2.StreamEstimatesResponse.FromString,
    )

    async def whole() -> None:
        async for _ in stub(iter(requests)):
            pass

    return whole


def say(what: str, rate: float, *more: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what:44} {rate:10,.0f}/s  {'  '.join(more)}\n")
    sys.stdout.flush()


def latencies(measured: Measured) -> str:
    """Half and ninety-nine of a hundred calls took no longer."""
    return f"p50 {measured.p50 * 1e3:6.2f} ms  p99 {measured.p99 * 1e3:6.2f} ms  failed {measured.failed}"


async def one_process(database: str, seconds: float) -> None:
    """The estimate beside the echo, closed and at half of that load; then batch and stream."""
    async with serving(str(HERE / "server.py"), database) as (_, _, channel):
        methods: dict[str, Call] = {"echo": call(channel, ECHO), "estimate": call(channel, ESTIMATE)}
        for each in methods.values():
            await closed(each, AT_ONCE, 1)
        rates: dict[str, list[float]] = {name: [] for name in methods}
        for _ in range(ROUNDS):
            for name, each in methods.items():
                rates[name].append((await closed(each, AT_ONCE, seconds)).calls_per_second)
        median = {name: statistics.median(each) for name, each in rates.items()}
        say("echo, 16 at once", median["echo"])
        say("EstimatePlan, 16 at once", median["estimate"], f"{median['estimate'] / median['echo']:.2f} of the echo")
        half = median["estimate"] / 2
        at_half: dict[str, list[Measured]] = {name: [] for name in methods}
        for _ in range(ROUNDS):
            for name, each in methods.items():
                await closed(each, AT_ONCE, 1)
                at_half[name].append(await opened(each, half, seconds))
        for name, measured in at_half.items():
            middle = sorted(measured, key=lambda one: one.p99)[ROUNDS // 2]
            say(f"{name} at half of EstimatePlan's rate", middle.calls_per_second, latencies(middle))
        in_batches = (await closed(batch(channel), 2, seconds)).calls_per_second * BATCH
        say("BatchEstimatePlans, plans", in_batches, f"{in_batches / median['estimate']:.2f} of EstimatePlan")
        length = max(int(median["estimate"] * seconds / 2), 100)
        streamed = (await closed(stream(channel, length), 2, seconds / 2)).calls_per_second * length
        say("StreamEstimates, plans", streamed, f"{streamed / median['estimate']:.2f} of EstimatePlan")


def each_in_turn(calls: Sequence[Call]) -> Call:
    """One call after the other, and again from the first."""
    following = cycle(calls)
    return lambda: next(following)()  # noqa: PLW0108 - the next call, not the first


async def several_workers(seconds: float) -> None:
    """The shipped rules served by one worker and by one for each core, over eight connections."""
    for workers in sorted({1, os.cpu_count() or 1}):
        command = ("-m", "camcover", "serve", "--rules", str(ROOT / "rules"), "--listen", "127.0.0.1:0")
        async with serving(*command, "--database-url", "off", *UNCACHED, "--workers", str(workers)) as (port, _, _):
            options = [("grpc.use_local_subchannel_pool", 1)]
            channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options) for _ in range(CONNECTIONS)]
            in_turn = each_in_turn([call(channel, ESTIMATE) for channel in channels])
            await closed(in_turn, AT_ONCE, 1)
            measured = await closed(in_turn, AT_ONCE, seconds)
            say(f"{workers} worker{'s' if workers > 1 else ''}, 8 connections", measured.calls_per_second)
            for channel in channels:
                await channel.close()


async def answers_at_hand(seconds: float) -> None:
    """The same question again and again, priced each time and remembered."""
    for name, options in (("priced each time", UNCACHED), ("remembered", ())):
        command = ("-m", "camcover", "serve", "--rules", str(ROOT / "rules"), "--listen", "127.0.0.1:0")
        async with serving(*command, "--database-url", "off", *options) as (_, _, channel):
            estimate = call(channel, ESTIMATE)
            await closed(estimate, AT_ONCE, 1)
            say(f"the same question, {name}", (await closed(estimate, AT_ONCE, seconds)).calls_per_second)


async def reload_under_load(seconds: float, rules: Path, plan_id: str = "") -> None:
    """The p99 while rules are read anew, beside that of the same load before."""
    command = ("-m", "camcover", "serve", "--rules", str(rules), "--listen", "127.0.0.1:0")
    async with serving(*command, "--database-url", "off", *UNCACHED) as (_, process, channel):
        estimate = call(channel, ESTIMATE, plan_id)
        rate = (await closed(estimate, AT_ONCE, 2)).calls_per_second / 4
        before = await opened(estimate, rate, seconds)
        say("at a quarter of its rate", before.calls_per_second, latencies(before))
        process.send_signal(signal.SIGHUP)
        during = await opened(estimate, rate, seconds)
        say("the same while rules are read anew", during.calls_per_second, latencies(during))
        sys.stdout.write(f"{during.p99 / before.p99:.2f} of the p99 before\n")


def check_of_rules(channel: grpc.aio.Channel) -> Call:
    """A check of all shipped rule files, with their tests."""
    files = [
        rule_service_pb2.RuleFile(name=str(file.relative_to(ROOT / "rules")), content=file.read_bytes())
        for file in sorted((ROOT / "rules").rglob("*.yaml"))
    ]
    request = rule_service_pb2.ValidateRulesRequest(rules=rule_service_pb2.RuleFiles(files=files))
    stub = channel.unary_unary(
        "/camcover.v1.RuleService/ValidateRules",
        rule_service_pb2.ValidateRulesRequest.SerializeToString,
        rule_service_pb2.ValidateRulesResponse.FromString,
    )
    return lambda: stub(request)


async def beside_other_calls(seconds: float) -> None:
    """The p99 of estimates at a tenth of their rate: alone, beside another caller's batches, beside checks of rules."""
    command = ("-m", "camcover", "serve", "--rules", str(ROOT / "rules"), "--listen", "127.0.0.1:0")
    async with serving(*command, "--database-url", "off", *UNCACHED) as (port, _, channel):
        estimate = call(channel, ESTIMATE)
        rate = (await closed(estimate, AT_ONCE, 2)).calls_per_second / 10
        alone = await opened(estimate, rate, seconds)
        say("at a tenth of its rate", alone.calls_per_second, latencies(alone))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)]) as other:
            for name, beside in (("batches of 100 plans", batch(other)), ("checks of rules", check_of_rules(other))):
                await beside()
                others = asyncio.create_task(closed(beside, 1, seconds))
                during = await opened(estimate, rate, seconds)
                await others
                say(f"the same beside {name}", during.calls_per_second, latencies(during))
                sys.stdout.write(f"{during.p99 / alone.p99:.2f} of the p99 alone\n")


async def reload_of_many(seconds: float, data: Path) -> None:
    """The same under 20,000 plans, stored."""
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "rules"
        build(data, MANY, stored)
        await reload_under_load(seconds, stored, next(iter(plan_texts(1, data))).removesuffix(".yaml"))


async def main(seconds: float, data: Path | None) -> None:
    """Everything, one after the other."""
    sys.stdout.write("nothing stored\n")
    await one_process("off", seconds)
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write("stored in SQLite\n")
        await one_process(f"sqlite:///{folder}/estimates.sqlite", seconds)
    sys.stdout.write("workers\n")
    await several_workers(seconds)
    sys.stdout.write("answers at hand\n")
    await answers_at_hand(seconds)
    sys.stdout.write("beside other calls\n")
    await beside_other_calls(seconds)
    sys.stdout.write("reload\n")
    await reload_under_load(seconds, ROOT / "rules")
    if data is not None:
        sys.stdout.write(f"reload of {MANY:,} plans\n")
        await reload_of_many(seconds, data)


if __name__ == "__main__":
    asyncio.run(main(float((*sys.argv, "4")[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
