"""The audit log shows what was changed, moved or removed, by any way to the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import SQLModel

from camcover.store import AuditFault, AuditLog, Database, open_database
from camcover.store.audit import record

TABLE = SQLModel.metadata.tables["audit"]


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Three entries, and no triggers: whoever changes the log has taken them away."""
    opened = open_database(url)
    for number in (1, 2, 3):
        with opened.write() as connection:
            record(connection, "ana", "publish", f"rules-{number}", details={"über": number, "a": 1})
    with opened.engine.begin() as connection:
        for event in ("update", "delete"):
            on_table = "" if opened.is_sqlite else " ON audit"
            connection.execute(text(f"DROP TRIGGER audit_{event}{on_table}"))
    yield opened
    opened.close()


def test_an_unchanged_log_verifies(database: Database) -> None:
    """The hash of the first entry is that of its fields as JSON, worked out apart."""
    first, _, third = AuditLog(database).entries()
    content = f'[1,"{first.at}","ana","publish","rules-1","{{\\"a\\": 1, \\"über\\": 1}}","{"0" * 64}"]'
    assert first.hash == hashlib.sha256(content.encode()).hexdigest()
    assert AuditLog(database).verify() == (3, third.hash)
    assert AuditLog(database).verify(first.hash) == (3, third.hash)


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "details"])
def test_a_changed_entry(database: Database, column: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.seq == 2).values({column: "mallory"}))
    with pytest.raises(AuditFault, match="entry 2 was changed after it was written"):
        AuditLog(database).verify()


def test_a_changed_entry_with_a_hash_to_match(database: Database) -> None:
    """It shows at the entry behind it."""
    second = list(AuditLog(database).entries())[1]
    forged = second._replace(actor="mallory")
    with database.engine.begin() as connection:
        values = {"actor": "mallory", "hash": forged.computed_hash()}
        connection.execute(update(TABLE).where(TABLE.c.seq == 2).values(values))
    with pytest.raises(AuditFault, match="entry 3 does not follow entry 2; one of the two was changed or replaced"):
        AuditLog(database).verify()


def test_a_removed_entry(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.seq == 2))
    with pytest.raises(AuditFault, match="entry 2 is missing; found entry 3 in its place"):
        AuditLog(database).verify()


def test_entries_cut_off_the_end_show_by_their_number(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.seq == 3))
    with pytest.raises(AuditFault, match="the log has 2 entries, but 3 were written"):
        AuditLog(database).verify()


def test_entries_cut_off_and_written_anew_show_by_the_last_hash(database: Database) -> None:
    """The service itself goes on to write: the number is the same again, the hash is not."""
    with database.engine.begin() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.seq == 3))
    with database.write() as connection:
        record(connection, "mallory", "publish", "rules-3", details={})
    with pytest.raises(AuditFault, match=r"entry 3 was replaced: the database notes .* as the last hash"):
        AuditLog(database).verify()


def test_a_head_that_was_removed(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_head_delete" + ("" if database.is_sqlite else " ON audit_head")))
        connection.execute(text("DELETE FROM audit_head"))
    with pytest.raises(AuditFault, match="table audit_head"):
        AuditLog(database).verify()


def test_a_log_that_was_cut_and_its_head_too_shows_by_a_noted_hash(database: Database) -> None:
    """Nothing inside the database can tell; what was noted elsewhere can."""
    _, noted = AuditLog(database).verify()
    second = list(AuditLog(database).entries())[1]
    with database.engine.begin() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.seq == 3))
        connection.execute(text("DROP TRIGGER audit_head_update" + ("" if database.is_sqlite else " ON audit_head")))
        connection.execute(text("UPDATE audit_head SET entries = 2, hash = :hash"), {"hash": second.hash})
    assert AuditLog(database).verify()[0] == 2
    with pytest.raises(AuditFault, match=f"no entry has the hash {noted}"):
        AuditLog(database).verify(noted)
