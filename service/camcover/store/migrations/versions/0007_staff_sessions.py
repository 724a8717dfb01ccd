"""Who is signed in at the pages for staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table of sessions."""
    op.create_table(
        "staff_sessions",
        sa.Column("cookie", sa.String, primary_key=True),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("roles", sa.String, nullable=False),
        sa.Column("payers", sa.String, nullable=True),
        sa.Column("is_listed", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_staff_sessions_expires_at", "staff_sessions", ["expires_at"])


def downgrade() -> None:
    """Drop it: everybody signs in again."""
    op.drop_index("ix_staff_sessions_expires_at", "staff_sessions")
    op.drop_table("staff_sessions")
