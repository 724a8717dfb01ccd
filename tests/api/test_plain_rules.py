"""What is told without protovalidate: never that a message is in order which it refuses, and mostly what there is."""

from __future__ import annotations

from random import Random

import protovalidate
import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from api.test_wording import MESSAGES
from camcover.api.plain_rules import surely_valid
from camcover.gen.camcover.v1 import estimate_service_pb2, request_pb2, rule_service_pb2
from fuzz.messages import change_fields, fill
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from small_rules import question

VALIDATOR = protovalidate.Validator()


@drawn(draw_scenario)
def test_random_requests_are_told_to_be_in_order(scenario: Scenario) -> None:
    """They hold every construct, and none of them breaks a rule."""
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    assert VALIDATOR.collect_violations(message) == []
    assert surely_valid(message)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: str(kind.name))
def test_what_is_told_to_be_in_order_breaks_no_rule(kind: object) -> None:
    """Of every kind of message, filled with values at the edges of rules and beyond; then some fields changed."""
    for seed in range(60):
        random = Random(seed)  # noqa: S311 - the same messages each time
        message = fill(random, GetMessageClass(kind)())  # type: ignore[arg-type]
        for _ in range(4):
            if surely_valid(message):
                assert VALIDATOR.collect_violations(message) == [], message
            change_fields(random, message)


def test_of_a_request_that_breaks_one_rule_nothing_is_told() -> None:
    """Each change by itself; a text may hold what cannot be printed only where the rules allow it, so ask them."""
    whole = json_format.ParseDict(question(), request_pb2.EstimatePlanRequest())
    assert surely_valid(whole)
    changes: tuple[dict[str, object], ...] = (
        {"plan_id": ""},
        {"plan_id": "x" * 129},
        {"plan_id": "a\nb"},
        {"plan_id": "a\u202eb"},
        {"as_of": "2026-03-02\n"},
        {"as_of": "٢٠٢٦-03-02"},
        {"coverage": 99},
        {"items": []},
        {"members": [{"age": 131}]},
        {"members": [{}] * 13},
        {"members": [{"accumulators": [{"accumulator": "deductible", "used_cents": -1}]}]},
    )
    for change in changes:
        message = json_format.ParseDict(question() | change, request_pb2.EstimatePlanRequest())
        assert not surely_valid(message), change
        assert VALIDATOR.collect_violations(message), change


def test_rules_that_are_not_known_are_left_to_protovalidate() -> None:
    """A release's id has a rule of its own; of a decision there are rules as a whole, and a service must be set."""
    pinned = json_format.ParseDict(question(rule_release="rules-0123456789abcdef"), request_pb2.EstimatePlanRequest())
    assert VALIDATOR.collect_violations(pinned) == []
    assert not surely_valid(pinned)
    assert not surely_valid(estimate_service_pb2.CheckCoverageRequest(plan_id="plan"))
    assert not surely_valid(rule_service_pb2.ActivateReleaseRequest(roll_back=True))
