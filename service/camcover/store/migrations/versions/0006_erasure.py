"""An estimate may be erased: its row stays with name, subject and times. Estimates are listed by subject and time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_LISTED, _KEYS_OF = "ix_estimates_subject_created_at_name", "ix_idempotency_keys_estimate"


def upgrade() -> None:
    """Add the time of erasure, the order of lists, and the way from an estimate to its request id."""
    op.add_column("estimates", sa.Column("erased_at", sa.DateTime, nullable=True))
    op.create_index(_LISTED, "estimates", ["subject", "created_at", "name"])
    op.create_index(_KEYS_OF, "idempotency_keys", ["estimate"])


def downgrade() -> None:
    """Delete the rows of erased estimates, which earlier versions would take for estimates, and what was added."""
    op.execute("DELETE FROM estimates WHERE erased_at IS NOT NULL")
    op.drop_index(_KEYS_OF, "idempotency_keys")
    op.drop_index(_LISTED, "estimates")
    with op.batch_alter_table("estimates") as batch:
        batch.drop_column("erased_at")
