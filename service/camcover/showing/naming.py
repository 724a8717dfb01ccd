"""Names of what rule files name, in the reader's language: therapies, conditions, practitioners, networks, sums."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import NamedTuple

from camcover.engine import Tables
from camcover.engine.request import PlannedService
from camcover.languages import Language
from camcover.messages import Label, Message
from camcover.rulebook.records import (
    Accumulator,
    AccumulatorKind,
    Condition,
    Limit,
    Measure,
    Plan,
    Practitioner,
    Therapy,
)
from camcover.showing.words import WORDS
from camcover.workflow import catalog_entries

__all__ = ["Offered", "RuleNames", "capitalised"]


def capitalised(text: str) -> str:
    """A text that begins with a capital letter, as a sentence does."""
    return text[:1].upper() + text[1:]


class Offered(NamedTuple):
    """One thing that a form offers: its value and its name."""

    value: str
    name: str


class RuleNames:
    """The names of one rule set in one language."""

    def __init__(self, tables: Tables, language: Language) -> None:
        """Look names up in `tables`, and word them in `language`."""
        self._tables, self.language = tables, language

    @cached_property
    def therapies(self) -> list[Offered]:
        """All therapies, by their names."""
        return self._sorted(catalog_entries.therapies(self._tables))

    @cached_property
    def conditions(self) -> list[Offered]:
        """All conditions, by their names."""
        return self._sorted(catalog_entries.conditions(self._tables))

    def practitioners(self, therapy: str) -> list[Offered]:
        """Who offers a therapy, by their names; all where the catalog names nobody."""
        return self._sorted(catalog_entries.offering(self._tables, therapy))

    def lengths(self, therapy: str) -> list[Offered]:
        """How long a visit may be, where that decides what is billed."""
        timed = catalog_entries.timed_code(self._tables, therapy)
        minutes = timed.lengths if timed is not None else ()
        return [Offered(str(each), self.language.text(WORDS["web-minutes-of"](count=each))) for each in minutes]

    def therapy(self, therapy: str) -> str:
        """The name of one therapy."""
        entry = catalog_entries.therapies(self._tables).get(therapy)
        return self.language.name(entry.name) if entry else self.language.word(therapy)

    def care(self, item: PlannedService) -> str:
        """The care of an item: its therapy, else its codes."""
        if item.therapy:
            return self.therapy(item.therapy)
        return ", ".join(dict.fromkeys(each.code for each in item.procedures))

    def practitioner(self, practitioner: str) -> str:
        """The name of one kind of practitioner."""
        entry = catalog_entries.practitioners(self._tables).get(practitioner)
        return self.language.name(entry.name) if entry else self.language.word(practitioner)

    def tax_advantage(self, therapy: str) -> str:
        """Whether an HSA or FSA may pay for a therapy; empty where the catalog does not say."""
        entry = catalog_entries.therapies(self._tables).get(therapy)
        if entry is None or entry.tax_advantaged is None:
            return ""
        return self.language.text(WORDS[f"web-tax-{str(entry.tax_advantaged).replace('_', '-')}"]())

    def tiers(self, plan: Plan) -> list[Offered]:
        """The networks of an edition, in its order."""
        return [Offered(str(each.id), self._named(each.name, str(each.id))) for each in plan.tiers.values()]

    def tier(self, plan_id: str, day: date, tier: str) -> str:
        """The name of one network of a plan."""
        plan = catalog_entries.edition_on(self._tables, plan_id, day)
        found = plan.tiers.get(tier) if plan else None
        return self._named(found.name if found else None, tier)

    def sum(self, accumulator: Accumulator, plan: Plan) -> str:
        """What a sum is: the deductible, the out-of-pocket maximum, with its own name where a plan has several."""
        kind = "deductible" if accumulator.kind is AccumulatorKind.DEDUCTIBLE else "maximum"
        several = [each for each in plan.accumulators.values() if each.kind is accumulator.kind]
        said: Message = WORDS[f"web-sum-{kind}"]()
        if len(several) > 1 and str(accumulator.id) != "deductible":
            said = WORDS[f"web-sum-{kind}-of-several"](name=Label(str(accumulator.id)))
        return self.language.text(said)

    def limit(self, limit: Limit) -> str:
        """What was used of a limit: visits, units or dollars."""
        kind = "money" if limit.measure is Measure.MONEY else "visits" if limit.measure is Measure.VISITS else "units"
        return self.language.text(WORDS[f"web-used-{kind}"](name=Label(str(limit.id))))

    def _named(self, name: str | None, word: str) -> str:
        if name:
            return self.language.name(name)
        return capitalised(self.language.word(word))

    def _sorted(self, entries: Mapping[str, Therapy | Condition | Practitioner]) -> list[Offered]:
        named = [Offered(key, self.language.name(each.name)) for key, each in entries.items()]
        return sorted(named, key=lambda each: each.name.casefold())
