"""Ways to pay less as people are shown them: what each costs and saves, what changes, and what to ask first.

What comes in: what a search found. What goes out: records of texts and amounts in cents. Ways with the same provider
come first, and the cheapest of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.engine import EstimateRequest
from camcover.engine.request import PlannedService
from camcover.messages import Argument, Message
from camcover.showing.naming import RuleNames, capitalised
from camcover.showing.words import WORDS
from camcover.workflow.care_choices import CareChange
from camcover.workflow.cheaper_ways import CheaperWay, CheaperWays
from camcover.workflow.trades import Trade, cost_as_planned, remarks_on, trades_of

__all__ = ["ShownWay", "ShownWays", "shown_ways"]

_PROVIDER = CareChange.TIER | CareChange.PRACTITIONER | CareChange.SETTING


class ShownWay(NamedTuple):
    """One way: what changes, what to do first, and whether the provider stays."""

    patient_cents: int
    saved_cents: int
    changes: tuple[str, ...]
    traded: tuple[str, ...]
    is_same_provider: bool
    way: CheaperWay


class ShownWays(NamedTuple):
    """What was found, in words; `least_cents`: the cheapest way, what is planned where there is none.

    `saved_cents`: how much less that is.
    """

    planned: str
    least_cents: int
    saved_cents: int
    ways: tuple[ShownWay, ...]
    remarks: tuple[str, ...]
    priced: int


def shown_ways(found: CheaperWays, request: EstimateRequest, names: RuleNames) -> ShownWays:
    """What a search for the ways of a request found."""
    words = names.language
    ways = [
        ShownWay(
            patient_cents=each.patient_cents,
            saved_cents=found.patient_cents - each.patient_cents,
            changes=tuple(
                capitalised(words.text(_named(trade, each.choices[trade.item_index].item, request, names)))
                for trade in trades_of(each)
            ),
            traded=tuple(words.text(WORDS[word]()) for word in _asks(each)),
            is_same_provider=not each.kinds & _PROVIDER,
            way=each,
        )
        for each in found.ways
    ]
    ways.sort(key=lambda each: (not each.is_same_provider, each.patient_cents))
    least = min((each.patient_cents for each in ways), default=found.patient_cents)
    return ShownWays(
        planned=words.text(cost_as_planned(found)),
        least_cents=least,
        saved_cents=found.patient_cents - least,
        ways=tuple(ways),
        remarks=tuple(capitalised(words.text(each)) for each in remarks_on(found, request)),
        priced=found.priced,
    )


def _asks(way: CheaperWay) -> Iterator[str]:
    """What is to be asked or agreed on first."""
    if way.kinds & (CareChange.TIER | CareChange.PRACTITIONER):
        yield "web-way-trade-provider"
    elif CareChange.SETTING in way.kinds:
        yield "web-way-trade-place"
    if CareChange.DATES in way.kinds:
        yield "web-way-trade-later"
    if CareChange.SELF_PAY in way.kinds:
        yield "web-way-trade-self-pay"


def _named(trade: Trade, item: PlannedService, request: EstimateRequest, names: RuleNames) -> Message:
    """A change with the names of what it names by words of rule files."""
    named: dict[str, Argument] = {"therapy": names.therapy(item.therapy)}
    if trade.kind is CareChange.TIER:
        named["tier"] = names.tier(request.plan_id, min(item.dates), item.tier)
    if trade.kind is CareChange.PRACTITIONER:
        named["practitioner"] = names.practitioner(item.practitioner)
    arguments = ((name, named.get(name, value)) for name, value in trade.message.arguments)
    return Message(trade.message.id, tuple(arguments))
