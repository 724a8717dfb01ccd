"""Cells of `licensure`: the states that license each practitioner, by day.

What comes in: the vocabulary, a day. What goes out: the first of a cell for each practitioner.
"""

from __future__ import annotations

from datetime import date

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.vocabulary import Vocabulary, licensing_states


class LicensureCells:
    """Writes the cells once for all plans and days under the same catalogs."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Begin with none; practitioners are numbered by `vocabulary`."""
        self._vocabulary = vocabulary
        self._first: dict[tuple[int, ...], int] = {}
        self.cells: list[int] = []

    def first_on(self, day: OrdinalDay) -> int:
        """The cell of the first practitioner under the catalogs in force on `day`."""
        on = date.fromordinal(day)
        catalogs = [each for each in self._vocabulary.catalogs if each.heading.effective.holds(on)]
        key = tuple(map(id, catalogs))
        if key not in self._first:
            entries = {name: entry for catalog in catalogs for name, entry in catalog.licensure.items()}
            self._first[key] = len(self.cells)
            self.cells += [licensing_states(entries.get(name)) for name in self._vocabulary.practitioners]
        return self._first[key]
