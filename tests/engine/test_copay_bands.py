"""A copay by bands of what the plan allows for a line (point 19), by Medicaid's figures of 2012, worked by hand."""

from __future__ import annotations

import pytest

from camcover.engine import Estimate
from one_visit import one_visit, plan_paying
from small_rules import COPAY_PLAN, estimate, tables

BANDS = (
    "{copay_by_allowed: [{up_to: $10, copay: $0.65}, {up_to: $25, copay: $1.30}, {up_to: $50, copay: $2.55}, "
    "{copay: $3.80}]}"
)


MAXIMUM = [{"accumulator": "oop_max", "used_cents": 0}]


def asked(*lines: int, pays: str = BANDS, maximum: str = "$100") -> Estimate:
    """One visit with a line of each of these amounts, cents."""
    return one_visit(plan_paying(pays, "$15", maximum), *lines)


@pytest.mark.parametrize(
    ("cents", "copay"),
    [
        *[(40, 40), (1_000, 65), (1_001, 130), (2_000, 130), (2_500, 130), (4_500, 255), (5_000, 255)],
        *[(5_001, 380), (9_000, 380)],
    ],
)
def test_the_allowed_amount_selects_the_band(cents: int, copay: int) -> None:
    assert [line.copay_cents for line in asked(cents).lines] == [copay]


def test_each_line_of_a_visit_pays_its_own_band() -> None:
    assert [line.copay_cents for line in asked(2_000, 9_000).lines] == [130, 380]


def test_after_a_deductible_the_whole_allowed_amount_selects_the_band() -> None:
    """Of 20 15 are the deductible; the band is that of 20: 1.30 of the 5 that are left."""
    (line,) = asked(2_000, pays=f"deductible, {BANDS}").lines
    assert (line.deductible_cents, line.copay_cents, line.plan_paid_cents) == (1_500, 130, 370)


def test_the_maximum_cuts_a_banded_copay_as_a_copay() -> None:
    found = asked(9_000, 9_000, maximum="$5")
    assert [line.copay_cents for line in found.lines] == [380, 120]
    assert found.accumulators_after[1].used_cents == 500


def test_a_band_between_two_may_cost_the_most() -> None:
    """80 % of the charge: of 75.00, 60.00 at 20; of 95.00, 76.00 at 45; of 110.00 and 150.00, 88.00 and more at 30."""
    bands = "{copay_by_allowed: [{up_to: $70, copay: $20}, {up_to: $80, copay: $45}, {copay: $30}]}"
    rules = tables(copay=COPAY_PLAN.replace("{copay: $20 per visit}", bands))
    item = {"therapy": "acupuncture", "tier": "in_network", "attestations": ["referral"], "dates": ["2026-03-02"]}
    request = {"plan_id": "copay-plan", "members": [{"id": "ana", "accumulators": MAXIMUM}], "items": [item]}
    found = estimate(rules, request)
    costs = [
        estimate(rules, request | {"items": [item | {"charge_cents": cents}]}).totals.patient_cents
        for cents in (7_500, 9_500, 11_000, 15_000)
    ]
    assert costs == [2_000, 4_500, 3_000, 3_000]
    assert found.range.expected_cents == 3_000
    assert found.range.low_cents <= 2_000
    assert found.range.high_cents >= 4_500


def test_a_line_of_which_less_is_eligible_may_cost_less() -> None:
    """Of 88.00 all are eligible at a copay of 30.00, or 60.00: 28.00 not covered and a copay of 1.00."""
    bands = "{copay_by_allowed: [{up_to: $60, copay: $1}, {copay: $30}]}"
    limit = "limits: [{id: money, allow: $100, per: calendar_year, counts: allowed, cite: eoc p.1}]\n    in_network: "
    plan = COPAY_PLAN.replace("{copay: $20 per visit}", bands).replace(
        "in_network: {member_pays", f"{limit}{{member_pays"
    )
    rules = tables(copay=plan)
    item = {"therapy": "acupuncture", "tier": "in_network", "attestations": ["referral"], "dates": ["2026-03-02"]}
    member = {"id": "ana", "accumulators": MAXIMUM}
    request = {"plan_id": "copay-plan", "members": [member], "items": [item | {"charge_cents": 11_000}]}
    used = [{"limit": "money", "used_cents": 4_000}]
    costs = estimate(rules, request | {"members": [member | {"limit_usage": used}]}).totals.patient_cents
    assert costs == 2_800 + 100
    assert estimate(rules, request).range.low_cents <= 2_900


def test_banded_copays_in_words() -> None:
    up_to = ["$0.65 where the plan allows up to $10.00", "$1.30 where the plan allows up to $25.00"]
    asked_for = f"{', '.join(up_to)}, and $2.55 where the plan allows up to $50.00; $3.80 copay per service above that"
    assert asked(2_000).lines[0].steps[2].text == f"You pay a copay of $1.30 (the plan asks for {asked_for})."
