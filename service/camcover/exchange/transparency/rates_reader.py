"""A file of negotiated rates (`in-network-rates`), of the schemas 1.x and 2.x, taken apart value by value.

What comes in: a file, and which prices are wanted. What goes out, to a subclass, in the order of the file: groups of
providers of the wanted networks, rates, and the end of each code's entry. What cannot be read is listed here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.transparency.codes import is_maybe_wanted, wanted_code
from camcover.exchange.transparency.headings import HEADING, check_plan, heading_text
from camcover.exchange.transparency.prices import NO_SHAPE, last_day, modifiers_of, price_of, word_of
from camcover.exchange.transparency.providers import names_of, network_key
from camcover.exchange.transparency.records import LeftOut, LeftOutTally, Price, ReadPrices, Spot, WantedPrices

__all__ = ["RatesReader", "prices_of"]

NO_FEE_FOR_SERVICE = LeftOut("the arrangement ffs")
NO_GROUP = LeftOut("groups of providers within the file")
ALL_CODES = LeftOut("a code of its own")
NO_DOLLARS = LeftOut("a price in dollars: negotiated, or fee schedule")

NEGOTIATED, FEE_SCHEDULE = "negotiated", "fee schedule"

_ALL_CODES = "CSTM-ALL"
_MOST_NETWORKS = 50


class RatesReader(ABC):
    """One reading of a file. `takes_groups`: its groups of providers are wanted."""

    takes_groups = True

    def __init__(self, path: Path, wanted: WantedPrices) -> None:
        """Nothing is read yet."""
        self.found = ReadPrices()
        self.wanted = wanted
        self._stream = JsonStream(path)

    @abstractmethod
    def take_group(self, group: Mapping[str, Any]) -> None:
        """Take a group of providers, of a network that is wanted; it has `provider_groups`."""

    def end_groups(self) -> None:  # noqa: B027 - a subclass need not care
        """All groups have been taken."""

    @abstractmethod
    def take_rate(self, rate: Mapping[str, Any], spot: Spot) -> None:
        """Take a rate of the entry; it has a list `negotiated_prices`."""

    @abstractmethod
    def end_entry(self, code: str) -> None:
        """The entry is over; empty: its code, known at its end alone, is not wanted, and its rates are none."""

    def read(self) -> None:
        """Read the whole file. Raises `UnreadableFile`, and OSError where the file cannot be read."""
        stream, has_rates = self._stream, False
        for name in stream.fields():
            if name == "in_network":
                has_rates = stream.is_list()
                for number in stream.items():
                    self._entry(f"in_network {number}")
            elif name == "provider_references" and self.takes_groups:
                for number in stream.items():
                    self._group(Spot(self.found.left, f"provider_references {number}"))
                self.end_groups()
            elif name in HEADING:
                self.found.heading[name] = heading_text(stream.value())
            else:
                stream.skip()
        stream.end()
        if not has_rates:
            raise UnreadableFile([Unread(stream.name, 0, "", "no list in_network", "a file of negotiated rates")])
        check_plan(stream, self.found.heading, self.wanted.plan_id)
        self.found.file = (stream.name, stream.sha256)

    def _group(self, spot: Spot) -> None:
        """Hand on a group of providers that is in a wanted network."""
        group = self._stream.value()
        if not isinstance(group, Mapping):
            spot.leave_out(NO_SHAPE, word_of(group))
        elif "provider_groups" not in group:
            spot.leave_out(NO_GROUP, "groups in another file" if "location" in group else "no groups")
        elif self._is_of_network(group):
            self.take_group(group)

    def _is_of_network(self, group: Mapping[str, Any]) -> bool:
        """Whether a group is in a network that is wanted; some names of others are kept, to tell them."""
        wanted, networks = self.wanted.networks, names_of(group.get("network_name"))
        if not wanted or not wanted.isdisjoint(map(network_key, networks)):
            return True
        if len(self.found.networks) < _MOST_NETWORKS:
            self.found.networks.update(map(heading_text, networks))
        return False

    def _entry(self, place: str) -> None:
        """Read the entry of one code, and hand on its rates unless its code is known not to be wanted."""
        stream = self._stream
        fields: dict[str, Any] = {}
        left = LeftOutTally()
        for name in stream.fields():
            if name in {"billing_code", "billing_code_type", "negotiation_arrangement"}:
                fields[name] = stream.value()
            elif name != "negotiated_rates" or not is_maybe_wanted(fields, self.wanted):
                stream.skip()
            else:
                for number in stream.items():
                    self._rate(stream.value(), Spot(left, f"{place}, rate {number}"))
        self.end_entry(self._code(fields, place, left))

    def _code(self, fields: Mapping[str, Any], place: str, left: LeftOutTally) -> str:
        """The code of a whole entry, empty where it is not wanted; `left`: what was left out of it."""
        if fields.get("billing_code_type") == _ALL_CODES:
            self.found.left.add(ALL_CODES, place, "a price of all other codes")
        code = wanted_code(fields, self.wanted)
        arrangement = fields.get("negotiation_arrangement")
        if code and arrangement != "ffs":
            self.found.left.add(NO_FEE_FOR_SERVICE, place, f"the arrangement {word_of(arrangement)}", code)
            return ""
        if code:
            self.found.left.add_all(left, code)
        return code

    def _rate(self, rate: Any, spot: Spot) -> None:
        if not isinstance(rate, Mapping) or not isinstance(rate.get("negotiated_prices"), list):
            spot.leave_out(NO_SHAPE, "no list of prices")
        else:
            self.take_rate(rate, spot)


def prices_of(rate: Mapping[str, Any], wanted: WantedPrices, spot: Spot) -> list[Price]:
    """The wanted prices of a rate; a fee schedule's goes before what was negotiated."""
    found: dict[str, list[Price]] = {NEGOTIATED: [], FEE_SCHEDULE: []}
    for number, terms in enumerate(rate["negotiated_prices"], start=1):
        _price(terms, wanted, spot.within(f"price {number}"), found)
    listed = {(each.settings, each.modifiers) for each in found[FEE_SCHEDULE]}
    negotiated = [each for each in found[NEGOTIATED] if (each.settings, each.modifiers) not in listed]
    return [*found[FEE_SCHEDULE], *negotiated]


def _price(terms: Any, wanted: WantedPrices, spot: Spot, found: Mapping[str, list[Price]]) -> None:
    """Put a price with the others of its kind."""
    if not isinstance(terms, Mapping):
        spot.leave_out(NO_SHAPE, word_of(terms))
        return
    modifiers = modifiers_of(terms, wanted, spot)
    if modifiers is None:
        return
    kind = terms.get("negotiated_type")
    if not isinstance(kind, str) or kind not in found:
        spot.leave_out(NO_DOLLARS, f"the negotiated type {word_of(kind)}")
        return
    last = last_day(terms.get("expiration_date"), wanted.first, spot)
    if last is None:
        return
    price = price_of(terms.get("negotiated_rate"), terms, wanted.places, spot)
    if price is not None:
        found[kind].append(price._replace(last=last, modifiers=modifiers))
