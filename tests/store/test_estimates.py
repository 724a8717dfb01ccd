"""The store: what was answered is there again, unchanged; a request id is taken once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from camcover.store import AuditLog, Keeping, KeptEstimates, NoStore, StoredEstimate, estimates, open_database

A, B, SAME = ("ana", "a"), ("ana", "b"), ("ana", "same")


def row(
    name: str, request_id: str | None = None, created_at: datetime | None = None, subject: str = "ana"
) -> StoredEstimate:
    """An estimate as it is kept."""
    body = b"\x0a\x00" + name.encode()
    return StoredEstimate(
        name=name,
        subject=subject,
        request_id=request_id,
        fingerprint=b"\x00\xff",
        plan_id="plan",
        rule_release="rules-0",
        created_at=datetime.now(UTC) if created_at is None else created_at,
        request=b"\x0a\x01",
        body=body,
        body_digest=hashlib.sha256(body).digest(),
    )


@pytest.fixture
def store(url: str) -> Iterator[KeptEstimates]:
    database = open_database(url)
    yield KeptEstimates(database)
    database.close()


def test_found_by_name_and_by_request_id_after_reopening(url: str) -> None:
    kept = row("estimates/1", "a")
    first = open_database(url)
    KeptEstimates(first).keep([kept, row("estimates/2")])
    first.close()
    again = open_database(url)
    store = KeptEstimates(again)
    assert store.by_name("estimates/1") == kept
    assert store.by_name("estimates/3") is None
    assert store.by_keys([A, B, A]) == {A: kept}
    again.close()


def test_many_without_a_request_id(store: KeptEstimates) -> None:
    store.keep([row(f"estimates/{number}") for number in range(3)])
    assert all(store.by_name(f"estimates/{number}") for number in range(3))


def test_more_request_ids_than_one_query_takes(store: KeptEstimates) -> None:
    store.keep([row(f"estimates/{number}", str(number)) for number in range(1200)])
    found = store.by_keys(("ana", str(number)) for number in range(1300))
    assert sorted(int(request_id) for _, request_id in found) == list(range(1200))


def test_what_comes_under_a_taken_request_id_is_not_kept(store: KeptEstimates) -> None:
    """The others of the group are; the one that took the id is given back."""
    store.keep([row("estimates/1", "a")])
    taken = store.keep([row("estimates/2", "b"), row("estimates/3", "a"), row("estimates/4")])
    assert {key: each.name for key, each in taken.items()} == {A: "estimates/1"}
    assert store.by_name("estimates/3") is None
    assert store.by_name("estimates/4") is not None
    assert sorted(store.by_keys([A, B])) == [A, B]


def test_of_one_group_the_first_gets_the_request_id(store: KeptEstimates) -> None:
    taken = store.keep([row("estimates/1", "a"), row("estimates/2", "a")])
    assert {key: each.name for key, each in taken.items()} == {A: "estimates/1"}
    assert store.by_keys([A])[A].name == "estimates/1"


def test_of_several_threads_one_gets_the_request_id(store: KeptEstimates) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: store.keep([row(f"estimates/{number}", "same")]), range(16)))
    kept = [number for number, others in enumerate(taken) if not others]
    assert len(kept) == 1
    assert store.by_keys([SAME])[SAME].name == f"estimates/{kept[0]}"
    assert all(others[SAME].name == f"estimates/{kept[0]}" for others in taken if others)


def test_hashes_alone_tell_nothing_of_a_person(url: str) -> None:
    database = open_database(url)
    store = KeptEstimates(database, Keeping.HASHES)
    kept = row("estimates/1", "a")
    store.keep([kept])
    assert store.by_name("estimates/1") == kept._replace(request=None, body=None)
    database.close()


def test_a_request_id_past_its_time_may_be_used_again(store: KeptEstimates) -> None:
    old = row("estimates/1", "a", datetime.now(UTC) - timedelta(days=31))
    store.keep([old])
    assert store.by_keys([A]) == {}
    assert store.keep([row("estimates/2", "a")]) == {}
    assert store.by_keys([A])[A].name == "estimates/2"
    assert store.by_name("estimates/1") is not None


def test_pruning_takes_what_is_older_and_says_so(store: KeptEstimates, url: str) -> None:
    now = datetime.now(UTC)
    store.keep([row("estimates/1", "a", now - timedelta(days=40)), row("estimates/2", "b", now - timedelta(days=20))])
    store.keep([row("estimates/3", "c", now)])
    assert store.prune(now - timedelta(days=10), "ana") == (2, 2)
    assert [store.by_name(f"estimates/{number}") is not None for number in (1, 2, 3)] == [False, False, True]
    assert list(store.by_keys([A, B, ("ana", "c")])) == [("ana", "c")]
    database = open_database(url)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM estimates")).scalar() == 1
    (entry,) = AuditLog(database).entries()
    assert (entry.actor, entry.action, entry.subject) == ("ana", "prune", "estimates")
    assert json.loads(entry.details)["estimates"] == 2
    database.close()


def test_one_request_id_of_two_subjects_is_two(store: KeptEstimates) -> None:
    """Neither finds the other's estimate, by its request id or by its name."""
    assert store.keep([row("estimates/1", "a"), row("estimates/2", "a", subject="bob")]) == {}
    found = store.by_keys([A, ("bob", "a"), ("eve", "a")])
    assert {key: each.name for key, each in found.items()} == {A: "estimates/1", ("bob", "a"): "estimates/2"}
    taken = store.keep([row("estimates/3", "a", subject="bob"), row("estimates/4", "a", subject="eve")])
    assert {key: each.name for key, each in taken.items()} == {("bob", "a"): "estimates/2"}
    assert store.by_name("estimates/1", "ana") is not None
    assert store.by_name("estimates/1", "bob") is None
    assert store.by_name("estimates/1") is not None


def test_pruning_goes_in_parts(store: KeptEstimates, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven by threes: each part an entry, the sum what was there; a second time there is nothing."""
    monkeypatch.setattr(estimates, "_PRUNED_AT_ONCE", 3)
    now = datetime.now(UTC)
    store.keep([row(f"estimates/{number}", None, now - timedelta(days=40 + number)) for number in range(7)])
    assert store.prune(now - timedelta(days=10), "ana") == (7, 0)
    assert store.prune(now - timedelta(days=10), "ana") == (0, 0)
    database = open_database(url)
    counts = [json.loads(each.details)["estimates"] for each in AuditLog(database).entries()]
    assert counts == [3, 3, 1, 0]
    database.close()


def test_off_keeps_nothing() -> None:
    store = NoStore()
    assert store.keep([row("estimates/1", "a")]) == {}
    assert store.by_name("estimates/1") is None
    assert store.by_keys([A]) == {}
