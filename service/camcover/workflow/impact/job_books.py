"""The books of members for impacts that staff have worked out: invented ones, and one that the operator names."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from camcover.workflow.reviewing import SyntheticMembers

__all__ = ["ImpactBook", "impact_books"]

SYNTHETIC = (20_000, 2_000)
"""Members of the invented books, the usual one first."""

_SEED = 1


class ImpactBook(NamedTuple):
    """A book: the name by which forms ask for it, what it is in words, its digest, and where its members come from."""

    name: str
    words: str
    digest: str
    members: SyntheticMembers | Path

    @property
    def is_invented(self) -> bool:
        """Whether no real person is in it."""
        return isinstance(self.members, SyntheticMembers)


def impact_books(file: Path | None) -> tuple[ImpactBook, ...]:
    """The books to choose from; the operator's `file` first, where it is there."""
    found = []
    if file is not None and file.is_file():
        stat = file.stat()
        digest = _digest(file, stat.st_mtime_ns, stat.st_size)
        found.append(ImpactBook("operator", f"the members of {file.name}", digest, file))
    for members in SYNTHETIC:
        name = f"invented-{members}"
        words = f"{members:,} invented members"
        found.append(ImpactBook(name, words, f"{name}-{_SEED}", SyntheticMembers(members, _SEED)))
    return tuple(found)


@lru_cache(maxsize=4)
def _digest(file: Path, _modified: int, _size: int) -> str:
    """The SHA-256 of a file, read anew once it changes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
