"""Running counts of limits: which uses of a limit belong to one count, and how a request names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from camcover.rulebook.records import (
    Benefit,
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


def slot_limits(editions: Sequence[Plan]) -> dict[SlotKey, Limit]:
    """The running counts of all editions in order of first appearance, each with its limit in the last that has it."""
    return {
        slot_key(benefit.id, limit): limit
        for plan in editions
        for benefit in plan.benefits.values()
        for limit in counted_limits(benefit)
    }
