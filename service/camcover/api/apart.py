"""Long work on rules, done by another process at a lower priority, so that no estimate waits for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from camcover.api.errors import Refused, overloaded

__all__ = ["MOST_WAITING", "Apart"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MOST_WAITING = 8
"""Works at once, the one in hand included; more are refused with the time to try again."""

_RETRY_AFTER_SECONDS = 10
_NICENESS = 10


class Apart:
    """One process that works on one thing after the other; started when there is something to do."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._pool: ProcessPoolExecutor | None = None
        self._processes: set[BaseProcess] = set()
        self._waiting = 0

    async def run(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """What `work` gives, of values that can be pickled. Raises `Refused` where too much waits already."""
        if self._waiting >= MOST_WAITING:
            raise Refused(overloaded(_RETRY_AFTER_SECONDS))
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._submit(work, *given, **named))
        except BrokenProcessPool:
            # It was killed, say for memory; the next call gets a new one.
            self._pool = None
            raise
        finally:
            self._waiting -= 1

    def _submit(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Future[Result]:
        """Hand work to the pool, and note the process that it starts for it, if it starts one."""
        before = set(multiprocessing.active_children())
        future = self._started().submit(work, *given, **named)
        self._processes = {each for each in self._processes if each.is_alive()}
        self._processes |= set(multiprocessing.active_children()) - before
        return future

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=os.nice, initargs=(_NICENESS,))
        return self._pool

    def close(self) -> None:
        """End the pool's own process, whatever it is at; nothing that it does outlives it."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in self._processes:
                process.terminate()
