"""A payer's answer as clearinghouses hand it on in JSON: the list `benefitsInformation`, whose codes are those of X12.

What comes in: the text of a JSON object; `spelled_out` makes the older form of one with `plans`. What goes out: the X12
271 that it holds as a text, or else segments made of its entries, each with a number, and which entry each number
stands for. So one reader knows what an answer says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from camcover.exchange.eligibility.spelled_out import PLANS, older_form
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.x12.segments import SMALL_FILE, X12Delimiters, X12Segment

__all__ = ["ReceivedAnswer", "is_json", "received_answer"]

_LIST = "benefitsInformation"
_FORMS = "as clearinghouses hand an X12 271 on"
_MOST_ENTRIES = SMALL_FILE.segments
_DELIMITERS = X12Delimiters("\x1d", "\x1e", "\x1f", "\x1c")
"""Control characters, which are taken out of every text."""

_DROPPED = {ord(each): None for each in _DELIMITERS}

_ELEMENTS = {
    "code": 1,
    "coverageLevelCode": 2,
    "insuranceTypeCode": 4,
    "planCoverage": 5,
    "timeQualifierCode": 6,
    "benefitAmount": 7,
    "benefitPercent": 8,
    "quantityQualifierCode": 9,
    "benefitQuantity": 10,
    "authOrCertIndicator": 11,
    "inPlanNetworkIndicatorCode": 12,
}
"""Names of an entry with the elements of EB that they hold."""

_DELIVERY = {
    "quantityQualifierCode": 1,
    "quantity": 2,
    "unitForMeasurementCode": 3,
    "sampleSelectionModulus": 4,
    "timePeriodQualifierCode": 5,
    "numOfPeriods": 6,
}
"""The same of HSD."""

_DELIVERY_WORDS = {"quantityQualifier", "unitForMeasurement", "timePeriodQualifier"}
"""Words for codes."""

_DATES = {
    "plan": "291",
    "benefit": "292",
    "eligibility": "307",
    "enrollment": "382",
    "planBegin": "346",
    "planEnd": "347",
    "benefitBegin": "348",
    "benefitEnd": "349",
    "eligibilityBegin": "356",
    "eligibilityEnd": "357",
}
"""Names of dates with the qualifiers of DTP."""

_COMPOSITE = {"additionalInformation", "benefitsDateInformation", "benefitsServiceDelivery", "serviceTypeCodes"}
_COMPOSITE |= {"compositeMedicalProcedureIdentifier", "eligibilityAdditionalInformationList"}
_PASSED_OVER = {"name", "coverageLevel", "serviceTypes", "insuranceType", "timeQualifier", "quantityQualifier"}
_PASSED_OVER |= {"inPlanNetworkIndicator", "benefitsRelatedEntity", "benefitsRelatedEntities"}
_PASSED_OVER |= {"headerLoopIdentifierCode", "trailerLoopIdentifierCode"}
"""Words for codes, and names of others than the member."""


class ReceivedAnswer(NamedTuple):
    """An answer. `x12`: its text, empty where it has none; then `segments`, and by number the entry of each, from 1.

    `unknown`: for each name of an entry that is not known the entries that have it.
    """

    x12: str = ""
    segments: tuple[X12Segment, ...] = ()
    entries: Mapping[int, int] = {}
    unknown: Mapping[str, tuple[int, ...]] = {}


def is_json(text: str) -> bool:
    """Whether a text is an object of JSON, not X12."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def received_answer(text: str, file: str = "") -> ReceivedAnswer:
    """The answer of a JSON text; `file`: its name. Raises `UnreadableFile`, which repeats no text."""
    if len(text) > SMALL_FILE.characters:
        raise _unreadable(file, f"{len(text)} characters", f"at most {SMALL_FILE.characters}")
    try:
        content = json.loads(text.lstrip("\ufeff"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise _unreadable(file, "no JSON", f"an X12 271, or JSON with {_LIST}") from error
    whole = content.get("x12")
    if isinstance(whole, str) and whole.lstrip().startswith("ISA"):
        return ReceivedAnswer(whole)
    if PLANS in content and _LIST not in content:
        content = older_form(content, file)
    entries = _entries_told(content, file)
    if len(entries) > _MOST_ENTRIES:
        raise _unreadable(file, f"{len(entries)} entries of {_LIST}", f"at most {_MOST_ENTRIES}")
    maker = _SegmentMaker()
    maker.person(content)
    for number, entry in enumerate(entries, start=1):
        maker.benefit(number, entry if isinstance(entry, dict) else {})
    unknown = {name: tuple(some) for name, some in maker.unknown.items()}
    return ReceivedAnswer("", tuple(maker.segments), maker.entries, unknown)


def _entries_told(content: Mapping[str, Any], file: str) -> list[Any]:
    """The entries of an answer; none of one with errors alone. Raises `UnreadableFile`."""
    if _LIST in content:
        if not isinstance(content[_LIST], list):
            raise _unreadable(file, "no list", "a list of entries", _LIST)
        return list(content[_LIST])
    if content.get("errors"):
        return []
    if "items" in content:
        raise _unreadable(file, "several answers", "one of them in a file of its own", "items")
    raise _unreadable(file, f"JSON without {_LIST}, {PLANS} and x12", f"JSON with one of them, {_FORMS}")


class _SegmentMaker:
    """Makes segments, numbered from 1."""

    def __init__(self) -> None:
        self.segments: list[X12Segment] = []
        self.entries: dict[int, int] = {}
        self.unknown: dict[str, list[int]] = {}
        self._entry = 0

    def person(self, content: Mapping[str, Any]) -> None:
        """The member: the first dependent, else the subscriber; the dates of the plan; why the payer did not answer."""
        self._add("ST", "271")
        self._add("HL", "1", "", "20")
        self._add("HL", "2", "1", "22")
        person = _object(content, "subscriber")
        dependent = next(_objects(content, "dependents"), None)
        if dependent is not None:
            person = dependent
            self._add("HL", "3", "2", "23")
        relation = _text(person, "relationToSubscriberCode") if dependent is not None else "18"
        self._add("INS", "N" if dependent is not None else "Y", relation)
        if born := _text(person, "dateOfBirth"):
            self._add("DMG", "D8", born)
        self._dates(_object(content, "planDateInformation"))
        for each in (*_objects(content, "errors"), *_objects(person, "aaaErrors")):
            self._add("AAA", "N", "", _text(each, "code"))

    def benefit(self, number: int, entry: Mapping[str, Any]) -> None:
        """An entry as EB and the segments behind it."""
        self._entry = number
        elements = [""] * 13
        for name, place in _ELEMENTS.items():
            elements[place - 1] = _text(entry, name)
        codes = entry.get("serviceTypeCodes", [])
        elements[2] = _DELIMITERS.repetition.join(map(_plain, codes)) if isinstance(codes, list) else ""
        product = _object(entry, "compositeMedicalProcedureIdentifier")
        if code := _text(product, "procedureCode"):
            kind = _text(product, "productOrServiceIDQualifierCode")
            elements[12] = _DELIMITERS.component.join((kind, code))
        self._add("EB", *elements)
        for each in _objects(entry, "benefitsServiceDelivery"):
            self._add("HSD", *(_text(each, _named(_DELIVERY, place)) for place in range(1, 7)))
            for name in each.keys() - _DELIVERY.keys() - _DELIVERY_WORDS:
                self.unknown.setdefault(f"benefitsServiceDelivery.{name}", []).append(number)
        self._dates(_object(entry, "benefitsDateInformation"))
        for each in _objects(entry, "additionalInformation"):
            self._add("MSG", _text(each, "description"))
        for each in _objects(entry, "eligibilityAdditionalInformationList"):
            self._add("III", _text(each, "codeListQualifierCode"), _text(each, "industryCode"))
        for name in entry.keys() - _ELEMENTS.keys() - _COMPOSITE - _PASSED_OVER:
            self.unknown.setdefault(name, []).append(number)

    def _dates(self, dates: Mapping[str, Any]) -> None:
        for name, qualifier in _DATES.items():
            if text := _text(dates, name):
                self._add("DTP", qualifier, "RD8" if "-" in text else "D8", text)

    def _add(self, *elements: str) -> None:
        place = len(self.segments) + 1
        text = _DELIMITERS.element.join(elements) + _DELIMITERS.segment
        self.segments.append(X12Segment(place, text, _DELIMITERS))
        self.entries[place] = self._entry


def _named(names: Mapping[str, int], place: int) -> str:
    """The name of an element; empty where none is read."""
    return next((name for name, each in names.items() if each == place), "")


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _objects(content: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    values = content.get(name)
    some: Iterable[Any] = values if isinstance(values, list) else ()
    return (each for each in some if isinstance(each, dict))


def _text(content: Mapping[str, Any], name: str) -> str:
    return _plain(content.get(name, ""))


def _plain(value: object) -> str:
    """A text on one line without delimiters, in which `?` stands for halves of letters; empty for what is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.encode(errors="replace").decode().translate(_DROPPED).split())


def _unreadable(file: str, found: str, expected: str, place: str = "") -> UnreadableFile:
    return UnreadableFile([Unread(file, 0, place, found, expected)])
