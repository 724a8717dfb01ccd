"""Fees that the lines of a visit or a day share, worked by hand (point 45). The sums stand beside the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from small_rules import TWO_TIER_FEES, TWO_TIERS, estimate, tables, typed

FEES_TEXT = (
    TWO_TIER_FEES
    + """\
  in: {TABLE}
  out: {otherwise: 50% of in}
"""
)
PLAN = (
    TWO_TIERS
    + """\
  needles: {therapies: [acupuncture], LIMITS in: {member_pays: [{coinsurance: 50%}]}, out: {member_pays: [nothing]}}
otherwise: not_covered
not_covered_pays: PAYS
"""
)
VISIT = "visits: {acupuncture: $45}"
DAY = "maximum_per_day: $110"


def item(*lines: int | None, code: str = "97810", **others: Any) -> dict[str, Any]:
    """A session of acupuncture with a line of each of these charges, cents; None = the charge is not known."""
    procedures = [{"code": code, **({} if cents is None else {"charge_cents": cents})} for cents in lines]
    return {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"], "procedures": procedures} | others


def asked(table: str, *items: dict[str, Any], limits: str = "", pays: str = "charge", **member: Any) -> Estimate:
    """The items of one member."""
    plan = PLAN.replace("LIMITS ", f"limits: [{limits}], " if limits else "").replace("PAYS", pays)
    rules = tables(p=plan, f=FEES_TEXT.replace("TABLE", table))
    person = {"id": "ana", "age": 44, "state": "WA"} | member
    return estimate(rules, {"plan_id": "p", "members": [person], "items": list(items), "explain": True})


def allowed(found: Estimate) -> list[int]:
    return [line.allowed_cents for line in found.lines]


@pytest.mark.parametrize(
    ("table", "lines", "expected"),
    [
        # 45 a visit: 45 and nothing; 30, then the 15 that are left.
        (VISIT, [6_000, 5_000], [4_500, 0]),
        (VISIT, [3_000, 4_000], [3_000, 1_500]),
        # A most of 110 a day: 110 of 150; 60 of 60, then 50 of 90, then nothing.
        (DAY, [15_000], [11_000]),
        (DAY, [6_000, 9_000, 1_000], [6_000, 5_000, 0]),
        # A code that the table lists is priced by itself, and takes of the day's maximum alone: 100, then min(45, 10).
        (f'codes: {{"97811": $80}}, {VISIT}', [6_000], [4_500]),
        (f"{VISIT}, maximum_per_day: $40", [6_000, 5_000], [4_000, 0]),
    ],
)
def test_lines_share_a_fee_in_order(table: str, lines: list[int], expected: list[int]) -> None:
    assert allowed(asked(table, item(*lines))) == expected


def test_a_listed_code_is_paid_beside_the_visit_fee() -> None:
    """97811 is listed at 80: 70 of 70. 97810 is of the visit: 45. Of 110 a day 70 are taken: 40 of the 45 are left."""
    table = f'codes: {{"97811": $80}}, {VISIT}'
    items = [item(7_000, code="97811"), item(6_000)]
    assert allowed(asked(table, *items)) == [7_000, 4_500]
    assert allowed(asked(f"{table}, {DAY}", *items)) == [7_000, 4_000]


def test_the_part_above_the_shared_fee_follows_the_tier() -> None:
    """In the network half of 45 = 22.50 is the member's, 65 are written off; outside 37.50 of 60 and 50 of 50 are his.

    Outside the fee for the visit is 50 % of 45 = 22.50.
    """
    (first, second) = asked(VISIT, item(6_000, 5_000)).lines
    assert (first.patient_cents, first.written_off_cents) == (2_250, 1_500)
    assert (second.patient_cents, second.written_off_cents) == (0, 5_000)
    (first, second) = asked(VISIT, item(6_000, 5_000, tier="out")).lines
    assert (first.plan_paid_cents, first.balance_bill_cents) == (2_250, 3_750)
    assert (second.plan_paid_cents, second.balance_bill_cents) == (0, 5_000)


def test_other_days_members_tiers_and_given_amounts_share_no_fee() -> None:
    """45 for each; the line whose amount is given is allowed that, 20, and takes nothing."""
    given = item(6_000) | {"procedures": [{"code": "97810", "charge_cents": 6_000, "allowed_cents": 2_000}]}
    items = [given, item(6_000), item(6_000, dates=["2026-03-03"]), item(6_000, tier="out")]
    assert allowed(asked(f"{VISIT}, {DAY}", *items)) == [2_000, 4_500, 2_250, 4_500]


def test_uncovered_lines_take_nothing_unless_billed_by_the_fees() -> None:
    """One unit a day is covered: the second line is not. With `allowed` it is billed what is left of 45: 15."""
    limit = "{allow: 1 units, per: day}"
    found = asked(VISIT, item(3_000, 4_000), limits=limit)
    assert [line.patient_cents for line in found.lines] == [1_500, 4_000]
    found = asked(VISIT, item(3_000, 4_000), limits=limit, pays="allowed")
    assert [line.patient_cents for line in found.lines] == [1_500, 1_500]
    # Nothing is covered: 30 and 15, the fee of a visit in all.
    found = asked(VISIT, item(3_000, 4_000, diagnoses=["M54.50"]), limits="{allow: 0 units, per: day}", pays="allowed")
    assert [line.patient_cents for line in found.lines] == [3_000, 1_500]


def test_an_unknown_charge_is_what_the_table_gives_the_line_alone() -> None:
    """Two lines of one visit: each is charged 45, the second is allowed nothing, and 45 are written off."""
    found = asked(VISIT, item(None, None))
    assert [line.charge_cents for line in found.lines] == [4_500, 4_500]
    assert allowed(found) == [4_500, 0]
    assert [line.written_off_cents for line in found.lines] == [0, 4_500]


def test_a_day_begun_before_the_estimate_shares_the_rest_of_the_fee() -> None:
    """30 of the 45 are taken: 15 are left. 100 of 110 a day are taken: 10. What another day took changes nothing."""
    of_visit = {"date": "2026-03-02", "tier": "in", "therapy": "acupuncture", "used_cents": 3_000}
    of_day = {"date": "2026-03-02", "tier": "in", "used_cents": 10_000}
    before = {"date": "2026-03-01", "tier": "in", "used_cents": 10_000}
    assert allowed(asked(VISIT, item(6_000), fee_usage=[of_visit, before])) == [1_500]
    assert allowed(asked(f"{VISIT}, {DAY}", item(6_000), fee_usage=[of_day])) == [1_000]
    found = asked(f"{VISIT}, {DAY}", item(6_000), fee_usage=[of_visit])
    (use,) = found.use_after.use
    assert [(each.therapy, each.used_cents) for each in use.fee_usage] == [("acupuncture", 4_500), ("", 1_500)]


@pytest.mark.parametrize(
    ("wrong", "field", "found"),
    [
        ({"tier": "net"}, "tier", "'net'"),
        ({"therapy": "needling"}, "therapy", "'needling'"),
        ({"date": "2026-03-03"}, "date", "2026-03-03"),
    ],
)
def test_contradictory_fee_usage_is_refused(wrong: dict[str, Any], field: str, found: str) -> None:
    use = {"date": "2026-03-02", "tier": "in", "used_cents": 100} | wrong
    with pytest.raises(InvalidRequest) as error:
        asked(VISIT, item(6_000), fee_usage=[use])
    (violation,) = error.value.violations
    assert violation.field == f"members[0].fee_usage[0].{field}"
    assert found in violation.found


def test_the_range_covers_what_a_line_leaves_to_the_next() -> None:
    """Without the authorization neither line is covered: 60 + 50. With it the member pays half of 45."""
    plan = PLAN.replace("LIMITS ", "requires: [prior_authorization], ").replace("PAYS", "charge")
    rules = tables(p=plan, f=FEES_TEXT.replace("TABLE", VISIT))
    request = {"plan_id": "p", "members": [{"id": "ana", "age": 44, "state": "WA"}], "items": [item(6_000, 5_000)]}
    bounds = estimate(rules, request).range
    assert (bounds.low_cents, bounds.expected_cents, bounds.high_cents) == (2_250, 2_250, 11_000)


def test_the_shared_fee_is_explained() -> None:
    texts = [step.text for step in asked(f"{VISIT}, {DAY}", item(6_000)).lines[0].steps]
    assert texts[0] == (
        "The charge is $60.00. The plan allows $45.00. That is part of one fee for the whole visit. It "
        "allows at most $110.00 for all services of one day."
    )
    assert typed({"plan_id": "p", "items": [item(6_000)]}).members[0].use.fee_usage == ()
