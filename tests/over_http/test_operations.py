"""What those who run the service ask over HTTP, and how the port ends with the server."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import json_format
from prometheus_client.parser import text_string_to_metric_families

from camcover.api.server import Server, Storage
from camcover.gen.camcover.v1 import request_pb2
from camcover.http.app import application
from camcover.http.port import HttpPort
from camcover.workflow.following import Following
from camcover.workflow.rules_in_force import RulesInForce
from over_http.conftest import SETTINGS, both_ports
from over_http.refusals import reason_in
from small_rules import question, tables

ESTIMATES, CATALOG, RULES = (f"camcover.v1.{name}Service" for name in ("Estimate", "Catalog", "Rule"))


async def figures(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """The figures of /metrics by name and values of labels, which are in order of the labels' names."""
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=1.0.0")
    samples = [each for family in text_string_to_metric_families(answer.text) for each in family.samples]
    return {(each.name, *(value for _, value in sorted(each.labels.items()))): each.value for each in samples}


async def test_health_needs_no_token(serve: Any, access: Any) -> None:
    async with serve(access) as both:
        lives = await both.client.get("/livez")
        assert (lives.status_code, lives.json()) == (200, {"status": "alive"})
        ready = await both.client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"status": "SERVING", "services": dict.fromkeys((ESTIMATES, CATALOG, RULES), "SERVING")}
        for path in ("/livez", "/readyz", "/metrics"):
            head = await both.client.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert (await both.client.options(path)).headers["allow"] == "GET, HEAD, OPTIONS"
            refused = await both.client.post(path)
            assert (refused.status_code, reason_in(refused)) == (405, "WRONG_HTTP_METHOD")


async def test_readiness_is_health_of_grpc() -> None:
    """Without rules the process lives, and only staff are served; having lost its database it is to be restarted."""
    server = Server(RulesInForce(), Storage(follows=True), SETTINGS)
    async with both_ports(server) as both:
        ready = await both.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "NOT_SERVING")
        assert ready.json()["services"][RULES] == "SERVING"
        assert (await both.client.get("/livez")).status_code == 200
        refused = await both.post("EstimateService/EstimatePlan", question())
        assert (refused.status_code, reason_in(refused)) == (400, "NO_ACTIVE_RELEASE")
        server.report_following(Following.ENDED)
        lives = await both.client.get("/livez")
        assert (lives.status_code, lives.json()) == (503, {"status": "to be started anew"})
        await server.report_health()
        assert (await both.client.get("/readyz")).json()["services"][RULES] == "NOT_SERVING"


async def test_what_is_counted(both: Any) -> None:
    """Two estimates, the second from the cache, one by each way, and one refusal."""
    await both.estimates.EstimatePlan(json_format.ParseDict(question(), request_pb2.EstimatePlanRequest()))
    await both.post("EstimateService/EstimatePlan", question())
    await both.post("EstimateService/EstimatePlan", question(plan_id="no"))
    found = await figures(both.client)
    method = f"/{ESTIMATES}/EstimatePlan"
    assert found["camcover_calls_seconds_count", "OK", method] == 2
    assert found["camcover_calls_seconds_count", "NOT_FOUND", method] == 1
    assert found["camcover_calls_seconds_sum", "OK", method] > 0
    assert found["camcover_cache_hits_total", "estimates"] == 1
    assert found["camcover_cache_entries", "estimates"] == 1
    assert found["camcover_rule_release", tables().release] == 1
    assert found["camcover_serving", ESTIMATES] == 1
    assert found["camcover_calls_running", "calls"] == 0


async def test_calls_in_flight_end_on_both_ports(both: Any, gate: Any) -> None:
    over_grpc = both.estimates.EstimatePlan(json_format.ParseDict(question(), request_pb2.EstimatePlanRequest()))
    over_http = asyncio.create_task(both.post("EstimateService/EstimatePlan", question()))
    await gate.arrived.acquire()
    await gate.arrived.acquire()
    draining = asyncio.create_task(both.server.drain())
    await asyncio.sleep(0)
    assert both.server.is_draining
    refused = await both.post("EstimateService/EstimatePlan", question())
    assert (refused.status_code, reason_in(refused)) == (503, "SERVER_ENDING")
    assert (refused.headers["connection"], refused.headers["retry-after"]) == ("close", "1")
    assert (await both.client.get("/readyz")).json()["status"] == "NOT_SERVING"
    assert (await both.client.get("/livez")).status_code == 200
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await both.estimates.EstimatePlan(request_pb2.EstimatePlanRequest())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    gate.opened.set()
    assert (await over_grpc).totals.patient_cents == 6080
    assert (await over_http).json()["totals"]["patient_cents"] == 6080
    await draining
    await both.port.stop()
    with pytest.raises(httpx.ConnectError):
        await both.client.get("/livez")


async def test_a_body_is_taken_before_its_connection_ends(both: Any) -> None:
    """Else the connection is reset while the body is still on its way, and its client sees no refusal."""
    await both.server.drain()
    parts, order = [b'{"plan_id": ', b'"copay-plan"}'], []

    async def receive() -> dict[str, Any]:
        part = parts.pop(0)
        order.append("part")
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(event: Any) -> None:
        order.append(event.get("status", "end"))

    headers = [(b"content-type", b"application/json")]
    path = "/camcover.v1.EstimateService/EstimatePlan"
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await application(both.server)(scope, receive, send)
    assert order == ["part", "part", 503, "end"]


async def test_an_address_that_is_taken(both: Any) -> None:
    with pytest.raises(OSError, match="in use"):
        await HttpPort(both.server, both.address).start()


async def test_a_port_that_processes_share() -> None:
    """As workers do: each binds the same port by SO_REUSEPORT."""
    first = Server(RulesInForce(tables()), Storage(), SETTINGS)
    async with both_ports(first, shares_port=True) as both:
        second = HttpPort(both.server, both.address, shares_port=True)
        assert await second.start() == both.address
        await second.stop()
        assert (await both.client.get("/livez")).status_code == 200


async def test_what_never_began_ends_without_harm(both: Any) -> None:
    await HttpPort(both.server, "127.0.0.1:0").stop()
