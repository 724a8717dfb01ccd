"""A process follows what becomes active in the database, and keeps the last good rules whatever happens there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from camcover.store import ReleaseStore, open_database
from camcover.workflow import following
from camcover.workflow.activation import Decision, activate, roll_back
from camcover.workflow.following import Follower
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce

BOB = Decision("bob", "because")


@pytest.fixture
async def rules(releases: Any) -> AsyncIterator[RulesInForce]:
    """Rules in force that follow the database; the first release is active."""
    activate(releases.rules, releases.ids[0], BOB)
    in_force = RulesInForce(releases=releases.rules)
    follower = Follower(in_force, releases.rules)
    await follower.start()
    yield in_force
    await follower.stop()


async def changed(rules: RulesInForce, release: str) -> None:
    """Wait until a release is in force."""
    event = asyncio.Event()
    rules.listen(event.set)
    async with asyncio.timeout(30):
        while rules.release != release:
            await event.wait()
            event.clear()


async def test_another_process_activates_and_rolls_back(releases: Any, rules: RulesInForce, url: str) -> None:
    """Another connection of the same kind as another process has."""
    assert rules.release == releases.ids[0]
    other = open_database(url)
    others = ReleaseRules(ReleaseStore(other))
    before = rules.take()
    await asyncio.to_thread(activate, others, releases.ids[1], BOB)
    await changed(rules, releases.ids[1])
    assert before.release == releases.ids[0]  # a call that took them ends on them
    await asyncio.to_thread(roll_back, others, BOB)
    await changed(rules, releases.ids[0])
    other.close()


async def test_a_scheduled_activation_comes_without_a_word(releases: Any, rules: RulesInForce) -> None:
    at = datetime.now(UTC) + timedelta(milliseconds=300)
    await asyncio.to_thread(activate, releases.rules, releases.ids[2], BOB, at)
    await changed(rules, releases.ids[2])
    assert datetime.now(UTC) >= at


async def test_a_release_that_does_not_load_changes_nothing_and_is_logged_once(
    releases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    activate(releases.rules, releases.ids[0], BOB)
    rules = RulesInForce(releases=releases.rules)
    follower = Follower(rules, releases.rules)
    await follower.look()
    activate(releases.rules, releases.ids[1], BOB)
    with capture_logs() as logged, monkeypatch.context() as patched:
        patched.setattr(following, "active_release", lambda _: "rules-gone")
        await follower.look()
        await follower.look()
    assert [each["event"] for each in logged] == ["database not followed"]
    assert "rules-gone" in logged[0]["reason"]
    assert rules.release == releases.ids[0]
    await follower.look()
    assert rules.release == releases.ids[1]


async def test_a_database_that_cannot_be_reached_for_a_while(
    releases: Any, rules: RulesInForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_down, asked = threading.Event(), asyncio.Event()
    loop, really = asyncio.get_running_loop(), following.active_release

    def sometimes(store: ReleaseStore) -> str | None:
        if is_down.is_set():
            loop.call_soon_threadsafe(asked.set)
            raise OperationalError("select", {}, ConnectionError("gone"))
        return really(store)

    monkeypatch.setattr(following, "active_release", sometimes)
    is_down.set()
    await asyncio.to_thread(activate, releases.rules, releases.ids[1], BOB)
    await asked.wait()
    assert rules.release == releases.ids[0]
    is_down.clear()
    await changed(rules, releases.ids[1])


async def test_pinned_releases_answer_beside_the_active_one(releases: Any, rules: RulesInForce) -> None:
    pinned = await asyncio.to_thread(rules.take, releases.ids[2])
    assert pinned.release == releases.ids[2]
    assert rules.take().release == releases.ids[0]
    assert rules.is_at_hand(releases.ids[2])
    assert not rules.is_at_hand("rules-unknown")
