"""Cents and basis points: the two roundings of the project, both half up (docs/rule-language.md, point 27)."""

from __future__ import annotations

from camcover.jit import compiled

WHOLE = 10_000
"""Basis points in 100 %."""


@compiled
def share(amount_cents: int, basis_points: int) -> int:
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


def percent(basis_points: int) -> str:
    """`1250` as `12.5%`."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"
