"""How periods of limits relate to each other, in days, on any date: the arithmetic behind `limits.py`.

What comes in: two `LimitPeriod`s and the plan's benefit period. What goes out: whether use that one of them counts is
always counted by the other, too; and how many periods of the one cover a period of the other. Lines come in order of
date, so a period is seen from its first day to the day of the line. None means that there is no bound.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import assert_never

from camcover.calendar import add_months
from camcover.rulebook.records import PERIODS, ROLLING, WITHIN_A_DAY, BenefitPeriod, LimitPeriod, PeriodKind

_YEARS = (PeriodKind.BENEFIT_PERIOD, PeriodKind.CALENDAR_YEAR)
_ON_MONTHS = (PeriodKind.MONTH, PeriodKind.QUARTER)
"""Shorter than a year, on fixed dates, and made of calendar months."""

_FOUR_YEARS = range(date(2024, 1, 1).toordinal(), date(2027, 12, 31).toordinal() + 1)


def days_of(period: LimitPeriod) -> tuple[int, int] | None:
    """The fewest and the most days of a period; None for a lifetime."""
    window = PERIODS[period.kind].window
    if window is None:
        return PERIODS[period.kind].days
    match window.unit:
        case "day":
            return period.length, period.length
        case "month":
            lengths = [int(day - add_months(day, -period.length)) for day in _FOUR_YEARS]
            return min(lengths), max(lengths)
        case unit:
            assert_never(unit)


def holds(wide: LimitPeriod, narrow: LimitPeriod, plan_year: BenefitPeriod) -> bool:
    """Whether on any day what was used so far in the `narrow` period was used in the `wide` one too."""
    if wide == narrow or wide.kind is PeriodKind.LIFETIME:
        return True
    widest, narrowest = days_of(wide), days_of(narrow)
    if widest is None or narrowest is None:
        return False
    if narrow.kind in WITHIN_A_DAY:
        return wide.kind is not PeriodKind.VISIT
    if wide.kind in ROLLING:
        months = _months_of(narrow) if wide.kind is PeriodKind.ROLLING_MONTHS else None
        return months <= wide.length if months is not None else widest[0] >= narrowest[1]
    if narrow.kind not in _ON_MONTHS:
        return wide.kind in _YEARS and narrow.kind in _YEARS and (plan_year.month, plan_year.day) == (1, 1)
    length = PERIODS[narrow.kind].months or 0
    if wide.kind is PeriodKind.BENEFIT_PERIOD:
        return plan_year.day == 1 and (plan_year.month - 1) % length == 0
    return wide.kind in (PeriodKind.QUARTER, PeriodKind.CALENDAR_YEAR) and length <= (PERIODS[wide.kind].months or 0)


def count_to_hold(wide: LimitPeriod, narrow: LimitPeriod, plan_year: BenefitPeriod) -> int | None:
    """The most periods of the `narrow` kind that lie, wholly or partly, in a `wide` one; None = any number."""
    if holds(narrow, wide, plan_year):
        return 1
    longest, shortest = days_of(wide), days_of(narrow)
    if longest is None or shortest is None:
        return None
    months = _months_of(wide)
    if months is not None and narrow.kind is PeriodKind.ROLLING_MONTHS:
        return -(-months // narrow.length)
    if months is not None and narrow.kind in _ON_MONTHS:
        whole = -(-months // (PERIODS[narrow.kind].months or 1))
        return whole if holds(wide, narrow, plan_year) and wide.kind not in ROLLING else whole + 1
    if narrow.kind in ROLLING or shortest[1] == 1:
        return -(-longest[1] // shortest[0])
    return -(-(longest[1] - 1) // shortest[0]) + 1


def _months_of(period: LimitPeriod) -> int | None:
    """How many months long a period is; None for one that is not made of months."""
    if period.kind is PeriodKind.ROLLING_MONTHS:
        return period.length
    return PERIODS[period.kind].months


def is_open_on(period: LimitPeriod, day: date, other: date, plan_year: BenefitPeriod) -> bool:
    """Whether use on `day` still counts on the `other` day, which is not before it."""
    match period.kind:
        case PeriodKind.VISIT | PeriodKind.DAY:
            return day == other
        case PeriodKind.LIFETIME | PeriodKind.EPISODE | PeriodKind.CONDITION:
            return True
        case PeriodKind.ROLLING_DAYS | PeriodKind.DAYS_FROM_EPISODE | PeriodKind.DAYS_FROM_FIRST_VISIT:
            # A period that begins with an event began on `day` or earlier, so it holds no day further on than this.
            return day > other - timedelta(days=period.length)
        case PeriodKind.ROLLING_MONTHS | PeriodKind.MONTHS_FROM_EPISODE | PeriodKind.MONTHS_FROM_FIRST_VISIT:
            return day.toordinal() > add_months(other.toordinal(), -period.length)
        case PeriodKind.WEEK:
            return day.isocalendar()[:2] == other.isocalendar()[:2]
        case PeriodKind.MONTH:
            return (day.year, day.month) == (other.year, other.month)
        case PeriodKind.QUARTER:
            return (day.year, (day.month - 1) // 3) == (other.year, (other.month - 1) // 3)
        case PeriodKind.CALENDAR_YEAR:
            return day.year == other.year
        case PeriodKind.BENEFIT_PERIOD:
            turns = date(other.year, plan_year.month, plan_year.day)
            return day >= (turns if other >= turns else turns.replace(year=other.year - 1))
        case kind:
            assert_never(kind)
