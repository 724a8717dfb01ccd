"""The audit log: what was done to rules and data, by whom; each entry holds the hash of the one before.

So a changed, reordered or removed entry shows, except at the very end of the log: whoever keeps the last hash elsewhere
can ask for that, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select
from sqlmodel import SQLModel

from camcover.store.database import Database

__all__ = ["AuditEntry", "AuditFault", "AuditLog", "record"]

_TABLE = SQLModel.metadata.tables["audit"]
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
        """The hash that this entry's content asks for."""
        content = json.dumps(self[:-1], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


class AuditFault(Exception):
    """The log is not what was written; says from which entry on."""


_COLUMNS = [_TABLE.c[name] for name in AuditEntry._fields]


def record(connection: Connection, actor: str, action: str, subject: str, details: Mapping[str, object]) -> None:
    """Append an entry, in the transaction of what it tells of; `connection` is one of `Database.write`."""
    last = connection.execute(select(*_COLUMNS).order_by(_TABLE.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, _FIRST)
    text = json.dumps(details, ensure_ascii=False, sort_keys=True)
    entry = AuditEntry(seq, datetime.now(UTC).isoformat(), actor, action, subject, text, previous, "")
    connection.execute(insert(_TABLE), entry._replace(hash=entry.computed_hash())._asdict())


class AuditLog:
    """The log of a database, to read."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    def entries(self, after: int = 0) -> Iterator[AuditEntry]:
        """All entries behind number `after`, in order."""
        query = select(*_COLUMNS).order_by(_TABLE.c.seq).limit(_AT_ONCE)
        while True:
            with self._database.engine.connect() as connection:
                rows = connection.execute(query.where(_TABLE.c.seq > after)).fetchall()
            yield from map(AuditEntry._make, rows)
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].seq

    def verify(self, known: str = "") -> tuple[int, str]:
        """The number of entries and the last hash. Raises `AuditFault` at the first entry that is not as written.

        `known`: a hash noted earlier, which must still stand in the log.
        """
        count, previous, is_known = 0, _FIRST, known in ("", _FIRST)
        for count, entry in enumerate(self.entries(), start=1):
            if entry.seq != count:
                raise AuditFault(f"entry {count}: missing; found entry {entry.seq} in its place")
            if entry.previous != previous:
                raise AuditFault(f"entry {count}: does not follow entry {count - 1}, which was changed or replaced")
            if entry.hash != entry.computed_hash():
                raise AuditFault(f"entry {count}: changed since it was written on {entry.at}")
            previous = entry.hash
            is_known = is_known or previous == known
        if not is_known:
            raise AuditFault(f"no entry has the hash {known}: entries were removed from the end, or replaced")
        return count, previous
