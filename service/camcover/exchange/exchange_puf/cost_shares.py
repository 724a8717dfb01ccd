"""The cost-share cells of the exchange's benefit file: a closed grammar, in which case and spaces count.

What comes in: the cells of the copay and of the coinsurance column. What goes out: a `CostShare`, or None where neither
states anything. Every other text is a `CellFault`. The words after an amount: `after deductible` is the deductible
first, then the copay; `with` and `before` are the copay first, and the rest goes to the deductible; without a word the
deductible does not apply. `per Day` and `per Stay` are a visit's here, for a visit is outpatient care of one day.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from camcover.exchange.cells import CellFault
from camcover.exchange.shares import CostShare

__all__ = ["WHOLE_COST", "CellAmount", "When", "coinsurance_of", "copay_of", "share_of"]

_PLAIN = re.compile(r"\$([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6})\.([0-9]{2})")
_WORDED = re.compile(r"\$([0-9]{1,6})\.([0-9]{2}) Copay(?: per (?:Day|Stay))?(?: (after|with|before) deductible)?")
_PERCENT = re.compile(r"([0-9]{1,3})\.([0-9]{2})%( Coinsurance after deductible)?")

WHOLE_COST = 10_000
"""100 %, which outside the network means that nothing is covered there."""


class When(StrEnum):
    """Where a deductible stands beside an amount."""

    WAIVED = ""
    AFTER = "after"
    WITH = "with"
    BEFORE = "before"


class CellAmount(NamedTuple):
    """An amount that a cell states: cents or basis points, and the deductible beside it."""

    amount: int
    when: When


_LITERALS = {
    "": None,
    "Not Applicable": None,
    "No Charge": CellAmount(0, When.WAIVED),
    "No Charge after deductible": CellAmount(0, When.AFTER),
}


def copay_of(text: str) -> CellAmount | None:
    """A cell of a copay column, cents; None where it states nothing."""
    if text in _LITERALS:
        return _LITERALS[text]
    plain, worded = _PLAIN.fullmatch(text), _WORDED.fullmatch(text)
    found = plain or worded
    if found is None:
        raise CellFault("a copay such as $30.00 or $30.00 Copay after deductible, No Charge, or nothing")
    cents = int(found[1].replace(",", "")) * 100 + int(found[2])
    return CellAmount(cents, When((worded and worded[3]) or ""))


def coinsurance_of(text: str) -> CellAmount | None:
    """A cell of a coinsurance column, basis points; None where it states nothing."""
    if text in _LITERALS:
        return _LITERALS[text]
    found = _PERCENT.fullmatch(text)
    points = int(found[1]) * 100 + int(found[2]) if found else WHOLE_COST + 1
    if found is None or points > WHOLE_COST:
        raise CellFault("a percentage such as 20.00% or 20.00% Coinsurance after deductible, No Charge, or nothing")
    return CellAmount(points, When.AFTER if found[3] else When.WAIVED)


def share_of(copay: CellAmount | None, coinsurance: CellAmount | None) -> CostShare | None:
    """The steps that two cells state together, the copay before the percentage; None where neither states anything."""
    if copay is None and coinsurance is None:
        return None
    first = When.WAIVED if copay is None else copay.when
    has_deductible = coinsurance is not None and coinsurance.when is When.AFTER
    cents = copay.amount if copay is not None else 0
    is_before = first in {When.WITH, When.BEFORE} or (has_deductible and first is When.WAIVED and cents > 0)
    return CostShare(
        cents or None,
        (coinsurance.amount or None) if coinsurance is not None else None,
        after=not is_before and (first is When.AFTER or has_deductible),
        before=is_before,
    )
