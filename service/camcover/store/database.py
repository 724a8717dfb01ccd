"""The database: opened, upgraded to this version's revision, with one writer at a time where the order matters.

SQLite (write-ahead log) needs no set-up: opening brings it up to date. PostgreSQL is brought up to date by
`camcover db upgrade` alone, since others may be using it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from sqlmodel import create_engine

from camcover.store.availability import Availability
from camcover.store.errors import DatabaseError
from camcover.store.schema import HEAD

__all__ = [
    "IN_MEMORY",
    "PATIENT_SECONDS",
    "SERVING_SECONDS",
    "Database",
    "DatabaseError",
    "OutdatedDatabase",
    "in_parts",
    "open_database",
    "shown",
]

Key = TypeVar("Key")

IN_MEMORY = "sqlite://"
"""The address of a database that ends with the process."""

PATIENT_SECONDS = 30.0
"""How long a command of staff waits for what another process has locked."""

SERVING_SECONDS = 0.7
"""How long a service does: its callers are to be told within a second."""

_LEAST_CONNECT_SECONDS = 2
_JOURNAL_ATTEMPTS, _JOURNAL_SECONDS = 100, 0.02
_AT_ONCE = 500
_LOCK = 0x43616D63
"""The key of the advisory lock that writers of PostgreSQL take: `Camc`."""

_MIGRATIONS = Path(__file__).parent / "migrations"


class OutdatedDatabase(DatabaseError):
    """The database is not at the revision of this version."""

    def __init__(self, found: str | None) -> None:
        """`found` is the database's revision; the message names the command that helps."""
        if found is not None and found > HEAD:
            what = f"the database is at revision {found}, newer than this version's {HEAD}; use a newer camcover"
        else:
            at = "has no tables yet" if found is None else f"is at revision {found}"
            what = f"the database {at}; this version needs {HEAD}; run `camcover db upgrade`"
        super().__init__(what)


class Database:
    """Connections to a database. Safe to use from several threads."""

    def __init__(self, url: str, wait_seconds: float = PATIENT_SECONDS) -> None:
        """Connect to an SQLAlchemy URL, whatever its revision; wait `wait_seconds` for locks of others.

        Raises `DatabaseError` for a bad URL.
        """
        try:
            # Errors hold neither statements nor their values, because errors go to the log.
            self.engine: Engine = create_engine(url, hide_parameters=True, **_options(url, wait_seconds))
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            said = (
                f"this is not a database URL: {error}; expected sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            )
            raise DatabaseError(said) from error
        self.url = url
        self._lock_milliseconds = round(wait_seconds * 1000)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.availability = Availability(is_server=not self.is_sqlite)
        if self.is_sqlite:
            _prepare_sqlite(self.engine, in_memory=url == IN_MEMORY)

    def revision(self) -> str | None:
        """The revision of the database; None where it has no tables of ours."""
        with self.engine.connect() as connection:
            return _revision(connection)

    def upgrade(self, revision: str = HEAD) -> None:
        """Upgrade the database to `revision`, in one transaction; several processes may do so at once."""
        self._migrate("upgrade", revision)

    def downgrade(self, revision: str) -> None:
        """Downgrade the database to `revision` (`base`: no tables), in one transaction."""
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
    def read(self) -> Iterator[Connection]:
        """A connection to read by. Raises `StoreUnavailable`."""
        with self.availability.reading(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that reads one consistent snapshot. Raises `StoreUnavailable`."""
        with self.availability.reading(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def append(self) -> Iterator[Connection]:
        """A transaction that may run beside others: for rows that only keys keep apart. Raises `StoreUnavailable`."""
        with self.availability.writing(), self._transaction() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The one write transaction of all processes: what it reads stays true until it ends.

        Raises `StoreUnavailable`.
        """
        with self.availability.writing(), self._transaction(is_writer=True) as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection

    def probe(self) -> None:
        """Try to read and to write, and record the outcome in `availability`. Raises `StoreUnavailable`."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))
        with self.write() as connection:
            if self.is_sqlite:
                # An empty transaction would succeed on a full disk. This one writes the number that is there already.
                connection.exec_driver_sql("PRAGMA user_version = 0")

    @contextmanager
    def _transaction(self, *, is_writer: bool = False) -> Iterator[Connection]:
        """A transaction that waits for locks no longer than configured; SQLite's connections have the limit already."""
        with self.engine.connect() as connection, connection.execution_options(is_writer=is_writer).begin():
            if not self.is_sqlite:
                setting = text("SELECT set_config('lock_timeout', :most, true)")
                connection.execute(setting, {"most": f"{self._lock_milliseconds}ms"})
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str, wait_seconds: float = PATIENT_SECONDS) -> Database:
    """The database at `url`, ready for this version; SQLite is brought up to date, however long that takes.

    Raises `DatabaseError`, `OutdatedDatabase`, sqlalchemy.exc.SQLAlchemyError when it cannot be reached.
    """
    database = Database(url, wait_seconds)
    try:
        found = database.revision()
        if found != HEAD and database.is_sqlite and (found is None or found < HEAD):
            _upgrade(database)
            found = HEAD
    except BaseException:
        database.close()
        raise
    if found != HEAD:
        database.close()
        raise OutdatedDatabase(found)
    return database


def _upgrade(database: Database) -> None:
    """Upgrade an SQLite database; another process may be doing the same."""
    if database.url == IN_MEMORY:
        database.upgrade()
        return
    with closing(Database(database.url)) as patient:
        patient.upgrade()


def in_parts(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Keys in batches, one for each query: each below SQLite's bound on parameters."""
    for first in range(0, len(keys), _AT_ONCE):
        yield keys[first : first + _AT_ONCE]


def _options(url: str, wait_seconds: float) -> dict[str, Any]:
    """SQLAlchemy's options: test an idle connection before its use, and wait no longer than `wait_seconds`."""
    if url == IN_MEMORY:
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    options: dict[str, Any] = {"pool_timeout": wait_seconds}
    if url.startswith("sqlite"):
        return options | {"connect_args": {"check_same_thread": False, "timeout": wait_seconds}}
    return options | {
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": max(_LEAST_CONNECT_SECONDS, round(wait_seconds))},
    }


def shown(url: str) -> str:
    """A database's URL without user and password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else url


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _prepare_sqlite(engine: Engine, *, in_memory: bool) -> None:
    """Let readers go on while one writes; begin transactions explicitly, since Python's driver begins them late."""

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
