"""Limits of hours, worked by hand (docs/rule-language.md, sections 2 and 4, points 10 and 15).

A session lasts an hour, a unit of 97810 15 minutes, one of 97811 30. The copay is 20.00 a visit.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from camcover.engine.estimate import Reason
from camcover.rulebook import load_texts
from small_rules import CATALOG, TEXTS, estimate, tables

MINUTES = 'minutes: {session: 1 hour, codes: {"97810": 15 minutes, "97811": 30 minutes}}'
TIMED = CATALOG.replace("    aliases: [needles]\n", f"    aliases: [needles]\n    {MINUTES}\n")
PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}
benefits:
  acupuncture:
    therapies: [acupuncture]
    limits: [{id: time, allow: 3 hours, per: calendar_year}]
    in: {member_pays: [{copay: $20 per visit}]}
otherwise: not_covered
"""


def asked(used: int, *items: dict[str, Any], text: str = PLAN, **others: Any) -> Estimate:
    """The estimate with so many minutes used; requirements as attested."""
    visit = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"]}
    member = {"id": "ana", "age": 44, "limit_usage": [{"limit": "time", "used": used}]} | others.pop("member", {})
    request = {"plan_id": "p", "members": [member], "items": [visit | each for each in items], "explain": True}
    return estimate(tables(p=text, catalog=TIMED), request | {"requirements": "REQUIREMENTS_AS_ATTESTED"} | others)


def codes(code: str, units: int, cents: int) -> dict[str, Any]:
    return {"procedures": [{"code": code, "units": units, "charge_cents": cents}]}


def test_whole_units_pass_while_their_minutes_are_left() -> None:
    """40 of 180 minutes are left: 2 of 3 units of 15. Covered 60.00 with the copay of 20.00, the third unit 30.00."""
    found = asked(140, codes("97810", 3, 9_000))
    (line,) = found.lines
    assert (line.covered, line.covered_units, line.reason) == (True, 2, Reason.LIMIT_REACHED)
    assert (line.copay_cents, line.not_covered_cents, line.plan_paid_cents) == (2_000, 3_000, 4_000)
    assert [(each.limit, each.used, each.allowed) for each in found.limits_after] == [("time", 170, 180)]


@pytest.mark.parametrize(("used", "expected"), [(150, [2_000, 5_000]), (151, [6_000, 2_000]), (166, [6_000, 5_000])])
def test_minutes_for_less_than_a_unit_cover_nothing(used: int, expected: list[int]) -> None:
    """A unit of 30 minutes for 60.00, then one of 15 for 50.00.

    30 left: the first takes all of it, nothing is left for the second. 29 left: the second alone, with
    the copay. 14 left: neither.
    """
    found = asked(used, codes("97811", 1, 6_000), codes("97810", 1, 5_000))
    assert [line.patient_cents for line in found.lines] == expected


def test_a_line_without_a_code_takes_the_minutes_of_a_session() -> None:
    """An hour each: the third is the last one. The words say hours."""
    dates = {"dates": ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"], "charge_cents": 6_000}
    found = asked(0, dates)
    assert [line.patient_cents for line in found.lines] == [2_000, 2_000, 2_000, 6_000]
    words = "The plan covers 3 hours in a calendar year. You have reached that limit."
    assert found.lines[3].steps[1].text == words


def test_dated_visits_use_no_minutes() -> None:
    visits = {"limit_usage": [], "prior_visits": [{"benefit": "acupuncture", "date": "2026-02-02", "units": 9}]}
    found = asked(0, codes("97810", 4, 8_000), member=visits)
    assert [(each.used, each.allowed) for each in found.limits_after] == [(60, 180)]


def test_the_range_covers_the_open_use_of_a_limit_of_hours() -> None:
    """Anything up to 180 minutes: the copay of 20.00, or the charge of 60.00."""
    found = asked(0, {"charge_cents": 6_000}, member={"limit_usage": []})
    assert (found.range.low_cents, found.range.high_cents) == (2_000, 6_000)


def test_every_catalog_edition_of_the_plan_needs_the_minutes() -> None:
    loaded = load_texts(TEXTS | {"p.yaml": PLAN})
    assert [each.code for each in loaded.errors] == ["minutes-not-given"]


@pytest.mark.parametrize(("minutes", "expected"), [(1_740, [2_000, 6_000]), (1_741, [6_000, 6_000])])
def test_more_than_a_thousand_minutes_may_be_stated_of_a_day(minutes: int, expected: list[int]) -> None:
    """30 hours in 90 days are 1,800 minutes: the last 60 take one session of an hour, the last 59 none."""
    text = PLAN.replace("3 hours, per: calendar_year", "30 hours, per: rolling 90 days")
    used = {"limit_usage": [{"limit": "time", "used": minutes, "date": "2026-02-02"}]}
    found = asked(0, {"dates": ["2026-03-02", "2026-03-09"], "charge_cents": 6_000}, text=text, member=used)
    assert [line.patient_cents for line in found.lines] == expected
