"""The words of one plan, numbered once for all its editions: tiers, accumulators, limit slots, benefits, diagnoses.

What comes in: the plan's editions. What goes out: `PlanIndex`, by which requests are translated and ledgers read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.compiling.vocabulary import plain_icd10
from camcover.engine.estimate import Citation
from camcover.engine.facts import OpenFact
from camcover.rulebook.records import (
    Accumulator,
    Benefit,
    Criteria,
    Discount,
    Exclusion,
    FamilyMode,
    Fees,
    Limit,
    LimitPeriod,
    Measure,
    Payee,
    PeriodKind,
    Phase,
    Plan,
    Policy,
    Requirement,
    Step,
)

Record = TypeVar("Record")

_MOST_KNOWN = 4_096
"""Diagnoses whose groups, and days whose benefit period a plan remembers."""


class SlotKey(NamedTuple):
    """A running count: editions that count otherwise count apart (point 31)."""

    limit: str
    benefit: str
    """Only for a limit per visit, which counts for each benefit apart (point 17); else empty."""
    measure: Measure
    per: LimitPeriod
    of_family: bool = False


def slot_key(benefit: str, limit: Limit) -> SlotKey:
    """The running count that a benefit's use of a limit belongs to."""
    owner = benefit if limit.per.kind is PeriodKind.VISIT else ""
    return SlotKey(limit.id, owner, limit.measure, limit.per, limit.of_family)


def counted_limits(benefit: Benefit) -> Sequence[Limit]:
    """The limits that a benefit counts a line against: the first of each running count, so that none counts twice.

    Rules that were checked repeat none (docs/rule-language.md, point 36).
    """
    by_slot: dict[SlotKey, Limit] = {}
    for limit in benefit.limits:
        by_slot.setdefault(slot_key(benefit.id, limit), limit)
    return tuple(by_slot.values())


@dataclass(frozen=True, slots=True)
class PeriodRun:
    """The benefit periods of neighbouring editions that begin them on the same day of the year.

    The first one begins on ordinal day `first` at the earliest, the last one ends on `last` at the latest (point 24).
    """

    month: int
    day: int
    first: OrdinalDay
    last: OrdinalDay

    def start_of(self, day: OrdinalDay) -> OrdinalDay:
        """The first ordinal day of the benefit period that holds `day`."""
        year = date.fromordinal(day).year
        start = ordinal_of(date(year, self.month, self.day))
        if start > day:
            start = ordinal_of(date(year - 1, self.month, self.day))
        return max(start, self.first)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of days of one plan edition in which nothing it refers to changes; days are ordinal, inclusive.

    `edition` is the place of `plan` among the plan's editions. Behind `last_day` the terms may be assumed to go on up
    to `last_assumed` (point 37).
    """

    plan: Plan
    edition: int
    fees: Fees | None
    first_day: OrdinalDay
    last_day: OrdinalDay
    last_assumed: OrdinalDay
    period: PeriodRun


@dataclass(slots=True)
class DiagnosisGroups:
    """The sets of ICD-10 prefixes that a plan's criteria ask for, one bit each."""

    bits: dict[frozenset[str], int]
    masks: dict[str, int]
    longest: int = 0
    _known: dict[str, int] = field(default_factory=dict)

    def bit(self, prefixes: Iterable[str]) -> int:
        """The mask with the one bit of this set of prefixes, a new one when it is new."""
        group = frozenset(map(plain_icd10, prefixes))
        if group not in self.bits:
            self.bits[group] = len(self.bits)
            for prefix in group:
                self.masks[prefix] = self.masks.get(prefix, 0) | 1 << self.bits[group]
                self.longest = max(self.longest, len(prefix))
        return 1 << self.bits[group]

    def mask(self, diagnosis: str) -> int:
        """The groups that a diagnosis or prefix, as it is written, belongs to."""
        found = self._known.get(diagnosis)
        if found is None:
            found = 0
            plain = plain_icd10(diagnosis)
            for length in range(1, min(len(plain), self.longest) + 1):
                found |= self.masks.get(plain[:length], 0)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[diagnosis] = found
        return found


class Rows(Generic[Record]):
    """The records behind a plan's rows of one table, by row of the whole table."""

    __slots__ = ("_first", "_records")

    def __init__(self, first: int) -> None:
        """Begin at row `first`."""
        self._first = first
        self._records: list[Record] = []

    def append(self, record: Record) -> None:
        """Add the record of the next row."""
        self._records.append(record)

    def __getitem__(self, row: int) -> Record:
        """The record behind a row of the table."""
        return self._records[row - self._first]

    @property
    def first(self) -> int:
        """The row of the first record."""
        return self._first

    def items(self) -> Iterator[tuple[int, Record]]:
        """Every row with its record."""
        return enumerate(self._records, self._first)


@dataclass(frozen=True, slots=True)
class CriteriaSource:
    """Where a row of `criteria` stands: in a policy (then its id), else in the benefit or exclusion itself."""

    criteria: Criteria
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class Sources:
    """The record behind each row of a plan in the tables of the same name."""

    rules: Rows[Benefit | Exclusion]
    criteria: Rows[CriteriaSource]
    phases: Rows[Phase]
    steps: Rows[Step]
    requirements: Rows[Requirement]
    limits: Rows[Limit]
    discounts: Rows[Discount]
    segments: Rows[Segment]


class Maxima(NamedTuple):
    """The most that each accumulator may hold, cents, -1 = unlimited: for a member, for the family (point 22)."""

    member: tuple[int, ...]
    family: tuple[int, ...]


class KnownLimit(NamedTuple):
    """A limit as one edition's requests name it.

    `slots`: those that count as it does, several for a limit per visit without a benefit. `benefit`: the one whose own
    visit limit it is, so that it states the benefit's visits too (point 39); else empty.
    """

    limit: Limit
    slots: tuple[int, ...]
    benefit: str


class KnownLimits(NamedTuple):
    """The limits that one edition's requests may name.

    `by_id`: as the edition has them, else as the first edition that does. `by_slot`: the limit whose count a slot is
    under that edition, None = it counts otherwise there (point 31).
    """

    by_id: Mapping[str, KnownLimit]
    by_slot: tuple[Limit | None, ...]


@dataclass(frozen=True, slots=True)
class PlanIndex:
    """One plan of the tables: its editions, its rows of `segments`, the numbers of its words, the records behind rows.

    `rolling_limits`: the most limits over a window that one of its benefits has, so the most events that one line
    appends; `billing_tiers`: those that in some edition leave what is above the allowed amount to the member;
    `hands_on`: a limit hands on what it cuts of a line (point 16). What is worked out from an edition is worked out
    once, and kept in the fields with a default factory, which are not stored (engine/compiling/record_codec.py).
    """

    id: str
    editions: tuple[Plan, ...]
    segments: tuple[Segment, ...]
    first_segment: int
    tiers: dict[str, int]
    accumulators: Mapping[str, int]
    slots: Mapping[SlotKey, int]
    slot_limits: Sequence[Limit]
    benefits: Mapping[str, int]
    copay_scopes: Mapping[str, int]
    groups: DiagnosisGroups
    rolling_limits: int
    sources: Sources
    by_service: Mapping[int, Sequence[Benefit]]
    billing_tiers: frozenset[str]
    hands_on: bool
    cited: dict[tuple[int, int, int, int, int], tuple[Citation, ...]] = field(default_factory=dict)
    terms: dict[tuple[int, ...], object] = field(default_factory=dict)
    counted_toward: list[tuple[int, ...]] = field(default_factory=list)
    known_limits: dict[int, KnownLimits] = field(default_factory=dict)
    facts_asked: dict[int, tuple[OpenFact, ...]] = field(default_factory=dict)
    own_visit_limits: dict[str, tuple[Limit, ...]] = field(default_factory=dict)
    _maxima: dict[tuple[int, bool], Maxima] = field(default_factory=dict)
    _period_starts: dict[OrdinalDay, OrdinalDay] = field(default_factory=dict)

    def copay_scope_of(self, benefit: Benefit) -> int:
        """The number of the scope of a benefit's copays per day; -1 = it has none (point 20)."""
        scope = benefit.shared_copay
        return -1 if scope is None else self.copay_scopes[scope]

    def copay_scope_on(self, benefit: str, day: OrdinalDay) -> int:
        """The same of a benefit by its id as the terms of an ordinal day have it; -1 too where they do not have it."""
        segment = self.terms_on(day)
        found = segment.plan.benefits.get(benefit) if segment is not None else None
        return -1 if found is None else self.copay_scope_of(found)

    def terms_on(self, day: OrdinalDay, *, in_force_only: bool = False) -> Segment | None:
        """The segment whose terms hold on an ordinal day, in force or assumed to go on (point 37)."""
        place = self.place_on(day, in_force_only=in_force_only)
        return self.segments[place] if place >= 0 else None

    def place_on(self, day: OrdinalDay, *, in_force_only: bool = False) -> int:
        """The place of that segment; -1 = none."""
        for place, segment in enumerate(self.segments):
            if segment.first_day <= day <= segment.last_day:
                return place
        last = self.segments[-1]
        return len(self.segments) - 1 if last.last_day < day <= last.last_assumed and not in_force_only else -1

    def nearest_to(self, day: OrdinalDay) -> Segment:
        """The segment in force on an ordinal day, else the one fewest days away, of two the earlier."""
        return min(self.segments, key=lambda each: max(each.first_day - day, day - each.last_day, 0))

    def period_of(self, day: OrdinalDay) -> OrdinalDay:
        """The first day of the benefit period that holds an ordinal day, by the edition in force or nearest to it."""
        found = self._period_starts.get(day)
        if found is None:
            if len(self._period_starts) >= _MOST_KNOWN:
                self._period_starts.clear()
            found = self._period_starts[day] = self.nearest_to(day).period.start_of(day)
        return found

    def reference(self, days: Iterable[OrdinalDay]) -> int:
        """The place of the edition whose terms hold on the first of `days` that has any, else of the first edition."""
        for day in days:
            segment = self.terms_on(day)
            if segment is not None:
                return segment.edition
        return 0

    @property
    def pays_members(self) -> bool:
        """Whether in some tier of some edition the plan pays the member, not the provider."""
        return any(tier.payment_to is Payee.MEMBER for plan in self.editions for tier in plan.tiers.values())

    @property
    def has_accounts(self) -> bool:
        """Whether some edition has accounts that pay the member's share."""
        return any(plan.accounts for plan in self.editions)

    @property
    def longest_list(self) -> int:
        """How many tiers the edition with the most of them lists."""
        return max(len(plan.tiers) for plan in self.editions)

    def maxima(self, edition: int, *, family: bool) -> Maxima:
        """The most that each accumulator may hold under an edition."""
        found = self._maxima.get((edition, family))
        if found is None:
            defined = [self.editions[edition].accumulators.get(name) for name in self.accumulators]
            found = self._maxima[edition, family] = Maxima(
                tuple(member_maximum(each, family=family) for each in defined),
                tuple(-1 if each is None or each.family is None else each.family for each in defined),
            )
        return found


class EditionSummary(NamedTuple):
    """When an edition holds, and what kind it is."""

    start: date
    end: date | None
    hsa_qualified: bool
    illustrative: bool


class PlanSummary(NamedTuple):
    """What a list of plans shows of one; name and payer as its latest edition has them."""

    id: str
    name: str
    payer_id: str
    payer_name: str
    editions: tuple[EditionSummary, ...]


def summary_of(index: PlanIndex) -> PlanSummary:
    """The summary of a plan."""
    last = index.editions[-1]
    return PlanSummary(
        index.id,
        last.heading.name or index.id,
        str(last.payer.id),
        last.payer.name,
        tuple(
            EditionSummary(
                plan.heading.effective.start, plan.heading.effective.end, plan.hsa_qualified, plan.heading.illustrative
            )
            for plan in index.editions
        ),
    )


def member_maximum(accumulator: Accumulator | None, *, family: bool) -> int:
    """The most a member's sum may hold, cents; -1 = unlimited (point 22)."""
    if accumulator is None:
        return -1
    amounts = [accumulator.alone]
    if family:
        is_shared = accumulator.family_mode is FamilyMode.AGGREGATE
        amounts = [accumulator.family] if is_shared else [accumulator.individual, accumulator.family]
    return min((amount for amount in amounts if amount is not None), default=-1)


def numbered(words: Iterable[str]) -> dict[str, int]:
    """Each word once, in order of first appearance, with its number."""
    return {word: number for number, word in enumerate(dict.fromkeys(map(str, words)))}


def slot_limits(editions: Sequence[Plan]) -> dict[SlotKey, Limit]:
    """The running counts of all editions in order of first appearance, each with its limit in the last that has it."""
    return {
        slot_key(benefit.id, limit): limit
        for plan in editions
        for benefit in plan.benefits.values()
        for limit in counted_limits(benefit)
    }
