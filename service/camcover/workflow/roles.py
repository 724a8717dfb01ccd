"""What a caller may do."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Role"]


class Role(StrEnum):
    """What a caller may do."""

    ESTIMATE = "estimate"
    """Ask for estimates, coverage and the catalog."""
    RULES_READ = "rules.read"
    """Check files, see releases, compare them; the catalog, too."""
    RULES_WRITE = "rules.write"
    """Publish and activate; and all that `rules.read` allows."""
