"""Periods within periods, held to a count of single days over four years."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest

from camcover.rulebook.analysis.periods import count_to_hold, days_of, holds, is_open_on
from camcover.rulebook.records import FIXED_PERIODS, BenefitPeriod, LimitPeriod, PeriodKind

CALENDAR, JULY, MID_MONTH = BenefitPeriod(1, 1), BenefitPeriod(7, 1), BenefitPeriod(4, 15)
WITHOUT_END = [LimitPeriod(kind, 0) for kind in (PeriodKind.LIFETIME, PeriodKind.EPISODE, PeriodKind.CONDITION)]
"""Periods that may last for any number of days."""

PERIODS = [
    *(
        period
        for kind in FIXED_PERIODS
        if kind != PeriodKind.VISIT and (period := LimitPeriod(kind, 0)) not in WITHOUT_END
    ),
    LimitPeriod(PeriodKind.ROLLING_DAYS, 7),
    LimitPeriod(PeriodKind.ROLLING_DAYS, 90),
    LimitPeriod(PeriodKind.ROLLING_DAYS, 366),
    LimitPeriod(PeriodKind.ROLLING_MONTHS, 1),
    LimitPeriod(PeriodKind.ROLLING_MONTHS, 12),
]
LIFETIME = WITHOUT_END[0]
DAYS = [date(2023, 12, 1) + timedelta(days=number) for number in range(1500)]
PAIRS = list(product(PERIODS, PERIODS))
YEARS = [CALENDAR, JULY, MID_MONTH]


def first_open_days(period: LimitPeriod, year: BenefitPeriod) -> list[int]:
    """For each day the place of the earliest day whose use still counts on it, found by looking at each."""
    firsts, first = [], 0
    for place, day in enumerate(DAYS):
        while not is_open_on(period, DAYS[first], day, year):
            first += 1
        firsts.append(first)
        assert first <= place
    return firsts


KNOWN = {(period, year): first_open_days(period, year) for period in PERIODS for year in YEARS}
SETTLED = range(400, len(DAYS))
"""Days that have all of any of these periods behind them."""


@pytest.mark.parametrize("year", YEARS, ids=["calendar", "july", "mid-month"])
def test_holds_agrees_with_counting_single_days(year: BenefitPeriod) -> None:
    for wide, narrow in PAIRS:
        really = all(KNOWN[wide, year][day] <= KNOWN[narrow, year][day] for day in SETTLED)
        said = holds(wide, narrow, year)
        assert said <= really, (wide, narrow)
        # A bound that is missed costs a finding, a wrong one a false finding; none is missed but by leap days.
        assert said == really or 366 in (wide.length, narrow.length), (wide, narrow)


@pytest.mark.parametrize("year", YEARS, ids=["calendar", "july", "mid-month"])
def test_the_count_of_periods_covers_the_days_of_another(year: BenefitPeriod) -> None:
    """Cut the days that count on a day into stretches of the narrow period, latest first, and count the stretches."""
    firsts = {period: np.array(KNOWN[period, year]) for period in PERIODS}
    for wide, narrow in PAIRS:
        # All days at once: each is cut as long as its rest still reaches into the wide period.
        places, most = np.array(SETTLED), 0
        begins = firsts[wide][places]
        while (is_within := places >= begins).any():
            places, begins, most = firsts[narrow][places[is_within]] - 1, begins[is_within], most + 1
        bound = count_to_hold(wide, narrow, year)
        assert bound is not None
        assert most <= bound <= most + 2, (wide, narrow, most)


def test_a_lifetime_contains_every_period_and_no_period_contains_it() -> None:
    for period in PERIODS:
        assert holds(LIFETIME, period, CALENDAR)
        assert count_to_hold(period, LIFETIME, CALENDAR) == 1


@pytest.mark.parametrize("endless", WITHOUT_END, ids=["lifetime", "episode", "condition"])
def test_a_period_without_end_has_no_number_of_days(endless: LimitPeriod) -> None:
    assert days_of(endless) is None
    assert is_open_on(endless, date(1990, 1, 1), date(2026, 1, 1), CALENDAR)
    for period in PERIODS:
        assert not holds(period, endless, CALENDAR)
        assert count_to_hold(endless, period, CALENDAR) is None


@pytest.mark.parametrize("part", WITHOUT_END[1:], ids=["episode", "condition"])
def test_a_lifetime_has_any_number_of_episodes_and_conditions(part: LimitPeriod) -> None:
    assert holds(LIFETIME, part, CALENDAR)
    assert not holds(part, LIFETIME, CALENDAR)
    assert count_to_hold(LIFETIME, part, CALENDAR) is None
    # A day may have visits for two conditions, so one of them does not hold what the day counts.
    assert not holds(part, LimitPeriod(PeriodKind.DAY, 0), CALENDAR)


@pytest.mark.parametrize(
    ("period", "days"),
    [
        (LimitPeriod(PeriodKind.VISIT, 0), (1, 1)),
        (LimitPeriod(PeriodKind.MONTH, 0), (28, 31)),
        (LimitPeriod(PeriodKind.CALENDAR_YEAR, 0), (365, 366)),
        (LimitPeriod(PeriodKind.ROLLING_MONTHS, 1), (28, 31)),
        (LimitPeriod(PeriodKind.ROLLING_MONTHS, 12), (365, 366)),
        (LimitPeriod(PeriodKind.ROLLING_DAYS, 90), (90, 90)),
    ],
)
def test_shortest_and_longest_periods_in_days(period: LimitPeriod, days: tuple[int, int]) -> None:
    assert days_of(period) == days
