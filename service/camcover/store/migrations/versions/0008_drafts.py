"""Drafts of rule changes with their steps and files, which are only added to; activations bound to the release before.

A column of activations is dropped by a statement of its own: a table that is made anew would lose its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from camcover.store.errors import DatabaseError

revision = "0008"
down_revision = "0007"

_KEYS = {"drafts": ("id",), "draft_steps": ("draft_id", "number"), "draft_files": ("draft_id", "revision", "name")}
"""The new tables, each with its key; what refers to another stands behind it."""


def upgrade() -> None:
    """Add the tables with their triggers, and the column."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_drafts_created_at", "drafts", ["created_at"])
    op.create_table(
        "draft_steps",
        sa.Column("draft_id", sa.String, sa.ForeignKey("drafts.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("base", sa.String, sa.ForeignKey("releases.id"), nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), nullable=True),
        sa.Column("activation_id", sa.Integer, sa.ForeignKey("activations.id"), nullable=True),
    )
    op.create_table(
        "draft_files",
        sa.Column("draft_id", sa.String, sa.ForeignKey("drafts.id"), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("content", sa.String, sa.ForeignKey("contents.digest"), nullable=True),
    )
    op.add_column("activations", sa.Column("only_from", sa.String, nullable=True))
    for table, key in _KEYS.items():
        for event in ("update", "delete"):
            _refuse(table, event)
        if _is_postgresql():
            _refuse(table, "truncate")
        else:
            same = " AND ".join(f"{name} = NEW.{name}" for name in key)
            row = f"SELECT 1 FROM {table} WHERE (rowid = NEW.rowid) OR ({same})"  # noqa: S608 - names of this file alone
            _refuse(table, "insert", f"EXISTS ({row})")


def downgrade() -> None:
    """Drop what `upgrade` made, and the drafts.

    Raises `DatabaseError` where an activation depends on the release before it: earlier versions would have it hold
    whatever was active.
    """
    bound = op.get_bind().execute(sa.text("SELECT id FROM activations WHERE only_from IS NOT NULL ORDER BY id")).first()
    if bound is not None:
        raise DatabaseError(
            f"activation {bound.id} depends on the release before it, which earlier versions do not know; "
            "restore a backup of before instead"
        )
    for table in reversed(_KEYS):
        op.drop_table(table)
    op.execute("ALTER TABLE activations DROP COLUMN only_from")


def _refuse(table: str, event: str, condition: str = "") -> None:
    """A trigger before an event on a table."""
    when = f" WHEN ({condition})" if condition else ""
    each = "STATEMENT" if event == "truncate" else "ROW"
    action = (
        "EXECUTE FUNCTION camcover_refuse_change()"
        if _is_postgresql()
        else f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
    )
    op.execute(f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} FOR EACH {each}{when} {action}")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
