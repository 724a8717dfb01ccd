"""Estimates and request ids belong to the caller's subject; those that are there, to `anyone`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ANYONE = "anyone"
_KEYS = "idempotency_keys"
_EXPIRY = "ix_idempotency_keys_expires_at"
_OTHERS = ("fingerprint", "estimate", "expires_at")


def upgrade() -> None:
    """Give both a subject; a request id is unique among those of its subject."""
    with op.batch_alter_table("estimates") as batch:
        batch.add_column(sa.Column("subject", sa.String, nullable=False, server_default=_ANYONE))
    if op.get_bind().dialect.name == "postgresql":
        # Nothing but this migration gives a row a subject that its writer did not name.
        op.alter_column("estimates", "subject", server_default=None)
    _replace_keys(
        ["subject", "request_id"],
        "SELECT 'anyone' AS subject, request_id, fingerprint, estimate, expires_at FROM idempotency_keys",
    )


def downgrade() -> None:
    """Take the subjects away; of one request id of several subjects the oldest stays, the estimates all do."""
    _replace_keys(
        ["request_id"],
        "SELECT request_id, fingerprint, estimate, expires_at FROM (SELECT *, row_number() OVER "
        "(PARTITION BY request_id ORDER BY expires_at, subject) AS place FROM idempotency_keys) AS placed "
        "WHERE place = 1",
    )
    with op.batch_alter_table("estimates") as batch:
        batch.drop_column("subject")


def _replace_keys(primary: list[str], rows: str) -> None:
    """Make the table of request ids anew with another primary key, from the rows of a query in order of columns."""
    types = {"fingerprint": sa.LargeBinary, "estimate": sa.String, "expires_at": sa.DateTime}
    op.create_table(
        "new_keys",
        *(sa.Column(name, sa.String, primary_key=True) for name in primary),
        *(sa.Column(name, types[name], nullable=False) for name in _OTHERS),
    )
    op.execute(f"INSERT INTO new_keys ({', '.join((*primary, *_OTHERS))}) {rows}")
    op.drop_table(_KEYS)
    op.rename_table("new_keys", _KEYS)
    op.create_index(_EXPIRY, _KEYS, ["expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX new_keys_pkey RENAME TO {_KEYS}_pkey")
