"""Running counts of limits: which uses of a limit belong to one count, and how a request names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from camcover.rulebook.records import (
    Benefit,
    CountedFor,
    Limit,
    LimitPeriod,
    Measure,
    PeriodKind,
    Plan,
)


class SlotKey(NamedTuple):
    """A running count: editions that count otherwise count apart (point 31)."""

    limit: str
    benefit: str
    """Only for a limit per visit, which counts for each benefit apart (point 17); else empty."""
    measure: Measure
    per: LimitPeriod
    counted_for: CountedFor | None = None
    condition: str = ""
    """Only for a limit that counts each condition by itself; empty: of lines that meet none of them (point 49)."""

    @property
    def of_family(self) -> bool:
        """Whether all members share it."""
        return self.counted_for is CountedFor.FAMILY


def slot_key(benefit: str, limit: Limit, condition: str = "") -> SlotKey:
    """The running count that a benefit's use of a limit belongs to, of a condition where each has one of its own."""
    owner = benefit if limit.per.kind is PeriodKind.VISIT else ""
    counted_for = limit.counted_for
    own = condition if counted_for is CountedFor.CONDITION else ""
    return SlotKey(limit.id, owner, limit.measure, limit.per, counted_for, own)


def counted_limits(benefit: Benefit) -> Sequence[Limit]:
    """The limits that a benefit counts a line against: the first of each running count, so that none counts twice.

    Rules that were checked repeat none (docs/rule-language.md, point 36).
    """
    by_slot: dict[SlotKey, Limit] = {}
    for limit in benefit.limits:
        by_slot.setdefault(slot_key(benefit.id, limit), limit)
    return tuple(by_slot.values())


class KnownLimit(NamedTuple):
    """A limit as one edition's requests name it.

    `slots`: those that count as it does, several for a limit per visit without a benefit. `benefit`: the one whose own
    visit limit it is, so that it states the benefit's visits too (point 39); else empty. `most`: the greatest amount
    that any edition which counts alike allows at any age, in the limit's own measure; `most_used`: the most that may be
    used, which is any amount in bounds where one of these editions lets a line go beyond it.
    """

    limit: Limit
    slots: tuple[int, ...]
    benefit: str
    most: int
    most_used: int


class KnownLimits(NamedTuple):
    """The limits that one edition's requests may name.

    `by_id`: as the edition has them, else as the first edition that does. `by_slot`: the limit whose count a slot is
    under that edition, None = it counts otherwise there (point 31).
    """

    by_id: Mapping[str, KnownLimit]
    by_slot: tuple[Limit | None, ...]


def slot_limits(editions: Sequence[Plan]) -> dict[SlotKey, Limit]:
    """The running counts of all editions in order of first appearance, each with its limit in the last that has it."""
    conditions: dict[str, dict[str, None]] = {}
    for limit, benefit in _counted(editions):
        if limit.counted_for is CountedFor.CONDITION:
            conditions.setdefault(limit.id, {}).update(dict.fromkeys(map(str, benefit.conditions)))
    return {
        slot_key(benefit.id, limit, condition): limit
        for limit, benefit in _counted(editions)
        for condition in ("", *(conditions.get(limit.id, ()) if limit.counted_for is CountedFor.CONDITION else ()))
    }


def _counted(editions: Sequence[Plan]) -> Iterator[tuple[Limit, Benefit]]:
    """Every limit that a benefit of some edition counts a line against."""
    for benefit in (benefit for plan in editions for benefit in plan.benefits.values()):
        for limit in counted_limits(benefit):
            yield limit, benefit
