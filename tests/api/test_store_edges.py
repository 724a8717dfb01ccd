"""Callers and their store: each finds its own alone; a store that is away, locked or full is told, and comes back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1 import health_pb2
from structlog.testing import capture_logs

from camcover.api import keeping
from camcover.api.access import Access
from camcover.api.server import Server, Settings, Storage
from camcover.gen.camcover.v1 import estimate_service_pb2 as services
from camcover.gen.camcover.v1 import rule_service_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.gen.camcover.v1.rule_service_pb2_grpc import RuleServiceStub
from camcover.store import Database, ReleaseStore, estimate_store, open_database
from camcover.store.database import SERVING_SECONDS
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce
from grpc_calls import health_stub, status_of
from small_rules import tables

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
ESTIMATES, CATALOG = "camcover.v1.EstimateService", "camcover.v1.CatalogService"


def tokens(*subjects: str) -> str:
    """A file of tokens, each the name of its subject."""
    entry = '[[token]]\nsubject = {}\nroles = ["estimate", "rules.read"]\nsha256 = "{}"\n'
    return "".join(entry.format(json.dumps(each), hashlib.sha256(each.encode()).hexdigest()) for each in subjects)


@dataclass
class Service:
    """A server that asks for the tokens `ana` and `bob`, its database, and a channel to it."""

    database: Database
    access: Access
    file: Path
    channel: grpc.aio.Channel
    estimates: Any

    async def health(self, name: str) -> int:
        """What health says of a service."""
        stub = health_stub(self.channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        return int(answer.status)

    async def until_health(self, name: str, status: int) -> None:
        """Wait until health says so."""
        stub = health_stub(self.channel)
        async with asyncio.timeout(120):
            async for answer in stub.Watch(health_pb2.HealthCheckRequest(service=name)):
                if answer.status == status:
                    return

    async def estimate(self, who: str, request: Any) -> Any:
        """An estimate, asked for by the token of that name."""
        return await self.estimates.EstimatePlan(request, metadata=bearer(who))


def bearer(who: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with a token."""
    return (("authorization", f"Bearer {who}"),)


@pytest.fixture
async def service(url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """The small rules in force, estimates kept in a database of either kind."""
    file = tmp_path / "tokens.toml"
    file.write_text(tokens("ana", "bob"), encoding="utf-8")
    access, database = Access(file), open_database(url, wait_seconds=SERVING_SECONDS)
    rules = RulesInForce(tables(), ReleaseRules(ReleaseStore(database)))
    settings = Settings(listen="127.0.0.1:0", drain_seconds=5)
    server = Server(rules, Storage(estimate_store(database), follows=True), settings, access)
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Service(database, access, file, channel, EstimateServiceStub(channel))
    await server.drain()
    database.close()


async def refused(call: Any) -> grpc.aio.AioRpcError:
    """How a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_another_token_reads_no_estimate(service: Service, ask: Any) -> None:
    mine = await service.estimate("ana", ask())
    request = services.GetEstimateRequest(name=mine.name)
    assert await service.estimates.GetEstimate(request, metadata=bearer("ana")) == mine
    error = await refused(service.estimates.GetEstimate(request, metadata=bearer("bob")))
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert error.details() == f"name: found estimate '{mine.name}'; expected an existing estimate"


async def test_a_request_id_of_two_tokens_is_two(service: Service, ask: Any) -> None:
    """The same id with other content: each gets its own, and its own again; alone, it would be refused."""
    first = await service.estimate("ana", ask(request_id="a"))
    second = await service.estimate("bob", ask(request_id="a", as_of="2026-03-01"))
    assert first.name != second.name
    assert await service.estimate("ana", ask(request_id="a")) == first
    assert await service.estimate("bob", ask(request_id="a", as_of="2026-03-01")) == second
    error = await refused(service.estimate("ana", ask(request_id="a", as_of="2026-03-01")))
    assert error.code() == grpc.StatusCode.ALREADY_EXISTS


async def test_two_tokens_in_one_transaction(service: Service, ask: Any) -> None:
    """Forty calls at once under four request ids, by two tokens: eight estimates, each its caller's."""
    calls = [(who, str(number % 4)) for number in range(20) for who in ("ana", "bob")]
    answers = await asyncio.gather(*(service.estimate(who, ask(request_id=id_)) for who, id_ in calls))
    names = {call: {each.name for other, each in zip(calls, answers, strict=True) if other == call} for call in calls}
    assert [len(each) for each in names.values()] == [1] * 8
    assert len(set.union(*names.values())) == 8


async def test_a_control_character_of_one_caller_fails_no_other(service: Service, ask: Any) -> None:
    bad = [service.estimate("bob", ask(request_id="x\0")) for _ in range(6)]
    honest = [service.estimate("ana", ask(request_id=str(number))) for number in range(12)]
    outcomes: list[Any] = await asyncio.gather(*bad, *honest, return_exceptions=True)
    assert [each.code() for each in outcomes[:6]] == [grpc.StatusCode.INVALID_ARGUMENT] * 6
    assert {each.totals.patient_cents for each in outcomes[6:]} == {6080}


async def test_a_batch_and_a_stream_beside_a_bad_request(service: Service, ask: Any) -> None:
    """The bad one gets its violation; the others their estimates."""
    requests = [ask(request_id="1"), ask(request_id="x\0"), ask(request_id="2")]
    batch = services.BatchEstimatePlansRequest(requests=requests)
    answer = await service.estimates.BatchEstimatePlans(batch, metadata=bearer("ana"))
    stream = [each async for each in service.estimates.StreamEstimates(iter(requests), metadata=bearer("ana"))]
    for results in (answer.results, stream):
        assert [each.WhichOneof("result") for each in results] == ["estimate", "error", "estimate"]
        assert results[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert [each.estimate for each in stream] == [each.estimate for each in answer.results]


@pytest.mark.parametrize("left", [("bob",), ("bob", "eve")])
async def test_streams_end_when_their_token_is_taken_out(service: Service, ask: Any, left: tuple[str, ...]) -> None:
    watch = RuleServiceStub(service.channel).WatchReleases(
        rule_service_pb2.WatchReleasesRequest(), metadata=bearer("ana")
    )
    stream = service.estimates.StreamEstimates(metadata=bearer("ana"))
    others = service.estimates.StreamEstimates(metadata=bearer("bob"))
    for each in (stream, others):
        await each.write(ask())
        assert (await each.read()).estimate.totals.patient_cents == 6080
    await watch.read()
    service.file.write_text(tokens(*left), encoding="utf-8")
    service.access.reload()
    for each in (watch, stream):
        async with asyncio.timeout(120):
            error = await refused(each.read())
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
    await others.write(ask())
    assert (await others.read()).estimate.totals.patient_cents == 6080
    await others.done_writing()


@pytest.fixture
def sqlite_file(service: Service) -> Path:
    """The file of the service's database."""
    return Path(str(service.database.engine.url.database))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_locked_store_is_told_and_comes_back(service: Service, ask: Any, sqlite_file: Path) -> None:
    """UNAVAILABLE with the time to try again; what was answered is answered again; one line of the log each way."""
    before = await service.estimate("ana", ask(request_id="before"))
    with capture_logs() as logged:
        with closing(sqlite3.connect(sqlite_file)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                error = await refused(service.estimate("ana", ask(request_id="new")))
                assert error.code() == UNAVAILABLE
                assert error.details() == "the database is locked by another process; try again later"
            assert status_of(error).details[0].Is(RetryInfo.DESCRIPTOR)
            await service.until_health(ESTIMATES, NOT_SERVING)
            assert (await service.health(""), await service.health(CATALOG)) == (SERVING, SERVING)
            assert await service.estimate("ana", ask(request_id="before")) == before
            requests = [ask(request_id="before"), ask(request_id="new"), ask(plan_id="nowhere")]
            stream = [each async for each in service.estimates.StreamEstimates(iter(requests), metadata=bearer("ana"))]
            assert stream[0].estimate == before
            assert [each.error.code for each in stream[1:]] == [
                UNAVAILABLE.value[0],
                grpc.StatusCode.NOT_FOUND.value[0],
            ]
            other.rollback()
        await service.until_health(ESTIMATES, SERVING)
    assert (await service.estimate("ana", ask(request_id="new"))).totals.patient_cents == 6080
    of_store = [each for each in logged if each["event"].startswith("store")]
    assert [each["event"] for each in of_store] == ["store unavailable", "store available again"]


@pytest.fixture
def processes_of(service: Service) -> list[int]:
    """The PostgreSQL server's process and those of its connections."""
    with service.database.engine.connect() as connection:
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
        backends = connection.exec_driver_sql("SELECT pid FROM pg_stat_activity").scalars().all()
    return [int((Path(folder) / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]), *backends]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_store_that_neither_answers_nor_refuses_is_away(
    service: Service, ask: Any, processes_of: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is stopped keeps its connections and says nothing. Calls are refused, and it is used again."""
    before = await service.estimate("ana", ask(request_id="before"))
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 0.9)
    for pid in processes_of:
        os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(120):
            for request_id in ("new", "before", "new"):
                error = await refused(service.estimate("ana", ask(request_id=request_id)))
                assert error.code() == UNAVAILABLE
                assert error.details() == "the database cannot be reached; try again later"
            named = services.GetEstimateRequest(name=before.name)
            assert (await refused(service.estimates.GetEstimate(named, metadata=bearer("ana")))).code() == UNAVAILABLE
            await service.until_health(ESTIMATES, NOT_SERVING)
    finally:
        for pid in processes_of:
            os.kill(pid, signal.SIGCONT)
    await service.until_health(ESTIMATES, SERVING)
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 60.0)
    assert await service.estimate("ana", ask(request_id="before")) == before
    assert (await service.estimate("ana", ask(request_id="new"))).totals.patient_cents == 6080


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_full_disk_is_told_and_nothing_is_half_kept(service: Service, ask: Any) -> None:
    before = await service.estimate("ana", ask(request_id="before"))
    with service.database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    stub, codes = health_stub(service.channel), set()
    watching = stub.Watch(health_pb2.HealthCheckRequest(service=ESTIMATES))
    assert (await watching.read()).status == SERVING
    for number in range(30):
        try:
            await service.estimate("ana", ask(request_id=str(number), explain=True))
        except grpc.aio.AioRpcError as error:
            codes.add((error.code(), error.details()))
    assert codes == {(UNAVAILABLE, "the disk of the database is full; try again later")}
    assert (await watching.read()).status == NOT_SERVING
    watching.cancel()
    assert await service.estimate("ana", ask(request_id="before")) == before
    with service.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    await service.until_health(ESTIMATES, SERVING)
    last = await service.estimate("ana", ask(request_id="29", explain=True))
    assert await service.estimate("ana", ask(request_id="29", explain=True)) == last
