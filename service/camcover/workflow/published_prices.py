"""Prices that a payer publishes by provider: looked up before a request is priced, and told in its estimate.

What comes in: a request whose items name their providers, and a `PriceSource`. What goes out: the request with the
amounts that were found, and where each comes from. Who keeps that request can price it again without the source.
"""

from __future__ import annotations

from typing import Protocol

from camcover.calendar import ordinal_of
from camcover.engine import EstimateRequest, Tables
from camcover.engine.asking.claim import as_far_as_known
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.estimate import Citation, Estimate, ExplainedStep, Line
from camcover.engine.request import PlannedService, Procedure
from camcover.messages import Message, sentence
from camcover.money import Cents
from camcover.request_bounds import MAX_CENTS
from camcover.rulebook.records import Setting
from camcover.store.prices import AskedPrice, PublishedPrice

__all__ = [
    "PriceSource",
    "PricesInForce",
    "names_provider",
    "price_citations",
    "prices_lacking",
    "with_published_prices",
    "with_sources_told",
]

_NONE_AT_HAND = sentence("assumed-no-published-price", "item", "code")
_NONE_OF_SEVERAL = sentence("assumed-no-published-prices")
_NEEDS_CODE = sentence("assumed-price-needs-code", "item")

_OF_ALLOWED = {"step-charge-allowed", "step-typical-charge-allowed", "step-price-with-note"}
"""The sentences that say what a plan allows."""


class PriceSource(Protocol):
    """Where published prices are looked up, such as a file of them."""

    def price(self, asked: AskedPrice) -> PublishedPrice | None:
        """The price of a unit; None where there is not one. Raises `StoreUnavailable`."""


class PricesInForce(Protocol):
    """Prices that may be replaced while they are used."""

    def current(self) -> PriceSource:
        """Those that are in force. It may open a file."""


class GivesProvider(Protocol):
    """What may say who renders or bills a service: an item, or its message."""

    @property
    def provider(self) -> str:
        """An NPI, or nothing."""

    @property
    def tax_number(self) -> str:
        """Of who bills, or nothing."""


def names_provider(item: GivesProvider) -> bool:
    """Whether an item says who renders or bills it."""
    return bool(item.provider or item.tax_number)


def with_published_prices(tables: Tables, request: EstimateRequest, source: PriceSource | None) -> EstimateRequest:
    """The request with the allowed amounts of procedures that give none and whose provider has a price.

    A price is of the fee file that the plan names on the dates of the item, and must be in force on all of them.
    Minutes have no price, since the plan's rule makes units of them. Raises `StoreUnavailable`.
    """
    index = tables.plans.get(request.plan_id)
    if source is None or index is None or not any(map(names_provider, request.items)):
        return request
    known = as_far_as_known(request, tables.vocabulary)
    items = (
        _priced_item(index, item, plain.setting or Setting.OFFICE, source)
        for item, plain in zip(request.items, known.items, strict=True)
    )
    return request._replace(items=tuple(items))


def with_sources_told(request: EstimateRequest, estimate: Estimate) -> Estimate:
    """The estimate with the sources of allowed amounts that the request gives, and with prices that it lacks."""
    if not any(names_provider(item) or any(each.allowed_source for each in item.procedures) for item in request.items):
        return estimate
    told = [(request.items[line.item_index], _procedure_of(request, line)) for line in estimate.lines]
    cited = tuple(_citation(item, each) for item, each in told if each is not None and each.allowed_source)
    assumed = tuple(dict.fromkeys(prices_lacking(request)))
    bounds = estimate.range
    return estimate._replace(
        lines=tuple(_cited(request, line) for line in estimate.lines),
        range=bounds._replace(assumptions=bounds.assumptions + assumed),
        citations=tuple(dict.fromkeys(estimate.citations + cited)),
    )


def _priced_item(index: PlanIndex, item: PlannedService, setting: Setting, source: PriceSource) -> PlannedService:
    """An item with the prices of its provider."""
    fees = _fees_of(index, item)
    npi, tin = int(item.provider or 0), int(item.tax_number.replace("-", "") or 0)
    if not ((npi or tin) and item.tier and item.allowed_cents is None and fees):
        return item

    def priced(procedure: Procedure) -> Procedure:
        if procedure.allowed_cents is not None or procedure.minutes:
            return procedure
        modifiers = frozenset(procedure.modifiers)
        asked = AskedPrice(fees, item.tier, procedure.code, npi, tin, setting, modifiers, max(item.dates))
        found = source.price(asked)
        cents = 0 if found is None else found.cents * procedure.units
        if found is None or cents > MAX_CENTS:
            return procedure
        return procedure._replace(allowed_cents=Cents(cents), allowed_source=found.source)

    return item._replace(procedures=tuple(map(priced, item.procedures)))


def _fees_of(index: PlanIndex, item: PlannedService) -> str:
    """The fee file of the plan on all dates of an item; empty where it has none, or several."""
    segments = [index.terms_on(ordinal_of(day)) for day in item.dates]
    found = {str(each.fees.heading.id) if each is not None and each.fees is not None else "" for each in segments}
    return found.pop() if len(found) == 1 else ""


def _procedure_of(request: EstimateRequest, line: Line) -> Procedure | None:
    """What the request has of a line; None where it gives no code."""
    item = request.items[line.item_index]
    return item.procedures[line.line - 1] if item.procedures else None


def _citation(item: PlannedService, procedure: Procedure) -> Citation:
    """Where the amount of a procedure comes from, and of what it is: `97810, NPI 1234567893`."""
    numbers = (("NPI", item.provider), ("TIN", item.tax_number))
    place = ", ".join([procedure.code, *(f"{kind} {number}" for kind, number in numbers if number)])
    return Citation(place=place, title=procedure.allowed_source, url="", rule="")


def price_citations(request: EstimateRequest) -> tuple[Citation, ...]:
    """The sources of the amounts that a request gives for its procedures, as an estimate cites them, each once."""
    found = (_citation(item, each) for item in request.items for each in item.procedures if each.allowed_source)
    return tuple(dict.fromkeys(found))


def _cited(request: EstimateRequest, line: Line) -> Line:
    """A line whose explanation cites where its allowed amount comes from."""
    procedure = _procedure_of(request, line)
    source = procedure.allowed_source if procedure is not None else ""
    if not source or not line.steps or line.steps[0].message.id not in _OF_ALLOWED:
        return line
    first = line.steps[0]
    return line._replace(steps=(ExplainedStep(first.message, first.amount_cents, "", source), *line.steps[1:]))


def prices_lacking(request: EstimateRequest) -> list[Message]:
    """What of a request, after the look-up, is priced without a price of the provider who is named.

    Where no code has one, such as where there is no file of prices, that is said once.
    """
    named = [(number, item) for number, item in enumerate(request.items, start=1) if names_provider(item)]
    asked = [(number, item) for number, item in named if item.allowed_cents is None]
    without_code = [_NEEDS_CODE(item=number) for number, item in asked if not item.procedures]
    lacking = [
        _NONE_AT_HAND(item=number, code=each.code)
        for number, item in asked
        for each in item.procedures
        if each.allowed_cents is None
    ]
    if len(lacking) > 1 and not any(each.allowed_source for _, item in named for each in item.procedures):
        return [*without_code, _NONE_OF_SEVERAL()]
    return [*without_code, *lacking]
