"""A file of amounts allowed outside the network (`allowed-amounts`), schemas 1.x and 2.x, read value by value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from camcover.exchange.transparency.by_code import ByCodeReader
from camcover.exchange.transparency.file_reader import FileKind, FileReader
from camcover.exchange.transparency.prices import NO_SHAPE, modifiers_of, price_of
from camcover.exchange.transparency.providers import is_wanted
from camcover.exchange.transparency.records import Price, ReadPrices, Spot, WantedPrices

__all__ = ["AmountsReader", "read_allowed_amounts"]

Groups = Sequence[Mapping[str, Any]]
"""Groups of providers, as a rate of schema 1 has them in it."""


def read_allowed_amounts(path: Path, wanted: WantedPrices) -> ReadPrices:
    """The wanted amounts; networks are not asked for. Raises `UnreadableFile`, and OSError."""
    reader = _ChosenAmounts(path, wanted)
    reader.read()
    return reader.found


class AmountsReader(FileReader):
    """One reading of a file, which hands on each payment, and the end of each code's entry."""

    kind = FileKind(
        entries="out_of_network",
        fields=frozenset({"billing_code", "billing_code_type"}),
        elements="allowed_amounts",
        element="amount",
        told="a file of allowed amounts",
    )

    def is_of_wanted(self, groups: Groups) -> bool:  # noqa: ARG002 - a subclass looks at them
        """Whether payments to these providers are wanted."""
        return True

    @abstractmethod
    def take_amount(self, groups: Groups, price: Price) -> None:
        """Take the price of a payment to some providers."""

    def _element(self, amount: Any, spot: Spot) -> None:
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


class _ChosenAmounts(ByCodeReader, AmountsReader):
    """The amounts of chosen providers, by code."""

    def is_of_wanted(self, groups: Groups) -> bool:
        """Whether a payment is to a provider who is wanted."""
        return not (self.wanted.npis or self.wanted.tins) or is_wanted(groups, self.wanted)

    def take_amount(self, groups: Groups, price: Price) -> None:  # noqa: ARG002 - whoever they are
        """Keep the price."""
        self.of_entry.add(price)
