"""The words of one plan, numbered once for all its editions: tiers, accumulators, limit slots, benefits, diagnoses.

What comes in: the plan's editions. What goes out: `PlanIndex`, by which requests are translated and ledgers read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from camcover.engine.vocabulary import plain_icd10
from camcover.rulebook.records import Fees, Limit, LimitPeriod, Measure, PeriodKind, Plan


class SlotKey(NamedTuple):
    """A running count: editions that count otherwise count apart (point 31)."""

    limit: str
    benefit: str
    """Only for a limit per visit, which counts for each benefit apart (point 17); else empty."""
    measure: Measure
    per: LimitPeriod


def slot_key(benefit: str, limit: Limit) -> SlotKey:
    """The running count that a benefit's use of a limit belongs to."""
    return SlotKey(limit.id, benefit if limit.per.kind is PeriodKind.VISIT else "", limit.measure, limit.per)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of days of one plan edition in which nothing it refers to changes; days are ordinal, inclusive."""

    plan: Plan
    fees: Fees | None
    first_day: int
    last_day: int


@dataclass(slots=True)
class DiagnosisGroups:
    """The sets of ICD-10 prefixes that a plan's criteria ask for, one bit each."""

    bits: dict[frozenset[str], int]
    masks: dict[str, int]
    longest: int = 0

    def bit(self, prefixes: Iterable[str]) -> int:
        """The mask with the one bit of this set of prefixes, a new one when it is new."""
        group = frozenset(map(plain_icd10, prefixes))
        if group not in self.bits:
            self.bits[group] = len(self.bits)
            for prefix in group:
                self.masks[prefix] = self.masks.get(prefix, 0) | 1 << self.bits[group]
                self.longest = max(self.longest, len(prefix))
        return 1 << self.bits[group]

    def mask(self, diagnoses: Iterable[str]) -> int:
        """The groups that some of the plain diagnoses belong to."""
        found = 0
        for diagnosis in diagnoses:
            for length in range(1, min(len(diagnosis), self.longest) + 1):
                found |= self.masks.get(diagnosis[:length], 0)
        return found


@dataclass(frozen=True, slots=True)
class PlanIndex:
    """One plan of the tables: its editions, its rows of `segments`, and the numbers of its words.

    `rolling_limits`: how many of its limits count over a window in some edition.
    """

    id: str
    editions: tuple[Plan, ...]
    segments: tuple[Segment, ...]
    first_segment: int
    tiers: Mapping[str, int]
    accumulators: Mapping[str, int]
    slots: Mapping[SlotKey, int]
    benefits: Mapping[str, int]
    groups: DiagnosisGroups
    rolling_limits: int

    def edition_on(self, day: int) -> Segment | None:
        """The segment in force on an ordinal day."""
        return next((segment for segment in self.segments if segment.first_day <= day <= segment.last_day), None)


def number_words(
    editions: tuple[Plan, ...],
) -> tuple[dict[str, int], dict[str, int], dict[SlotKey, int], dict[str, int]]:
    """(tiers, accumulators, limit slots, benefits) of all editions, each numbered in order of first appearance."""
    tiers = dict.fromkeys(str(tier) for plan in editions for tier in plan.tiers)
    accumulators = dict.fromkeys(str(name) for plan in editions for name in plan.accumulators)
    benefits = dict.fromkeys(str(name) for plan in editions for name in plan.benefits)
    slots = dict.fromkeys(
        slot_key(benefit.id, limit)
        for plan in editions
        for benefit in plan.benefits.values()
        for limit in benefit.limits
    )
    return (
        _numbered(tiers),
        _numbered(accumulators),
        {key: index for index, key in enumerate(slots)},
        _numbered(benefits),
    )


def count_rolling(editions: tuple[Plan, ...]) -> int:
    """How many limits of a plan count over a rolling window in some edition."""
    rolling = (PeriodKind.ROLLING_DAYS, PeriodKind.ROLLING_MONTHS)
    limits = (limit for plan in editions for benefit in plan.benefits.values() for limit in benefit.limits)
    return len({str(limit.id) for limit in limits if limit.per.kind in rolling})


def _numbered(words: Iterable[str]) -> dict[str, int]:
    """Each word with its place."""
    return {word: index for index, word in enumerate(words)}
