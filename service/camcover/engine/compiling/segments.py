"""Runs of days in which nothing changes that a plan edition refers to, and the benefit periods over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.rulebook.records import (
    Fees,
    Plan,
)


@dataclass(frozen=True, slots=True)
class PeriodRun:
    """The benefit periods of neighbouring editions that begin them on the same day of the year.

    The first one begins on ordinal day `first` at the earliest, the last one ends on `last` at the latest (point 24).
    """

    month: int
    day: int
    first: OrdinalDay
    last: OrdinalDay

    def start_of(self, day: OrdinalDay) -> OrdinalDay:
        """The first ordinal day of the benefit period that holds `day`."""
        year = date.fromordinal(day).year
        start = ordinal_of(date(year, self.month, self.day))
        if start > day:
            start = ordinal_of(date(year - 1, self.month, self.day))
        return max(start, self.first)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of days of one plan edition in which nothing it refers to changes; days are ordinal, inclusive.

    `edition` is the place of `plan` among the plan's editions. Behind `last_day` the terms may be assumed to go on up
    to `last_assumed` (point 37).
    """

    plan: Plan
    edition: int
    fees: Fees | None
    first_day: OrdinalDay
    last_day: OrdinalDay
    last_assumed: OrdinalDay
    period: PeriodRun
