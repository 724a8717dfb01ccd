"""Long jobs on rules, done by another process at a lower priority, so that no estimate waits for it.

A job that nobody waits for any longer, since its call was cancelled or its deadline passed, is ended with its process;
the next one gets a new process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from camcover.api.admission import WHO, Places
from camcover.api.errors import Refused, timed_out
from camcover.api.orphans import end_with_parent

__all__ = ["MOST_OF_CALLER", "MOST_WAITING", "WorkerProcess"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MOST_WAITING, MOST_OF_CALLER = 8, 4
"""Most jobs queued or running, of all callers and of one; more are refused with the time to try again."""

MOST_SECONDS = 600.0
"""How long one job may take, where its call has no deadline of its own."""

_RETRY_AFTER_SECONDS = 10
_NICENESS = 10
_CONTEXT = multiprocessing.get_context("spawn")


class WorkerProcess:
    """One process that runs one job after the other; started with the first job."""

    def __init__(self, most_seconds: float = MOST_SECONDS) -> None:
        """Start nothing yet; end a job that takes more than `most_seconds`."""
        self._most_seconds = most_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._processes: set[BaseProcess] = set()
        self._places = Places("jobs on rules", MOST_WAITING, MOST_OF_CALLER, _RETRY_AFTER_SECONDS)
        self._turn = asyncio.Lock()

    async def run(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """What `work` gives, of values that can be pickled.

        Raises `Refused` where too many jobs wait already, or where the job takes too long. When the caller is
        cancelled, the job ends.
        """
        who = WHO.get()
        refusal = self._places.enter(who)
        if refusal is not None:
            raise Refused(refusal)
        try:
            async with self._turn:
                return await self._done(asyncio.wrap_future(self._submit(work, *given, **named)))
        finally:
            self._places.leave(who)

    async def _done(self, working: asyncio.Future[Result]) -> Result:
        """Await the running job; end it when the wait is cancelled."""
        try:
            async with asyncio.timeout(self._most_seconds):
                return await working
        except TimeoutError:
            self.close()
            raise Refused(timed_out(f"the work on rules took longer than {self._most_seconds:g} seconds")) from None
        except asyncio.CancelledError:
            self.close()
            raise
        except BrokenProcessPool:
            # It was killed, say for memory; the next call gets a new one.
            self._pool = None
            raise

    def _submit(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Future[Result]:
        """Submit a job to the pool, and note the process that the pool starts for it."""
        before = set(multiprocessing.active_children())
        future = self._started().submit(work, *given, **named)
        self._processes = {each for each in self._processes if each.is_alive()}
        self._processes |= set(multiprocessing.active_children()) - before
        return future

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=_CONTEXT, initializer=_begin)
        return self._pool

    def close(self) -> None:
        """End the pool's process, also in the middle of a job."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            for process in self._processes:
                process.terminate()


def _begin() -> None:
    """Set up the process: its priority, and its end with its parent."""
    os.nice(_NICENESS)
    end_with_parent()
