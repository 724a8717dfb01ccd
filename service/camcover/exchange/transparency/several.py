"""Which of several amounts of one code stands. A command declares it, so that nothing slow is imported here."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["OfSeveral"]


class OfSeveral(StrEnum):
    """The lowest, the middle or the highest of several amounts; of two in the middle the higher one."""

    LOWEST = "lowest"
    MIDDLE = "middle"
    HIGHEST = "highest"
