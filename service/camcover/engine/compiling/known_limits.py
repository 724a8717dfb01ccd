"""The limits that requests may name, as one edition of a plan has them; worked out once for each edition.

What comes in: a `PlanIndex` and the place of an edition. What goes out: each limit with the running counts (slots) that
it stands for, and the benefit whose visits it states (docs/rule-language.md, points 31 and 39).
"""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.slots import KnownLimit, KnownLimits, SlotKey, slot_key
from camcover.request_bounds import CENTS, USED
from camcover.rulebook.records import CountedFor, Counting, Limit, LimitPeriod, Measure, PeriodKind


def known_limits(index: PlanIndex, edition: int) -> KnownLimits:
    """The limits that requests may name which are read by an edition; `edition`: its place. Worked out once."""
    found = index.known_limits.get(edition)
    if found is None:
        found = index.known_limits[edition] = _known_limits(index, edition)
    return found


def _known_limits(index: PlanIndex, edition: int) -> KnownLimits:
    """The same, from the records of all editions."""
    by_id: dict[str, KnownLimit] = {}
    for plan in (index.editions[edition], *index.editions):
        for benefit in plan.benefits.values():
            for limit in benefit.limits:
                if limit.id not in by_id:
                    by_id[limit.id] = _known_limit(index, limit)
    counted = (by_id[key.limit].limit for key in index.slots)
    by_slot = tuple(
        limit if _way_to_count(limit) == _way_to_count(key) else None
        for key, limit in zip(index.slots, counted, strict=True)
    )
    return KnownLimits(by_id, by_slot)


def _known_limit(index: PlanIndex, limit: Limit) -> KnownLimit:
    """A limit of one edition as requests name it, with what the editions that count it alike allow."""
    alike = [
        each
        for plan in index.editions
        for benefit in plan.benefits.values()
        for each in benefit.limits
        if each.id == limit.id and _way_to_count(each) == _way_to_count(limit)
    ]
    return KnownLimit(
        limit,
        tuple(slots_of(index, limit)),
        own_visits_of(index, limit),
        max(each.most for each in alike),
        max(map(most_of, alike)),
    )


def most_of(limit: Limit) -> int:
    """The most that may be used of a limit as one edition has it: its greatest amount; of a soft one any in bounds."""
    return limit.most if limit.beyond is None else most_stated(limit)


def most_stated(limit: Limit) -> int:
    """The most that any request may state in a limit's measure."""
    return (CENTS if limit.measure is Measure.MONEY else USED).most


def _way_to_count(counted: Limit | SlotKey) -> tuple[Measure, LimitPeriod, CountedFor | None]:
    """What must be the same for two editions to go on with one count (point 31)."""
    return counted.measure, counted.per, counted.counted_for


def slots_of(index: PlanIndex, limit: Limit, benefit: str = "") -> list[int]:
    """The slots that count as this edition's limit does.

    They are several for a limit per visit without a benefit, and for one that counts each condition by itself.
    """
    counting = {slot_key(name, limit) for name in ([benefit] if benefit else index.benefits)}
    return [number for key, number in index.slots.items() if key._replace(condition="") in counting]


def own_visit_limits(index: PlanIndex, benefit: str) -> tuple[Limit, ...]:
    """A benefit's own visit limits per benefit period, where every edition has the limit alike; worked out once."""
    found = index.own_visit_limits.get(benefit)
    if found is None:
        found = index.own_visit_limits[benefit] = tuple(_own_visit_limits(index, benefit))
    return found


def _own_visit_limits(index: PlanIndex, benefit: str) -> Iterator[Limit]:
    """The same, from the records of all editions."""
    editions = [plan for plan in index.editions if benefit in plan.benefits]
    yield from (
        limit
        for limit in editions[0].benefits[benefit].limits
        if limit.measure is Measure.VISITS
        and limit.per.kind is PeriodKind.BENEFIT_PERIOD
        and not limit.shared
        and limit.counted_for is None
        and not leaves_out(index, slot_key(benefit, limit))
        and all(
            any(slot_key(benefit, each) == slot_key(benefit, limit) for each in plan.benefits[benefit].limits)
            for plan in editions
        )
    )


def leaves_out(index: PlanIndex, key: SlotKey) -> bool:
    """Whether a limit leaves lines out in some edition, so that its count of a dated visit is unknown."""
    return any(
        limit.leaves_out and slot_key(benefit.id, limit, key.condition) == key
        for plan in index.editions
        for benefit in plan.benefits.values()
        for limit in benefit.limits
    )


def counts_paid(limit: Limit) -> bool:
    """Whether a limit counts what the plan pays: a money limit by default, a visit limit if it says so."""
    if limit.measure is Measure.MONEY:
        return limit.counts is not Counting.ALLOWED
    return limit.measure is Measure.VISITS and limit.counts is Counting.PLAN_PAID


def own_visits_of(index: PlanIndex, limit: Limit) -> str:
    """The benefit whose own visit limit this is, so that it states the benefit's visits too; else empty."""
    if limit.counts is not Counting.PLAN_PAID:
        for benefit in index.benefits:
            if any(each.id == limit.id for each in own_visit_limits(index, benefit)):
                return benefit
    return ""
