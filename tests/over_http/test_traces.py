"""Traces: a span for a call and below it its steps, in the caller's trace; its id in each line; no health data."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from camcover.api.answering import Answering
from camcover.api.exporting import Exporting
from camcover.api.trace_context import trace_of
from camcover.gen.camcover.v1 import estimate_service_pb2, request_pb2
from exchange.answers import answer
from fhir_packets import good_faith_bundle
from over_http.conftest import Both
from small_rules import question

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
METHOD = "/camcover.v1.EstimateService/EstimatePlan"


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """The lines of the log as they are written, with the id of the trace."""
    with capture_logs([merge_contextvars]) as lines:
        yield lines


class Seen:
    """What a service tells by OpenTelemetry."""

    def __init__(self, both: Both) -> None:
        """Watch both ports."""
        self._exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self._exporting = Exporting(both.server.measures, self.reader, SimpleSpanProcessor(self._exporter))

    def spans(self) -> tuple[ReadableSpan, ...]:
        """The spans that have ended, in order."""
        return self._exporter.get_finished_spans()


@pytest.fixture
def seen(kept: Both) -> Seen:
    """What the service over `kept` tells."""
    return Seen(kept)


def priced() -> request_pb2.EstimatePlanRequest:
    """The question of the small rules."""
    return json_format.ParseDict(question(), request_pb2.EstimatePlanRequest())


def lines_of(logged: list[Any]) -> list[dict[str, Any]]:
    """The lines of calls."""
    return [line for line in logged if line["event"] == "call"]


@pytest.mark.parametrize("way", ["grpc", "http"])
async def test_a_call_and_its_steps_in_the_trace_of_the_caller(
    kept: Both, seen: Seen, logged: list[Any], way: str
) -> None:
    if way == "grpc":
        await kept.estimates.EstimatePlan(priced(), metadata=(("traceparent", TRACEPARENT),))
    else:
        await kept.post("/v1/estimates", question(), traceparent=TRACEPARENT)
    *steps, call = seen.spans()
    assert {f"{each.context.trace_id:032x}" for each in (*steps, call) if each.context} == {TRACE}
    assert call.parent is not None
    assert call.context is not None
    assert (call.name, call.parent.span_id) == (METHOD[1:], int(PARENT, 16))
    assert call.attributes == {
        "rpc.system": "grpc",
        "rpc.service": "camcover.v1.EstimateService",
        "rpc.method": "EstimatePlan",
        "rpc.response.status_code": "OK",
    }
    assert [each.name for each in steps] == ["validate", "lay_out", "kernel", "store"]
    assert {each.parent.span_id for each in steps if each.parent} == {call.context.span_id}
    assert [line["trace_id"] for line in lines_of(logged)] == [TRACE]


async def test_a_call_of_no_trace_begins_one(kept: Both, seen: Seen, logged: list[Any]) -> None:
    await kept.estimates.EstimatePlan(priced())
    await kept.post("/v1/estimates", question())
    calls = [each for each in seen.spans() if each.parent is None]
    ids = [f"{each.context.trace_id:032x}" for each in calls if each.context]
    assert [line["trace_id"] for line in lines_of(logged)] == ids
    assert len(set(ids)) == 2


async def test_a_caller_that_keeps_no_trace_has_none_kept(kept: Both, seen: Seen, logged: list[Any]) -> None:
    await kept.post("/v1/estimates", question(), traceparent=TRACEPARENT.removesuffix("01") + "00")
    assert seen.spans() == ()
    assert [line["trace_id"] for line in lines_of(logged)] == [TRACE]


async def test_how_a_call_that_is_refused_or_fails_ends(
    kept: Both, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is no fault of the service; INTERNAL is. Neither span has a text."""
    await kept.post("/v1/estimates", question(plan_id="no"))

    async def fails(*_: object) -> None:
        raise RuntimeError("M54.50")

    monkeypatch.setattr(Answering, "one", fails)
    await kept.post("/v1/estimates", question())
    refused, failed = (each for each in seen.spans() if each.parent is None)
    assert refused.attributes is not None
    assert failed.attributes is not None
    assert (refused.attributes["camcover.reason"], refused.status.status_code) == ("UNKNOWN_PLAN", StatusCode.UNSET)
    assert (failed.attributes["camcover.reason"], failed.status.status_code) == ("INTERNAL_FAULT", StatusCode.ERROR)
    assert (failed.events, failed.status.description) == ((), None)


async def test_lines_have_an_id_of_a_trace_without_opentelemetry(both: Both, logged: list[Any]) -> None:
    await both.post("/v1/estimates", question(), traceparent=TRACEPARENT)
    await both.post("/v1/estimates", question(plan_id="no"))
    first, second = lines_of(logged)
    assert first["trace_id"] == TRACE
    assert second["trace_id"] != TRACE
    assert len(bytes.fromhex(second["trace_id"])) == 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        TRACE,
        TRACEPARENT.upper(),
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"{TRACEPARENT}-more",
        f"{TRACEPARENT}0",
    ],
)
def test_a_traceparent_that_is_none_begins_another_trace(text: str) -> None:
    """Section 3.2 of W3C Trace Context."""
    found = trace_of([("traceparent", text)])
    assert (found.parent_id, found.is_sampled) == ("", False)
    assert found.trace_id != TRACE


def test_traceparents_that_are_read() -> None:
    """Of a later version what stands behind is left out; two of them are none."""
    assert trace_of([("traceparent", TRACEPARENT)]) == (TRACE, PARENT, True)
    assert trace_of([("traceparent", f"01-{TRACE}-{PARENT}-00-later")]) == (TRACE, PARENT, False)
    assert trace_of([("traceparent", TRACEPARENT)] * 2).trace_id != TRACE


MARKS = ("ZZNAME", "1953-07-19", "Q99.77", "ZZREQUEST", "ZZTHERAPY", "ZZHEADER", "ZZFAULT", "ZZTOKEN", "ZZFILE")
"""A name, a birth date, a diagnosis, and texts of other places of a call."""


def marked(**others: Any) -> dict[str, Any]:
    """The question with a marked person: `ZZNAME`, born 1953-07-19, with the diagnosis Q99.77."""
    asked = question()
    (person,), (item,) = asked["members"], asked["items"]
    born = {name: value for name, value in person.items() if name != "age"}
    return (
        asked
        | {
            "request_id": "ZZREQUEST",
            "members": [born | {"id": "ZZNAME", "birth_date": "1953-07-19"}],
            "items": [item | {"member_id": "ZZNAME", "diagnoses": ["Q99.77"]}],
        }
        | others
    )


ANSWER = b64encode(
    answer("DMG*D8*19530719*F", "EB*1**30", "EB*C*IND*30***23*1", "MSG*ZZNAME Q99.77")
    .replace("SAMPLE*ANA", "ZZNAME")
    .encode()
).decode()
"""A payer's answer about the marked person."""

BUNDLE = json.dumps(good_faith_bundle()).replace("1986-01-31", "1953-07-19").replace("M54.50", "Q99.77")
"""A provider's estimate for the marked person."""

BODIES: dict[str, Any] = {
    "EstimatePlan": marked(),
    "BatchEstimatePlans": {"requests": [marked(), marked(plan_id="ZZNAME")]},
    "ComparePlans": {"request": marked(), "plan_ids": ["copay-plan", "ZZNAME"]},
    "OptimizePlan": {"request": marked(), "tiers": ["ZZNAME"]},
    "CheckCoverage": {"plan_id": "copay-plan", "service": marked()["items"][0] | {"therapy": "ZZTHERAPY"}},
    "ReadEligibility": {"plan_id": "share-plan", "member_id": "ZZNAME", "content": ANSWER},
    "ExplainGoodFaithEstimate": {"plan_id": "share-plan", "bundle": b64encode(BUNDLE.encode()).decode()},
    "GetEstimate": {"name": "estimates/ZZNAME"},
    "ListEstimates": {"member_id": "ZZNAME"},
    "DeleteEstimate": {"name": "estimates/ZZNAME"},
    "GetPlan": {"plan_id": "ZZNAME"},
    "ListPlans": {"filter": "ZZNAME"},
    "ListReleases": {"filter": "ZZNAME"},
    "GetRelease": {"release": "ZZNAME"},
    "ValidateRules": {"rules": {"files": [{"name": "ZZFILE.yaml", "content": "WlpOQU1F"}]}},
}
"""What each method is asked; another is asked nothing, and refuses it."""

WRONG: tuple[dict[str, Any], ...] = (
    marked(plan_id="ZZNAME"),
    marked(as_of="1953-07-19x"),
    marked(language="ZZNAME", rule_release="ZZREQUEST"),
    marked(items=[marked()["items"][0] | {"therapy": "ZZTHERAPY", "diagnoses": ["Q99.77-ZZNAME"]}]),
    marked(ZZNAME="Q99.77"),
)
"""Requests that are refused, each for something marked."""


async def ask_everything(kept: Both, monkeypatch: pytest.MonkeyPatch) -> int:
    """Send marked requests by every path, right ones and wrong ones; gives how many calls those were."""
    headers = {
        "tracestate": "zz=ZZHEADER",
        "baggage": "name=ZZHEADER",
        "user-agent": "ZZHEADER",
        "traceparent": "ZZHEADER",
    }
    metadata = tuple((name, value) for name, value in headers.items() if name != "user-agent")
    calls = 0
    for path, method in kept.server.methods.items():
        body = BODIES.get(method.descriptor.name, {})
        await kept.client.post(path, json=body, headers=headers)
        message = json_format.ParseDict(body, method.intake.empty())
        ask: Any = kept.channel.unary_unary(path, lambda each: each.SerializeToString(), bytes)
        await asyncio.gather(ask(message, metadata=metadata), return_exceptions=True)
        calls += 2
    for wrong in WRONG:
        await kept.post("/v1/estimates", wrong)
        calls += 1
    await kept.client.post("/v1/estimates", content=b'{"ZZNAME": Q99.77', headers={"content-type": "application/json"})
    await kept.client.get(
        "/v1/plans/ZZNAME", params={"ZZNAME": "1953-07-19"}, headers={"authorization": "Bearer ZZTOKEN"}
    )
    await kept.client.get("/ZZNAME/1953-07-19")
    await kept.client.post("/v1/estimates", content=b"ZZNAME", headers={"content-type": "text/ZZNAME"})

    async def fails(*_: object) -> None:
        raise RuntimeError("ZZFAULT of ZZNAME, born 1953-07-19: Q99.77")

    monkeypatch.setattr(Answering, "one", fails)
    streamed = kept.estimates.StreamEstimates(
        iter([json_format.ParseDict(marked(), request_pb2.EstimatePlanRequest())])
    )
    await asyncio.gather(_all_of(streamed), return_exceptions=True)
    failed = await kept.post("/v1/estimates", marked())
    assert failed.status_code == 500
    return calls


async def _all_of(answers: AsyncIterator[estimate_service_pb2.StreamEstimatesResponse]) -> list[Any]:
    return [each async for each in answers]


async def test_no_health_data_in_lines_spans_and_figures(
    kept: Both, seen: Seen, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked diagnoses, names and birth dates by every method over both ports, errors and faults among them."""
    calls = await ask_everything(kept, monkeypatch)
    figures = (await kept.client.get("/metrics")).text
    data = seen.reader.get_metrics_data()
    assert data is not None
    told = {
        "log": json.dumps(logged, default=repr),
        "spans": "".join(each.to_json() for each in seen.spans()),
        "figures": figures,
        "metrics": data.to_json(),
    }
    assert len(lines_of(logged)) >= calls
    assert "fault" in {line["event"] for line in logged}
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL"} <= {line["code"] for line in lines_of(logged)}
    for place, text in told.items():
        assert [mark for mark in MARKS if mark.lower() in text.lower()] == [], place
