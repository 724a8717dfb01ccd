"""Gaps between the rows of a service's table: facts that no rule takes, though the rules seem to be for them.

What comes in: a grid and its rows. What goes out: the `RowGap`s of each row. A row in which a benefit refuses a line
for a fact that no benefit takes is no gap: a plan means that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import combinations_with_replacement
from typing import NamedTuple

from camcover.rulebook.analysis.cells import Box, Grid
from camcover.rulebook.analysis.criteria import Subject
from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.analysis.table import Row
from camcover.rulebook.analysis.wording import ANY, AXES, age_words, axis_words

__all__ = ["GapKind", "RowGap", "gaps_of"]

_AGE = AXES.index(Subject.AGE)


class GapKind(StrEnum):
    """What is missing."""

    NOT_NAMED = "no benefit and no exclusion is for the row"
    TOGETHER = "each fact is covered beside others, and not these together"
    AGES = "younger and older patients are covered"


class RowGap(NamedTuple):
    """A combination of facts that no benefit covers. `when`: each fact in words by what it is about.

    Facts that make no difference are left out.
    """

    kind: GapKind
    when: Mapping[str, str]


def gaps_of(grid: Grid, rows: Sequence[Row]) -> list[tuple[RowGap, ...]]:
    """The gaps of each row."""
    covered = [row.box for row in rows if row.outcome.verdict is Verdict.BENEFIT]
    return [_gaps(grid, row, covered) for row in rows]


def _gaps(grid: Grid, row: Row, covered: Sequence[Box]) -> tuple[RowGap, ...]:
    """The gaps of one row; `covered`: the boxes that benefits take."""
    if row.outcome.verdict is Verdict.NOT_LISTED:
        return (RowGap(GapKind.NOT_NAMED, {}),)
    if row.outcome.verdict is not Verdict.REFUSED:
        return ()
    found: list[RowGap] = []
    taken = [frozenset[int]().union(*(box[axis] for box in covered)) for axis in range(len(grid.axes))]
    together = _common(row.box, tuple(taken))
    if all(together) and grid.patterns(together):
        words = {str(AXES[axis]): axis_words(grid, axis, together) for axis in range(len(AXES)) if _tells(grid, axis)}
        found.append(RowGap(GapKind.TOGETHER, {name: each for name, each in words.items() if each != ANY}))
    ages = sorted(_ages_between(grid, row.box, covered))
    if ages:
        found.append(RowGap(GapKind.AGES, {str(Subject.AGE): age_words(ages)}))
    return tuple(found)


def _common(one: Box, other: Box) -> Box:
    """The cells that two boxes share; an empty axis where they share none."""
    return tuple(mine & its for mine, its in zip(one, other, strict=True))


def _tells(grid: Grid, axis: int) -> bool:
    """Whether rows are told apart on an axis."""
    return len(grid.axes[axis]) > 1


def _ages_between(grid: Grid, box: Box, covered: Sequence[Box]) -> set[int]:
    """The ages of a box with covered younger and older ones beside the same other facts."""
    whole = frozenset(range(len(grid.axes[_AGE])))
    own, found = _ages(grid, box[_AGE]), set[int]()
    for one, other in combinations_with_replacement(covered, 2):
        beside = [(*each[:_AGE], whole, *each[_AGE + 1 :]) for each in (box, one, other)]
        if all(_common(_common(beside[0], beside[1]), beside[2])):
            ages = _ages(grid, one[_AGE] | other[_AGE])
            found |= {age for age in own if ages and min(ages) < age < max(ages)}
    return found


def _ages(grid: Grid, places: frozenset[int]) -> list[int]:
    """The known ages of some places."""
    return [age for place in places for age in grid.axes[_AGE][place].values if isinstance(age, int)]
