"""Cents and basis points: the amounts of a line by name, and the two roundings of the project.

Both round half up (docs/rule-language.md, point 27).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NewType

from camcover.jit import compiled

Cents = NewType("Cents", int)
"""An amount of money. Where a name does not end in `_cents`, its type says so."""

BasisPoints = NewType("BasisPoints", int)
"""A percentage: 1,250 is 12.5 %."""

LINE_AMOUNTS = (
    "charge",
    "allowed",
    "deductible",
    "copay",
    "coinsurance",
    "penalty",
    "balance_bill",
    "not_covered",
    "written_off",
    "plan_paid",
    "secondary_paid",
    "patient",
    "due_at_service",
    "reimbursed",
    "account_paid",
)
"""The amounts of a line (docs/rule-language.md, section 6), in the order of every record and column of them."""

ONE_PLAN_AMOUNTS = tuple(name for name in LINE_AMOUNTS if name != "secondary_paid")
"""Those of a line under one plan: a batch's, and an impact's."""

LEDGER_AMOUNTS = ONE_PLAN_AMOUNTS[: ONE_PLAN_AMOUNTS.index("patient") + 1]
"""Those that the kernel works out: the ledger's columns."""

WHOLE = BasisPoints(10_000)
"""Basis points in 100 %."""


def in_cents(names: Iterable[str]) -> tuple[str, ...]:
    """`charge_cents`, ...: the fields of records, messages and columns that hold amounts of these names."""
    return tuple(f"{name}_cents" for name in names)


@compiled
def share(amount_cents: int, basis_points: BasisPoints) -> int:
    """`basis_points` of a non-negative amount, half up to the cent."""
    return (amount_cents * basis_points + WHOLE // 2) // WHOLE


@compiled
def portion(amount_cents: int, part: int, whole: int) -> int:
    """Amount x part / whole for non-negative integers, half up to the cent; `whole` > 0."""
    return (2 * amount_cents * part + whole) // (2 * whole)


def dollars(amount_cents: int) -> str:
    """`123456` as `$1,234.56`; a negative amount as `-$1.00`."""
    sign = "-" if amount_cents < 0 else ""
    whole, cents = divmod(abs(amount_cents), 100)
    return f"{sign}${whole:,}.{cents:02d}"


def percent(basis_points: BasisPoints) -> str:
    """`1250` as `12.5%`."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"
