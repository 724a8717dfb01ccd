"""The store: what was answered is there again, unchanged; a request id is taken once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from camcover.store import EstimateStore, StoredEstimate
from camcover.store.estimates import DuplicateRequestId


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
    first = EstimateStore(url)
    first.add([row("estimates/1", "a"), row("estimates/2")])
    first.close()
    again = EstimateStore(url)
    found = again.by_name("estimates/1")
    assert found is not None
    assert (found.body, found.fingerprint) == (b"\x0a\x00estimates/1", b"\x00\xff")
    assert again.by_name("estimates/3") is None
    assert {key: each.name for key, each in again.by_request_ids(["a", "b", "a"]).items()} == {"a": "estimates/1"}
    again.close()


def test_many_without_a_request_id(url: str) -> None:
    store = EstimateStore(url)
    store.add(row(f"estimates/{number}") for number in range(3))
    assert all(store.by_name(f"estimates/{number}") for number in range(3))
    store.close()


def test_more_request_ids_than_one_query_takes() -> None:
    store = EstimateStore("sqlite://")
    store.add(row(f"estimates/{number}", str(number)) for number in range(1200))
    found = store.by_request_ids(str(number) for number in range(1300))
    assert sorted(map(int, found)) == list(range(1200))
    store.close()


def test_a_taken_request_id_keeps_nothing_of_the_batch(url: str) -> None:
    store = EstimateStore(url)
    store.add([row("estimates/1", "a")])
    with pytest.raises(DuplicateRequestId):
        store.add([row("estimates/2", "b"), row("estimates/3", "a")])
    assert store.by_name("estimates/2") is None
    assert list(store.by_request_ids(["a", "b"])) == ["a"]
    store.close()


def test_of_several_threads_one_gets_the_request_id(url: str) -> None:
    store = EstimateStore(url)

    def add(number: int) -> bool:
        try:
            store.add([row(f"estimates/{number}", "same")])
        except DuplicateRequestId:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = [number for number, was_kept in enumerate(pool.map(add, range(16))) if was_kept]
    assert len(kept) == 1
    assert store.by_request_ids(["same"])["same"].name == f"estimates/{kept[0]}"
    store.close()


@pytest.mark.parametrize("bad", ["nonsense", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_opened(bad: str) -> None:
    with pytest.raises(SQLAlchemyError):
        EstimateStore(bad)
