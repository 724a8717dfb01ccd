"""What members have used before the estimate, in the numbers of one plan: the state the kernel starts from.

What comes in: the `UseSoFar` of each member and the family's sums. What goes out: `StartingState`, and violations for
words the plan has not, counts twice, sums above their maximum, usage above a hard limit (point 30).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from camcover.engine import tables as columns
from camcover.engine.expansion import MAX_CENTS, MAX_UNITS, unknown_word
from camcover.engine.plan_index import PlanIndex, slot_key
from camcover.engine.request import AccumulatorUse, Coverage, EstimateRequest, PriorVisit, UseSoFar, Violation
from camcover.engine.tables import UNTOUCHED, Array
from camcover.rulebook.records import Accumulator, FamilyMode, Limit, Measure, PeriodKind, Plan

_ROLLING = (PeriodKind.ROLLING_DAYS, PeriodKind.ROLLING_MONTHS)


@dataclass(frozen=True, slots=True)
class UnknownSum:
    """A sum so far that the request leaves open: its row of `sums`, and the most it could be (cents)."""

    accumulator: str
    member_id: str
    row: int
    maximum: int


@dataclass(frozen=True, slots=True)
class StartingState:
    """The kernel's state before the first line; rows as in engine/tables.py."""

    sums: Array
    slots: Array
    visits: Array
    events: Array
    unknown_sums: tuple[UnknownSum, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose use is read: the plan, the edition whose amounts hold, and the path prefix of its fields."""

    index: PlanIndex
    plan: Plan
    request: EstimateRequest
    secondary: bool
    as_of: int
    first_day: int

    def use_of(self, member: int) -> UseSoFar:
        """What a member used under this plan."""
        person = self.request.members[member]
        return person.secondary_use if self.secondary else person.use

    def path(self, member: int, name: str, place: int) -> str:
        """The field path of an entry of a member's use."""
        return f"members[{member}].{'secondary_' if self.secondary else ''}{name}[{place}]"


def starting_state(scope: Scope, violations: list[Violation]) -> StartingState:
    """Lay out sums, limit counts, visits and dated events; adds what is wrong to `violations`."""
    index, members = scope.index, len(scope.request.members)
    sums = np.zeros((members + 1) * len(index.accumulators), dtype=columns.SUM)
    unknown = [*_read_sums(scope, sums, violations)]
    slots = np.zeros(members * len(index.slots), dtype=columns.SLOT)
    slots["key"], slots["head"], slots["tail"] = UNTOUCHED, -1, -1
    visits = np.zeros(members * len(index.benefits), dtype=columns.VISITS)
    visits["period"], visits["day"] = UNTOUCHED, 0
    dated: dict[int, list[tuple[int, int]]] = {}
    for member in range(members):
        _read_limits(scope, member, slots, dated, violations)
        _read_visits(scope, member, visits, violations)
        _read_prior_visits(scope, member, dated, violations)
    return StartingState(sums, slots, visits, _link_events(slots, dated), tuple(unknown))


def _read_sums(scope: Scope, sums: Array, violations: list[Violation]) -> Iterator[UnknownSum]:
    """Fill in members' and family's sums; give those left open."""
    request, width = scope.request, len(scope.index.accumulators)
    for member, person in enumerate(request.members):
        path = f"members[{member}].{'secondary_' if scope.secondary else ''}accumulators"
        given = _given_sums(scope, scope.use_of(member).accumulators, path, violations)
        for name, number in scope.index.accumulators.items():
            maximum = member_maximum(scope.plan.accumulators.get(name), request.coverage)
            row = member * width + number
            yield from _fill_sum(sums, row, given.get(name), name, person.id, maximum, path, violations)
    if request.coverage is Coverage.FAMILY:
        family = request.secondary_family_accumulators if scope.secondary else request.family_accumulators
        path = f"{'secondary_' if scope.secondary else ''}family_accumulators"
        given = _given_sums(scope, family, path, violations)
        for name, number in scope.index.accumulators.items():
            row = len(request.members) * width + number
            maximum = family_maximum(scope.plan.accumulators.get(name))
            # What the family's sum is where it is not given (point 29); its last quarter likewise.
            for column in ("initial", "initial_last_quarter"):
                sums[row][column] = sums[number:row:width][column].sum()
            yield from _fill_sum(sums, row, given.get(name), name, "", maximum, path, violations)


def _given_sums(
    scope: Scope, uses: Sequence[AccumulatorUse], path: str, violations: list[Violation]
) -> dict[str, tuple[int, AccumulatorUse]]:
    """The sums that a list states, by accumulator with their place; unknown and repeated ones are violations."""
    given: dict[str, tuple[int, AccumulatorUse]] = {}
    for place, use in enumerate(uses):
        where = f"{path}[{place}].accumulator"
        if use.accumulator not in scope.index.accumulators:
            violations.append(unknown_word(where, "accumulator", use.accumulator, [*scope.index.accumulators]))
        elif use.accumulator in given:
            violations.append(Violation(where, f"{use.accumulator} is given twice"))
        else:
            given[use.accumulator] = (place, use)
    return given


def _fill_sum(
    sums: Array,
    row: int,
    given: tuple[int, AccumulatorUse] | None,
    name: str,
    member_id: str,
    maximum: int | None,
    path: str,
    violations: list[Violation],
) -> Iterator[UnknownSum]:
    """Write one sum; where it is not given, leave what stands there and give it as unknown."""
    if given is None or given[1].used_cents is None:
        if maximum is not None:
            for column in ("initial", "initial_last_quarter"):
                sums[row][column] = min(int(sums[row][column]), maximum)
            yield UnknownSum(name, member_id, row, maximum)
        return
    place, use = given
    used, last_quarter = given[1].used_cents, use.last_quarter_cents
    top = MAX_CENTS if maximum is None else maximum
    if not 0 <= used <= top:
        violations.append(Violation(f"{path}[{place}].used_cents", f"{used} cents used of {name}; expected 0 to {top}"))
    elif not 0 <= last_quarter <= used:
        violations.append(
            Violation(
                f"{path}[{place}].last_quarter_cents", f"{last_quarter} cents; expected 0 to the {used} used in all"
            )
        )
    else:
        sums[row]["initial"], sums[row]["initial_last_quarter"] = used, last_quarter


def member_maximum(accumulator: Accumulator | None, coverage: Coverage) -> int | None:
    """The most a member's sum may hold, cents; None = unlimited (point 22)."""
    if accumulator is None:
        return None
    if coverage is Coverage.SELF_ONLY:
        return accumulator.individual
    if accumulator.family_mode is FamilyMode.AGGREGATE:
        return accumulator.family
    amounts = [amount for amount in (accumulator.individual, accumulator.family) if amount is not None]
    return min(amounts, default=None)


def family_maximum(accumulator: Accumulator | None) -> int | None:
    """The most the family's sum may hold, cents; None = unlimited."""
    return None if accumulator is None else accumulator.family


def limit_by_id(plan: Plan, limit_id: str) -> Limit | None:
    """A limit of an edition, pool or inline."""
    found = (limit for benefit in plan.benefits.values() for limit in benefit.limits if limit.id == limit_id)
    return next(found, None)


def _read_limits(
    scope: Scope, member: int, slots: Array, dated: dict[int, list[tuple[int, int]]], violations: list[Violation]
) -> None:
    """Fill in the counts of a member's limits; a bare count of a rolling limit becomes a dated event (point 17)."""
    ids = list(dict.fromkeys(key.limit for key in scope.index.slots))
    seen: set[str] = set()
    for place, use in enumerate(scope.use_of(member).limit_usage):
        path = scope.path(member, "limit_usage", place)
        limit = _limit_of(scope, use.limit)
        if limit is None:
            violations.append(unknown_word(f"{path}.limit", "limit", use.limit, ids))
            continue
        if use.limit in seen:
            violations.append(Violation(f"{path}.limit", f"{use.limit} is given twice"))
        seen.add(use.limit)
        money = limit.measure is Measure.MONEY
        used, field = (use.used_cents, "used_cents") if money else (use.used, "used")
        top = limit.allow if limit.beyond is None else MAX_CENTS if money else MAX_UNITS
        if not 0 <= used <= top:
            violations.append(Violation(f"{path}.{field}", f"{used} used of limit {use.limit}; expected 0 to {top}"))
            continue
        if (use.used if money else use.used_cents) != 0:
            other = "cents (used_cents)" if money else f"{limit.measure.value} (used)"
            violations.append(Violation(path, f"limit {use.limit} counts {other}"))
        for row in _slot_rows(scope, member, limit):
            if limit.per.kind in _ROLLING:
                dated.setdefault(row, []).append((min(scope.as_of, scope.first_day), used))
            else:
                slots[row]["initial"] = used


def _limit_of(scope: Scope, limit_id: str) -> Limit | None:
    """A limit as the reference edition has it, else as the first edition that has it."""
    found = (limit_by_id(plan, limit_id) for plan in (scope.plan, *scope.index.editions))
    return next((limit for limit in found if limit is not None), None)


def _slot_rows(scope: Scope, member: int, limit: Limit) -> list[int]:
    """The rows of `slots` that count for a member as this edition's limit does (several for a limit per visit)."""
    slots = scope.index.slots
    counting = {slot_key(benefit, limit) for benefit in scope.index.benefits}
    return [member * len(slots) + number for key, number in slots.items() if key in counting]


def _read_visits(scope: Scope, member: int, visits: Array, violations: list[Violation]) -> None:
    """Fill in how many visits a member had under each benefit."""
    seen: set[str] = set()
    for place, use in enumerate(scope.use_of(member).benefit_visits):
        path = scope.path(member, "benefit_visits", place)
        if use.benefit not in scope.index.benefits:
            violations.append(unknown_word(f"{path}.benefit", "benefit", use.benefit, [*scope.index.benefits]))
        elif use.benefit in seen:
            violations.append(Violation(f"{path}.benefit", f"{use.benefit} is given twice"))
        elif not 0 <= use.visits <= MAX_UNITS:
            violations.append(Violation(f"{path}.visits", f"{use.visits} visits; expected 0 to {MAX_UNITS}"))
        else:
            visits[member * len(scope.index.benefits) + scope.index.benefits[use.benefit]]["initial"] = use.visits
        seen.add(use.benefit)


def _read_prior_visits(
    scope: Scope, member: int, dated: dict[int, list[tuple[int, int]]], violations: list[Violation]
) -> None:
    """Turn dated visits into events of the rolling limits of their benefit."""
    for place, visit in enumerate(scope.use_of(member).prior_visits):
        path = scope.path(member, "prior_visits", place)
        fault = _prior_visit_fault(scope, path, visit)
        if fault is not None:
            violations.append(fault)
            continue
        plan = next(plan for plan in (scope.plan, *scope.index.editions) if visit.benefit in plan.benefits)
        for limit in plan.benefits[visit.benefit].limits:
            if limit.per.kind in _ROLLING and limit.measure is not Measure.MONEY:
                row = member * len(scope.index.slots) + scope.index.slots[slot_key(visit.benefit, limit)]
                amount = visit.units if limit.measure is Measure.UNITS else 1
                dated.setdefault(row, []).append((visit.date.toordinal(), amount))


def _prior_visit_fault(scope: Scope, path: str, visit: PriorVisit) -> Violation | None:
    """What is wrong with a prior visit, if anything."""
    if visit.benefit not in scope.index.benefits:
        return unknown_word(f"{path}.benefit", "benefit", visit.benefit, [*scope.index.benefits])
    if not 1 <= visit.units <= MAX_UNITS:
        return Violation(f"{path}.units", f"{visit.units} units; expected 1 to {MAX_UNITS}")
    if visit.date.toordinal() > scope.first_day:
        first = date.fromordinal(scope.first_day)
        return Violation(f"{path}.date", f"{visit.date} lies after the first date of service, {first}")
    return None


def _link_events(slots: Array, dated: dict[int, list[tuple[int, int]]]) -> Array:
    """The dated uses as linked lists in order of date, heads and sums in `slots`."""
    events = np.zeros(sum(map(len, dated.values())), dtype=columns.EVENT)
    place = 0
    for row, uses in dated.items():
        slots[row]["head"] = place
        for day, amount in sorted(uses):
            events[place] = (day, place + 1, amount)
            slots[row]["used"] += amount
            place += 1
        events[place - 1]["next"] = -1
        slots[row]["tail"] = place - 1
    return events
