"""What is used of limits after an estimate's last line, in the form in which a request takes it (points 17, 42 and 49).

What comes in: a question, and the state of one plan after its last line. What goes out: `LimitUse`, one or more of each
limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.count_periods import NONE_BEGUN, BegunTime, holding, period_key, window_start
from camcover.engine.asking.layout import Layout
from camcover.engine.asking.question import Outcome, Question
from camcover.engine.asking.scope import Scope
from camcover.engine.asking.use_before import Count, PriorUse
from camcover.engine.compiling.known_limits import known_limits, most_stated
from camcover.engine.compiling.slots import SlotKey
from camcover.engine.kernel.tables import UNTOUCHED
from camcover.engine.kernel.workspace import maker_of
from camcover.engine.request import LimitUse
from camcover.rulebook.records import (
    DATED_PERIODS,
    FROM_EPISODE,
    FROM_FIRST_VISIT,
    ROLLING,
    CountedFor,
    Limit,
    Measure,
)

_NOTHING = PriorUse()

_make_use = maker_of(LimitUse)


class _CountPlace(NamedTuple):
    """Where a count stands: its slot, its episode, its row among the counts of all owners.

    `most`: what a request may state of it at most. `began`: the episode's first ordinal day; None where no service, no
    dated visit and no statement tells of it.
    """

    key: SlotKey
    episode: str
    row: int
    most: int
    began: OrdinalDay | None


class LimitReader:
    """Reads the use of one plan's limits after the last line."""

    def __init__(
        self, question: Question, layout: Layout, outcome: Outcome, scope: Scope, *, as_of: OrdinalDay
    ) -> None:
        """`as_of`: the ordinal day that the state is true of; `scope`: of the edition by which a request reads it."""
        self._index, self._layout, self._outcome = layout.plan, layout, outcome
        self._scope, self._as_of = scope, as_of
        self._first_day, self._last_day = question.asked.lines[0][0], question.asked.lines[-1][0]

    def uses(self, member: int) -> Sequence[LimitUse]:
        """The use of every limit that a line touched or the request stated, where the edition still counts it so."""
        known = known_limits(self._index, self._scope.edition)
        rows, width, episodes = self._outcome.state.slots, len(self._index.slots), self._scope.episodes
        given = self._layout.given.prior
        prior = given[member] if given else _NOTHING
        names = list(episodes.names_of(member))
        is_stated, found = prior.counts or prior.events, list[LimitUse]()
        for slot, (key, limit) in enumerate(zip(self._index.slots, known.by_slot, strict=True)):
            for episode, owner in names:
                is_touched = rows[owner * width + slot].key != UNTOUCHED
                if limit is None or not (is_touched or is_stated) or (key.of_family and member):
                    continue
                if episode and key.counted_for is not CountedFor.EPISODE:
                    continue
                at = self._scope.place_of(slot, member, episode)
                if is_touched or at in prior.counts or at in prior.events:
                    most, began = known.by_id[key.limit].most_used, episodes.began(owner)
                    place = _CountPlace(key, episode, owner * width + slot, most, began)
                    found += self._teller(limit)(place, limit, prior.counts.get(at))
        return found

    def _teller(self, limit: Limit) -> Callable[[_CountPlace, Limit, Count | None], Iterable[LimitUse]]:
        """What tells the use of a limit with such a period."""
        if limit.per.kind in ROLLING:
            return self._window
        return self._time if limit.per.kind in FROM_FIRST_VISIT else self._period_count

    def _time(self, place: _CountPlace, limit: Limit, stated: Count | None) -> Iterable[LimitUse]:
        """What is used of the time that began with a visit, where it is not over on the last line's day."""
        row = self._outcome.state.slots[place.row]
        begun = BegunTime(OrdinalDay(row.key), row.used)
        if row.key == UNTOUCHED and stated is not None:
            begun = BegunTime(OrdinalDay(stated.dated), stated.stated)
        held = holding(limit.per, begun, self._last_day)
        first = None if held.first == NONE_BEGUN else date.fromordinal(held.first)
        return _limit_uses(place, limit, [(min(held.used, place.most), first)])

    def _window(self, place: _CountPlace, limit: Limit, _stated: Count | None) -> Iterable[LimitUse]:
        """The dated uses of a rolling limit that the window of a later line may still hold."""
        uses = self._outcome.state.dated_uses(place.row)
        start = window_start(limit.per, min(self._as_of, self._last_day)) if uses else 0
        by_day: dict[int, int] = {}
        for day, amount in uses:
            if start <= day <= self._as_of:
                by_day[day] = by_day.get(day, 0) + amount
        if not by_day:
            return _limit_uses(place, limit, [(0, None)])
        most = most_stated(limit)
        return _limit_uses(place, limit, [(min(used, most), date.fromordinal(day)) for day, used in by_day.items()])

    def _period_count(self, place: _CountPlace, limit: Limit, stated: Count | None) -> Iterable[LimitUse]:
        """The count of a limit in the period that holds the day of the state, and in another one of the last line."""
        key, last = (self._period(place, limit, day) for day in (self._as_of, self._last_day))
        uses: list[tuple[int, date | None]] = [(self._used_in(place, limit, key, stated), None)]
        if key != last and limit.per.kind in DATED_PERIODS:
            used = self._used_in(place, limit, last, stated)
            if used or not _awaits_episode(place, limit):
                uses.append((used, date.fromordinal(self._last_day)))
        return _limit_uses(place, limit, uses)

    def _period(self, place: _CountPlace, limit: Limit, day: OrdinalDay) -> int:
        """A number of the period that holds a day."""
        return period_key(self._index, limit.per, day, place.began)

    def _used_in(self, place: _CountPlace, limit: Limit, key: int, stated: Count | None) -> int:
        """What is used of a limit in the period `key`, at most what a request may state."""
        row = self._outcome.state.slots[place.row]
        used = row.used if row.key == key else self._before(place, limit, key, stated or Count())
        return min(used, place.most)

    def _before(self, place: _CountPlace, limit: Limit, key: int, stated: Count) -> int:
        """What the request gave as used in the period `key`."""
        used = stated.stated if key == self._period(place, limit, self._layout.as_of) else 0
        return used + (stated.dated if key == self._period(place, limit, self._first_day) else 0)


def _awaits_episode(place: _CountPlace, limit: Limit) -> bool:
    """Whether a limit counts from an episode on that has not begun."""
    return place.began is None and limit.per.kind in FROM_EPISODE


def _limit_uses(place: _CountPlace, limit: Limit, uses: Iterable[tuple[int, date | None]]) -> list[LimitUse]:
    """Uses of a limit as (amount in its own measure, date)."""
    name, whose = str(limit.id), (place.key.benefit, place.episode, place.key.condition)
    if limit.measure is Measure.MONEY:
        return [_make_use((name, 0, amount, day, *whose)) for amount, day in uses]
    return [_make_use((name, amount, 0, day, *whose)) for amount, day in uses]
