"""The two ends of a range as people are shown them: the amount, what leads there, what each cause is worth by itself.

What comes in: a request and the range of its estimate. What goes out: texts and amounts in cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.asking.range_causes import CauseKind, RangeCause
from camcover.engine.estimate import Range
from camcover.engine.evaluate import causes_of_range
from camcover.messages import Dollars, Label, Message, WordList
from camcover.rulebook.records import Attestation
from camcover.rulebook.term_messages import allowed, attestation
from camcover.showing.naming import RuleNames
from camcover.showing.words import WORDS

__all__ = ["EndCause", "RangeEnd", "ends_of"]

_OF_CARE = {
    CauseKind.LOW_PRICES,
    CauseKind.HIGH_PRICES,
    CauseKind.AGE,
    CauseKind.DIAGNOSIS,
    CauseKind.MEMBERSHIP,
    CauseKind.FIRST_SERVICE,
    CauseKind.LOWER_COST_SHARE,
}
"""Causes whose sentence names the care and nothing else."""


class EndCause(NamedTuple):
    """One thing that leads to an end, and what it changes by itself, cents; None: only together with others."""

    text: str
    worth_cents: int | None


class RangeEnd(NamedTuple):
    """The least (`is_low`) or the most: its amount, and what leads there. `is_expected`: it is the expected cost."""

    is_low: bool
    cents: int
    is_expected: bool
    causes: tuple[EndCause, ...]

    @property
    def word(self) -> str:
        """The message of its head."""
        end = "low" if self.is_low else "high"
        if self.is_expected:
            return f"web-range-{end}-expected"
        return f"web-range-{end}" if self.causes else f"web-range-{end}-alone"


def ends_of(
    tables: Tables, request: EstimateRequest, bounds: Range, names: RuleNames
) -> tuple[tuple[RangeEnd, ...], str]:
    """The least, then the most, and the message of what the amounts of their causes are, or empty.

    None where they are one amount: then causes are not looked for. `bounds`: of the request's estimate.
    """
    low, expected, high, _ = bounds
    if low == high:
        return (), ""
    causes = causes_of_range(tables, request)
    ends = tuple(
        RangeEnd(is_low, cents, cents == expected, tuple(_told(each, request, names) for each in found))
        for is_low, cents, found in ((True, low, causes.low), (False, high, causes.high))
    )
    return ends, _note_of(ends, is_reached=causes.is_reached)


def _note_of(ends: Sequence[RangeEnd], *, is_reached: bool) -> str:
    """The message of what the amounts of causes are; empty where there is nothing to say."""
    if not is_reached:
        return "web-range-widened"
    return "web-range-alone" if any(len(each.causes) > 1 for each in ends) else ""


def _told(cause: RangeCause, request: EstimateRequest, names: RuleNames) -> EndCause:
    return EndCause(names.language.text(_message(cause, request, names)), cause.worth_cents)


def _message(cause: RangeCause, request: EstimateRequest, names: RuleNames) -> Message:
    """What is so at an end."""
    care = WordList(tuple(dict.fromkeys(names.care(request.items[place]) for place in cause.items)))
    match cause.kind:
        case CauseKind.NETWORK:
            return WORDS["web-cause-network"](therapies=care, tier=_tier(request.plan_id, cause, request, names))
        case CauseKind.SECOND_NETWORK:
            return WORDS["web-cause-second-network"](tier=_tier(request.secondary_plan_id, cause, request, names))
        case CauseKind.DEDUCTIBLE_LEFT:
            return WORDS["web-cause-deductible-left"](amount=Dollars(cause.number))
        case CauseKind.PRACTITIONER:
            return WORDS["web-cause-practitioner"](therapies=care, practitioner=names.practitioner(cause.word))
        case CauseKind.STATE:
            return WORDS["web-cause-state"](therapies=care, state=cause.word)
        case CauseKind.WITHOUT:
            return WORDS["web-other-without"](approval=attestation(Attestation(cause.word)), therapy=care)
        case CauseKind.USED if cause.limit is not None:
            used = allowed(cause.limit, cause.number)
            return WORDS["web-cause-used"](used=used, name=Label(cause.word))
        case _:
            return WORDS[f"web-cause-{cause.kind.value}"](**({"therapies": care} if cause.kind in _OF_CARE else {}))


def _tier(plan_id: str, cause: RangeCause, request: EstimateRequest, names: RuleNames) -> str:
    """The name of the network of a cause, as it is on the first day."""
    return names.tier(plan_id, min(day for item in request.items for day in item.dates), cause.word)
