"""Answers in the JSON of clearinghouses: the same facts as those of the X12 that they were made of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from camcover.exchange.eligibility.reading import member_of_file, read_eligibility
from camcover.exchange.eligibility.records import Eligibility, EligibilityFact, FactKind, NoteKind
from camcover.exchange.notes import UnreadableFile
from exchange.answers import EXAMPLE, answer
from exchange.answers_in_json import as_json

CHIROPRACTIC = {
    "code": "F", "name": "Limitations", "coverageLevelCode": "IND", "coverageLevel": "Individual",
    "serviceTypeCodes": ["33"], "serviceTypes": ["Chiropractic"], "timeQualifierCode": "23",
    "quantityQualifierCode": "VS", "quantityQualifier": "Visits", "benefitQuantity": "20",
    "inPlanNetworkIndicatorCode": "Y", "additionalInformation": [{"description": "WITHOUT X RAYS"}],
}  # fmt: skip


def told(*entries: dict[str, Any], **others: Any) -> Eligibility:
    """What an answer with these entries says."""
    content = {"subscriber": {"dateOfBirth": "19820211"}, "benefitsInformation": list(entries)} | others
    return member_of_file(read_eligibility(json.dumps(content)))


def without_places(facts: tuple[EligibilityFact, ...]) -> set[EligibilityFact]:
    """Facts, but for where they stand."""
    return {replace(each, segments=()) for each in facts}


def test_json_says_what_its_x12_says() -> None:
    ours = member_of_file(read_eligibility(json.dumps(as_json(EXAMPLE))))
    theirs = member_of_file(read_eligibility(EXAMPLE))
    assert without_places(ours.facts) == without_places(theirs.facts)
    assert len(ours.facts) == len(theirs.facts) > 10
    assert (theirs.as_of, ours.as_of) == (date(2026, 3, 2), None)


def test_x12_inside_of_json_is_read_in_its_place() -> None:
    found = member_of_file(read_eligibility(json.dumps({"x12": EXAMPLE, "benefitsInformation": []})))
    assert found == member_of_file(read_eligibility(EXAMPLE))


def test_facts_have_the_numbers_of_entries() -> None:
    remaining = CHIROPRACTIC | {"timeQualifierCode": "29", "benefitQuantity": "15"}
    found = told({"code": "1", "serviceTypeCodes": ["30"]}, CHIROPRACTIC, remaining)
    (limit,) = found.of_kind(FactKind.LIMIT)
    assert (limit.segments, limit.total, limit.remaining, limit.so_far) == ((2, 3), 20, 15, 5)
    assert limit.texts == ("WITHOUT X RAYS",)
    assert [each.segments for each in found.of_kind(FactKind.BIRTH_DATE)] == [(0,)]


def test_procedures_delivery_dates_and_places_of_an_entry() -> None:
    """Two visits a week are HSD, with a procedure in place of service types."""
    entry = {
        "code": "F",
        "compositeMedicalProcedureIdentifier": {"productOrServiceIDQualifierCode": "HC", "procedureCode": "97810"},
        "benefitsServiceDelivery": [{"quantityQualifierCode": "VS", "quantity": 12, "timePeriodQualifierCode": "23"}],
        "benefitsDateInformation": {"benefit": "20260101-20261231"},
        "eligibilityAdditionalInformationList": [{"codeListQualifierCode": "ZZ", "industryCode": "11"}],
    }
    (limit,) = told(entry).of_kind(FactKind.LIMIT)
    assert (limit.procedure, limit.total, limit.period, limit.places) == ("97810", 12, "23", ("11",))
    assert (limit.first_day, limit.last_day) == (date(2026, 1, 1), date(2026, 12, 31))


def test_a_dependent_and_a_payer_who_does_not_answer() -> None:
    dependent = {"dateOfBirth": "20150704", "relationToSubscriberCode": "19"}
    found = told({"code": "1", "serviceTypeCodes": ["30"]}, dependents=[dependent])
    assert [each.day for each in found.of_kind(FactKind.BIRTH_DATE)] == [date(2015, 7, 4)]
    assert [each.word for each in found.of_kind(FactKind.ROLE)] == ["child"]
    refused = member_of_file(read_eligibility('{"errors": [{"code": "72"}], "subscriber": {}}'))
    (note,) = [each for each in refused.notes if each.kind is NoteKind.REFUSED_BY_PAYER]
    assert "AAA03 72" in note.text


def test_a_limit_over_several_periods_is_not_read_and_that_is_listed() -> None:
    """20 visits in two calendar years are not 20 in one; one visit in each three months is not one in each."""
    two_years = {"quantityQualifierCode": "VS", "quantity": "20", "timePeriodQualifierCode": "23", "numOfPeriods": "2"}
    quarterly = {"quantityQualifierCode": "VS", "quantity": "1", "unitForMeasurementCode": "MO"}
    quarterly |= {"sampleSelectionModulus": "3"}
    for delivery in (two_years, quarterly):
        entry = {"code": "F", "serviceTypeCodes": ["33"], "benefitsServiceDelivery": [delivery]}
        found = told(entry)
        assert found.of_kind(FactKind.LIMIT) == ()
        assert "HSD of a benefit (EB01 F), of which nothing is taken" in [each.text for each in found.notes]
    once = {"code": "F", "serviceTypeCodes": ["33"], "benefitsServiceDelivery": [two_years | {"numOfPeriods": "1"}]}
    assert [each.total for each in told(once).of_kind(FactKind.LIMIT)] == [20]


def test_names_that_are_not_known_are_listed_by_entry() -> None:
    found = told(CHIROPRACTIC, CHIROPRACTIC | {"somethingNew": {"a": 1}, "benefitQuantity": "20"})
    (note,) = [each for each in found.notes if each.kind is NoteKind.NOT_READ]
    assert (note.segments, note.text) == ((2,), "a name in the entry that is not read here")
    delivery = {"quantityQualifierCode": "VS", "quantity": "20", "timePeriodQualifierCode": "23", "pattern": "A"}
    found = told({"code": "F", "serviceTypeCodes": ["33"], "benefitsServiceDelivery": [delivery]})
    assert [each.segments for each in found.notes if each.text == "a name in the entry that is not read here"] == [(1,)]


def test_no_fact_and_no_note_names_a_person() -> None:
    related = {"entityName": "SAMPLE", "entityIdentification": "X00000042"}
    content = as_json(EXAMPLE)
    content["benefitsInformation"][0] |= {"benefitsRelatedEntity": related, "SAMPLE": "ANA"}
    found = member_of_file(read_eligibility(json.dumps(content)))
    for text in ("SAMPLE", "ANA", "X00000042"):
        assert text not in repr(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "found no JSON; expected an X12 271, or JSON with benefitsInformation"),
        ('{"coverage": {}}', "found JSON without benefitsInformation, plans and x12; expected JSON with one of them"),
        ('{"items": []}', "items: found several answers; expected one of them in a file of its own"),
        ('{"benefitsInformation": {}}', "benefitsInformation: found no list; expected a list of entries"),
        ('{"benefitsInformation": [' + "1," * 10_000 + "1]}", "found 10001 entries of benefitsInformation"),
        ('{"a": "' + "x" * (1 << 20) + '"}', "characters; expected at most 1048576"),
        ('{"a": ' + "[" * 100_000 + "}", "found no JSON"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.json: ") as caught:
        read_eligibility(text, "a.json")
    assert said in str(caught.value)


def test_delimiters_in_texts_are_no_delimiters() -> None:
    found = told(CHIROPRACTIC | {"additionalInformation": [{"description": "A\x1dB*C~\nD"}]})
    assert found.of_kind(FactKind.LIMIT)[0].texts == ("AB*C~ D",)


def test_half_a_letter_is_no_letter() -> None:
    """JSON may write half of a pair, which no answer of the service can hold."""
    found = told(CHIROPRACTIC | {"additionalInformation": [{"description": "A\ud800B"}]})
    assert found.of_kind(FactKind.LIMIT)[0].texts == ("A?B",)


def test_broken_answers_are_read_or_refused() -> None:
    """Values of other types in any place, and texts that are cut."""
    draw = Random(271)  # noqa: S311 - the same draws each time
    text = json.dumps(as_json(answer("EB*1**30", "EB*F*IND*64***23***VS*12**Y", "MSG*A", "EB*B*IND*64***27*20*****Y")))
    for end in range(1, len(text), 7):
        with pytest.raises(UnreadableFile):
            read_eligibility(text[:end] if end < len(text) - 1 else text[:-1])
    for _ in range(200):
        content = json.loads(text)
        for entry in (content, content["subscriber"], *content["benefitsInformation"]):
            for name in list(entry):
                if draw.random() < 0.2 and name != "benefitsInformation":
                    entry[name] = draw.choice([None, 1, -1.5, [], {}, [None], ["30", 1], "", "1e9", {"a": []}, True])
        member_of_file(read_eligibility(json.dumps(content)))
