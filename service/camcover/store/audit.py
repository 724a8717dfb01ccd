"""The audit log: what was done to rules and data, by whom; each entry holds the hash of the one before.

So a changed, reordered or removed entry shows. The number of entries and the last hash are kept beside the log, so that
entries cut off its end show, too; and whoever keeps the last hash elsewhere can hold the whole to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlmodel import SQLModel

from camcover.errors import CamcoverError
from camcover.store.database import Database

__all__ = ["AuditEntry", "AuditFault", "AuditLog", "AuditQuery", "checked_entries", "record"]

_TABLE = SQLModel.metadata.tables["audit"]
_HEAD = SQLModel.metadata.tables["audit_head"]
_FIRST = "0" * 64
_AT_ONCE = 1_000


class AuditEntry(NamedTuple):
    """One entry. `at` is ISO 8601 in UTC, `details` JSON; hashes are SHA-256 in hexadecimal digits."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    details: str
    previous: str
    hash: str

    def computed_hash(self) -> str:
        """The hash of this entry, computed from its content."""
        content = json.dumps(self[:-1], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


class AuditQuery(NamedTuple):
    """Which entries: those of `actor`, of the kind `action`, about a `subject` that contains these words; "" = any."""

    actor: str = ""
    action: str = ""
    subject: str = ""

    def fits(self, entry: AuditEntry) -> bool:
        """Whether an entry is one of them."""
        is_wanted = self.actor in ("", entry.actor) and self.action in ("", entry.action)
        return is_wanted and self.subject.casefold() in entry.subject.casefold()


class AuditFault(CamcoverError):
    """The log, or a table that it covers, was changed after it was written; the message says what and where."""


_COLUMNS = [_TABLE.c[name] for name in AuditEntry._fields]


def record(connection: Connection, actor: str, action: str, subject: str, *, details: Mapping[str, object]) -> int:
    """Append an entry, in the transaction of what it tells of; `connection` is one of `Database.write`.

    Gives its number.
    """
    last = connection.execute(select(*_COLUMNS).order_by(_TABLE.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, _FIRST)
    text = json.dumps(details, ensure_ascii=False, sort_keys=True)
    entry = AuditEntry(seq, datetime.now(UTC).isoformat(), actor, action, subject, text, previous, "")
    entry = entry._replace(hash=entry.computed_hash())
    connection.execute(insert(_TABLE), entry._asdict())
    # If somebody cut entries off, the head has a higher number. It is not lowered, so that the loss shows.
    connection.execute(update(_HEAD).where(_HEAD.c.entries < seq).values(entries=seq, hash=entry.hash))
    return seq


def checked_entries(connection: Connection, known: str = "") -> Iterator[AuditEntry]:
    """All entries in order, as of one moment if `connection` is a snapshot.

    Raises `AuditFault` at the first that is not as written, and at the end where there are fewer or others than there
    were. `known`: a hash noted earlier, which must still stand in the log.
    """
    head = connection.execute(select(_HEAD.c.entries, _HEAD.c.hash)).first()
    count, previous, is_known = 0, _FIRST, known in ("", _FIRST)
    for count, entry in enumerate(_entries(connection), start=1):
        if entry.seq != count:
            raise AuditFault(f"entry {count} is missing; found entry {entry.seq} in its place")
        if entry.previous != previous:
            raise AuditFault(f"entry {count} does not follow entry {count - 1}; one of the two was changed or replaced")
        if entry.hash != entry.computed_hash():
            raise AuditFault(f"entry {count} was changed after it was written on {entry.at}")
        previous = entry.hash
        is_known = is_known or previous == known
        if head is not None and count == head.entries and previous != head.hash:
            raise AuditFault(f"entry {count} was replaced: the database notes {head.hash} as the last hash")
        yield entry
    if head is None:
        raise AuditFault("the table audit_head is empty; the number of entries and the last hash were removed")
    if head.entries != count:
        raise AuditFault(f"the log has {count} entries, but {head.entries} were written; entries were removed or added")
    if not is_known:
        raise AuditFault(f"no entry has the hash {known}; entries were removed from the end or replaced")


class AuditLog:
    """The log of a database, to read."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    def entries(self, after: int = 0) -> Generator[AuditEntry, None, None]:
        """All entries with a number above `after`, in order. Raises `StoreUnavailable`."""
        with self._database.snapshot() as connection:
            yield from _entries(connection, after)

    def newest(self, wanted: AuditQuery, most: int, below: int = 0) -> list[AuditEntry]:
        """At most so many of the wanted entries, newest first; with a number below `below`, if that is given.

        Raises `StoreUnavailable`.
        """
        query = select(*_COLUMNS).order_by(_TABLE.c.seq.desc()).limit(most)
        if wanted.actor:
            query = query.where(_TABLE.c.actor == wanted.actor)
        if wanted.action:
            query = query.where(_TABLE.c.action == wanted.action)
        if wanted.subject:
            query = query.where(_TABLE.c.subject.icontains(wanted.subject, autoescape=True))
        if below:
            query = query.where(_TABLE.c.seq < below)
        with self._database.read() as connection:
            return [AuditEntry._make(row) for row in connection.execute(query)]

    def actions(self) -> list[str]:
        """Every kind of entry that there is, by name. Raises `StoreUnavailable`."""
        with self._database.read() as connection:
            return sorted(connection.execute(select(_TABLE.c.action).distinct()).scalars())

    def verify(self, known: str = "") -> tuple[int, str]:
        """The number of entries and the last hash. Raises `AuditFault` as `checked_entries` does, `StoreUnavailable`.

        This checks the log alone; `workflow.auditing` compares the other tables with it.
        """
        count, last = 0, _FIRST
        with self._database.snapshot() as connection:
            for entry in checked_entries(connection, known):
                count, last = entry.seq, entry.hash
        return count, last


def _entries(connection: Connection, after: int = 0) -> Iterator[AuditEntry]:
    """The entries with a number above `after`, read in batches."""
    query = select(*_COLUMNS).order_by(_TABLE.c.seq).limit(_AT_ONCE)
    while True:
        rows = connection.execute(query.where(_TABLE.c.seq > after)).fetchall()
        yield from map(AuditEntry._make, rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].seq
