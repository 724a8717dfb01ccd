"""What waits while one transaction is written goes into the next; a failure reaches every call that waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from camcover.api.keeping import Keeper
from camcover.store import StoredEstimate
from camcover.store.estimates import NoStore


def row(name: str) -> StoredEstimate:
    """An estimate to keep."""
    return StoredEstimate(name, None, b"", "plan", "rules-0", datetime(2026, 3, 2, tzinfo=UTC), b"", b"", b"")


class Store(NoStore):
    """Remembers in which groups it was asked to keep; holds each group until it is let go."""

    def __init__(self) -> None:
        """Nothing asked yet. To be made in the event loop of the keeper."""
        self.groups: list[list[str]] = []
        self.go = threading.Event()
        self.asked = asyncio.Event()
        self.fault: Exception | None = None
        self._loop = asyncio.get_running_loop()

    def keep(self, estimates: Sequence[StoredEstimate]) -> Mapping[str, StoredEstimate]:
        """Note the group; wait, then fail or be done."""
        self.groups.append([each.name for each in estimates])
        self._loop.call_soon_threadsafe(self.asked.set)
        self.go.wait(10)
        if self.fault is not None:
            raise self.fault
        return {}


async def test_what_waits_goes_into_one_transaction() -> None:
    store = Store()
    keeper = Keeper(store)
    calls = [asyncio.create_task(keeper.keep([row("a")]))]
    await store.asked.wait()
    calls += [asyncio.create_task(keeper.keep([row(name), row(name * 2)])) for name in "bc"]
    await asyncio.sleep(0)
    store.go.set()
    assert await asyncio.gather(*calls) == [{}, {}, {}]
    assert store.groups == [["a"], ["b", "bb", "c", "cc"]]


async def test_a_failure_reaches_each_call_and_ends_nothing() -> None:
    store = Store()
    keeper = Keeper(store)
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
    keeper = Keeper(store)
    given_up, other = (asyncio.create_task(keeper.keep([row(name)])) for name in "ab")
    await store.asked.wait()
    given_up.cancel()
    store.go.set()
    assert await other == {}
