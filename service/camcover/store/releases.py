"""Releases of the rules, and which was active when: an append-only ledger.

What comes in: files, compiled bytes, who and why. What goes out: the same, and which release is active at a moment. A
scheduled activation is a row whose time has not come; nothing needs to happen at that time for it to hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, text
from sqlmodel import SQLModel

from camcover.store import audit
from camcover.store.database import Database, in_parts
from camcover.store.decisions import Activation, ActivationKind, in_force, in_order_of_effect

__all__ = ["CHANNEL", "FOUR_EYES", "Compiled", "Ledger", "Release", "ReleaseStore"]

CHANNEL = "camcover_releases"
"""The channel on which PostgreSQL tells of activations."""

_COMPILER = "camcover"
"""Who the audit log says compiled a release anew: nobody asked for it."""

_KEPT_SCHEMAS = 2
"""For so many schemas a release's compiled tables are kept, those written last: while a service is brought to another
version, both are at work."""

FOUR_EYES = "four-eyes"
"""The key of the setting that publisher and activator must differ."""

_ON, _OFF, _ASKED_OFF = "on", "off", "asked off"
"""Its values. Asked off, they are on until somebody else agrees."""


class Release(NamedTuple):
    """A published release; `parent` was the active one when it was published."""

    id: str
    digest: str
    author: str
    message: str
    created_at: datetime
    parent: str | None
    file_count: int
    plan_count: int


class Compiled(NamedTuple):
    """The compiled tables of a release; only an engine of that `schema` reads them."""

    schema: str
    body: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, in hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()


class Cancellation(NamedTuple):
    """A scheduled decision that was cancelled before it took effect."""

    activation: int
    actor: str
    reason: str


class StoreSetting(NamedTuple):
    """A setting for everyone who uses the database; `entry` is its entry in the audit log."""

    entry: int
    key: str
    value: str


_RELEASES, _FILES, _CONTENTS, _COMPILED, _ACTIVATIONS, _CANCELLATIONS, _SETTINGS, _AUDIT = (
    SQLModel.metadata.tables[name]
    for name in (
        "releases",
        "release_files",
        "contents",
        "release_tables",
        "activations",
        "cancellations",
        "settings",
        "audit",
    )
)
_RELEASE_COLUMNS = [_RELEASES.c[name] for name in Release._fields]
_ACTIVATION_COLUMNS = [_ACTIVATIONS.c[name] for name in Activation._fields[:-1]]


class Ledger:
    """Releases and activations, read and changed within one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work on `connection`; only one of `Database.write` can add anything."""
        self._connection = connection

    def now(self) -> datetime:
        """The time by which decisions take effect: PostgreSQL's clock, shared by all its users; else the machine's."""
        if self._connection.dialect.name != "postgresql":
            return datetime.now(UTC)
        found: datetime = self._connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found.astimezone(UTC)

    def release(self, release_id: str) -> Release | None:
        """The release of that id."""
        row = self._connection.execute(select(*_RELEASE_COLUMNS).where(_RELEASES.c.id == release_id)).first()
        return None if row is None else Release._make(row)

    def releases(self, most: int, before: Release | None = None, words: str = "") -> list[Release]:
        """At most so many releases, newest first, those published before `before`, whose texts contain `words`."""
        order = _RELEASES.c.created_at.desc(), _RELEASES.c.id.desc()
        query = select(*_RELEASE_COLUMNS).order_by(*order).limit(most)
        if before is not None:
            is_same = (_RELEASES.c.created_at == before.created_at) & (_RELEASES.c.id < before.id)
            query = query.where(or_(_RELEASES.c.created_at < before.created_at, is_same))
        if words:
            columns = _RELEASES.c.id, _RELEASES.c.author, _RELEASES.c.message
            query = query.where(or_(*(each.icontains(words, autoescape=True) for each in columns)))
        return [Release._make(row) for row in self._connection.execute(query)]

    def ids(self) -> list[str]:
        """The ids of all releases, newest first."""
        query = select(_RELEASES.c.id).order_by(_RELEASES.c.created_at.desc(), _RELEASES.c.id.desc())
        return list(self._connection.execute(query).scalars())

    def files(self, release_id: str) -> dict[str, bytes]:
        """The files of a release by name, in order of name."""
        return dict(sorted((name, body) for name, _, body in self.contents(release_id)))

    def contents(self, release_id: str) -> Iterator[tuple[str, str, bytes]]:
        """The files of a release: name, the SHA-256 that they are kept by, content."""
        query = (
            select(_FILES.c.name, _CONTENTS.c.digest, _CONTENTS.c.body)
            .join_from(_FILES, _CONTENTS, _FILES.c.content == _CONTENTS.c.digest)
            .where(_FILES.c.release_id == release_id)
        )
        yield from (tuple(row) for row in self._connection.execute(query))

    def compiled(self, release_id: str, schema: str) -> Compiled | None:
        """The compiled tables of a release for an engine of that schema; compare their digest with `digest_of`."""
        query = select(_COMPILED.c.body).where(_COMPILED.c.release_id == release_id, _COMPILED.c.schema == schema)
        found: bytes | None = self._connection.execute(query).scalar()
        return None if found is None else Compiled(schema, found)

    def stored_digests(self, release_id: str) -> dict[str, str]:
        """The SHA-256 of the compiled tables that are stored of a release, by schema."""
        query = select(_COMPILED.c.schema, _COMPILED.c.body).where(_COMPILED.c.release_id == release_id)
        return {row.schema: hashlib.sha256(row.body).hexdigest() for row in self._connection.execute(query)}

    def digest_of(self, release_id: str, schema: str) -> str | None:
        """The SHA-256 of a release's compiled tables in the audit log; None where they were never compiled."""
        return self._compilations(release_id).get(schema)

    def _compilations(self, release_id: str) -> dict[str, str]:
        """The digests of a release's compiled tables by schema, those written last first."""
        query = (
            select(_AUDIT.c.details)
            .where(_AUDIT.c.subject == release_id, _AUDIT.c.action.in_(("publish", "compile")))
            .order_by(_AUDIT.c.seq.desc())
        )
        found: dict[str, str] = {}
        for details in map(json.loads, self._connection.execute(query).scalars()):
            if "compiled" in details:
                found.setdefault(details["schema"], details["compiled"])
        return found

    def activations(self) -> list[Activation]:
        """All decisions in order of effect."""
        query = select(*_ACTIVATION_COLUMNS, _CANCELLATIONS.c.activation_id).outerjoin_from(
            _ACTIVATIONS, _CANCELLATIONS, _CANCELLATIONS.c.activation_id == _ACTIVATIONS.c.id
        )
        return in_order_of_effect(
            Activation._make((number, ActivationKind(kind), *rest, cancelled is not None))
            for number, kind, *rest, cancelled in self._connection.execute(query)
        )

    def cancellations(self) -> list[Cancellation]:
        """All cancelled decisions."""
        columns = _CANCELLATIONS.c.activation_id, _CANCELLATIONS.c.actor, _CANCELLATIONS.c.reason
        return [Cancellation._make(row) for row in self._connection.execute(select(*columns))]

    def settings(self) -> list[StoreSetting]:
        """All settings, in the order in which they were made."""
        columns = [_SETTINGS.c[name] for name in StoreSetting._fields]
        return [
            StoreSetting._make(row) for row in self._connection.execute(select(*columns).order_by(_SETTINGS.c.entry))
        ]

    def active(self) -> str | None:
        """The id of the release that is active now; None before the first."""
        stack = in_force(self.activations(), self.now())
        return stack[-1] if stack else None

    @property
    def needs_four_eyes(self) -> bool:
        """Whether four eyes are asked for: nobody may activate a release that they published."""
        value, _ = self._four_eyes()
        return value in {_ON, _ASKED_OFF}

    @property
    def asked_four_eyes_off(self) -> str | None:
        """Who asked to switch four eyes off, where nobody else has agreed yet."""
        value, actor = self._four_eyes()
        return actor if value == _ASKED_OFF else None

    def _four_eyes(self) -> tuple[str, str]:
        """The value that holds, and who set it; empty before the first."""
        query = (
            select(_SETTINGS.c.value, _AUDIT.c.actor)
            .outerjoin_from(_SETTINGS, _AUDIT, _SETTINGS.c.entry == _AUDIT.c.seq)
            .where(_SETTINGS.c.key == FOUR_EYES)
            .order_by(_SETTINGS.c.entry.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return ("", "") if row is None else (row.value, row.actor or "")

    def add_release(self, release: Release, files: Mapping[str, bytes], compiled: Compiled) -> None:
        """Add a release that is not there yet."""
        self._connection.execute(insert(_RELEASES), release._asdict())
        digests = self.keep_contents(files)
        rows = [{"release_id": release.id, "name": name, "content": each} for name, each in digests.items()]
        self._connection.execute(insert(_FILES), rows)
        self._put_compiled(release.id, compiled)
        told = ("digest", "message", "parent", "file_count", "plan_count")
        details = {name: getattr(release, name) for name in told} | {"created_at": release.created_at.isoformat()}
        self.record(release.author, "publish", release.id, details | _entry(compiled))

    def keep_contents(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """Keep contents of files that are not kept yet; gives the SHA-256 of each file's, by its name."""
        digests = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
        bodies = {digests[name]: body for name, body in files.items()}
        new = bodies.keys() - self._known(list(bodies))
        if new:
            self._connection.execute(insert(_CONTENTS), [{"digest": each, "body": bodies[each]} for each in new])
        return digests

    def _known(self, digests: Sequence[str]) -> set[str]:
        """The digests of those contents that are stored already."""
        found: set[str] = set()
        for some in in_parts(digests):
            query = select(_CONTENTS.c.digest).where(_CONTENTS.c.digest.in_(some))
            found.update(self._connection.execute(query).scalars())
        return found

    def set_compiled(self, release_id: str, compiled: Compiled) -> None:
        """Keep the compiled tables of a release that is there; those for a schema take the place of others for it.

        The audit log says so where it does not have these bytes yet.
        """
        if self.digest_of(release_id, compiled.schema) != compiled.digest:
            self.record(_COMPILER, "compile", release_id, _entry(compiled))
        self._put_compiled(release_id, compiled)

    def _put_compiled(self, release_id: str, compiled: Compiled) -> None:
        """Replace the tables of the same schema, and delete those of the oldest schemas."""
        kept = [each for each in self._compilations(release_id) if each != compiled.schema][: _KEPT_SCHEMAS - 1]
        is_old = (_COMPILED.c.release_id == release_id) & _COMPILED.c.schema.not_in(kept)
        self._connection.execute(delete(_COMPILED).where(is_old))
        self._connection.execute(insert(_COMPILED), {"release_id": release_id} | compiled._asdict())

    def add_activation(self, activation: Activation) -> int:
        """Add a decision and notify listeners; gives its number (the number in `activation` is ignored)."""
        row: dict[str, Any] = dict(zip(Activation._fields[1:-1], activation[1:-1], strict=True))
        result = self._connection.execute(insert(_ACTIVATIONS).returning(_ACTIVATIONS.c.id), row)
        number: int = result.scalar_one()
        details: dict[str, object] = {
            "activation": number,
            "from": activation.from_release,
            "reason": activation.reason,
            "created_at": activation.created_at.isoformat(),
            "effective_at": activation.effective_at.isoformat(),
        }
        if activation.only_from is not None:
            details["only_from"] = activation.only_from
        self.record(activation.actor, activation.kind, activation.release_id, details)
        self._tell()
        return number

    def cancel(self, activation: Activation, actor: str, reason: str, now: datetime) -> None:
        """Cancel a decision that has not taken effect yet."""
        row = {"activation_id": activation.id, "actor": actor, "reason": reason, "created_at": now}
        self._connection.execute(insert(_CANCELLATIONS), row)
        self.record(actor, "cancel", activation.release_id, {"activation": activation.id, "reason": reason})
        self._tell()

    def set_four_eyes(self, actor: str, *, is_on: bool) -> None:
        """Set whether publisher and activator must differ."""
        self._set_four_eyes(actor, _ON if is_on else _OFF)

    def ask_four_eyes_off(self, actor: str) -> None:
        """Note that somebody wants four eyes off; they stay on."""
        self._set_four_eyes(actor, _ASKED_OFF)

    def _set_four_eyes(self, actor: str, value: str) -> None:
        entry = self.record(actor, "set", FOUR_EYES, {"value": value})
        self._connection.execute(insert(_SETTINGS), {"entry": entry, "key": FOUR_EYES, "value": value})

    def record(self, actor: str, action: str, subject: str, details: Mapping[str, object]) -> int:
        """Append to the audit log; gives the number of the entry."""
        return audit.record(self._connection, actor, action, subject, details=details)

    def _tell(self) -> None:
        """Notify listeners once the transaction is committed; SQLite's listeners poll."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def _entry(compiled: Compiled) -> dict[str, object]:
    """What the audit log keeps of compiled tables."""
    return {"compiled": compiled.digest, "schema": compiled.schema}


class ReleaseStore:
    """The ledger of a database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self.database = database

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """The ledger, to read. Raises `StoreUnavailable`."""
        with self.database.read() as connection:
            yield Ledger(connection)

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """The ledger, to change in one transaction, with no other writer meanwhile. Raises `StoreUnavailable`."""
        with self.database.write() as connection:
            yield Ledger(connection)
