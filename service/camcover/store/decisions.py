"""Decisions about which release is active, and which release they make active at a given time.

Decisions to be made at once hold in the order in which they were made, whatever a clock said: one that was ahead, or
behind, undoes nothing that is decided later. Scheduled ones hold from their time on. One that is bound to the release
before it has no effect where another is active by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Activation", "ActivationKind", "in_effect", "in_force", "in_order_of_effect", "without_effect"]


class ActivationKind(StrEnum):
    """Why a release became active."""

    ACTIVATE = "activate"
    ROLLBACK = "rollback"


class Activation(NamedTuple):
    """A decision: `release_id` is active from `effective_at` on; `from_release` was active when it was made.

    `id` counts up as decisions are made. `only_from`: it has an effect only if that release is active at its time.
    """

    id: int
    kind: ActivationKind
    release_id: str
    from_release: str | None
    actor: str
    reason: str
    created_at: datetime
    effective_at: datetime
    only_from: str | None = None
    is_cancelled: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether its time has come; that of a decision to be made at once had come when it was made."""
        return self.effective_at <= max(now, self.created_at)


def in_order_of_effect(activations: Iterable[Activation]) -> list[Activation]:
    """Decisions in the order in which they take effect.

    What was decided at once took effect before any later decision was made: where the clock of that later one says
    otherwise, the clocks differed, and the earlier time counts.
    """
    placed: list[tuple[datetime, int, Activation]] = []
    made_later: datetime | None = None
    for each in sorted(activations, key=lambda one: one.id, reverse=True):
        is_at_once = each.effective_at <= each.created_at
        at = min(each.effective_at, made_later) if is_at_once and made_later else each.effective_at
        made_later = min(each.created_at, made_later) if made_later else each.created_at
        placed.append((at, each.id, each))
    return [each for _, _, each in sorted(placed, key=lambda one: one[:2])]


def in_force(activations: Iterable[Activation], now: datetime) -> list[str]:
    """The releases that a roll-back would return to, one below the other; the last one is active at `now`.

    A roll-back takes off what was activated since.
    """
    return _followed(activations, now)[0]


def without_effect(activations: Iterable[Activation], now: datetime) -> dict[int, str]:
    """Decisions whose time came while another release was active than the one they are bound to: number -> that one.

    Empty where nothing was active.
    """
    return _followed(activations, now)[1]


def in_effect(activations: Iterable[Activation], now: datetime) -> list[Activation]:
    """The decisions that had an effect up to `now`, in the order in which they are given."""
    given = tuple(activations)
    passed_over = without_effect(given, now)
    return [each for each in given if not each.is_cancelled and each.holds(now) and each.id not in passed_over]


def _followed(activations: Iterable[Activation], now: datetime) -> tuple[list[str], dict[int, str]]:
    """The releases of `in_force`, and the decisions of `without_effect`."""
    stack: list[str] = []
    passed_over: dict[int, str] = {}
    for each in in_order_of_effect(activations):
        if each.is_cancelled or not each.holds(now):
            continue
        active = stack[-1] if stack else ""
        if each.only_from not in (None, active):
            passed_over[each.id] = active
        elif each.kind is ActivationKind.ROLLBACK and each.release_id in stack:
            while stack[-1] != each.release_id:
                stack.pop()
        elif active != each.release_id:
            stack.append(each.release_id)
    return stack, passed_over
