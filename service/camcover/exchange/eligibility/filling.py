"""The part of a request that a payer's answer states, by the ids of one plan, and what of the answer is not in it.

What comes in: facts of a member, the plan's edition in force on the day of the answer, the therapies of the catalog.
What goes out: `MemberPart`: the member's sums, limits and coverage as the engine takes them, which fact gave each, and
a note for each fact that gave nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from camcover.engine.request import FIRST_DATE, LAST_DATE, AccumulatorUse, LimitUse, Member, Membership, UseSoFar
from camcover.exchange.eligibility.plan_words import Match, amount_told, match_accumulator, match_limit
from camcover.exchange.eligibility.records import (
    Confidence,
    CoverageLevel,
    Eligibility,
    EligibilityFact,
    EligibilityNote,
    FactKind,
    FactUnit,
    NoteKind,
)
from camcover.exchange.eligibility.shares import share_notes
from camcover.money import Cents
from camcover.rulebook.records import Plan, Therapy

__all__ = ["FactInUse", "MemberPart", "filled"]

_SUMS = (FactKind.DEDUCTIBLE, FactKind.OUT_OF_POCKET_MAXIMUM)
_SHARES = (FactKind.COPAY, FactKind.COINSURANCE)
_FIRST_YEAR = 1880

_Key = TypeVar("_Key", str, tuple[bool, str])


class FactInUse(NamedTuple):
    """A fact, and the field of the request that it fills, such as `members[0].limit_usage[1]`."""

    fact: EligibilityFact
    field: str


class MemberPart(NamedTuple):
    """What an answer states of a request. `is_family`: family coverage; False: the answer does not say."""

    member: Member
    family_accumulators: tuple[AccumulatorUse, ...]
    as_of: date | None
    is_family: bool
    used: tuple[FactInUse, ...]
    notes: tuple[EligibilityNote, ...]


@dataclass(slots=True)
class _Filled:
    """One number of the request, with all facts that give it."""

    used: int
    facts: list[EligibilityFact] = field(default_factory=list)


def filled(told: Eligibility, plan: Plan, therapies: Mapping[str, Therapy], member_id: str = "") -> MemberPart:
    """What `told` states under an edition of a plan. `member_id`: what the request calls the member."""
    notes = [*told.notes, *_day_notes(told.as_of, plan)]
    sums: dict[tuple[bool, str], _Filled] = {}
    limits: dict[str, _Filled] = {}
    for fact in sorted(told.facts, key=lambda each: not each.is_general):
        match = _match(fact, plan, therapies, told.as_of)
        if match is None:
            continue
        used = _used(fact, match)
        if not match.id or used is None:
            why = match.why or "how much of it is used is not told"
            notes.append(EligibilityNote(match.kind, fact.segments, f"{_named(fact)}: {why}"))
        elif fact.kind in _SUMS:
            notes += _fill(sums, (fact.level is CoverageLevel.FAMILY, match.id), used, fact)
        else:
            notes += _fill(limits, match.id, used, fact)
    member, of_member = _member(told, member_id)
    own = {name: each for (is_family, name), each in sums.items() if not is_family}
    family = {name: each for (is_family, name), each in sums.items() if is_family}
    units = {name: each.facts[0].unit for name, each in limits.items()}
    use = UseSoFar(
        tuple(AccumulatorUse(name, Cents(each.used)) for name, each in own.items()),
        tuple(_limit_use(name, each.used, units[name]) for name, each in limits.items()),
    )
    statuses = told.of_kind(FactKind.COVERAGE)
    is_family = bool(family) or any(each.level is CoverageLevel.FAMILY for each in statuses)
    in_use = (
        *of_member,
        *_in_use("members[0].accumulators", own.values()),
        *_in_use("members[0].limit_usage", limits.values()),
        *_in_use("family_accumulators", family.values()),
    )
    return MemberPart(
        member._replace(use=use),
        tuple(AccumulatorUse(name, Cents(each.used)) for name, each in family.items()),
        told.as_of if _is_year_of_service(told.as_of) else None,
        is_family,
        in_use,
        (*notes, *_others(told, in_use), *share_notes(told, plan, therapies)),
    )


def _day_notes(as_of: date | None, plan: Plan) -> Iterator[EligibilityNote]:
    """Notes on an answer without a day that can be used, or of a day on which the plan is not in force."""
    if not _is_year_of_service(as_of):
        said = "the answer does not say its day; the sums are taken to be of the first date of service"
        yield EligibilityNote(NoteKind.ATTENTION, (), said)
    elif as_of is not None and not plan.heading.effective.holds(as_of):
        said = f"the plan's file is not in force on {as_of}, the day of the answer; the edition nearest to it is taken"
        yield EligibilityNote(NoteKind.ATTENTION, (), said)


def _is_year_of_service(day: date | None) -> bool:
    return day is not None and FIRST_DATE <= day <= LAST_DATE


def _match(fact: EligibilityFact, plan: Plan, therapies: Mapping[str, Therapy], as_of: date | None) -> Match | None:
    """What a sum or limit is in the plan; None: the fact is none of them, or a note tells of it already."""
    if fact.kind not in {*_SUMS, FactKind.LIMIT} or fact.confidence is Confidence.LOW:
        return None
    if as_of is not None and not (fact.first_day or as_of) <= as_of <= (fact.last_day or as_of):
        return Match(why="it is told for other days than that of the answer")
    if fact.kind is FactKind.LIMIT:
        return match_limit(fact, plan, therapies)
    return match_accumulator(fact, plan)


def _used(fact: EligibilityFact, match: Match) -> int | None:
    """How much is used, in the fact's unit; None = not told, or not within what the plan allows."""
    used = fact.so_far
    if used is None and fact.remaining is not None and match.most is not None:
        used = match.most - fact.remaining
    if used is None or used < 0 or (match.most is not None and used > match.most):
        return None
    return used


def _fill(filled: dict[_Key, _Filled], key: _Key, used: int, fact: EligibilityFact) -> list[EligibilityNote]:
    """Take a number; a note where another fact gave another one, which a fact of the plan as a whole overrules."""
    before = filled.setdefault(key, _Filled(used))
    if before.used == used:
        before.facts.append(fact)
        return []
    first = before.facts[0]
    said = f"{amount_told(fact, used)} used; segment {first.segments[0]} says {amount_told(first, before.used)}"
    if first.is_general == fact.is_general:
        del filled[key]
        said += "; neither is used"
    return [EligibilityNote(NoteKind.DISAGREES, fact.segments, f"{_named(fact)}: {said}")]


def _limit_use(name: str, used: int, unit: FactUnit) -> LimitUse:
    return LimitUse(name, used_cents=Cents(used)) if unit is FactUnit.CENTS else LimitUse(name, used)


def _in_use(path: str, some: Iterable[_Filled]) -> Iterator[FactInUse]:
    for place, each in enumerate(some):
        yield from (FactInUse(fact, f"{path}[{place}]") for fact in each.facts)


def _member(told: Eligibility, member_id: str) -> tuple[Member, list[FactInUse]]:
    """The member's birth date, role and days of coverage, each from the surest fact that gives it."""
    in_use: list[FactInUse] = []

    def surest(kind: FactKind, path: str) -> EligibilityFact | None:
        some = [each for each in told.of_kind(kind) if each.confidence is not Confidence.LOW and _is_sound(each)]
        best = min(some, key=lambda each: each.confidence is not Confidence.HIGH, default=None)
        if best is not None:
            in_use.append(FactInUse(best, f"members[0].{path}"))
        return best

    born = surest(FactKind.BIRTH_DATE, "birth_date")
    role = surest(FactKind.ROLE, "membership.role")
    first = surest(FactKind.COVERED_FROM, "membership.covered_from")
    last = surest(FactKind.COVERED_TO, "membership.covered_to")
    enrolled = surest(FactKind.ENROLLED_ON, "membership.enrolled_on")
    days = [each.day if each is not None else None for each in (first, last, enrolled)]
    membership = Membership(days[0], days[1], role.word if role is not None else "", enrolled_on=days[2])
    if _contradicts(membership):
        membership = Membership(role=membership.role)
        in_use = [each for each in in_use if each.fact not in (first, last, enrolled)]
    person = Member(birth_date=born.day if born is not None else None, membership=membership)
    return (person._replace(id=member_id) if member_id else person), in_use


def _is_sound(fact: EligibilityFact) -> bool:
    return fact.day is None or fact.day.year >= _FIRST_YEAR


def _contradicts(membership: Membership) -> bool:
    """Whether the last day or the enrollment does not fit the first day."""
    first, last, enrolled = membership.covered_from, membership.covered_to, membership.enrolled_on
    return first is not None and ((last is not None and last < first) or (enrolled is not None and enrolled > first))


def _others(told: Eligibility, in_use: Iterable[FactInUse]) -> Iterator[EligibilityNote]:
    """Notes on the facts that are neither sums nor limits and fill nothing."""
    known = {id(each.fact) for each in in_use}
    for fact in told.facts:
        if id(fact) in known or fact.kind in {*_SUMS, FactKind.LIMIT}:
            continue
        where = _services(fact)
        if fact.kind is FactKind.COVERAGE:
            if fact.word == "inactive":
                yield EligibilityNote(NoteKind.INACTIVE, fact.segments, f"coverage is not active{where}")
        elif fact.kind is FactKind.NOT_COVERED:
            yield EligibilityNote(NoteKind.ATTENTION, fact.segments, f"the payer does not cover it{where}")
        elif fact.kind is FactKind.AUTHORIZATION:
            said = f"the payer asks for a prior authorization{where}; attest it in the items that have it"
            yield EligibilityNote(NoteKind.ATTENTION, fact.segments, said)
        elif fact.kind in _SHARES:
            why = fact.because or "the plan's rules say what is paid"
            yield EligibilityNote(NoteKind.NOT_USED, fact.segments, f"{_named(fact)}: {why}")
        else:
            why = fact.because or "another segment says it, or it contradicts the other days of coverage"
            yield EligibilityNote(NoteKind.NOT_USED, fact.segments, f"{_named(fact)}: {why}")


def _named(fact: EligibilityFact) -> str:
    """What a note calls a fact: `individual deductible, in network`."""
    level = f"{fact.level} " if fact.level is not CoverageLevel.UNKNOWN else ""
    return f"{level}{str(fact.kind).replace('_', ' ')}{_services(fact)}"


def _services(fact: EligibilityFact) -> str:
    """The services and the network of a fact in words."""
    codes = "" if not fact.service_types else f" for service type {', '.join(fact.service_types[:12])}"
    code = f" for {fact.procedure}" if fact.procedure else ""
    network = {"in_network": ", in network", "out_of_network": ", out of network"}.get(str(fact.network), "")
    return f"{codes}{code}{network}"
