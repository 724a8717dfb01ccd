"""Imported plans as the engine reads them: with the shipped catalog and Medicare's policies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, Tables, compile_rules, evaluate
from camcover.exchange.plan_text import DraftPlan, plan_text
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import RuleSet, as_text, format_text, load_texts
from camcover.workflow.rule_tests import run_tests

ROOT = Path(__file__).resolve().parents[1]


@cache
def shared() -> dict[str, str]:
    """The files to which imported plans refer."""
    paths = [ROOT / "rules/catalog/cam-core.yaml", *(ROOT / "rules/payers/original-medicare").glob("policy-*.yaml")]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def loaded(drafts: Iterable[DraftPlan]) -> tuple[RuleSet, Tables]:
    """Plans, read back from their files: without error, in the standard layout, and with tests that pass."""
    texts = {f"{draft.id}.yaml": plan_text(draft) for draft in drafts}
    for text in texts.values():
        assert format_text(text) == text
    found = load_texts(shared() | texts)
    assert found.rules is not None, as_text(found.errors, found.texts)
    tables = compile_rules(found.rules)
    report = run_tests(tables, found.rules)
    assert report.failed == ()
    return found.rules, tables


def priced(tables: Tables, plan: str, **item: Any) -> Estimate:
    """One visit of 200.00 in the network on 2 March of the plan year, of a member who has used nothing so far."""
    visit: dict[str, Any] = {"tier": "in_network", "dates": ["2026-03-02"], "charge_cents": 20000} | item
    sums = [{"accumulator": name, "used_cents": 0} for name in visit.pop("accumulators", ())]
    member = {"id": "ana", "age": 70, "state": "OH", "accumulators": sums} | visit.pop("member", {})
    request = {"plan_id": plan, "members": [member], "items": [visit]}
    message = json_format.ParseDict(request, request_pb2.EstimatePlanRequest())
    return evaluate(tables, estimate_request(message))


def bounds(found: Estimate) -> tuple[int, int, int]:
    """Low, expected and high, cents."""
    return found.range.low_cents, found.range.expected_cents, found.range.high_cents
