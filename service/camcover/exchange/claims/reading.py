"""X12 837P files (professional claims) as requests for an estimate, one for each claim.

What comes in: the text of a file and the id of a plan. What goes out: fields of requests, and a list of what was not
read. The request is then checked as every other: nothing here decides what it may hold. Of the provider the NPI and
the tax number are taken. Names, addresses and other numbers are passed over, and no note repeats a text of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from camcover.exchange.claims.diagnoses import diagnoses_of
from camcover.exchange.claims.records import BilledLine, BilledPerson, ClaimBegun, ClaimRequest, ServiceGiven
from camcover.exchange.claims.services import services_of
from camcover.exchange.notes import Unread, UnreadableFile, numbered
from camcover.exchange.provider_numbers import tax_number, taxonomy_code
from camcover.exchange.visits import joined_visits
from camcover.exchange.x12.days import day_of, days_of
from camcover.exchange.x12.envelopes import envelope_remarks, transactions
from camcover.exchange.x12.segments import LARGE_FILE, X12Segment, read_segments
from camcover.npi import is_npi

__all__ = ["claim_of_file", "read_claims"]

_SET, _PROFESSIONAL = "837", "005010X222"
_PASSED_OVER = {"ST", "SE", "BHT", "LX", "N3", "PER", "REF"}
"""Segments that frame others, or hold nothing but names, addresses and identifiers."""

_LEVELS = ("", "20", "22", "23")
"""Before the first level, and HL03 of billing provider, subscriber and dependent, each within the one before."""

_NPI, _EMPLOYER = "XX", "EI"
"""NM108 of an NPI, REF01 of an employer's tax number. That of a person (SY) is a social security number."""

_BILLER, _RENDERER, _FACILITY, _PERSONS = "85", "82", "77", {"IL", "QC"}
_SELF = "18"
_ROLES = {"01": "spouse", "19": "child"}
_ATTESTED_BY = {"G1": "prior_authorization", "9F": "referral"}
"""REF01 of a number that says that there is one."""

MOST_NOTES = 10_000_000
"""Notes on all claims of a file: what stands around claims is told of each of them."""

_ORIGINAL = {"", "1"}
_STATE = re.compile(r"[A-Z]{2}")


def read_claims(text: str, plan_id: str, tier: str = "", name: str = "") -> tuple[ClaimRequest, ...]:
    """The claims of a file, in order; `tier`: the provider's, empty = not known; `name`: that of the file.

    Raises `UnreadableFile`.
    """
    file = read_segments(text, LARGE_FILE, name)
    remarks = tuple(envelope_remarks(file.segments, name))
    found = [each for each in transactions(file.segments) if each.code == _SET]
    others = tuple(
        Unread(name, each.segments[0].place, "segment ST", "claims that are not professional", f"ST03 {_PROFESSIONAL}")
        for each in found
        if not each.segments[0][3].startswith(_PROFESSIONAL)
    )
    left_out = {each.line for each in others}
    claims, told = list[ClaimBegun](), 0
    for each in found:
        for claim in _ClaimReader(name).claims(each.segments) if each.segments[0].place not in left_out else ():
            claims.append(claim)
            told += len(claim.unread) + len(others) + len(remarks)
            if told > MOST_NOTES:
                what = f"more than {MOST_NOTES:,} notes on all claims, each with those on what stands around it"
                raise UnreadableFile([Unread(name, 0, "", what, "fewer: read the file in parts")])
    if not claims:
        raise UnreadableFile(
            [Unread(name, 0, "", "no professional claim", "a transaction 837 with one (CLM)"), *others]
        )
    return tuple(_request(claim, plan_id, tier, (name, (*others, *remarks))) for claim in claims)


def claim_of_file(claims: Sequence[ClaimRequest], number: int = 0, name: str = "") -> ClaimRequest:
    """The claim with a number, from 1; 0 = the only one. Raises `UnreadableFile`."""
    return numbered(claims, number, "claim", name)


def _request(claim: ClaimBegun, plan_id: str, tier: str, file: tuple[str, tuple[Unread, ...]]) -> ClaimRequest:
    """A claim as a request, with what was not read of it and of the file's envelopes."""
    name, remarks = file
    services, faults = services_of(claim, tier, name)
    person = claim.person
    stated: dict[str, Any] = {"birth_date": person.birth_date, "membership": {"role": person.role}}
    member = {key: value for key, value in stated.items() if value and value != {"role": ""}}
    fields: dict[str, Any] = {"request_id": claim.segment[1], "plan_id": plan_id, "members": [member]}
    fields = {key: value for key, value in fields.items() if value} | {"items": joined_visits(services)}
    unread = sorted([*claim.unread, *faults], key=lambda each: each.line)
    return ClaimRequest(fields, (*unread, *remarks))


class _ClaimReader:
    """Reads the segments of one transaction. `around`: what was not read outside of claims, by level."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.level = ""
        self.around: dict[str, list[Unread]] = {level: [] for level in _LEVELS}
        self.biller = ServiceGiven()
        self.person = BilledPerson()
        self.entity = ""
        self.claim: ClaimBegun | None = None

    def claims(self, segments: Sequence[X12Segment]) -> Iterator[ClaimBegun]:
        """The claims, each once it is read to its end, with what was not read of it and of what stands around it."""
        for segment in segments:
            if self.claim is not None and segment.name in {"CLM", "HL"} and segment.is_whole:
                yield self.claim
                self.claim = None
            if not segment.is_whole:
                self._note(segment, "a segment without its end", "its terminator")
            elif segment.name == "CLM":
                self._begin_claim(segment)
            elif segment.name == "HL":
                self._begin_level(segment)
            else:
                self._take(segment)
        if self.claim is not None:
            yield self.claim

    def _begin_level(self, segment: X12Segment) -> None:
        self.entity = ""
        if segment[3] not in _LEVELS[1:]:
            self._note(segment, "a level of another kind", "HL03 20, 22 or 23")
            return
        self.level = segment[3]
        for level in _LEVELS[_LEVELS.index(self.level) :]:
            self.around[level] = []
        self.person = BilledPerson()
        if self.level == _LEVELS[1]:
            self.biller = ServiceGiven()

    def _begin_claim(self, segment: X12Segment) -> None:
        around = [each for level in _LEVELS for each in self.around[level]]
        self.claim, self.entity = ClaimBegun(segment, self.person, self.biller, unread=around), ""
        frequency = (*segment.parts(5), "", "", "")[2]
        if frequency not in _ORIGINAL:
            self._note(segment, "a claim that replaces or voids another", "an original one (CLM05-3 1)")
        if any(segment.parts(11)[:3]):
            self._note(
                segment,
                "a claim after an accident (CLM11)",
                "a claim without one, because another insurance may have to pay first",
            )

    def _take(self, segment: X12Segment) -> None:
        """Take a segment by where it stands."""
        claim = self.claim
        if segment.name == "NM1":
            self.entity = segment[1]
        if claim is None:
            self._before_claim(segment)
        elif segment.name == "LX":
            claim.is_of_other_payer = False
        elif segment.name == "SBR" or claim.is_of_other_payer:
            claim.is_of_other_payer = True
            if segment.name not in {*_PASSED_OVER, "NM1", "N4"}:
                self._note(segment, f"{segment.name or 'a segment'} of another payer", "one payer")
        elif segment.name == "HI":
            self._diagnoses(claim, segment)
        elif segment.name == "SV1":
            claim.lines.append(BilledLine(segment))
        elif segment.name == "DTP" and segment[1] == "472" and claim.lines:
            self._day(claim.lines[-1], segment)
        else:
            self._given(claim.lines[-1].given if claim.lines else claim.given, segment)

    def _before_claim(self, segment: X12Segment) -> None:
        """The billing provider, and what stands around it."""
        if segment.name == "PRV" and segment[1] == "BI":
            self.biller.taxonomy = self._taxonomy(segment)
        elif segment.name in {"NM1", "N4", "REF"} and self.entity == _BILLER:
            self._of_biller(segment)
        elif segment.name in {"SBR", "PAT"} or self.entity in _PERSONS:
            self._of_person(segment)
        elif segment.name not in {*_PASSED_OVER, "NM1", "N4"}:
            self._unknown(segment)

    def _of_biller(self, segment: X12Segment) -> None:
        """The billing provider's NPI, state and tax number."""
        if segment.name == "NM1":
            self.biller.npi = self._npi(segment)
        elif segment.name == "N4":
            self.biller.state = _state(segment)
        elif segment[1] == _EMPLOYER:
            self.biller.tax_number = tax_number(segment[2])
            if not self.biller.tax_number:
                self._note(segment, "no tax number in element 2", "nine digits")

    def _of_person(self, segment: X12Segment) -> None:
        """The subscriber or the dependent."""
        if segment.name == "SBR":
            self.person.role = "subscriber" if segment[2] == _SELF else ""
            if segment[1] != "P":
                self._note(
                    segment,
                    "a claim to a payer that pays after another",
                    "P; the claim is priced as if this payer paid first",
                )
        elif segment.name == "PAT":
            self.person.role = _ROLES.get(segment[1], self.person.role)
        elif segment.name == "N4":
            self.person.state = _state(segment)
        elif segment.name == "DMG":
            born = day_of(segment[2]) if segment[1] == "D8" else None
            self.person.birth_date = "" if born is None else born.isoformat()
            if born is None:
                self._note(segment, "no day", "a birth date such as 19820211")
        elif segment.name not in {*_PASSED_OVER, "NM1"}:
            self._unknown(segment)

    def _given(self, given: ServiceGiven, segment: X12Segment) -> None:
        """Who gives the services of a claim or a line, and where."""
        if segment.name == "NM1":
            if segment[1] == _RENDERER:
                given.taxonomy, given.npi = "", self._npi(segment)
        elif segment.name == "PRV" and self.entity == _RENDERER:
            given.taxonomy = self._taxonomy(segment)
        elif segment.name == "N4":
            if self.entity == _FACILITY:
                given.state = _state(segment)
        elif segment.name == "REF" and segment[1] in _ATTESTED_BY:
            given.attestations.append(_ATTESTED_BY[segment[1]])
        elif segment.name not in _PASSED_OVER:
            self._unknown(segment)

    def _diagnoses(self, claim: ClaimBegun, segment: X12Segment) -> None:
        found = list(diagnoses_of(segment))
        claim.diagnoses += [code for code, _ in found]
        for _, fault in found:
            if fault:
                self._note(segment, fault, "a code of ICD-10-CM (ABK, ABF)")
        if not found:
            self._note(segment, "codes that are not diagnoses", "codes of kind ABK or ABF")

    def _day(self, line: BilledLine, segment: X12Segment) -> None:
        first, last = days_of(segment)
        if first is None or last not in {None, first}:
            found = "no day" if first is None else "several days"
            self._note(segment, found, "one day, because the number of visits is not known")
        else:
            line.day = first.isoformat()

    def _npi(self, segment: X12Segment) -> str:
        """The NPI of a provider; empty, and a note, where there is none whose check digit is right."""
        if segment[8] == _NPI and is_npi(segment[9]):
            return segment[9]
        said = "a number in element 9 that is not an NPI" if segment[9] else "no NPI in element 9"
        self._note(segment, said, "an NPI, with XX in element 8; published prices are not looked up")
        return ""

    def _taxonomy(self, segment: X12Segment) -> str:
        if taxonomy_code(segment[3]):
            return segment[3]
        self._note(segment, "no taxonomy code in element 3", "a code such as 171100000X")
        return ""

    def _unknown(self, segment: X12Segment) -> None:
        what = f"a date of kind {segment[1]}" if segment.name == "DTP" and segment[1].isdecimal() else "a segment"
        self._note(segment, f"{what} that is not read", "none")

    def _note(self, segment: X12Segment, found: str, expected: str) -> None:
        unread = Unread(self.name, segment.place, f"segment {segment.name}".strip(), found, expected)
        (self.around[self.level] if self.claim is None else self.claim.unread).append(unread)


def _state(segment: X12Segment) -> str:
    """The state of an address (N4); empty where it names none."""
    return segment[2] if _STATE.fullmatch(segment[2]) else ""
