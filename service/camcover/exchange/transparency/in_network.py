"""A file of negotiated rates (`in-network-rates`), of the schemas 1.x and 2.x, read value by value.

Groups of providers may stand behind the rates that refer to them. Where providers are chosen, such a file is read
twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.transparency.codes import is_maybe_wanted, wanted_code
from camcover.exchange.transparency.headings import HEADING, check_plan, heading_text
from camcover.exchange.transparency.prices import NO_SHAPE, is_without_modifier, last_day, price_of, word_of
from camcover.exchange.transparency.providers import Identifier, identifiers_of, is_wanted, names_of, network_key
from camcover.exchange.transparency.records import LeftOut, LeftOutTally, Price, ReadPrices, Spot, WantedPrices

__all__ = ["read_in_network"]

NO_FEE_FOR_SERVICE = LeftOut("the arrangement ffs")
NO_GROUP = LeftOut("groups of providers within the file")
ALL_CODES = LeftOut("a code of its own")
NO_DOLLARS = LeftOut("a price in dollars: negotiated, or fee schedule")

NEGOTIATED, FEE_SCHEDULE = "negotiated", "fee schedule"

_ALL_CODES = "CSTM-ALL"
_MOST_NETWORKS = 50


def read_in_network(path: Path, wanted: WantedPrices) -> ReadPrices:
    """The wanted prices. Raises `UnreadableFile`, and OSError where the file cannot be read."""
    reader = _RatesReader(path, wanted, None if wanted.is_of_some else set())
    reader.read()
    if reader.has_missed_groups:
        reader = _RatesReader(path, wanted, reader.groups)
        reader.read()
    return reader.found


class _CodeEntry:
    """What was found so far of one code's entry: its fields, its prices, what was left out."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.prices: set[Price] = set()
        self.left = LeftOutTally()


class _RatesReader:
    """One reading of a file. `known`: the ids of wanted groups, None = not known before the file tells."""

    def __init__(self, path: Path, wanted: WantedPrices, known: set[Identifier] | None) -> None:
        self.found = ReadPrices()
        self.groups: set[Identifier] = known or set()
        self.has_missed_groups = False
        self._stream = JsonStream(path)
        self._wanted = wanted
        self._knows_groups = known is not None

    def read(self) -> None:
        """Read the whole file."""
        stream, has_rates = self._stream, False
        for name in stream.fields():
            if name == "in_network":
                has_rates = stream.is_list()
                for number in stream.items():
                    self._entry(f"in_network {number}")
            elif name == "provider_references" and self._wanted.is_of_some:
                for number in stream.items():
                    self._group(Spot(self.found.left, f"provider_references {number}"))
                self._knows_groups = True
            elif name in HEADING:
                self.found.heading[name] = heading_text(stream.value())
            else:
                stream.skip()
        stream.end()
        if not has_rates:
            raise UnreadableFile([Unread(stream.name, 0, "", "no list in_network", "a file of negotiated rates")])
        check_plan(stream, self.found.heading, self._wanted.plan_id)
        self.found.file = (stream.name, stream.sha256)

    def _group(self, spot: Spot) -> None:
        """Remember a group of providers that is wanted."""
        group = self._stream.value()
        if not isinstance(group, Mapping):
            spot.leave_out(NO_SHAPE, word_of(group))
        elif "provider_groups" not in group:
            spot.leave_out(NO_GROUP, "groups in another file" if "location" in group else "no groups")
        elif self._is_of_network(group) and is_wanted(group["provider_groups"], self._wanted):
            self.groups.update(identifiers_of([group.get("provider_group_id")]))

    def _is_of_network(self, group: Mapping[str, Any]) -> bool:
        """Whether a group is in a network that is wanted; some names of others are kept, to tell them."""
        wanted, networks = self._wanted.networks, names_of(group.get("network_name"))
        if not wanted or not wanted.isdisjoint(map(network_key, networks)):
            return True
        if len(self.found.networks) < _MOST_NETWORKS:
            self.found.networks.update(map(heading_text, networks))
        return False

    def _entry(self, place: str) -> None:
        """Read the entry of one code, and keep its prices if the code is wanted."""
        stream, entry = self._stream, _CodeEntry()
        for name in stream.fields():
            if name in {"billing_code", "billing_code_type", "negotiation_arrangement"}:
                entry.fields[name] = stream.value()
            elif name != "negotiated_rates" or not is_maybe_wanted(entry.fields, self._wanted):
                stream.skip()
            else:
                for number in stream.items():
                    self._rate(stream.value(), Spot(entry.left, f"{place}, rate {number}"), entry.prices)
        kind = entry.fields.get("billing_code_type")
        if kind == _ALL_CODES:
            self.found.left.add(ALL_CODES, place, "a price of all other codes")
        code = wanted_code(entry.fields, self._wanted)
        if not code:
            return
        arrangement = entry.fields.get("negotiation_arrangement")
        if arrangement != "ffs":
            self.found.left.add(NO_FEE_FOR_SERVICE, place, f"the arrangement {word_of(arrangement)}", code)
            return
        self.found.left.add_all(entry.left, code)
        self.found.prices.setdefault(code, set()).update(entry.prices)

    def _rate(self, rate: Any, spot: Spot, prices: set[Price]) -> None:
        """The prices of a rate, if its providers are wanted; a fee schedule's goes before what was negotiated."""
        if not isinstance(rate, Mapping) or not isinstance(rate.get("negotiated_prices"), list):
            spot.leave_out(NO_SHAPE, "no list of prices")
            return
        if not self._is_wanted(rate):
            return
        found: dict[str, list[Price]] = {NEGOTIATED: [], FEE_SCHEDULE: []}
        for number, terms in enumerate(rate["negotiated_prices"], start=1):
            self._price(terms, spot.within(f"price {number}"), found)
        listed = {each.settings for each in found[FEE_SCHEDULE]}
        prices.update(found[FEE_SCHEDULE], (each for each in found[NEGOTIATED] if each.settings not in listed))

    def _price(self, terms: Any, spot: Spot, found: Mapping[str, list[Price]]) -> None:
        """Put a price with the others of its kind."""
        if not isinstance(terms, Mapping):
            spot.leave_out(NO_SHAPE, word_of(terms))
            return
        if not is_without_modifier(terms, spot):
            return
        kind = terms.get("negotiated_type")
        if not isinstance(kind, str) or kind not in found:
            spot.leave_out(NO_DOLLARS, f"the negotiated type {word_of(kind)}")
            return
        last = last_day(terms.get("expiration_date"), self._wanted.first, spot)
        if last is None:
            return
        price = price_of(terms.get("negotiated_rate"), terms, self._wanted.places, spot)
        if price is not None:
            found[kind].append(price._replace(last=last))

    def _is_wanted(self, rate: Mapping[str, Any]) -> bool:
        """Whether the providers of a rate are wanted; those in the rate itself have no network."""
        if not self._wanted.is_of_some:
            return True
        if not self._wanted.networks and is_wanted(rate.get("provider_groups"), self._wanted):
            return True
        references = identifiers_of(rate.get("provider_references"))
        if not self._knows_groups and references:
            self.has_missed_groups = True
        return not self.groups.isdisjoint(references)
