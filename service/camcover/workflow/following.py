"""Follows the database: within two seconds, this process answers by the release that became active there.

A release is loaded completely before it replaces the last one. While the database cannot be reached, or a release does
not load, the last good release answers. Every failure, of any kind, is logged and tried again, and `state` shows it.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from enum import Enum

import structlog

from camcover.store.listening import listener
from camcover.workflow.activation import active_release
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["Follower", "Following"]

LOOK_SECONDS = 1.0
"""How often to look where nothing tells of a change: a scheduled activation's time comes without a word."""

PATIENCE_SECONDS = 10.0
"""How long a look may take before the process counts as behind; it goes on all the same."""

_LINE_END = "\n"

_LOG = structlog.get_logger("camcover.rules")


class Following(Enum):
    """How well a process follows the database."""

    AT_ONE = "at_one"
    """What is active there, if anything is, is what answers."""
    BEHIND = "behind"
    """The database cannot be reached, or what is active there does not load; tried again all the time."""
    ENDED = "ended"
    """Nothing is tried any more, though nobody asked to stop: the process has to be started anew."""


class Follower:
    """Keeps the rules in force equal to the database's active release; belongs to one event loop."""

    def __init__(
        self, rules: RulesInForce, releases: ReleaseRules, tell: Callable[[Following], object] = lambda _: None
    ) -> None:
        """Follow the database of `releases`, loading by them; `tell` is called whenever `state` changes."""
        self._rules, self._releases, self._tell = rules, releases, tell
        self._said: set[str] = set()
        self._wanted = ""
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None
        self.state = Following.AT_ONE

    async def start(self) -> None:
        """Take what is active now, then follow."""
        await self.look()
        self._task = asyncio.create_task(self._follow())
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Follow no more."""
        self._is_stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Take over what is active now. A failure of any kind changes nothing, and is logged once."""
        self._wanted = ""
        taking = asyncio.create_task(self._take_active())
        try:
            if not (await asyncio.wait({taking}, timeout=PATIENCE_SECONDS))[0]:
                self._set(Following.BEHIND)
            await taking
        except Exception as error:  # noqa: BLE001 - a process that stops following would answer by old rules for good
            self._set(Following.BEHIND)
            self._complain(error)
        else:
            self._set(Following.AT_ONE)
        finally:
            taking.cancel()

    async def _take_active(self) -> None:
        """Load the active release if it is another than the one that answers, and let it answer."""
        found = await asyncio.to_thread(active_release, self._releases.store)
        before = self._rules.release
        if found is None or found == before:
            return
        self._wanted = found
        self._rules.activate(await asyncio.to_thread(self._releases.tables, found))
        _LOG.info("release active", rule_release=found, before=before)

    async def _follow(self) -> None:
        """Look whenever something changes; where listening fails, look all the same, then listen anew."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - the same
                self._complain(error)
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def _listen(self) -> None:
        """Look at each change, until listening fails."""
        changes = listener(self._releases.store.database)
        try:
            while True:
                await changes.wait(LOOK_SECONDS)
                await self.look()
                if self.state is Following.AT_ONE:
                    self._said.clear()
        finally:
            await changes.close()

    def _complain(self, error: Exception) -> None:
        """Log a failure once until all is well again: its kind, place and first line, which contain no values."""
        reason = f"{type(error).__name__}: {str(error).partition(_LINE_END)[0]}"
        if reason not in self._said:
            self._said.add(reason)
            frame = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error(
                "database not followed",
                reason=reason,
                place=f"{frame.filename}:{frame.lineno}",
                wanted=self._wanted,
                rule_release=self._rules.release,
            )

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Say that following has ended, unless it was asked to."""
        if self._is_stopping:
            return
        error = None if task.cancelled() else task.exception()
        _LOG.error("following ended", reason=repr(error), rule_release=self._rules.release)
        self._set(Following.ENDED)

    def _set(self, state: Following) -> None:
        if state is not self.state:
            self.state = state
            self._tell(state)
