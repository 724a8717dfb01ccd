"""Stored estimates in a list, and one of them erased: the statements, each within a transaction of its caller's."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, null, or_, select, update
from sqlmodel import SQLModel

from camcover.store import audit
from camcover.store.database import in_parts

__all__ = ["Erased", "EstimateQuery", "ListedEstimate", "erase", "listed", "there_again"]


class ListedEstimate(NamedTuple):
    """What a list tells of an estimate.

    `is_whole`: its answer is kept. `request`: None where it is not kept, or not asked for. Of one that was erased
    nothing but name and times is left.
    """

    name: str
    plan_id: str
    rule_release: str
    created_at: datetime
    erased_at: datetime | None
    is_whole: bool
    request: bytes | None
    request_id: str | None


class EstimateQuery(NamedTuple):
    """Which estimates to list: those of `subject`, made in a time.

    `since` belongs to that time, `before` does not. `after`: time and name of the last one of the page before.
    `with_requests`: give what was asked, too, where it is kept.
    """

    subject: str
    since: datetime | None = None
    before: datetime | None = None
    after: tuple[datetime, str] | None = None
    with_requests: bool = False


class Erased(NamedTuple):
    """When an estimate was erased; `fingerprint` is the one that it had, empty where it was erased before."""

    at: datetime
    fingerprint: bytes


_ESTIMATES = SQLModel.metadata.tables["estimates"]
_KEYS = SQLModel.metadata.tables["idempotency_keys"]
_LISTED = [_ESTIMATES.c[name] for name in ("name", "plan_id", "rule_release", "created_at", "erased_at")]
_NOTHING: dict[str, Any] = {
    "fingerprint": b"",
    "plan_id": "",
    "rule_release": "",
    "request": None,
    "body": None,
    "body_digest": b"",
    "contract": 0,
}
"""The columns that an erasure empties."""


def listed(connection: Connection, wanted: EstimateQuery, most: int) -> list[ListedEstimate]:
    """At most so many of the estimates that are wanted, newest first."""
    made, name = _ESTIMATES.c.created_at, _ESTIMATES.c.name
    request = _ESTIMATES.c.request if wanted.with_requests else null().label("request")
    query = select(*_LISTED, _ESTIMATES.c.body.is_not(None).label("is_whole"), request, _KEYS.c.request_id)
    query = query.outerjoin_from(_ESTIMATES, _KEYS, _KEYS.c.estimate == name)
    query = query.where(_ESTIMATES.c.subject == wanted.subject).order_by(made.desc(), name.desc()).limit(most)
    if wanted.since is not None:
        query = query.where(made >= wanted.since)
    if wanted.before is not None:
        query = query.where(made < wanted.before)
    if wanted.after is not None:
        last, last_name = wanted.after
        # The first condition is for the index: a later page begins where it is, and walks over none before it.
        query = query.where(made <= last, or_(made < last, name < last_name))
    return [ListedEstimate(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def erase(connection: Connection, name: str, subject: str) -> Erased | None:
    """Empty the row of the estimate of that name, if `subject` asked for it; None where there is none.

    The entry of the audit log says who erased which name, and no more. `connection` is one of `Database.write`.
    """
    is_it = (_ESTIMATES.c.name == name) & (_ESTIMATES.c.subject == subject)
    if connection.dialect.name == "sqlite":
        # Otherwise the old bytes stay in the file until other data is written over them.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    row = connection.execute(select(_ESTIMATES.c.erased_at, _ESTIMATES.c.fingerprint).where(is_it)).first()
    if row is None:
        return None
    if row.erased_at is not None:
        return Erased(row.erased_at, b"")
    now = datetime.now(UTC)
    connection.execute(update(_ESTIMATES).where(is_it).values(**_NOTHING, erased_at=now))
    connection.execute(delete(_KEYS).where(_KEYS.c.estimate == name))
    audit.record(connection, subject, "erase", name, details={})
    return Erased(now, row.fingerprint)


def there_again(connection: Connection, names: Collection[str]) -> Iterator[str]:
    """Those of the names whose estimates are not empty, or have a request id."""
    for some in in_parts(list(names)):
        full = select(_ESTIMATES.c.name).where(_ESTIMATES.c.name.in_(some), _ESTIMATES.c.erased_at.is_(None))
        named = select(_KEYS.c.estimate).where(_KEYS.c.estimate.in_(some))
        yield from connection.execute(full.union(named)).scalars()
