"""Claim adjustments of a second plan, and remark codes, worked by hand.

Share-plan allows 48.00 of a visit charged 80.00, writes off 32.00, and pays 80 % after a deductible of 100.00. It
excludes massages. Copay-plan allows the same and leaves 20.00; of a massage charged 90.00 it allows 80 %, 72.00.
"""

from __future__ import annotations

from typing import Any

from camcover.engine.estimate import Adjustment, Line
from small_rules import SHARE_PLAN, estimate, question, tables

MASSAGE = {
    "therapy": "massage",
    "procedures": [{"code": "97124", "charge_cents": 9_000}],
    "practitioner": "massage-therapist",
    "tier": "in_network",
    "dates": ["2026-03-02"],
}


def visit(deductible_cents: int, rules: dict[str, str] | None = None, **others: Any) -> Line:
    """One visit, with so much of the deductible of 100.00 used."""
    request = question(secondary_plan_id="copay-plan", **others)
    request["members"][0] |= {"accumulators": [{"accumulator": "deductible", "used_cents": deductible_cents}]}
    request["items"][0]["dates"] = ["2026-03-02"]
    return estimate(tables(**(rules or {})), request).lines[0]


def told(adjustments: tuple[Adjustment, ...]) -> list[tuple[str, str, int, str]]:
    """Adjustments as (group, CARC, cents, RARC)."""
    return [(each.group, each.reason_code, each.amount_cents, each.remark_code) for each in adjustments]


def test_what_the_first_plan_paid_and_wrote_off_is_one_adjustment() -> None:
    """The first pays 38.40 and writes off 32.00: 70.40. The second pays the 9.60 that are left."""
    line = visit(10_000)
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (3_840, 960, 0)
    assert told(line.adjustments) == [("PR", "2", 960, ""), ("CO", "45", 3_200, "")]
    assert told(line.secondary_adjustments) == [("OA", "23", 7_040, "")]


def test_what_is_left_has_the_second_plans_reason() -> None:
    """The first leaves 48.00, all of it deductible. The second pays 28.00 and leaves its copay: 32 + 20 = 80 - 28."""
    line = visit(0)
    assert (line.secondary_paid_cents, line.patient_cents) == (2_800, 2_000)
    assert told(line.secondary_adjustments) == [("OA", "23", 3_200, ""), ("PR", "3", 2_000, "")]


def test_what_the_second_contract_forgives_is_its_own_write_off() -> None:
    """The first excludes massages. The second allows 72.00, leaves 20.00 and pays 52.00: 18 + 20 = 90 - 52."""
    request = question(secondary_plan_id="copay-plan", items=[MASSAGE | {"secondary_tier": "in_network"}])
    line = estimate(tables(), request).lines[0]
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (0, 5_200, 2_000)
    assert told(line.adjustments) == [("PR", "96", 7_200, "N130"), ("CO", "45", 1_800, "")]
    assert told(line.secondary_adjustments) == [("CO", "45", 1_800, ""), ("PR", "3", 2_000, "")]


def test_a_second_plan_that_excludes_the_service_says_so() -> None:
    """The first pays 52.00 of 90.00, writes off 18.00, and leaves 20.00, of which the second pays nothing."""
    request = question(plan_id="copay-plan", secondary_plan_id="share-plan", items=[MASSAGE])
    request["members"][0]["accumulators"] = []
    line = estimate(tables(), request).lines[0]
    assert told(line.adjustments) == [("PR", "3", 2_000, ""), ("CO", "45", 1_800, "")]
    assert told(line.secondary_adjustments) == [("OA", "23", 7_000, ""), ("PR", "96", 2_000, "N130")]


def test_what_the_second_plan_leaves_to_the_provider_keeps_the_first_plans_reason() -> None:
    """Alone the second denies all 80.00 at the provider's cost (CO 197). The first's copay is still owed: 60 + 20."""
    liable = "above_allowed: written_off, provider_liable: {for: [prior_authorization]}}"
    share = SHARE_PLAN.replace("above_allowed: written_off}", liable, 1)
    share = share.replace("    limits: [{id: visits", "    requires: [prior_authorization]\n    limits: [{id: visits")
    request = question(plan_id="copay-plan", secondary_plan_id="share-plan", requirements="REQUIREMENTS_AS_ATTESTED")
    request["members"][0]["accumulators"] = []
    request["items"][0] |= {"dates": ["2026-03-02"], "attestations": ["referral"]}
    line = estimate(tables(share=share), request).lines[0]
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (2_800, 0, 2_000)
    assert told(line.secondary_adjustments) == [("OA", "23", 6_000, ""), ("PR", "3", 2_000, "")]


def test_one_plan_has_no_second_payer() -> None:
    assert estimate(tables(), question()).lines[0].secondary_adjustments == ()
