"""How much of an estimate is kept."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Keeping"]


class Keeping(StrEnum):
    """How much of an estimate is kept."""

    FULL = "full"
    """Request and answer."""
    HASHES = "hashes"
    """Hashes of both, the plan and the release: nothing about a person."""
    OFF = "off"
    """Nothing."""
