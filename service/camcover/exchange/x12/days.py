"""Days as X12 writes them."""

from __future__ import annotations

from datetime import date, datetime

from camcover.exchange.x12.segments import X12Segment

__all__ = ["day_of", "days_of"]


def day_of(text: str) -> date | None:
    """A date as X12 writes it, CCYYMMDD or YYMMDD; None: it is none."""
    for length, form in ((8, "%Y%m%d"), (6, "%y%m%d")):
        if len(text) == length and text.isdecimal() and text.isascii():
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not a moment
            except ValueError:
                return None
    return None


def days_of(segment: X12Segment) -> tuple[date | None, date | None]:
    """The first and the last day of a DTP segment; a single day is the first. None: there is none."""
    first, _, last = segment[3].partition("-") if segment[2] == "RD8" else (segment[3], "", "")
    return day_of(first), day_of(last)
