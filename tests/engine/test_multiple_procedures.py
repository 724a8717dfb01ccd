"""Multiple procedures of one day, worked by hand (point 47). The sums stand beside the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from small_rules import TWO_TIER_FEES, TWO_TIERS, estimate, tables

FEES_TEXT = (
    TWO_TIER_FEES
    + """\
  in:
    codes: {"97810": $28, "97811": $38, "97124": $30}
    practice_expense: {"97810": $12, "97811": $18, "97124": $12}
    multiple_procedures: 50%
    rates:
      - {practitioners: [massage-therapist], codes: {"97124": $25}}
      - {settings: [clinic], percent: 90%}
  out: {otherwise: 50% of in}
"""
)
PLAN = (
    TWO_TIERS
    + """\
  care: {therapies: [acupuncture, massage], in: {member_pays: [nothing]}, out: {member_pays: [nothing]}}
otherwise: not_covered
"""
)


def item(code: str, units: int = 1, **others: Any) -> dict[str, Any]:
    """A session with one line, charged 200."""
    procedures = [{"code": code, "units": units, "charge_cents": 20_000}]
    return {"tier": "in", "dates": ["2026-03-02"], "procedures": procedures, "therapy": "acupuncture"} | others


def massage(**others: Any) -> dict[str, Any]:
    """A session of massage."""
    return item("97124", therapy="massage", **others)


def asked(*items: dict[str, Any], **member: Any) -> Estimate:
    """The items of one member."""
    person = {"id": "ana", "age": 44, "state": "WA"} | member
    request = {"plan_id": "p", "members": [person], "items": list(items), "explain": True}
    return estimate(tables(p=PLAN, f=FEES_TEXT), request)


def allowed(found: Estimate) -> list[int]:
    return [line.allowed_cents for line in found.lines]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        # Two units: 28 in full, 28 - 6 = 22. One unit alone is not reduced.
        ([item("97810", 2)], [5_000]),
        ([item("97810")], [2_800]),
        # The highest expense, 18, is in full wherever it stands: 2 x 22 and 38; 38 + 29 and 22.
        ([item("97810", 2), item("97811")], [4_400, 3_800]),
        ([item("97811", 2), item("97810")], [6_700, 2_200]),
        # Of equal expenses the first line's is in full: 28, and 30 - 6.
        ([item("97810"), massage()], [2_800, 2_400]),
        ([massage(), item("97810")], [3_000, 2_200]),
        # Another day, and another tier, which looks the amount up without the reduction: half of 2 x 28.
        ([item("97810"), item("97810", dates=["2026-03-03"])], [2_800, 2_800]),
        ([item("97810"), item("97810", 2, tier="out")], [2_800, 2_800]),
        # A massage therapist's own rate is neither compared nor reduced; 90 % in a clinic is taken of what is reduced.
        ([massage(practitioner="massage-therapist"), item("97810", 2)], [2_500, 5_000]),
        ([item("97810", 2, setting="clinic")], [4_500]),
    ],
)
def test_all_units_but_the_highest_are_reduced(items: list[dict[str, Any]], expected: list[int]) -> None:
    assert allowed(asked(*items)) == expected


def test_an_allowed_amount_of_the_request_is_neither_compared_nor_reduced() -> None:
    given = item("97811", procedures=[{"code": "97811", "charge_cents": 20_000, "allowed_cents": 3_000}])
    assert allowed(asked(given, item("97810", 2))) == [3_000, 5_000]


def test_an_unknown_charge_is_the_amount_before_the_reduction() -> None:
    """56 are charged, 50 allowed, 6 written off."""
    (line,) = asked(item("97810", procedures=[{"code": "97810", "units": 2}])).lines
    assert (line.charge_cents, line.allowed_cents, line.written_off_cents) == (5_600, 5_000, 600)


def test_a_day_begun_before_the_estimate_is_reduced_as_one() -> None:
    """A unit of 18 was in full: 2 x 22. One of 12 was: 38 less the 6 that it was spared, 22 and 22; in one 22 + 38."""
    before = {"date": "2026-03-02", "tier": "in", "practice_expense_cents": 1_800}
    assert allowed(asked(item("97810", 2), fee_usage=[before])) == [4_400]
    lower = before | {"practice_expense_cents": 1_200}
    found = asked(item("97811"), item("97810"), fee_usage=[lower])
    assert allowed(found) == [3_200, 2_200]
    assert found.use_after.use[0].fee_usage[0].practice_expense_cents == 1_800
    # A day in one request, and in two: 28 + 38 - 6 = 22 + 38 = 28 + 32.
    assert sum(allowed(asked(item("97810"), item("97811")))) == 6_000
    assert sum(allowed(asked(item("97811"), fee_usage=[lower]))) + 2_800 == 6_000


def test_the_reduction_is_explained() -> None:
    assert asked(item("97810", 2)).lines[0].steps[0].text == (
        "The charge is $200.00. The plan allows $50.00. Of the practice expense of all units of a day but the highest "
        "it allows 50%."
    )
