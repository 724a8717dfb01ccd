"""A file of amounts allowed outside the network (`allowed-amounts`), schemas 1.x and 2.x, read value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.transparency.codes import is_maybe_wanted, wanted_code
from camcover.exchange.transparency.headings import HEADING, check_plan, heading_text
from camcover.exchange.transparency.prices import NO_SHAPE, is_without_modifier, price_of
from camcover.exchange.transparency.providers import is_wanted
from camcover.exchange.transparency.records import LeftOutTally, Price, ReadPrices, Spot, WantedPrices

__all__ = ["read_allowed_amounts"]


def read_allowed_amounts(path: Path, wanted: WantedPrices) -> ReadPrices:
    """The wanted amounts; networks are not asked for. Raises `UnreadableFile`, and OSError."""
    stream, found, has_amounts = JsonStream(path), ReadPrices(), False
    for name in stream.fields():
        if name == "out_of_network":
            has_amounts = stream.is_list()
            for number in stream.items():
                _entry(stream, f"out_of_network {number}", wanted, found)
        elif name in HEADING:
            found.heading[name] = heading_text(stream.value())
        else:
            stream.skip()
    stream.end()
    if not has_amounts:
        raise UnreadableFile([Unread(stream.name, 0, "", "no list out_of_network", "a file of allowed amounts")])
    check_plan(stream, found.heading, wanted.plan_id)
    found.file = (stream.name, stream.sha256)
    return found


def _entry(stream: JsonStream, place: str, wanted: WantedPrices, found: ReadPrices) -> None:
    """Read the entry of one code, and keep its amounts if the code is wanted."""
    fields: dict[str, Any] = {}
    prices: set[Price] = set()
    left = LeftOutTally()
    for name in stream.fields():
        if name in {"billing_code", "billing_code_type"}:
            fields[name] = stream.value()
        elif name != "allowed_amounts" or not is_maybe_wanted(fields, wanted):
            stream.skip()
        else:
            for number in stream.items():
                prices.update(_amounts(stream.value(), Spot(left, f"{place}, amount {number}"), wanted))
    if code := wanted_code(fields, wanted):
        found.left.add_all(left, code)
        found.prices.setdefault(code, set()).update(prices)


def _amounts(amount: Any, spot: Spot, wanted: WantedPrices) -> Iterator[Price]:
    """The payments to one tax number, if its providers are wanted."""
    if not isinstance(amount, Mapping) or not isinstance(amount.get("payments"), list):
        spot.leave_out(NO_SHAPE, "no list of payments")
        return
    for number, payment in enumerate(amount["payments"], start=1):
        here = spot.within(f"payment {number}")
        if not isinstance(payment, Mapping) or not isinstance(payment.get("providers"), list):
            here.leave_out(NO_SHAPE, "no payment with a list of providers")
        elif _is_of_wanted(amount, payment, wanted) and is_without_modifier(payment, here):
            price = price_of(payment.get("allowed_amount"), amount, wanted.places, here)
            if price is not None:
                yield price


def _is_of_wanted(amount: Mapping[str, Any], payment: Mapping[str, Any], wanted: WantedPrices) -> bool:
    """Whether a payment is to a provider who is wanted."""
    if not wanted.npis and not wanted.tins:
        return True
    groups = [{**each, "tin": amount.get("tin")} for each in payment["providers"] if isinstance(each, Mapping)]
    return is_wanted(groups, wanted)
