"""Releases, activations, audit and settings; request ids in a table of their own, with an end."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY_LIFE = timedelta(days=30)
_APPEND_ONLY = ("releases", "release_files", "contents", "activations", "cancellations", "audit")


def upgrade() -> None:
    """Make the tables, move request ids into theirs, and let the database refuse changes of what is only added to."""
    _move_request_ids_out()
    _make_release_tables()
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("at", "actor", "action", "subject", "details")),
        sa.Column("previous", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    op.create_table(
        "settings", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
    )
    _refuse_changes()


def downgrade() -> None:
    """Drop what `upgrade` made; request ids go back where their estimate is kept whole, others are dropped with it."""
    for table in _APPEND_ONLY:
        for event in ("update", "delete"):
            on_table = f" ON {table}" if _is_postgresql() else ""
            op.execute(f"DROP TRIGGER {table}_{event}{on_table}")
    if _is_postgresql():
        op.execute("DROP FUNCTION camcover_refuse_change()")
    for table in ("settings", "audit", "cancellations", "activations", "release_tables", "release_files", "contents"):
        op.drop_table(table)
    op.drop_table("releases")
    op.drop_index("ix_estimates_created_at", "estimates")
    op.execute("DELETE FROM estimates WHERE body IS NULL")
    with op.batch_alter_table("estimates") as batch:
        batch.add_column(sa.Column("request_id", sa.String, nullable=True))
        batch.drop_column("request")
        batch.drop_column("body_digest")
        batch.alter_column("body", existing_type=sa.LargeBinary, nullable=False)
    op.execute(
        "UPDATE estimates SET request_id = "
        "(SELECT request_id FROM idempotency_keys WHERE idempotency_keys.estimate = estimates.name)"
    )
    op.create_index("ix_estimates_request_id", "estimates", ["request_id"], unique=True)
    op.drop_table("idempotency_keys")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _move_request_ids_out() -> None:
    """Request ids get a table and an end; estimates get room for the request and for a hash of the answer."""
    keys = op.create_table(
        "idempotency_keys",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("estimate", sa.String, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False, index=True),
    )
    with op.batch_alter_table("estimates") as batch:
        batch.add_column(sa.Column("request", sa.LargeBinary, nullable=True))
        batch.add_column(sa.Column("body_digest", sa.LargeBinary, nullable=True))
    estimates = sa.table(
        "estimates",
        *(sa.column(name) for name in ("name", "request_id", "fingerprint", "body", "body_digest")),
        sa.column("created_at", sa.DateTime),
    )
    bind = op.get_bind()
    for row in bind.execute(sa.select(estimates)).fetchall():
        digest = hashlib.sha256(row.body).digest()
        bind.execute(sa.update(estimates).where(estimates.c.name == row.name).values(body_digest=digest))
        if row.request_id:
            bind.execute(
                sa.insert(keys).values(
                    request_id=row.request_id,
                    fingerprint=row.fingerprint,
                    estimate=row.name,
                    expires_at=row.created_at + _KEY_LIFE,
                )
            )
    op.drop_index("ix_estimates_request_id", "estimates")
    with op.batch_alter_table("estimates") as batch:
        batch.drop_column("request_id")
        batch.alter_column("body", existing_type=sa.LargeBinary, nullable=True)
        batch.alter_column("body_digest", existing_type=sa.LargeBinary, nullable=False)
    op.create_index("ix_estimates_created_at", "estimates", ["created_at"])


def _make_release_tables() -> None:
    """Releases, their files and compiled tables, and what was made active when."""
    op.create_table(
        "releases",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False, index=True),
        sa.Column("parent", sa.String, nullable=True),
        sa.Column("file_count", sa.Integer, nullable=False),
        sa.Column("plan_count", sa.Integer, nullable=False),
    )
    op.create_table(
        "contents",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "release_files",
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("content", sa.String, sa.ForeignKey("contents.digest"), nullable=False),
    )
    op.create_table(
        "release_tables",
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "activations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), nullable=False),
        sa.Column("from_release", sa.String, nullable=True),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("effective_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "cancellations",
        sa.Column("activation_id", sa.Integer, sa.ForeignKey("activations.id"), primary_key=True),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )


def _refuse_changes() -> None:
    """Triggers on the tables that are only added to."""
    if _is_postgresql():
        op.execute(
            "CREATE FUNCTION camcover_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
        )
    for table in _APPEND_ONLY:
        for event in ("update", "delete"):
            action = (
                "EXECUTE FUNCTION camcover_refuse_change()"
                if _is_postgresql()
                else f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
            op.execute(f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} FOR EACH ROW {action}")
