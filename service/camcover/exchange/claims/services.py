"""The service lines of a claim as planned services, each with one code on one day."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from camcover.exchange.claims.diagnoses import pointed
from camcover.exchange.claims.records import BilledLine, ClaimBegun
from camcover.exchange.notes import Unread
from camcover.exchange.x12.amounts import cents_of
from camcover.exchange.x12.segments import X12Segment
from camcover.request_bounds import MAX_UNITS

__all__ = ["services_of"]

_CODE = re.compile(r"[A-Z0-9]{5}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_PLACE = re.compile(r"[0-9]{2}")
_AT_THE_PATIENTS = {"02", "10", "12"}
"""Places of service where the patient is at home or elsewhere: telehealth, home."""

_MOST_MODIFIERS = 4
_COUNTED_AS = {"": "units", "UN": "units", "MJ": "minutes"}

Note = Callable[[str, str], None]
"""Notes what was found, and what was expected, at a line's segment."""


def services_of(claim: ClaimBegun, tier: str, file: str) -> tuple[list[dict[str, Any]], list[Unread]]:
    """Fields of PlannedService for each line that has a code and a day; what of the lines is not in them."""
    unread: list[Unread] = []
    services = []
    for line in claim.lines:
        service = _service(claim, line, _notes(unread, file, line.segment))
        if service:
            services.append({name: value for name, value in ({"tier": tier} | service).items() if value})
    _check_total(claim, _notes(unread, file, claim.segment))
    return services, unread


def _notes(unread: list[Unread], file: str, segment: X12Segment) -> Note:
    """How to note something of a segment."""
    return lambda found, expected: unread.append(
        Unread(file, segment.place, f"segment {segment.name}", found, expected)
    )


def _service(claim: ClaimBegun, line: BilledLine, note: Note) -> dict[str, Any] | None:
    """One line; None, and a note, where it has no code or no day."""
    procedure = _procedure(line.segment, note)
    if procedure is None:
        return None
    if not line.day:
        note("no day of service", "a day (DTP 472); the line is left out")
        return None
    place = line.segment[5] or (*claim.segment.parts(5), "")[0]
    if place and not _PLACE.fullmatch(place):
        note("no place of service, in the line or its claim", "two digits such as 11")
        place = ""
    diagnoses, is_sound = pointed(claim.diagnoses, line.segment.parts(7))
    if not is_sound:
        note("a pointer to a diagnosis that the claim does not have", f"1 to {len(claim.diagnoses)}")
    return {
        "state": _state(claim, line, place),
        "taxonomy": _first_said(line.given.taxonomy, claim.given.taxonomy, claim.biller.taxonomy),
        "provider": _first_said(line.given.npi, claim.given.npi, claim.biller.npi),
        "tax_number": claim.biller.tax_number,
        "place_of_service": place,
        "diagnoses": diagnoses,
        "attestations": sorted({*claim.given.attestations, *line.given.attestations}),
        "procedures": [procedure],
        "dates": [line.day],
    }


def _state(claim: ClaimBegun, line: BilledLine, place: str) -> str:
    """The state of service: where the patient is, else the facility's, else the billing provider's."""
    if place in _AT_THE_PATIENTS:
        return claim.person.state
    return _first_said(line.given.state, claim.given.state, claim.biller.state)


def _first_said(*texts: str | None) -> str:
    return next((each for each in texts if each is not None), "")


def _procedure(segment: X12Segment, note: Note) -> dict[str, Any] | None:
    """The code of a line with its charge, units or minutes, and modifiers; None, and a note, without a code."""
    kind, code, *others = (*segment.parts(1), "", "")
    if kind != "HC" or not _CODE.fullmatch(code):
        note("no code of CPT or HCPCS in element 1", "one such as HC:97810; the line is left out")
        return None
    modifiers = [each for each in others[:_MOST_MODIFIERS] if each]
    sound = [each for each in modifiers if _MODIFIER.fullmatch(each)]
    if sound != modifiers:
        note("a text in element 1 that is not a modifier", "two letters or digits")
    procedure = {"code": code, "charge_cents": _charge(segment, note), "modifiers": sound} | _quantity(segment, note)
    return {name: value for name, value in procedure.items() if value is not None and value != []}


def _charge(segment: X12Segment, note: Note) -> int | None:
    cents = cents_of(segment[2])
    if cents is None or cents < 0:
        note("no charge in element 2", "an amount such as 52.50; the typical charge is taken")
        return None
    return cents


def _quantity(segment: X12Segment, note: Note) -> dict[str, int]:
    """Units or minutes."""
    name, hundredths = _COUNTED_AS.get(segment[3], ""), cents_of(segment[4] or "1")
    if name and hundredths is not None and 0 < hundredths <= MAX_UNITS * 100 and hundredths % 100 == 0:
        return {name: hundredths // 100}
    note("no number of units in element 4", f"a whole number up to {MAX_UNITS:,} (UN, MJ); 1 is taken")
    return {"units": 1}


def _check_total(claim: ClaimBegun, note: Note) -> None:
    """Note where the charges of the lines do not sum to that of the claim, since one may be lost."""
    total, charges = cents_of(claim.segment[2]), [cents_of(line.segment[2]) or 0 for line in claim.lines]
    if total != sum(charges):
        note("lines whose charges do not sum to that of the claim (CLM02)", "the same sum")
