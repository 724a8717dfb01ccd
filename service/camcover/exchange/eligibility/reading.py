"""X12 271 files, and the JSON that clearinghouses make of them, as typed facts: an `Eligibility` for each member.

What comes in: the text of a file. What goes out: facts of the member, of coverage, of sums, limits and cost shares, and
notes that list each segment no fact was made of. Names and identifiers of persons are passed over: no fact and no note
holds any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from itertools import chain, islice

from camcover.exchange.eligibility.clearinghouse import ReceivedAnswer, is_json, received_answer
from camcover.exchange.eligibility.codes import REFUSALS, ROLES
from camcover.exchange.eligibility.grouping import grouped
from camcover.exchange.eligibility.records import (
    Confidence,
    Eligibility,
    EligibilityFact,
    EligibilityNote,
    FactKind,
    NoteKind,
)
from camcover.exchange.eligibility.statements import BenefitStatement, Stated, stated
from camcover.exchange.notes import Unread, UnreadableFile, numbered
from camcover.exchange.x12.days import day_of, days_of
from camcover.exchange.x12.envelopes import X12Transaction, envelope_remarks, transactions
from camcover.exchange.x12.segments import X12Segment, read_segments

__all__ = ["member_of_file", "read_eligibility"]

MOST_MEMBERS = 100
"""Members that a file about one person, or a few, may tell of."""

_SET = "271"
_OF_PERSONS = {"22", "23"}
"""HL03 of a subscriber and of a dependent."""

_IDENTITY = {"NM1", "N3", "N4", "REF", "TRN", "PER", "PRV", "MPI"}
"""Segments that name persons, places and numbers."""

_STRUCTURE = {"ST", "SE", "HL", "LS", "LE", "BHT"}

_OF_A_BENEFIT = {"HSD", "DTP", "MSG", "III"}

_ELIGIBILITY, _PLAN, _PLAN_YEAR = ("356", "357", "307"), ("346", "347"), "291"
_ENROLLED = "382"
_WHOLE_PLAN = "30"
_SHARES = {FactKind.COPAY, FactKind.COINSURANCE}
_NO_END = date(9999, 12, 31)


def read_eligibility(text: str, name: str = "") -> tuple[Eligibility, ...]:
    """What a file says of each of its members, in order; `name`: that of the file. Raises `UnreadableFile`.

    Of a clearinghouse's JSON it is what its X12 says; where it has none, segments are the numbers of its entries.
    """
    if not is_json(text):
        return _read_x12(text, name)
    answer = received_answer(text, name)
    return _read_x12(answer.x12, name) if answer.x12 else tuple(_few(_read_entries(answer), name))


def _few(members: Iterable[Eligibility], name: str) -> list[Eligibility]:
    """The members of a file. What stands around all is told of each, so their number is bounded.

    Raises `UnreadableFile`.
    """
    found = list(islice(members, MOST_MEMBERS + 1))
    if len(found) > MOST_MEMBERS:
        raise UnreadableFile([Unread(name, 0, "", f"more than {MOST_MEMBERS} members", f"at most {MOST_MEMBERS}")])
    return found


def _read_entries(answer: ReceivedAnswer) -> Iterator[Eligibility]:
    """The members of an answer in JSON, with the numbers of entries in place of those of segments; 0: of none."""
    unknown = tuple(
        EligibilityNote(NoteKind.NOT_READ, places, "a name in the entry that is not read here")
        for places in answer.unknown.values()
    )
    for told in _members(X12Transaction(_SET, answer.segments)):
        facts = (replace(each, segments=_entries_of(each.segments, answer)) for each in told.facts)
        notes = (each._replace(segments=_entries_of(each.segments, answer)) for each in told.notes)
        yield Eligibility(told.as_of, tuple(facts), (*notes, *unknown))


def _entries_of(segments: Iterable[int], answer: ReceivedAnswer) -> tuple[int, ...]:
    return tuple(dict.fromkeys(answer.entries[place] for place in segments))


def _read_x12(text: str, name: str) -> tuple[Eligibility, ...]:
    """What an X12 file says. Raises `UnreadableFile`."""
    file = read_segments(text, file=name)
    remarks = tuple(
        EligibilityNote(NoteKind.NOT_READ, (each.line,), f"found {each.found}; expected {each.expected}")
        for each in envelope_remarks(file.segments)
    )
    answers = [each for each in transactions(file.segments) if each.code == _SET]
    if not answers:
        expected = "a transaction 271, an answer to an eligibility inquiry"
        raise UnreadableFile([Unread(name, 0, "", "no transaction 271", expected)])
    members = _few(chain.from_iterable(map(_members, answers)), name)
    return tuple(Eligibility(each.as_of, each.facts, (*each.notes, *remarks)) for each in members)


def member_of_file(members: Sequence[Eligibility], number: int = 0, name: str = "") -> Eligibility:
    """The member with a number, from 1; 0 = the only one. Raises `UnreadableFile`."""
    return numbered(members, number, "member", name)


def _members(transaction: X12Transaction) -> Iterator[Eligibility]:
    """The members of a transaction: each subscriber and dependent of whom it says something."""
    heads, persons = _loops(transaction.segments)
    as_of = next((day_of(each[4]) for each in heads if each.name == "BHT"), None)
    refused, others = tuple(_refusals(heads)), tuple(_unread(heads))
    told = [each for each in persons if any(segment.name in {"EB", "AAA"} for segment in each)]
    if not told:
        told = persons[-1:] or [[]]
    for person in told:
        facts, notes = _facts(person)
        yield Eligibility(as_of, facts, (*refused, *notes, *others))


def _loops(segments: Iterable[X12Segment]) -> tuple[list[X12Segment], list[list[X12Segment]]]:
    """The segments before the first person, and those of each person."""
    heads: list[X12Segment] = []
    persons: list[list[X12Segment]] = []
    current = heads
    for segment in segments:
        if segment.name == "HL":
            if segment[3] in _OF_PERSONS:
                current = []
                persons.append(current)
            else:
                current = heads
        current.append(segment)
    return heads, persons


def _facts(person: Sequence[X12Segment]) -> tuple[tuple[EligibilityFact, ...], tuple[EligibilityNote, ...]]:
    """What the segments of one person say."""
    own, benefits, loose = _split(person)
    told: list[Stated] = [stated(each) for each in benefits]
    amounts = [amount for each in told for amount in each.amounts]
    sums, doubts = grouped(amounts)
    facts = (
        *_of_person(own),
        *_of_coverage(own, benefits),
        *(fact for each in told for fact in each.facts),
        *sums,
    )
    facts = (*facts, *_general_shares(facts))
    notes = (
        *_refusals(person),
        *(note for each in told for note in each.notes),
        *doubts,
        *_unread(own),
        *_unread(loose, read=_READ_BEHIND),
    )
    return facts, notes


def _split(person: Sequence[X12Segment]) -> tuple[list[X12Segment], list[BenefitStatement], list[X12Segment]]:
    """A person's own segments, the benefits with what belongs to each, and what belongs to neither."""
    own: list[X12Segment] = []
    benefits: list[tuple[X12Segment, list[X12Segment]]] = []
    loose: list[X12Segment] = []
    for segment in person:
        if segment.name == "EB" and segment.is_whole:
            benefits.append((segment, []))
        elif not benefits:
            own.append(segment)
        elif segment.name in _OF_A_BENEFIT and segment.is_whole:
            benefits[-1][1].append(segment)
        else:
            loose.append(segment)
    return own, [BenefitStatement(head, tuple(rest)) for head, rest in benefits], loose


def _of_person(own: Sequence[X12Segment]) -> Iterator[EligibilityFact]:
    """Birth date and role."""
    for segment in own:
        if not segment.is_whole:
            continue
        if segment.name == "DMG" and segment[1] == "D8" and (born := day_of(segment[2])) is not None:
            yield EligibilityFact(FactKind.BIRTH_DATE, (segment.place,), day=born)
        if segment.name == "INS" and segment[2] in ROLES:
            yield EligibilityFact(FactKind.ROLE, (segment.place,), word=ROLES[segment[2]])
    head = own[0] if own else None
    if head is not None and head.name == "HL" and head[3] == "22" and not any(each.name == "INS" for each in own):
        yield EligibilityFact(
            FactKind.ROLE,
            (head.place,),
            Confidence.MEDIUM,
            "the member stands in the place of the subscriber",
            word="subscriber",
        )


def _of_coverage(own: Sequence[X12Segment], benefits: Sequence[BenefitStatement]) -> Iterator[EligibilityFact]:
    """The days of coverage: the person's own dates, and those of the status of the plan as a whole."""
    dated = [segment for segment in own if segment.name == "DTP" and segment.is_whole]
    dated += [each for benefit in benefits if benefit.is_status for each in benefit.named("DTP")]
    for segment in dated:
        first, last = days_of(segment)
        code, place = segment[1], (segment.place,)
        is_sure = code in _ELIGIBILITY
        sure = Confidence.HIGH if is_sure else Confidence.MEDIUM
        because = "" if is_sure else "the date is that of the plan"
        if code in {"356", "346", "307", _PLAN_YEAR} and first is not None:
            yield EligibilityFact(FactKind.COVERED_FROM, place, sure, because, day=first)
        if code in {"357", "347"} and first is not None and first != _NO_END:
            yield EligibilityFact(FactKind.COVERED_TO, place, sure, because, day=first)
        if code == "307" and last is not None and last != _NO_END:
            yield EligibilityFact(FactKind.COVERED_TO, place, sure, because, day=last)
        if code == _PLAN_YEAR and last is not None and last != _NO_END:
            guess = "the plan's year ends then; coverage mostly goes on"
            yield EligibilityFact(FactKind.COVERED_TO, place, Confidence.LOW, guess, day=last)
        if code == _ENROLLED and first is not None:
            yield EligibilityFact(FactKind.ENROLLED_ON, place, day=first)


def _general_shares(facts: Sequence[EligibilityFact]) -> Iterator[EligibilityFact]:
    """The cost shares of the plan as a whole, for services that are listed as active with none of their own."""
    shares = [fact for fact in facts if fact.kind in _SHARES]
    own = {code for fact in shares for code in fact.service_types}
    active = {code for fact in facts if fact.kind is FactKind.COVERAGE for code in fact.service_types}
    listed = tuple(sorted(active - own - {_WHOLE_PLAN}))
    if not listed:
        return
    because = "the services are listed as active, and only the plan as a whole has a cost share"
    for fact in shares:
        if fact.is_general:
            yield replace(fact, service_types=listed, confidence=Confidence.LOW, because=because)


def _refusals(segments: Iterable[X12Segment]) -> Iterator[EligibilityNote]:
    for segment in segments:
        if segment.name == "AAA":
            reason = REFUSALS.get(segment[3], "a reason that is not known here")
            told = f"the payer did not answer: {reason} (AAA03 {segment[3][:3]})"
            yield EligibilityNote(NoteKind.REFUSED_BY_PAYER, (segment.place,), told)


_READ = frozenset({"AAA", "DMG", "INS", "EB"})
_READ_BEHIND = frozenset({"AAA"})
_READ_DATES = {*_ELIGIBILITY, *_PLAN, _PLAN_YEAR, _ENROLLED}


def _unread(segments: Iterable[X12Segment], read: AbstractSet[str] = _READ) -> Iterator[EligibilityNote]:
    """Notes on segments of which no fact was made, those of one kind in one note."""
    kept_back: list[X12Segment] = []
    unread: dict[str, list[X12Segment]] = {}
    for segment in segments:
        if not segment.is_whole and segment.name not in _STRUCTURE:
            cut = "a segment without its end; what it says may be cut off"
            yield EligibilityNote(NoteKind.NOT_READ, (segment.place,), cut)
        elif segment.name in _IDENTITY:
            kept_back.append(segment)
        elif segment.name not in read and segment.name not in _STRUCTURE and not _is_date_read(segment):
            unread.setdefault(segment.name, []).append(segment)
    for name, some in unread.items():
        what = f"{name} segments that are not read here" if name else "segments without a name"
        yield EligibilityNote(NoteKind.NOT_READ, tuple(each.place for each in some), what)
    if kept_back:
        names = ", ".join(sorted({each.name for each in kept_back}))
        places = tuple(each.place for each in kept_back)
        yield EligibilityNote(NoteKind.NOT_KEPT, places, f"names, addresses and numbers ({names}) are passed over")


def _is_date_read(segment: X12Segment) -> bool:
    return segment.name == "DTP" and segment[1] in _READ_DATES and days_of(segment)[0] is not None
