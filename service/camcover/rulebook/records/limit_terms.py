"""The fixed words of limits: what they count, and over which period.

Measures and periods each have one table beside the words: the kernel's code, the words for members of staff, the
length. Grammar, schema, compiler, explanations and analysis read it there (docs/architecture.md, "One fact in one
place").
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from camcover.rulebook.records.terms import assert_complete


class Measure(StrEnum):
    """What a limit counts in."""

    VISITS = "visits"
    UNITS = "units"
    MINUTES = "minutes"
    MONEY = "money"


NOUNS: dict[Measure, str | None] = {
    Measure.VISITS: "visit",
    Measure.UNITS: "unit",
    Measure.MINUTES: "minute",
    Measure.MONEY: None,
}
"""What one of a measure is called, in rule files and in sentences; None: it is money, written in dollars."""


MINUTES_OF_HOUR = 60
"""A limit of hours is one of minutes."""


class Counting(StrEnum):
    """What makes a limit count: the covered visit, unit or minute, money paid by the plan, or money allowed."""

    COVERED = "covered"
    PLAN_PAID = "plan_paid"
    ALLOWED = "allowed"


Counted = tuple[Measure, Counting]
"""What a limit counts, and when."""


class MeasureTerms(NamedTuple):
    """One thing that a limit may count.

    `code`: its name in `engine.kernel.codes.LimitMeasure`; `bounded_by`: what never counts less of a line than this.
    """

    code: str
    bounded_by: tuple[Counted, ...]


_COVERED_VISITS, _PAID_VISITS = (Measure.VISITS, Counting.COVERED), (Measure.VISITS, Counting.PLAN_PAID)
_COVERED_UNITS = (Measure.UNITS, Counting.COVERED)
_COVERED_MINUTES = (Measure.MINUTES, Counting.COVERED)
_MONEY_PAID, _MONEY_ALLOWED = (Measure.MONEY, Counting.PLAN_PAID), (Measure.MONEY, Counting.ALLOWED)

MEASURES: dict[Counted, MeasureTerms] = {
    _COVERED_VISITS: MeasureTerms("VISITS", (_COVERED_VISITS, _COVERED_UNITS)),
    _PAID_VISITS: MeasureTerms(
        "VISITS_PLAN_PAID",
        (_COVERED_VISITS, _PAID_VISITS, _COVERED_UNITS),
    ),
    _COVERED_UNITS: MeasureTerms("UNITS", (_COVERED_UNITS,)),
    _COVERED_MINUTES: MeasureTerms("MINUTES", (_COVERED_MINUTES,)),
    _MONEY_PAID: MeasureTerms("MONEY_PLAN_PAID", (_MONEY_PAID, _MONEY_ALLOWED)),
    _MONEY_ALLOWED: MeasureTerms("MONEY_ALLOWED", (_MONEY_ALLOWED,)),
}
"""All that limits may count; of each measure first what it counts where the file does not say."""


def countings(measure: Measure) -> tuple[Counting, ...]:
    """What a limit of this measure may count; the default comes first."""
    return tuple(counting for each, counting in MEASURES if each is measure)


class PeriodKind(StrEnum):
    """The period over which a limit counts."""

    VISIT = "visit"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    BENEFIT_PERIOD = "benefit_period"
    CALENDAR_YEAR = "calendar_year"
    ROLLING_DAYS = "rolling_days"
    ROLLING_MONTHS = "rolling_months"
    LIFETIME = "lifetime"


class Window(NamedTuple):
    """A period that looks back from each date: its unit, and the most units; the file gives the length.

    `example`: a length that an error message may name.
    """

    unit: Literal["day", "month"]
    longest: int
    example: int


class PeriodTerms(NamedTuple):
    """One kind of period.

    `code`: its name in `engine.kernel.codes.Period`. `analyst`: its name in lists of terms, with `{length}` where the
    file gives its length. `days`: the fewest and the most days; None: no bound, or a window. `months`: its length in
    months; None: it does not consist of months. `window`: None if it begins and ends on fixed dates.
    """

    code: str
    analyst: str
    days: tuple[int, int] | None
    months: int | None = None
    window: Window | None = None


PERIODS: dict[PeriodKind, PeriodTerms] = {
    # A visit is on one date, and a limit per visit has a count for each benefit: its period is the day.
    PeriodKind.VISIT: PeriodTerms("DAY", "visit", (1, 1)),
    PeriodKind.DAY: PeriodTerms("DAY", "day", (1, 1)),
    PeriodKind.WEEK: PeriodTerms("WEEK", "week", (7, 7)),
    PeriodKind.MONTH: PeriodTerms("MONTH", "month", (28, 31), months=1),
    PeriodKind.QUARTER: PeriodTerms("QUARTER", "calendar quarter", (90, 92), months=3),
    PeriodKind.BENEFIT_PERIOD: PeriodTerms("BENEFIT_PERIOD", "benefit period", (365, 366), months=12),
    PeriodKind.CALENDAR_YEAR: PeriodTerms("CALENDAR_YEAR", "calendar year", (365, 366), months=12),
    PeriodKind.ROLLING_DAYS: PeriodTerms(
        "ROLLING_DAYS", "rolling {length} days", None, window=Window("day", 3_660, 90)
    ),
    PeriodKind.ROLLING_MONTHS: PeriodTerms(
        "ROLLING_MONTHS", "rolling {length} months", None, window=Window("month", 120, 12)
    ),
    PeriodKind.LIFETIME: PeriodTerms("LIFETIME", "lifetime", None),
}
"""Every kind of period. What its dates are is arithmetic: the functions that tests/test_kinds.py lists."""

ROLLING = tuple(kind for kind, terms in PERIODS.items() if terms.window is not None)
"""The kinds that look back from each date of service."""

FIXED_PERIODS = tuple(kind for kind in PERIODS if kind not in ROLLING)
"""The kinds that begin and end on fixed dates."""

ACCOUNT_PERIODS = tuple(kind for kind in FIXED_PERIODS if kind is not PeriodKind.VISIT)
"""The kinds over which the amount of an account may hold."""

WITHIN_A_DAY = tuple(kind for kind, terms in PERIODS.items() if terms.days == (1, 1))
"""The kinds that are no longer than a day."""

LONG_PERIODS = tuple(kind for kind in FIXED_PERIODS if (PERIODS[kind].days or (365, 365))[0] >= 365)
"""The kinds of a year or more."""

assert_complete(Measure, NOUNS)
assert_complete(Measure, {measure for measure, _ in MEASURES})
assert_complete(PeriodKind, PERIODS)
