"""CMS's formula: relative values of work, practice expense and malpractice, each times its index, times the factor.

Nothing is rounded on the way; the result is, to the cent, half up. With the values and indices of 2025 all 109 amounts
of CMS's own file of that year come out (tests/exchange/test_physician_fees.py).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from camcover.exchange.physician_fees.records import Locality, RelativeValues
from camcover.money import Cents

__all__ = ["amount_of", "expense_of"]

_CENTS_OF_DOLLAR = 100


def amount_of(values: RelativeValues, expense: Decimal, place: Locality) -> Cents:
    """The amount of a unit; `expense`: the practice expense of the setting, in relative value units."""
    units = values.work * place.work + expense * place.expense + values.malpractice * place.malpractice
    return _in_cents(units * values.factor)


def expense_of(values: RelativeValues, expense: Decimal, place: Locality) -> Cents:
    """The part of the amount that is practice expense."""
    return _in_cents(expense * place.expense * values.factor)


def _in_cents(dollars: Decimal) -> Cents:
    return Cents(int((dollars * _CENTS_OF_DOLLAR).quantize(Decimal(1), ROUND_HALF_UP)))
