"""Bearer tokens, what they are known by, and what they allow."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

__all__ = ["Role", "new_token", "token_hash"]


class Role(StrEnum):
    """What a caller may do."""

    ESTIMATE = "estimate"
    """Ask for estimates, coverage and the catalog."""
    RULES_READ = "rules.read"
    """Check files, see releases, compare them; the catalog, too."""
    RULES_WRITE = "rules.write"
    """Publish and activate; and all that `rules.read` allows."""


def new_token() -> tuple[str, str]:
    """A token of 256 random bits, and its SHA-256 in hexadecimal digits, which alone is kept."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    """The SHA-256 of a token in hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()
