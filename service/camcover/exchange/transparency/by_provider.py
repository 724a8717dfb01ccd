"""The prices of every provider in Transparency in Coverage files, handed on as they are read.

What comes in: a file of negotiated rates, or of amounts allowed outside the network. What goes out, to a `PriceSink`:
teams of providers, and the prices that teams have of each wanted code. Nothing is held in memory but one value of the
file, so that the memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from camcover.exchange.transparency.allowed_amounts import AmountsReader, Groups
from camcover.exchange.transparency.file_reader import FileReader
from camcover.exchange.transparency.providers import digits_of, identifiers_of, names_of
from camcover.exchange.transparency.rates_reader import RatesReader, prices_of
from camcover.exchange.transparency.records import Price, ReadPrices, Spot, WantedPrices

__all__ = ["PriceSink", "TeamKey", "amounts_of_providers", "rates_of_providers"]

TeamKey: TypeAlias = int | str | bytes
"""What names a team of providers in a file: its id there, or bytes of ours for one without an id."""

_DIGITS_OF_NPI = 10
_DIGITS_OF_TIN = 9
_MOST_OF_INTEGER = 2**63


class PriceSink(Protocol):
    """Takes what is read, in the order of the file. A team may come behind the prices that it has."""

    def add_team(self, team: TeamKey, providers: Iterable[tuple[int, int]]) -> None:
        """Take the NPI and the tax number of each provider of a team.

        The NPI 0 stands for all of the tax number, the tax number 0 for none that is known.
        """

    def add_prices(self, teams: Sequence[TeamKey], prices: Sequence[Price]) -> None:
        """Prices of the present entry that several teams have."""

    def end_entry(self, code: str) -> None:
        """The entry is over, and is of this code; empty: its prices are not wanted."""


def rates_of_providers(path: Path, wanted: WantedPrices, sink: PriceSink) -> ReadPrices:
    """Hand on negotiated rates; gives what the file says of itself, and what was left out, without prices.

    Of `wanted` the codes, places, networks and the first day count. Raises `UnreadableFile`, and OSError.
    """
    reader = _RatesToSink(path, wanted, sink)
    reader.read()
    return reader.found


def amounts_of_providers(path: Path, wanted: WantedPrices, sink: PriceSink) -> ReadPrices:
    """The same of amounts allowed outside the network; networks are not asked for."""
    reader = _AmountsToSink(path, wanted, sink)
    reader.read()
    return reader.found


class _ToSink(FileReader):
    """Hands what is read on."""

    def __init__(self, path: Path, wanted: WantedPrices, sink: PriceSink) -> None:
        super().__init__(path, wanted)
        self._sink = sink
        self._numbers = count(1)

    def end_entry(self, code: str) -> None:
        """Hand on the end."""
        self._sink.end_entry(code)


class _RatesToSink(_ToSink, RatesReader):
    """Hands on the rates of all providers."""

    def take_group(self, group: Mapping[str, Any]) -> None:
        """Hand on a team."""
        for team in _keys([group.get("provider_group_id")]):
            self._sink.add_team(team, _providers(group["provider_groups"]))

    def take_rate(self, rate: Mapping[str, Any], spot: Spot) -> None:
        """Hand on the prices of a rate; providers in the rate itself have no network."""
        prices = prices_of(rate, self.wanted, spot)
        if not prices:
            return
        teams = list(_keys(rate.get("provider_references")))
        if rate.get("provider_groups") and not self.wanted.networks:
            teams.append(team := _own_key(self._numbers))
            self._sink.add_team(team, _providers(rate["provider_groups"]))
        self._sink.add_prices(teams, prices)


class _AmountsToSink(_ToSink, AmountsReader):
    """Hands on what was allowed to each provider."""

    def take_amount(self, groups: Groups, price: Price) -> None:
        """Hand on a payment's price, and its providers as a team."""
        team = _own_key(self._numbers)
        self._sink.add_team(team, _providers(groups))
        self._sink.add_prices([team], [price])


def _own_key(numbers: Iterator[int]) -> TeamKey:
    """The key of a team that has no id in the file: no id there is bytes."""
    return str(next(numbers)).encode()


def _keys(values: Any) -> Iterator[TeamKey]:
    """The ids of teams in a list; `40.0` is 40."""
    for each in identifiers_of(values):
        if isinstance(each, str):
            yield each
        else:
            is_whole = -_MOST_OF_INTEGER < each < _MOST_OF_INTEGER and each == int(each)
            yield int(each) if is_whole else str(each)


def _providers(groups: Any) -> Iterator[tuple[int, int]]:
    """The NPI and tax number of each provider in groups; numbers of another form are passed over."""
    for group in groups if isinstance(groups, list) else ():
        if not isinstance(group, Mapping):
            continue
        tin = group.get("tin")
        digits = digits_of(tin.get("value")) if isinstance(tin, Mapping) else ""
        number = int(digits) if len(digits) in {_DIGITS_OF_TIN, _DIGITS_OF_NPI} and digits.isascii() else 0
        for npi in names_of(group.get("npi")):
            if npi == "0" or (len(npi) == _DIGITS_OF_NPI and npi.isascii() and npi.isdecimal()):
                yield int(npi), number
