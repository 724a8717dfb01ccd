"""The fee file of one or two Transparency in Coverage files: a tier of each, its source, and what its amounts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from camcover.exchange.fees_text import DraftFees
from camcover.exchange.notes import Unread
from camcover.exchange.transparency.headings import told_of
from camcover.exchange.transparency.records import ReadPrices
from camcover.exchange.transparency.terms import tier_of
from camcover.several import OfSeveral

__all__ = ["FeesAsked", "MadeFees", "TierFile", "fees_of", "providers_told"]

_MOST_PROVIDERS_TOLD = 10


class FeesAsked(NamedTuple):
    """What a caller asks of a fee file. `year`: in which it is in force. `providers`: whose amounts, in words."""

    id: str
    year: int
    providers: str
    of_several: OfSeveral | None


class TierFile(NamedTuple):
    """What was read for a tier. `place`: the list of the file. `source`: YAML of the source."""

    read: ReadPrices
    place: str
    source: str


@dataclass(frozen=True, slots=True)
class MadeFees:
    """A fee file, and what could not be read or decided."""

    fees: DraftFees
    unread: Sequence[Unread]

    @property
    def has_amounts(self) -> bool:
        """Whether any tier has one."""
        return any(tier.codes or tier.rates for tier in self.fees.tiers.values())


def providers_told(npis: Sequence[str], tins: Sequence[str], networks: Sequence[str]) -> str:
    """`NPI 1234567893, network Silver`; all providers where none is chosen."""
    kinds = (("NPI", npis), ("TIN", tins), ("network", networks))
    told = [f"{kind} {each}" for kind, given in kinds for each in given]
    more = f" and {len(told) - _MOST_PROVIDERS_TOLD} more" if len(told) > _MOST_PROVIDERS_TOLD else ""
    return ", ".join(told[:_MOST_PROVIDERS_TOLD]) + more if told else "all providers"


def fees_of(tiers: Mapping[str, TierFile], asked: FeesAsked) -> MadeFees:
    """The fee file of what was read for each tier."""
    last = date(asked.year, 12, 31)
    priced = {
        tier: tier_of(file.read, f"{tier} {file.place} of {asked.providers}", last, asked.of_several)
        for tier, file in tiers.items()
    }
    payer = told_of(next(iter(tiers.values())).read.heading)
    fees = DraftFees(
        id=asked.id,
        name=f"{payer}, published amounts for {asked.year}",
        first=date(asked.year, 1, 1),
        last=last,
        notes=" ".join(_notes(tiers, asked, [note for each in priced.values() for note in each.notes])),
        sources={tier: file.source for tier, file in tiers.items()},
        tiers={tier: each.fees for tier, each in priced.items() if each.fees.codes or each.fees.rates},
    )
    return MadeFees(fees, [each for found in priced.values() for each in found.unread])


def _notes(tiers: Mapping[str, TierFile], asked: FeesAsked, notes: Sequence[str]) -> Iterator[str]:
    """What the amounts are."""
    yield (
        f"Amounts a unit, of {asked.providers}. They are published for a provider, and hold here for every provider of "
        "the tier. A code or setting without an amount is allowed its charge."
    )
    for tier, file in tiers.items():
        if file.place == "out_of_network":
            yield f"{tier}: what was allowed before, not what is agreed."
    yield from notes
