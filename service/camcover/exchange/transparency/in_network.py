"""The prices of chosen providers in a file of negotiated rates (`in-network-rates`), of the schemas 1.x and 2.x.

Groups of providers may stand behind the rates that refer to them. Where providers are chosen, such a file is read
twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camcover.exchange.transparency.by_code import ByCodeReader
from camcover.exchange.transparency.providers import Identifier, identifiers_of, is_wanted
from camcover.exchange.transparency.rates_reader import RatesReader, prices_of
from camcover.exchange.transparency.records import ReadPrices, Spot, WantedPrices

__all__ = ["read_in_network"]


def read_in_network(path: Path, wanted: WantedPrices) -> ReadPrices:
    """The wanted prices. Raises `UnreadableFile`, and OSError where the file cannot be read."""
    reader = _ChosenRates(path, wanted, None if wanted.is_of_some else set())
    reader.read()
    if reader.has_missed_groups:
        reader = _ChosenRates(path, wanted, reader.groups)
        reader.read()
    return reader.found


class _ChosenRates(ByCodeReader, RatesReader):
    """The prices by code. `known`: the ids of wanted groups, None = not known before the file tells."""

    def __init__(self, path: Path, wanted: WantedPrices, known: set[Identifier] | None) -> None:
        super().__init__(path, wanted)
        self.takes_groups = wanted.is_of_some
        self.groups: set[Identifier] = known or set()
        self.has_missed_groups = False
        self._knows_groups = known is not None

    def take_group(self, group: Mapping[str, Any]) -> None:
        """Remember a group of providers that is wanted."""
        if is_wanted(group["provider_groups"], self.wanted):
            self.groups.update(identifiers_of([group.get("provider_group_id")]))

    def end_groups(self) -> None:
        """What a rate refers to is known from here on."""
        self._knows_groups = True

    def take_rate(self, rate: Mapping[str, Any], spot: Spot) -> None:
        """Keep the prices of a rate, if its providers are wanted."""
        if self._is_wanted(rate):
            self.of_entry.update(prices_of(rate, self.wanted, spot))

    def _is_wanted(self, rate: Mapping[str, Any]) -> bool:
        """Whether the providers of a rate are wanted; those in the rate itself have no network."""
        if not self.wanted.is_of_some:
            return True
        if not self.wanted.networks and is_wanted(rate.get("provider_groups"), self.wanted):
            return True
        references = identifiers_of(rate.get("provider_references"))
        if not self._knows_groups and references:
            self.has_missed_groups = True
        return not self.groups.isdisjoint(references)
