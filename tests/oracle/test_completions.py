"""No completion of the open facts leaves the range: docs/rule-language.md, point 29.

As many examples as the profile asks for; 20,000 in `make nightly`.
"""

from __future__ import annotations

from google.protobuf import json_format
from hypothesis import assume, given

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, InvalidRequest, Tables, compile_rules, evaluate
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import load_texts

from .dice import Dice
from .random_open import completed, open_scenarios
from .random_shared import Document
from .strategies import Scenario

COMPLETIONS = 4
"""Tried of one request."""


def estimate(tables: Tables, request: Document) -> Estimate:
    return evaluate(tables, estimate_request(json_format.ParseDict(request, request_pb2.EstimatePlanRequest())))


@given(open_scenarios())
def test_no_completion_leaves_the_range(drawn: tuple[Scenario, Dice]) -> None:
    """Every completion costs from low to high; what contradicts itself is none."""
    scenario, dice = drawn
    loaded = load_texts(scenario.documents)
    assume(loaded.rules is not None)
    assert loaded.rules is not None
    tables = compile_rules(loaded.rules)
    found = estimate(tables, scenario.request)
    assumed = {(line.item_index, line.line) for line in found.lines if line.charge_assumed}
    for _ in range(COMPLETIONS):
        request = completed(dice, scenario, assumed)
        try:
            total = estimate(tables, request).totals.patient_cents
        except InvalidRequest:
            continue
        assert found.range.low_cents <= total <= found.range.high_cents, request
