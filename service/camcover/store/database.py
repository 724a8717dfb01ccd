"""The one database: opened, brought to this version's revision, written by one hand at a time where order counts.

SQLite (write-ahead log) needs no set-up: opening brings it up to date. PostgreSQL is brought up to date by
`camcover db upgrade` alone, since others may be using it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from sqlmodel import create_engine

from camcover.portable import PortableError
from camcover.store.schema import HEAD

__all__ = ["IN_MEMORY", "Database", "DatabaseError", "OutdatedDatabase", "in_parts", "open_database", "shown"]

IN_MEMORY = "sqlite://"
"""The address of a database that ends with the process."""

_JOURNAL_ATTEMPTS, _JOURNAL_SECONDS = 100, 0.02
_AT_ONCE = 500
_LOCK = 0x43616D63
"""The key of the advisory lock that writers of PostgreSQL take: `Camc`."""

_MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseError(PortableError):
    """The database cannot be used; says why."""


class OutdatedDatabase(DatabaseError):
    """The database is not at the revision of this version."""

    def __init__(self, found: str | None) -> None:
        """Say what was found, and what helps."""
        if found is not None and found > HEAD:
            what = f"the database is at revision {found}, newer than this version's {HEAD}: use a newer camcover"
        else:
            at = "has no tables yet" if found is None else f"is at revision {found}"
            what = f"the database {at}; this version needs {HEAD}: run `camcover db upgrade`"
        super().__init__(what)


class Database:
    """Connections to a database. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """Connect to an SQLAlchemy URL, whatever revision is found there. Raises `DatabaseError` for a bad URL."""
        options: dict[str, Any] = {"poolclass": StaticPool} if url == IN_MEMORY else {}
        if url.startswith("sqlite"):
            options["connect_args"] = {"check_same_thread": False, "timeout": 30}
        else:
            options["pool_pre_ping"] = True
        try:
            self.engine: Engine = create_engine(url, **options)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            said = f"not a database URL: {error}; expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            raise DatabaseError(said) from error
        self.url = url
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            _prepare_sqlite(self.engine, in_memory=url == IN_MEMORY)

    def revision(self) -> str | None:
        """The revision found; None where there are no tables of ours."""
        with self.engine.connect() as connection:
            return _revision(connection)

    def upgrade(self, revision: str = HEAD) -> None:
        """Bring the database up to `revision`, in one transaction; several processes may ask at once."""
        self._migrate("upgrade", revision)

    def downgrade(self, revision: str) -> None:
        """Take the database back to `revision` (`base`: nothing left), in one transaction."""
        self._migrate("downgrade", revision)

    def _migrate(self, verb: str, revision: str) -> None:
        from alembic import command  # noqa: PLC0415 - a third of a second that only migrations need
        from alembic.config import Config  # noqa: PLC0415 - the same

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.write() as connection:
            config.attributes["connection"] = connection
            getattr(command, verb)(config, revision)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that no other of these runs beside, in any process: what it reads stays true to its end."""
        with self.engine.connect() as connection, connection.execution_options(is_writer=True).begin():
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """The database at `url`, ready for this version; SQLite is brought up to date.

    Raises `DatabaseError`, `OutdatedDatabase`, sqlalchemy.exc.SQLAlchemyError when it cannot be reached.
    """
    database = Database(url)
    try:
        found = database.revision()
        if found != HEAD and database.is_sqlite and (found is None or found < HEAD):
            database.upgrade()
            found = HEAD
    except BaseException:
        database.close()
        raise
    if found != HEAD:
        database.close()
        raise OutdatedDatabase(found)
    return database


def in_parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Keys in as many parts as queries: each below SQLite's bound on parameters."""
    for first in range(0, len(keys), _AT_ONCE):
        yield keys[first : first + _AT_ONCE]


def shown(url: str) -> str:
    """A database's URL without what stands before its host: that may hold a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else url


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _prepare_sqlite(engine: Engine, *, in_memory: bool) -> None:
    """Let readers go on while one writes, and begin transactions ourselves, since Python's driver would begin late."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        if not in_memory:
            _set_journal(cursor)
            cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        is_writer = connection.get_execution_options().get("is_writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


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
