"""X12 835 files as claims with their lines and adjustments, and a list of what was not read.

What comes in: the text of a file. What goes out: claims, reversals taken out together with what they reverse. Names of
persons are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.remittances.records import RemittedAdjustment, RemittedClaim, RemittedLine
from camcover.exchange.x12.amounts import cents_of
from camcover.exchange.x12.days import day_of
from camcover.exchange.x12.envelopes import envelope_remarks, transactions
from camcover.exchange.x12.segments import LARGE_FILE, X12Segment, read_segments

__all__ = ["RemittanceFile", "read_remittance"]

_SET = "835"
_REVERSAL = "22"
_MOST_TRIPLES = 6
_DATES = {"472", "150", "232", "050"}
_OF_PAYER = {"N1", "N3", "N4", "PER", "REF", "RDM", "BPR", "TRN", "CUR", "DTM", "LX", "TS3", "TS2", "ST", "SE", "NM1"}
_OF_CLAIM = {"NM1", "MIA", "MOA", "PER", "QTY", "LQ", "AMT", "REF", "DTM", "CAS", "SVC", "LX", "TS3", "TS2", "SE"}


class RemittanceFile(NamedTuple):
    """The claims of a file, and what of it was not read."""

    claims: tuple[RemittedClaim, ...]
    unread: tuple[Unread, ...]


@dataclass(slots=True)
class _LineBegun:
    """A service line while its segments come."""

    segment: X12Segment
    charge: int
    paid: int
    day: date | None = None
    adjustments: list[RemittedAdjustment] = field(default_factory=list)
    allowed: int | None = None
    control: str = ""


@dataclass(slots=True)
class _ClaimBegun:
    """A claim while its segments come."""

    segment: X12Segment
    others: list[str] = field(default_factory=list)
    member: str = ""
    day: date | None = None
    lines: list[_LineBegun] = field(default_factory=list)


def read_remittance(text: str, name: str = "") -> RemittanceFile:
    """What a file decides; `name`: that of the file. Raises `UnreadableFile`."""
    file = read_segments(text, LARGE_FILE, name)
    unread = list(envelope_remarks(file.segments, name))
    answers = [each for each in transactions(file.segments) if each.code == _SET]
    if not answers:
        raise UnreadableFile([Unread(name, 0, "", "no transaction 835", "a transaction 835, a remittance")])
    reader = _RemittanceReader(name, unread)
    claims = [claim for each in answers for claim in reader.claims(each.segments)]
    return RemittanceFile(tuple(reader.without_reversals(claims)), tuple(reader.unread))


class _RemittanceReader:
    """Reads transactions of one file, and lists what it does not read."""

    def __init__(self, name: str, unread: list[Unread]) -> None:
        self.name, self.unread = name, unread

    def claims(self, segments: Sequence[X12Segment]) -> Iterator[_ClaimBegun]:
        """The claims of a transaction."""
        claim: _ClaimBegun | None = None
        for segment in segments:
            if not segment.is_whole:
                self._note(segment, "a segment without its end", "its terminator")
            elif segment.name == "CLP":
                if claim is not None:
                    yield claim
                claim = _ClaimBegun(segment, [segment[7]] if segment[7] else [])
            elif segment.name == "PLB":
                self._note(segment, "money that belongs to no claim (PLB)", "money of claims; it is left out")
            elif claim is None:
                if segment.name not in _OF_PAYER:
                    self._unknown(segment)
            else:
                self._of_claim(claim, segment)
        if claim is not None:
            yield claim

    def without_reversals(self, claims: Sequence[_ClaimBegun]) -> Iterator[RemittedClaim]:
        """The claims that hold: a reversal takes itself out, and the last claim before it of the same number."""
        held: list[_ClaimBegun | None] = []
        last: dict[str, list[int]] = {}
        for claim in claims:
            number = claim.segment[1]
            if claim.segment[2] == _REVERSAL:
                places = last.get(number, [])
                if places:
                    held[places.pop()] = None
                    self._note(claim.segment, "a reversal of a claim of this file", "none; both are left out")
                else:
                    self._note(claim.segment, "a reversal of a claim of another file", "none; it is left out")
                continue
            last.setdefault(number, []).append(len(held))
            held.append(claim)
        yield from (_finished(claim) for claim in held if claim is not None)

    def _of_claim(self, claim: _ClaimBegun, segment: X12Segment) -> None:
        """Take a segment behind CLP."""
        line = claim.lines[-1] if claim.lines else None
        if segment.name == "SVC":
            self._begin_line(claim, segment)
        elif segment.name == "DTM" and segment[1] in _DATES:
            self._date(claim, line, segment)
        elif line is None:
            self._of_whole_claim(claim, segment)
        elif segment.name == "CAS":
            self._adjust(line, segment)
        elif segment.name == "REF" and segment[1] == "6R":
            line.control = segment[2]
        elif segment.name == "AMT" and segment[1] == "B6":
            line.allowed = self._cents(segment, 2)
        elif segment.name not in _OF_CLAIM:
            self._unknown(segment)

    def _of_whole_claim(self, claim: _ClaimBegun, segment: X12Segment) -> None:
        """Take a segment before the first line of a claim."""
        if segment.name == "CAS":
            self._note(segment, "adjustments of a whole claim", "adjustments of its lines; these are left out")
        elif segment.name == "NM1":
            if segment[1] == "QC" or (segment[1] == "IL" and not claim.member):
                claim.member = segment[9]
        elif segment.name == "REF":
            claim.others += [segment[2]] if segment[2] else []
        elif segment.name not in _OF_CLAIM:
            self._unknown(segment)

    def _unknown(self, segment: X12Segment) -> None:
        self._note(segment, "a segment that is not read", "none")

    def _begin_line(self, claim: _ClaimBegun, segment: X12Segment) -> None:
        charge, paid = self._cents(segment, 2), self._cents(segment, 3)
        if charge is not None and paid is not None:
            claim.lines.append(_LineBegun(segment, charge, paid))

    def _adjust(self, line: _LineBegun, segment: X12Segment) -> None:
        """The adjustments of a CAS segment: up to six, each a reason, an amount and a quantity."""
        for place in range(_MOST_TRIPLES):
            reason = segment[2 + 3 * place]
            if reason:
                cents = self._cents(segment, 3 + 3 * place)
                if cents is not None:
                    line.adjustments.append(RemittedAdjustment(segment[1], reason, cents))

    def _date(self, claim: _ClaimBegun, line: _LineBegun | None, segment: X12Segment) -> None:
        day = day_of(segment[2])
        if day is None:
            self._note(segment, "no day", "a day such as 20260131")
        elif line is not None and segment[1] in {"472", "150"}:
            line.day = day
        elif line is None and segment[1] == "232":
            claim.day = day

    def _cents(self, segment: X12Segment, number: int) -> int | None:
        """An amount in cents; None, and a note, where there is none."""
        cents = cents_of(segment[number])
        if cents is None:
            self._note(segment, f"no amount in element {number}", "an amount such as 52.50")
        return cents

    def _note(self, segment: X12Segment, found: str, expected: str) -> None:
        self.unread.append(Unread(self.name, segment.place, f"segment {segment.name}".strip(), found, expected))


def _finished(claim: _ClaimBegun) -> RemittedClaim:
    lines = tuple(
        RemittedLine(
            each.segment.place,
            each.day or claim.day,
            _code(each.segment),
            each.charge,
            each.paid,
            tuple(each.adjustments),
            each.allowed,
            each.control,
        )
        for each in claim.lines
    )
    return RemittedClaim(claim.segment.place, claim.segment[1], tuple(claim.others), claim.member, lines)


def _code(segment: X12Segment) -> str:
    """The procedure code that was submitted, where it was changed; else the one that was paid."""
    submitted = segment.parts(6)
    product = submitted if len(submitted) > 1 else segment.parts(1)
    return product[1] if len(product) > 1 else ""
