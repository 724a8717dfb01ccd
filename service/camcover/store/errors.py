"""What the store raises where the database cannot be used."""

from __future__ import annotations

from enum import StrEnum

from camcover.errors import CamcoverError

__all__ = ["DatabaseError", "StoreUnavailable", "UnavailableReason", "UnusablePrices"]


class DatabaseError(CamcoverError):
    """The database cannot be used; says why."""


class UnavailableReason(StrEnum):
    """Why the database cannot be used now, in words."""

    AWAY = "the database cannot be reached"
    LOCKED = "the database is locked by another process"
    FULL = "the disk of the database is full"
    BUSY = "the database has too many writes waiting"
    CROWDED = "the database has too many look-ups waiting"
    NO_PRICES = "the file of prices cannot be read"


class StoreUnavailable(DatabaseError):
    """The database cannot be used now; trying again later may help."""

    def __init__(self, reason: UnavailableReason) -> None:
        """`reason` is in words, without statement, value or address."""
        super().__init__(str(reason))
        self.reason = reason


class UnusablePrices(DatabaseError):
    """A file that holds no prices, or those of another version."""
