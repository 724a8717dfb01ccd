"""Estimates as they were answered: immutable rows, found by name or, until that expires, by the caller's request id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from camcover.store import audit
from camcover.store.database import Database, in_parts

__all__ = ["EstimateStore", "Keeping", "KeptEstimates", "NoStore", "Pruned", "StoredEstimate", "estimate_store"]

REQUEST_ID_LIFE = timedelta(days=30)
"""How long a request id stands for its first content: as long as an estimate may be shown."""

_ATTEMPTS = 5


class Keeping(StrEnum):
    """How much of an estimate is kept."""

    FULL = "full"
    """Request and answer."""
    HASHES = "hashes"
    """Hashes of both, the plan and the release: nothing about a person."""
    OFF = "off"
    """Nothing."""


class StoredEstimate(NamedTuple):
    """One answered request: `fingerprint` is the SHA-256 of its content, `body` the answer as it was sent.

    `request` and `body` are None where only hashes are kept; `body_digest` is the SHA-256 of the answer, `contract` the
    number of the contract that says which fields it has.
    """

    name: str
    request_id: str | None
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime
    request: bytes | None
    body: bytes | None
    body_digest: bytes
    contract: int = 1


class Pruned(NamedTuple):
    """What a pruning took out."""

    estimates: int
    request_ids: int


_ESTIMATES = SQLModel.metadata.tables["estimates"]
_KEYS = SQLModel.metadata.tables["idempotency_keys"]
_FIELDS = [name for name in StoredEstimate._fields if name != "request_id"]
_COLUMNS = [_ESTIMATES.c[name] for name in _FIELDS]


class EstimateStore(Protocol):
    """Where estimates are kept. Safe to use from several threads."""

    keeping: Keeping

    def by_name(self, name: str) -> StoredEstimate | None:
        """The estimate of that name."""

    def by_request_ids(self, request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """The estimates that answered these request ids."""

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept.
        """


def estimate_store(database: Database | None, keeping: Keeping = Keeping.FULL) -> EstimateStore:
    """The store in `database` that keeps so much; without a database it keeps nothing."""
    return NoStore() if database is None or keeping is Keeping.OFF else KeptEstimates(database, keeping)


class NoStore:
    """Keeps nothing: no estimate is found again, and a request id that comes again is priced again."""

    keeping = Keeping.OFF

    def by_name(self, _name: str) -> StoredEstimate | None:
        """None."""
        return None

    def by_request_ids(self, _request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """None of them."""
        return {}

    def keep(self, _estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Nothing stands in the way."""
        return {}


class KeptEstimates:
    """The estimates of a database."""

    def __init__(self, database: Database, keeping: Keeping = Keeping.FULL) -> None:
        """Keep in `database`, so much of each."""
        self._database = database
        self.keeping = keeping

    def by_name(self, name: str) -> StoredEstimate | None:
        """The estimate of that name."""
        query = select(*_COLUMNS, _KEYS.c.request_id).outerjoin_from(
            _ESTIMATES, _KEYS, _KEYS.c.estimate == _ESTIMATES.c.name
        )
        with self._database.engine.connect() as connection:
            row = connection.execute(query.where(_ESTIMATES.c.name == name)).first()
        return None if row is None else _stored(row)

    def by_request_ids(self, request_ids: Iterable[str]) -> Mapping[str, StoredEstimate]:
        """The estimates that answered these request ids, unless those have expired."""
        wanted = list(dict.fromkeys(request_ids))
        query = select(*_COLUMNS, _KEYS.c.request_id).join_from(
            _KEYS, _ESTIMATES, _KEYS.c.estimate == _ESTIMATES.c.name
        )
        query = query.where(_KEYS.c.expires_at > datetime.now(UTC))
        found: dict[str, StoredEstimate] = {}
        with self._database.engine.connect() as connection:
            for keys in in_parts(wanted):
                rows = connection.execute(query.where(_KEYS.c.request_id.in_(keys)))
                found |= {row.request_id: _stored(row) for row in rows}
        return found

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept. Another process may take one between a look and the write: then again.
        """
        taken: dict[str, StoredEstimate] = {}
        left = list(estimates)
        for attempt in range(_ATTEMPTS):
            try:
                self._insert(left)
            except IntegrityError:
                if attempt == _ATTEMPTS - 1:
                    raise
                ids = [each.request_id for each in left if each.request_id]
                self._forget_expired(ids)
                taken |= self.by_request_ids(ids)
                left, repeated = _first_of_each([each for each in left if each.request_id not in taken])
                taken |= repeated
            else:
                break
        return taken

    def _insert(self, estimates: Sequence[StoredEstimate]) -> None:
        keys = [_key(each) for each in estimates if each.request_id]
        with self._database.engine.begin() as connection:
            if keys:
                connection.execute(insert(_KEYS), keys)
            if estimates:
                connection.execute(insert(_ESTIMATES), [self._row(each) for each in estimates])

    def _row(self, estimate: StoredEstimate) -> dict[str, Any]:
        """The columns of an estimate, as much as is kept."""
        row = {name: getattr(estimate, name) for name in _FIELDS}
        return row if self.keeping is Keeping.FULL else row | {"request": None, "body": None}

    def _forget_expired(self, request_ids: Sequence[str]) -> None:
        """Take out those of the ids that are past their time."""
        with self._database.engine.begin() as connection:
            for keys in in_parts(request_ids):
                is_old = _KEYS.c.expires_at <= datetime.now(UTC)
                connection.execute(delete(_KEYS).where(_KEYS.c.request_id.in_(keys), is_old))

    def prune(self, older_than: datetime, actor: str) -> Pruned:
        """Take out estimates made before `older_than`, and request ids that are past their time or whose estimate goes.

        The audit log says how many.
        """
        with self._database.write() as connection:
            keys = _count_deleted(connection, _KEYS, _KEYS.c.expires_at <= datetime.now(UTC))
            old = select(_ESTIMATES.c.name).where(_ESTIMATES.c.created_at < older_than)
            keys += _count_deleted(connection, _KEYS, _KEYS.c.estimate.in_(old))
            estimates = _count_deleted(connection, _ESTIMATES, _ESTIMATES.c.created_at < older_than)
            details = {"older_than": older_than.isoformat(), "estimates": estimates, "request_ids": keys}
            audit.record(connection, actor, "prune", "estimates", details)
        return Pruned(estimates, keys)


def stored_estimate(
    name: str,
    request_id: str,
    request: bytes,
    fingerprint: bytes,
    plan_id: str,
    rule_release: str,
    created_at: datetime,
    body: bytes,
    contract: int,
) -> StoredEstimate:
    """An estimate to keep, from the bytes of request and answer; an empty `request_id` is none."""
    digest = hashlib.sha256(body).digest()
    return StoredEstimate(
        name, request_id or None, fingerprint, plan_id, rule_release, created_at, request, body, digest, contract
    )


def _key(estimate: StoredEstimate) -> dict[str, Any]:
    """The columns of an estimate's request id."""
    return {
        "request_id": estimate.request_id,
        "fingerprint": estimate.fingerprint,
        "estimate": estimate.name,
        "expires_at": estimate.created_at + REQUEST_ID_LIFE,
    }


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


def _stored(row: Any) -> StoredEstimate:
    """A row of the join."""
    return StoredEstimate(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def _count_deleted(connection: Connection, table: Any, condition: Any) -> int:
    """Delete rows; gives how many."""
    found: int = connection.execute(delete(table).where(condition)).rowcount
    return found
