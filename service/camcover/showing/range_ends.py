"""The two ends of a range as people are shown them: the amount, what leads there, what each cause is worth by itself.

What comes in: a request and the range of its estimate. What goes out: texts and amounts in cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.causes import CauseKind, RangeCause
from camcover.engine.estimate import Range
from camcover.engine.evaluate import causes_of_range
from camcover.engine.telling.cause_sentences import cause_message
from camcover.messages import WordList
from camcover.showing.naming import RuleNames

__all__ = ["EndCause", "RangeEnd", "ends_of"]


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

    None where they are one amount. `bounds`: of the request's estimate; where it does not have its causes, they are
    worked out here.
    """
    low, expected, high = bounds[:3]
    if low == high:
        return (), ""
    causes = causes_of_range(tables, request) if bounds.causes is None else bounds.causes
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
    """A cause in words, with names in place of ids."""
    care = WordList(tuple(dict.fromkeys(names.care(request.items[place]) for place in cause.items)))
    said = cause_message(cause, care, _named(cause, request, names))
    return EndCause(names.language.text(said), cause.worth_cents)


def _named(cause: RangeCause, request: EstimateRequest, names: RuleNames) -> str:
    """The name of the practitioner, or of the network as it is on the first day, that a cause is about."""
    if cause.kind is CauseKind.PRACTITIONER:
        return names.practitioner(cause.word)
    plan_id = request.secondary_plan_id if cause.kind is CauseKind.SECOND_NETWORK else request.plan_id
    return names.tier(plan_id, min(day for item in request.items for day in item.dates), cause.word)
