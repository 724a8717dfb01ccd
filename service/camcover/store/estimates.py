"""Estimates as they were answered: immutable rows, found by name or by request id."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Engine, Row, event, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel, create_engine

__all__ = ["OFF", "DatabaseStore", "EstimateStore", "NoStore", "StoredEstimate", "open_store"]

OFF = "off"
"""The address of no database: nothing is kept."""

_MEMORY = "sqlite://"
_JOURNAL_ATTEMPTS, _JOURNAL_SECONDS = 100, 0.02
_AT_ONCE = 500
"""Keys in one query: below SQLite's bound on parameters."""


class StoredEstimate(NamedTuple):
    """One answered request. `fingerprint` is the SHA-256 of its content, `body` the answer as it was sent."""

    name: str
    request_id: str | None
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime
    body: bytes


class EstimateTable(SQLModel, table=True):
    """The table of `StoredEstimate`s."""

    __tablename__ = "estimates"

    name: str = Field(primary_key=True)
    request_id: str | None = Field(default=None, unique=True, index=True)
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime
    body: bytes


_TABLE = SQLModel.metadata.tables["estimates"]
_INSERT = insert(_TABLE)
_COLUMNS = [_TABLE.c[name] for name in StoredEstimate._fields]


class EstimateStore(Protocol):
    """Where estimates are kept. Safe to use from several threads."""

    is_on: bool
    """Whether it keeps anything."""

    def by_name(self, name: str) -> StoredEstimate | None:
        """The estimate of that name."""

    def by_request_ids(self, request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """The estimates that answered these request ids."""

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept.
        """

    def close(self) -> None:
        """Let go of everything."""


def open_store(url: str) -> EstimateStore:
    """The store at a database URL; `off` keeps nothing. Raises sqlalchemy.exc.SQLAlchemyError when it cannot open."""
    return NoStore() if url == OFF else DatabaseStore(url)


class NoStore:
    """Keeps nothing: no estimate is found again, and a request id that comes again is priced again."""

    is_on = False

    def by_name(self, _name: str) -> StoredEstimate | None:
        """None."""
        return None

    def by_request_ids(self, _request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """None of them."""
        return {}

    def keep(self, _estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Nothing stands in the way."""
        return {}

    def close(self) -> None:
        """Nothing to let go of."""


class DatabaseStore:
    """A table in a database."""

    is_on = True

    def __init__(self, url: str) -> None:
        """Open the database at an SQLAlchemy URL such as `sqlite:///camcover.sqlite`, and make the table if it is new.

        `sqlite://` is kept in memory. Raises sqlalchemy.exc.SQLAlchemyError when it cannot be opened.
        """
        options: dict[str, Any] = {"poolclass": StaticPool} if url == _MEMORY else {}
        if url.startswith("sqlite"):
            options["connect_args"] = {"check_same_thread": False, "timeout": 30}
        self._engine = create_engine(url, **options)
        if url.startswith("sqlite") and url != _MEMORY:
            _use_write_ahead_log(self._engine)
        # Several processes may open a new database at once: whether the table is there, the database itself decides.
        with self._engine.begin() as connection:
            connection.execute(CreateTable(_TABLE, if_not_exists=True))
            for index in _TABLE.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def by_name(self, name: str) -> StoredEstimate | None:
        """The estimate of that name."""
        with self._engine.connect() as connection:
            return _stored(connection.execute(select(*_COLUMNS).where(_TABLE.c.name == name)).first())

    def by_request_ids(self, request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """The estimates that answered these request ids."""
        wanted = list(dict.fromkeys(request_ids))
        found: dict[str, StoredEstimate] = {}
        with self._engine.connect() as connection:
            for first in range(0, len(wanted), _AT_ONCE):
                keys = wanted[first : first + _AT_ONCE]
                rows = connection.execute(select(*_COLUMNS).where(_TABLE.c.request_id.in_(keys)))
                found |= {row.request_id: StoredEstimate._make(row) for row in rows}
        return found

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept. Another process may take one between a look and the write: then again.
        """
        taken: dict[str, StoredEstimate] = {}
        left = list(estimates)
        while left:
            try:
                with self._engine.begin() as connection:
                    connection.execute(_INSERT, [each._asdict() for each in left])
            except IntegrityError:
                count = len(left)
                taken |= self.by_request_ids(each.request_id for each in left if each.request_id)
                left, repeated = _first_of_each([each for each in left if each.request_id not in taken])
                taken |= repeated
                if len(left) == count:
                    raise
            else:
                return taken
        return taken

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _first_of_each(estimates: Sequence[StoredEstimate]) -> tuple[list[StoredEstimate], dict[str, StoredEstimate]]:
    """Of several under one request id the first, and by id those that others came behind."""
    first: dict[str, StoredEstimate] = {}
    kept, repeated = [], {}
    for each in estimates:
        if each.request_id and first.setdefault(each.request_id, each) is not each:
            repeated[each.request_id] = first[each.request_id]
        else:
            kept.append(each)
    return kept, repeated


def _stored(row: Row[Any] | None) -> StoredEstimate | None:
    """A row of the table."""
    return None if row is None else StoredEstimate._make(row)


def _use_write_ahead_log(engine: Engine) -> None:
    """Let readers go on while one writes, and make a commit cost one synchronisation."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        _set_journal(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()


def _set_journal(cursor: sqlite3.Cursor) -> None:
    """Set the write-ahead log, which the file remembers.

    SQLite does not wait for a lock to set it, as it does for everything else: another process that opens the new
    database at the same moment makes it fail. Raises sqlite3.OperationalError when that goes on.
    """
    for attempt in range(_JOURNAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if attempt == _JOURNAL_ATTEMPTS - 1:
                raise
            time.sleep(_JOURNAL_SECONDS)
        else:
            return
