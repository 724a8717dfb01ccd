"""Compiled tables for each schema of the engine; the number of the contract under which an estimate was answered.

Compiled tables are made anew from a release's files, so those of before, which this version does not read, are let go.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables anew, add the contract number (what was answered before is contract 1), index the log."""
    op.drop_table("release_tables")
    op.create_table(
        "release_tables",
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), primary_key=True),
        sa.Column("schema", sa.String, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    with op.batch_alter_table("estimates") as batch:
        batch.add_column(sa.Column("contract", sa.Integer, nullable=False, server_default="1"))
    op.create_index("ix_audit_subject", "audit", ["subject"])


def downgrade() -> None:
    """The tables as they were, empty: the version before compiles anew what it needs."""
    op.drop_index("ix_audit_subject", "audit")
    with op.batch_alter_table("estimates") as batch:
        batch.drop_column("contract")
    op.drop_table("release_tables")
    op.create_table(
        "release_tables",
        sa.Column("release_id", sa.String, sa.ForeignKey("releases.id"), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
