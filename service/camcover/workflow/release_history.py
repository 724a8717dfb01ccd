"""Releases as people look at them: which answers since when, what comes next, what a roll-back returns to.

What comes in: the ledger. What goes out: records to show. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from camcover.store import Activation, Ledger, Release, in_effect, in_force, without_effect
from camcover.workflow.errors import UnknownRelease
from camcover.workflow.release_rules import unknown_release

__all__ = [
    "History",
    "Ledger",
    "ReleaseAtHand",
    "ReleasesPage",
    "files_of_release",
    "history",
    "release_at_hand",
    "releases_page",
]


class History(NamedTuple):
    """What the database says of its active release.

    `active`: its id, `since`: from when on; None before the first. `decision`: the one by which it is active.
    `returns_to`: the release that a roll-back would bring back. `decisions`: all that were made, newest effect first;
    `scheduled`: those of them whose time has not come, soonest first; `idle`: the numbers of those that had no effect,
    since another release was active at their time; `effective`: those that had one, newest first. `now`: the time by
    which all this holds.
    """

    active: str | None
    since: datetime | None
    decision: Activation | None
    returns_to: str | None
    decisions: tuple[Activation, ...]
    scheduled: tuple[Activation, ...]
    now: datetime
    idle: frozenset[int] = frozenset()
    effective: tuple[Activation, ...] = ()


class ReleasesPage(NamedTuple):
    """Some releases, newest first; `more`: the id behind which the next page begins, empty where there is none."""

    releases: tuple[Release, ...]
    more: str


class ReleaseAtHand(NamedTuple):
    """One release with its files by name, and the decisions about it, newest first.

    `needs_other`: somebody else than its author has to activate it.
    """

    release: Release
    files: Mapping[str, bytes]
    decisions: tuple[Activation, ...]
    needs_other: bool


def history(ledger: Ledger) -> History:
    """What was decided, and what holds now. Raises `StoreUnavailable`."""
    now, decisions = ledger.now(), ledger.activations()
    stack = in_force(decisions, now)
    effective = in_effect(decisions, now)
    decision = effective[-1] if effective else None
    return History(
        active=stack[-1] if stack else None,
        since=None if decision is None else decision.effective_at,
        decision=decision,
        returns_to=stack[-2] if len(stack) > 1 else None,
        decisions=tuple(reversed(decisions)),
        scheduled=tuple(each for each in decisions if not each.is_cancelled and not each.holds(now)),
        now=now,
        idle=frozenset(without_effect(decisions, now)),
        effective=tuple(reversed(effective)),
    )


def releases_page(ledger: Ledger, most: int, before: str = "", words: str = "") -> ReleasesPage:
    """At most so many releases, newest first, those published before the release `before`.

    Raises `UnknownRelease` where there is no release `before`.
    """
    last = None
    if before:
        last = ledger.release(before)
        if last is None:
            raise UnknownRelease(before[:64])
    found = ledger.releases(most + 1, last, words)
    return ReleasesPage(tuple(found[:most]), found[most - 1].id if len(found) > most else "")


def release_at_hand(ledger: Ledger, release_id: str) -> ReleaseAtHand:
    """A release, its files and its decisions. Raises `UnknownRelease`."""
    release = ledger.release(release_id)
    if release is None:
        raise unknown_release(release_id[:64], ledger.ids())
    decisions = tuple(each for each in reversed(ledger.activations()) if each.release_id == release_id)
    return ReleaseAtHand(release, ledger.files(release_id), decisions, ledger.needs_four_eyes)


def files_of_release(ledger: Ledger, release_id: str) -> dict[str, bytes]:
    """The files of a release by name. Raises `UnknownRelease`."""
    found = ledger.files(release_id)
    if not found:
        raise unknown_release(release_id[:64], ledger.ids())
    return found
