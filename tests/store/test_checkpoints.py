"""The write-ahead log of SQLite: commits leave it to a thread, which moves it, begins it anew, and outlives faults."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from camcover.store import Database, KeptEstimates, StoredEstimate, checkpoints, open_database
from camcover.store.checkpoints import LONGEST_PAGES, checkpoints_apart, move_log
from databases import new_sqlite_database

PAGE_BYTES = 4_096
OWN_PAGES = 1_000
"""After so many pages SQLite moves the log by itself."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept.sqlite"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    found = open_database(new_sqlite_database(file))
    yield found
    found.close()


def keep(database: Database, count: int, first: int = 0) -> None:
    """Keep estimates of 40 kB each, ten pages and more, one by one."""
    for number in range(first, first + count):
        row = StoredEstimate(
            name=f"estimates/{number}",
            subject="ana",
            request_id=None,
            fingerprint=b"",
            plan_id="plan",
            rule_release="",
            created_at=datetime(2026, 3, 2, tzinfo=UTC),
            request=b"",
            body=bytes(10 * PAGE_BYTES),
            body_digest=b"",
        )
        KeptEstimates(database).keep([row])


def own_pages(database: Database) -> int:
    """After how many pages a commit moves the log."""
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one())


def log_bytes(file: Path) -> int:
    return Path(f"{file}-wal").stat().st_size


def test_commits_leave_the_log_to_the_thread(database: Database, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread is held: 150 estimates of ten pages make 1,500 pages and more, and none is moved until it is asked."""
    monkeypatch.setattr(checkpoints, "_EVERY_SECONDS", 3_600)
    assert own_pages(database) == OWN_PAGES
    with checkpoints_apart(database):
        assert own_pages(database) == LONGEST_PAGES
        before = file.stat().st_size
        keep(database, 150)
        assert file.stat().st_size == before
        assert move_log(database) > 1_500
        assert file.stat().st_size > before + 1_500 * PAGE_BYTES
    assert own_pages(database) == LONGEST_PAGES, "a connection that is open stays as it is"
    database.engine.dispose()
    assert own_pages(database) == OWN_PAGES


def test_a_long_log_begins_anew(database: Database, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 estimates, more than 200 pages; what comes then is written from the beginning of the file."""
    monkeypatch.setattr(checkpoints, "_EVERY_SECONDS", 3_600)
    monkeypatch.setattr(checkpoints, "LONG_PAGES", 200)
    with checkpoints_apart(database):
        keep(database, 20)
        length = log_bytes(file)
        assert move_log(database) > 200
        keep(database, 10, first=20)
        assert log_bytes(file) == length
        assert move_log(database) < 200
        last = KeptEstimates(database).by_name("estimates/29")
        assert last is not None
        assert last.body == bytes(10 * PAGE_BYTES)


def test_the_thread_moves_the_log_and_goes_on_after_a_fault(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk the first time; then it moves what there is."""
    moved = threading.Event()
    faults: list[Exception] = [sqlite3.OperationalError("database or disk is full")]

    def move(found: Database) -> int:
        if faults:
            raise faults.pop()
        pages = move_log(found)
        moved.set()
        return pages

    monkeypatch.setattr(checkpoints, "_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(checkpoints, "move_log", move)
    with checkpoints_apart(database):
        assert moved.wait(60)
    assert faults == []
    assert "checkpoints" not in {thread.name for thread in threading.enumerate()}


def test_other_databases_have_no_thread(postgresql_url: str) -> None:
    for url in ("sqlite://", postgresql_url):
        database = open_database(url)
        with checkpoints_apart(database):
            assert "checkpoints" not in {thread.name for thread in threading.enumerate()}
        database.close()
