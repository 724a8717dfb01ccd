"""A deductible that an earned incentive reduces, worked by hand (docs/rule-language.md, point 22)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from camcover.bulk import BulkEstimator
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine import Estimate
from camcover.rulebook import load_texts
from small_rules import CATALOG, estimate, tables

PLAN = """\
format: camcover/1
kind: plan
id: plan
payer: {id: example, name: Example Health}
effective: {from: 2025-01-01}
illustrative: yes
accumulators:
  ded: {kind: deductible, individual: $250, family: $750, reduced_by: {wellness_incentive: $125}}
tiers: {in: {deductible: ded, out_of_pocket_maximum: none, above_allowed: written_off}}
benefits: {needles: {therapies: [acupuncture], in: {member_pays: [deductible, {coinsurance: 15%}]}}}
otherwise: not_covered
"""
RULES = tables(plan=PLAN)
VISIT = {"therapy": "acupuncture", "tier": "in", "charge_cents": 20_000}


DAY = ("2026-03-02",)


def asked(membership: dict[str, Any], used: int = 0, dates: tuple[str, ...] = DAY, **others: Any) -> Estimate:
    """Visits of 200.00, so much of the deductible used; `others` go to the request."""
    sums = [{"accumulator": "ded", "used_cents": used}]
    member = {"id": "ana", "age": 40, "membership": membership, "accumulators": sums}
    items = [VISIT | {"dates": list(dates)}]
    return estimate(RULES, {"plan_id": "plan", "members": [member], "items": items, "explain": True} | others)


def test_an_earned_incentive_reduces_the_deductible() -> None:
    """125 + 15 % of 75 = 136.25, then 15 % of 200 = 30.00. Not earned: 200.00, then 50 + 15 % of 150 = 72.50."""
    found = asked({"wellness_incentive": True}, dates=("2026-03-02", "2026-03-09"))
    assert [line.patient_cents for line in found.lines] == [13_625, 3_000]
    (after,) = found.accumulators_after
    assert (after.used_cents, after.maximum_cents) == (12_500, 12_500)
    texts = [step.text for step in found.lines[0].steps]
    assert "You pay $125.00 toward your deductible. It is $125.00 less for your wellness incentive." in texts
    not_earned = asked({"wellness_incentive": False}, dates=("2026-03-02", "2026-03-09"))
    assert [line.patient_cents for line in not_earned.lines] == [20_000, 7_250]
    assert (found.range.low_cents, found.range.high_cents) == (16_625, 16_625)


def test_an_unknown_incentive_widens_the_range() -> None:
    """Expected not to be earned: 200.00; at the least 136.25."""
    found = asked({})
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (13_625, 20_000, 20_000)
    (words,) = found.range.assumptions
    assert words.text == (
        "We do not know whether member ana has earned the wellness incentive. We expect that it is not earned. "
        "The range covers both."
    )


def test_a_sum_above_the_reduced_amount_is_taken_as_met() -> None:
    """200 of 250 were paid before it was earned: nothing is left, 15 % of 200 = 30.00; the sum stays."""
    found = asked({"wellness_incentive": True}, used=20_000)
    assert found.totals.patient_cents == 3_000
    (after,) = found.accumulators_after
    assert (after.used_cents, after.maximum_cents) == (20_000, 20_000)


def test_the_family_amount_is_not_reduced() -> None:
    """Of 750 the others used 700, so 50 are left of it: 50 + 15 % of 150 = 72.50, earned or not."""
    family: dict[str, Any] = {
        "coverage": "COVERAGE_FAMILY",
        "family_accumulators": [{"accumulator": "ded", "used_cents": 70_000}],
    }
    for earned in (True, False):
        assert asked({"wellness_incentive": earned}, **family).totals.patient_cents == 7_250


def test_each_member_earns_the_incentive_separately() -> None:
    """Ana has earned it: 136.25; Ben has not: 200.00."""
    facts: dict[str, Any] = {"age": 40, "accumulators": [{"accumulator": "ded", "used_cents": 0}]}
    members = [facts | {"id": "ana", "membership": {"wellness_incentive": True}}, facts | {"id": "ben"}]
    items = [VISIT | {"member_id": each, "dates": ["2026-03-02"]} for each in ("ana", "ben")]
    family = [{"accumulator": "ded", "used_cents": 0}]
    request = {"plan_id": "plan", "members": members, "items": items, "family_accumulators": family}
    found = estimate(RULES, request)
    assert [line.patient_cents for line in found.lines] == [13_625, 20_000]
    assert (found.range.low_cents, found.range.high_cents) == (27_250, 33_625)


@pytest.mark.parametrize(("earned", "patient"), [(True, 13_625), (False, 20_000), (None, 20_000)])
def test_a_bulk_row_with_an_earned_incentive(earned: bool | None, patient: int) -> None:
    """As a single request: 136.25 where it is earned, else 200.00."""
    item = {"therapy": "acupuncture", "tier": "in", "charge_cents": 20_000, "start_date": date(2026, 3, 2)}
    row = {"plan_id": "plan", "age": 40, "wellness_incentive": earned, "items": [item]}
    batch = pa.RecordBatch.from_pylist([row], schema=REQUEST_SCHEMA)
    assert BulkEstimator(RULES, "rules-0").estimate(batch).plans["patient_cents"].to_pylist() == [patient]


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("kind: out_of_pocket_maximum, individual: $250", "is not a deductible"),
        ("kind: deductible, individual: $250, carryover: last_quarter", "has a carry-over"),
        ("kind: deductible, individual: $100", "has no individual amount of $125 or more"),
        ("kind: deductible, individual: unlimited", "has no individual amount of $125 or more"),
    ],
)
def test_reduced_by_without_a_meaning_is_an_error(terms: str, why: str) -> None:
    plan = PLAN.replace("kind: deductible, individual: $250, family: $750", terms)
    found = {each.code: each.message for each in load_texts({"catalog.yaml": CATALOG, "plan.yaml": plan}).errors}
    assert found["reduced-by-misplaced"] == f"the accumulator 'ded' has `reduced_by` but {why}"
