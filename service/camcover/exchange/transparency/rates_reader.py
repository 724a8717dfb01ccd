"""A file of negotiated rates (`in-network-rates`), of the schemas 1.x and 2.x, taken apart value by value.

What comes in: a file, and which prices are wanted. What goes out, to a subclass, in the order of the file: groups of
providers of the wanted networks, rates, and the end of each code's entry. What cannot be read is listed here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from camcover.exchange.transparency.codes import wanted_code
from camcover.exchange.transparency.file_reader import FileKind, FileReader
from camcover.exchange.transparency.headings import heading_text
from camcover.exchange.transparency.prices import NO_SHAPE, last_day, modifiers_of, price_of, word_of
from camcover.exchange.transparency.providers import names_of, network_key
from camcover.exchange.transparency.records import LeftOut, LeftOutTally, Price, Spot, WantedPrices

__all__ = ["RatesReader", "prices_of"]

NO_FEE_FOR_SERVICE = LeftOut("the arrangement ffs")
NO_GROUP = LeftOut("groups of providers within the file")
ALL_CODES = LeftOut("a code of its own")
NO_DOLLARS = LeftOut("a price in dollars: negotiated, or fee schedule")

NEGOTIATED, FEE_SCHEDULE = "negotiated", "fee schedule"

_ALL_CODES = "CSTM-ALL"
_MOST_NETWORKS = 50


class RatesReader(FileReader):
    """One reading of a file. `takes_groups`: its groups of providers are wanted."""

    kind = FileKind(
        entries="in_network",
        fields=frozenset({"billing_code", "billing_code_type", "negotiation_arrangement"}),
        elements="negotiated_rates",
        element="rate",
        told="a file of negotiated rates",
    )
    takes_groups = True

    @abstractmethod
    def take_group(self, group: Mapping[str, Any]) -> None:
        """Take a group of providers, of a network that is wanted; it has `provider_groups`."""

    def end_groups(self) -> None:
        """All groups have been taken."""

    @abstractmethod
    def take_rate(self, rate: Mapping[str, Any], spot: Spot) -> None:
        """Take a rate of the entry; it has a list `negotiated_prices`."""

    def _is_taken(self, name: str) -> bool:
        """Read the groups of providers."""
        if name != "provider_references" or not self.takes_groups:
            return False
        for number in self._stream.items():
            self._group(Spot(self.found.left, f"{name} {number}"))
        self.end_groups()
        return True

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

    def _code(self, fields: Mapping[str, Any], place: str, left: LeftOutTally) -> str:
        """The code of a whole entry, empty where it is not wanted or not paid by the service."""
        if fields.get("billing_code_type") == _ALL_CODES:
            self.found.left.add(ALL_CODES, place, "a price of all other codes")
        arrangement = fields.get("negotiation_arrangement")
        if arrangement == "ffs":
            return super()._code(fields, place, left)
        code = wanted_code(fields, self.wanted)
        if code:
            self.found.left.add(NO_FEE_FOR_SERVICE, place, f"the arrangement {word_of(arrangement)}", code)
        return ""

    def _element(self, rate: Any, spot: Spot) -> None:
        """Hand on a rate that has a list of prices."""
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
