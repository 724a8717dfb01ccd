"""The figures of a report in words, the same for the terminal and the page."""

from __future__ import annotations

from camcover.exchange.remittances.records import ErrorCause
from camcover.exchange.remittances.reporting import BOUNDS_CENTS
from camcover.money import dollars

__all__ = ["CAUSES", "CLASSES", "mean", "percent"]

CAUSES = {
    ErrorCause.ALLOWED: "another allowed amount",
    ErrorCause.ACCUMULATORS: "other sums so far",
    ErrorCause.LIMIT: "a limit",
    ErrorCause.COVERAGE: "coverage",
    ErrorCause.CHARGE: "another charge",
    ErrorCause.TERMS: "another copay or coinsurance",
    ErrorCause.UNKNOWN: "unknown",
}
"""What explains an error."""

CLASSES = ("none", *(f"up to {dollars(each)}" for each in BOUNDS_CENTS[1:]), f"above {dollars(BOUNDS_CENTS[-1])}")
"""The classes of errors, in order of `AccuracyGroup.errors`."""


def percent(part: int, whole: int) -> str:
    """A share with one digit, half up; a dash of nothing."""
    if not whole:
        return "-"
    tenths = (2_000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %"


def mean(cents: int, lines: int) -> str:
    """A mean in dollars, half away from zero."""
    if not lines:
        return dollars(0)
    size = (2 * abs(cents) + lines) // (2 * lines)
    return dollars(-size if cents < 0 else size)
