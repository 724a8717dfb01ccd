"""What the layout of a book must know of each plan that it names, as arrays.

What comes in: plans, one by one. What goes out: `LayoutTables`.
"""

from __future__ import annotations

import numpy as np

from camcover.bulk.book_columns import COUNT, MAXIMUM, PLAN, LayoutTables
from camcover.engine.asking.contradictions import counted_toward
from camcover.engine.asking.limit_amounts import most_used
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.rulebook.records import Measure


class PlanFacts:
    """The facts of the plans that were added so far, in order."""

    def __init__(self) -> None:
        """Begin with no plan."""
        self._plans: list[tuple[int, ...]] = []
        self._references: dict[int, int] = {}
        self._maxima: list[tuple[int, int, int, int]] = []
        self._counts: list[tuple[int, int]] = []
        self._made: LayoutTables | None = None

    def add(self, index: PlanIndex) -> None:
        """Add a plan and the segments of its editions."""
        self._made = None
        self._plans.append((
            index.first_segment, len(index.segments),
            len(index.accumulators), len(index.slots), len(index.benefits), index.rolling_limits, len(self._counts),
        ))  # fmt: skip
        self._counts += [(most_used(limit), int(limit.measure is Measure.MONEY)) for limit in index.slot_limits]
        firsts: dict[int, int] = {}
        for place, segment in enumerate(index.segments):
            if segment.edition not in firsts:
                firsts[segment.edition] = len(self._maxima)
                alone = index.maxima(segment.edition, family=False)
                together = index.maxima(segment.edition, family=True)
                toward = [sum(1 << number for number in each) for each in counted_toward(index)]
                self._maxima += zip(alone.member, together.member, together.family, toward, strict=True)
            row = index.first_segment + place
            self._references[row] = firsts[segment.edition]

    def arrays(self) -> LayoutTables:
        """What was collected, as arrays of at least one row."""
        if self._made is None:
            references = np.zeros(max(self._references, default=0) + 1, dtype=np.int32)
            for row, first in self._references.items():
                references[row] = first
            self._made = LayoutTables(
                np.array(self._plans or [(0,) * 7], dtype=PLAN),
                references,
                np.array(self._maxima or [(0,) * 4], dtype=MAXIMUM),
                np.array(self._counts or [(0,) * 2], dtype=COUNT),
            )
        return self._made
