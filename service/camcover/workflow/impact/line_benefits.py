"""Which benefit decides about each line of a ledger, so that changes are counted by the rules that make them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from camcover.bulk.answers import Names
from camcover.bulk.columns import Coded, Ints, coded
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex

__all__ = ["LineBenefits", "joined"]


class LineBenefits:
    """The benefits of one rule set, read plan by plan as batches name them. Belongs to one thread."""

    def __init__(self, tables: Tables) -> None:
        """Read from `tables`; no plan yet."""
        self._tables, self._names = tables, Names()
        self._known: set[str] = set()
        self._plans: list[PlanIndex] = []

    def of(self, plan_ids: Sequence[str], rules: Ints) -> Coded:
        """The benefit of each row of `rules`, which belong to `plan_ids`; "" for an exclusion and for none."""
        for plan_id in plan_ids:
            if plan_id not in self._known and plan_id in self._tables.plans:
                self._known.add(plan_id)
                self._plans.append(self._tables.plans[plan_id])
        self._names.read(self._plans)
        return coded(self._names.benefits(rules))


def joined(before: Coded, after: Coded) -> Coded:
    """The benefit of each line: that of the rules after; that of the rules before where it has none after."""
    words = list(dict.fromkeys(["", *before.words, *after.words]))
    numbers = {word: number for number, word in enumerate(words)}
    old, new = (np.array([numbers[word] for word in each.words])[each.places] for each in (before, after))
    return Coded(np.where(new > 0, new, old), words)
