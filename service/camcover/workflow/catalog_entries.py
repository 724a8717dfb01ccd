"""What a request may name: therapies, conditions, practitioners, each as the latest edition of its catalog has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple, TypeVar

from camcover.calendar import ordinal_of
from camcover.engine import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.rulebook import nearest
from camcover.rulebook.records import Catalog, Condition, Plan, Practitioner, Therapy
from camcover.workflow.errors import UnknownPlan

__all__ = [
    "QUARTER_HOUR",
    "TimedCode",
    "conditions",
    "edition_on",
    "latest",
    "offering",
    "plan_index",
    "practitioners",
    "therapies",
    "timed_code",
]

_MOST_LETTERS = 64
"""Of an unknown id, in an error."""

QUARTER_HOUR, _HOUR = 15, 60
"""Minutes."""

Entry = TypeVar("Entry", Therapy, Condition, Practitioner)


class TimedCode(NamedTuple):
    """A code of which each unit is a quarter of an hour, and its most units on a day."""

    code: str
    most: int

    @property
    def lengths(self) -> tuple[int, ...]:
        """How long a visit may be, in minutes."""
        return tuple(QUARTER_HOUR * units for units in range(1, self.most + 1))

    def units(self, minutes: int) -> int:
        """The units of a visit that is so long."""
        return minutes // QUARTER_HOUR


def latest(tables: Tables, entries_of: Callable[[Catalog], Iterable[Entry]]) -> dict[str, Entry]:
    """The entries of all catalogs by id, each as its latest edition has it."""
    found: dict[str, Entry] = {}
    for catalog in tables.vocabulary.catalogs:
        found |= {str(entry.id): entry for entry in entries_of(catalog)}
    return found


def therapies(tables: Tables) -> dict[str, Therapy]:
    """The therapies by id."""
    return latest(tables, lambda catalog: catalog.therapies.values())


def timed_code(tables: Tables, therapy: str) -> TimedCode | None:
    """The code by which a therapy is billed by the time: its first, where that counts quarters of up to one hour.

    None for all others: codes of longer units follow each other by rules of their own.
    """
    entry = therapies(tables).get(therapy)
    if entry is None or entry.minutes is None or not entry.codes:
        return None
    code = entry.codes[0]
    facts = [each.codes[code] for each in tables.vocabulary.catalogs if code in each.codes]
    most = facts[-1].units_per_day if facts else None
    if most is None or entry.minutes.codes.get(code) != QUARTER_HOUR or not 1 < most <= _HOUR // QUARTER_HOUR:
        return None
    return TimedCode(code, most)


def conditions(tables: Tables) -> dict[str, Condition]:
    """The conditions by id."""
    return latest(tables, lambda catalog: catalog.conditions.values())


def practitioners(tables: Tables) -> dict[str, Practitioner]:
    """The kinds of practitioners by id."""
    return latest(tables, lambda catalog: catalog.practitioners.values())


def offering(tables: Tables, therapy: str) -> dict[str, Practitioner]:
    """The kinds of practitioners who offer a therapy, by id; all where the catalog names nobody."""
    known, entry = practitioners(tables), therapies(tables).get(therapy)
    named = set(map(str, entry.practitioners)) if entry is not None else set()
    return {word: each for word, each in known.items() if not named or word in named}


def plan_index(tables: Tables, plan_id: str) -> PlanIndex:
    """The editions of a plan. Raises `UnknownPlan`, which names plans with an id like it."""
    index = tables.plans.get(plan_id)
    if index is None:
        raise UnknownPlan(plan_id[:_MOST_LETTERS], nearest(plan_id, tables.plans))
    return index


def edition_on(tables: Tables, plan_id: str, day: date) -> Plan | None:
    """The edition of a plan that is in force on a day, else the nearest to it; None where there is no such plan."""
    index = tables.plans.get(plan_id)
    return None if index is None else index.nearest_to(ordinal_of(day)).plan
