"""Integer days against the standard library's calendar."""

from __future__ import annotations

import calendar as stdlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcover.calendar import add_months, civil, days_in_month, month_index, ordinal, period_start, week_index

DAYS = st.dates(date(1, 3, 1), date(9990, 12, 31))
MODERN = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@given(DAYS)
def test_civil_and_ordinal_are_the_standard_librarys(day: date) -> None:
    assert civil(day.toordinal()) == (day.year, day.month, day.day)
    assert ordinal(day.year, day.month, day.day) == day.toordinal()
    assert days_in_month(day.year, day.month) == stdlib.monthrange(day.year, day.month)[1]


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
def test_months_are_clipped_to_their_end(day: date, months: int, expected: date) -> None:
    assert date.fromordinal(add_months(day.toordinal(), months)) == expected


@given(MODERN, st.integers(-240, 240))
def test_a_month_moved_is_that_many_months_away(day: date, months: int) -> None:
    moved = date.fromordinal(add_months(day.toordinal(), months))
    assert month_index(moved.toordinal()) - month_index(day.toordinal()) == months
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
def test_benefit_periods(day: date, starts: tuple[int, int], expected: date) -> None:
    assert date.fromordinal(period_start(day.toordinal(), *starts)) == expected


@given(MODERN, st.integers(1, 12), st.integers(1, 28))
def test_a_day_lies_in_the_year_after_its_periods_start(day: date, month: int, first: int) -> None:
    start = date.fromordinal(period_start(day.toordinal(), month, first))
    assert (start.month, start.day) == (month, first)
    assert start <= day < start.replace(year=start.year + 1)


@given(MODERN)
def test_weeks_run_from_monday_to_sunday(day: date) -> None:
    monday = day - timedelta(days=day.weekday())
    assert week_index(day.toordinal()) == week_index(monday.toordinal())
    assert week_index((monday - timedelta(days=1)).toordinal()) == week_index(monday.toordinal()) - 1
