"""Numbers of plans, and of words that each plan numbers for itself: tiers, accumulators, limits, diagnoses.

What comes in: compiled rules, columns of words. What goes out: columns of numbers. Each distinct pair of a plan and a
word is looked up once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from camcover.bulk.book_columns import LayoutTables
from camcover.bulk.columns import Coded, Ints
from camcover.bulk.plan_facts import PlanFacts
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex

UNKNOWN_WORD = -2
"""The number of a word that does not exist; -1 means that no word is given."""


class PlanWords:
    """The plans that were named so far, and the words that were looked up in them."""

    def __init__(self, tables: Tables) -> None:
        """Number by `tables`."""
        self._tables = tables
        self._numbers: dict[str, int] = {}
        self._pairs: dict[tuple[str, int, str], int] = {}
        self._facts = PlanFacts()
        self.plans: list[PlanIndex] = []

    @property
    def facts(self) -> LayoutTables:
        """The facts of every plan that was named so far."""
        return self._facts.arrays()

    def number_of(self, plan_id: str) -> int:
        """The number of a plan, given at its first mention; `UNKNOWN_WORD` if no plan has this id."""
        number = self._numbers.get(plan_id)
        if number is None:
            index = self._tables.plans.get(plan_id)
            if index is None:
                return UNKNOWN_WORD
            number = self._numbers[plan_id] = len(self.plans)
            self.plans.append(index)
            self._facts.add(index)
        return number

    def tiers(self, words: Coded, plan: Ints) -> Ints:
        """The number of a tier in its row's plan; -1 = none is given."""
        numbers = self.pairwise("tier", words, plan, lambda index, word: index.tiers.get(word, UNKNOWN_WORD))
        empty = np.array([*(word == "" for word in words.words), True])
        return np.where(empty[words.places], -1, numbers)

    def pairwise(self, kind: str, words: Coded, plan: Ints, number_of: Callable[[PlanIndex, str], int]) -> Ints:
        """A number for each (plan, word) of a batch, each distinct pair looked up once."""
        width = len(words.words) + 1
        pairs, place = np.unique(plan.astype(np.int64) * width + words.places, return_inverse=True)
        numbers = np.full(len(pairs), UNKNOWN_WORD, dtype=np.int64)
        for number, pair in enumerate(pairs.tolist()):
            row, word = divmod(pair, width)
            if row < 0 or word == width - 1:
                continue
            key = kind, row, words.words[word]
            found = self._pairs.get(key)
            if found is None:
                found = self._pairs[key] = number_of(self.plans[row], words.words[word])
            numbers[number] = found
        return numbers[place]
