"""The periods and times over which limits count, by day: the kernel's arithmetic (`engine/kernel/usage.py`) in Python.

What comes in: a limit's period, and ordinal days. What goes out: keys of periods, first days of windows, and what is
used of a time that begins with a visit (docs/rule-language.md, points 17 and 49).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import NamedTuple, assert_never

from camcover.calendar import OrdinalDay, add_months, month_index
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.rulebook.records import PERIODS, LimitPeriod, PeriodKind

NONE_BEGUN = OrdinalDay(0)
"""In place of the first day of a time that begins with a visit: none has begun."""


class BegunTime(NamedTuple):
    """A time that began with a counted visit: its first ordinal day, and what is used in it."""

    first: OrdinalDay = NONE_BEGUN
    used: int = 0


def period_key(index: PlanIndex, per: LimitPeriod, day: OrdinalDay, began: OrdinalDay | None = NONE_BEGUN) -> int:
    """A number that two ordinal days share when they lie in the same period; `began`: the first day of the episode.

    Periods from an episode on are not known before it has begun (None). A service that comes later and begins it puts
    no day before its own into its periods. So each day stands by itself.

    The kernel's, `engine/kernel/usage.period_key`. Windows, and times from the first visit on, have no such number.
    """
    match per.kind:
        case PeriodKind.VISIT | PeriodKind.DAY:
            return day
        case PeriodKind.WEEK:
            return (day - 1) // 7
        case PeriodKind.MONTH:
            return date.fromordinal(day).year * 12 + date.fromordinal(day).month - 1
        case PeriodKind.QUARTER:
            return date.fromordinal(day).year * 4 + (date.fromordinal(day).month - 1) // 3
        case PeriodKind.BENEFIT_PERIOD:
            return index.period_of(day)
        case PeriodKind.CALENDAR_YEAR:
            return date.fromordinal(day).year
        case PeriodKind.LIFETIME | PeriodKind.EPISODE | PeriodKind.CONDITION:
            return 0
        case PeriodKind.DAYS_FROM_EPISODE | PeriodKind.MONTHS_FROM_EPISODE:
            return _time_from_episode(per, began, day)
        case (
            PeriodKind.ROLLING_DAYS
            | PeriodKind.ROLLING_MONTHS
            | PeriodKind.DAYS_FROM_FIRST_VISIT
            | PeriodKind.MONTHS_FROM_FIRST_VISIT
        ):
            raise AssertionError("a window has no period")
        case _:
            assert_never(per.kind)


def _time_from_episode(per: LimitPeriod, began: OrdinalDay | None, day: OrdinalDay) -> int:
    """Which of the times from an episode on holds a day: from 0, -1 = before it; if none has begun, the day itself."""
    if began is None:
        return day
    since = day - began if _in_days(per) else _months_since(began, day)
    return since // per.length if day >= began else -1


def periods_between(index: PlanIndex, kind: PeriodKind, first: int, last: int) -> int:
    """How many periods of a kind begin after the one with the key `first`, up to the one with the key `last`."""
    if kind is not PeriodKind.BENEFIT_PERIOD:
        return last - first
    count = 0
    while last > first:
        count, last = count + 1, index.period_before(OrdinalDay(last))
    return count


def _months_since(began: OrdinalDay, day: OrdinalDay) -> int:
    """The whole months from one ordinal day to a later one, ends of months clipped."""
    months = month_index(day) - month_index(began)
    return months if day >= add_months(began, months) else months - 1


def window_start(per: LimitPeriod, end: OrdinalDay) -> int:
    """The first ordinal day of a rolling limit's window that ends on `end`."""
    return (end - per.length if _in_days(per) else _months_before(end, per.length)) + 1


@lru_cache(maxsize=4096)
def _months_before(end: OrdinalDay, months: int) -> int:
    """The ordinal day so many months before another; the same ones are asked for again and again."""
    return add_months(end, -months)


def time_end(per: LimitPeriod, first: OrdinalDay) -> int:
    """The ordinal day behind a time that begins with the visit on `first`."""
    return first + per.length if _in_days(per) else add_months(first, per.length)


def _in_days(per: LimitPeriod) -> bool:
    window = PERIODS[per.kind].window
    return window is not None and window.unit == "day"


def go_on(per: LimitPeriod, begun: BegunTime, uses: Iterable[tuple[OrdinalDay, int]]) -> BegunTime:
    """A time after dated uses, in order of date: the first one behind its end begins another."""
    for day, amount in uses:
        if begun.first == NONE_BEGUN or day >= time_end(per, begun.first):
            begun = BegunTime(day, amount)
        else:
            begun = BegunTime(begun.first, begun.used + amount)
    return begun


def holding(per: LimitPeriod, begun: BegunTime, day: OrdinalDay) -> BegunTime:
    """A time as it is on an ordinal day: none where it is over."""
    is_over = begun.first == NONE_BEGUN or day >= time_end(per, begun.first)
    return BegunTime() if is_over else begun
