"""Whoever writes to the database by other ways is refused by it, or found by `audit verify`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

from camcover.store import AuditFault, Compiled, Database, DraftStore, open_database
from camcover.store.schema import APPEND_ONLY
from camcover.workflow.activation import Decision, activate, cancel, roll_back
from camcover.workflow.auditing import verify
from camcover.workflow.drafting import DraftSave, comment, create_draft, save_draft
from camcover.workflow.release_rules import ReleaseRules
from databases import new_sqlite_database

BOB = Decision("bob", "because")
REPLACING = [
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "REPLACE INTO {table} (rowid, {columns}) SELECT rowid, {columns} FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT DO UPDATE SET rowid = 9",
]
GUARDED = (*APPEND_ONLY, "release_tables", "audit_head")


@pytest.fixture
def database(releases: Any) -> Database:
    """Three releases, two activations, a roll-back, a scheduled one called off, and a setting made twice."""
    first, second, third = releases.ids
    activate(releases.rules, first, BOB)
    activate(releases.rules, second, BOB)
    roll_back(releases.rules, BOB)
    planned = activate(releases.rules, third, BOB, datetime.now(UTC) + timedelta(days=30))
    cancel(releases.store, planned.id, BOB)
    for is_on in (True, False):
        with releases.store.writing() as ledger:
            ledger.set_four_eyes("boss", is_on=is_on)
    found: Database = releases.database
    return found


@pytest.fixture
def drafted(database: Database) -> Database:
    """The same with a draft of two revisions, and a comment."""
    store = DraftStore(database)
    draft = create_draft(store, "ana", "Forty", {"a.yaml": b"a", "fees.yaml": None})
    save_draft(store, draft.draft.id, DraftSave("cy", 1, {"a.yaml": b"b"}))
    comment(store, draft.draft.id, "bob", "Why?")
    return database


def without_triggers(database: Database) -> None:
    """As whoever owns the database can have it."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in GUARDED:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


def tamper(database: Database, *statements: str) -> None:
    """Run statements past the triggers and the foreign keys."""
    without_triggers(database)
    if database.is_sqlite:
        # Another program's connection, which does not ask for foreign keys.
        with closing(sqlite3.connect(str(database.engine.url.database))) as other, other:
            for statement in statements:
                assert other.execute(statement).rowcount != 0, statement
        return
    with database.engine.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement)).rowcount != 0, statement


def rows(database: Database, table: str) -> Any:
    """The rows of a table, in some order."""
    with database.engine.connect() as connection:
        return sorted(connection.execute(SQLModel.metadata.tables[table].select()).fetchall(), key=repr)


def test_an_unchanged_database_verifies(database: Database) -> None:
    """Three publications, four decisions, one called off, two settings."""
    found = verify(database)
    assert (found.entries, found.releases, found.decisions, found.settings, found.drafts) == (10, 3, 4, 1, 0)
    assert verify(database, found.last_hash) == found


@pytest.mark.parametrize("table", GUARDED)
def test_no_statement_deletes_append_only_rows(drafted: Database, table: str) -> None:
    """DELETE, TRUNCATE, and INSERT OR REPLACE by the key or by the number that SQLite gives each row."""
    database = drafted
    before = rows(database, table)
    deleting = [] if table == "release_tables" else ["DELETE FROM {table}"]
    for statement in (*deleting, *(REPLACING if database.is_sqlite else ["TRUNCATE {table} CASCADE"])):
        named = statement.format(table=table, columns=", ".join(before[0]._fields))
        with database.engine.connect() as connection, pytest.raises(DatabaseError, match="only added"):
            connection.execute(text(named))
    assert rows(database, table) == before


def test_no_row_of_another_key_takes_the_number_of_one_that_is_there(tmp_path: Path) -> None:
    """SQLite gives rows numbers of its own; a new key under an old number would replace the row."""
    with closing(open_database(new_sqlite_database(tmp_path / "camcover.sqlite"))) as database:
        statement = text("INSERT OR REPLACE INTO contents (rowid, digest, body) VALUES (1, :digest, x'00')")
        with database.engine.begin() as connection:
            connection.execute(statement, {"digest": "one"})
        with database.engine.connect() as connection, pytest.raises(DatabaseError, match="only added"):
            connection.execute(statement, {"digest": "other"})


@pytest.mark.parametrize("change", [{"entries": 9}, {"hash": "another"}, {"entries": 10, "hash": "another"}])
def test_the_head_of_the_log_only_counts_up(database: Database, change: dict[str, Any]) -> None:
    with database.engine.connect() as connection, pytest.raises(DatabaseError, match="only added"):
        connection.execute(SQLModel.metadata.tables["audit_head"].update().values(change))


def test_compiled_rules_are_not_altered(database: Database) -> None:
    with database.engine.connect() as connection, pytest.raises(DatabaseError, match="only added"):
        connection.execute(text("UPDATE release_tables SET body = :body"), {"body": b"evil"})


TAMPERING = {
    "another actor in the log": ("UPDATE audit SET actor = 'eve' WHERE seq = 2", "entry 2 was changed"),
    "an entry is gone": ("DELETE FROM audit WHERE seq = 3", "entry 3 is missing"),
    "the last entry is gone": ("DELETE FROM audit WHERE seq = 10", "9 entries, but 10 were written"),
    "the whole log is gone": ("DELETE FROM audit", "0 entries, but 10 were written"),
    "another release is active": (
        "UPDATE activations SET release_id = (SELECT id FROM releases ORDER BY created_at DESC LIMIT 1) WHERE id = 1",
        "activation 1: release is",
    ),
    "a decision is moved": ("UPDATE activations SET effective_at = '2020-01-01 00:00:00' WHERE id = 2", "effective_at"),
    "a decision is made earlier": ("UPDATE activations SET created_at = '2020-01-01 00:00:00' WHERE id = 2", "created"),
    "a decision is another's": ("UPDATE activations SET actor = 'eve' WHERE id = 2", "actor is 'eve'"),
    "a decision is bound": ("UPDATE activations SET only_from = from_release WHERE id = 2", "only_from is 'rules-"),
    "a decision is gone": ("DELETE FROM activations WHERE id = 2", "activation 2 is missing, but entry 5 records it"),
    "a decision that nobody made": (
        """INSERT INTO activations SELECT 99, kind, release_id, from_release, actor, reason, created_at, effective_at,
        only_from FROM activations WHERE id = 1""",
        "activation 99: no entry of the log records it",
    ),
    "it was not called off": ("DELETE FROM cancellations", "cancellation of activation 4 is missing"),
    "called off by another": ("UPDATE cancellations SET actor = 'eve'", "cancellation of activation 4: actor is 'eve'"),
    "called off by nobody": (
        "INSERT INTO cancellations SELECT 1, actor, reason, created_at FROM cancellations",
        "cancellation of activation 1: no entry",
    ),
    "four eyes are on": ("UPDATE settings SET value = 'on' WHERE value = 'off'", "setting four-eyes: value is 'on'"),
    "a setting is gone": ("DELETE FROM settings WHERE entry = 10", "the setting of entry 10 is missing"),
    "a setting that nobody made": ("INSERT INTO settings VALUES (11, 'four-eyes', 'on')", "four-eyes = on: no entry"),
    "a content is another": ("UPDATE contents SET body = :body", "was changed after it was published"),
    "a file is another's content": (
        """UPDATE release_files SET content = (SELECT min(digest) FROM contents)
        WHERE release_id = (SELECT min(id) FROM releases)""",
        "its files differ from the published files",
    ),
    "a release is another's": ("UPDATE releases SET author = 'eve'", "author is 'eve'"),
    "a release is older": ("UPDATE releases SET created_at = '2020-01-01 00:00:00'", "created_at is"),
    "a release has more plans": ("UPDATE releases SET plan_count = 9", "plan_count is 9"),
    "compiled rules are others": (
        "UPDATE release_tables SET body = :body",
        "its compiled rules differ from those that",
    ),
    "a publication is gone": (
        "DELETE FROM releases WHERE id = (SELECT id FROM releases ORDER BY created_at DESC LIMIT 1)",
        "is missing, but entry 3 records it",
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_changes_past_the_triggers_are_found(database: Database, name: str) -> None:
    statement, said = TAMPERING[name]
    tamper(database, statement.replace(":body", "x'00'" if database.is_sqlite else r"'\x00'"))
    with pytest.raises(AuditFault, match=said):
        verify(database)


TAMPERING_WITH_DRAFTS = {
    "another wrote it": ("UPDATE draft_steps SET actor = 'eve' WHERE number = 2", "step 2 of drafts/.*actor is 'eve'"),
    "another began it": ("UPDATE drafts SET owner = 'eve'", "step 1 of drafts/.*: owner is 'eve'"),
    "it was approved": (
        """INSERT INTO draft_steps SELECT draft_id, 4, 'approve', 'eve', created_at, revision, base, digest, '', '', 0,
        release_id, activation_id FROM draft_steps WHERE number = 3""",
        r"step of a draft \('drafts/.*', 4\): no entry of the log records it",
    ),
    "it was never said": ("DELETE FROM draft_steps WHERE number = 3", "step of a draft .* is missing, but entry 13"),
    "other words": ("UPDATE draft_steps SET text = 'Fine.' WHERE number = 3", "text is 'Fine.', but entry 13"),
    "another line": ("UPDATE draft_steps SET line = 7 WHERE number = 3", "line is 7, but entry 13 records None"),
    "other files": (
        "UPDATE draft_files SET content = NULL WHERE revision = 1",
        "files of revision 1 were changed after they were saved",
    ),
    "a draft without steps": (
        "INSERT INTO drafts SELECT 'drafts/0', title, owner, created_at FROM drafts",
        "a draft has no step, or a step no draft",
    ),
}


@pytest.mark.parametrize("name", TAMPERING_WITH_DRAFTS)
def test_changes_of_drafts_past_the_triggers_are_found(drafted: Database, name: str) -> None:
    statement, said = TAMPERING_WITH_DRAFTS[name]
    tamper(drafted, statement)
    with pytest.raises(AuditFault, match=said):
        verify(drafted)


def test_a_shortened_log_with_its_head_is_found_by_rows_without_an_entry(database: Database) -> None:
    """The last entry is of the setting, which is still there."""
    tamper(
        database,
        "DELETE FROM audit WHERE seq = 10",
        "UPDATE audit_head SET entries = 9, hash = (SELECT hash FROM audit WHERE seq = 9)",
    )
    with pytest.raises(AuditFault, match="four-eyes = off: no entry"):
        verify(database)


def test_a_new_compilation_by_another_version_is_logged(releases: Any, database: Database) -> None:
    with releases.store.writing() as ledger:
        ledger.set_compiled(releases.ids[0], Compiled("other", b"of another version"))
    assert verify(database).entries == 11


def test_deleted_compiled_rules_are_compiled_again(releases: Any, database: Database, tmp_path: Path) -> None:
    """Whoever may delete can; the release does not change by it."""
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM release_tables"))
    verify(database)
    assert ReleaseRules(releases.store, tmp_path).tables(releases.ids[0]).release == releases.ids[0]
    verify(database)
