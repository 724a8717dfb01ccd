"""Impacts worked out in the background, each by a process of its own at a low priority; one at a time.

No estimate waits for them: the process has one thread that prices and yields to all others. A job ends when it is done,
when somebody wishes so in any process of the service, when it takes too long, and with the service.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from multiprocessing.context import SpawnProcess
from pathlib import Path

import structlog

from camcover.api.errors import Refused, overloaded
from camcover.api.orphans import end_with_parent
from camcover.workflow.impact.job_files import ImpactFiles, ImpactOrder, ImpactState, JobState

__all__ = ["ImpactJobs"]

MOST_JOBS = 4
"""Jobs that wait or run in this process; more are refused with the time to try again."""

MOST_SECONDS = 3600.0
"""How long one job may take."""

_TICK_SECONDS = 0.25
_RETRY_AFTER_SECONDS = 30
_NICENESS = 15
_CONTEXT = multiprocessing.get_context("spawn")
_LOG = structlog.get_logger("camcover.impacts")


class ImpactJobs:
    """The jobs of this process, over the files that all processes of the service read."""

    def __init__(self, files: ImpactFiles, book: Path | None = None, most_seconds: float = MOST_SECONDS) -> None:
        """Start nothing yet; end a job that takes more than `most_seconds`. `book`: the file of the operator's."""
        self.book = book
        self._files, self._most_seconds = files, most_seconds
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def state(self, key: str) -> ImpactState | None:
        """How far a job is, or what came of it; None where there is none."""
        return self._files.read(key)

    def begin(self, order: ImpactOrder) -> None:
        """Begin a job, unless it is there already. Raises `Refused` where too many wait."""
        found = self._files.read(order.key)
        if found is not None and (found.state.is_live or found.state is JobState.DONE):
            return
        if len(self._tasks) >= MOST_JOBS:
            raise Refused(overloaded(_RETRY_AFTER_SECONDS, "too many impacts are worked out at once"))
        self._files.begin(order.key)
        task = asyncio.create_task(self._done(order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, key: str) -> None:
        """Wish that a job end."""
        found = self._files.read(key)
        if found is not None and found.state.is_live:
            self._files.ask_to_end(key)

    async def ended(self) -> None:
        """Wait until no job of this process waits or runs."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _done(self, order: ImpactOrder) -> None:
        """Wait for the turn of a job, and see it through."""
        turn = asyncio.create_task(self._turn.acquire())
        try:
            while not turn.done():
                if self._files.is_asked_to_end(order.key):
                    self._files.write(order.key, ImpactState(JobState.CANCELLED))
                    return
                self._files.refresh(order.key)
                await asyncio.wait({turn}, timeout=_TICK_SECONDS)
            await self._worked(order)
        finally:
            if not turn.cancel() and turn.result():
                self._turn.release()

    async def _worked(self, order: ImpactOrder) -> None:
        """Let a process work a job out; it ends with this task."""
        process = _CONTEXT.Process(target=_work, args=(order, self._files), daemon=True)
        # What it is given goes through a pipe that it reads once it runs.
        await asyncio.to_thread(process.start)
        try:
            instead = await self._watched(order.key, process)
        finally:
            if process.is_alive():
                process.terminate()
            await asyncio.to_thread(process.join)
        if instead is not None:
            self._files.write(order.key, instead)

    async def _watched(self, key: str, process: SpawnProcess) -> ImpactState | None:
        """Wait for the end of a process, or of the job; gives the state to tell where the process did not."""
        last = asyncio.get_running_loop().time() + self._most_seconds
        while process.is_alive():
            if self._files.is_asked_to_end(key):
                return ImpactState(JobState.CANCELLED)
            if asyncio.get_running_loop().time() > last:
                return ImpactState(JobState.FAILED, said=f"it took longer than {self._most_seconds:g} seconds")
            self._files.refresh(key)
            await asyncio.sleep(_TICK_SECONDS)
        found = self._files.read(key)
        if found is not None and not found.state.is_live:
            return None
        _LOG.error("impact not worked out", exit_code=process.exitcode)
        return ImpactState(JobState.FAILED, said="the work ended with a fault, which the log has")


def _work(order: ImpactOrder, files: ImpactFiles) -> None:
    """What the process does."""
    from camcover.workflow.impact.job_work import work_out  # noqa: PLC0415 - it needs PyArrow, which only an extra brings

    os.nice(_NICENESS)
    end_with_parent()
    work_out(order, files)
