"""The cells of a service merged into few rows: boxes of values with one and the same decision.

What comes in: a grid. What goes out: `Row`s that together hold every cell once. Values that lead to the same rows are
merged, aspect by aspect. Then boxes with the same decision that differ in a single aspect are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from camcover.rulebook.analysis.cells import MOST_CELLS, Box, CellLine, Grid
from camcover.rulebook.analysis.criteria import REASONS
from camcover.rulebook.analysis.decisions import Verdict, decide
from camcover.rulebook.analysis.diagnoses import TooManyCells


class LineOutcome(NamedTuple):
    """What becomes of a line: the verdict, the service's rules that give it, and why it is not covered (else "")."""

    verdict: Verdict
    rules: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A box of cells with one outcome, and the patterns of first failed checks that occur in it, each with a line."""

    box: Box
    outcome: LineOutcome
    patterns: Mapping[int, CellLine]


def rows_of(grid: Grid) -> list[Row]:
    """The rows of a service: covered ones first, in file order. Raises `TooManyCells`."""
    boxes = _merged(_Walk(grid).boxes())
    rows = [Row(box, outcome, patterns) for box, outcome in boxes if (patterns := grid.patterns(box))]
    order = [Verdict.BENEFIT, Verdict.EXCLUDED, Verdict.REFUSED, Verdict.NOT_LISTED]
    return sorted(rows, key=lambda row: (order.index(row.outcome.verdict), row.outcome.rules, row.outcome.reason))


class _Walk:
    """Goes through the axes one after the other and remembers, for what was seen so far, what can still come of it."""

    def __init__(self, grid: Grid) -> None:
        """Begin at the first axis of `grid`."""
        self.grid = grid
        self.known: dict[tuple[int, int], tuple[tuple[Box, LineOutcome], ...]] = {}

    def boxes(self) -> list[tuple[Box, LineOutcome]]:
        """Boxes that together hold every cell once, each with its outcome."""
        return list(self._below(0, 0))

    def _below(self, axis: int, fails: int) -> tuple[tuple[Box, LineOutcome], ...]:
        """The boxes over `axis` and those behind it."""
        found = self.known.get((axis, fails))
        if found is None:
            is_end = axis == len(self.grid.axes)
            found = self.known[axis, fails] = self._outcome(fails) if is_end else self._split(axis, fails)
            if len(self.known) > MOST_CELLS:
                raise TooManyCells(MOST_CELLS)
        return found

    def _split(self, axis: int, fails: int) -> tuple[tuple[Box, LineOutcome], ...]:
        """The places of an axis, those with equal boxes behind them together."""
        groups: dict[tuple[tuple[Box, LineOutcome], ...], list[int]] = {}
        for place, alike in enumerate(self.grid.axes[axis]):
            behind = self._below(axis + 1, self.grid.first_failures(fails | alike.fails))
            groups.setdefault(behind, []).append(place)
        return tuple(
            ((frozenset(places), *box), outcome) for behind, places in groups.items() for box, outcome in behind
        )

    def _outcome(self, fails: int) -> tuple[tuple[Box, LineOutcome], ...]:
        """The one empty box behind the last axis."""
        decision = decide(self.grid, fails)
        reason = REASONS[self.grid.checks[decision.failed].subject] if decision.failed >= 0 else ""
        return (((), LineOutcome(decision.verdict, decision.rules, reason)),)


def _merged(boxes: Iterable[tuple[Box, LineOutcome]]) -> list[tuple[Box, LineOutcome]]:
    """Boxes of one outcome that differ on one axis alone taken together, until none do."""
    done: list[tuple[Box, LineOutcome]] = []
    waiting = list(boxes)
    while waiting:
        box, outcome = waiting.pop(0)
        partner = next((each for each in done if each[1] == outcome and _difference(each[0], box) is not None), None)
        if partner is None:
            done.append((box, outcome))
            continue
        done.remove(partner)
        waiting.append((tuple(one | other for one, other in zip(partner[0], box, strict=True)), outcome))
    return done


def _difference(one: Box, other: Box) -> int | None:
    """The only axis on which two boxes differ; None when there are several."""
    found = [axis for axis, (mine, its) in enumerate(zip(one, other, strict=True)) if mine != its]
    return found[0] if len(found) == 1 else None
