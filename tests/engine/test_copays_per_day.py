"""One copay a day over several benefits, the highest of them, worked by hand (points 20 and 39).

A line is what the plan allows; nothing else is taken off but where a test says so.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from small_rules import estimate, tables

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  maximum: {kind: out_of_pocket_maximum, individual: MAXIMUM, family: $1000, family_mode: embedded}
tiers:
  in: {deductible: none, out_of_pocket_maximum: maximum, above_allowed: written_off}
benefits:
  needles: {therapies: [acupuncture], NEEDLES in: {member_pays: [{copay: $50 per day}]}}
  hands: {therapies: [massage], in: {member_pays: [{copay: $15 per day}]}}
  energy: {therapies: [reiki], ENERGY in: {member_pays: [{copay: $20 per day}]}}
otherwise: not_covered
"""
DAY = "2026-03-02"


def item(therapy: str, cents: int, *dates: str, **others: Any) -> dict[str, Any]:
    return {"therapy": therapy, "tier": "in", "charge_cents": cents, "dates": list(dates or (DAY,))} | others


def asked(
    *items: dict[str, Any], maximum: str = "$1000", scope: str = "", is_known: bool = True, **member: Any
) -> Estimate:
    """What a person is told; `scope`: that of acupuncture and reiki, where they have one of their own.

    `is_known`: nothing of the family's maximum is used.
    """
    named = f"copay_scope: {scope}," if scope else ""
    text = PLAN.replace("MAXIMUM", maximum).replace("NEEDLES", named).replace("ENERGY", named)
    used = [{"accumulator": "maximum", "used_cents": 0}]
    members = [{"id": name, "age": 44, "state": "WA", "accumulators": used} for name in ("ana", "ben")]
    members[0] |= member
    family = [{"accumulator": "maximum", "used_cents": 0}] if is_known else []
    request = {"plan_id": "p", "members": members, "items": list(items), "family_accumulators": family}
    return estimate(tables(p=text), request | {"explain": True})


def copays(found: Estimate) -> list[int]:
    return [line.copay_cents for line in found.lines]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        # 15, then 50 - 15 = 35; the other way round 50, then nothing.
        ([item("massage", 9_000), item("acupuncture", 11_000)], [1_500, 3_500]),
        ([item("acupuncture", 11_000), item("massage", 9_000)], [5_000, 0]),
        # 15, 20 - 15 = 5, 50 - 20 = 30: 50, the highest of three.
        ([item("massage", 9_000), item("reiki", 8_000), item("acupuncture", 11_000)], [1_500, 500, 3_000]),
        # A line never costs more than itself: 40 of 50, then 10 of the next line of acupuncture; massage nothing.
        ([item("acupuncture", 4_000), item("acupuncture", 9_000), item("massage", 9_000)], [4_000, 1_000, 0]),
        # Another day, another copay.
        ([item("massage", 9_000), item("acupuncture", 11_000, "2026-03-03")], [1_500, 5_000]),
        # Another member has a copay of his own.
        ([item("massage", 9_000), item("acupuncture", 11_000, member_id="ben")], [1_500, 5_000]),
    ],
)
def test_a_day_costs_its_highest_copay(items: list[dict[str, Any]], expected: list[int]) -> None:
    assert copays(asked(*items)) == expected


def test_each_copay_scope_has_its_own_copay_a_day() -> None:
    """Acupuncture 50 with reiki of its scope: nothing; massage has another one: 15."""
    items = [item("acupuncture", 11_000), item("reiki", 8_000), item("massage", 9_000)]
    assert copays(asked(*items, scope="clinic")) == [5_000, 0, 1_500]


def test_a_copay_cut_by_the_maximum_is_not_remembered_as_paid() -> None:
    """20 are left of the maximum: 15, then 5 of 35; nothing more is due since nothing more is left."""
    found = asked(item("massage", 9_000), item("acupuncture", 11_000), item("reiki", 8_000), maximum="$20")
    assert copays(found) == [1_500, 500, 0]
    assert [line.plan_paid_cents for line in found.lines] == [7_500, 10_500, 8_000]


def test_a_day_begun_before_the_estimate_goes_on() -> None:
    """15 were paid for massage today: of 50 for acupuncture 35 are due. What was paid yesterday does not matter."""
    before = [{"benefit": "hands", "date": DAY, "copay_paid_cents": 1_500}]
    assert copays(asked(item("acupuncture", 11_000), prior_visits=before)) == [3_500]
    assert copays(asked(item("acupuncture", 11_000), prior_visits=before, scope="clinic")) == [5_000]
    yesterday = [before[0] | {"date": "2026-03-01"}]
    assert copays(asked(item("acupuncture", 11_000), prior_visits=yesterday)) == [5_000]


def test_the_state_after_the_estimate_holds_the_days_copays() -> None:
    """15 and 35 in one request, and in two: the second one states the visit that the first one's answer tells."""
    first = asked(item("massage", 9_000))
    (visit,) = first.use_after.use[0].prior_visits
    assert (visit.benefit, visit.date.isoformat(), visit.copay_paid_cents) == ("hands", DAY, 1_500)
    before = [{"benefit": visit.benefit, "date": DAY, "copay_paid_cents": visit.copay_paid_cents}]
    assert copays(asked(item("acupuncture", 11_000), prior_visits=before)) == [3_500]


def test_copays_per_day_in_words() -> None:
    line = asked(item("massage", 9_000), item("acupuncture", 11_000)).lines[1]
    told = "You pay a copay of $35.00 (the plan asks for $50.00 copay per day, the highest of the day)."
    assert line.steps[2].text == told


def test_the_range_covers_an_open_maximum() -> None:
    """Nothing where it is reached, 50 where nothing is used."""
    found = asked(item("massage", 9_000), item("acupuncture", 11_000), accumulators=[], is_known=False)
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (0, 5_000, 5_000)


# Per day and facility


def by_facility(*items: dict[str, Any], **member: Any) -> Estimate:
    """The same with copays per facility."""
    used = [{"accumulator": "maximum", "used_cents": 0}]
    members = [{"id": name, "age": 44, "state": "WA", "accumulators": used} for name in ("ana", "ben")]
    request = {"plan_id": "p", "members": [members[0] | member, members[1]], "items": list(items), "explain": True}
    text = (
        PLAN.replace("MAXIMUM", "$1000").replace("NEEDLES", "").replace("ENERGY", "").replace("per day", "per facility")
    )
    return estimate(tables(p=text), request | {"family_accumulators": used})


@pytest.mark.parametrize(
    ("facilities", "expected"),
    [
        # One facility: 15, 50 - 15 = 35, nothing for reiki at 20.
        (("north", "north", "north"), [1_500, 3_500, 0]),
        # Acupuncture elsewhere: 50 there; reiki beside massage 20 - 15 = 5.
        (("north", "south", "north"), [1_500, 5_000, 500]),
        (("north", "south", "east"), [1_500, 5_000, 2_000]),
        # What names none is at one facility of its own.
        (("", "north", ""), [1_500, 5_000, 500]),
    ],
)
def test_each_facility_has_its_own_copay_a_day(facilities: tuple[str, ...], expected: list[int]) -> None:
    therapies = (("massage", 9_000), ("acupuncture", 11_000), ("reiki", 8_000))
    items = [item(*each, facility=place) for each, place in zip(therapies, facilities, strict=True)]
    found = by_facility(*items)
    assert copays(found) == expected
    told = [step.text for step in found.lines[0].steps]
    assert any("$15.00 copay per day and facility, the highest of the day" in each for each in told), told


def test_a_visit_is_at_the_facility_of_its_first_line() -> None:
    """Two lines of acupuncture are one visit: 40 and 10 of its 50, wherever the second one is."""
    lines = [item("acupuncture", 4_000, facility="north"), item("acupuncture", 9_000, facility="south")]
    assert copays(by_facility(*lines, item("massage", 9_000, facility="south"))) == [4_000, 1_000, 1_500]


def test_a_facility_is_told_and_read_again() -> None:
    """15 for massage at the north one: of 50 there 35 are due, and 50 at the south one."""
    (visit,) = by_facility(item("massage", 9_000, facility="north")).use_after.use[0].prior_visits
    assert (visit.benefit, visit.facility, visit.copay_paid_cents) == ("hands", "north", 1_500)
    before = [{"benefit": visit.benefit, "date": DAY, "copay_paid_cents": 1_500, "facility": visit.facility}]
    for facility, due in (("north", 3_500), ("south", 5_000)):
        assert copays(by_facility(item("acupuncture", 11_000, facility=facility), prior_visits=before)) == [due]
