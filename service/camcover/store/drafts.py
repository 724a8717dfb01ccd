"""Drafts of rule changes: their files revision by revision, and every step that was taken; nothing is ever changed.

What comes in: files that differ from a base release, who did what, and why. What goes out: the same. What state a draft
is in follows from its steps (`workflow/draft_states.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlmodel import SQLModel

from camcover.store.database import Database
from camcover.store.releases import Ledger

__all__ = ["Draft", "DraftBook", "DraftStep", "DraftStepKind", "DraftStore", "digest_of_draft"]


class DraftStepKind(StrEnum):
    """What was done to a draft."""

    CREATE = "create"
    SAVE = "save"
    COMMENT = "comment"
    PROPOSE = "propose"
    APPROVE = "approve"
    SEND_BACK = "send-back"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class Draft(NamedTuple):
    """A draft: `owner` is the person who began it."""

    id: str
    title: str
    owner: str
    created_at: datetime


class DraftStep(NamedTuple):
    """A step: `number` counts from 1 in each draft; `revision`, `base` and `digest` are those of the files after it.

    `text`: the comment, the reason. `file` (empty) and `line` (0) say what a comment is about. `release_id` and
    `activation_id` are those that a publication made.
    """

    draft_id: str
    number: int
    kind: DraftStepKind
    actor: str
    created_at: datetime
    revision: int
    base: str
    digest: str
    text: str = ""
    file: str = ""
    line: int = 0
    release_id: str | None = None
    activation_id: int | None = None


DraftFiles = Mapping[str, bytes | None]
"""The files of a draft that differ from its base, by name; None: removed."""

_DRAFTS, _STEPS, _FILES, _CONTENTS = (
    SQLModel.metadata.tables[name] for name in ("drafts", "draft_steps", "draft_files", "contents")
)
_DRAFT_COLUMNS = [_DRAFTS.c[name] for name in Draft._fields]
_STEP_COLUMNS = [_STEPS.c[name] for name in DraftStep._fields]


def digest_of_draft(base: str, files: DraftFiles) -> str:
    """SHA-256 over the base and the files that differ from it: what an approval is bound to."""
    whole = hashlib.sha256()
    parts = [base.encode()]
    for name, content in sorted(files.items()):
        parts += [name.encode(), b"-" if content is None else b"+" + content]
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()


class DraftBook:
    """Drafts, read and changed within one transaction; `ledger` has the releases within the same."""

    def __init__(self, connection: Connection) -> None:
        """Work on `connection`; only one of `Database.write` can add anything."""
        self._connection = connection
        self.ledger = Ledger(connection)

    def draft(self, draft_id: str) -> Draft | None:
        """The draft with an id; None if there is none."""
        row = self._connection.execute(select(*_DRAFT_COLUMNS).where(_DRAFTS.c.id == draft_id)).first()
        return None if row is None else Draft._make(row)

    def drafts(self) -> list[Draft]:
        """All drafts, newest first."""
        query = select(*_DRAFT_COLUMNS).order_by(_DRAFTS.c.created_at.desc(), _DRAFTS.c.id.desc())
        return [Draft._make(row) for row in self._connection.execute(query)]

    def ids(self) -> list[str]:
        """The ids of all drafts, newest first."""
        return [each.id for each in self.drafts()]

    def steps(self, draft_id: str | None = None) -> dict[str, list[DraftStep]]:
        """The steps of a draft, or of all, in order, by draft."""
        query = select(*_STEP_COLUMNS).order_by(_STEPS.c.draft_id, _STEPS.c.number)
        if draft_id is not None:
            query = query.where(_STEPS.c.draft_id == draft_id)
        found: dict[str, list[DraftStep]] = {}
        for row in self._connection.execute(query):
            step = DraftStep._make(row)
            found.setdefault(step.draft_id, []).append(step._replace(kind=DraftStepKind(step.kind)))
        return found

    def files(self, draft_id: str, revision: int) -> dict[str, bytes | None]:
        """The files of a revision that differ from its base, in order of name."""
        query = (
            select(_FILES.c.name, _CONTENTS.c.body)
            .outerjoin_from(_FILES, _CONTENTS, _FILES.c.content == _CONTENTS.c.digest)
            .where(_FILES.c.draft_id == draft_id, _FILES.c.revision == revision)
        )
        return dict(sorted((row.name, row.body) for row in self._connection.execute(query)))

    def file_counts(self) -> dict[tuple[str, int], int]:
        """How many files differ from the base, by draft and revision; those with none are not there."""
        columns = _FILES.c.draft_id, _FILES.c.revision
        query = select(*columns, func.count()).group_by(*columns)
        return {(draft_id, revision): count for draft_id, revision, count in self._connection.execute(query)}

    def add_draft(self, draft: Draft) -> None:
        """Add a draft that is not there yet; its first step follows."""
        self._connection.execute(insert(_DRAFTS), draft._asdict())

    def add_files(self, draft_id: str, revision: int, files: DraftFiles) -> None:
        """Keep the files of a new revision."""
        digests = self.ledger.keep_contents({name: body for name, body in files.items() if body is not None})
        rows = [
            {"draft_id": draft_id, "revision": revision, "name": name, "content": digests.get(name)} for name in files
        ]
        if rows:
            self._connection.execute(insert(_FILES), rows)

    def add_step(self, draft: Draft, step: DraftStep) -> None:
        """Add a step, and its entry of the audit log."""
        self._connection.execute(insert(_STEPS), step._asdict())
        self.ledger.record(step.actor, f"draft-{step.kind}", draft.id, step_details(draft, step))


def step_details(draft: Draft, step: DraftStep) -> dict[str, object]:
    """What the audit log keeps of a step beside who, what and of which draft."""
    told = step._asdict()
    details = {name: told[name] for name in DraftStep._fields if name not in ("draft_id", "kind", "actor")}
    details["created_at"] = step.created_at.isoformat()
    named = {"title": draft.title, "owner": draft.owner} if step.kind is DraftStepKind.CREATE else {}
    return {name: value for name, value in details.items() if value not in ("", 0, None)} | named


class DraftStore:
    """The drafts of a database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        """Use `database`."""
        self.database = database

    @contextmanager
    def reading(self) -> Iterator[DraftBook]:
        """The drafts, to read. Raises `StoreUnavailable`."""
        with self.database.snapshot() as connection:
            yield DraftBook(connection)

    @contextmanager
    def writing(self) -> Iterator[DraftBook]:
        """The drafts and releases, to change in one transaction, with no other writer. Raises `StoreUnavailable`."""
        with self.database.write() as connection:
            yield DraftBook(connection)
