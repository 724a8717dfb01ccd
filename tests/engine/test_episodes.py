"""Limits by episode and by condition, and from the first visit on, worked by hand (docs/rule-language.md, point 49).

Charge 60.00 a visit; a covered visit costs the copay of 20.00.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from small_rules import estimate, tables

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2025-01-01}
illustrative: yes
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}
benefits:
  acupuncture:
    therapies: [acupuncture]
    WHENlimits: [{id: few, allow: 2 visits, PERIOD}]
    in: {member_pays: [{copay: $20 per visit}]}
otherwise: not_covered
"""
CLAIM, CONDITION, SIXTY = "per: episode", "per: condition", "per: 60 days from first_visit"
COVERED, REFUSED = 2_000, 6_000


def asked(period: str, *items: dict[str, Any], member: dict[str, Any] | None = None, **others: Any) -> Estimate:
    """The estimate of visits at 60.00 under a limit of two visits; requirements as attested."""
    visit = {"therapy": "acupuncture", "charge_cents": 6_000, "tier": "in", "dates": ["2026-03-02"]}
    when = "when: {conditions: [back-pain, headache]}\n    " if "condition" in period else ""
    text = PLAN.replace("WHEN", when).replace("PERIOD", period)
    person = {"id": "ana", "age": 44, "state": "WA"} | (member or {})
    whole = {"plan_id": "p", "members": [person], "items": [visit | each for each in items or ({},)]}
    return estimate(tables(p=text), whole | {"requirements": "REQUIREMENTS_AS_ATTESTED"} | others)


def patients(found: Estimate) -> list[int]:
    return [line.patient_cents for line in found.lines]


def dates(*days: str) -> dict[str, Any]:
    return {"dates": [f"2026-{day}" for day in days]}


def test_each_claim_has_visits_of_its_own() -> None:
    """Two of the first claim, its third refused; the second one begins from nothing, as does one without a name."""
    found = asked(
        CLAIM,
        {"episode": "knee"} | dates("03-02", "03-03", "03-04"),
        {"episode": "back"} | dates("03-05"),
        dates("03-06"),
    )
    assert patients(found) == [COVERED, COVERED, REFUSED, COVERED, COVERED]
    assert [(each.episode, each.used) for each in found.limits_after] == [("", 1), ("knee", 2), ("back", 1)]


def test_use_so_far_is_of_the_episode_that_it_names() -> None:
    """Two visits are used of the knee, none of the back."""
    stated = {"limit_usage": [{"limit": "few", "used": 2, "episode": "knee"}]}
    assert patients(asked(CLAIM, {"episode": "knee"}, member=stated)) == [REFUSED]
    assert patients(asked(CLAIM, {"episode": "back"}, member=stated)) == [COVERED]
    visits = {
        "prior_visits": [{"benefit": "acupuncture", "date": f"2026-02-0{day}", "episode": "knee"} for day in (1, 2)]
    }
    assert patients(asked(CLAIM, {"episode": "knee"}, member=visits)) == [REFUSED]
    assert patients(asked(CLAIM, {"episode": "back"}, member=visits)) == [COVERED]


@pytest.mark.parametrize(
    ("day", "owed"),
    [
        ("05-30", [COVERED, COVERED, REFUSED]),
        # The first two months from 31 March end with 30 May.
        ("05-31", [COVERED, COVERED, COVERED]),
    ],
)
def test_months_from_an_episode_begin_anew(day: str, owed: list[int]) -> None:
    start = {"episodes": [{"episode": "knee", "start_date": "2026-03-31"}]}
    found = asked(
        "per: 2 months from episode",
        {"episode": "knee"} | dates("04-01", "05-29", day),
        member=start,
        as_of="2026-04-01",
    )
    assert patients(found) == owed


def test_an_episode_begins_with_its_first_visit_where_nothing_says_when() -> None:
    """30 days from 20 February end with 21 March; the estimate says so, and carries the day on."""
    visits = {"prior_visits": [{"benefit": "acupuncture", "date": "2026-02-20", "episode": "knee"}]}
    found = asked(
        "per: 30 days from episode",
        {"episode": "knee"} | dates("03-02", "03-21", "03-22"),
        member=visits,
        as_of="2026-03-02",
    )
    assert patients(found) == [COVERED, REFUSED, COVERED]
    said = [each.text for each in found.range.assumptions]
    assert any("taken to begin on February 20, 2026" in each for each in said), said
    ((episode,),) = found.use_after.episodes
    assert (episode.episode, str(episode.started_on)) == ("knee", "2026-02-20")


def test_each_condition_has_a_count_of_its_own() -> None:
    """A line is counted for the first condition of the list that it meets: back pain, though it has both."""
    back, head, both = ({"diagnoses": codes} for codes in (["M54.50"], ["R51"], ["R51", "M54.50"]))
    found = asked(
        CONDITION, back | dates("03-02"), both | dates("03-03"), back | dates("03-04"), head | dates("03-05", "03-06")
    )
    assert patients(found) == [COVERED, COVERED, REFUSED, COVERED, COVERED]
    stated = {"limit_usage": [{"limit": "few", "used": 2, "condition": "headache"}]}
    assert patients(asked(CONDITION, head, back, member=stated)) == [REFUSED, COVERED]


def test_a_condition_of_each_year() -> None:
    """Two visits for back pain in 2025 and again in 2026."""
    back = {"diagnoses": ["M54.50"], "dates": ["2025-12-29", "2025-12-30", "2025-12-31", "2026-01-02"]}
    assert patients(asked("per: calendar_year, for: condition", back)) == [COVERED, COVERED, REFUSED, COVERED]


def test_the_time_begins_with_the_first_counted_visit() -> None:
    """60 days from 2 March end with 30 April; the visit of 1 May begins the next."""
    found = asked(SIXTY, dates("03-02", "04-29", "04-30", "05-01", "05-02", "05-03"))
    assert patients(found) == [COVERED, COVERED, REFUSED, COVERED, COVERED, REFUSED]
    (use,) = found.use_after.use
    assert [(str(each.date), each.used) for each in use.limit_usage] == [("2026-05-01", 2)]


def test_what_is_used_of_a_time_has_its_first_visit() -> None:
    """One used since 5 January: 60 days from it end with 5 March. Without a date it began on the first date."""
    used = {"limit": "few", "used": 1}
    visits = dates("03-05", "03-06", "03-07", "03-08")
    dated = {"limit_usage": [used | {"date": "2026-01-05"}]}
    assert patients(asked(SIXTY, visits, member=dated)) == [COVERED, COVERED, COVERED, REFUSED]
    assert patients(asked(SIXTY, visits, member={"limit_usage": [used]})) == [COVERED, REFUSED, REFUSED, REFUSED]


def test_a_stated_time_that_is_over_says_nothing_of_later_visits() -> None:
    """60 days from 1 December 2025 end with 29 January; the dated visit of 1 March begins the next 60 days."""
    member = {
        "limit_usage": [{"limit": "few", "used": 2, "date": "2025-12-01"}],
        "prior_visits": [{"benefit": "acupuncture", "date": "2026-03-01"}],
    }
    assert patients(asked(SIXTY, dates("03-02", "03-03"), member=member)) == [COVERED, REFUSED]


def test_a_count_may_be_of_the_first_dates_period() -> None:
    """Two visits are used in March, none as of 10 April; that of 1 March is one of them, that of 8 March a third."""
    march = {"limit": "few", "used": 1, "date": "2026-03-05"}
    stated = {"limit_usage": [{"limit": "few", "used": 0}, march]}
    visits = {"prior_visits": [{"benefit": "acupuncture", "date": "2026-03-01"}]}
    later = {"prior_visits": [*visits["prior_visits"], {"benefit": "acupuncture", "date": "2026-03-08"}]}
    found = [
        asked("per: month", dates("03-09", "03-10", "04-13"), member=stated | more, as_of="2026-04-10")
        for more in ({}, visits, later)
    ]
    assert [patients(each) for each in found] == [
        [COVERED, REFUSED, COVERED],
        [COVERED, REFUSED, COVERED],
        [REFUSED, REFUSED, COVERED],
    ]


@pytest.mark.parametrize(
    ("per", "entries", "told"),
    [
        ("month", [{"date": "2026-03-01"}], "in the period that holds as_of (2026-03-08)"),
        ("month", [{"date": "2026-03-10"}], "expected a date on or before 2026-03-09"),
        ("month", [{"date": "2026-03-01"}, {"date": "2026-02-01"}], "a second time"),
        ("benefit_period", [{"date": "2025-12-01"}], "of which only the count of one period may be stated"),
        ("month", [{"date": "2026-03-08", "used": 1}], "the dated visits alone use 2"),
    ],
)
def test_a_count_of_another_period_that_cannot_be_is_refused(
    per: str, entries: list[dict[str, Any]], told: str
) -> None:
    member = {
        "limit_usage": [{"limit": "few"} | each for each in entries],
        "prior_visits": [{"benefit": "acupuncture", "date": f"2026-03-0{day}"} for day in (1, 8)],
    }
    if "the dated" not in told:
        del member["prior_visits"]
    with pytest.raises(InvalidRequest) as refused:
        asked(f"per: {per}", dates("03-09"), member=member, as_of="2026-03-08" if "as_of" in told else "2026-04-10")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("period", "member", "told"),
    [
        (
            "per: lifetime",
            {"limit_usage": [{"limit": "few", "used": 1, "episode": "knee"}]},
            "not count each episode",
        ),
        (
            CLAIM,
            {"limit_usage": [{"limit": "few", "used": 1, "condition": "headache"}]},
            "not count each condition",
        ),
        (CONDITION, {"limit_usage": [{"limit": "few", "used": 1, "condition": "nerves"}]}, "condition 'nerves'"),
        (
            CONDITION,
            {"prior_visits": [{"benefit": "acupuncture", "date": "2026-03-01", "condition": "nerves"}]},
            "condition 'nerves'",
        ),
        (SIXTY, {"limit_usage": [{"limit": "few", "used": 1, "date": "2026-03-03"}]}, "on or before 2026-03-02"),
        (SIXTY, {"limit_usage": [{"limit": "few", "date": f"2026-01-0{day}"} for day in (1, 2)]}, "a second time"),
        (CLAIM, {"episodes": [{"start_date": "2026-03-03"}]}, "a start not after its services"),
        (CLAIM, {"episodes": [{"episode": "knee", "start_date": "2026-01-01"}] * 2}, "'knee' a second time"),
    ],
)
def test_statements_that_cannot_be_are_refused(period: str, member: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        asked(period, member=member)


def test_the_use_of_each_open_count_widens_the_range() -> None:
    """Nothing is said of either claim: each visit costs 20 or 60. Of the knee none is used: only the back is open."""
    items = ({"episode": "knee"}, {"episode": "back"} | dates("03-03"))
    found = asked(CLAIM, *items).range
    assert (found.low_cents, found.expected_cents, found.high_cents) == (4_000, 4_000, 12_000)
    stated = {"limit_usage": [{"limit": "few", "used": 0, "episode": "knee"}]}
    assert asked(CLAIM, *items, member=stated).range.high_cents == 8_000
