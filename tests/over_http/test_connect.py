"""The Connect protocol: every method answers over HTTP as it does over gRPC, and refuses by the same statuses."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import json_format
from google.rpc.code_pb2 import Code

from camcover.api.answering import Answering
from camcover.api.errors import too_fast
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_pb2, estimate_service_pb2, request_pb2
from camcover.http.replies import refusal
from grpc_calls import status_of
from over_http.refusals import fields_in, reason_in, status_in
from small_rules import question

ESTIMATE = "/camcover.v1.EstimateService/EstimatePlan"
PLANS = "/camcover.v1.CatalogService/ListPlans"
JSON = {"content-type": "application/json"}

OF_THE_MOMENT = ("name", "created_at", "expires_on")
"""What two answers to the same question differ in."""


def asked(**others: Any) -> request_pb2.EstimatePlanRequest:
    return json_format.ParseDict(question(**others), request_pb2.EstimatePlanRequest())


def comparable(data: dict[str, Any]) -> dict[str, Any]:
    """An estimate's data but for what is of the moment."""
    return {name: value for name, value in data.items() if name not in OF_THE_MOMENT}


def as_message(data: dict[str, Any], message: Any) -> Any:
    """The message of JSON data, as protobuf's own reader takes it."""
    return json_format.ParseDict(data, message)


async def test_the_same_estimate_comes_over_both(both: Any) -> None:
    """The JSON answer is that of gRPC, field by field; 60.80 as in `small_rules.question`."""
    over_grpc = await both.estimates.EstimatePlan(asked(explain=True))
    answer = await both.post("EstimateService/EstimatePlan", question(explain=True), connect_protocol_version="1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    data = answer.json()
    assert data["totals"]["patient_cents"] == 6080
    assert answer.headers["cache-control"] == "no-store"
    read = as_message(data, estimate_pb2.Estimate())
    for name in OF_THE_MOMENT:
        assert getattr(read, name)
        read.ClearField(name)
        over_grpc.ClearField(name)
    assert read == over_grpc


async def test_protobuf_answers_protobuf(both: Any) -> None:
    kind = {"content-type": "application/proto"}
    answer = await both.client.post(ESTIMATE, content=asked().SerializeToString(), headers=kind)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/proto")
    assert estimate_pb2.Estimate.FromString(answer.content).totals.patient_cents == 6080
    wrong = await both.client.post(ESTIMATE, content=b"\xff\xff", headers=kind)
    assert (wrong.status_code, reason_in(wrong)) == (400, "MALFORMED_MESSAGE")


async def test_an_estimate_is_kept_whichever_way_it_was_asked_for(kept: Any) -> None:
    made = (await kept.post("EstimateService/EstimatePlan", question(request_id="a"))).json()
    again = await kept.post("EstimateService/GetEstimate", {"name": made["name"]})
    assert again.json() == made
    over_grpc = await kept.estimates.GetEstimate(estimate_service_pb2.GetEstimateRequest(name=made["name"]))
    assert as_message(made, estimate_pb2.Estimate()) == over_grpc
    reused = await kept.post("EstimateService/EstimatePlan", question(request_id="a", plan_id="copay-plan"))
    assert (reused.status_code, reason_in(reused)) == (409, "REQUEST_ID_REUSED")


async def test_batches_comparisons_and_coverage(both: Any) -> None:
    """Under copay-plan 3 x 20.00, under share-plan 100.00 + 20 % of 44.00; what is bad is answered with its status."""
    batch = await both.post("EstimateService/BatchEstimatePlans", {"requests": [question(), question(plan_id="no")]})
    good, bad = batch.json()["results"]
    assert good["estimate"]["totals"]["patient_cents"] == 6080
    assert {each["@type"].rpartition(".")[2] for each in bad["error"]["details"]} >= {"BadRequest", "ErrorInfo"}
    as_message(batch.json(), estimate_service_pb2.BatchEstimatePlansResponse())
    compared = await both.post(
        "EstimateService/ComparePlans",
        {"request": question(members=[{"id": "ana"}]), "plan_ids": ["share-plan", "copay-plan", "no"]},
    )
    *good, bad = compared.json()["comparisons"]
    costs = [(each["plan_id"], each["estimate"]["totals"]["patient_cents"]) for each in good]
    assert costs == [("copay-plan", 6000), ("share-plan", 10880)]
    assert (bad["plan_id"], bad["error"]["code"]) == ("no", Code.NOT_FOUND)
    service = {name: value for name, value in question()["items"][0].items() if name != "dates"}
    covered = await both.post(
        "EstimateService/CheckCoverage",
        {"plan_id": "copay-plan", "service": service | {"start_date": "2026-03-02"}},
    )
    assert covered.json()["covered"] is True


@pytest.mark.parametrize("method", ["ListTherapies", "ListConditions", "ListPractitioners", "ListPlans"])
async def test_the_catalog_is_the_same_over_both(both: Any, method: str) -> None:
    request = getattr(catalog_service_pb2, f"{method}Request")()
    answer = await both.post(f"CatalogService/{method}", {})
    read = as_message(answer.json(), getattr(catalog_service_pb2, f"{method}Response")())
    assert read == await getattr(both.catalog, method)(request)


async def test_every_method_with_one_answer_has_a_path(both: Any) -> None:
    paths = set(both.server.methods)
    assert len(paths) == 41
    for path in paths:
        assert (await both.client.options(path)).headers["allow"].endswith("OPTIONS, POST")
    streams = await both.post("EstimateService/StreamEstimates", {})
    assert (streams.status_code, reason_in(streams)) == (404, "UNKNOWN_PATH")


@pytest.mark.parametrize(
    "changed",
    [
        {"plan_id": "share-plam"},
        {"plan_id": ""},
        {"as_of": "2026-02-30"},
        {"items": []},
        {"members": [{"id": "a"}, {"id": "a"}]},
    ],
)
async def test_a_refusal_is_the_status_that_grpc_gives(both: Any, changed: dict[str, Any]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await both.estimates.EstimatePlan(asked(**changed))
    refused = await both.post("EstimateService/EstimatePlan", question(**changed))
    assert status_in(refused) == status_of(caught.value)
    assert refused.status_code in {400, 404}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b"[]", "INVALID_JSON"),
        (b"\xff", "INVALID_JSON"),
        (b'{"plan_id": 1}', "INVALID_JSON"),
        (b"[" * 100_000, "INVALID_JSON"),
        (b'{"plam_id": ""}', "UNKNOWN_FIELD"),
        (b'{"plan_id": "a", "plan_id": "b"}', "REPEATED"),
        (b'{"coverage": "COVERAGE_OF_ALL"}', "UNKNOWN_VALUE"),
    ],
)
async def test_what_is_no_request_in_json(both: Any, body: bytes, reason: str) -> None:
    refused = await both.client.post(ESTIMATE, content=body, headers=JSON)
    assert (refused.status_code, reason_in(refused)) == (400, reason)


async def test_times_and_bytes_in_json(both: Any) -> None:
    """`effective_at` is a time, `content` of a file is base64."""
    wrong = {"rule_release": "x", "effective_at": "tomorrow", "message": "m"}
    refused = await both.post("RuleService/ActivateRelease", wrong)
    assert reason_in(refused) == "TOKENS_NEEDED"
    files = {"rules": {"files": [{"name": "a.yaml", "content": "%"}]}}
    refused = await both.post("RuleService/ValidateRules", files)
    assert fields_in(refused)["rules.files[0].content"] == ("INVALID_TEXT", "found '%'; expected bytes in base64")
    files = {"rules": {"files": [{"name": "a.yaml", "content": base64.b64encode(b"kind: plan\n").decode()}]}}
    found = await both.post("RuleService/ValidateRules", files)
    assert found.status_code == 200, found.text
    assert "missing-key" in {each["code"] for each in found.json()["diagnostics"]}


@pytest.mark.parametrize("packs", [False, True])
async def test_a_message_that_is_too_large_is_not_read(both: Any, packs: bool) -> None:
    """1 MiB is what these settings take; 2 MiB of blanks pack into 2 KiB."""
    body = b" " * (2 << 20)
    more = {"content-encoding": "gzip"} if packs else {}
    refused = await both.client.post(ESTIMATE, content=gzip.compress(body) if packs else body, headers=JSON | more)
    assert (refused.status_code, reason_in(refused)) == (400, "MESSAGE_TOO_LARGE")
    assert fields_in(refused)[""][1].endswith("expected at most 1048576 bytes")


async def test_the_length_is_bounded_where_it_is_not_told(both: Any) -> None:
    async def blanks() -> Any:
        for _ in range(40):
            yield b" " * (64 << 10)

    refused = await both.client.post(ESTIMATE, content=blanks(), headers=JSON)
    assert reason_in(refused) == "MESSAGE_TOO_LARGE"


async def test_lists_are_counted_before_anything_else(both: Any) -> None:
    refused = await both.post("EstimateService/EstimatePlan", question(items=[{}] * 501))
    assert list(fields_in(refused)) == ["items"]
    assert reason_in(refused) == "COUNT_OUT_OF_RANGE"


async def test_packed_requests_and_answers(both: Any) -> None:
    body = json.dumps(question(explain=True)).encode()
    headers = JSON | {"content-encoding": "gzip", "accept-encoding": "gzip"}
    answer = await both.client.post(ESTIMATE, content=gzip.compress(body), headers=headers)
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding, Origin")
    assert int(answer.headers["content-length"]) < len(answer.content) / 2
    assert answer.json()["totals"]["patient_cents"] == 6080
    plain = await both.client.post(ESTIMATE, content=body, headers=JSON | {"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    for broken in (b"no gzip", gzip.compress(body)[:-9], gzip.compress(body) + b"more"):
        refused = await both.client.post(ESTIMATE, content=broken, headers=headers)
        assert (refused.status_code, reason_in(refused)) == (400, "MALFORMED_MESSAGE")
    other = await both.client.post(ESTIMATE, content=body, headers=JSON | {"content-encoding": "br"})
    assert (other.status_code, reason_in(other)) == (501, "UNKNOWN_ENCODING")


async def test_an_answer_of_a_batch_is_packed_and_whole(both: Any) -> None:
    """100 answers of about 6 KB are written in a thread, and sent in parts."""
    answer = await both.post("EstimateService/BatchEstimatePlans", {"requests": [question(explain=True)] * 100})
    assert len(answer.content) > 256 << 10
    assert {each["estimate"]["totals"]["patient_cents"] for each in answer.json()["results"]} == {6080}


async def test_methods_without_side_effects_are_asked_by_get(both: Any) -> None:
    message = json.dumps({"plan_id": "copay-plan"})
    address = "/camcover.v1.CatalogService/GetPlan"
    got = await both.client.get(address, params={"connect": "v1", "encoding": "json", "message": message})
    assert got.json()["plan"]["id"] == "copay-plan"
    assert got.json() == (await both.post("CatalogService/GetPlan", {"plan_id": "copay-plan"})).json()
    packed = base64.urlsafe_b64encode(catalog_service_pb2.GetPlanRequest(plan_id="copay-plan").SerializeToString())
    query = {"encoding": "proto", "base64": "1", "message": packed.decode().rstrip("=")}
    got = await both.client.get(address, params=query)
    assert catalog_service_pb2.GetPlanResponse.FromString(got.content).plan.id == "copay-plan"
    head = await both.client.head(address, params=query)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "encoding: found nothing; expected json or proto"),
        ({"encoding": "xml"}, "encoding: found 'xml'; expected json or proto"),
        ({"encoding": "json"}, "message: found nothing; expected the message"),
        ({"encoding": "json", "message": "{}", "connect": "v2"}, "connect: found 'v2'; expected v1"),
        ({"encoding": "proto", "base64": "1", "message": "%%"}, "message: found '%%'; expected URL-safe base64"),
    ],
)
async def test_parameters_that_say_nothing(both: Any, query: dict[str, str], said: str) -> None:
    refused = await both.client.get(PLANS, params=query)
    assert (refused.status_code, reason_in(refused)) == (400, "INVALID_HEADER")
    assert refused.json()["message"].startswith(said)


async def test_a_call_with_health_data_is_not_asked_by_get(both: Any) -> None:
    for method in (
        "EstimatePlan",
        "BatchEstimatePlans",
        "ComparePlans",
        "OptimizePlan",
        "CheckCoverage",
        "ReadEligibility",
        "ExplainGoodFaithEstimate",
    ):
        refused = await both.client.get(f"/camcover.v1.EstimateService/{method}")
        assert (refused.status_code, reason_in(refused)) == (405, "WRONG_HTTP_METHOD")
        assert refused.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"content-type": "text/plain"}, 415, "WRONG_CONTENT_TYPE"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "WRONG_CONTENT_TYPE"),
        ({"content-type": "application/json; charset=latin-1"}, 415, "WRONG_CONTENT_TYPE"),
        ({}, 415, "WRONG_CONTENT_TYPE"),
        ({"content-type": "application/json; charset=utf-8"}, 400, "MISSING_VALUE"),
        (JSON | {"connect-protocol-version": "2"}, 400, "INVALID_HEADER"),
        (JSON | {"connect-timeout-ms": "soon"}, 400, "INVALID_HEADER"),
        (JSON | {"connect-timeout-ms": "12345678901"}, 400, "INVALID_HEADER"),
    ],
)
async def test_headers_that_are_not_taken(both: Any, headers: dict[str, str], status: int, reason: str) -> None:
    refused = await both.client.post(ESTIMATE, content=b"{}", headers=headers)
    assert refused.status_code == status
    assert reason_in(refused) in {reason, "INVALID_REQUEST"}
    if status == 415:
        assert refused.headers["accept-post"] == "application/json, application/proto"


async def test_paths_and_methods_that_there_are_not(both: Any) -> None:
    for path in ("/", "/camcover.v1.EstimateService/Nothing", "/livez/", "/no.Service/Method"):
        refused = await both.client.post(path, json={})
        assert (refused.status_code, reason_in(refused)) == (404, "UNKNOWN_PATH")
    refused = await both.client.delete(ESTIMATE)
    assert (refused.status_code, reason_in(refused)) == (405, "WRONG_HTTP_METHOD")


async def test_the_time_that_a_call_gives_itself(both: Any, gate: Any) -> None:
    """The work is given up when the time has passed, and its place is free."""
    for _ in range(3):
        refused = await both.post("EstimateService/EstimatePlan", question(), connect_timeout_ms="1")
        assert (refused.status_code, reason_in(refused)) == (504, "TIMED_OUT")
    gate.opened.set()
    answer = await both.post("EstimateService/EstimatePlan", question(), connect_timeout_ms="60000")
    assert answer.json()["totals"]["patient_cents"] == 6080


async def test_a_call_whose_client_leaves_is_given_up(both: Any, gate: Any) -> None:
    calling = asyncio.create_task(both.post("EstimateService/EstimatePlan", question()))
    await gate.arrived.acquire()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await gate.given_up.acquire()
    await both.server.admission._emptied()
    assert both.server.admission.arrivals.count == 0


@pytest.mark.parametrize(("seconds", "header"), [(0.25, "1"), (1.0, "1"), (1.5, "2"), (10.0, "10")])
def test_the_time_to_try_again_is_told_in_whole_seconds_rounded_up(seconds: float, header: str) -> None:
    assert refusal(too_fast(seconds, "too fast")).headers["retry-after"] == header


async def test_calls_are_bounded_over_both_ports_together(both: Any, gate: Any) -> None:
    """Two at once: one over each; a third is told when to try again, over either."""
    over_grpc = both.estimates.EstimatePlan(asked())
    over_http = asyncio.create_task(both.post("EstimateService/EstimatePlan", question()))
    await gate.arrived.acquire()
    await gate.arrived.acquire()
    refused = await both.post("EstimateService/EstimatePlan", question())
    assert (refused.status_code, reason_in(refused)) == (429, "OVERLOADED")
    assert refused.headers["retry-after"] == "1"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await both.estimates.EstimatePlan(asked())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    gate.opened.set()
    assert (await over_grpc).totals.patient_cents == 6080
    assert (await over_http).json()["totals"]["patient_cents"] == 6080


async def test_a_caller_is_one_over_both_ports(serve: Any, gate: Any) -> None:
    async with serve(maximum_calls_of_caller=1) as both:
        over_grpc = both.estimates.EstimatePlan(asked())
        await gate.arrived.acquire()
        refused = await both.post("EstimateService/EstimatePlan", question())
        assert "this caller has 1 calls at once" in refused.json()["message"]
        # Who stands in a header may be anybody.
        forged = await both.post("EstimateService/EstimatePlan", question(), x_forwarded_for="10.0.0.9")
        assert reason_in(forged) == "OVERLOADED"
        gate.opened.set()
        await over_grpc


async def test_roles_are_those_of_grpc(serve: Any, access: Any) -> None:
    async with serve(access) as both:
        none = await both.post("EstimateService/EstimatePlan", question())
        assert (none.status_code, reason_in(none)) == (401, "UNKNOWN_TOKEN")
        assert none.headers["www-authenticate"] == "Bearer"
        unknown = await both.post("EstimateService/EstimatePlan", question(), authorization="Bearer no")
        assert unknown.status_code == 401
        other = await both.post("EstimateService/EstimatePlan", question(), authorization="Bearer rita")
        assert (other.status_code, reason_in(other)) == (403, "ROLE_MISSING")
        good = await both.post("EstimateService/EstimatePlan", question(), authorization="Bearer ana")
        assert good.json()["totals"]["patient_cents"] == 6080
        # Who may not call is not read.
        large = await both.client.post(ESTIMATE, content=b" " * (2 << 20), headers=JSON)
        assert large.status_code == 401


async def test_a_fault_tells_its_incident_and_nothing_else(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Answering, request: Any) -> Any:
        raise ZeroDivisionError(request.plan_id)

    monkeypatch.setattr(Answering, "one", broken)
    refused = await both.post("EstimateService/EstimatePlan", question())
    assert (refused.status_code, reason_in(refused)) == (500, "INTERNAL_FAULT")
    assert "share-plan" not in refused.text


async def test_a_silent_body_ends(serve: Any) -> None:
    """The head says 10 bytes, of which none comes."""
    async with serve(stream_idle_seconds=0.01) as both:
        host, _, port = both.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {ESTIMATE} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 504")
        writer.close()


async def test_a_head_that_is_too_large_ends_the_connection(both: Any) -> None:
    refused: httpx.Response = await both.client.get("/livez", headers={"x-much": "a" * (70 << 10)})
    assert refused.status_code == 400
