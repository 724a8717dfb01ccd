"""A file of amounts allowed outside the network (`allowed-amounts`), schemas 1.x and 2.x, read value by value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from camcover.exchange.json_stream import JsonStream
from camcover.exchange.notes import Unread, UnreadableFile
from camcover.exchange.transparency.codes import is_maybe_wanted, wanted_code
from camcover.exchange.transparency.headings import HEADING, check_plan, heading_text
from camcover.exchange.transparency.prices import NO_SHAPE, modifiers_of, price_of
from camcover.exchange.transparency.providers import is_wanted
from camcover.exchange.transparency.records import LeftOutTally, Price, ReadPrices, Spot, WantedPrices

__all__ = ["AmountsReader", "read_allowed_amounts"]

Groups = Sequence[Mapping[str, Any]]
"""Groups of providers, as a rate of schema 1 has them in it."""


def read_allowed_amounts(path: Path, wanted: WantedPrices) -> ReadPrices:
    """The wanted amounts; networks are not asked for. Raises `UnreadableFile`, and OSError."""
    reader = _ChosenAmounts(path, wanted)
    reader.read()
    return reader.found


class AmountsReader(ABC):
    """One reading of a file, which hands on each payment, and the end of each code's entry."""

    def __init__(self, path: Path, wanted: WantedPrices) -> None:
        """Nothing is read yet."""
        self.found = ReadPrices()
        self.wanted = wanted
        self._stream = JsonStream(path)

    def is_of_wanted(self, groups: Groups) -> bool:  # noqa: ARG002 - a subclass looks at them
        """Whether payments to these providers are wanted."""
        return True

    @abstractmethod
    def take_amount(self, groups: Groups, price: Price) -> None:
        """Take the price of a payment to some providers."""

    @abstractmethod
    def end_entry(self, code: str) -> None:
        """The entry is over; empty: its code, known at its end alone, is not wanted, and its amounts are none."""

    def read(self) -> None:
        """Read the whole file. Raises `UnreadableFile`, and OSError where the file cannot be read."""
        stream, has_amounts = self._stream, False
        for name in stream.fields():
            if name == "out_of_network":
                has_amounts = stream.is_list()
                for number in stream.items():
                    self._entry(f"out_of_network {number}")
            elif name in HEADING:
                self.found.heading[name] = heading_text(stream.value())
            else:
                stream.skip()
        stream.end()
        if not has_amounts:
            raise UnreadableFile([Unread(stream.name, 0, "", "no list out_of_network", "a file of allowed amounts")])
        check_plan(stream, self.found.heading, self.wanted.plan_id)
        self.found.file = (stream.name, stream.sha256)

    def _entry(self, place: str) -> None:
        """Read the entry of one code, and hand on its amounts unless its code is known not to be wanted."""
        stream = self._stream
        fields: dict[str, Any] = {}
        left = LeftOutTally()
        for name in stream.fields():
            if name in {"billing_code", "billing_code_type"}:
                fields[name] = stream.value()
            elif name != "allowed_amounts" or not is_maybe_wanted(fields, self.wanted):
                stream.skip()
            else:
                for number in stream.items():
                    self._amounts(stream.value(), Spot(left, f"{place}, amount {number}"))
        code = wanted_code(fields, self.wanted)
        if code:
            self.found.left.add_all(left, code)
        self.end_entry(code)

    def _amounts(self, amount: Any, spot: Spot) -> None:
        """The payments to one tax number, if its providers are wanted."""
        if not isinstance(amount, Mapping) or not isinstance(amount.get("payments"), list):
            spot.leave_out(NO_SHAPE, "no list of payments")
            return
        for number, payment in enumerate(amount["payments"], start=1):
            here = spot.within(f"payment {number}")
            if not isinstance(payment, Mapping) or not isinstance(payment.get("providers"), list):
                here.leave_out(NO_SHAPE, "no payment with a list of providers")
                continue
            groups = [{**each, "tin": amount.get("tin")} for each in payment["providers"] if isinstance(each, Mapping)]
            if self.is_of_wanted(groups):
                self._payment(amount, payment, groups, here)

    def _payment(self, amount: Mapping[str, Any], payment: Mapping[str, Any], groups: Groups, spot: Spot) -> None:
        modifiers = modifiers_of(payment, self.wanted, spot)
        if modifiers is None:
            return
        price = price_of(payment.get("allowed_amount"), amount, self.wanted.places, spot)
        if price is not None:
            self.take_amount(groups, price._replace(modifiers=modifiers))


class _ChosenAmounts(AmountsReader):
    """The amounts of chosen providers, by code."""

    def __init__(self, path: Path, wanted: WantedPrices) -> None:
        super().__init__(path, wanted)
        self._of_entry: set[Price] = set()

    def is_of_wanted(self, groups: Groups) -> bool:
        """Whether a payment is to a provider who is wanted."""
        return not (self.wanted.npis or self.wanted.tins) or is_wanted(groups, self.wanted)

    def take_amount(self, groups: Groups, price: Price) -> None:  # noqa: ARG002 - whoever they are
        """Keep the price."""
        self._of_entry.add(price)

    def end_entry(self, code: str) -> None:
        """Put the prices with those of the code."""
        if code:
            self.found.prices.setdefault(code, set()).update(self._of_entry)
        self._of_entry = set()
