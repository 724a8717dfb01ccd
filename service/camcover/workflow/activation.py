"""The active release: activate one now or at a later time, return to the previous one, cancel a decision.

Every change is one transaction that checks and writes; nothing else changes in between.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from camcover.store import Activation, ActivationKind, Ledger, ReleaseStore, in_effect, in_force
from camcover.workflow.errors import (
    ActivationPast,
    ActiveReleaseChanged,
    FourEyesNeeded,
    NothingToReturnTo,
    SecondPersonNeeded,
    UnknownActivation,
    moment,
)
from camcover.workflow.people import is_same_person
from camcover.workflow.release_rules import ReleaseRules, unknown_release

__all__ = [
    "Decision",
    "FourEyes",
    "activate",
    "activate_approved",
    "active_release",
    "cancel",
    "clock_warning",
    "four_eyes",
    "roll_back",
    "switch_four_eyes",
]


class Decision(NamedTuple):
    """Who decides, and why. `expected`: the release believed to be active, if that matters."""

    actor: str
    reason: str
    expected: str | None = None


def active_release(store: ReleaseStore) -> str | None:
    """The id of the release that is active now; None before the first."""
    with store.reading() as ledger:
        return ledger.active()


def activate(rules: ReleaseRules, release_id: str, decision: Decision, at: datetime | None = None) -> Activation:
    """Make a release the active one, from `at` on if given; what is active already stays, and no decision is added.

    Raises `UnknownRelease`, `ReleaseUnusable` when it does not compile, `FourEyesNeeded`, `ActiveReleaseChanged`.
    """
    rules.tables(release_id)
    with rules.store.writing() as ledger:
        release, active = ledger.release(release_id), _expected(ledger, decision)
        now = ledger.now()
        if release is None:
            raise unknown_release(release_id, ledger.ids())
        if ledger.needs_four_eyes and is_same_person(release.author, decision.actor):
            raise FourEyesNeeded(release_id, release.author)
        if active == release_id and (at is None or at <= now):
            return [each for each in in_effect(ledger.activations(), now) if each.release_id == active][-1]
        return _add(
            ledger, ActivationKind.ACTIVATE, release_id, active, decision=decision, now=now, at=max(at or now, now)
        )


def activate_approved(ledger: Ledger, release_id: str, decision: Decision, at: datetime | None = None) -> Activation:
    """Make a release active in place of `decision.expected`, which an approved draft changes: now, or from `at` on.

    Where another release is active by then, the decision has no effect. Two people saw the draft, so that the four
    eyes of `activate` are not asked for again. Raises `ActiveReleaseChanged`.
    """
    active, now = _expected(ledger, decision), ledger.now()
    is_later = at is not None and at > now
    return _add(
        ledger,
        ActivationKind.ACTIVATE,
        release_id,
        active,
        decision=decision,
        now=now,
        at=max(at or now, now),
        only_from=active if is_later else None,
    )


def roll_back(rules: ReleaseRules, decision: Decision) -> Activation:
    """Return to the release that was active before the present one; again and again, as far as there are any.

    Whoever published it: it was active before. Raises `NothingToReturnTo`, `ActiveReleaseChanged`, `ReleaseUnusable`.
    """
    with rules.store.reading() as ledger:
        stack = in_force(ledger.activations(), ledger.now())
    if len(stack) < 2:
        raise NothingToReturnTo
    rules.tables(stack[-2])
    with rules.store.writing() as ledger:
        active = _expected(ledger, decision)
        if active != stack[-1]:
            raise ActiveReleaseChanged(stack[-1], active)
        now = ledger.now()
        return _add(ledger, ActivationKind.ROLLBACK, stack[-2], active, decision=decision, now=now, at=now)


def cancel(store: ReleaseStore, number: int, decision: Decision) -> Activation:
    """Call off a scheduled activation. Raises `UnknownActivation`, `ActivationPast`."""
    with store.writing() as ledger:
        now = ledger.now()
        found = {each.id: each for each in ledger.activations()}
        if number not in found:
            planned = (each for each in found.values() if not each.is_cancelled and not each.holds(now))
            raise UnknownActivation(str(number), tuple(str(each.id) for each in planned))
        chosen = found[number]
        if chosen.is_cancelled:
            raise ActivationPast(number, "has already been called off")
        if chosen.holds(now):
            raise ActivationPast(number, f"already took effect on {moment(chosen.effective_at)}; roll back instead")
        ledger.cancel(chosen, decision.actor, decision.reason, now)
        return chosen._replace(is_cancelled=True)


class FourEyes(NamedTuple):
    """Whether publisher and activator must differ; `asked_off_by`: who asked for the end of that, as yet alone."""

    is_on: bool
    asked_off_by: str | None


def four_eyes(store: ReleaseStore) -> FourEyes:
    """Whether publisher and activator must differ now."""
    with store.reading() as ledger:
        return FourEyes(ledger.needs_four_eyes, ledger.asked_four_eyes_off)


def switch_four_eyes(store: ReleaseStore, actor: str, *, is_on: bool) -> bool:
    """Say whether publisher and activator must differ; gives whether they must now.

    Two people switch it off: the first one asks, another agrees. Raises `SecondPersonNeeded` where they are the same.
    """
    with store.writing() as ledger:
        asked = ledger.asked_four_eyes_off
        if not is_on and ledger.needs_four_eyes and asked is None:
            ledger.ask_four_eyes_off(actor)
            return True
        if not is_on and asked is not None and is_same_person(asked, actor):
            raise SecondPersonNeeded(actor)
        ledger.set_four_eyes(actor, is_on=is_on)
        return is_on


def clock_warning(store: ReleaseStore) -> str:
    """A warning if the clock is behind a recorded decision, since one of the two is wrong; else empty."""
    with store.reading() as ledger:
        now, decisions = ledger.now(), ledger.activations()
    newest = max(decisions, key=lambda each: each.created_at, default=None)
    if newest is None or newest.created_at <= now:
        return ""
    return (
        f"the clock says {moment(now)}, but activation {newest.id} was decided later, on {moment(newest.created_at)}; "
        "one of the two times is wrong. Immediate activations take effect in the order in which they were decided; "
        "scheduled activations take effect by the clock"
    )


def _expected(ledger: Ledger, decision: Decision) -> str | None:
    """The active release, which has to be the one that the caller expects, if any."""
    active = ledger.active()
    if decision.expected is not None and decision.expected != active:
        raise ActiveReleaseChanged(decision.expected, active)
    return active


def _add(
    ledger: Ledger,
    kind: ActivationKind,
    release_id: str,
    active: str | None,
    *,
    decision: Decision,
    now: datetime,
    at: datetime,
    only_from: str | None = None,
) -> Activation:
    """Write the decision."""
    wanted = Activation(0, kind, release_id, active, decision.actor, decision.reason, now, at, only_from)
    return wanted._replace(id=ledger.add_activation(wanted))
