"""Sessions of staff: a row for each sign-in, until it ends or its time is over."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, select
from sqlmodel import SQLModel

from camcover.store.database import Database

__all__ = ["SessionRow", "StaffSessions"]

_TABLE = SQLModel.metadata.tables["staff_sessions"]


class SessionRow(NamedTuple):
    """One sign-in, as `schema.StaffSessionTable` has it."""

    cookie: str
    token: str
    subject: str
    roles: str
    payers: str | None
    is_listed: bool
    created_at: datetime
    expires_at: datetime


_COLUMNS = [_TABLE.c[name] for name in SessionRow._fields]


class StaffSessions:
    """The sessions of a database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self._database = database

    def add(self, row: SessionRow) -> None:
        """Begin a session, and remove those whose time is over. Raises `StoreUnavailable`."""
        with self._database.append() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.expires_at <= row.created_at))
            connection.execute(insert(_TABLE), row._asdict())

    def find(self, cookie: str, now: datetime) -> SessionRow | None:
        """The session of a cookie's hash whose time is not over. Raises `StoreUnavailable`."""
        query = select(*_COLUMNS).where(_TABLE.c.cookie == cookie, _TABLE.c.expires_at > now)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else SessionRow._make(row)

    def open(self, now: datetime) -> list[SessionRow]:
        """All sessions whose time is not over, by subject and beginning. Raises `StoreUnavailable`."""
        query = select(*_COLUMNS).where(_TABLE.c.expires_at > now).order_by(_TABLE.c.subject, _TABLE.c.created_at)
        with self._database.read() as connection:
            return [SessionRow._make(row) for row in connection.execute(query)]

    def remove_all(self, subject: str) -> int:
        """End the sessions of a subject; gives how many there were. Raises `StoreUnavailable`."""
        with self._database.append() as connection:
            return connection.execute(delete(_TABLE).where(_TABLE.c.subject == subject)).rowcount

    def remove(self, cookie: str) -> None:
        """End the session of a cookie's hash, if there is one. Raises `StoreUnavailable`."""
        with self._database.append() as connection:
            connection.execute(delete(_TABLE).where(_TABLE.c.cookie == cookie))
