"""The periods over which limits and accounts count, and who or what has a count of its own.

One table stands beside the words: the kernel's code, the words for members of staff, the length. Grammar, schema,
compiler, explanations and analysis read it there (docs/architecture.md, "One fact in one place").
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from camcover.rulebook.records.terms import assert_complete


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
    EPISODE = "episode"
    CONDITION = "condition"
    DAYS_FROM_EPISODE = "days_from_episode"
    MONTHS_FROM_EPISODE = "months_from_episode"
    DAYS_FROM_FIRST_VISIT = "days_from_first_visit"
    MONTHS_FROM_FIRST_VISIT = "months_from_first_visit"


class CountedFor(StrEnum):
    """Who or what has a count of its own, where that is not each member."""

    FAMILY = "family"
    EPISODE = "episode"
    CONDITION = "condition"


class Window(NamedTuple):
    """A period as long as the file says: in which unit, at most how many of them.

    `example`: a length that an error message may name. `begins`: with what, as files write it behind the length; empty:
    it looks back from each date.
    """

    unit: Literal["day", "month"]
    longest: int
    example: int
    begins: Literal["", "episode", "first_visit"] = ""

    def written(self, length: int) -> str:
        """`rolling 90 days`, `24 months from episode`."""
        words = f"{length} {self.unit}{'' if length == 1 else 's'}"
        return f"{words} from {self.begins}" if self.begins else f"rolling {words}"


class PeriodTerms(NamedTuple):
    """One kind of period.

    `code`: its name in `engine.kernel.codes.Period`. `analyst`: its name in lists of terms, with `{length}` where the
    file says how long it is. `days`: the fewest and the most days; None: there is no bound, or it is a window.
    `months`: how many months long it is; None: it is not made of months. `window`: None: the file gives no length.
    `has`: what has a count of its own over it, where the period says that.
    """

    code: str
    analyst: str
    days: tuple[int, int] | None
    months: int | None = None
    window: Window | None = None
    has: CountedFor | None = None


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
    # An episode and a condition have a count that never begins anew.
    PeriodKind.EPISODE: PeriodTerms("LIFETIME", "episode", None, has=CountedFor.EPISODE),
    PeriodKind.CONDITION: PeriodTerms("LIFETIME", "condition", None, has=CountedFor.CONDITION),
    PeriodKind.DAYS_FROM_EPISODE: PeriodTerms(
        "DAYS_FROM_EPISODE",
        "{length} days from episode",
        None,
        window=Window("day", 3_660, 90, "episode"),
        has=CountedFor.EPISODE,
    ),
    PeriodKind.MONTHS_FROM_EPISODE: PeriodTerms(
        "MONTHS_FROM_EPISODE",
        "{length} months from episode",
        None,
        window=Window("month", 120, 24, "episode"),
        has=CountedFor.EPISODE,
    ),
    PeriodKind.DAYS_FROM_FIRST_VISIT: PeriodTerms(
        "DAYS_FROM_FIRST_VISIT", "{length} days from first visit", None, window=Window("day", 3_660, 60, "first_visit")
    ),
    PeriodKind.MONTHS_FROM_FIRST_VISIT: PeriodTerms(
        "MONTHS_FROM_FIRST_VISIT",
        "{length} months from first visit",
        None,
        window=Window("month", 120, 12, "first_visit"),
    ),
}
"""Every kind of period. What its dates are is arithmetic: the functions that tests/test_kinds.py lists."""

WINDOWS = tuple(kind for kind, terms in PERIODS.items() if terms.window is not None)
"""The kinds of which the file gives the length."""


def _windows(begins: str) -> tuple[PeriodKind, ...]:
    """The kinds that begin so."""
    return tuple(kind for kind in WINDOWS if (window := PERIODS[kind].window) is not None and window.begins == begins)


ROLLING, FROM_EPISODE, FROM_FIRST_VISIT = map(_windows, ("", "episode", "first_visit"))
"""The kinds that look back from each date of service; that begin with an episode; that begin with a counted visit."""

MOVING = (*ROLLING, *FROM_FIRST_VISIT)
"""The kinds whose dates follow from the dates of visits."""

FIXED_PERIODS = tuple(kind for kind in PERIODS if kind not in WINDOWS)
"""The kinds of which the file gives no length."""

ACCOUNT_PERIODS = tuple(kind for kind in FIXED_PERIODS if kind is not PeriodKind.VISIT and PERIODS[kind].has is None)
"""The kinds over which the amount of an account may hold."""

DATED_PERIODS = tuple(
    kind
    for kind in (*FIXED_PERIODS, *FROM_EPISODE)
    if (kind in FROM_EPISODE or PERIODS[kind].days) and kind is not PeriodKind.BENEFIT_PERIOD
)
"""The kinds on fixed dates of which a request may state the count of another period than that of `as_of`."""

WITHIN_A_DAY = tuple(kind for kind, terms in PERIODS.items() if terms.days == (1, 1))
"""The kinds that are no longer than a day."""

LONG_PERIODS = tuple(kind for kind in FIXED_PERIODS if (PERIODS[kind].days or (365, 365))[0] >= 365)
"""The kinds of a year or more."""

assert_complete(PeriodKind, PERIODS)
