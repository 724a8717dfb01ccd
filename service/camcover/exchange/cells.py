"""Cells of tables as values: amounts, percentages, counts, yes and no. Each refusal says what was expected.

What comes in: the text of a cell. What goes out: cents, basis points or words; `CellFault` where the text is none.
"""

from __future__ import annotations

import re
from decimal import Decimal

from camcover.errors import CamcoverError
from camcover.money import BasisPoints, Cents

__all__ = ["CellFault", "name_of", "one_line_of", "points_of", "sum_of", "whole_of", "yes_of"]

_WHOLE = re.compile(r"[0-9]{1,9}")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_STEERING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd\ud800-\udfff\ufffe\uffff]+"
)

MOST_LETTERS = 300
"""Of a text that goes into a rule file."""


class CellFault(CamcoverError):
    """A cell that holds something else; the message says what was expected."""


def whole_of(text: str, most: int = 999_999_999) -> int | None:
    """A count, or cents as a whole number; None for an empty cell."""
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise CellFault(f"a whole number up to {most:,}, or nothing")
    return int(text)


def sum_of(text: str) -> Cents | None:
    """Dollars such as `15.00`, as cents; None for an empty cell."""
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        raise CellFault("an amount such as 15.00, or nothing")
    return Cents(int(Decimal(text) * 100))


def points_of(text: str) -> BasisPoints | None:
    """A percentage such as `20` or `12.50`, as basis points; None for an empty cell."""
    found = sum_of(text)
    if found is not None and found > 10_000:
        raise CellFault("a percentage from 0 to 100, or nothing")
    return None if found is None else BasisPoints(found)


def yes_of(text: str) -> bool:
    """Whether a cell says `yes`; else it says `no`."""
    if text not in {"yes", "no"}:
        raise CellFault("yes or no")
    return text == "yes"


def one_line_of(text: str) -> str:
    """A text that may stand in a rule file: on one line, without what steers a terminal, and of bounded length."""
    plain = " ".join(_STEERING.sub(" ", text).split())
    if len(plain) > MOST_LETTERS:
        raise CellFault(f"a text of at most {MOST_LETTERS} letters")
    return plain


def name_of(text: str) -> str:
    """The same of a text that must not be empty."""
    found = one_line_of(text)
    if not found:
        raise CellFault("a name")
    return found
