"""No completion of the open facts leaves the range: docs/rule-language.md, point 29.

As many examples as the profile asks for; 20,000 in `make nightly`.
"""

from __future__ import annotations

from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, InvalidRequest, Tables, compile_rules, evaluate
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import load_texts

from .dice import Dice
from .drawn import assume, drawn
from .random_open import completed, draw_open_scenario
from .random_shared import Document
from .scenarios import Scenario

COMPLETIONS = 4
"""Tried of one request."""


def estimate(tables: Tables, request: Document) -> Estimate:
    return evaluate(tables, estimate_request(json_format.ParseDict(request, request_pb2.EstimatePlanRequest())))


@drawn(draw_open_scenario)
def test_no_completion_leaves_the_range(example: tuple[Scenario, Dice]) -> None:
    """Every completion costs from low to high; what contradicts itself is none.

    What is left out may be the visit that began an episode; a dated count may then contradict the rest.
    """
    scenario, dice = example
    loaded = load_texts(scenario.documents)
    assume(loaded.rules is not None)
    assert loaded.rules is not None
    tables = compile_rules(loaded.rules)
    try:
        found = estimate(tables, scenario.request)
    except InvalidRequest:
        assume(holds=False)
        raise
    known = {(line.item_index, line.line) for line in found.lines if not line.charge_assumed}
    for _ in range(COMPLETIONS):
        request = completed(dice, scenario, known)
        try:
            total = estimate(tables, request).totals.patient_cents
        except InvalidRequest:
            continue
        assert found.range.low_cents <= total <= found.range.high_cents, request
