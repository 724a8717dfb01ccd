"""A database that is away, locked or full is said so at once, once, and used again when it is back."""

from __future__ import annotations

import hashlib
import resource
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from camcover.store import Availability, Database, KeptEstimates, StoredEstimate, StoreUnavailable, open_database
from camcover.store.availability import why_unavailable
from camcover.store.errors import UnavailableReason
from databases import StoppableServer, new_sqlite_database, stoppable_server


def row(name: str, size: int = 1) -> StoredEstimate:
    """An estimate to keep, with a body of so many bytes."""
    body = b"x" * size
    digest = hashlib.sha256(body).digest()
    return StoredEstimate(name, "ana", None, b"", "plan", "rules-0", datetime.now(UTC), b"", body, digest)


class Clock:
    """Seconds, to set."""

    def __init__(self) -> None:
        """Zero."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.seconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a new SQLite database is."""
    found = tmp_path / "camcover.sqlite"
    new_sqlite_database(found)
    return found


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    """The database, waiting for a lock no longer than a moment."""
    with closing(open_database(f"sqlite:///{file}", wait_seconds=0.05)) as opened:
        yield opened


def test_a_file_that_another_process_has_locked(file: Path, database: Database) -> None:
    """Written no more, read as ever; used again once it is free."""
    store = KeptEstimates(database)
    store.keep([row("estimates/1")])
    told: list[bool] = []
    database.availability.listen(lambda: told.append(database.availability.is_available()))
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="locked by another process"):
                store.keep([row("estimates/2")])
        assert store.by_name("estimates/1") is not None
        assert told == [False]
        other.rollback()
    _when_free(store, row("estimates/2"))
    assert told == [False, True]


def test_a_disk_that_is_full(database: Database) -> None:
    """Nothing half-kept; what was kept is read; there is room again, and it is used."""
    store = KeptEstimates(database)
    store.keep([row("estimates/1")])
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="disk of the database is full"):
        store.keep([row(f"estimates/{number}", 50_000) for number in range(2, 9)])
    assert not database.availability.is_available()
    assert store.by_name("estimates/1") is not None
    assert store.by_name("estimates/2") is None
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    _when_free(store, row("estimates/2", 50_000))
    assert database.availability.is_available()


def test_a_disk_that_takes_no_more_is_found_by_the_probe(file: Path, database: Database) -> None:
    """An empty transaction would succeed: nothing is written for it."""
    store = KeptEstimates(database)
    store.keep([row("estimates/1")])
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.with_name(f"{file.name}-wal").stat().st_size, most[1]))
    try:
        with database.write():
            pass
        with pytest.raises(StoreUnavailable):
            database.probe()
        assert not database.availability.is_available()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    _when_free(store, row("estimates/2"))
    database.probe()
    assert database.availability.is_available()


@pytest.mark.parametrize(("is_server", "seconds"), [(False, 0.5), (True, 5.0)])
def test_room_on_a_full_disk_is_looked_for_so_often(is_server: bool, seconds: float) -> None:
    """A file's probe tells whether there is room; a server's does not, so that each costs a caller its answer."""
    clock = Clock()
    availability = Availability(clock, is_server=is_server)
    full = OperationalError("insert", {}, psycopg.errors.DiskFull())
    with pytest.raises(StoreUnavailable, match="disk of the database is full"), availability.writing():
        raise full
    clock.seconds = seconds - 0.01
    with pytest.raises(StoreUnavailable, match="disk of the database is full"), availability.writing():
        raise AssertionError("nobody may ask yet")
    clock.seconds = seconds
    with availability.writing():
        pass
    assert availability.is_available()


def _when_free(store: KeptEstimates, estimate: StoredEstimate) -> None:
    """Keep an estimate, as soon as the database is asked again."""
    store._database.availability._writing._again_at = 0.0
    store.keep([estimate])
    assert store.by_name(estimate.name) is not None


@pytest.fixture
def stoppable() -> Iterator[StoppableServer]:
    with stoppable_server() as server:
        yield server


def test_a_server_that_is_stopped_and_started(stoppable: StoppableServer) -> None:
    """Stopped as by a crash: what was kept is there afterwards, by the same connections' owner."""
    with closing(open_database(stoppable.url, wait_seconds=0.5)) as database:
        store = KeptEstimates(database)
        store.keep([row("estimates/1")])
        stoppable.crash()
        numbers = count(10)
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            # Until the signal has done its work.
            deque((store.keep([row(f"estimates/{number}")]) for number in numbers), maxlen=0)
        assert not database.availability.is_available()
        stoppable.start_again()
        _when_free(store, row("estimates/2"))
        database.probe()
        assert database.availability.is_available()
        assert store.by_name("estimates/1") is not None


def test_a_lock_in_postgresql_is_waited_for_no_longer_than_that(postgresql_url: str) -> None:
    with (
        closing(open_database(postgresql_url, wait_seconds=0.05)) as database,
        psycopg.connect(postgresql_url.replace("+psycopg", "")) as other,
    ):
        other.execute("LOCK TABLE estimates IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="locked by another process"):
            KeptEstimates(database).keep([row("estimates/1")])
        other.rollback()
        KeptEstimates(database).keep([row("estimates/1")])
        with database.write(), closing(Database(postgresql_url, 0.05)) as second:
            with pytest.raises(StoreUnavailable, match="locked by another process"):
                second.probe()
            KeptEstimates(second).keep([row("estimates/2")])


def test_while_the_database_fails_only_one_caller_at_a_time_tries() -> None:
    clock = Clock()
    availability = Availability(clock)
    error = OperationalError("select", {}, psycopg.OperationalError("gone"))

    def use(fault: Exception | None) -> bool:
        """Whether the database was asked."""
        asked = False
        try:
            with availability.reading():
                asked = True
                if fault is not None:
                    raise fault
        except StoreUnavailable:
            return asked
        return asked

    assert [use(error), use(None), use(None)] == [True, False, False]
    assert availability.reason is UnavailableReason.AWAY
    clock.seconds = 0.6
    assert [use(error), use(None)] == [True, False]
    clock.seconds = 1.2
    assert [use(None), use(None)] == [True, True]
    assert availability.is_available()


def test_what_is_wrong_with_a_row_is_no_failure_of_the_database(database: Database) -> None:
    store = KeptEstimates(database)
    store.keep([row("estimates/1")])
    with pytest.raises(IntegrityError):
        store.keep([row("estimates/1")])
    assert database.availability.is_available()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (psycopg.errors.DiskFull(), UnavailableReason.FULL),
        (psycopg.errors.LockNotAvailable(), UnavailableReason.LOCKED),
        (psycopg.errors.DeadlockDetected(), UnavailableReason.LOCKED),
        (psycopg.errors.AdminShutdown(), UnavailableReason.AWAY),
        (psycopg.errors.TooManyConnections(), UnavailableReason.AWAY),
        (psycopg.errors.ReadOnlySqlTransaction(), UnavailableReason.AWAY),
        (psycopg.OperationalError("connection refused"), UnavailableReason.AWAY),
        (psycopg.InterfaceError("the connection is closed"), UnavailableReason.AWAY),
        (psycopg.errors.UniqueViolation(), None),
        (psycopg.errors.UndefinedTable(), None),
        (psycopg.DataError("U+0000"), None),
        (ValueError(), None),
    ],
)
def test_errors_that_mean_the_database_is_unavailable(error: Exception, reason: UnavailableReason | None) -> None:
    assert why_unavailable(error) is reason


def test_errors_hold_no_values_of_rows(url: str) -> None:
    """Logs and standard error show errors; rows hold what people have."""
    with closing(open_database(url)) as opened:
        store = KeptEstimates(opened)
        secret = row("estimates/1")._replace(plan_id="secret-plan", request_id="secret-id")
        store.keep([secret])
        with pytest.raises(IntegrityError) as caught:
            store.keep([secret._replace(request_id=None)])
    assert "secret" not in str(caught.value)
