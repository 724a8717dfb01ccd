"""SQLite's write-ahead log, moved into the database by a thread, so that no commit waits for the disk.

By itself SQLite moves the log within the commit that makes it longer than 1,000 pages: so every few hundred estimates
one commit, and all that wait for it, took as long as the disk.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from camcover.store.database import IN_MEMORY, Database

__all__ = ["checkpoints_apart"]

LONGEST_PAGES = 16_384
"""A log that has become so long (64 MiB) is moved by commits after all: the thread does not keep up."""

LONG_PAGES = 8_192
"""A log that is so long begins anew: writers wait for a moment, about once for 2,000 estimates."""

_EVERY_SECONDS = 0.25


@contextmanager
def checkpoints_apart(database: Database) -> Iterator[None]:
    """While the block runs, a thread moves the log of a SQLite file. Does nothing for other databases."""
    if not database.is_sqlite or database.url == IN_MEMORY:
        yield
        return
    event.listen(database.engine, "connect", _leave_to_thread)
    database.engine.dispose()
    has_ended = threading.Event()
    thread = threading.Thread(target=_move, args=(database, has_ended), name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()
        event.remove(database.engine, "connect", _leave_to_thread)


def _leave_to_thread(connection: Any, _record: object) -> None:
    """Have a connection's commits move the log only where it has become very long."""
    connection.execute(f"PRAGMA wal_autocheckpoint={LONGEST_PAGES}")


def _move(database: Database, has_ended: threading.Event) -> None:
    """Move the log again and again. Where that fails, as on a full disk, the next time may succeed."""
    while not has_ended.wait(_EVERY_SECONDS):
        try:
            move_log(database)
        except (sqlite3.Error, SQLAlchemyError):
            continue


def move_log(database: Database) -> int:
    """Move what the log holds into the database, beside those who write; gives how many pages the log has.

    A log that is long begins anew. Raises sqlite3.Error, sqlalchemy.exc.SQLAlchemyError.
    """
    with closing(database.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
        _, pages, _ = cursor.fetchone() or (1, 0, 0)
        if pages >= LONG_PAGES:
            # What is left to move since is little, so that the writers, who wait for it, do not wait for long.
            cursor.execute("PRAGMA wal_checkpoint(RESTART)")
        return int(pages)
