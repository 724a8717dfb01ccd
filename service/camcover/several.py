"""Which of several amounts of one code stands. Commands declare it, so that nothing slow is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

__all__ = ["OfSeveral", "chosen"]

Amount = TypeVar("Amount")


class OfSeveral(StrEnum):
    """The lowest, the middle or the highest of several amounts; of two in the middle the higher one."""

    LOWEST = "lowest"
    MIDDLE = "middle"
    HIGHEST = "highest"


def chosen(amounts: Sequence[Amount], of_several: OfSeveral | None) -> Amount | None:
    """The one that stands of amounts in ascending order; None where nothing says which of several, or there is none."""
    if not amounts or (of_several is None and len(amounts) > 1):
        return None
    if of_several is OfSeveral.MIDDLE:
        return amounts[len(amounts) // 2]
    return amounts[-1 if of_several is OfSeveral.HIGHEST else 0]
