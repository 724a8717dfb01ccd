"""Rates by practitioner and setting, worked by hand (point 46). The sums stand beside the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from small_rules import TWO_TIER_FEES, TWO_TIERS, estimate, tables

FEES_TEXT = (
    TWO_TIER_FEES
    + """\
  in:
    codes: {"97810": $48}
    visits: {massage: $70}
    rates:
      - {practitioners: [acupuncturist], codes: {"97810": $55}}
      - {settings: [home], visits: {massage: $80}}
      - {practitioners: [acupuncturist, massage-therapist], settings: [home, clinic], percent: 90%}
      - {settings: [outpatient_hospital], percent: 80%}
    otherwise: 50% of charge
  out: {rates: [{practitioners: [massage-therapist], percent: 75%}], otherwise: 50% of in}
"""
)
PLAN = (
    TWO_TIERS
    + """\
  care:
    therapies: [acupuncture, massage]
    in: {member_pays: [{coinsurance: 50%}]}
    out: {member_pays: [{coinsurance: 50%}]}
otherwise: not_covered
"""
)
NEEDLES = {"therapy": "acupuncture", "procedures": [{"code": "97810", "units": 2, "charge_cents": 20_000}]}
MASSAGE = {"therapy": "massage", "charge_cents": 20_000}


def asked(item: dict[str, Any], **others: Any) -> Estimate:
    """One session of one member."""
    rules = tables(p=PLAN, f=FEES_TEXT)
    session = {"tier": "in", "dates": ["2026-03-02"], "diagnoses": ["M54.50"]} | item | others
    return estimate(rules, {"plan_id": "p", "members": [{"id": "ana", "age": 44, "state": "WA"}], "items": [session]})


@pytest.mark.parametrize(
    ("item", "others", "expected"),
    [
        # Two units at 48, by an acupuncturist at 55.
        (NEEDLES, {"practitioner": "massage-therapist"}, 9_600),
        (NEEDLES, {"practitioner": "acupuncturist"}, 11_000),
        (NEEDLES, {"practitioner": "acupuncturist", "setting": "home"}, 11_000),
        # Nobody named: no rate for some practitioners. 80 % of 96 in an outpatient hospital.
        (NEEDLES, {}, 9_600),
        (NEEDLES, {"setting": "outpatient_hospital"}, 7_680),
        # Massage: 70 a visit, at home 80, in a clinic 90 % of 70 by those two, 70 by others; a percentage of the visit.
        (MASSAGE, {"practitioner": "massage-therapist"}, 7_000),
        (MASSAGE, {"practitioner": "massage-therapist", "setting": "home"}, 8_000),
        (MASSAGE, {"practitioner": "massage-therapist", "setting": "clinic"}, 6_300),
        (MASSAGE, {"setting": "clinic"}, 7_000),
        # Outside: half of what the network gives with its rates, 35; by a massage therapist 75 % of it, 26.25.
        (MASSAGE, {"tier": "out"}, 3_500),
        (MASSAGE, {"tier": "out", "practitioner": "massage-therapist"}, 2_625),
        # A code that is not listed: 50 % of 200, in the hospital 80 % of that.
        (NEEDLES | {"procedures": [{"code": "97811", "charge_cents": 20_000}]}, {}, 10_000),
        (
            NEEDLES | {"procedures": [{"code": "97811", "charge_cents": 20_000}]},
            {"setting": "outpatient_hospital"},
            8_000,
        ),
    ],
)
def test_the_rate_gives_the_allowed_amount(item: dict[str, Any], others: dict[str, Any], expected: int) -> None:
    assert [line.allowed_cents for line in asked(item, **others).lines] == [expected]


def test_the_range_covers_the_rates_of_an_unknown_practitioner() -> None:
    """Half of 96 = 48 where no rate is his; an acupuncturist's half of 110 = 55 is the most, and nothing is less."""
    found = asked(NEEDLES)
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (4_800, 4_800, 5_500)
    assert found.range.assumptions[0].text == (
        "Item 1: you gave no practitioner. The range covers what the plan's rules say of any."
    )
    assert asked(NEEDLES, practitioner="massage-therapist").range.high_cents == 4_800


def test_an_unknown_charge_is_the_rate() -> None:
    """In the network an unknown charge is what the fees give: 110 by an acupuncturist, 96 where nobody is named."""
    unknown = {"therapy": "acupuncture", "procedures": [{"code": "97810", "units": 2}]}
    (line,) = asked(unknown, practitioner="acupuncturist").lines
    assert (line.charge_cents, line.allowed_cents) == (11_000, 11_000)
    assert asked(unknown).range.high_cents == 5_500
