"""How large the numbers and lists of a request may be: for the layout, what is said of a fault, batches, and tests.

The .proto says the same to callers; tests/api/test_request_bounds.py holds the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "AGE",
    "CENTS",
    "EVERY_DAYS",
    "MAX_AGE",
    "MAX_CENTS",
    "MAX_EVERY_DAYS",
    "MAX_LINES",
    "MAX_MEMBERS",
    "MAX_SESSIONS",
    "MAX_UNITS",
    "MEMBERS",
    "MINUTES",
    "SESSIONS",
    "UNITS",
    "USED",
    "VISITS",
    "Bound",
]


class Bound(NamedTuple):
    """The least and the most that a number may be."""

    least: int
    most: int

    def is_outside(self, value: Any) -> Any:
        """Whether a number is out of bounds; of an array of them, which are."""
        return (value < self.least) | (value > self.most)


MEMBERS = Bound(1, 12)
"""Members of a request."""

AGE = Bound(0, 130)
"""Completed years of a member."""

UNITS = Bound(1, 1_000)
"""Units of a procedure, and of a prior visit."""

MINUTES = Bound(1, 1_000)
"""Minutes of a procedure."""

CENTS = Bound(0, 1_000_000_000)
"""An amount: 2,000 lines of the largest stay far inside 64 bits, percentages included."""

USED = Bound(0, 10_000)
"""What is used of a limit in visits or units, before the limit itself is looked at."""

VISITS = Bound(0, 1_000)
"""Visits of a benefit."""

SESSIONS = Bound(1, 500)
"""Dates of one item."""

EVERY_DAYS = Bound(1, 366)
"""Days from one session to the next."""

MAX_LINES = 2_000
"""Lines of a request."""

# For compiled code and for the layout of requests, which compares numbers one by one.
MAX_MEMBERS, MAX_AGE, MAX_UNITS, MAX_CENTS = MEMBERS.most, AGE.most, UNITS.most, CENTS.most
MAX_SESSIONS, MAX_EVERY_DAYS = SESSIONS.most, EVERY_DAYS.most
