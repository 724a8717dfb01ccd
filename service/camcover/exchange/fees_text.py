"""The text of a fee file from what an importer knows of its amounts, in the layout of `camcover rules fmt`.

What comes in: a `DraftFees`: tables of allowed amounts by tier. What goes out: YAML (docs/rule-language.md, section 3).
Texts of a caller's file stand in quotes, never as YAML of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from camcover.exchange.plan_text import notes_and_sources, text_in_quotes
from camcover.money import Cents
from camcover.rulebook import format_text
from camcover.rulebook.words import written

__all__ = ["DraftFees", "DraftRate", "DraftTierFees", "fees_text"]


class DraftRate(NamedTuple):
    """Other amounts of a table, a unit, in some settings."""

    settings: tuple[str, ...]
    codes: Mapping[str, Cents]


@dataclass(frozen=True, slots=True)
class DraftTierFees:
    """The amounts of a tier, a unit, by code.

    `expenses`: the practice expense within the amounts of codes, of which `reduction` (`50%`) is allowed for further
    units of a day.
    """

    codes: Mapping[str, Cents]
    cite: str
    rates: Sequence[DraftRate] = ()
    expenses: Mapping[str, Cents] = field(default_factory=dict)
    reduction: str = ""


@dataclass(frozen=True, slots=True)
class DraftFees:
    """What an importer knows of a fee file. `sources`: YAML of each source."""

    id: str
    name: str
    first: date
    last: date
    notes: str
    sources: Mapping[str, str]
    tiers: Mapping[str, DraftTierFees]

    @property
    def file_name(self) -> str:
        """Its name: the id, and the day on which the edition begins."""
        return f"{self.id}-{self.first}.yaml"


def fees_text(fees: DraftFees) -> str:
    """The rule file of fees."""
    return format_text("\n".join(_lines(fees)) + "\n")


def _lines(fees: DraftFees) -> Iterator[str]:
    """The file line by line."""
    yield from ("format: camcover/1", "kind: fees", f"id: {fees.id}", f"name: {text_in_quotes(fees.name)}")
    yield f"effective: {{from: {fees.first}, to: {fees.last}}}"
    yield from notes_and_sources(fees.notes, fees.sources)
    yield "tiers:"
    for name, table in fees.tiers.items():
        yield f"  {name}:"
        yield from (f"    {line}" for line in _table(table))


def _table(table: DraftTierFees) -> Iterator[str]:
    """A tier's table; a tier without an amount of its own allows the charge."""
    yield from _amounts("codes", table.codes)
    if table.expenses:
        yield from _amounts("practice_expense", table.expenses)
        yield f"multiple_procedures: {table.reduction}"
    if table.rates:
        yield "rates:"
    for rate in table.rates:
        yield f"  - settings: [{', '.join(rate.settings)}]"
        yield from (f"    {line}" for line in _amounts("codes", rate.codes))
    yield f"cite: {text_in_quotes(table.cite)}"


def _amounts(key: str, amounts: Mapping[str, Cents]) -> Iterator[str]:
    """Amounts by code, in the order of the codes."""
    if amounts:
        yield f"{key}:"
        yield from (f'  "{code}": {written(amount)}' for code, amount in sorted(amounts.items()))
