"""Settings of the service that the command line shows as its defaults."""

from __future__ import annotations

__all__ = ["CACHED_BYTES"]

CACHED_BYTES = 64 << 20
"""Answers at hand, as bytes: the same question under the same rules is priced once."""
