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

from camcover.store import Activation, ActivationKind, ReleaseStore, open_database
from camcover.workflow import following
from camcover.workflow.activation import Decision, activate, active_release, roll_back
from camcover.workflow.following import Follower, Following
from camcover.workflow.release_rules import ReleaseRules
from camcover.workflow.rules_in_force import RulesInForce

BOB = Decision("bob", "because")
GONE = f"rules-{'0' * 16}"


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
    async with asyncio.timeout(120):
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


async def test_a_scheduled_activation_takes_effect_without_a_notification(releases: Any, rules: RulesInForce) -> None:
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
        patched.setattr(following, "active_release", lambda _: GONE)
        await follower.look()
        await follower.look()
    assert [each["event"] for each in logged] == ["database not followed"]
    assert f"UnknownRelease: no release {GONE!r}" in logged[0]["reason"]
    assert logged[0]["wanted"] == GONE
    assert rules.release == releases.ids[0]
    await follower.look()
    assert rules.release == releases.ids[1]


async def test_an_unreachable_database_is_followed_again_when_it_is_back(
    releases: Any, rules: RulesInForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_down, asked = threading.Event(), asyncio.Event()
    loop, really = asyncio.get_running_loop(), active_release

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


@pytest.mark.parametrize(
    "error", [ValueError("'hours' is not a valid Measure"), KeyError("x"), MemoryError(), OSError(28)]
)
async def test_an_unreadable_release_is_followed_once_it_can_be_read(
    releases: Any, rules: RulesInForce, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The follower's own task meets an error that nobody foresaw; it says so, goes on, and takes the release later."""
    read, asked = releases.rules.tables, asyncio.Event()
    loop, first = asyncio.get_running_loop(), rules.release

    def fail(_: str) -> Any:
        loop.call_soon_threadsafe(asked.set)
        raise error

    with capture_logs() as logged:
        with monkeypatch.context() as patched:
            await asyncio.to_thread(releases.rules.tables, releases.ids[1])
            patched.setattr(releases.rules, "tables", fail)
            await asyncio.to_thread(decide, releases, releases.ids[1])
            async with asyncio.timeout(120):
                await asked.wait()
                asked.clear()
                await asked.wait()  # it is tried again
            assert rules.release == first
        assert releases.rules.tables == read
        await changed(rules, releases.ids[1])
    failures = [each for each in logged if each["event"] == "database not followed"]
    assert [(each["reason"].partition(":")[0], each["wanted"]) for each in failures] == [
        (type(error).__name__, releases.ids[1])
    ]
    assert "test_following.py" in failures[0]["place"]


def decide(releases: Any, release: str) -> None:
    """Make a release active, without reading it."""
    with releases.store.writing() as ledger:
        now = ledger.now()
        ledger.add_activation(Activation(0, ActivationKind.ACTIVATE, release, None, "bob", "because", now, now))


async def test_the_state_of_following_is_reported(releases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind while what is active does not load, at one again, and ended when the task ends by itself."""
    told: list[Following] = []
    activate(releases.rules, releases.ids[0], BOB)
    ended = asyncio.Event()

    def tell(state: Following) -> None:
        told.append(state)
        if state is Following.ENDED:
            ended.set()

    follower = Follower(RulesInForce(releases=releases.rules), releases.rules, tell)
    await follower.look()
    assert (follower.state, told) == (Following.AT_ONE, [])
    with monkeypatch.context() as patched:
        patched.setattr(following, "active_release", lambda _: GONE)
        await follower.look()
        await follower.look()
    assert told == [Following.BEHIND]
    await follower.look()
    assert told == [Following.BEHIND, Following.AT_ONE]

    class Halt(BaseException):
        """What no task survives."""

    async def halt(_: Follower) -> None:
        raise Halt

    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr(Follower, "_follow", halt)
        await follower.start()
        async with asyncio.timeout(120):
            await ended.wait()
    assert told[-1] is Following.ENDED
    assert [each["event"] for each in logged] == ["following ended"]
    await follower.stop()


async def test_a_follower_that_is_stopped_has_not_ended_by_itself(releases: Any) -> None:
    follower = Follower(RulesInForce(releases=releases.rules), releases.rules)
    await follower.start()
    await follower.stop()
    assert follower.state is Following.AT_ONE


async def test_an_unresponsive_database_makes_the_follower_behind(
    releases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look goes on; once the database answers, its release is taken."""
    activate(releases.rules, releases.ids[0], BOB)
    rules, answers, behind = RulesInForce(releases=releases.rules), threading.Event(), asyncio.Event()
    really = active_release

    def late(store: ReleaseStore) -> str | None:
        answers.wait(60)
        return really(store)

    monkeypatch.setattr(following, "active_release", late)
    monkeypatch.setattr(following, "PATIENCE_SECONDS", 0.01)
    follower = Follower(rules, releases.rules, lambda state: behind.set() if state is Following.BEHIND else None)
    looking = asyncio.create_task(follower.look())
    async with asyncio.timeout(120):
        await behind.wait()
    assert rules.release == ""
    answers.set()
    await looking
    assert (rules.release, follower.state) == (releases.ids[0], Following.AT_ONE)


async def test_pinned_releases_answer_beside_the_active_one(releases: Any, rules: RulesInForce) -> None:
    pinned = await asyncio.to_thread(rules.take, releases.ids[2])
    assert pinned.release == releases.ids[2]
    assert rules.take().release == releases.ids[0]
    assert rules.is_at_hand(releases.ids[2])
    assert not rules.is_at_hand("rules-unknown")
