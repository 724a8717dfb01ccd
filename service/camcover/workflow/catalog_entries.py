"""What a request may name: therapies, conditions, practitioners, each as the latest edition of its catalog has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from camcover.calendar import ordinal_of
from camcover.engine import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.rulebook import nearest
from camcover.rulebook.records import Catalog, Condition, Plan, Practitioner, Therapy
from camcover.workflow.errors import UnknownPlan

__all__ = ["conditions", "edition_on", "latest", "offering", "plan_index", "practitioners", "therapies"]

_MOST_LETTERS = 64
"""Of an unknown id, in an error."""

Entry = TypeVar("Entry", Therapy, Condition, Practitioner)


def latest(tables: Tables, entries_of: Callable[[Catalog], Iterable[Entry]]) -> dict[str, Entry]:
    """The entries of all catalogs by id, each as its latest edition has it."""
    found: dict[str, Entry] = {}
    for catalog in tables.vocabulary.catalogs:
        found |= {str(entry.id): entry for entry in entries_of(catalog)}
    return found


def therapies(tables: Tables) -> dict[str, Therapy]:
    """The therapies by id."""
    return latest(tables, lambda catalog: catalog.therapies.values())


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
