"""Engine and oracle agree on every field of every line, and on every sum afterwards, for random rules and requests.

100 examples in `make test`, 150 in `make test-all`, 20,000 in `make nightly` (drawn.py). The identities of
docs/rule-language.md, section 6, and that a batch gives what single calls give, are asserted on the same examples.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import settings

from camcover.api.requests import estimate_request
from camcover.engine import (
    Estimate,
    EstimateRequest,
    InvalidRequest,
    Tables,
    compile_rules,
    evaluate,
    evaluate_many,
)
from camcover.engine.estimate import AccumulatorAfter, Amounts, Line, Reason
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import as_text, checks, load_texts
from oracle import adjudicate
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from oracle.yaml_text import yaml_text

pytestmark = pytest.mark.usefixtures("guards")


def read(scenario: Scenario) -> tuple[Tables, EstimateRequest]:
    """A scenario as the engine takes it: files read, checked, compiled; message translated."""
    loaded = load_texts(scenario.documents)
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    return compile_rules(loaded.rules), estimate_request(message)


def estimate_of(scenario: Scenario) -> Estimate:
    """What the engine says of a scenario."""
    return evaluate(*read(scenario))


def line_of(line: Line) -> dict[str, Any]:
    """A line of the engine in the oracle's form."""
    plain = {
        name: getattr(line, name)
        for name in (
            "item_index",
            "member_id",
            "session",
            "line",
            "therapy",
            "code",
            "units",
            "covered_units",
            "tier",
            "benefit",
            "covered",
            "terms_assumed",
        )
    }
    reason = "" if line.reason is Reason.NONE else line.reason.name
    plain["account_payments"] = [tuple(each) for each in line.account_payments]
    amounts = {name: getattr(line.amounts, name) for name in Amounts._fields}
    return plain | {"date": line.date.isoformat(), "reason": reason} | amounts


def greatest_maximum(scenario: Scenario, after: AccumulatorAfter) -> float:
    """The most a sum may reach under any edition of the plan: a later one may lower what is already used."""
    editions = [each for each in scenario.parsed if each.get("id") == scenario.request["plan_id"]]
    definitions = [each["accumulators"][after.accumulator] for each in editions]
    amounts = [definition.get(key) for definition in definitions for key in ("individual", "family")]
    amounts += [definition["self_only"] for definition in definitions if "self_only" in definition]
    if len(editions) == 1:
        return math.inf if after.maximum_cents is None else after.maximum_cents
    return max(math.inf if text in (None, "unlimited") else round(float(text.strip("$")) * 100) for text in amounts)


def check_identities(scenario: Scenario, estimate: Estimate) -> None:
    """Both sums of section 6, adjustments that sum to charge - plan_paid, and no accumulator beyond its maximum."""
    for line in estimate.lines:
        money = line.amounts
        shares = money.deductible_cents + money.copay_cents + money.coinsurance_cents + money.penalty_cents
        owed = shares + money.balance_bill_cents + money.not_covered_cents - money.secondary_paid_cents
        assert money.patient_cents == owed - money.account_paid_cents
        assert money.account_paid_cents == sum(each.amount_cents for each in line.account_payments)
        paid = money.plan_paid_cents + money.secondary_paid_cents + money.account_paid_cents
        assert money.charge_cents == paid + money.patient_cents + money.written_off_cents
        assert money.due_at_service_cents == money.patient_cents + money.reimbursed_cents
        assert sum(each.amount_cents for each in line.adjustments) == money.charge_cents - money.plan_paid_cents
        check_second_payer(line)
        assert all(getattr(money, name) >= 0 for name in Amounts._fields)
        if not line.covered:
            assert money.plan_paid_cents == money.allowed_cents == shares == 0
    for after in estimate.accumulators_after:
        assert after.used_cents <= greatest_maximum(scenario, after)
    bounds = estimate.range
    assert bounds.low_cents <= bounds.expected_cents <= bounds.high_cents
    assert bounds.expected_cents == estimate.totals.patient_cents


def check_second_payer(line: Line) -> None:
    """The second plan's adjustments sum to charge - secondary_paid; PR is what the patient or an account pays."""
    found = line.secondary_adjustments
    owed = [each.amount_cents for each in found if each.group == "PR"]
    assert all(each.amount_cents > 0 for each in found)
    if found:
        assert sum(each.amount_cents for each in found) == line.charge_cents - line.secondary_paid_cents
        assert sum(owed) == line.patient_cents + line.account_paid_cents


def check_batch(rules: Tables, request: EstimateRequest, estimate: Estimate) -> None:
    """A batch gives what single calls give, also beside a request that is refused."""
    told = request._replace(explain=True)
    refused = request._replace(plan_id="nowhere")
    answers = evaluate_many(rules, [request, refused, told, request])
    assert isinstance(answers[1], InvalidRequest)
    assert answers[0] == answers[3] == estimate
    assert answers[2] == evaluate(rules, told)


@drawn(draw_scenario)
def test_engine_and_oracle_agree(scenario: Scenario) -> None:
    """Every field of every line, every sum after the last; of the same estimate the identities, and that of a batch."""
    rules, request = read(scenario)
    estimate = evaluate(rules, request)
    check_identities(scenario, estimate)
    check_batch(rules, request, estimate)
    expected = adjudicate(scenario.parsed, scenario.request)
    assert [line_of(line) for line in estimate.lines] == expected["lines"]
    sums = {(each.member_id, each.accumulator): each.used_cents for each in estimate.accumulators_after}
    stated = {(each["member_id"], each["accumulator"]): each["used_cents"] for each in expected["accumulators_after"]}
    assert sums == stated
    held = [(each.account, each.member_id, each.balance_cents) for each in estimate.accounts_after]
    assert held == [(each["account"], each["member_id"], each["balance_cents"]) for each in expected["accounts_after"]]


def repeated(document: dict[str, Any]) -> dict[str, Any]:
    """A plan that names each of its pools once more in every benefit that draws on it; other documents as they are."""
    for benefit in document.get("benefits", {}).values():
        pools = [each for each in benefit.get("limits", []) if isinstance(each, str)]
        if pools:
            benefit["limits"] = [*benefit["limits"], *pools]
    return document


@drawn(draw_scenario, examples=max(settings().max_examples // 4, 30))
def test_a_limit_named_twice_counts_once(scenario: Scenario) -> None:
    """Rules with `limit-repeated`, which no check lets through: the same ledger, in reserved memory."""
    documents = {
        name: yaml_text(repeated(deepcopy(document)))
        for name, document in zip(scenario.documents, scenario.parsed, strict=True)
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checks, "CHECKS", ())
        twice = replace(scenario, documents=documents)
        lines = [line_of(line) for line in estimate_of(twice).lines]
    assert lines == adjudicate(twice.parsed, twice.request)["lines"]
    assert lines == adjudicate(scenario.parsed, scenario.request)["lines"]
