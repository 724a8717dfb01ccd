"""Following the database: what becomes active there is what this process answers by, within two seconds.

A release is loaded whole before it takes the place of the last one; while the database cannot be reached, or a release
does not load, the last good one answers.
"""

from __future__ import annotations

import asyncio

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from camcover.store.listening import listener
from camcover.workflow.activation import active_release
from camcover.workflow.errors import CamcoverError
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce

__all__ = ["Follower"]

LOOK_SECONDS = 1.0
"""How often to look where nothing tells of a change: a scheduled activation's time comes without a word."""

_LOG = structlog.get_logger("camcover.rules")


class Follower:
    """Keeps rules in force at what the database says; belongs to one event loop."""

    def __init__(self, rules: RulesInForce, releases: ReleaseRules) -> None:
        """Follow the database of `releases`, loading by them."""
        self._rules, self._releases = rules, releases
        self._failed = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take what is active now, then follow."""
        await self.look()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Take what is active now. What cannot be loaded changes nothing, and is logged once."""
        try:
            found = await asyncio.to_thread(active_release, self._releases.store)
            if found is None or found == self._rules.release:
                self._failed = ""
                return
            tables = await asyncio.to_thread(self._releases.tables, found)
        except (SQLAlchemyError, CamcoverError, OSError) as error:
            self._complain(error)
            return
        before = self._rules.release
        self._rules.activate(tables)
        self._failed = ""
        _LOG.info("release active", rule_release=found, before=before)

    async def _follow(self) -> None:
        changes = listener(self._releases.store.database)
        try:
            while True:
                try:
                    await changes.wait(LOOK_SECONDS)
                except (psycopg.Error, SQLAlchemyError, OSError) as error:
                    self._complain(error)
                    await asyncio.sleep(LOOK_SECONDS)
                await self.look()
        finally:
            await changes.close()

    def _complain(self, error: Exception) -> None:
        """Log a failure, once until it is over or another."""
        reason = str(error).partition("\n")[0]
        if reason != self._failed:
            self._failed = reason
            _LOG.error("database not followed", reason=reason, rule_release=self._rules.release)
