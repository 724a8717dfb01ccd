"""Answers in the JSON that spells codes out: the same facts as those of the X12 that they were made of.

The names are those of the models of Stedi's SDK 1.0.0.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    Confidence,
    CoverageLevel,
    Eligibility,
    EligibilityFact,
    FactKind,
    NoteKind,
)
from camcover.exchange.notes import UnreadableFile
from exchange.answers import EXAMPLE, answer
from exchange.answers_in_json import spelled

CHIROPRACTIC = {
    "coverageLevel": "INDIVIDUAL",
    "network": {"indicator": "IN_NETWORK"},
    "service": {"system": "STC", "value": "33", "definition": "Chiropractic"},
    "timePeriod": "CALENDAR_YEAR",
    "quantity": {"value": "20", "qualifier": "VISITS"},
    "messages": ["WITHOUT X RAYS"],
}


def told(benefits: dict[str, Any], **others: Any) -> Eligibility:
    """What an answer of one plan says."""
    content = {"subscriber": {"dateOfBirth": "1982-02-11"}, "plans": [{"benefits": benefits}]} | others
    return member_of_file(read_eligibility(json.dumps(content)))


def _facts(found: Eligibility) -> set[EligibilityFact]:
    """Facts by service type, without where they stand."""
    return {
        replace(each, segments=(), service_types=(service,) if service else ())
        for each in found.facts
        for service in each.service_types or ("",)
    }


def test_it_says_what_its_x12_says() -> None:
    """By service type, of which each has an entry of its own: 3 active, 2 sums, 2 shares, 2 of approval, 1 limit."""
    segments: tuple[str, ...] = (
        "EB*1**30^33^64",
        "EB*C*IND*30***23*1500*****Y",
        "EB*C*IND*30***29*400*****Y",
        "EB*G*FAM*30***23*9000",
    )
    segments += ("EB*B*IND*64***27*35*****Y", "EB*A*IND*33*****.2****N", "EB*I**BE", "EB*CB**A6")
    segments += (
        "EB*F*IND*33***23***VS*20**Y",
        "MSG*WITHOUT X RAYS",
        "EB*F*IND*33***29***VS*15**Y",
        "MSG*WITHOUT X RAYS",
    )
    text = answer(*segments)
    ours = member_of_file(read_eligibility(json.dumps(spelled(text))))
    theirs = member_of_file(read_eligibility(text))
    own = {FactKind.BIRTH_DATE, FactKind.ROLE, FactKind.COVERED_FROM, FactKind.COVERED_TO, FactKind.ENROLLED_ON}
    by_service = {each for each in _facts(theirs) if each.kind not in own}
    assert {each for each in _facts(ours) if each.kind not in own} == by_service
    assert len(by_service) == 3 + 2 + 2 + 2 + 1


def test_the_example_gives_the_same_sums_and_limits() -> None:
    ours = member_of_file(read_eligibility(json.dumps(spelled(EXAMPLE))))
    theirs = member_of_file(read_eligibility(EXAMPLE))
    for kind in (FactKind.DEDUCTIBLE, FactKind.OUT_OF_POCKET_MAXIMUM, FactKind.LIMIT):
        some = {(each.level, each.network, each.total, each.so_far, each.remaining) for each in ours.of_kind(kind)}
        assert some >= {
            (each.level, each.network, each.total, each.so_far, each.remaining) for each in theirs.of_kind(kind)
        }


def test_x12_inside_of_it_is_read_in_its_place() -> None:
    found = member_of_file(read_eligibility(json.dumps(spelled(answer("EB*1**30")) | {"x12": EXAMPLE})))
    assert found == member_of_file(read_eligibility(EXAMPLE))


def test_entries_are_counted_through_all_plans_and_kinds() -> None:
    remaining = CHIROPRACTIC | {"timePeriod": "REMAINING", "quantity": {"value": "15", "qualifier": "VISITS"}}
    active = {"status": "ACTIVE_COVERAGE", "service": {"system": "STC", "value": "30"}}
    plans = [
        {"name": "DENTAL", "benefits": {"statuses": [active]}},
        {"name": "GOLD", "benefits": {"statuses": [active], "limitations": [CHIROPRACTIC, remaining]}},
    ]
    (limit,) = told({}, plans=plans).of_kind(FactKind.LIMIT)
    assert (limit.segments, limit.total, limit.remaining, limit.so_far) == ((3, 4), 20, 15, 5)
    assert (limit.level, limit.network, limit.confidence) == (
        CoverageLevel.INDIVIDUAL,
        BenefitNetwork.IN,
        Confidence.HIGH,
    )
    assert limit.texts == ("WITHOUT X RAYS",)


def test_procedures_deliveries_dates_and_places_of_an_entry() -> None:
    """12 visits a calendar year as a delivery, for a procedure, in an office, in 2026."""
    delivery = {
        "quantity": {"value": "12", "qualifier": "VISITS"},
        "period": {"value": 1, "qualifier": "CALENDAR_YEAR"},
    }
    entry = {
        "service": {"system": "CPT", "value": "97810"},
        "serviceLimits": [{"delivery": delivery}],
        "dates": {"benefit": {"start": "2026-01-01", "end": "2026-12-31"}},
        "placesOfService": [{"code": "11", "name": "Office"}],
    }
    (limit,) = told({"limitations": [entry]}).of_kind(FactKind.LIMIT)
    assert (limit.procedure, limit.total, limit.period, limit.places) == ("97810", 12, "23", ("11",))
    assert (limit.first_day, limit.last_day) == (date(2026, 1, 1), date(2026, 12, 31))


def test_a_limit_over_two_years_is_not_read_and_that_is_listed() -> None:
    delivery = {
        "quantity": {"value": "20", "qualifier": "VISITS"},
        "period": {"value": 2, "qualifier": "CALENDAR_YEAR"},
    }
    found = told({"limitations": [{"service": CHIROPRACTIC["service"], "serviceLimits": [{"delivery": delivery}]}]})
    assert found.of_kind(FactKind.LIMIT) == ()
    assert "HSD of a benefit (EB01 F), of which nothing is taken" in [each.text for each in found.notes]


def test_a_dependent_and_a_payer_who_does_not_answer() -> None:
    active = {"statuses": [{"status": "ACTIVE_COVERAGE"}]}
    dates = {"plan": {"start": "2026-01-01"}}
    dependent = {"dateOfBirth": "2015-07-04", "relationToSubscriber": "CHILD", "dates": dates}
    found = told(active, dependent=dependent)
    assert [each.day for each in found.of_kind(FactKind.BIRTH_DATE)] == [date(2015, 7, 4)]
    assert [each.word for each in found.of_kind(FactKind.ROLE)] == ["child"]
    assert [each.day for each in found.of_kind(FactKind.COVERED_FROM)] == [date(2026, 1, 1)]
    refused = told({}, plans=[], errors=[{"code": "72", "description": "x", "location": "SUBSCRIBER"}])
    (note,) = [each for each in refused.notes if each.kind is NoteKind.REFUSED_BY_PAYER]
    assert "AAA03 72" in note.text


@pytest.mark.parametrize(
    "entry",
    [
        {"service": {"system": "NDC", "value": "1"}},
        {"service": {"range": {"start": {"value": "97810"}, "end": {"value": "97814"}}}},
        {"diagnosis": {"codes": []}},
        {"serviceLimits": [{"ageMaximum": 18}]},
        {"dates": {"latestVisit": {"start": "2026-01-15"}}},
    ],
)
def test_what_has_no_place_is_listed_by_entry(entry: dict[str, Any]) -> None:
    found = told({"limitations": [CHIROPRACTIC, CHIROPRACTIC | entry]})
    assert [each.segments for each in found.notes if each.text == "a name in the entry that is not read here"] == [(2,)]


def test_kinds_that_are_not_known_or_not_valid_are_listed() -> None:
    found = told({"limitations": [CHIROPRACTIC], "rebates": [{}], "invalidEntries": {"deductible": [{"amount": "x"}]}})
    assert [each.segments for each in found.notes if each.text == "a name in the entry that is not read here"] == [
        (2,),
        (3,),
    ]


def test_a_word_that_is_not_known_is_no_code() -> None:
    """A limit over a period of another word gives no fact, and that is noted."""
    found = told({"limitations": [CHIROPRACTIC | {"timePeriod": "FORTNIGHT"}]})
    assert found.of_kind(FactKind.LIMIT) == ()
    assert [each.segments for each in found.notes if each.kind is NoteKind.NOT_READ] == [(1,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"plans": {}}', "plans: found no list; expected a list of plans with their benefits"),
        ('{"plans": [1]}', "plans[0].benefits: found no object; expected an object with a list for each kind"),
        ('{"plans": [{"benefits": []}]}', "plans[0].benefits: found a list; expected an object with a list for each"),
        ('{"plans": []}', "plans: found no benefit in any plan; expected at least one, or errors"),
        (
            json.dumps({"plans": [{"benefits": {"reserve": [{}] * 10_001}}]}),
            "found 10001 entries of benefitsInformation",
        ),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.json: ") as caught:
        read_eligibility(text, "a.json")
    assert said in str(caught.value)


def test_no_fact_and_no_note_names_a_person() -> None:
    content = spelled(EXAMPLE)
    content["subscriber"]["name"] = {"person": {"firstName": "ANA", "lastName": "SAMPLE"}}
    content["plans"][0]["benefits"]["statuses"][0] |= {
        "relatedEntities": [{"name": {"person": {"lastName": "SAMPLE"}}}],
        "additionalInformation": {"memberId": "X00000042"},
        "SAMPLE": "ANA",
    }
    found = member_of_file(read_eligibility(json.dumps(content)))
    for text in ("SAMPLE", "ANA", "X00000042"):
        assert text not in repr(found)


def test_broken_answers_are_read_or_refused() -> None:
    """Values of other types in any place, and texts that are cut."""
    draw = Random(1)  # noqa: S311 - the same draws each time
    limit = CHIROPRACTIC | {"serviceLimits": [{"delivery": {"quantity": {"value": "1"}}}], "dates": {"benefit": {}}}
    content = {
        "subscriber": {"dateOfBirth": "1982-02-11", "dates": {"plan": {"start": "2026-01-01"}}},
        "dependent": {"relationToSubscriber": "CHILD"},
        "plans": [{"benefits": {"limitations": [limit], "invalidEntries": {"deductible": [{}]}}}],
    }
    text = json.dumps(content)
    for end in range(1, len(text), 7):
        with pytest.raises(UnreadableFile):
            read_eligibility(text[:end])
    others: list[Any] = [None, 1, -1.5, [], {}, [None], ["30", 1], "", "1e9", {"a": []}, True]
    for _ in range(400):
        broken: Any = json.loads(text)
        for place in _objects(broken):
            for name in list(place):
                if draw.random() < 0.08 and name != "plans":
                    place[name] = draw.choice(others)
        with suppress(UnreadableFile):
            member_of_file(read_eligibility(json.dumps(broken)))


def _objects(value: Any) -> list[dict[str, Any]]:
    """Every object inside of a value, itself included."""
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    own = [value] if isinstance(value, dict) else []
    return [*own, *(each for one in inside for each in _objects(one))]
