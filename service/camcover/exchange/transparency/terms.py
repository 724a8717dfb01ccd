"""Prices as the fees of a tier: one amount for each code and setting.

What comes in: the prices that were read. What goes out: a `DraftTierFees`, with notes and what could not be decided.
Several amounts for one code and setting are no fee, unless the caller says which of them stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from camcover.exchange.fees_text import DraftRate, DraftTierFees
from camcover.exchange.notes import Unread
from camcover.exchange.transparency.records import EVERY_SETTING, Price, ReadPrices
from camcover.money import Cents, dollars
from camcover.rulebook.records import Setting
from camcover.several import OfSeveral, chosen

__all__ = ["PricedTier", "tier_of"]

_ONE_AMOUNT = "one; choose providers by --npi, --tin or --network, or one of several by --of-several"


@dataclass(slots=True)
class PricedTier:
    """The fees of a tier, sentences for the notes, and what could not be read or decided."""

    fees: DraftTierFees
    notes: list[str]
    unread: list[Unread]


def tier_of(read: ReadPrices, cite: str, last: date, of_several: OfSeveral | None) -> PricedTier:
    """The fees of a tier. `last`: the last day of the fee file, before which a price may end."""
    everywhere: dict[str, Cents] = {}
    within: defaultdict[tuple[str, ...], dict[str, Cents]] = defaultdict(dict)
    tier = PricedTier(DraftTierFees(everywhere, cite), list(read.left.passed_over()), read.unread)
    for code, prices in sorted(read.prices.items()):
        for settings, amounts in _settled(_by_setting(prices)):
            where = f"{code}, {', '.join(settings)}"
            if len(amounts) > 1:
                found = f"{len(amounts)} amounts from {dollars(amounts[0])} to {dollars(amounts[-1])}"
                if of_several is None:
                    tier.unread.append(Unread(read.file[0], 0, where, found, _ONE_AMOUNT))
                else:
                    tier.notes.append(f"{where}: {found}; the {of_several} stands.")
            cents = chosen(amounts, of_several)
            if cents is None:
                continue
            (everywhere if len(settings) == len(EVERY_SETTING) else within[settings])[code] = cents
        if ends := {price.last for price in prices if price.last is not None and price.last < last}:
            tier.notes.append(f"{code}: a price ends on {min(ends)}, before the file does.")
    tier.fees = DraftTierFees(everywhere, cite, [DraftRate(*each) for each in sorted(within.items()) if each[1]])
    return tier


def _by_setting(prices: Collection[Price]) -> dict[Setting, tuple[Cents, ...]]:
    """The amounts of each setting, in order; a price of some settings goes before one of all."""
    found = {}
    for setting in Setting:
        here = [each for each in prices if setting in each.settings]
        own = [each for each in here if each.settings != EVERY_SETTING] or here
        found[setting] = tuple(sorted({each.cents for each in own}))
    return found


def _settled(amounts: Mapping[Setting, tuple[Cents, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[Cents, ...]]]:
    """Settings with the same amounts, together; without those that have none."""
    for each in sorted(set(amounts.values()) - {()}):
        yield tuple(str(setting) for setting, own in amounts.items() if own == each), each
