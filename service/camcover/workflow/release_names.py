"""The words that name a release beside its id."""

from __future__ import annotations

__all__ = ["ACTIVE", "LATEST"]

ACTIVE, LATEST = "active", "latest"
"""Words for the release that is active, and for the one that was published last."""
