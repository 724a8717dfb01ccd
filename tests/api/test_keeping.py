"""What waits while one transaction is written goes into the next; nobody fails for another's row, or waits for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import SQLAlchemyError

from camcover.api import keeping
from camcover.api.keeping import Keeper, looked_up
from camcover.api.pools import Pool
from camcover.store import KeptEstimates, NoStore, RequestKey, StoredEstimate, StoreUnavailable, open_database
from camcover.store.availability import Availability
from camcover.store.errors import UnavailableReason

SILENT_SECONDS = 0.5
"""For so long a database may be silent, where that time has to pass."""


def row(name: str) -> StoredEstimate:
    """An estimate to keep."""
    return StoredEstimate(name, "anyone", None, b"", "plan", "rules-0", datetime.now(UTC), b"", b"", b"")


class Store(NoStore):
    """Remembers in which groups it was asked to keep; holds each group until it is let go."""

    def __init__(self) -> None:
        """Nothing asked yet. To be made in the event loop of the keeper."""
        super().__init__()
        self.groups: list[list[str]] = []
        self.go = threading.Event()
        self.asked = asyncio.Event()
        self.fault: Exception | None = None
        self._loop = asyncio.get_running_loop()

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[RequestKey, StoredEstimate]:
        """Note the group; wait, then fail or be done."""
        self.groups.append([each.name for each in estimates])
        self._loop.call_soon_threadsafe(self.asked.set)
        self.go.wait(120)
        if self.fault is not None:
            raise self.fault
        return {}


async def test_waiting_rows_share_one_transaction() -> None:
    store = Store()
    keeper = Keeper(store, seconds=60)
    calls = [asyncio.create_task(keeper.keep([row("a")]))]
    await store.asked.wait()
    calls += [asyncio.create_task(keeper.keep([row(name), row(name * 2)])) for name in "bc"]
    await asyncio.sleep(0)
    store.go.set()
    assert await asyncio.gather(*calls) == [{}, {}, {}]
    assert store.groups == [["a"], ["b", "bb", "c", "cc"]]


async def test_a_failure_reaches_each_call_and_ends_nothing() -> None:
    store = Store()
    keeper = Keeper(store, seconds=60)
    store.fault = OSError("the disk is full")
    store.go.set()
    calls = [asyncio.create_task(keeper.keep([row(name)])) for name in "ab"]
    for call in calls:
        with pytest.raises(OSError, match="the disk is full"):
            await call
    store.fault = None
    assert await keeper.keep([row("c")]) == {}


async def test_a_call_given_up_does_not_harm_the_others() -> None:
    store = Store()
    keeper = Keeper(store, seconds=60)
    given_up, other = (asyncio.create_task(keeper.keep([row(name)])) for name in "ab")
    await store.asked.wait()
    given_up.cancel()
    store.go.set()
    assert await other == {}


async def test_a_row_that_is_refused_fails_its_own_call_alone(url: str) -> None:
    """Twelve honest calls share a transaction with one whose name is taken, and on PostgreSQL with one of U+0000."""
    database = open_database(url)
    store = KeptEstimates(database)
    store.keep([row("estimates/taken")])
    bad = ["estimates/taken"] if database.is_sqlite else ["estimates/taken", "estimates/\0"]
    keeper = Keeper(store, seconds=60)
    calls = [asyncio.create_task(keeper.keep([row("estimates/first")]))]
    await asyncio.sleep(0)  # the first is being written; all others go into one transaction
    names = [f"estimates/{number}" for number in range(12)]
    calls += [asyncio.create_task(keeper.keep([row(name)])) for name in (*names[:6], *bad, *names[6:])]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, BaseException)]
    assert [isinstance(each, SQLAlchemyError) for each in refused] == [True] * len(bad)
    assert outcomes[7 : 7 + len(bad)] == refused
    assert all(store.by_name(name) for name in (*names, "estimates/first"))
    database.close()


async def test_what_is_taken_is_told_also_where_rows_are_written_one_by_one(url: str) -> None:
    database = open_database(url)
    store = KeptEstimates(database)
    store.keep([row("estimates/taken"), row("estimates/a")._replace(request_id="a")])
    again, other = row("estimates/b")._replace(request_id="a"), row("estimates/c")
    keeper = Keeper(store, seconds=60)
    calls = [keeper.keep([row("estimates/taken")]), keeper.keep([again, other])]
    refused, taken = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(refused, SQLAlchemyError)
    assert isinstance(taken, dict)
    assert {key: each.name for key, each in taken.items()} == {("anyone", "a"): "estimates/a"}
    assert store.by_name("estimates/c") is not None
    assert store.by_name("estimates/b") is None
    database.close()


async def test_calls_are_refused_when_too_many_rows_wait() -> None:
    store = Store()
    keeper = Keeper(store, most_waiting=3, seconds=60)
    calls = [asyncio.create_task(keeper.keep([row("a")]))]
    await store.asked.wait()
    calls += [asyncio.create_task(keeper.keep([row(name)])) for name in "bcd"]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="too many writes waiting"):
        await keeper.keep([row("e")])
    calls[1].cancel()  # its place is free, and its row not written
    await asyncio.sleep(0)
    calls.append(asyncio.create_task(keeper.keep([row("f")])))
    await asyncio.sleep(0)
    store.go.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert store.groups == [["a"], ["c", "d", "f"]]


async def test_a_database_that_does_not_answer_is_given_up() -> None:
    store = Store()
    keeper = Keeper(store, seconds=0.01)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await keeper.keep([row("a")])
    assert not store.availability.is_available()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await keeper.keep([row("b")])
    assert store.groups == [["a"]]
    store.go.set()


async def test_those_behind_a_database_that_does_not_answer_are_refused_with_the_others() -> None:
    store = Store()
    keeper = Keeper(store, seconds=0.01)
    first = asyncio.create_task(keeper.keep([row("a")]))
    await asyncio.sleep(0)
    second = asyncio.create_task(keeper.keep([row("b")]))
    for call in (first, second):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await call
    store.go.set()


class LateLoop(Store):
    """Answers as soon as it is asked; meanwhile the event loop is busy for longer than a database may be silent."""

    def keep(self, _: Sequence[StoredEstimate]) -> Mapping[RequestKey, StoredEstimate]:
        """Let the event loop do nothing else until the time is over."""
        self.busy(SILENT_SECONDS)
        return {}

    def busy(self, seconds: float) -> bool:
        """Let the event loop do nothing else until the time is over; gives True."""
        self._loop.call_soon_threadsafe(self.go.wait, 120)
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            pass
        self.go.set()
        return True


async def test_an_event_loop_that_is_late_says_nothing_of_the_database() -> None:
    store = LateLoop()
    assert await Keeper(store, seconds=SILENT_SECONDS).keep([row("a")]) == {}
    assert store.availability.is_available()


async def test_rows_that_wait_for_a_thread_say_nothing_of_the_database() -> None:
    store, executor = Store(), ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(executor)
    busy = asyncio.create_task(asyncio.to_thread(store.go.wait, 120))
    await asyncio.sleep(0)
    keeper = Keeper(store, seconds=0.01)
    for name in "ab":
        with pytest.raises(StoreUnavailable, match="too many writes waiting"):
            await keeper.keep([row(name)])
    assert store.availability.is_available()
    store.go.set()
    assert await busy
    assert await keeper.keep([row("c")]) == {}


async def test_a_store_that_is_away_is_not_asked_row_by_row() -> None:
    store = Store()
    keeper = Keeper(store, seconds=60)
    store.fault = StoreUnavailable(UnavailableReason.AWAY)
    store.go.set()
    calls = [asyncio.create_task(keeper.keep([row(name), row(name * 2)])) for name in "ab"]
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert outcome is store.fault
    assert store.groups == [["a", "aa", "b", "bb"]]


# Look-ups


async def test_a_look_up_that_does_not_end_gives_up_its_own_store_until_that_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store of a service that keeps nothing, whose database holds estimates of an earlier time."""
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 0.01)
    now = [0.0]
    store, other, pool, go = NoStore(), NoStore(), Pool("looking up", 1), threading.Event()
    store.availability = Availability(lambda: now[0])
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await looked_up(pool, store, go.wait, 120)
    assert store.availability.reason is UnavailableReason.AWAY
    assert other.availability.is_available()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.probe()
    now[0] = 1.0
    store.probe()
    assert store.availability.is_available()
    go.set()
    pool.close()


async def test_a_look_up_beside_a_late_event_loop_says_nothing_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", SILENT_SECONDS)
    store, pool = LateLoop(), Pool("looking up", 1)
    assert await looked_up(pool, store, store.busy, SILENT_SECONDS)
    assert store.availability.is_available()
    pool.close()


async def test_a_look_up_that_waits_for_a_thread_says_nothing_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ANSWER_SECONDS", 0.01)
    store, pool, go = NoStore(), Pool("looking up", 1), threading.Event()
    busy = asyncio.create_task(pool.run(go.wait, 120))
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="too many look-ups waiting"):
        await looked_up(pool, store, store.by_name, "estimates/a")
    assert store.availability.is_available()
    go.set()
    assert await busy
    assert await looked_up(pool, store, store.by_name, "estimates/a") is None
    pool.close()
