"""The tables of the database, as the newest migration leaves them.

`migrations/` makes them; a test compares the two. Times are UTC, without a zone in the column. Rows of the tables in
`APPEND_ONLY` are only ever added: triggers of the database refuse anything else.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Dialect, Index, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

__all__ = ["ANYONE", "APPEND_ONLY", "HEAD", "PAGES", "UtcTime"]

HEAD = "0008"
"""The revision that this version works with."""

APPEND_ONLY = (
    "releases",
    "release_files",
    "contents",
    "activations",
    "cancellations",
    "audit",
    "settings",
    "drafts",
    "draft_steps",
    "draft_files",
)

ANYONE = "anyone"
"""The subject of callers where no tokens are asked for, and of estimates of versions that kept no subject."""

PAGES = "saved-by-pages"
"""The subject of plans of care that patients keep on the pages. No caller has it."""


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone in Python, in UTC without one in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed
        """To UTC."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - fixed
        """With its zone again."""
        return None if value is None else value.replace(tzinfo=UTC)


class EstimateTable(SQLModel, table=True):
    """Estimates as they were answered; `request` and `body` are null where only hashes are kept.

    `contract` is the number of the contract of estimates under which `body_digest` was made (api/contract.py). Of an
    erased one nothing is left but name, subject and times; the other columns are empty.
    """

    __tablename__ = "estimates"
    __table_args__ = (Index("ix_estimates_subject_created_at_name", "subject", "created_at", "name"),)

    name: str = Field(primary_key=True)
    subject: str
    fingerprint: bytes
    plan_id: str
    rule_release: str
    created_at: datetime = Field(sa_type=UtcTime, index=True)
    request: bytes | None = None
    body: bytes | None = None
    body_digest: bytes
    contract: int
    erased_at: datetime | None = Field(default=None, sa_type=UtcTime)


class IdempotencyKeyTable(SQLModel, table=True):
    """Request ids of each caller: what content came with them, and which estimate answered it, until they expire."""

    __tablename__ = "idempotency_keys"

    subject: str = Field(primary_key=True)
    request_id: str = Field(primary_key=True)
    fingerprint: bytes
    estimate: str = Field(index=True)
    expires_at: datetime = Field(sa_type=UtcTime, index=True)


class ReleaseTable(SQLModel, table=True):
    """Releases: immutable rule files, named by the SHA-256 of their contents and names."""

    __tablename__ = "releases"

    id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    author: str
    message: str
    created_at: datetime = Field(sa_type=UtcTime, index=True)
    parent: str | None = None
    file_count: int
    plan_count: int


class ContentTable(SQLModel, table=True):
    """Contents of files by their SHA-256, each once whatever number of releases holds it."""

    __tablename__ = "contents"

    digest: str = Field(primary_key=True)
    body: bytes


class ReleaseFileTable(SQLModel, table=True):
    """The files of each release, by their name below the rules' folder."""

    __tablename__ = "release_files"

    release_id: str = Field(primary_key=True, foreign_key="releases.id")
    name: str = Field(primary_key=True)
    content: str = Field(foreign_key="contents.digest")


class ReleaseTablesTable(SQLModel, table=True):
    """Each release compiled, as `engine.compiling.stored` writes it, for each schema of the engine that asked for it.

    The audit log holds the SHA-256 of `body`.
    """

    __tablename__ = "release_tables"

    release_id: str = Field(primary_key=True, foreign_key="releases.id")
    schema_: str = Field(sa_column=Column("schema", String, primary_key=True))
    body: bytes


class ActivationTable(SQLModel, table=True):
    """Who made which release the active one, why, in place of which, from when on.

    `only_from`: it has an effect only if that release is active at its time.
    """

    __tablename__ = "activations"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    release_id: str = Field(foreign_key="releases.id")
    from_release: str | None = None
    actor: str
    reason: str
    created_at: datetime = Field(sa_type=UtcTime)
    effective_at: datetime = Field(sa_type=UtcTime)
    only_from: str | None = None


class CancellationTable(SQLModel, table=True):
    """Activations that were called off before their time."""

    __tablename__ = "cancellations"

    activation_id: int = Field(primary_key=True, foreign_key="activations.id")
    actor: str
    reason: str
    created_at: datetime = Field(sa_type=UtcTime)


class AuditTable(SQLModel, table=True):
    """What was done to rules and data, each entry bound to the one before by a hash."""

    __tablename__ = "audit"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: str
    actor: str
    action: str
    subject: str = Field(index=True)
    details: str
    previous: str
    hash: str


class AuditHeadTable(SQLModel, table=True):
    """How many entries the audit log has, and the hash of the last: one row, which triggers let count up alone."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entries: int
    hash: str


class SettingTable(SQLModel, table=True):
    """What holds for everyone who uses this database: of each key the newest row. `entry`: its entry of the log."""

    __tablename__ = "settings"

    entry: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str
    value: str


class StaffSessionTable(SQLModel, table=True):
    """Who is signed in at the pages for staff, by the SHA-256 of the cookie and of the token; neither stands here.

    `roles` and `payers` are words with spaces between them; `payers` is null where all rules may be changed.
    `is_listed`: the token stands in the file of tokens, and the session ends with its entry there.
    """

    __tablename__ = "staff_sessions"

    cookie: str = Field(primary_key=True)
    token: str
    subject: str
    roles: str
    payers: str | None = None
    is_listed: bool
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime, index=True)


class DraftTable(SQLModel, table=True):
    """Drafts of rule changes; what becomes of one follows from its steps."""

    __tablename__ = "drafts"

    id: str = Field(primary_key=True)
    title: str
    owner: str
    created_at: datetime = Field(sa_type=UtcTime, index=True)


class DraftStepTable(SQLModel, table=True):
    """What was done to each draft, in order: the revision, base and digest of its files at that step.

    `file` is empty and `line` 0 where a comment is about the whole.
    """

    __tablename__ = "draft_steps"

    draft_id: str = Field(primary_key=True, foreign_key="drafts.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    actor: str
    created_at: datetime = Field(sa_type=UtcTime)
    revision: int
    base: str = Field(foreign_key="releases.id")
    digest: str
    text: str
    file: str
    line: int
    release_id: str | None = Field(default=None, foreign_key="releases.id")
    activation_id: int | None = Field(default=None, foreign_key="activations.id")


class DraftFileTable(SQLModel, table=True):
    """The files of each revision of a draft that differ from its base; without content: removed."""

    __tablename__ = "draft_files"

    draft_id: str = Field(primary_key=True, foreign_key="drafts.id")
    revision: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(primary_key=True)
    content: str | None = Field(default=None, foreign_key="contents.digest")
