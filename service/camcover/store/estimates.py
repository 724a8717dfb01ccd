"""Estimates as they were answered: immutable rows, found by name or, until that expires, by the caller's request id.

Both belong to the subject that asked: no other finds them, and the same request id of two subjects is two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import Connection, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from camcover.store import audit
from camcover.store.availability import Availability
from camcover.store.database import Database, in_parts
from camcover.store.errors import StoreUnavailable
from camcover.store.keeping import Keeping
from camcover.store.listing import Erased, EstimateQuery, ListedEstimate, erase, listed

__all__ = [
    "EstimateStore",
    "KeptEstimates",
    "NoStore",
    "Pruned",
    "RequestKey",
    "StoredEstimate",
    "estimate_store",
]

RequestKey: TypeAlias = tuple[str, str]
"""A subject, and a request id of its."""

REQUEST_ID_LIFE = timedelta(days=30)
"""How long a request id stands for its first content: as long as an estimate may be shown."""

_ATTEMPTS = 5
_PRUNED_AT_ONCE = 10_000
"""Estimates that one transaction deletes: short enough for a service to wait for."""


class StoredEstimate(NamedTuple):
    """One answered request: `fingerprint` is the SHA-256 of its content, `body` the answer as it was sent.

    `subject` is who asked. `request` and `body` are None where only hashes are kept; `body_digest` is the answer's
    SHA-256, `contract` the number of the contract that says which fields it has. `erased_at`: when it was erased; then
    nothing but name, subject and times is left.
    """

    name: str
    subject: str
    request_id: str | None
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime
    request: bytes | None
    body: bytes | None
    body_digest: bytes
    contract: int = 1
    erased_at: datetime | None = None

    @property
    def key(self) -> RequestKey | None:
        """The request id with its subject."""
        return (self.subject, self.request_id) if self.request_id else None


_NOBODYS = StoredEstimate(
    name="estimates/warm",
    subject="",
    request_id="estimates/warm",
    fingerprint=b"",
    plan_id="",
    rule_release="",
    created_at=datetime.min.replace(tzinfo=UTC),
    request=b"",
    body=b"",
    body_digest=b"",
)
"""An estimate that is never kept. No caller has an empty subject."""


class Pruned(NamedTuple):
    """How many rows a pruning deleted."""

    estimates: int
    request_ids: int


_ESTIMATES = SQLModel.metadata.tables["estimates"]
_KEYS = SQLModel.metadata.tables["idempotency_keys"]
_FIELDS = [name for name in StoredEstimate._fields if name != "request_id"]
_COLUMNS = [_ESTIMATES.c[name] for name in _FIELDS]
_KEY = tuple_(_KEYS.c.subject, _KEYS.c.request_id)


class EstimateStore(Protocol):
    """Where estimates are kept. Safe to use from several threads."""

    keeping: Keeping
    availability: Availability

    def probe(self) -> None:
        """Try to use the store, and record the outcome in `availability`. Raises `StoreUnavailable`."""

    def warm(self) -> None:
        """Have SQL compiled and a connection open; no row is changed. `availability` has what is wrong."""

    def by_name(self, name: str, subject: str | None = None) -> StoredEstimate | None:
        """The estimate of that name, if `subject` asked for it; None means any subject. Raises `StoreUnavailable`."""

    def by_keys(self, keys: Iterable[RequestKey]) -> Mapping[RequestKey, StoredEstimate]:
        """The estimates that answered these request ids. Raises `StoreUnavailable`."""

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[RequestKey, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept. Raises `StoreUnavailable`.
        """

    def listed(self, wanted: EstimateQuery, most: int) -> Sequence[ListedEstimate]:
        """At most so many of the estimates that are wanted, newest first. Raises `StoreUnavailable`."""

    def erase(self, name: str, subject: str) -> Erased | None:
        """Erase the estimate of that name, if `subject` asked for it; None where there is none.

        Raises `StoreUnavailable`.
        """


def estimate_store(database: Database | None, keeping: Keeping = Keeping.FULL) -> EstimateStore:
    """The store in `database` that keeps what `keeping` says; without a database it keeps nothing."""
    if database is None or keeping is Keeping.OFF:
        return NoStore(database)
    return KeptEstimates(database, keeping)


class NoStore:
    """Keeps nothing: no estimate is found again, and a request id that comes again is priced again.

    What the database holds of a time in which estimates were kept can be listed and erased.
    """

    keeping = Keeping.OFF

    def __init__(self, database: Database | None = None) -> None:
        """Keep nothing in `database`, if there is one."""
        self.availability = Availability()
        self._earlier = None if database is None else KeptEstimates(database, Keeping.OFF)

    def listed(self, wanted: EstimateQuery, most: int) -> Sequence[ListedEstimate]:
        """At most so many of the estimates of an earlier time, newest first. Raises `StoreUnavailable`."""
        return () if self._earlier is None else self._earlier.listed(wanted, most)

    def erase(self, name: str, subject: str) -> Erased | None:
        """Erase an estimate of an earlier time; None where there is none. Raises `StoreUnavailable`."""
        return None if self._earlier is None else self._earlier.erase(name, subject)

    def probe(self) -> None:
        """Take back that a use did not end in time: keeping nothing needs no database. Raises `StoreUnavailable`."""
        with self.availability.reading(), self.availability.writing():
            pass

    def warm(self) -> None:
        """Do nothing: there is no SQL."""

    def by_name(self, _name: str, _subject: str | None = None) -> StoredEstimate | None:
        """None."""
        return None

    def by_keys(self, _keys: Iterable[RequestKey]) -> Mapping[RequestKey, StoredEstimate]:
        """No estimate."""
        return {}

    def keep(self, _estimates: Sequence[StoredEstimate]) -> Mapping[RequestKey, StoredEstimate]:
        """Keep nothing; no request id is taken."""
        return {}


class KeptEstimates:
    """The estimates of a database."""

    def __init__(self, database: Database, keeping: Keeping = Keeping.FULL) -> None:
        """Keep estimates in `database`, each as fully as `keeping` says."""
        self._database = database
        self.keeping = keeping
        self.availability = database.availability

    def probe(self) -> None:
        """See whether the database can be read and written. Raises `StoreUnavailable`."""
        self._database.probe()

    def warm(self) -> None:
        """Have SQL compiled and a connection open; no row is changed. `availability` has what is wrong."""
        with suppress(StoreUnavailable):
            self.by_keys([(_NOBODYS.subject, _NOBODYS.name)])
            with self._database.append() as connection:
                self._write(connection, [_NOBODYS])
                connection.rollback()

    def by_name(self, name: str, subject: str | None = None) -> StoredEstimate | None:
        """The estimate of that name, if `subject` asked for it; None means any subject. Raises `StoreUnavailable`."""
        query = select(*_COLUMNS, _KEYS.c.request_id).outerjoin_from(
            _ESTIMATES, _KEYS, _KEYS.c.estimate == _ESTIMATES.c.name
        )
        query = query.where(_ESTIMATES.c.name == name)
        if subject is not None:
            query = query.where(_ESTIMATES.c.subject == subject)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _stored(row)

    def listed(self, wanted: EstimateQuery, most: int) -> Sequence[ListedEstimate]:
        """At most so many of the estimates that are wanted, newest first. Raises `StoreUnavailable`."""
        with self._database.read() as connection:
            return listed(connection, wanted, most)

    def erase(self, name: str, subject: str) -> Erased | None:
        """Erase the estimate of that name, if `subject` asked for it; None where there is none.

        Its row keeps name, subject and times, and the audit log says who erased it. Erased before: that time is given,
        and nothing is changed. Raises `StoreUnavailable`.
        """
        with self._database.write() as connection:
            return erase(connection, name, subject)

    def by_keys(self, keys: Iterable[RequestKey]) -> Mapping[RequestKey, StoredEstimate]:
        """The estimates that answered these request ids, unless those have expired. Raises `StoreUnavailable`."""
        wanted = list(dict.fromkeys(keys))
        query = select(*_COLUMNS, _KEYS.c.request_id).join_from(
            _KEYS, _ESTIMATES, _KEYS.c.estimate == _ESTIMATES.c.name
        )
        query = query.where(_KEYS.c.expires_at > datetime.now(UTC))
        found: dict[RequestKey, StoredEstimate] = {}
        with self._database.read() as connection:
            for some in in_parts(wanted):
                for row in connection.execute(query.where(_KEY.in_(some))):
                    found[row.subject, row.request_id] = _stored(row)
        return found

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[RequestKey, StoredEstimate]:
        """Keep estimates in one transaction; gives, by request id, those that had taken an id before.

        What came under a taken id is not kept. Another process may take one between a look and the write: then again.
        Raises `StoreUnavailable`.
        """
        taken: dict[RequestKey, StoredEstimate] = {}
        left = list(estimates)
        for attempt in range(_ATTEMPTS):
            try:
                self._insert(left)
            except IntegrityError:
                if attempt == _ATTEMPTS - 1:
                    raise
                keys = [each.key for each in left if each.key]
                self._forget_expired(keys)
                taken |= self.by_keys(keys)
                left, repeated = _first_of_each([each for each in left if each.key not in taken])
                taken |= repeated
            else:
                break
        return taken

    def _insert(self, estimates: Sequence[StoredEstimate]) -> None:
        with self._database.append() as connection:
            self._write(connection, estimates)

    def _write(self, connection: Connection, estimates: Sequence[StoredEstimate]) -> None:
        keys = [_key(each) for each in estimates if each.request_id]
        if keys:
            connection.execute(insert(_KEYS), keys)
        if estimates:
            connection.execute(insert(_ESTIMATES), [self._row(each) for each in estimates])

    def _row(self, estimate: StoredEstimate) -> dict[str, Any]:
        """The columns of an estimate that are kept."""
        row = {name: getattr(estimate, name) for name in _FIELDS}
        return row if self.keeping is Keeping.FULL else row | {"request": None, "body": None}

    def _forget_expired(self, keys: Sequence[RequestKey]) -> None:
        """Delete those of the request ids that have expired."""
        with self._database.append() as connection:
            for some in in_parts(keys):
                is_old = _KEYS.c.expires_at <= datetime.now(UTC)
                connection.execute(delete(_KEYS).where(_KEY.in_(some), is_old))

    def prune(self, older_than: datetime, actor: str) -> Pruned:
        """Delete estimates made before `older_than`, expired request ids, and the request ids of deleted estimates.

        Deletes in batches, between which others write; the audit log counts each batch. Raises `StoreUnavailable`.
        """
        whole = Pruned(0, 0)
        while True:
            with self._database.write() as connection:
                part = _prune_some(connection, older_than)
                if any(part) or not any(whole):
                    details = {"older_than": older_than.isoformat()} | part._asdict()
                    audit.record(connection, actor, "prune", "estimates", details=details)
            whole = Pruned(*map(sum, zip(whole, part, strict=True)))
            if part.estimates < _PRUNED_AT_ONCE:
                return whole


def _key(estimate: StoredEstimate) -> dict[str, Any]:
    """The columns of an estimate's request id."""
    return {
        "subject": estimate.subject,
        "request_id": estimate.request_id,
        "fingerprint": estimate.fingerprint,
        "estimate": estimate.name,
        "expires_at": estimate.created_at + REQUEST_ID_LIFE,
    }


def _first_of_each(
    estimates: Sequence[StoredEstimate],
) -> tuple[list[StoredEstimate], dict[RequestKey, StoredEstimate]]:
    """Of several rows with one request id only the first; and, by request id, the first of each that has others."""
    first: dict[RequestKey, StoredEstimate] = {}
    kept, repeated = [], {}
    for each in estimates:
        if each.key and first.setdefault(each.key, each) is not each:
            repeated[each.key] = first[each.key]
        else:
            kept.append(each)
    return kept, repeated


def _prune_some(connection: Connection, older_than: datetime) -> Pruned:
    """Delete a batch of old estimates, oldest first, and the request ids that point to none any more."""
    # Every request id ends at the same age of its estimate, so its own end says whether the estimate is deleted.
    ended = max(datetime.now(UTC), older_than + REQUEST_ID_LIFE)
    keys = _count_deleted(connection, _KEYS, _KEYS.c.expires_at < ended)
    oldest = select(_ESTIMATES.c.name).where(_ESTIMATES.c.created_at < older_than)
    some = oldest.order_by(_ESTIMATES.c.created_at).limit(_PRUNED_AT_ONCE)
    return Pruned(_count_deleted(connection, _ESTIMATES, _ESTIMATES.c.name.in_(some)), keys)


def _stored(row: Any) -> StoredEstimate:
    """A row of the join."""
    return StoredEstimate(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def _count_deleted(connection: Connection, table: Any, condition: Any) -> int:
    """Delete rows; gives how many."""
    found: int = connection.execute(delete(table).where(condition)).rowcount
    return found
