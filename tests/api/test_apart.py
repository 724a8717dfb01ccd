"""Work in another process: done, refused where too much waits, ended with the service, started anew after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest

from camcover.api.apart import MOST_WAITING, Apart
from camcover.api.errors import Refused


@pytest.fixture
def apart() -> Iterator[Apart]:
    """A process of its own, ended afterwards."""
    made = Apart()
    yield made
    made.close()


async def test_it_is_another_process_that_steps_back(apart: Apart) -> None:
    assert await apart.run(os.getpid) != os.getpid()
    assert await apart.run(os.nice, 0) == os.nice(0) + 10


async def test_what_is_raised_there_is_raised_here(apart: Apart) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await apart.run(int, "x")
    assert await apart.run(int, "7") == 7


async def test_too_much_at_once_is_refused(apart: Apart) -> None:
    held = [asyncio.ensure_future(apart.run(int, "7")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="too many calls at once"):
        await apart.run(os.getpid)
    await asyncio.gather(*held)
    assert await apart.run(int, "7") == 7


async def test_one_that_is_killed_is_started_anew(apart: Apart) -> None:
    working = asyncio.ensure_future(apart.run(time.sleep, 600))
    killed = await _process(apart)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(BrokenProcessPool):
        await working
    assert await apart.run(os.getpid) != killed


async def test_closing_waits_for_nothing(apart: Apart) -> None:
    working = asyncio.ensure_future(apart.run(time.sleep, 600))
    await _process(apart)
    apart.close()
    with pytest.raises(BrokenProcessPool):
        await asyncio.wait_for(working, 30)


async def _process(apart: Apart) -> int:
    """The process, which is there as soon as there is something to do."""
    await asyncio.sleep(0)
    assert apart._pool is not None
    (process,) = apart._pool._processes
    return process
