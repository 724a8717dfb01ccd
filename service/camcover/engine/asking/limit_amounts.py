"""Amounts and periods of limits, as statements about use before an estimate need them.

What comes in: a limit, and what a request states. What goes out: amounts in the limit's own measure, the most that may
be stated, and numbers for periods (docs/rule-language.md, points 17 and 39).
"""

from __future__ import annotations

from datetime import date
from typing import assert_never

from camcover.calendar import OrdinalDay, add_months
from camcover.engine.asking.scope import Scope
from camcover.engine.compiling.known_limits import known_limits
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.request import LimitUse
from camcover.request_bounds import MAX_CENTS, MAX_UNITS
from camcover.rulebook.records import Limit, Measure, PeriodKind


def period_key(index: PlanIndex, kind: PeriodKind, day: OrdinalDay) -> int:
    """A number that two ordinal days share when they lie in the same period of a limit that is no window.

    The same as `engine/kernel/usage.period_key` for the kernel.
    """
    match kind:
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
        case PeriodKind.LIFETIME:
            return 0
        case PeriodKind.ROLLING_DAYS | PeriodKind.ROLLING_MONTHS:
            raise AssertionError("a window has no period")
        case _:
            assert_never(kind)


def in_own_measure(limit: Limit, use: LimitUse) -> tuple[int, int]:
    """(use in the limit's own measure, use in the other one): cents, or visits and units."""
    money = limit.measure is Measure.MONEY
    return (use.used_cents, use.used) if money else (use.used, use.used_cents)


def most_used(limit: Limit) -> int:
    """The most that may be used of a limit: its greatest amount at any age; for a soft limit any amount in bounds."""
    return limit.most if limit.beyond is None else most_stated(limit)


def most_stated(limit: Limit) -> int:
    """The most that any request may state in a limit's measure."""
    return MAX_CENTS if limit.measure is Measure.MONEY else MAX_UNITS


def limit_of(scope: Scope, limit_id: str) -> Limit | None:
    """A limit as the reference edition has it, else as the first edition that has it."""
    found = known_limits(scope.plan, scope.edition).by_id.get(limit_id)
    return None if found is None else found.limit


def window_start(limit: Limit, end: int) -> int:
    """The first ordinal day of a rolling limit's window that ends on `end`."""
    length = limit.per.length
    before = end - length if limit.per.kind is PeriodKind.ROLLING_DAYS else add_months(end, -length)
    return before + 1
