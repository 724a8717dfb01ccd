"""Who is one person: the names of staff, as tokens, a sign-in and `--as` write them."""

from __future__ import annotations

import unicodedata

__all__ = ["is_same_person"]


def is_same_person(one: str, other: str) -> bool:
    """Whether two names stand for one person: `Ana@Example.org` is `ana@example.org`, as for mail and sign-in."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    """A name without what does not tell two people apart: case, width of letters, space around it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()
