"""What ways to the same care cost, where visits that the plan does not cover may be paid without it.

What comes in: requests, with the self-pay price of each item or None. What goes out: what the patient pays, cents, and
which visits are paid without the plan.

A visit is paid so if the plan covers no line of it and the patient would owe more for it than the self-pay price. Such
visits are then left out of the request, since no claim is made for them, and the rest is priced again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from camcover.engine import EstimateRequest, InvalidRequest, Tables
from camcover.engine.asking.question import ExpectedCase
from camcover.engine.evaluate import expect_many
from camcover.money import Cents

__all__ = ["AskedWay", "WayPrice", "way_prices"]


class AskedWay(NamedTuple):
    """A way as it would be asked; `self_pay`: what a visit of each item costs without the plan, None = it is asked."""

    request: EstimateRequest
    self_pay: tuple[Cents | None, ...]


class WayPrice(NamedTuple):
    """What the patient pays in all, cents. `request`: what the plan is asked, None = nothing.

    `paid_oneself`: the other visits, by the place of their item.
    """

    patient_cents: Cents
    request: EstimateRequest | None
    paid_oneself: tuple[tuple[int, date], ...] = ()


class _RepricedWay(NamedTuple):
    """A way that is priced again: its place, what its self-paid visits cost, and which they are."""

    place: int
    cents: Cents
    visits: tuple[tuple[int, date], ...]
    request: EstimateRequest


def way_prices(tables: Tables, ways: Sequence[AskedWay], most_again: int) -> tuple[list[WayPrice | None], int]:
    """The price of each way, None where it cannot be asked, and how many are priced again.

    At most so many are priced again; the price of others is None, and they are counted, too.
    """
    found: list[WayPrice | None] = []
    again: list[_RepricedWay] = []
    for place, (way, case) in enumerate(zip(ways, expect_many(tables, [each.request for each in ways]), strict=True)):
        if isinstance(case, InvalidRequest):
            found.append(None)
            continue
        visits = _paid_oneself(way, case)
        cents = Cents(sum(way.self_pay[item] or 0 for item, _ in visits))
        rest = _without(way.request, visits) if visits else way.request
        if not visits:
            found.append(WayPrice(case.patient_cents, rest))
        elif not rest.items:
            found.append(WayPrice(cents, None, visits))
        else:
            found.append(None)
            again.append(_RepricedWay(place, cents, visits, rest))
    priced = again[:most_again]
    for each, case in zip(priced, expect_many(tables, [each.request for each in priced]), strict=True):
        if not isinstance(case, InvalidRequest):
            found[each.place] = WayPrice(Cents(each.cents + case.patient_cents), each.request, each.visits)
    return found, len(again)


def _paid_oneself(way: AskedWay, case: ExpectedCase) -> tuple[tuple[int, date], ...]:
    """The visits that cost less without the plan."""
    found = []
    for item, day, owed in case.uncovered:
        price = way.self_pay[item]
        if price is not None and price < owed:
            found.append((item, date.fromordinal(day)))
    return tuple(found)


def _without(request: EstimateRequest, visits: Sequence[tuple[int, date]]) -> EstimateRequest:
    """A request without some visits, and without the items of which none is left."""
    left_out = set(visits)
    items = (
        item._replace(dates=tuple(day for day in item.dates if (place, day) not in left_out))
        for place, item in enumerate(request.items)
    )
    return request._replace(items=tuple(item for item in items if item.dates))
