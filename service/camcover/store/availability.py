"""Whether the database can be used now. A failure is reported once; while it lasts, calls are refused at once.

What comes in: exceptions of the drivers. What goes out: `StoreUnavailable` with a reason in plain words, which holds
no statement, no value and no address.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from camcover.store.errors import StoreUnavailable, UnavailableReason

__all__ = ["Availability", "why_unavailable"]


_HOLD_SECONDS = {
    UnavailableReason.AWAY: 0.5,
    UnavailableReason.LOCKED: 0.5,
    UnavailableReason.FULL: 0.5,
    UnavailableReason.BUSY: 0.0,
    UnavailableReason.CROWDED: 0.0,
}
"""Seconds without an attempt after a failure; then one caller tries, and the others are refused until it succeeds."""

_SERVER_FULL_SECONDS = 5.0
"""The same for a server whose disk is full: a probe does not find that out, so that health alternates meanwhile."""

_SQLITE = {
    sqlite3.SQLITE_BUSY: UnavailableReason.LOCKED,
    sqlite3.SQLITE_LOCKED: UnavailableReason.LOCKED,
    sqlite3.SQLITE_FULL: UnavailableReason.FULL,
    sqlite3.SQLITE_IOERR: UnavailableReason.AWAY,
    sqlite3.SQLITE_CANTOPEN: UnavailableReason.AWAY,
    sqlite3.SQLITE_READONLY: UnavailableReason.AWAY,
    sqlite3.SQLITE_PROTOCOL: UnavailableReason.AWAY,
}
_POSTGRESQL = {
    "53100": UnavailableReason.FULL,  # disk_full
    "55P03": UnavailableReason.LOCKED,  # lock_not_available: lock_timeout
    "40P01": UnavailableReason.LOCKED,  # deadlock_detected
    "25006": UnavailableReason.AWAY,  # read_only_sql_transaction: a standby
    "57014": UnavailableReason.AWAY,  # query_canceled: statement_timeout
}
_POSTGRESQL_CLASSES = {
    "08": UnavailableReason.AWAY,  # connection exceptions
    "53": UnavailableReason.AWAY,  # too many connections, out of memory
    "57": UnavailableReason.AWAY,  # shut down, starting up
    "58": UnavailableReason.AWAY,  # errors of its disk
}


def why_unavailable(error: BaseException) -> UnavailableReason | None:
    """Why the database could not be used; None where the error is in the statement itself."""
    if isinstance(error, PoolTimeoutError):
        return UnavailableReason.AWAY
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return UnavailableReason.AWAY
        return why_unavailable(error.orig) if error.orig is not None else None
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _SQLITE.get(code & 0xFF)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and error.sqlstate is None:
        return UnavailableReason.AWAY
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return _POSTGRESQL.get(error.sqlstate) or _POSTGRESQL_CLASSES.get(error.sqlstate[:2])
    return None


class _Circuit:
    """A circuit breaker for reading or for writing: while it fails, only one caller now and then may try."""

    def __init__(
        self, changed: Callable[[], object], clock: Callable[[], float], hold_seconds: Mapping[UnavailableReason, float]
    ) -> None:
        self._changed, self._clock, self._hold_seconds = changed, clock, hold_seconds
        self._lock = threading.Lock()
        self.reason: UnavailableReason | None = None
        self._again_at = 0.0

    def enter(self) -> None:
        """Raise `StoreUnavailable` while it is known to fail."""
        with self._lock:
            if self.reason is None:
                return
            now = self._clock()
            if now < self._again_at:
                raise StoreUnavailable(self.reason)
            self._again_at = now + self._hold_seconds[self.reason]

    def refuse(self) -> None:
        """Raise `StoreUnavailable` while it is known to fail and nobody may ask again yet."""
        with self._lock:
            if self.reason is not None and self._clock() < self._again_at:
                raise StoreUnavailable(self.reason)

    def set(self, reason: UnavailableReason | None) -> None:
        """Record the outcome of a use: the reason of a failure, or None for success."""
        with self._lock:
            is_change = (reason is None) is not (self.reason is None)
            self.reason = reason
            if reason is not None:
                self._again_at = self._clock() + self._hold_seconds[reason]
        if is_change:
            self._changed()


class Availability:
    """What is known of a database. Reading and writing may fail separately: a locked SQLite file can still be read."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, is_server: bool = False) -> None:
        """Begin as available. `clock` gives seconds. `is_server`: a lock on some rows says nothing of the others."""
        self._listeners: list[Callable[[], object]] = []
        self._lasting = set(UnavailableReason) - ({UnavailableReason.LOCKED} if is_server else set())
        holds = _HOLD_SECONDS | ({UnavailableReason.FULL: _SERVER_FULL_SECONDS} if is_server else {})
        self._reading, self._writing = (_Circuit(self._tell, clock, holds) for _ in range(2))

    @property
    def reason(self) -> UnavailableReason | None:
        """Why the database cannot be used now; None when it can."""
        return self._writing.reason or self._reading.reason

    def is_available(self) -> bool:
        """Whether the last read and the last write succeeded."""
        return self.reason is None

    def listen(self, tell: Callable[[], object]) -> None:
        """Call `tell` whenever the database becomes available or unavailable, in the thread that noticed."""
        self._listeners.append(tell)

    def forget(self, tell: Callable[[], object]) -> None:
        """Stop calling `tell`."""
        self._listeners.remove(tell)

    def gave_up(self) -> None:
        """Note that a use did not end in its time: the database neither answers nor refuses, such as a stopped server.

        The next use that ends well takes it back.
        """
        for circuit in (self._reading, self._writing):
            circuit.set(UnavailableReason.AWAY)

    def refuse_reading(self) -> None:
        """Raise `StoreUnavailable` where reading is known to fail. Unlike `reading`, this is never the next attempt."""
        self._reading.refuse()

    def _tell(self) -> None:
        for tell in tuple(self._listeners):
            tell()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A context to read in. Raises `StoreUnavailable`, at once while reading is known to fail."""
        with self._guarded(self._reading):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A context to write in. Raises `StoreUnavailable`, at once while writing is known to fail."""
        with self._guarded(self._writing):
            yield

    @contextmanager
    def _guarded(self, circuit: _Circuit) -> Iterator[None]:
        circuit.enter()
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
            reason = why_unavailable(error)
            if reason is None:
                raise
            if reason in self._lasting:
                circuit.set(reason)
            raise StoreUnavailable(reason) from error
        circuit.set(None)
