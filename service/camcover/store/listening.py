"""Waiting for changes in the database: PostgreSQL notifies, SQLite is polled.

A wake-up is only a hint: the caller reads the ledger afterwards. A missed one costs no more than the time-out.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import psycopg
from sqlalchemy import PoolProxiedConnection

from camcover.store.availability import why_unavailable
from camcover.store.database import Database
from camcover.store.errors import StoreUnavailable, UnavailableReason
from camcover.store.releases import CHANNEL

__all__ = ["Listener", "listener"]

_LOOK_SECONDS = 0.2


class Listener(Protocol):
    """Reports changes of the database."""

    async def wait(self, seconds: float) -> None:
        """Return when something may have changed, or after `seconds`. Raises `StoreUnavailable`."""

    async def close(self) -> None:
        """Stop listening."""


def listener(database: Database) -> Listener:
    """The listener for `database`; it belongs to one event loop."""
    return _SqliteListener(database) if database.is_sqlite else _PostgresqlListener(database)


class _SqliteListener:
    """Looks at SQLite's own counter of changes, which a connection sees when another has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: PoolProxiedConnection | None = None
        self._seen = -1

    async def wait(self, seconds: float) -> None:
        """Poll five times a second. Raises `StoreUnavailable`."""
        for _ in range(max(1, round(seconds / _LOOK_SECONDS))):
            await asyncio.sleep(_LOOK_SECONDS)
            with self._database.availability.reading():
                version = self._version()
            if version != self._seen:
                self._seen = version
                return

    def _version(self) -> int:
        if self._connection is None:
            # A connection outside of transactions: inside one, the counter would not move.
            self._connection = self._database.engine.raw_connection()
        cursor = self._connection.cursor()
        cursor.execute("PRAGMA data_version")
        (found,) = cursor.fetchone() or (-1,)
        cursor.close()
        return int(found)

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()


class _PostgresqlListener:
    """Listens on a connection of its own."""

    def __init__(self, database: Database) -> None:
        url = database.engine.url.set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def wait(self, seconds: float) -> None:
        """Wait for a notification. Raises `StoreUnavailable`."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
                await self._connection.execute(f"LISTEN {CHANNEL}")
                return
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except (psycopg.Error, OSError) as error:
            raise StoreUnavailable(why_unavailable(error) or UnavailableReason.AWAY) from error

    async def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            await self._connection.close()
