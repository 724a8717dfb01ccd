"""Work in another process: done, refused where too much waits, ended with the service, started anew after a kill."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest

from camcover.api.admission import WHO
from camcover.api.errors import Refused
from camcover.api.worker_process import MOST_OF_CALLER, MOST_WAITING, WorkerProcess
from camcover.workflow import release_rules
from camcover.workflow.errors import UnknownRelease


@pytest.fixture
def apart() -> Iterator[WorkerProcess]:
    """A process of its own, ended afterwards."""
    made = WorkerProcess()
    yield made
    made.close()


async def test_it_is_another_process_that_steps_back(apart: WorkerProcess) -> None:
    assert await apart.run(os.getpid) != os.getpid()
    assert await apart.run(os.nice, 0) == min(os.nice(0) + 10, 19)


async def test_what_is_raised_there_is_raised_here(apart: WorkerProcess) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await apart.run(int, "x")
    assert await apart.run(int, "7") == 7


async def test_too_much_at_once_is_refused(apart: WorkerProcess) -> None:
    held = [asyncio.ensure_future(run_as(apart, who)) for who in "ab" for _ in range(MOST_OF_CALLER)]
    assert len(held) == MOST_WAITING
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="too many jobs on rules at once"):
        await run_as(apart, "c")
    await asyncio.gather(*held)
    assert await apart.run(int, "7") == 7


async def test_one_caller_does_not_take_every_place(apart: WorkerProcess) -> None:
    held = [asyncio.ensure_future(run_as(apart, "a")) for _ in range(MOST_OF_CALLER)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="4 jobs on rules of this caller at once; expected at most 4"):
        await run_as(apart, "a")
    assert await run_as(apart, "b") == 7
    await asyncio.gather(*held)


async def run_as(apart: WorkerProcess, who: str) -> int:
    """A small work for a caller."""
    WHO.set(who)
    return await apart.run(int, "7")


async def test_a_work_that_nobody_waits_for_ends_with_its_process(apart: WorkerProcess) -> None:
    """The next one has another process and waits for nothing."""
    working = asyncio.ensure_future(apart.run(time.sleep, 600))
    ended = await _process(apart)
    waiting = asyncio.ensure_future(apart.run(os.getpid))
    await asyncio.sleep(0)
    working.cancel()
    assert await asyncio.wait_for(waiting, 60) != ended
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_a_work_that_takes_too_long_is_refused() -> None:
    apart = WorkerProcess(most_seconds=0.05)
    with pytest.raises(Refused, match=r"work on rules may take 0\.05 seconds"):
        await asyncio.wait_for(apart.run(time.sleep, 600), 60)
    apart.close()


async def test_one_that_is_killed_is_started_anew(apart: WorkerProcess) -> None:
    working = asyncio.ensure_future(apart.run(time.sleep, 600))
    killed = await _process(apart)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        await working
    assert await apart.run(os.getpid) != killed


async def test_closing_waits_for_nothing(apart: WorkerProcess) -> None:
    working = asyncio.ensure_future(apart.run(time.sleep, 600))
    await _process(apart)
    apart.close()
    with pytest.raises(BrokenProcessPool):
        await asyncio.wait_for(working, 30)


async def test_closing_ends_no_process_of_others(apart: WorkerProcess) -> None:
    """A child of this process that has nothing to do with the pool goes on."""
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    other.start()
    try:
        assert await apart.run(int, "7") == 7
        apart.close()
        other.join(0)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


async def test_a_refusal_with_attributes_comes_back(apart: WorkerProcess) -> None:
    """It is raised there, and raised here as it was; the process goes on."""
    process = await apart.run(os.getpid)
    with pytest.raises(UnknownRelease, match=r"^no release 'x'$") as caught:
        await apart.run(release_rules._checked, "x")
    assert caught.value.name == "x"
    assert await apart.run(os.getpid) == process


async def _process(apart: WorkerProcess) -> int:
    """The process, which is there as soon as there is something to do."""
    await asyncio.sleep(0)
    assert apart._pool is not None
    (process,) = apart._pool._processes
    return process
