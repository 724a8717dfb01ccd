"""The database: brought up to date and back without loss, by several at once, or refused with what helps."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from camcover.store import (
    AuditEntry,
    Database,
    DatabaseError,
    KeptEstimates,
    OutdatedDatabase,
    ReleaseStore,
    open_database,
)
from camcover.store import database as database_module
from camcover.store.schema import APPEND_ONLY, HEAD
from databases import new_postgresql_database, upgrade_with
from forked import ForkingContext


def test_the_newest_migration_is_what_this_version_needs() -> None:
    folder = Path(database_module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_migrations_make_the_tables_that_the_models_name(url: str) -> None:
    database = Database(url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    database.close()


def test_up_and_down_and_up_again(empty_url: str) -> None:
    database = Database(empty_url)
    assert database.revision() is None
    for revision in ("0001", HEAD):
        database.upgrade(revision)
        assert database.revision() == revision
    database.downgrade("0001")
    database.upgrade()
    database.downgrade("base")
    assert database.revision() is None
    with database.engine.connect() as connection:
        assert not database.engine.dialect.has_table(connection, "estimates")
    database.upgrade()
    assert database.revision() == HEAD
    database.close()


def test_estimates_of_the_first_version_stay(empty_url: str) -> None:
    """Two rows as revision 0001 kept them, one with a request id: found after the upgrade, and after going back."""
    database = Database(empty_url)
    database.upgrade("0001")
    made = datetime.now(UTC).replace(tzinfo=None)
    insert = text("INSERT INTO estimates VALUES (:name, :request_id, :fingerprint, 'plan', 'rules-0', :made, :body)")
    with database.engine.begin() as connection:
        for name, request_id in (("estimates/1", "a"), ("estimates/2", None)):
            row = {"name": name, "request_id": request_id, "fingerprint": b"\x01", "made": made, "body": name.encode()}
            connection.execute(insert, row)
    database.upgrade()
    store = KeptEstimates(database)
    first, second = store.by_name("estimates/1"), store.by_name("estimates/2")
    assert first is not None
    assert second is not None
    assert (first.body, first.body_digest) == (b"estimates/1", hashlib.sha256(b"estimates/1").digest())
    assert (first.created_at, first.request) == (made.replace(tzinfo=UTC), None)
    assert store.by_keys([("anyone", "a")]) == {("anyone", "a"): first}
    database.downgrade("0001")
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, request_id, body FROM estimates ORDER BY name")).fetchall()
    assert [tuple(row) for row in rows] == [("estimates/1", "a", b"estimates/1"), ("estimates/2", None, b"estimates/2")]
    database.close()


def test_compiled_tables_of_before_are_let_go(empty_url: str) -> None:
    """A release of revision 0002 whose tables are a pickle: the release stays, they go; estimates are of contract 1."""
    database = Database(empty_url)
    database.upgrade("0002")
    made = datetime.now(UTC).replace(tzinfo=None)
    release = "INSERT INTO releases VALUES ('rules-1', '1', 'ana', 'first', :made, NULL, 1, 1)"
    columns = "name, fingerprint, plan_id, rule_release, created_at, request, body, body_digest"
    values = "'estimates/1', :bytes, 'plan', 'rules-1', :made, NULL, :bytes, :bytes"
    with database.engine.begin() as connection:
        connection.execute(text(release), {"made": made})
        connection.execute(text("INSERT INTO release_tables VALUES ('rules-1', :bytes)"), {"bytes": b"\x80\x05N."})
        statement = text(f"INSERT INTO estimates ({columns}) VALUES ({values})")  # noqa: S608 - constants
        connection.execute(statement, {"made": made, "bytes": b"\x01"})
    database.upgrade()
    with ReleaseStore(database).reading() as ledger:
        assert ledger.ids() == ["rules-1"]
        assert ledger.digest_of("rules-1", "any") is None
        assert ledger.compiled("rules-1", "any") is None
    stored = KeptEstimates(database).by_name("estimates/1")
    assert stored is not None
    assert stored.contract == 1
    database.downgrade("0002")
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM release_tables")).scalar_one() == 0
        assert connection.execute(text("SELECT id FROM releases")).scalars().all() == ["rules-1"]
        assert connection.execute(text("SELECT name FROM estimates")).scalars().all() == ["estimates/1"]
    database.close()


def test_migrations_give_request_ids_a_subject_and_take_it_away(empty_url: str) -> None:
    """What revision 0002 kept is anyone's; going back, of one request id of two subjects the older stays."""
    database = Database(empty_url)
    database.upgrade("0002")
    made = datetime.now(UTC).replace(tzinfo=None)
    key = text("INSERT INTO idempotency_keys VALUES ('a', :print, 'estimates/1', :ends)")
    with database.engine.begin() as connection:
        connection.execute(key, {"print": b"1", "ends": made + timedelta(days=30)})
        connection.execute(
            text(
                "INSERT INTO estimates (name, fingerprint, plan_id, rule_release, created_at, body, body_digest) "
                "VALUES ('estimates/1', :print, 'plan', 'rules-0', :made, :print, :print)"
            ),
            {"print": b"1", "made": made},
        )
    database.upgrade()
    store = KeptEstimates(database)
    old = store.by_keys([("anyone", "a")])["anyone", "a"]
    assert (old.name, old.subject) == ("estimates/1", "anyone")
    later = old.created_at + timedelta(hours=1)
    store.keep([old._replace(name="estimates/2", subject="ana", created_at=later)])
    database.downgrade("0002")
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT request_id, estimate FROM idempotency_keys")).fetchall()
        names = connection.execute(text("SELECT name FROM estimates ORDER BY name")).scalars().all()
    assert [tuple(row) for row in rows] == [("a", "estimates/1")]
    assert list(names) == ["estimates/1", "estimates/2"]
    database.close()


def test_settings_and_the_length_of_the_log_are_taken_over(empty_url: str) -> None:
    """Set twice under revision 0002, which kept the newest value alone; both go back and forth."""
    database = Database(empty_url)
    database.upgrade("0002")
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO settings VALUES ('four-eyes', 'on')"))
        for number in (1, 2, 3):
            action = "publish" if number == 1 else "set"
            entry = AuditEntry(number, "", "boss", action, "four-eyes", "{}", "", f"hash {number}")
            connection.execute(SQLModel.metadata.tables["audit"].insert(), entry._asdict())
    for _ in range(2):
        database.upgrade()
        with ReleaseStore(database).reading() as ledger:
            assert ledger.settings() == [(3, "four-eyes", "on")]
            assert ledger.needs_four_eyes
        with database.engine.connect() as connection:
            head = connection.execute(text("SELECT entries, hash FROM audit_head")).one()
        assert tuple(head) == (3, "hash 3")
        database.downgrade("0002")
    database.close()


@pytest.mark.parametrize("name", APPEND_ONLY)
def test_the_database_itself_refuses_changes_of_what_is_only_added_to(url: str, name: str) -> None:
    """Whatever writes to it: a trigger stands before UPDATE and DELETE of each row."""
    table = SQLModel.metadata.tables[name]
    row = {each.name: _cell(each.type) for each in table.columns}
    database = Database(url)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        connection.execute(table.insert(), row)
        if not database.is_sqlite:
            connection.exec_driver_sql("SET session_replication_role = origin")
        for change in (table.update().values(row), table.delete()):
            nested = connection.begin_nested()
            with pytest.raises(SQLAlchemyError, match="only added"):
                connection.execute(change)
            nested.rollback()
    database.close()


def _cell(kind: object) -> object:
    """Any value of a column's type."""
    cells = {"INTEGER": 1, "BLOB": b"", "BYTEA": b"", "DATETIME": datetime.now(UTC), "UtcTime()": datetime.now(UTC)}
    return next((value for name, value in cells.items() if name in (repr(kind), str(kind))), "x")


def test_sqlite_needs_no_set_up(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert database.revision() == HEAD
    database.close()


def test_postgresql_is_not_changed_by_opening_it(postgresql: str) -> None:
    url = new_postgresql_database(postgresql)
    with pytest.raises(
        OutdatedDatabase, match=f"has no tables yet; this version needs {HEAD}; run `camcover db upgrade`"
    ):
        open_database(url)


def test_a_database_of_a_newer_version(url: str) -> None:
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(OutdatedDatabase, match=f"newer than this version's {HEAD}; use a newer camcover"):
        open_database(url)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("nonsense", "this is not a database URL"),
        ("oracle9://x", "this is not a database URL"),
        ("sqlite:////nowhere/at/all.sqlite", "unable to open"),
        ("postgresql+psycopg://127.0.0.1:1/none", "refused"),
    ],
)
def test_a_database_that_cannot_be_opened(bad: str, said: str) -> None:
    with pytest.raises((DatabaseError, SQLAlchemyError), match=said):
        open_database(bad)


def test_several_processes_open_a_new_database_at_once(empty_url: str) -> None:
    """Each waits for the others once it has started."""
    context = ForkingContext()
    others = context.Barrier(4)
    processes = [context.Process(target=upgrade_with, args=(empty_url, others)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4
    open_database(empty_url).close()
