"""What a cheaper way to the same care trades, in messages: which visits change what, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.engine import EstimateRequest
from camcover.engine.estimate import Citation
from camcover.engine.request import PlannedService
from camcover.messages import Dollars, Label, Message, sentence
from camcover.workflow.care_choices import CareChange
from camcover.workflow.cheaper_ways import CheaperWay, CheaperWays
from camcover.workflow.published_prices import price_citations, prices_lacking

__all__ = ["Trade", "cited", "cost_as_planned", "cost_of", "remarks_on", "sources_of", "trades_of"]

_TIER = sentence("way-tier", "count", "therapy", "tier")
_PRACTITIONER = sentence("way-practitioner", "count", "therapy", "practitioner")
_SETTING = sentence("way-setting", "count", "therapy", "setting")
_LATER = sentence("way-later", "count", "therapy", "first")
_EARLIER = sentence("way-earlier", "count", "therapy", "first")
_SELF_PAY = sentence("way-self-pay", "count", "therapy", "amount")
_AS_PLANNED = sentence("way-as-planned", "amount")
_COSTS = sentence("way-costs", "amount", "saved")
_NONE = sentence("ways-none")
_BOUND = sentence("ways-bound-reached", "count")
_KEPT = sentence("ways-price-kept", "therapy")
_SOURCE = sentence("ways-price-source", "place", "source")


class Trade(NamedTuple):
    """One change: of the item at a place, its kind, and the sentence."""

    item_index: int
    kind: CareChange
    message: Message


def cost_as_planned(found: CheaperWays) -> Message:
    """What the patient pays if nothing changes."""
    return _AS_PLANNED(amount=Dollars(found.patient_cents))


def cost_of(found: CheaperWays, way: CheaperWay) -> Message:
    """What a way costs the patient, and what it saves."""
    return _COSTS(amount=Dollars(way.patient_cents), saved=Dollars(found.patient_cents - way.patient_cents))


def trades_of(way: CheaperWay) -> tuple[Trade, ...]:
    """What changes, item by item."""
    return tuple(trade for place in range(len(way.choices)) for trade in _of_item(way, place))


def remarks_on(found: CheaperWays, request: EstimateRequest) -> tuple[Message, ...]:
    """That nothing cheaper was found, that the search was cut short, which items kept their price, which lack one.

    `request`: the one that was searched, with the published prices that were found.
    """
    remarks = [] if found.ways else [_NONE()]
    if not found.is_proven:
        remarks.append(_BOUND(count=found.priced))
    remarks += [_KEPT(therapy=_therapy(request.items[place])) for place in found.kept]
    return tuple(dict.fromkeys([*remarks, *prices_lacking(request)]))


def sources_of(way: CheaperWay) -> tuple[Citation, ...]:
    """Where the published prices of a way come from: of what the plan is asked, not of visits paid without it."""
    return () if way.request is None else price_citations(way.request)


def cited(citation: Citation) -> Message:
    """Where a published price comes from, in words."""
    return _SOURCE(place=citation.place, source=citation.title)


def _of_item(way: CheaperWay, place: int) -> Iterator[Trade]:
    choice = way.choices[place]
    item, count, therapy = choice.item, len(choice.item.dates), _therapy(choice.item)
    if CareChange.TIER in choice.kinds:
        yield Trade(place, CareChange.TIER, _TIER(count=count, therapy=therapy, tier=Label(item.tier)))
    if CareChange.PRACTITIONER in choice.kinds:
        said = _PRACTITIONER(count=count, therapy=therapy, practitioner=Label(item.practitioner))
        yield Trade(place, CareChange.PRACTITIONER, said)
    if CareChange.SETTING in choice.kinds:
        yield Trade(place, CareChange.SETTING, _SETTING(count=count, therapy=therapy, setting=Label(str(item.setting))))
    if CareChange.DATES in choice.kinds:
        moved = _LATER if choice.days > 0 else _EARLIER
        yield Trade(place, CareChange.DATES, moved(count=abs(choice.days), therapy=therapy, first=min(item.dates)))
    paid = sum(number == place for number, _ in way.paid_oneself)
    if choice.self_pay_cents is not None and paid:
        said = _SELF_PAY(count=paid, therapy=therapy, amount=Dollars(choice.self_pay_cents))
        yield Trade(place, CareChange.SELF_PAY, said)


def _therapy(item: PlannedService) -> Label:
    """The therapy, else its first code."""
    return Label(item.therapy or item.procedures[0].code)
