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
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerProcess]:
    """A process of its own, by a Python that is started for it; ended afterwards."""
    monkeypatch.setattr("camcover.api.worker_process._CONTEXT", multiprocessing.get_context("spawn"))
    made = WorkerProcess()
    yield made
    made.close()


async def test_work_runs_in_a_lower_priority_process(worker: WorkerProcess) -> None:
    assert await worker.run(os.getpid) != os.getpid()
    assert await worker.run(os.nice, 0) == min(os.nice(0) + 10, 19)


async def test_exceptions_of_the_worker_process_reach_the_caller(worker: WorkerProcess) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await worker.run(int, "x")
    assert await worker.run(int, "7") == 7


async def test_too_much_at_once_is_refused(worker: WorkerProcess) -> None:
    held = [asyncio.ensure_future(run_as(worker, who)) for who in "ab" for _ in range(MOST_OF_CALLER)]
    assert len(held) == MOST_WAITING
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="too many jobs on rules at once"):
        await run_as(worker, "c")
    await asyncio.gather(*held)
    assert await worker.run(int, "7") == 7


async def test_one_caller_does_not_take_every_place(worker: WorkerProcess) -> None:
    held = [asyncio.ensure_future(run_as(worker, "a")) for _ in range(MOST_OF_CALLER)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="this caller has 4 jobs on rules at once; expected at most 4"):
        await run_as(worker, "a")
    assert await run_as(worker, "b") == 7
    await asyncio.gather(*held)


async def run_as(worker: WorkerProcess, who: str) -> int:
    """A small work for a caller."""
    WHO.set(who)
    return await worker.run(int, "7")


async def test_a_job_whose_caller_left_is_ended(worker: WorkerProcess) -> None:
    """The next one has another process and waits for nothing."""
    working = asyncio.ensure_future(worker.run(time.sleep, 600))
    ended = await _process(worker)
    waiting = asyncio.ensure_future(worker.run(os.getpid))
    await asyncio.sleep(0)
    working.cancel()
    assert await asyncio.wait_for(waiting, 120) != ended
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_a_job_that_takes_too_long_is_refused() -> None:
    worker = WorkerProcess(most_seconds=0.05)
    with pytest.raises(Refused, match=r"the work on rules took longer than 0\.05 seconds"):
        await asyncio.wait_for(worker.run(time.sleep, 600), 120)
    worker.close()


async def test_a_killed_worker_process_is_replaced(worker: WorkerProcess) -> None:
    working = asyncio.ensure_future(worker.run(time.sleep, 600))
    killed = await _process(worker)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        await working
    assert await worker.run(os.getpid) != killed


async def test_closing_waits_for_nothing(worker: WorkerProcess) -> None:
    working = asyncio.ensure_future(worker.run(time.sleep, 600))
    await _process(worker)
    worker.close()
    with pytest.raises(BrokenProcessPool):
        await asyncio.wait_for(working, 120)


async def test_closing_ends_only_the_processes_of_the_pool(worker: WorkerProcess) -> None:
    """A child of this process that has nothing to do with the pool goes on."""
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    other.start()
    try:
        assert await worker.run(int, "7") == 7
        worker.close()
        other.join(0)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


async def test_a_refusal_with_attributes_comes_back(worker: WorkerProcess) -> None:
    """It is raised there, and raised here as it was; the process goes on."""
    process = await worker.run(os.getpid)
    with pytest.raises(UnknownRelease, match=r"^no release 'x'$") as caught:
        await worker.run(release_rules._checked, "x")
    assert caught.value.name == "x"
    assert await worker.run(os.getpid) == process


async def _process(worker: WorkerProcess) -> int:
    """The process, which is there as soon as there is something to do."""
    await asyncio.sleep(0)
    assert worker._pool is not None
    (process,) = worker._pool._processes
    return process
