"""Other terms in the first year with a service than in later years, worked by hand (docs/rule-language.md, point 51).

Charge 100.00. In the first year the member pays 50%, in the second 30%, from the third year on 10%.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from camcover.engine.estimate import Adjustment, Reason
from camcover.money import Cents
from camcover.rulebook import load_texts
from small_rules import CATALOG, estimate, tables

HEADING = """\
format: camcover/1
kind: plan
id: plan
payer: {id: example, name: Example Health}
effective: {from: 2025-01-01}
benefit_period: PERIOD
illustrative: yes
tiers: {in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}}
otherwise: not_covered
benefits:
"""
NEEDLES = "therapies: [acupuncture], in: {member_pays: [{coinsurance: %d%%}]}"
THIRD, SECOND = f"  third: {{from_year: 3, {NEEDLES % 10}}}\n", f"  second: {{from_year: 2, {NEEDLES % 30}}}\n"
FIRST = f"  first: {{{NEEDLES % 50}}}\n"
PLAN = HEADING.replace("PERIOD", "calendar_year") + THIRD + SECOND + FIRST
RULES = tables(plan=PLAN)


def asked(first_service: str, *dates: str, plan: str = PLAN, **others: Any) -> Estimate:
    """Visits of a member who first had the service on a day; `others` go to the request."""
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": list(dates)}
    visit |= {"first_service": first_service} if first_service else {}
    request = {"plan_id": "plan", "members": [{"age": 40, "state": "WA"}], "items": [visit], "explain": True} | others
    return estimate(RULES if plan is PLAN else tables(plan=plan), request)


def bounds(found: Estimate) -> tuple[int, int, int]:
    return found.range.low_cents, found.range.expected_cents, found.range.high_cents


def test_a_year_begins_with_the_benefit_period() -> None:
    """First service 3 November 2025: 50 in 2025, 30 in 2026, 10 from 1 January 2027 on."""
    days = ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01", "2029-05-01")
    found = asked("2025-11-03", *days)
    assert [line.patient_cents for line in found.lines] == [5_000, 3_000, 3_000, 1_000, 1_000]
    assert [line.benefit for line in found.lines] == ["first", "second", "second", "third", "third"]
    assert found.range.low_cents == found.range.high_cents == found.range.expected_cents == 13_000


def test_a_plan_year_is_a_year_as_well() -> None:
    """Plan years from 1 July: first service 30 June 2026, so 1 July 2026 lies in the second year."""
    plan = PLAN.replace("calendar_year", "{starts: 07-01}")
    found = asked("2026-06-30", "2026-06-30", "2026-07-01", "2027-06-30", "2027-07-01", plan=plan)
    assert [line.patient_cents for line in found.lines] == [5_000, 3_000, 3_000, 1_000]


def test_a_first_service_on_the_first_day_of_a_year_begins_that_year() -> None:
    assert [line.patient_cents for line in asked("2026-01-01", "2026-12-31", "2027-01-01").lines] == [5_000, 3_000]
    assert [line.patient_cents for line in asked("2025-12-31", "2026-12-31", "2027-01-01").lines] == [3_000, 1_000]


def test_an_unknown_first_service_is_taken_to_lie_long_ago_and_widens_the_range() -> None:
    """Expected: the third year, 10. It may be the second, 30, or the first, 50."""
    found = asked("", "2026-03-15")
    assert bounds(found) == (1_000, 1_000, 5_000)
    told = (
        "Item 1: the plan covers this service only from year 3 on, counted from the first service on. You gave no day"
    )
    assert [each.text for each in found.range.assumptions] == [
        f"{told} of the first service, so we assume that it fits."
    ]


def test_the_range_covers_a_year_that_turns_between_two_visits() -> None:
    """10 + 10, or 30 + 10, or 50 + 30."""
    assert bounds(asked("", "2026-12-15", "2027-01-15")) == (2_000, 2_000, 8_000)


def test_an_unknown_first_service_fails_where_nothing_is_assumed() -> None:
    found = asked("", "2026-03-15", requirements="REQUIREMENTS_AS_ATTESTED")
    assert ([line.benefit for line in found.lines], bounds(found)) == (["first"], (1_000, 5_000, 5_000))


def test_a_service_that_is_covered_in_later_years_only_says_so() -> None:
    """100 in the first year, with the code of X12 for a waiting requirement that is not met."""
    plan = HEADING.replace("PERIOD", "calendar_year") + SECOND
    found = asked("2026-03-15", "2026-03-15", plan=plan)
    (line,) = found.lines
    assert (line.reason, line.adjustments) == (Reason.WAITING_PERIOD, (Adjustment("PR", "179", Cents(10_000)),))
    words = "The plan covers this service in this way only from year 2 on, counted from the first service on."
    assert line.steps[1].text == words
    (line,) = asked("", "2026-03-15", plan=plan, requirements="REQUIREMENTS_AS_ATTESTED").lines
    assert line.steps[1].text == f"{words} The day of the first service was not given."


def test_a_first_service_after_the_first_date_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked("2026-03-16", "2026-04-15", "2026-03-15")
    (violation,) = refused.value.violations
    assert (violation.field, violation.refusal.name) == ("items[0].first_service", "CONTRADICTORY_STATEMENTS")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ("from_year: 1", "invalid-count"),
        ("from_year: 100", "invalid-count"),
        ("from_year: 2 years", "invalid-count"),
        ("waiting_period: 2 months, from_year: 2", "key-without-effect"),
    ],
)
def test_a_year_that_says_nothing_is_an_error(terms: str, code: str) -> None:
    text = PLAN.replace("from_year: 2", terms)
    assert [each.code for each in load_texts({"catalog.yaml": CATALOG, "plan.yaml": text}).errors] == [code]


def test_the_terms_of_the_first_year_stand_behind_those_of_later_years() -> None:
    """In the other order no line ever reaches the terms of later years."""
    plan = HEADING.replace("PERIOD", "calendar_year") + FIRST + SECOND
    found = load_texts({"catalog.yaml": CATALOG, "plan.yaml": plan})
    assert "benefit-never-applies" in [each.code for each in found.diagnostics]
    found = load_texts({"catalog.yaml": CATALOG, "plan.yaml": PLAN})
    assert [each.code for each in found.diagnostics] == ["plan-without-tests"]
