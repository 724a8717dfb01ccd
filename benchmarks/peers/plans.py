"""The shapes that the workload and every peer share: a plan of twelve lines in, one priced line each out.

All amounts are integer cents.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Line(TypedDict):
    """One planned session; the date is ISO text, `allowed` never above `charge`."""

    date: str
    therapy: str
    tier: str
    practitioner: str
    diagnosis: str
    charge: int
    allowed: int


class Plan(TypedDict):
    """One member's plan, its lines in order of date, and what was used of the benefits in the year before it."""

    age: int
    deductible_used: int
    oop_used: int
    visits: dict[str, int]
    lines: list[Line]


# One priced line: the fields of FIELDS.
Priced = dict[str, Any]

FIELDS = (
    "covered",
    "reason",
    "deductible",
    "copay",
    "coinsurance",
    "balance_bill",
    "not_covered",
    "written_off",
    "plan_paid",
    "patient",
)
