"""What members have used before the estimate, in the numbers of one plan: what the kernel starts from.

What comes in: the `UseSoFar` of each member and the family's sums. What goes out: rows of `given_sums`, `given_counts`,
`given_events`, `given_visits`. Raises `Unsound` or KeyError for words the plan has not, counts given twice, sums above
their maximum, usage above a hard limit (docs/rule-language.md, point 30); `engine/violations.py` says which.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple

from camcover.engine.asked import MAX_CENTS, MAX_UNITS, Unsound
from camcover.engine.plan_index import ROLLING, Maxima, PlanIndex, SlotKey, counted_limits, slot_key
from camcover.engine.request import AccumulatorUse, Coverage, EstimateRequest, LimitUse, UseSoFar
from camcover.engine.workspace import Workspace
from camcover.rulebook.records import Limit, Measure, Plan

_COUNT_ROW = Struct("<qii")
_VISITS = 4
_OPEN = (0, 0)
_NO_FAMILY = [0, 0, -1]


class Scope(NamedTuple):
    """Whose use is read: the plan, the place of the edition whose amounts hold, first or second plan, the days."""

    plan: PlanIndex
    edition: int
    request: EstimateRequest
    secondary: bool
    as_of: int
    first_day: int

    def use_of(self, member: int) -> UseSoFar:
        """What a member used under this plan."""
        person = self.request.members[member]
        return person.secondary_use if self.secondary else person.use

    @property
    def family_sums(self) -> Sequence[AccumulatorUse]:
        """The family's sums under this plan."""
        return self.request.secondary_family_accumulators if self.secondary else self.request.family_accumulators

    @property
    def editions(self) -> Iterator[Plan]:
        """The edition whose amounts hold, then all."""
        yield self.plan.editions[self.edition]
        yield from self.plan.editions


class OpenSum(NamedTuple):
    """A sum so far that the request leaves open: whose (-1: the family's), what is expected, the most it may be."""

    accumulator: int
    member: int
    expected: int
    maximum: int


class Given(NamedTuple):
    """The first row of each array, how many dated events there are, and what is open."""

    sums: int
    counts: int
    visits: int
    events: int
    open_sums: Sequence[OpenSum]


def lay_out_given(workspace: Workspace, scope: Scope) -> Given:
    """Append what a request gives; raises `Unsound` or KeyError."""
    index = scope.plan
    uses = [scope.use_of(member) for member in range(len(scope.request.members))]
    open_sums: list[OpenSum] = []
    sums = array("q", _sums(scope, uses, open_sums)).tobytes()
    rows = len(uses) * len(index.slots)
    events = 0
    if any(use.limit_usage or use.prior_visits for use in uses):
        counts, events = _counts(workspace, scope, rows)
    else:
        counts = bytes(rows * _COUNT_ROW.size)
    visits = bytes(len(uses) * len(index.benefits) * _VISITS)
    if any(use.benefit_visits for use in uses):
        visits = _visits(scope, array("i", visits))
    return Given(
        workspace.given_sums.append(sums),
        workspace.given_counts.append(counts),
        workspace.given_visits.append(visits),
        events,
        open_sums,
    )


def _sums(scope: Scope, uses: Sequence[UseSoFar], open_sums: list[OpenSum]) -> list[int]:
    """`GIVEN_SUM` rows of members and family, flat; adds what is open."""
    family = scope.request.coverage is Coverage.FAMILY
    maxima = scope.plan.maxima(scope.edition, family=family)
    accumulators = scope.plan.accumulators
    numbers: list[int] = []
    for member, use in enumerate(uses):
        given = _given(accumulators, use.accumulators)
        for number, maximum in enumerate(maxima.member):
            numbers += _sum(given.get(number), number, member, _OPEN, maximum, open_sums)
    if not family:
        return numbers + _NO_FAMILY * len(maxima.family)
    return numbers + _family_sums(scope, numbers, maxima, open_sums)


def _family_sums(scope: Scope, members: Sequence[int], maxima: Maxima, open_sums: list[OpenSum]) -> list[int]:
    """The family's rows: what it is not given is the sum over the members, at most the maximum (point 29)."""
    given = _given(scope.plan.accumulators, scope.family_sums)
    width = 3 * len(maxima.family)
    numbers: list[int] = []
    for number, maximum in enumerate(maxima.family):
        expected = (sum(members[3 * number :: width]), sum(members[3 * number + 1 :: width]))
        if maximum >= 0:
            expected = (min(expected[0], maximum), min(expected[1], maximum))
        numbers += _sum(given.get(number), number, -1, expected, maximum, open_sums)
    return numbers


def _given(accumulators: Mapping[str, int], uses: Sequence[AccumulatorUse]) -> dict[int, AccumulatorUse]:
    """The sums that a list states, by the accumulator's number."""
    given = {accumulators[use.accumulator]: use for use in uses}
    if len(given) != len(uses):
        raise Unsound
    return given


def _sum(
    use: AccumulatorUse | None,
    number: int,
    member: int,
    expected: tuple[int, int],
    maximum: int,
    open_sums: list[OpenSum],
) -> tuple[int, int, int]:
    """One `GIVEN_SUM` row; adds it to `open_sums` where it is not given and has a maximum."""
    if use is None or use.used_cents is None:
        if maximum >= 0:
            open_sums.append(OpenSum(number, member, expected[0], maximum))
        return (*expected, maximum)
    used, late = use.used_cents, use.last_quarter_cents
    if not 0 <= late <= used <= (maximum if maximum >= 0 else MAX_CENTS):
        raise Unsound
    return used, late, -1


def _counts(workspace: Workspace, scope: Scope, rows: int) -> tuple[bytes, int]:
    """`GIVEN_COUNT` rows, after the dated events they point to, and how many events these are."""
    used: dict[int, int] = {}
    dated: dict[int, list[tuple[int, int]]] = {}
    for member in range(len(scope.request.members)):
        _read_limits(scope, member, used, dated)
        _read_prior_visits(scope, member, dated)
    events = array("i")
    places: dict[int, int] = {}
    first = workspace.given_events.used
    for row, uses in dated.items():
        places[row] = first + len(events) // 2
        for day, amount in sorted(uses):
            events.extend((day, amount))
    workspace.given_events.append(events.tobytes())
    counts = b"".join(
        _COUNT_ROW.pack(used.get(row, 0), places.get(row, 0), len(dated.get(row, ()))) for row in range(rows)
    )
    return counts, len(events) // 2


def _read_limits(scope: Scope, member: int, used: dict[int, int], dated: dict[int, list[tuple[int, int]]]) -> None:
    """Read how much of each limit a member used; of a rolling one as if on the earlier of `as_of` and the first day."""
    seen: set[str] = set()
    for use in scope.use_of(member).limit_usage:
        limit = limit_of(scope, use.limit)
        if limit is None or use.limit in seen:
            raise Unsound
        seen.add(use.limit)
        amount, other = stated(limit, use)
        if other or not 0 <= amount <= most_used(limit):
            raise Unsound
        for row in _slot_rows(scope, member, limit):
            if limit.per.kind in ROLLING:
                dated.setdefault(row, []).append((min(scope.as_of, scope.first_day), amount))
            else:
                used[row] = amount


def stated(limit: Limit, use: LimitUse) -> tuple[int, int]:
    """(what is used in the limit's own measure, what is given in the other): cents or visits and units."""
    money = limit.measure is Measure.MONEY
    return (use.used_cents, use.used) if money else (use.used, use.used_cents)


def most_used(limit: Limit) -> int:
    """The most that may be used of a limit: what it allows, or past a soft one what any request may state."""
    if limit.beyond is None:
        return limit.allow
    return MAX_CENTS if limit.measure is Measure.MONEY else MAX_UNITS


def limit_of(scope: Scope, limit_id: str) -> Limit | None:
    """A limit as the reference edition has it, else as the first edition that has it."""
    limits = (limit for plan in scope.editions for benefit in plan.benefits.values() for limit in benefit.limits)
    return next((limit for limit in limits if limit.id == limit_id), None)


def _slot_rows(scope: Scope, member: int, limit: Limit) -> list[int]:
    """The rows of slots that count for a member as this edition's limit does (several for a limit per visit)."""
    slots = scope.plan.slots
    counting: set[SlotKey] = {slot_key(benefit, limit) for benefit in scope.plan.benefits}
    return [member * len(slots) + number for key, number in slots.items() if key in counting]


def _visits(scope: Scope, visits: array[int]) -> bytes:
    """How many visits each member had under each benefit."""
    for member in range(len(scope.request.members)):
        seen: set[str] = set()
        for use in scope.use_of(member).benefit_visits:
            if use.benefit in seen or not 0 <= use.visits <= MAX_UNITS:
                raise Unsound
            seen.add(use.benefit)
            visits[member * len(scope.plan.benefits) + scope.plan.benefits[use.benefit]] = use.visits
    return visits.tobytes()


def _read_prior_visits(scope: Scope, member: int, dated: dict[int, list[tuple[int, int]]]) -> None:
    """Turn dated visits into events of the rolling limits of their benefit."""
    for visit in scope.use_of(member).prior_visits:
        day = visit.date.toordinal()
        if visit.benefit not in scope.plan.benefits or not 1 <= visit.units <= MAX_UNITS or day > scope.first_day:
            raise Unsound
        plan = next(plan for plan in scope.editions if visit.benefit in plan.benefits)
        for limit in counted_limits(plan.benefits[visit.benefit]):
            if limit.per.kind in ROLLING and limit.measure is not Measure.MONEY:
                row = member * len(scope.plan.slots) + scope.plan.slots[slot_key(visit.benefit, limit)]
                amount = visit.units if limit.measure is Measure.UNITS else 1
                dated.setdefault(row, []).append((day, amount))
