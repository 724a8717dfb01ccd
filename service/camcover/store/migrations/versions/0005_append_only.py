"""What is only added to is only added to, whatever the statement: TRUNCATE and INSERT OR REPLACE are refused, too.

Settings are added as well, each bound to its entry of the audit log; and the log's length and last hash are kept beside
it, so that entries cut off its end show.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEYS = {
    "releases": (("id",), ("digest",)),
    "release_files": (("release_id", "name"),),
    "contents": (("digest",),),
    "activations": (("id",),),
    "cancellations": (("activation_id",),),
    "audit": (("seq",),),
    "settings": (("entry",),),
}
"""The tables that are only added to, each with its unique keys."""

_REPLACED = {"release_tables": (("release_id", "schema"),), "audit_head": (("id",),)}
"""Tables of which a row may take another's place in the ways below alone."""

_NO_HASH = "0" * 64


def upgrade() -> None:
    """Make settings a table that is added to, the head of the log, and the triggers."""
    _replace_settings(
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
        "SELECT (SELECT coalesce(max(seq), 0) FROM audit WHERE action = 'set' AND subject = key), key, value",
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    last = op.get_bind().execute(sa.text("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")).first()
    row = {"id": 1, "entries": last.seq if last else 0, "hash": last.hash if last else _NO_HASH}
    op.execute(sa.insert(head).values(row))
    for event in ("update", "delete"):
        _refuse("settings", event)
    # Compiled tables may be taken out, to be made anew by another version; nothing of them is ever altered.
    _refuse("release_tables", "update")
    _refuse("audit_head", "delete")
    _refuse("audit_head", "update", "NEW.entries <= OLD.entries")
    for table, keys in (_KEYS | _REPLACED).items():
        if _is_postgresql():
            _refuse(table, "truncate")
        else:
            _refuse(table, "insert", _exists(table, keys))


def downgrade() -> None:
    """Drop what `upgrade` made; of each setting the newest value stays."""
    for table in _KEYS | _REPLACED:
        _allow(table, "truncate" if _is_postgresql() else "insert")
    for table, event in (("release_tables", "update"), ("settings", "update"), ("settings", "delete")):
        _allow(table, event)
    op.drop_table("audit_head")
    _replace_settings(
        sa.Column("key", sa.String, primary_key=True),
        "SELECT key, value",
        "WHERE entry = (SELECT max(entry) FROM settings AS others WHERE others.key = settings.key)",
    )


def _replace_settings(first: sa.Column[Any], query: str, where: str = "") -> None:
    """Make the settings anew, with another first column, from their rows."""
    columns = [sa.Column(name, sa.String, nullable=False) for name in ("key", "value") if name != first.name]
    op.create_table("new_settings", first, *columns)
    names = ", ".join(each.name for each in (first, *columns))
    op.execute(f"INSERT INTO new_settings ({names}) {query} FROM settings {where}")
    op.drop_table("settings")
    op.rename_table("new_settings", "settings")
    if _is_postgresql():
        op.execute("ALTER INDEX new_settings_pkey RENAME TO settings_pkey")


def _exists(table: str, keys: tuple[tuple[str, ...], ...]) -> str:
    """The condition that a new row of SQLite stands in the place of another, be it by the number that SQLite gives."""
    same = [" AND ".join(f"{name} = NEW.{name}" for name in key) for key in (("rowid",), *keys)]
    condition = " OR ".join(f"({each})" for each in same)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {condition})"  # noqa: S608 - names of this file alone


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


def _allow(table: str, event: str) -> None:
    """Drop such a trigger."""
    op.execute(f"DROP TRIGGER {table}_{event}" + (f" ON {table}" if _is_postgresql() else ""))


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
