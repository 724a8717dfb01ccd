"""A penalty in dollars, once a visit over its lines in order, worked by hand (points 12 and 39)."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from camcover.workflow.coverage import check_coverage
from small_rules import estimate, tables, typed

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  maximum: {kind: out_of_pocket_maximum, individual: $100, family_mode: embedded}
tiers:
  in: {deductible: none, out_of_pocket_maximum: maximum, above_allowed: written_off}
benefits:
  needles:
    therapies: [acupuncture]
    requires: [REQUIRES]
    LIMITSin: {member_pays: [{coinsurance: 20%}]}
otherwise: not_covered
"""
FLAT = "{prior_authorization: {penalty: $300}}"


def asked(*lines: int, requires: str = FLAT, limits: str = "", dates: int = 1, **others: Any) -> Estimate:
    """Visits with a line of each of these amounts, cents; nothing is attested."""
    text = PLAN.replace("REQUIRES", requires).replace("LIMITS", limits)
    procedures = [{"code": "97810", "charge_cents": cents} for cents in lines]
    days = [f"2026-03-0{2 + number}" for number in range(dates)]
    visit = {"therapy": "acupuncture", "tier": "in", "dates": days, "procedures": procedures}
    member: dict[str, Any] = {"id": "ana", "age": 44, "state": "WA"}
    member["accumulators"] = [{"accumulator": "maximum", "used_cents": 0}]
    member |= others.pop("member", {})
    request = {"plan_id": "p", "members": [member], "items": [visit], "requirements": "REQUIREMENTS_AS_ATTESTED"}
    return estimate(tables(p=text), request | {"explain": True} | others)


def shares(found: Estimate) -> list[tuple[int, int, int]]:
    """(coinsurance, penalty, plan paid) of each line."""
    return [(line.coinsurance_cents, line.penalty_cents, line.plan_paid_cents) for line in found.lines]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # 20 % of 500 = 100; the plan would pay 400: 300 less.
        ([50_000], [(10_000, 30_000, 10_000)]),
        # Never more than the plan would pay: 80 of 80.
        ([10_000], [(2_000, 8_000, 0)]),
        # Once a visit: 200 of 200, then 100 of 200; the third line nothing. The maximum of 100 ends the coinsurance.
        ([25_000, 25_000, 10_000], [(5_000, 20_000, 0), (5_000, 10_000, 10_000), (0, 0, 10_000)]),
    ],
)
def test_a_penalty_runs_over_the_lines_of_a_visit(lines: list[int], expected: list[tuple[int, int, int]]) -> None:
    assert shares(asked(*lines)) == expected


def test_each_visit_bears_the_penalty_anew() -> None:
    """100 of coinsurance meet the maximum on the first day: the second bears 300 of 500, and no coinsurance."""
    found = asked(50_000, dates=2)
    assert shares(found) == [(10_000, 30_000, 10_000), (0, 30_000, 20_000)]
    assert found.accumulators_after[0].used_cents == 10_000


def test_a_penalty_in_dollars_and_one_in_percent_add_up_in_order() -> None:
    """Of 400: 300, then half of the 100 that are left. The other way round: 200, then 200 of 300."""
    half = "{referral: {penalty: 50%}}"
    assert shares(asked(50_000, requires=f"{FLAT}, {half}")) == [(10_000, 35_000, 5_000)]
    assert shares(asked(50_000, requires=f"{half}, {FLAT}")) == [(10_000, 40_000, 0)]


def test_a_penalty_may_apply_from_a_visit_number_on() -> None:
    requires = "{prior_authorization: {penalty: $300, after: 1 visit}}"
    assert [line.penalty_cents for line in asked(50_000, requires=requires, dates=2).lines] == [0, 30_000]


def test_a_money_limit_counts_what_the_plan_pays_after_it() -> None:
    """400 less 300 = 100; of the limit of 150 50 are left, of the 200 of the second day 150 are not covered."""
    found = asked(50_000, dates=2, limits="limits: [{allow: $150, per: benefit_period}]\n    ")
    assert shares(found) == [(10_000, 30_000, 10_000), (0, 30_000, 5_000)]
    assert [line.not_covered_cents for line in found.lines] == [0, 15_000]


def test_a_visit_begun_before_the_estimate_bears_the_rest_of_the_penalty() -> None:
    """200 of it were taken: 100 are left."""
    visit = {"benefit": "needles", "date": "2026-03-02", "penalty_paid_cents": 20_000}
    assert shares(asked(50_000, member={"prior_visits": [visit]})) == [(10_000, 10_000, 30_000)]
    (use,) = asked(25_000).use_after.use
    assert use.prior_visits[0].penalty_paid_cents == 20_000


def test_an_attested_line_bears_no_penalty() -> None:
    assert shares(asked(50_000, requirements="REQUIREMENTS_ASSUMED_MET")) == [(10_000, 0, 40_000)]


def test_the_range_covers_the_penalty() -> None:
    """Assumed to be there: 100; missing: 400."""
    found = asked(50_000, requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (10_000, 10_000, 40_000)


def test_penalties_in_dollars_in_words() -> None:
    line = asked(50_000).lines[0]
    told = "The plan pays less without prior authorization. You pay the difference, $300.00."
    assert told in [step.text for step in line.steps]
    assert [each.reason_code for each in line.adjustments if each.amount_cents == 30_000] == ["197"]
    text = PLAN.replace("REQUIRES", FLAT).replace("LIMITS", "")
    item = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"]}
    (terms,) = check_coverage(tables(p=text), typed({"plan_id": "p", "items": [item]})).requirements
    assert terms.text == "prior authorization, else the plan pays $300.00 less a visit"
    assert (terms.penalty, terms.penalty_cents) == (None, 30_000)
