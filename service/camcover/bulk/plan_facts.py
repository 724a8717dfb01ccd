"""What the layout of a book must know of each plan that it names, as arrays.

What comes in: plans, one by one. What goes out: `LayoutTables`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camcover.bulk.book_columns import COUNT, MAXIMUM, PLAN, VISIT_LIMIT, VISIT_LIMITS, LayoutTables
from camcover.engine.asking.contradictions import counted_toward
from camcover.engine.compiling.compile_rows import PERIOD_CODES
from camcover.engine.compiling.known_limits import most_of
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.slots import counted_limits, slot_key
from camcover.rulebook.records import FROM_FIRST_VISIT, CountedFor, Counting, Limit, Measure, Plan

_COUNTING_VISITS = (Measure.VISITS, Measure.UNITS)
_ASKED_SINGLY = (0, -1)


class PlanFacts:
    """The facts of the plans that were added so far, in order."""

    def __init__(self) -> None:
        """Begin with no plan."""
        self._plans: list[tuple[int, ...]] = []
        self._references: dict[int, int] = {}
        self._maxima: list[tuple[int, int, int, int]] = []
        self._counts: list[tuple[int, int, int, int]] = []
        self._benefits: dict[int, int] = {}
        self._visit_limits: list[tuple[int, int]] = []
        self._limits: list[tuple[int, int, int]] = []
        self._made: LayoutTables | None = None

    def add(self, index: PlanIndex) -> None:
        """Add a plan and the segments of its editions."""
        self._made = None
        self._plans.append((
            index.first_segment, len(index.segments),
            len(index.accumulators), len(index.slots), len(index.benefits), index.rolling_limits, len(self._counts),
        ))  # fmt: skip
        self._counts += [
            (
                most_of(limit),
                int(limit.measure is Measure.MONEY),
                int(PERIOD_CODES[limit.per.kind]),
                limit.per.length,
            )
            for limit in index.slot_limits
        ]
        firsts: dict[int, int] = {}
        benefits: dict[int, int] = {}
        for place, segment in enumerate(index.segments):
            if segment.edition not in firsts:
                firsts[segment.edition] = len(self._maxima)
                alone = index.maxima(segment.edition, family=False)
                together = index.maxima(segment.edition, family=True)
                toward = [sum(1 << number for number in each) for each in counted_toward(index)]
                self._maxima += zip(alone.member, together.member, together.family, toward, strict=True)
                benefits[segment.edition] = len(self._visit_limits)
                self._visit_limits += [self._limits_of(index, segment.plan, name) for name in index.benefits]
            row = index.first_segment + place
            self._references[row], self._benefits[row] = firsts[segment.edition], benefits[segment.edition]

    def _limits_of(self, index: PlanIndex, plan: Plan, benefit: str) -> tuple[int, int]:
        """A row of `VISIT_LIMITS`, once its limits are added."""
        if benefit not in plan.benefits:
            return _ASKED_SINGLY
        counting = [each for each in counted_limits(plan.benefits[benefit]) if each.measure in _COUNTING_VISITS]
        if any(_has_own_times(limit) for limit in counting):
            return _ASKED_SINGLY
        first = len(self._limits)
        self._limits += [
            (
                index.slots[slot_key(benefit, limit)],
                int(limit.measure is Measure.UNITS),
                int(limit.counts is Counting.PLAN_PAID),
            )
            for limit in counting
        ]
        return first, len(counting)

    def arrays(self) -> LayoutTables:
        """What was collected, as arrays of at least one row."""
        if self._made is None:
            self._made = LayoutTables(
                np.array(self._plans or [(0,) * 7], dtype=PLAN),
                _by_row(self._references),
                np.array(self._maxima or [(0,) * 4], dtype=MAXIMUM),
                np.array(self._counts or [(0,) * 4], dtype=COUNT),
                _by_row(self._benefits),
                np.array(self._visit_limits or [(0,) * 2], dtype=VISIT_LIMITS),
                np.array(self._limits or [(0,) * 3], dtype=VISIT_LIMIT),
            )
        return self._made


def _has_own_times(limit: Limit) -> bool:
    """Whether its visits decide when its time begins, or their conditions what counts them."""
    return limit.per.kind in FROM_FIRST_VISIT or limit.counted_for is CountedFor.CONDITION


def _by_row(numbers: dict[int, int]) -> NDArray[np.int32]:
    """A number for each row, as an array."""
    found = np.zeros(max(numbers, default=0) + 1, dtype=np.int32)
    for row, number in numbers.items():
        found[row] = number
    return found
