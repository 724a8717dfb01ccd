"""How many plans are priced at once."""

from __future__ import annotations

__all__ = ["BATCH_ROWS"]

BATCH_ROWS = 8_192
"""Plans in hand at once in a thread."""
