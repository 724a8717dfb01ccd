"""Thread pools for work that would block the event loop: one for each kind, so that no kind waits for another.

What waits for a thread is bounded, and given up when its call ends. A work that has begun runs to its end: it has to be
short, a slice of what is long.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from camcover.api.errors import RETRY_AFTER_SECONDS, Refused, overloaded

__all__ = ["Pool", "Pools"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

MOST_WAITING = 256
"""The most jobs of one kind that wait or run; more are refused with the time to try again."""


class Pool:
    """A few threads for one kind of work."""

    def __init__(self, name: str, threads: int, most_waiting: int = MOST_WAITING) -> None:
        """Start no thread yet."""
        self._name, self._most = name, most_waiting
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._held = 0
        self._lock = threading.Lock()

    async def run(
        self, work: Callable[Parameters, Result], *given: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """What `work` gives. Raises what it raises, and `Refused` where too many jobs wait.

        A job that has not begun is dropped when its caller is cancelled.
        """
        with self._lock:
            if self._held >= self._most:
                raise Refused(overloaded(RETRY_AFTER_SECONDS, f"too many calls are waiting for {self._name}"))
            self._held += 1
        future = self._executor.submit(contextvars.copy_context().run, partial(work, *given, **named))
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop the jobs that have not begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _done(self, _: Future[Result]) -> None:
        with self._lock:
            self._held -= 1


class Pools:
    """One pool for each kind of work. Writing to the store uses the event loop's own threads."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self.reading = Pool("reading requests", 2)
        self.pricing = Pool("pricing", 2)
        self.batches = Pool("batches", 2)
        self.searching = Pool("searches", 2)
        self.looking_up = Pool("looking up", 2)
        self.staff = Pool("work on releases", 2)
        self.pages = Pool("pages", 2)

    def close(self) -> None:
        """Drop the jobs that have not begun."""
        for pool in vars(self).values():
            pool.close()
