"""Estimates by name and request id, as the first version kept them; a table that it made itself is left as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of estimates."""
    op.create_table(
        "estimates",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("request_id", sa.String, nullable=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("plan_id", sa.String, nullable=False),
        sa.Column("rule_release", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_estimates_request_id", "estimates", ["request_id"], unique=True, if_not_exists=True)


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_table("estimates")
