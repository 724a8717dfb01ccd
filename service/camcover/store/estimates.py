"""Estimates as they were answered: immutable rows, found by name or by request id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import StaticPool
from sqlmodel import Field, Session, SQLModel, create_engine, select

__all__ = ["EstimateStore", "StoredEstimate"]

_MEMORY = "sqlite://"
_AT_ONCE = 500
"""Keys in one query: below SQLite's bound on parameters."""


class StoredEstimate(SQLModel, table=True):
    """One answered request. `fingerprint` is the SHA-256 of its content, `body` the answer as it was sent."""

    __tablename__ = "estimates"

    name: str = Field(primary_key=True)
    request_id: str | None = Field(default=None, unique=True, index=True)
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime
    body: bytes


class EstimateStore:
    """The table of estimates. Safe to use from several threads."""

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
        SQLModel.metadata.create_all(self._engine)

    def by_name(self, name: str) -> StoredEstimate | None:
        """The estimate of that name."""
        with Session(self._engine) as session:
            return session.get(StoredEstimate, name)

    def by_request_ids(self, request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """The estimates that answered these request ids."""
        wanted = list(dict.fromkeys(request_ids))
        found: dict[str, StoredEstimate] = {}
        with Session(self._engine) as session:
            for first in range(0, len(wanted), _AT_ONCE):
                keys = wanted[first : first + _AT_ONCE]
                # SQLModel's own column type does not know `in_`; the table's column does.
                rows = session.exec(select(StoredEstimate).where(_column("request_id").in_(keys)))
                found |= {row.request_id: row for row in rows if row.request_id}
        return found

    def add(self, estimates: Iterable[StoredEstimate]) -> None:
        """Keep estimates, all or none. Raises `DuplicateRequestId` when one of their request ids is taken."""
        with Session(self._engine, expire_on_commit=False) as session:
            session.add_all(list(estimates))
            try:
                session.commit()
            except IntegrityError as error:
                raise DuplicateRequestId from error

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


class DuplicateRequestId(Exception):
    """Another call stored an estimate under the same request id first."""


def _column(name: str) -> Any:
    """A column of the table, for expressions."""
    return SQLModel.metadata.tables["estimates"].c[name]


def _use_write_ahead_log(engine: Engine) -> None:
    """Let readers go on while one writes, and make a commit cost one synchronisation."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()
