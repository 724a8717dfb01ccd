"""Releases by id: nothing of a caller is a path, and no compiled tables are used but those that the audit log knows."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlmodel import SQLModel
from structlog.testing import capture_logs

from camcover.engine.compiling.stored import read_tables, write_tables
from camcover.engine.compiling.stored_schema import schema_digest
from camcover.rulebook import is_release_id, load_texts
from camcover.store import AuditLog, Compiled
from camcover.workflow import release_rules
from camcover.workflow.activation import Decision, activate
from camcover.workflow.errors import ReleaseUnusable, UnknownRelease
from camcover.workflow.publishing import prepare
from camcover.workflow.release_rules import ReleaseRules
from small_rules import COPAY_PLAN, NO_RELEASE_IDS, TEXTS, estimate, question, tables

SCHEMA = schema_digest().hex()
COPAY = {"plan_id": "copay-plan", "members": [{"id": "ana"}]}


def body_of(releases: Any, release: str, schema: str = SCHEMA) -> Compiled:
    """The compiled tables that the database has."""
    with releases.store.reading() as ledger:
        found: Compiled = ledger.compiled(release, schema)
    return found


def compilations(releases: Any) -> list[tuple[str, str]]:
    """The releases that the log says were compiled anew, and by whom."""
    return [(each.subject, each.actor) for each in AuditLog(releases.database).entries() if each.action == "compile"]


def alter(releases: Any, release: str, body: bytes) -> None:
    """Put other tables into the database, as somebody who can write to it may do: what is there is taken out first."""
    with releases.database.engine.begin() as connection:
        table = SQLModel.metadata.tables["release_tables"]
        schema = connection.execute(select(table.c.schema).where(table.c.release_id == release)).scalar_one()
        connection.execute(delete(table).where(table.c.release_id == release))
        connection.execute(insert(table), {"release_id": release, "schema": schema, "body": body})


def costs(releases: Any, release: str, folder: Path) -> int:
    """What three visits under copay-plan cost the patient under a release, read anew, in cents."""
    folder.mkdir(exist_ok=True)
    return estimate(ReleaseRules(releases.store, folder).tables(release), question(**COPAY)).totals.patient_cents


@pytest.mark.parametrize("wrong", ["", *NO_RELEASE_IDS])
def test_a_malformed_release_id_is_refused_before_any_look_up(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the database nor a file: there is no store here to ask, and opening anything fails the test."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("something was opened")

    rules = ReleaseRules(None)  # type: ignore[arg-type]
    for opener in ("read_tables", "is_own_file"):
        monkeypatch.setattr(release_rules, opener, fail)
    assert not is_release_id(wrong)
    for ask in (rules.tables, rules.rules, rules.files):
        with pytest.raises(UnknownRelease) as caught:
            ask(wrong)
        assert caught.value.name == wrong[:64]
    with pytest.raises(UnknownRelease):
        activate(rules, wrong, Decision("bob", "?"))


def test_a_file_without_a_release_of_its_name_is_never_read(releases: Any, tmp_path: Path) -> None:
    """The database is asked first."""
    unknown = f"rules-{'0' * 16}"
    write_tables(tables(), tmp_path / unknown)
    with pytest.raises(UnknownRelease, match=f"no release '{unknown}'; did you mean"):
        ReleaseRules(releases.store, tmp_path).tables(unknown)


@pytest.mark.parametrize("kind", ["link", "pipe", "other rules", "cut off", "folder"])
def test_a_foreign_file_under_a_releases_name_is_not_trusted(releases: Any, tmp_path: Path, kind: str) -> None:
    """Copays of 20.00, three visits: 60.00. The other rules ask 30.00."""
    first, second, _ = releases.ids
    file, dearer = tmp_path / first, tmp_path / "dearer"
    dearer.write_bytes(body_of(releases, second).body)
    match kind:
        case "link":
            file.symlink_to(dearer)
        case "pipe":
            os.mkfifo(file)
        case "other rules":
            file.write_bytes(dearer.read_bytes())
        case "cut off":
            file.write_bytes(body_of(releases, first).body[:-1])
    if kind == "folder":
        file.mkdir()
        with pytest.raises(OSError, match=first):
            costs(releases, first, tmp_path)
    else:
        assert costs(releases, first, tmp_path) == 6_000
        assert not file.is_symlink()
    assert dearer.read_bytes() == body_of(releases, second).body
    assert compilations(releases) == []


def test_the_log_holds_the_digest_of_what_was_published(releases: Any) -> None:
    entries = list(AuditLog(releases.database).entries())
    assert [json.loads(each.details)["compiled"] for each in entries] == [
        hashlib.sha256(body_of(releases, each).body).hexdigest() for each in releases.ids
    ]
    assert {json.loads(each.details)["schema"] for each in entries} == {SCHEMA}


@pytest.mark.parametrize("kind", ["other rules", "no tables", "nothing"])
def test_tables_that_were_altered_in_the_database_are_compiled_anew(releases: Any, tmp_path: Path, kind: str) -> None:
    """Whoever writes to that one table changes no price: the published files answer, and the log says it."""
    first, second, _ = releases.ids
    alter(releases, first, {"other rules": body_of(releases, second).body, "no tables": b"x", "nothing": b""}[kind])
    with capture_logs() as logged:
        assert costs(releases, first, tmp_path / "cache") == 6_000
    assert [each["event"] for each in logged] == ["compiled release not as it was written"]
    with releases.store.reading() as ledger:
        assert ledger.digest_of(first, SCHEMA) == body_of(releases, first).digest
    with capture_logs() as logged:
        assert costs(releases, first, tmp_path / "other") == 6_000
    assert logged == []
    assert compilations(releases) == [(first, "camcover")]


def test_tables_that_were_deleted_are_compiled_anew_without_an_alarm(releases: Any, tmp_path: Path) -> None:
    """Docs say that they may be deleted at any time."""
    first = releases.ids[0]
    with releases.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM release_tables"))
    with capture_logs() as logged:
        assert costs(releases, first, tmp_path / "cache") == 6_000
    assert logged == []
    assert compilations(releases) == [(first, "camcover")]


def test_files_that_were_altered_in_the_database_are_refused(releases: Any, tmp_path: Path) -> None:
    """The tables are away, so that the files are compiled: they are held to the digest of the publication."""
    first, second, _ = releases.ids
    with releases.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM release_tables"))
        drop = "DROP TRIGGER release_files_update"
        connection.execute(text(drop if releases.database.is_sqlite else f"{drop} ON release_files"))
        ask = text("SELECT content FROM release_files WHERE release_id = :second AND name = 'copay.yaml'")
        other = connection.execute(ask, {"second": second}).scalar_one()
        update = text("UPDATE release_files SET content = :other WHERE release_id = :first AND name = 'copay.yaml'")
        connection.execute(update, {"first": first, "other": other})
    with pytest.raises(ReleaseUnusable, match="its files differ from the published files"):
        costs(releases, first, tmp_path)


def test_tables_of_another_version_stay_beside_those_of_this_one(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a service is brought to another version both are at work; neither takes away the other's tables."""
    first, before = releases.ids[0], body_of(releases, releases.ids[0])
    later = hashlib.sha256(b"a later version").digest()
    with monkeypatch.context() as patched:
        for module in ("camcover.engine.compiling.stored", "camcover.workflow.release_rules"):
            patched.setattr(f"{module}.schema_digest", lambda: later)
        assert costs(releases, first, tmp_path) == 6_000
        assert costs(releases, first, tmp_path / "again") == 6_000
    assert compilations(releases) == [(first, "camcover")]
    assert body_of(releases, first, later.hex()).body[18:50] == later
    assert body_of(releases, first) == before
    (tmp_path / "cache").mkdir()
    assert costs(releases, first, tmp_path / "cache") == 6_000
    assert read_tables(tmp_path / "cache" / first).release == first
    AuditLog(releases.database).verify()


def test_tables_of_old_versions_are_deleted(releases: Any) -> None:
    """Two are kept, those written last; other releases keep theirs."""
    first, second, _ = releases.ids
    for schema in ("second", "third", "second"):
        with releases.store.writing() as ledger:
            ledger.set_compiled(first, Compiled(schema, schema.encode()))
    with releases.store.reading() as ledger:
        found = [ledger.compiled(first, each) for each in (SCHEMA, "second", "third")]
        assert found == [None, Compiled("second", b"second"), Compiled("third", b"third")]
        assert ledger.digest_of(first, SCHEMA) is not None
        assert ledger.compiled(second, SCHEMA) is not None
    assert len(compilations(releases)) == 2  # the third time the log knows the bytes


def test_a_release_whose_tables_were_deleted_is_compiled_again(releases: Any, tmp_path: Path) -> None:
    with releases.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM release_tables"))
    assert costs(releases, releases.ids[1], tmp_path) == 9_000


def test_preparing_says_for_which_schema_it_compiled() -> None:
    prepared = prepare(load_texts(TEXTS | {"copay.yaml": COPAY_PLAN}))
    assert prepared.compiled.schema == SCHEMA
    assert prepared.compiled.body[18:50].hex() == SCHEMA


def test_files_and_their_digest_are_read_together(releases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read apart, they might be those of two states of the database."""
    times = []
    reading = releases.store.reading

    def counted() -> Any:
        times.append(1)
        return reading()

    monkeypatch.setattr(releases.store, "reading", counted)
    rules = ReleaseRules(releases.store).rules(releases.ids[0])
    assert set(rules.plans) == {"copay-plan", "share-plan"}
    assert len(times) == 1


def test_a_process_alone_leaves_no_file_of_compiled_rules(
    releases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are used after their file is gone. Copays of 20.00, three visits: 60.00."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    alone = ReleaseRules(releases.store)
    found = alone.tables(releases.ids[0])
    assert list(folder.iterdir()) == []
    assert estimate(found, question(**COPAY)).totals.patient_cents == 6_000
    assert alone.tables(releases.ids[0]) is found
