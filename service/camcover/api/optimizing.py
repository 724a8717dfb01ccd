"""Searches for cheaper ways: what is asked, its bounds, and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from camcover.api.answering import weight_of
from camcover.api.comparing import below, typed_below
from camcover.api.requests import DateReader
from camcover.api.sentences import worded_data
from camcover.api.validation import validate
from camcover.engine import EstimateRequest, InvalidRequest, Tables, evaluate
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.languages import Language, language
from camcover.money import Cents
from camcover.request_bounds import MAX_LINES
from camcover.workflow.care_choices import CareChange, MayChange, SelfPayPrice
from camcover.workflow.cheaper_ways import CheaperWay, CheaperWays, WaySearch
from camcover.workflow.published_prices import PriceSource, price_citations, with_published_prices
from camcover.workflow.trades import remarks_on, sources_of, trades_of

__all__ = ["AskedSearch", "asked_search", "begun_search", "priced_search", "search_answer"]

MOST_PRICED = 2_000
"""Plans of care that a search prices where the request does not say how many."""

MOST_WEIGHT = 200_000
"""Lines that one search prices: some seconds of work."""

_DAY_BYTES = 12
"""A date in an answer."""


class AskedSearch(NamedTuple):
    """What a search is asked: the care, what may change, the bound on it, and how much it does in one go."""

    asked: EstimateRequest
    may: MayChange
    most_priced: int
    at_once: int
    expected_bytes: int


def asked_search(request: messages.OptimizePlanRequest) -> AskedSearch:
    """What a request asks. Raises `Refused`, `InvalidRequest`."""
    validate(request)
    dates = DateReader()
    may = MayChange(
        tuple(request.tiers),
        tuple(request.practitioners),
        tuple(request.settings),
        dates.optional("earliest", request.earliest),
        dates.optional("latest", request.latest),
        request.change_order,
        tuple(SelfPayPrice(each.item_index, Cents(each.price_cents)) for each in request.self_pay),
    )
    if dates.violations:
        raise InvalidRequest(tuple(dates.violations))
    asked = typed_below(request.request, "request")._replace(explain=False, explain_range=False)
    weight = max(weight_of(request.request), 1)
    most = min(request.most_priced or MOST_PRICED, max(MOST_WEIGHT // weight, 1))
    visits = sum(len(item.dates) for item in asked.items)
    expected = request.ByteSize() + 2 * visits * _DAY_BYTES * 2 ** len(CareChange)
    return AskedSearch(asked, may, most, max(MAX_LINES // weight, 1), expected)


def priced_search(tables: Tables, search: AskedSearch, prices: PriceSource | None) -> AskedSearch:
    """What is asked, with the `prices` of its providers. Raises `StoreUnavailable`."""
    return search._replace(asked=with_published_prices(tables, search.asked, prices))


def begun_search(tables: Tables, search: AskedSearch) -> WaySearch:
    """A search that has priced the care as planned. Raises `InvalidRequest`."""
    asked = search.asked
    with below("request"):
        present = evaluate(tables, asked).totals.patient_cents
    return WaySearch(tables, asked, Cents(present), search.may, most_priced=search.most_priced, at_once=search.at_once)


def search_answer(
    tables: Tables, search: AskedSearch, found: CheaperWays, wanted_language: str
) -> messages.OptimizePlanResponse:
    """What was found, its sentences in the language that is wanted if there is a catalog."""
    spoken = language(wanted_language)
    return messages.OptimizePlanResponse(
        patient_cents=found.patient_cents,
        ways=[_way(found, each, spoken) for each in found.ways],
        priced=found.priced,
        proven=found.is_proven,
        remarks=[worded_data(each, spoken) for each in remarks_on(found, search.asked)],
        rule_release=tables.release,
        language=spoken.tag,
        citations=[each._asdict() for each in price_citations(search.asked)],
    )


def _way(found: CheaperWays, way: CheaperWay, spoken: Language) -> dict[str, Any]:
    return {
        "patient_cents": way.patient_cents,
        "saved_cents": found.patient_cents - way.patient_cents,
        "changes": [
            {
                "item_index": each.item_index,
                "kind": f"WAY_CHANGE_KIND_{each.kind.name}",
                "sentence": worded_data(each.message, spoken),
            }
            for each in trades_of(way)
        ],
        "items": list(_items(way)),
        "citations": [each._asdict() for each in sources_of(way)],
    }


def _items(way: CheaperWay) -> Iterator[dict[str, Any]]:
    for place, each in enumerate(way.choices):
        yield {
            "tier": each.item.tier,
            "practitioner": each.item.practitioner,
            "setting": str(each.item.setting or ""),
            "dates": [day.isoformat() for day in each.item.dates],
            "self_paid_dates": [day.isoformat() for item, day in way.paid_oneself if item == place],
        }
