"""The words of one plan, numbered once for all its editions: tiers, accumulators, limit slots, benefits, diagnoses.

What comes in: the plan's editions. What goes out: `PlanIndex`, by which requests are translated and ledgers read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.diagnosis_groups import MOST_KNOWN, DiagnosisGroups
from camcover.engine.compiling.segments import Segment
from camcover.engine.compiling.slots import KnownLimits, SlotKey
from camcover.engine.compiling.sources import Sources
from camcover.engine.estimate import Citation
from camcover.engine.facts import OpenFact
from camcover.engine.kernel.codes import FIRST_BY_FACILITY
from camcover.messages import Message
from camcover.rulebook.records import (
    FROM_EPISODE,
    Accumulator,
    Benefit,
    FamilyMode,
    Limit,
    Payee,
    Plan,
    is_by_facility,
)

_ANY_EDITION = -1
"""In place of an edition: whichever."""


class Maxima(NamedTuple):
    """The most that each accumulator may hold, cents, -1 = unlimited: for a member, for the family (point 22)."""

    member: tuple[int, ...]
    family: tuple[int, ...]


class _Trait:
    """Whether something holds of a plan: worked out when it is first asked for, and kept."""

    def __init__(self, holds: Callable[[PlanIndex], bool]) -> None:
        """`holds`: works it out."""
        self._holds, self._name, self.__doc__ = holds, holds.__name__, holds.__doc__

    def __get__(self, index: PlanIndex, _owner: type[PlanIndex]) -> bool:
        """Whether it holds."""
        found = index.traits.get(self._name)
        if found is None:
            found = index.traits[self._name] = self._holds(index)
        return found


@dataclass(frozen=True, slots=True)
class PlanIndex:
    """One plan of the tables: its editions, its rows of `segments`, the numbers of its words, the records behind rows.

    `rolling_limits`: the most limits over a window that one line may count against, so the most events that it
    appends; `billing_tiers`: those that in some edition leave what is above the allowed amount to the member;
    `hands_on`: a limit hands on what it cuts of a line (point 16); `counts_episodes`: one counts each episode by
    itself; `condition_masks`: the groups of diagnoses of conditions with counts of their own (point 49). What is
    worked out from an edition is worked out once, and kept in the fields with a default factory, which are not stored
    (engine/compiling/record_codec.py).
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
    counts_episodes: bool
    condition_masks: dict[str, int]
    cited: dict[tuple[int, int, int, int, int], tuple[Citation, ...]] = field(default_factory=dict)
    terms: dict[tuple[int, ...], object] = field(default_factory=dict)
    counted_toward: list[tuple[int, ...]] = field(default_factory=list)
    known_limits: dict[int, KnownLimits] = field(default_factory=dict)
    facts_asked: dict[int, tuple[OpenFact, ...]] = field(default_factory=dict)
    own_visit_limits: dict[str, tuple[Limit, ...]] = field(default_factory=dict)
    no_use: dict[tuple[int, str, int], Message] = field(default_factory=dict)
    _maxima: dict[tuple[int, bool], Maxima] = field(default_factory=dict)
    _period_starts: dict[OrdinalDay, OrdinalDay] = field(default_factory=dict)
    traits: dict[str, bool] = field(default_factory=dict)

    def copay_scope_of(self, benefit: Benefit) -> int:
        """The number of the scope of a benefit's copays per day; -1 = it has none (point 20)."""
        scope = benefit.shared_copay
        if scope is None:
            return -1
        number = self.copay_scopes[scope]
        return FIRST_BY_FACILITY - number if is_by_facility(scope) else number

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
            if len(self._period_starts) >= MOST_KNOWN:
                self._period_starts.clear()
            found = self._period_starts[day] = self.nearest_to(day).period.start_of(day)
        return found

    def period_before(self, start: OrdinalDay) -> OrdinalDay:
        """The first day of the benefit period before the one that begins on ordinal day `start`.

        Where that one begins with an edition behind a gap, it holds the days of the gap that are nearer to the edition.
        """
        found = self.period_of(OrdinalDay(start - 1))
        if found < start:
            return found
        gap = max(each.last_day for each in self.segments if each.last_day < start)
        return self.period_of(OrdinalDay((gap + start) // 2))

    def reference(self, days: Iterable[OrdinalDay]) -> int:
        """The place of the edition whose terms hold on the first of `days` that has any, else of the first edition."""
        for day in days:
            segment = self.terms_on(day)
            if segment is not None:
                return segment.edition
        return 0

    @_Trait
    def pays_members(self) -> bool:
        """Whether in some tier of some edition the plan pays the member, not the provider."""
        return any(tier.payment_to is Payee.MEMBER for plan in self.editions for tier in plan.tiers.values())

    @_Trait
    def leaves_denials(self) -> bool:
        """Whether in some tier of some edition a denial is the provider's unless something is attested (point 41)."""
        tiers = (tier for plan in self.editions for tier in plan.tiers.values())
        return any(tier.provider_liable and tier.provider_liable.unless for tier in tiers)

    @_Trait
    def shares_fees(self) -> bool:
        """Whether in some edition what a line is allowed may depend on other lines of its day (points 45 to 47)."""
        tables = [table for each in self.segments if each.fees for table in each.fees.tiers.values()]
        by_visit = any(table.visits or table.rates or table.practice_expense for table in tables)
        return by_visit or any(table.maximum_per_day is not None for table in tables)

    @_Trait
    def has_copays_by_facility(self) -> bool:
        """Whether some edition has copays per day and facility."""
        return any(map(is_by_facility, self.copay_scopes))

    @_Trait
    def counts_from_episodes(self) -> bool:
        """Whether a limit of some edition counts from the day on which an episode began (point 49)."""
        return any(key.per.kind in FROM_EPISODE for key in self.slots)

    @_Trait
    def has_code_edits(self) -> bool:
        """Whether some edition holds the codes of a day to each other."""
        return any(plan.has_code_edits for plan in self.editions)

    @_Trait
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

    def least_maxima(self, *, family: bool) -> Maxima:
        """The least that each accumulator may hold at most under some edition; a sum as high may not have grown."""
        found = self._maxima.get((_ANY_EDITION, family))
        if found is None:
            every = [self.maxima(edition, family=family) for edition in range(len(self.editions))]
            found = self._maxima[_ANY_EDITION, family] = Maxima(
                *(tuple(map(_least, zip(*amounts, strict=True))) for amounts in zip(*every, strict=True))
            )
        return found


def _least(amounts: Iterable[int]) -> int:
    """The least of some maxima, -1 = none."""
    return min((amount for amount in amounts if amount >= 0), default=-1)


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
