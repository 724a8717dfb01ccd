"""The server around the methods: health, reflection, bounds, deadlines, faults, and a drain that loses no call."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from camcover.api.answering import Answering
from camcover.api.server import FOLLOWING, Server, Settings, Storage
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_service_pb2, request_pb2
from camcover.gen.camcover.v1.catalog_service_pb2_grpc import CatalogServiceStub
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub
from camcover.workflow.following import Following
from camcover.workflow.rules_in_force import RulesInForce
from grpc_calls import health_stub, status_of
from small_rules import tables

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_health_of_the_whole_and_of_each_service(service: Any) -> None:
    stub = health_stub(service.channel)
    for name in ("", "camcover.v1.EstimateService", "camcover.v1.CatalogService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == SERVING


async def test_health_tells_how_well_the_database_is_followed() -> None:
    """Behind the database the last good rules answer, so that only its own name says so; ended, nothing is SERVING."""
    server = Server(RulesInForce(tables()), Storage(follows=True), Settings(listen="127.0.0.1:0", drain_seconds=0))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_stub(channel)
        names = ("", "camcover.v1.EstimateService", "camcover.v1.RuleService")

        async def now() -> list[int]:
            answers = [await stub.Check(health_pb2.HealthCheckRequest(service=name)) for name in names]
            return [each.status for each in answers]

        watching = stub.Watch(health_pb2.HealthCheckRequest(service=FOLLOWING))
        assert ((await watching.read()).status, await now()) == (SERVING, [SERVING] * 3)
        server.report_following(Following.BEHIND)
        assert ((await watching.read()).status, await now()) == (NOT_SERVING, [SERVING] * 3)
        server.report_following(Following.AT_ONE)
        assert ((await watching.read()).status, await now()) == (SERVING, [SERVING] * 3)
        server.report_following(Following.ENDED)
        assert ((await watching.read()).status, await now()) == (NOT_SERVING, [NOT_SERVING] * 3)
        watching.cancel()
    await server.drain()


async def test_a_service_over_rule_files_follows_nothing(service: Any) -> None:
    stub = health_stub(service.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service=FOLLOWING))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_the_services(service: Any) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(service.channel)

    async def ask() -> Any:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    answers = [answer async for answer in stub.ServerReflectionInfo(ask())]
    names = {each.name for each in answers[0].list_services_response.service}
    assert {f"camcover.v1.{name}Service" for name in ("Estimate", "Catalog", "Rule")} <= names
    assert "grpc.health.v1.Health" in names


async def test_a_drain_lets_a_call_in_flight_end(service: Any, ask: Any, gate: Any) -> None:
    stub = health_stub(service.channel)
    watching = stub.Watch(health_pb2.HealthCheckRequest(service="camcover.v1.EstimateService"))
    assert (await watching.read()).status == SERVING
    call = asyncio.ensure_future(service.estimates.EstimatePlan(ask()))
    await gate.arrived.acquire()
    draining = asyncio.ensure_future(service.server.drain())
    assert (await watching.read()).status == NOT_SERVING
    assert not call.done()
    gate.opened.set()
    assert (await call).totals.patient_cents == 6080
    watching.cancel()
    await draining
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.catalog.ListPlans(catalog_service_pb2.ListPlansRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_calls_beyond_the_bound_are_told_when_to_try_again(service: Any, ask: Any, gate: Any) -> None:
    held = [asyncio.ensure_future(service.estimates.EstimatePlan(ask())) for _ in range(2)]
    for _ in held:
        await gate.arrived.acquire()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.EstimatePlan(ask())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    status = status_of(caught.value)
    assert RetryInfo.FromString(status.details[0].value).retry_delay.seconds == 1
    health = await health_stub(service.channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == SERVING
    gate.opened.set()
    assert [answer.totals.patient_cents for answer in await asyncio.gather(*held)] == [6080, 6080]
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_many_calls_at_once_are_told_to_try_again(service: Any, ask: Any) -> None:
    """Four thousand arrive before the server looks: each is answered or told so, none is broken off by the library."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with AsyncExitStack() as stack:
        connections = [grpc.aio.insecure_channel(service.address, options) for _ in range(5)]
        channels = [await stack.enter_async_context(each) for each in connections]
        stubs = [EstimateServiceStub(each) for each in channels]
        calls = [stubs[at % len(stubs)].EstimatePlan(ask()) for at in range(4_000)]
        codes = Counter(await asyncio.gather(*(each.code() for each in calls)))
    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


async def test_a_message_beyond_the_bound(service: Any, ask: Any) -> None:
    """The fixture's server takes 1 MiB."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.EstimatePlan(ask(request_id="x" * (1 << 20)))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_a_deadline_that_passes(service: Any, ask: Any, gate: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.EstimatePlan(ask(), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    gate.opened.set()
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_internal_faults_reveal_nothing(service: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("the secret of ana")

    with capture_logs() as logged, monkeypatch.context() as patched:
        patched.setattr(Answering, "_priced", broken)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await service.estimates.EstimatePlan(ask())
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    incident = str(caught.value.details()).removeprefix("internal error; incident ")
    fault = next(line for line in logged if line["event"] == "fault")
    assert (fault["incident"], fault["kind"]) == (incident, "ValueError")
    assert "secret" not in str(logged)
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_log_lines_hold_no_health_data(service: Any, ask: Any) -> None:
    with capture_logs() as logged:
        await service.estimates.EstimatePlan(ask())
        with pytest.raises(grpc.aio.AioRpcError):
            await service.estimates.EstimatePlan(ask(plan_id="nowhere"))
    calls = [line for line in logged if line["event"] == "call"]
    assert [(line["method"], line["code"]) for line in calls] == [
        ("/camcover.v1.EstimateService/EstimatePlan", "OK"),
        ("/camcover.v1.EstimateService/EstimatePlan", "NOT_FOUND"),
    ]
    assert all(line["duration_ms"] >= 0 for line in calls)
    assert not any(word in str(logged) for word in ("ana", "M54", "acupuncture", "6080", "nowhere"))


async def test_without_rules_nothing_is_served() -> None:
    server = Server(RulesInForce(), Storage(), Settings(listen="127.0.0.1:0", drain_seconds=0))
    port = await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = await health_stub(channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == NOT_SERVING
        request = request_pb2.EstimatePlanRequest(plan_id="share-plan")
        request.items.add(therapy="acupuncture", dates=["2026-03-02"])
        for call in (
            EstimateServiceStub(channel).EstimatePlan(request),
            CatalogServiceStub(channel).ListPlans(catalog_service_pb2.ListPlansRequest()),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    await server.drain()


async def test_a_call_given_up_by_its_client_frees_its_place(service: Any, ask: Any) -> None:
    """Three streams one after the other, each given up by its client, on a server with two places."""

    async def endless() -> Any:
        yield ask()
        await asyncio.Event().wait()

    for _ in range(3):
        stream = service.estimates.StreamEstimates(endless())
        answer: estimate_service_pb2.StreamEstimatesResponse = await stream.read()
        assert answer.estimate.totals.patient_cents == 6080
        stream.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stream.read()
