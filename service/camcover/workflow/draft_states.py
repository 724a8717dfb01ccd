"""What state a draft is in: it follows from its steps, and from what became of the activation that it led to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from camcover.store import Activation, Draft, DraftStep, DraftStepKind, Ledger, in_force, without_effect
from camcover.workflow.errors import moment
from camcover.workflow.people import is_same_person

__all__ = ["DraftState", "DraftView", "Moment", "base_moved", "moment_of", "view"]


class DraftState(StrEnum):
    """What a draft waits for."""

    OPEN = "open"
    PROPOSED = "proposed"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    SENT_BACK = "sent-back"
    WITHDRAWN = "withdrawn"


_AFTER = {
    DraftStepKind.CREATE: DraftState.OPEN,
    DraftStepKind.SAVE: DraftState.OPEN,
    DraftStepKind.PROPOSE: DraftState.PROPOSED,
    DraftStepKind.APPROVE: DraftState.APPROVED,
    DraftStepKind.SEND_BACK: DraftState.SENT_BACK,
    DraftStepKind.WITHDRAW: DraftState.WITHDRAWN,
}
"""The state after each kind of step; a comment changes none, a publication depends on its activation."""


class DraftView(NamedTuple):
    """A draft as it stands. `active`: the release in force. `reason`: why it was sent back or withdrawn, else empty.

    `activation`: what its publication led to, unless that was called off.
    """

    draft: Draft
    steps: tuple[DraftStep, ...]
    state: DraftState
    reason: str
    active: str | None
    activation: Activation | None = None
    file_count: int = 0

    @property
    def revision(self) -> int:
        """The number of its files' newest revision, from 1."""
        return self.steps[-1].revision

    @property
    def base(self) -> str:
        """The release that its files differ from."""
        return self.steps[-1].base

    @property
    def digest(self) -> str:
        """What an approval is bound to."""
        return self.steps[-1].digest

    @property
    def editors(self) -> tuple[str, ...]:
        """Who began it or saved files of it, in alphabetical order: none of them may approve."""
        writing = (DraftStepKind.CREATE, DraftStepKind.SAVE)
        return tuple(sorted({each.actor for each in self.steps if each.kind in writing}))

    def is_editor(self, person: str) -> bool:
        """Whether somebody began it or saved files of it, under whatever spelling of their name."""
        return any(is_same_person(each, person) for each in self.editors)

    @property
    def approval(self) -> DraftStep | None:
        """The approval of these very files that holds; None where there is none."""
        if self.state not in (DraftState.APPROVED, DraftState.SCHEDULED, DraftState.PUBLISHED):
            return None
        approvals = [each for each in self.steps if each.kind is DraftStepKind.APPROVE and each.digest == self.digest]
        return approvals[-1] if approvals else None


class Moment(NamedTuple):
    """What the decisions about releases come to at a time.

    `activations` by number; `active`: the release in force; `passed_over`: decisions without effect, as
    `without_effect` gives them.
    """

    now: datetime
    activations: Mapping[int, Activation]
    active: str | None
    passed_over: Mapping[int, str]


def moment_of(ledger: Ledger) -> Moment:
    """What the decisions come to now."""
    now, decisions = ledger.now(), ledger.activations()
    stack = in_force(decisions, now)
    by_number = {each.id: each for each in decisions}
    return Moment(now, by_number, stack[-1] if stack else None, without_effect(decisions, now))


def view(draft: Draft, steps: Sequence[DraftStep], file_count: int, at: Moment) -> DraftView:
    """A draft with its state at a moment."""
    state, reason, activation = _state(steps, at)
    return DraftView(draft, tuple(steps), state, reason, at.active, activation, file_count)


def _state(steps: Sequence[DraftStep], at: Moment) -> tuple[DraftState, str, Activation | None]:
    """The state, its reason, and the activation that the last publication led to."""
    last = [each for each in steps if each.kind is not DraftStepKind.COMMENT][-1]
    if last.kind is not DraftStepKind.PUBLISH:
        is_told = last.kind in (DraftStepKind.SEND_BACK, DraftStepKind.WITHDRAW)
        return _AFTER[last.kind], last.text if is_told else "", None
    made = at.activations[last.activation_id or 0]
    if made.is_cancelled:
        return DraftState.APPROVED, "", None
    if not made.holds(at.now):
        return DraftState.SCHEDULED, "", made
    instead = at.passed_over.get(made.id)
    if instead is not None:
        return DraftState.SENT_BACK, f"at {moment(made.effective_at)} {base_moved(last.base, instead)}", made
    return DraftState.PUBLISHED, "", made


def base_moved(base: str, active: str | None) -> str:
    """Why a draft goes back: another release is in force than the one that it changes."""
    return f"{active or 'no release'} was in force, not {base}, which the draft changes"
