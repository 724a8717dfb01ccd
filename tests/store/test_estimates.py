"""The store: what was answered is there again, unchanged; a request id is taken once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from camcover.store.estimates import DatabaseStore, StoredEstimate, open_store


def row(name: str, request_id: str | None = None) -> StoredEstimate:
    """An estimate as it is kept."""
    return StoredEstimate(
        name=name,
        request_id=request_id,
        fingerprint=b"\x00\xff",
        plan_id="plan",
        rule_release="rules-0",
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        body=b"\x0a\x00" + name.encode(),
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'estimates.sqlite'}"


def test_found_by_name_and_by_request_id_after_reopening(url: str) -> None:
    first = DatabaseStore(url)
    first.keep([row("estimates/1", "a"), row("estimates/2")])
    first.close()
    again = DatabaseStore(url)
    found = again.by_name("estimates/1")
    assert found is not None
    assert (found.body, found.fingerprint) == (b"\x0a\x00estimates/1", b"\x00\xff")
    assert again.by_name("estimates/3") is None
    assert {key: each.name for key, each in again.by_request_ids(["a", "b", "a"]).items()} == {"a": "estimates/1"}
    again.close()


def test_many_without_a_request_id(url: str) -> None:
    store = DatabaseStore(url)
    store.keep([row(f"estimates/{number}") for number in range(3)])
    assert all(store.by_name(f"estimates/{number}") for number in range(3))
    store.close()


def test_more_request_ids_than_one_query_takes() -> None:
    store = DatabaseStore("sqlite://")
    store.keep([row(f"estimates/{number}", str(number)) for number in range(1200)])
    found = store.by_request_ids(str(number) for number in range(1300))
    assert sorted(map(int, found)) == list(range(1200))
    store.close()


def test_what_comes_under_a_taken_request_id_is_not_kept(url: str) -> None:
    """The others of the group are; the one that took the id is given back."""
    store = DatabaseStore(url)
    store.keep([row("estimates/1", "a")])
    taken = store.keep([row("estimates/2", "b"), row("estimates/3", "a"), row("estimates/4")])
    assert {key: each.name for key, each in taken.items()} == {"a": "estimates/1"}
    assert store.by_name("estimates/3") is None
    assert store.by_name("estimates/4") is not None
    assert sorted(store.by_request_ids(["a", "b"])) == ["a", "b"]
    store.close()


def test_of_one_group_the_first_gets_the_request_id(url: str) -> None:
    store = DatabaseStore(url)
    taken = store.keep([row("estimates/1", "a"), row("estimates/2", "a")])
    assert {key: each.name for key, each in taken.items()} == {"a": "estimates/1"}
    assert store.by_request_ids(["a"])["a"].name == "estimates/1"
    store.close()


def test_of_several_threads_one_gets_the_request_id(url: str) -> None:
    store = DatabaseStore(url)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: store.keep([row(f"estimates/{number}", "same")]), range(16)))
    kept = [number for number, others in enumerate(taken) if not others]
    assert len(kept) == 1
    assert store.by_request_ids(["same"])["same"].name == f"estimates/{kept[0]}"
    assert all(others["same"].name == f"estimates/{kept[0]}" for others in taken if others)
    store.close()


def test_several_processes_open_a_new_database_at_once(url: str) -> None:
    """Each waits for a word once it has started."""
    code = "import sys; from camcover.store import open_store; input(); open_store(sys.argv[1]).close()"
    command = [sys.executable, "-c", code, url]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(6)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * 6


def test_off_keeps_nothing() -> None:
    store = open_store("off")
    assert store.keep([row("estimates/1", "a")]) == {}
    assert store.by_name("estimates/1") is None
    assert store.by_request_ids(["a"]) == {}
    store.close()


@pytest.mark.parametrize("bad", ["nonsense", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_opened(bad: str) -> None:
    with pytest.raises(SQLAlchemyError):
        DatabaseStore(bad)
