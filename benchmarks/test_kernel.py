"""The kernel on a large batch, and the ways around it for one plan of twelve lines.

Three ways: typed request to finished ledger, to estimate, and request bytes to response bytes. The table sets every row
of a group in relation to its fastest. The oracle, plain Python, is a reference for the first two; for bytes, protobuf
itself, which reads the same request and builds and writes the same answer from constants.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from pytest_benchmark.fixture import BenchmarkFixture

from camcover.api.estimates import estimate_bytes
from camcover.api.requests import estimate_request
from camcover.api.validation import validate
from camcover.engine import Tables, evaluate
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Adjudicated, Question
from camcover.engine.evaluate import adjudicate_many
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.workflow.pricing import price
from oracle import adjudicate as oracle
from questions import REQUEST, ROOT, shipped_tables, twelve_lines, twelve_sessions

PLANS = 100_000
LINES = 12
PATIENT_CENTS = 16_000
"""80.00 of the deductible are left; ten of the twelve sessions of 40.00 then cost 20 %: 80.00 + 10 x 8.00."""

ONE = "one plan of 12 sessions"
BYTES = "one plan of 12 sessions, bytes to bytes"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return shipped_tables()


@pytest.mark.benchmark(group=ONE)
def test_request_to_ledger(benchmark: BenchmarkFixture, tables: Tables) -> None:
    request = estimate_request(twelve_sessions())
    adjudicate_many(tables, [request])
    (found,) = benchmark(adjudicate_many, tables, [request])
    assert isinstance(found, Adjudicated)
    assert found.answer.patient_cents == PATIENT_CENTS


@pytest.mark.benchmark(group=ONE)
def test_request_to_estimate(benchmark: BenchmarkFixture, tables: Tables) -> None:
    estimate = benchmark(evaluate, tables, estimate_request(twelve_sessions()))
    assert estimate.totals.patient_cents == PATIENT_CENTS


@pytest.mark.benchmark(group=ONE)
def test_oracle(benchmark: BenchmarkFixture) -> None:
    """The oracle on the demo's three services, twelve lines in all."""
    files = [*(ROOT / "rules" / "catalog").glob("*.yaml"), *(ROOT / "rules/payers/original-medicare").glob("*.yaml")]
    documents = [yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) for file in files]
    request = json.loads(REQUEST.read_text(encoding="utf-8"))
    answer = benchmark(oracle, documents, request)
    assert len(answer["lines"]) == LINES


def answer_bytes(tables: Tables, content: bytes) -> bytes:
    """What the service does between reading a call and writing its answer, storing and logging aside."""
    message = request_pb2.EstimatePlanRequest.FromString(content)
    validate(message)
    return estimate_bytes(price(tables, estimate_request(message)), "")


def constants(message: Message) -> dict[str, Any]:
    """A message as nested data."""
    data: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is None:
            data[field.name] = list(value) if field.is_repeated else value
        else:
            data[field.name] = list(map(constants, value)) if field.is_repeated else constants(value)
    return data


@pytest.mark.benchmark(group=BYTES)
def test_service(benchmark: BenchmarkFixture, tables: Tables) -> None:
    content = twelve_sessions().SerializeToString()
    answer_bytes(tables, content)
    answer = benchmark(answer_bytes, tables, content)
    assert estimate_pb2.Estimate.FromString(answer).totals.patient_cents == PATIENT_CENTS


@pytest.mark.benchmark(group=BYTES)
def test_yardstick_message_by_message(benchmark: BenchmarkFixture, tables: Tables) -> None:
    """As one writes it by hand: every message made by its own class."""
    content = twelve_sessions().SerializeToString()
    estimate = estimate_pb2.Estimate.FromString(answer_bytes(tables, content))
    parts, names = constants(estimate), estimate_pb2.Estimate.DESCRIPTOR.fields_by_name
    made = {name: GetMessageClass(names[name].message_type) for name in parts if names[name].message_type}

    def line(values: dict[str, Any]) -> Message:
        adjustments = [estimate_pb2.Adjustment(**each) for each in values["adjustments"]]
        return estimate_pb2.Line(**(values | {"adjustments": adjustments}))

    def build() -> bytes:
        request_pb2.EstimatePlanRequest.FromString(content)
        values = dict(parts)
        for name, message in made.items():
            value = parts[name]
            if name == "lines":
                values[name] = [line(each) for each in value]
            else:
                values[name] = [message(**each) for each in value] if isinstance(value, list) else message(**value)
        return estimate_pb2.Estimate(**values).SerializeToString()

    assert len(benchmark(build)) == len(estimate.SerializeToString())


@pytest.mark.benchmark(group=BYTES)
def test_yardstick_all_at_once(benchmark: BenchmarkFixture, tables: Tables) -> None:
    """The fastest that protobuf offers: all of it from nested data, in one call."""
    content = twelve_sessions().SerializeToString()
    estimate = estimate_pb2.Estimate.FromString(answer_bytes(tables, content))
    parts = constants(estimate)

    def build() -> bytes:
        request_pb2.EstimatePlanRequest.FromString(content)
        return estimate_pb2.Estimate(**parts).SerializeToString()

    assert len(benchmark(build)) == len(estimate.SerializeToString())


@pytest.mark.benchmark(group="100,000 plans of 12 lines")
def test_kernel_on_a_batch(benchmark: BenchmarkFixture, tables: Tables) -> None:
    """Each plan with lines, state and ledger of its own, a thousand to a call as in bulk: the ledger stays in cache."""
    desk = Adjudicator()
    for _ in range(1_000):
        assert isinstance(desk.lay_out(tables, twelve_lines()._replace(assume_requirements=False)), Question)

    def run() -> None:
        for _ in range(PLANS // 1_000):
            desk.first.run(tables.arrays)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
    benchmark.extra_info["lines"] = LINES * PLANS
