"""`make soak`: a service under an even load for SOAK_MINUTES (30), its memory and descriptors every minute.

Two workers over the small rules keep every estimate in SQLite. Each second brings SOAK_RATE calls (20), evenly apart.
Of ten, five are new estimates by gRPC, one is repeated under its request id, one is read again, one asks the catalog,
one is refused, and one is an estimate over HTTP. Figures are printed, none is asserted. The status is 1 where a call
fails otherwise than it should.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import httpx
from google.protobuf import json_format

from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, request_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from chaos.watched import held_by
from processes import address_of, end, http_of, serving
from small_rules import TEXTS, question

PATIENT_CENTS = 6080
"""By hand, in `small_rules.question`."""


class Clients(NamedTuple):
    """What asks the service."""

    estimates: Any
    catalog: Any
    http: httpx.AsyncClient


def asked(request_id: str, **others: Any) -> request_pb2.EstimatePlanRequest:
    """The small rules' question under a request id."""
    return json_format.ParseDict(question(request_id=request_id, **others), request_pb2.EstimatePlanRequest())


async def ask(clients: Clients, number: int, kept: list[str]) -> bool:
    """One call of the mix; gives whether it was answered as it should be."""
    match number % 10:
        case 6:
            answer = await clients.estimates.EstimatePlan(asked(f"soak-{number - 6}"), timeout=60)
            return bool(answer.totals.patient_cents == PATIENT_CENTS)
        case 7 if kept:
            request = estimate_service_pb2.GetEstimateRequest(name=kept[-1])
            return bool((await clients.estimates.GetEstimate(request, timeout=60)).name == request.name)
        case 8:
            await clients.catalog.ListTherapies(catalog_service_pb2.ListTherapiesRequest(), timeout=60)
            return True
        case 9:
            try:
                await clients.estimates.EstimatePlan(asked("", plan_id="no-plan"), timeout=60)
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.NOT_FOUND
            return False
        case 5:
            response = await clients.http.post("/v1/estimates", json=question())
            return bool(response.json()["totals"]["patient_cents"] == PATIENT_CENTS)
    answer = await clients.estimates.EstimatePlan(asked(f"soak-{number}"), timeout=60)
    kept[:] = [answer.name]
    return bool(answer.totals.patient_cents == PATIENT_CENTS)


class Load:
    """Calls at an even rate, and what became of them."""

    def __init__(self, clients: Clients) -> None:
        """Ask by `clients`."""
        self._clients, self._kept = clients, list[str]()
        self.latencies: list[float] = []
        self.failed: list[str] = []

    async def run(self, seconds: float, rate: float) -> None:
        """Begin a call every 1/`rate` seconds, whether or not those before have ended."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as calls:
            for number in count():
                due = began + number / rate
                if due > began + seconds:
                    return
                await asyncio.sleep(due - time.monotonic())
                calls.create_task(self._one(number))

    async def _one(self, number: int) -> None:
        began = time.perf_counter()
        try:
            is_right = await ask(self._clients, number, self._kept)
        except (grpc.aio.AioRpcError, httpx.HTTPError) as error:
            self.failed.append(f"{number}: {str(error)[:200]}")
            return
        self.latencies.append(time.perf_counter() - began)
        if not is_right:
            self.failed.append(f"{number}: not as it should be")


async def report(load: Load, group: int) -> None:
    """A line at once and every minute until it is cancelled."""
    began = time.monotonic()
    while True:
        held, calls = held_by(group), load.latencies[:]
        load.latencies.clear()
        p99 = f"{sorted(calls)[len(calls) * 99 // 100] * 1000:8.1f}" if calls else " " * 8
        sys.stdout.write(
            f"{(time.monotonic() - began) / 60:6.1f} {held.processes:9} {held.resident_bytes / 2**20:12.1f} "
            f"{held.descriptors:11} {len(calls):7} {p99}\n"
        )
        sys.stdout.flush()
        await asyncio.sleep(60)


async def soak(folder: Path, minutes: float, rate: float) -> int:
    """Run the load and print the figures; gives how many calls failed."""
    rules = folder / "rules"
    rules.mkdir()
    for name, text in TEXTS.items():
        (rules / name).write_text(text, encoding="utf-8")
    options = ("--rules", rules, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--workers", 2, "--insecure")
    log = (folder / "log").open("w", encoding="utf-8")
    process = serving(*options, "--database-url", f"sqlite:///{folder / 'camcover.sqlite'}", log=log)
    try:
        address, http = address_of(process), http_of(process)
        async with (
            grpc.aio.insecure_channel(address) as channel,
            httpx.AsyncClient(base_url=http, timeout=60) as client,
        ):
            load = Load(Clients(EstimateServiceStub(channel), CatalogServiceStub(channel), client))
            await load.run(10, rate)
            load.latencies.clear()
            sys.stdout.write("minute processes resident_MiB descriptors   calls   p99_ms\n")
            reporting = asyncio.create_task(report(load, process.pid))
            await load.run(minutes * 60, rate)
            await asyncio.sleep(1)
            reporting.cancel()
    finally:
        end(process)
        process.communicate()
        log.close()
    sys.stdout.write(f"{len(load.failed)} calls failed {load.failed[:5]}\n")
    return len(load.failed)


def main() -> int:
    """Read the settings and soak; gives the status."""
    minutes, rate = (float(os.environ.get(name) or usual) for name, usual in (("SOAK_MINUTES", 30), ("SOAK_RATE", 20)))
    with tempfile.TemporaryDirectory() as folder:
        return 1 if asyncio.run(soak(Path(folder), minutes, rate)) else 0


if __name__ == "__main__":
    sys.exit(main())
