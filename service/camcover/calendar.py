"""Dates as integer days (`date.toordinal()`, 1 = Monday 1 January 0001): benefit periods, months, rolling windows.

The conversions are those of the proleptic Gregorian calendar by 400-year eras counted from 1 March, as in
H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NewType

import numpy as np

from camcover.jit import compiled, compiled_as

OrdinalDay = NewType("OrdinalDay", int)
"""A date as `date.toordinal()` gives it."""

_DAYS_PER_ERA = 146_097
_ERA_OFFSET = 305
"""Days from 1 March of year 0 to the day before 1 January of year 1."""

LAST_DAY = OrdinalDay(3_652_059)
"""31 December 9999, standing for "open"."""


def _unsigned_quotient(number: int, divisor: int) -> int:
    """`number // divisor` as machine code: unsigned, it needs no look at the sign."""
    return int(np.uint32(number) // np.uint32(divisor))


@compiled_as(_unsigned_quotient)
def _quotient(number: int, divisor: int) -> int:
    """`number // divisor` of two that are not negative and fit 32 bits."""
    return number // divisor


@compiled
def civil(day: int) -> tuple[int, int, int]:
    """Year, month and day of the month of an ordinal day."""
    shifted = day + _ERA_OFFSET
    era = shifted // _DAYS_PER_ERA
    day_of_era = shifted - era * _DAYS_PER_ERA
    leaps = _quotient(day_of_era, 1460) - _quotient(day_of_era, 36_524) + _quotient(day_of_era, 146_096)
    year_of_era = _quotient(day_of_era - leaps, 365)
    day_of_year = day_of_era - _days_before(year_of_era)
    shifted_month = _quotient(5 * day_of_year + 2, 153)
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day_of_year - _quotient(153 * shifted_month + 2, 5) + 1


@compiled
def _days_before(year_of_era: int) -> int:
    """Days of an era before one of its years."""
    return 365 * year_of_era + _quotient(year_of_era, 4) - _quotient(year_of_era, 100)


@compiled
def ordinal(year: int, month: int, day: int) -> int:
    """The ordinal day of a date."""
    shifted_year = year - 1 if month <= 2 else year
    era = shifted_year // 400
    year_of_era = shifted_year - era * 400
    shifted_month = month - 3 if month > 2 else month + 9
    day_of_year = _quotient(153 * shifted_month + 2, 5) + day - 1
    return era * _DAYS_PER_ERA + _days_before(year_of_era) + day_of_year - _ERA_OFFSET


@compiled
def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@compiled
def add_months(day: int, months: int) -> int:
    """`day` moved by `months` (negative: back), the day of the month clipped to the month's end."""
    year, month, day_of_month = civil(day)
    index = year * 12 + month - 1 + months
    new_year, new_month = index // 12, index % 12 + 1
    return ordinal(new_year, new_month, min(day_of_month, days_in_month(new_year, new_month)))


@compiled
def period_start(day: int, month: int, day_of_month: int) -> int:
    """The first day of the year that holds `day` and starts on `month`-`day_of_month`; 01-01 is the calendar year."""
    year = civil(day)[0]
    start = ordinal(year, month, day_of_month)
    return start if start <= day else ordinal(year - 1, month, day_of_month)


@compiled
def completed_years(born: int, day: int) -> int:
    """Whole years from an ordinal day of birth to `day`; 0 before the first.

    They turn on the birthday (29 February: on 1 March in common years).
    """
    year, month, day_of_month = civil(day)
    birth_year, birth_month, birth_day = civil(born)
    before = month < birth_month or (month == birth_month and day_of_month < birth_day)
    return max(year - birth_year - (1 if before else 0), 0)


def ordinal_of(day: date) -> OrdinalDay:
    """A date as an ordinal day."""
    return OrdinalDay(day.toordinal())


@compiled
def month_index(day: int) -> int:
    """Months since year 0: equal for two days of one calendar month, one more in the next."""
    year, month, _ = civil(day)
    return year * 12 + month - 1


@compiled
def week_index(day: int) -> int:
    """Weeks from Monday to Sunday (ISO 8601), counted from 0001-01-01, which was a Monday."""
    return (day - 1) // 7


def latest_first_service(period: int, periods: int) -> int:
    """The latest ordinal day of a first service so many benefit periods before one: 1 = before its first day.

    `period`: the first day of that benefit period. `from_year: N` asks for N - 1 of them (docs/rule-language.md,
    point 51).
    """
    return add_months(period, 12 - 12 * periods) - 1


@lru_cache(maxsize=4096)
def latest_start(day: int, days: int, months: int) -> int:
    """The latest ordinal day from which so many days, or months (end of month clipped), are over on `day`."""
    start = add_months(day, -months) - days
    while months and add_months(start + 1, months) <= day:
        start += 1
    return start
