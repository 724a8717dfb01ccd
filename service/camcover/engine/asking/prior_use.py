"""Limits and visits before the estimate: the start of each count and of each visit (docs/rule-language.md, point 39).

What comes in: the `Scope` of a request whose words are known to the plan. What goes out: `PriorUse` of one member, in
the plan's numbers, and the statements in it that contradict each other. `engine/asking/given.py` reads the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.count_periods import BegunTime, go_on, holding, period_key, time_end, window_start
from camcover.engine.asking.dated_visits import DatedVisit, counts_toward, dated_visits
from camcover.engine.asking.facilities import scope_at
from camcover.engine.asking.limit_amounts import in_own_measure, most_in_use
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.use_before import ALL_COUNTED, Conflict, Count, PriorUse, Visits
from camcover.engine.compiling.known_limits import known_limits, leaves_out, own_visit_limits, slots_of
from camcover.engine.compiling.slots import SlotKey, counted_limits, slot_key
from camcover.engine.request import LimitUse
from camcover.request_bounds import MAX_UNITS
from camcover.rulebook.records import (
    DATED_PERIODS,
    FROM_FIRST_VISIT,
    MOVING,
    ROLLING,
    CountedFor,
    Counting,
    Limit,
    Measure,
    PeriodKind,
)


class _Statement(NamedTuple):
    """A statement about a limit: the member, the list it is in, its place there, and the use."""

    member: int
    field: str
    place: int
    use: LimitUse

    def amount_of(self, limit: Limit) -> int:
        """What is used, in the limit's own measure."""
        return in_own_measure(limit, self.use)[0]


class _Said(NamedTuple):
    """What is stated of a limit in one period, and the day up to which it holds."""

    statements: list[_Statement]
    until: OrdinalDay


def _is_repeated(limit: Limit, one: LimitUse, other: LimitUse) -> bool:
    """Whether two statements of one member are about one count (docs/rule-language.md, point 39)."""
    if limit.per.kind in DATED_PERIODS:
        return (one.date is None) == (other.date is None)
    return limit.per.kind in FROM_FIRST_VISIT or one.date == other.date


def prior_use(scope: Scope, member: int) -> PriorUse:
    """What a member used before the estimate, the first one also for all what they used of the family's limits.

    Raises `Unsound` or KeyError for words that the plan has not.
    """
    return _UseReader(scope, member).read()


class _UseReader:
    """Reads one member's use."""

    def __init__(self, scope: Scope, member: int) -> None:
        """Begin with nothing used."""
        self._scope, self._index, self._use, self._member = scope, scope.plan, scope.use_of(member), member
        self._found = PriorUse()
        self._slot_keys = list(scope.plan.slots)
        self._known = known_limits(scope.plan, scope.edition).by_id
        self._visits = dated_visits(scope, member)
        self.dated: dict[int, list[tuple[OrdinalDay, int]]] = {}
        self._stated_visits: dict[str, tuple[int, int]] = {}

    def read(self) -> PriorUse:
        """Everything the member used."""
        stated = self.use_of_limits()
        for slot in [number for number, key in enumerate(self._slot_keys) if key.of_family]:
            self._gather(slot, stated)
        for place in {**stated, **self.dated}:
            key = self._slot_keys[place % len(self._slot_keys)]
            if key.per.kind in ROLLING:
                self._read_window(place, key, stated.get(place, []))
            elif key.per.kind in FROM_FIRST_VISIT:
                self._read_time(place, key, stated.get(place, []))
            else:
                self._read_period(place, key, stated.get(place, []))
        self._read_visits()
        return self._found

    def use_of_limits(self) -> dict[int, list[_Statement]]:
        """The statements about each slot, once the dated visits are counted."""
        for (benefit, day), visit in self._visits.items():
            self._count_visit(benefit, day, visit)
        return self._stated_limits()

    @cached_property
    def _others(self) -> list[tuple[dict[int, list[_Statement]], dict[int, list[tuple[OrdinalDay, int]]]]]:
        """What the other members state of limits, and their dated uses."""
        readers = [_UseReader(self._scope, member) for member in range(1, len(self._scope.request.members))]
        return [(reader.use_of_limits(), reader.dated) for reader in readers]

    def _gather(self, slot: int, stated: dict[int, list[_Statement]]) -> None:
        """Bring together what all members used of a limit of the family: it is the first one's."""
        if self._member:
            stated.pop(slot, None)
            self.dated.pop(slot, None)
            return
        for statements, dated in self._others:
            if slot in statements:
                stated.setdefault(slot, []).extend(statements[slot])
            if slot in dated:
                self.dated.setdefault(slot, []).extend(dated[slot])
        bare = [each for each in stated.get(slot, ()) if each.use.date is None]
        if len(bare) > 1:
            limit = self._limit_at(slot)
            total, most = sum(each.amount_of(limit) for each in bare), self._known[limit.id].most_used
            if total > most:
                said = f"{total} used of limit {limit.id} by all members together"
                self._conflict(bare[-1], said, f"{most} or less")

    def _conflict(self, said: _Statement, found: str, expected: str) -> None:
        self._found.conflicts.append(Conflict(said.member, said.field, said.place, found, expected))

    # Dated visits

    def _limits_on(self, benefit: str, day: OrdinalDay) -> Sequence[Limit]:
        """The limits of a benefit by the edition in force on a day, else the nearest, else one that has the benefit."""
        own = (self._index.terms_on(day) or self._index.nearest_to(day)).plan
        plan = next(each for each in (own, *self._scope.editions) if benefit in each.benefits)
        return counted_limits(plan.benefits[benefit])

    def _count_visit(self, benefit: str, day: OrdinalDay, visit: DatedVisit) -> None:
        """Add a dated visit to every limit of its benefit that counts it."""
        for limit in self._limits_on(benefit, day):
            amount = visit.units if limit.measure is Measure.UNITS else int(counts_toward(limit, visit.plan_paid))
            if limit.measure in (Measure.VISITS, Measure.UNITS) and amount:
                own, of_none = slot_key(benefit, limit, visit.condition), slot_key(benefit, limit)
                slot = self._index.slots.get(own, self._index.slots[of_none])
                place = self._scope.place_of(slot, self._member, visit.episode)
                self.dated.setdefault(place, []).append((day, amount))

    # Limits

    def _stated_limits(self) -> dict[int, list[_Statement]]:
        """The statements about each slot. Raises `Unsound`."""
        found: dict[int, list[_Statement]] = {}
        for place, use in enumerate(self._use.limit_usage):
            known = self._known.get(use.limit)
            if known is None:
                raise Unsound
            limit, slots = known.limit, known.slots
            if use.date is not None and not self._may_be_dated(limit, use.date):
                raise Unsound
            if self._is_misaddressed(limit, use, slots):
                raise Unsound
            if use.benefit and (limit.per.kind is not PeriodKind.VISIT or use.benefit not in self._index.benefits):
                raise Unsound
            amount, other = in_own_measure(limit, use)
            if other or not 0 <= amount <= most_in_use(known, use):
                raise Unsound
            for slot in slots_of(self._index, limit, use.benefit) if use.benefit else slots:
                if self._slot_keys[slot].condition != use.condition:
                    continue
                before = found.setdefault(self._scope.place_of(slot, self._member, use.episode), [])
                if any(_is_repeated(limit, each.use, use) for each in before):
                    raise Unsound
                before.append(_Statement(self._member, "limit_usage", place, use))
        self._add_benefit_visits(found)
        return found

    def _may_be_dated(self, limit: Limit, day: date) -> bool:
        """Whether a statement of a limit may have a date: of a fixed period one up to the first date of service."""
        is_fixed = limit.per.kind in DATED_PERIODS
        return ordinal_of(day) <= self._scope.first_day if is_fixed else limit.per.kind in MOVING

    def _is_misaddressed(self, limit: Limit, use: LimitUse, slots: Sequence[int]) -> bool:
        """Whether use is stated of an episode or a condition that has no count of its own (point 49)."""
        is_of_other = bool(use.episode) and limit.counted_for is not CountedFor.EPISODE
        return is_of_other or use.condition not in {self._slot_keys[slot].condition for slot in slots}

    def _add_benefit_visits(self, stated: dict[int, list[_Statement]]) -> None:
        """A benefit's visits are the count of its own visit limits per benefit period, and the other way (point 39)."""
        for place, use in enumerate(self._use.benefit_visits):
            if not 0 <= use.visits <= MAX_UNITS or use.benefit in self._stated_visits:
                raise Unsound
            self._stated_visits[use.benefit] = place, use.visits
        for benefit in self._index.benefits:
            for limit in own_visit_limits(self._index, benefit):
                slot = self._index.slots[slot_key(benefit, limit)]
                if slot in stated and limit.counts is not Counting.PLAN_PAID:
                    self._compare_visits(benefit, limit, stated[slot][0])
                elif slot not in stated and benefit in self._stated_visits:
                    place, visits = self._stated_visits[benefit]
                    derived = LimitUse(str(limit.id), used=visits)
                    stated[slot] = [_Statement(self._member, "benefit_visits", place, derived)]

    def _compare_visits(self, benefit: str, limit: Limit, statement: _Statement) -> None:
        """Hold the use of a benefit's own visit limit to its visits; it states them where nothing else does.

        A limit that is used up may have had more visits: not all of them were under these rules.
        """
        used = statement.use.used
        _, visits = self._stated_visits.setdefault(benefit, (statement.place, used))
        if used != min(visits, self._known[limit.id].most_used):
            said = f"{used} used of limit {limit.id}, but {visits} visits under benefit {benefit}"
            self._conflict(statement, said, "the same number for both")

    def _limit_at(self, place: int) -> Limit:
        """The limit that is counted at a place."""
        return self._index.slot_limits[place % len(self._slot_keys)]

    def _read_time(self, place: int, key: SlotKey, stated: list[_Statement]) -> None:
        """The time from the first visit on: as stated with its first day, then by the dated visits behind `as_of`."""
        scope, limit = self._scope, self._limit_at(place)
        dated = sorted(self.dated.get(place, []))
        begun = BegunTime()
        if stated:
            total, day = stated[0].amount_of(limit), stated[0].use.date
            visits = (each for each in dated if each[0] <= scope.as_of)
            own = holding(key.per, go_on(key.per, begun, visits), scope.as_of)
            first = ordinal_of(day) if day is not None else own.first or min(scope.as_of, scope.first_day)
            if first > scope.first_day:
                raise Unsound
            end = time_end(key.per, first)
            within = sum(amount for day, amount in dated if first <= day <= scope.as_of and day < end)
            is_unknown = leaves_out(self._index, key)
            self._hold_to_dated(stated[0], limit, 0 if is_unknown else within, total)
            begun = BegunTime(first, total) if total else begun
            # A time that is over before `as_of` says nothing of visits behind its end.
            known = scope.as_of if day is None or is_unknown else min(scope.as_of, OrdinalDay(end - 1))
            dated = [each for each in dated if each[0] > known]
        begun = go_on(key.per, begun, dated)
        self._found.counts[place] = Count(begun.used, begun.first)

    def _read_window(self, place: int, key: SlotKey, stated: list[_Statement]) -> None:
        """The dated uses of a rolling limit: a bare count is the whole of its window, dated visits in it included."""
        scope, limit = self._scope, self._limit_at(place)
        dated = self.dated.get(place, [])
        events = [each for each in dated if each[0] <= scope.as_of]
        if stated:
            start = min(scope.as_of, scope.first_day)
            window = range(window_start(limit.per, scope.as_of), scope.as_of + 1)
            uses = [(ordinal_of(each.use.date) if each.use.date else start, each.amount_of(limit)) for each in stated]
            included = [each for each in events if each[0] in window]
            if included and leaves_out(self._index, key):
                included = []
            within = sum(amount for _, amount in included)
            total = sum(amount for day, amount in uses if day == start or day in window)
            self._hold_to_dated(stated[0], limit, within, total)
            is_bare = all(each.use.date is None for each in stated)
            events = [*included, (start, max(total - within, 0))] if is_bare else uses
        events += [each for each in dated if each[0] > scope.as_of]
        self._found.events[place] = sorted(each for each in events if each[1])

    def _read_period(self, place: int, key: SlotKey, stated: list[_Statement]) -> None:
        """The count of a limit per period: what is stated is the whole of its period up to `as_of`, or to its date."""
        scope, limit = self._scope, self._limit_at(place)
        began = scope.episodes.began(scope.row_of(place, self._member))
        own, first = (period_key(self._index, key.per, day, began) for day in (scope.as_of, scope.first_day))
        bare = [each for each in stated if each.use.date is None]
        said = {own: _Said(bare, scope.as_of)} if bare else {}
        if len(bare) < len(stated):
            self._add_dated(said, limit, own, stated, began=began)
        within, dated = dict.fromkeys(said, 0), 0
        for day, amount in self.dated.get(place, ()):
            period = period_key(self._index, key.per, day, began)
            if period in said and day <= said[period].until:
                within[period] += amount
            elif period == first:
                dated += amount
        totals = {period: sum(each.amount_of(limit) for each in part.statements) for period, part in said.items()}
        for period, part in said.items():
            included = 0 if within[period] and leaves_out(self._index, key) else within[period]
            self._hold_to_dated(part.statements[0], limit, included, totals[period])
        behind = totals.get(first, 0) if first != own else 0
        self._found.counts[place] = Count(totals.get(own, 0), dated + behind)

    def _add_dated(
        self, said: dict[int, _Said], limit: Limit, own: int, stated: Iterable[_Statement], *, began: OrdinalDay | None
    ) -> None:
        """Add the statements with a date, by the period that holds it; `own`: the period of `as_of`, which has none."""
        for each in stated:
            if each.use.date is None:
                continue
            day = ordinal_of(each.use.date)
            period = period_key(self._index, limit.per, day, began)
            if period == own:
                as_of = date.fromordinal(self._scope.as_of)
                found = f"date {each.use.date} of limit {limit.id}, in the period that holds as_of ({as_of})"
                self._conflict(each, found, "no date, or a date in another period")
            before = said.get(period, _Said([], day))
            said[period] = _Said([*before.statements, each], max(before.until, day))

    def _hold_to_dated(self, statement: _Statement, limit: Limit, dated: int, stated: int) -> None:
        """Note dated visits beyond what is stated of a limit, unless that is all it allows."""
        if dated > stated and stated < self._known[limit.id].most_used:
            said = f"{stated} used of limit {limit.id}, but the dated visits alone use {dated}"
            self._conflict(statement, said, f"{dated} or more")

    # Visits

    def _read_visits(self) -> None:
        """Visit numbers so far, and the visits that go on with the first lines."""
        stated = self._stated_visits
        if any(name not in self._index.benefits for name in stated):
            raise Unsound
        scope, index = self._scope, self._index
        own, first = index.period_of(scope.as_of), index.period_of(scope.first_day)
        for benefit in dict.fromkeys([*stated, *(name for name, _ in self._visits)]):
            place, total = stated.get(benefit, (0, 0))
            within = dated = 0
            for day in (day for name, day in self._visits if name == benefit):
                period = index.period_of(day)
                if benefit in stated and day <= scope.as_of and period == own:
                    within += 1
                elif period == first:
                    dated += 1
            if within > total:
                said = f"{total} visits under {benefit}, but {within} dated visits"
                self._found.conflicts.append(Conflict(self._member, "benefit_visits", place, said, f"{within} or more"))
            begun = self._visits.get((benefit, scope.first_day))
            self._found.visits[index.benefits[benefit]] = (
                Visits(total, dated)
                if begun is None
                else Visits(
                    total,
                    dated,
                    scope.first_day,
                    self._counted(benefit, begun),
                    begun.copay_paid,
                    begun.coinsurance_paid,
                    begun.percentages,
                    begun.penalty_paid,
                    scope_at(index.copay_scope_on(benefit, scope.first_day), scope.facilities, begun.facility),
                )
            )

    def _counted(self, benefit: str, visit: DatedVisit) -> int:
        """The mask of the benefit's limits that count a visit of the first day."""
        limits = self._limits_on(benefit, self._scope.first_day)
        if all(counts_toward(limit, visit.plan_paid) for limit in limits):
            return ALL_COUNTED
        return sum(1 << place for place, limit in enumerate(limits) if counts_toward(limit, visit.plan_paid))
