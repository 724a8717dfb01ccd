"""Integer days against the standard library's calendar, in both readings: Python's and machine code."""

from __future__ import annotations

import calendar as stdlib
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from both_readings import READINGS, read_as
from camcover import calendar

DAYS = st.dates(date(1, 3, 1), date(9990, 12, 31))
MODERN = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@pytest.fixture(scope="module", params=READINGS)
def days(request: pytest.FixtureRequest) -> Any:
    """The functions of `camcover.calendar`."""
    return read_as(calendar, request.param)


@given(DAYS)
def test_civil_and_ordinal_days_equal_the_standard_librarys(days: Any, day: date) -> None:
    assert days.civil(day.toordinal()) == (day.year, day.month, day.day)
    assert days.ordinal(day.year, day.month, day.day) == day.toordinal()
    assert days.days_in_month(day.year, day.month) == stdlib.monthrange(day.year, day.month)[1]


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
    ],
)
def test_months_are_clipped_to_their_end(days: Any, day: date, months: int, expected: date) -> None:
    assert date.fromordinal(days.add_months(day.toordinal(), months)) == expected


@given(MODERN, st.integers(-240, 240))
def test_a_month_moved_is_that_many_months_away(days: Any, day: date, months: int) -> None:
    moved = date.fromordinal(days.add_months(day.toordinal(), months))
    assert days.month_index(moved.toordinal()) - days.month_index(day.toordinal()) == months
    assert moved.day == min(day.day, stdlib.monthrange(moved.year, moved.month)[1])


@pytest.mark.parametrize(
    ("day", "starts", "expected"),
    [
        (date(2026, 6, 30), (7, 1), date(2025, 7, 1)),
        (date(2026, 7, 1), (7, 1), date(2026, 7, 1)),
        (date(2026, 12, 31), (1, 1), date(2026, 1, 1)),
        (date(2026, 1, 1), (10, 1), date(2025, 10, 1)),
    ],
)
def test_benefit_periods_begin_on_their_day(days: Any, day: date, starts: tuple[int, int], expected: date) -> None:
    assert date.fromordinal(days.period_start(day.toordinal(), *starts)) == expected


@pytest.mark.parametrize(
    ("period", "periods", "expected"),
    [
        (date(2026, 1, 1), 1, date(2025, 12, 31)),
        (date(2026, 7, 1), 2, date(2025, 6, 30)),
        (date(2028, 2, 29), 2, date(2027, 2, 27)),
    ],
)
def test_a_later_year_of_a_service_begins_after_its_first_day(period: date, periods: int, expected: date) -> None:
    """`from_year: 2` is one period, `from_year: 3` two: a year less and a day; 29 February is clipped to the 28th."""
    assert date.fromordinal(calendar.latest_first_service(period.toordinal(), periods)) == expected


@given(MODERN, st.integers(1, 12), st.integers(1, 28))
def test_a_day_lies_in_the_year_after_its_periods_start(days: Any, day: date, month: int, first: int) -> None:
    start = date.fromordinal(days.period_start(day.toordinal(), month, first))
    assert (start.month, start.day) == (month, first)
    assert start <= day < start.replace(year=start.year + 1)


@given(MODERN)
def test_weeks_run_from_monday_to_sunday(days: Any, day: date) -> None:
    monday = day - timedelta(days=day.weekday())
    assert days.week_index(day.toordinal()) == days.week_index(monday.toordinal())
    assert days.week_index((monday - timedelta(days=1)).toordinal()) == days.week_index(monday.toordinal()) - 1
