"""Threads for each kind of work: bounded, given up with the call, and never waiting for another kind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from camcover.api.errors import Refused
from camcover.api.pools import Pool, Pools


class Held:
    """A work that runs until it is let go."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.began, self.goes_on = threading.Semaphore(0), threading.Event()
        self.runs = 0

    def work(self) -> int:
        """Say that it runs, and wait."""
        self.runs += 1
        self.began.release()
        assert self.goes_on.wait(120)
        return self.runs


@pytest.fixture
def held() -> Iterator[Held]:
    """A work that is let go at the end whatever happens."""
    made = Held()
    yield made
    made.goes_on.set()


async def test_what_work_gives_and_raises() -> None:
    pool = Pool("tests", 1)
    assert await pool.run(int, "7") == 7
    assert await pool.run(int, "11", base=2) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        await pool.run(int, "x")


async def test_pools_of_different_kinds_do_not_wait_for_each_other(held: Held) -> None:
    """Both threads of one kind are taken; every other kind answers."""
    pools = Pools()
    taken = [asyncio.ensure_future(pools.batches.run(held.work)) for _ in range(2)]
    for pool in (pools.reading, pools.pricing, pools.looking_up, pools.staff):
        assert await asyncio.wait_for(pool.run(int, "7"), 120) == 7
    assert not any(each.done() for each in taken)
    held.goes_on.set()
    await asyncio.gather(*taken)
    pools.close()


async def test_what_waits_is_bounded_and_given_up_with_its_call(held: Held) -> None:
    pool = Pool("tests", 1, most_waiting=2)
    running, waiting = (asyncio.ensure_future(pool.run(held.work)) for _ in range(2))
    await asyncio.to_thread(held.began.acquire)
    with pytest.raises(Refused, match="too many calls are waiting for tests; try again later"):
        await pool.run(int, "7")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    later = asyncio.ensure_future(pool.run(int, "7"))
    held.goes_on.set()
    assert await running == 1
    assert await later == 7
    assert held.runs == 1


async def test_a_job_whose_call_is_gone_keeps_its_place_until_it_ends(held: Held) -> None:
    pool = Pool("tests", 1, most_waiting=1)
    running = asyncio.ensure_future(pool.run(held.work))
    await asyncio.to_thread(held.began.acquire)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(Refused):
        await pool.run(int, "7")


async def test_closing_drops_jobs_that_have_not_begun(held: Held) -> None:
    pool = Pool("tests", 1)
    running, waiting = (asyncio.ensure_future(pool.run(held.work)) for _ in range(2))
    await asyncio.to_thread(held.began.acquire)
    pool.close()
    held.goes_on.set()
    assert await running == 1
    with pytest.raises(asyncio.CancelledError):
        await waiting
