"""Stored estimates in lists, and erased: what is left of one, in the table and in the log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from camcover.store import (
    AuditFault,
    AuditLog,
    Database,
    EstimateQuery,
    Keeping,
    KeptEstimates,
    NoStore,
    StoredEstimate,
    open_database,
)
from camcover.workflow.auditing import verify

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = b"born 1984-05-06, M54.50"


def made(
    name: str, after: int = 0, *, subject: str = "portal", request_id: str = "", plan: str = "plan"
) -> StoredEstimate:
    """An estimate that was made so many minutes after noon."""
    return StoredEstimate(
        name=f"estimates/{name}",
        subject=subject,
        request_id=request_id or None,
        fingerprint=b"\x01\x02",
        plan_id=plan,
        rule_release="rules-0",
        created_at=DAY + timedelta(minutes=after),
        request=SECRET,
        body=SECRET[::-1],
        body_digest=b"\x03",
    )


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


def names(store: KeptEstimates | NoStore, wanted: EstimateQuery, most: int = 100) -> str:
    """The names of a list, each one letter."""
    return "".join(each.name.removeprefix("estimates/") for each in store.listed(wanted, most))


def test_a_list_has_those_of_its_subject_newest_first(database: Database) -> None:
    """Of `b` and `c`, of one time, the later name comes first. `d` is another subject's."""
    store = KeptEstimates(database)
    store.keep([made("a", 1, request_id="r"), made("b", 2), made("c", 2, plan="other"), made("d", 3, subject="else")])
    everything = EstimateQuery("portal")
    assert names(store, everything) == "cba"
    assert names(store, everything, 2) == "cb"
    assert names(store, everything._replace(after=(DAY + timedelta(minutes=2), "estimates/b"))) == "a"
    assert names(store, everything._replace(since=DAY + timedelta(minutes=2))) == "cb"
    assert names(store, everything._replace(before=DAY + timedelta(minutes=2))) == "a"
    last = store.listed(everything, 9)[-1]
    assert (last.request_id, last.is_whole, last.request, last.erased_at) == ("r", True, None, None)
    assert store.listed(everything._replace(with_requests=True), 9)[-1].request == SECRET


@pytest.mark.parametrize("keeping", [Keeping.FULL, Keeping.HASHES])
def test_an_erasure_leaves_name_and_times_and_an_entry_of_the_log(database: Database, keeping: Keeping) -> None:
    store = KeptEstimates(database, keeping)
    store.keep([made("a", request_id="birth-1984"), made("b")])
    assert store.erase("estimates/a", "another") is None
    erased = store.erase("estimates/a", "portal")
    assert erased is not None
    assert erased.fingerprint == b"\x01\x02"
    assert store.erase("estimates/a", "portal") == erased._replace(fingerprint=b"")
    with database.read() as connection:
        row = connection.execute(text("SELECT * FROM estimates WHERE name = 'estimates/a'")).one()._asdict()
        assert connection.execute(text("SELECT count(*) FROM idempotency_keys")).scalar_one() == 0
    left = {key for key, value in row.items() if value}
    assert left == {"name", "subject", "created_at", "erased_at"}
    (listed,) = [each for each in store.listed(EstimateQuery("portal"), 9) if each.erased_at]
    assert (listed.name, listed.plan_id, listed.rule_release, listed.is_whole) == ("estimates/a", "", "", False)
    (entry,) = AuditLog(database).entries()
    assert (entry.actor, entry.action, entry.subject, json.loads(entry.details)) == (
        "portal",
        "erase",
        "estimates/a",
        {},
    )
    assert store.keep([made("c", request_id="birth-1984")]) == {}
    verify(database)


def test_what_was_kept_before_nothing_was_kept_can_be_erased(database: Database) -> None:
    KeptEstimates(database).keep([made("a")])
    store = NoStore(database)
    assert names(store, EstimateQuery("portal")) == "a"
    assert store.erase("estimates/a", "portal") is not None
    assert store.erase("estimates/b", "portal") is None
    assert names(NoStore(), EstimateQuery("portal")) == ""
    assert NoStore().erase("estimates/a", "portal") is None


@pytest.mark.parametrize("table", ["estimates", "idempotency_keys"])
def test_an_erased_estimate_that_is_there_again_is_found(database: Database, table: str) -> None:
    """As from a backup: the row is put back as it was, or its request id is."""
    store = KeptEstimates(database)
    store.keep([made("a")])
    store.erase("estimates/a", "portal")
    with database.engine.begin() as connection:
        if table == "estimates":
            connection.execute(text("UPDATE estimates SET erased_at = NULL, plan_id = 'plan'"))
        else:
            values = {"expires": DAY.replace(tzinfo=None), "fingerprint": b""}
            statement = "INSERT INTO idempotency_keys VALUES ('portal', 'r', :fingerprint, 'estimates/a', :expires)"
            connection.execute(text(statement), values)
    with pytest.raises(AuditFault, match="estimates/a is there again, but entry 1 records that it was erased"):
        verify(database)


def test_going_back_to_an_earlier_version_takes_erased_rows_along(database: Database) -> None:
    store = KeptEstimates(database)
    store.keep([made("a"), made("b")])
    store.erase("estimates/a", "portal")
    database.downgrade("0005")
    with database.read() as connection:
        assert connection.execute(text("SELECT name FROM estimates")).scalars().all() == ["estimates/b"]


def test_nothing_of_an_erased_estimate_stays_in_the_file(tmp_path: Path) -> None:
    """SQLite: once the write-ahead log is written back."""
    file = tmp_path / "camcover.sqlite"
    with closing(open_database(f"sqlite:///{file}")) as database:
        store = KeptEstimates(database)
        store.keep([made("a")._replace(request=SECRET * 999), made("b")._replace(request=b"", body=b"")])
        store.erase("estimates/a", "portal")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert SECRET not in file.read_bytes()
