"""The books of members for impacts that staff have worked out: invented ones, and one that the operator names."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from camcover.workflow.reviewing import SyntheticMembers

__all__ = ["BookFacts", "ImpactBook", "book_facts", "impact_books"]

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


class BookFacts(NamedTuple):
    """What is known of a book: how many members it has; of a file, when it was written and its size.

    `fault`: why the file cannot be used, and its members are not counted; empty where it can.
    """

    book: ImpactBook
    members: int
    written_at: datetime | None = None
    size_bytes: int = 0
    fault: str = ""


def book_facts(file: Path | None) -> tuple[BookFacts, ...]:
    """The books to choose from, and what is known of each; the operator's `file` first, where it is there."""
    return tuple(map(_facts, impact_books(file)))


def _facts(book: ImpactBook) -> BookFacts:
    if isinstance(book.members, SyntheticMembers):
        return BookFacts(book, book.members.members)
    stat = book.members.stat()
    members, fault = _members_in(book.members)
    return BookFacts(book, members, datetime.fromtimestamp(int(stat.st_mtime), UTC), stat.st_size, fault)


def _members_in(file: Path) -> tuple[int, str]:
    """How many members a Parquet file has; or 0, and why it cannot be used."""
    import pyarrow as pa  # noqa: PLC0415 - an extra brings it, without which no impact is worked out
    import pyarrow.parquet as pq  # noqa: PLC0415

    from camcover.bulk.estimate import WrongColumns, check_columns  # noqa: PLC0415

    try:
        with pq.ParquetFile(file) as found:
            check_columns(found.schema_arrow)
            return found.metadata.num_rows, ""
    except (WrongColumns, pa.ArrowException) as error:
        return 0, f"it is no book of members: {error}"


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
