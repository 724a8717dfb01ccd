"""The impact of a change of payer rules: a book of business is priced before and after, and compared.

What comes in: two compiled rule sets and record batches of `bulk.REQUEST_SCHEMA`, one member in each row. What goes
out: an `Impact`. Each row is priced in its expected case, as `bulk` prices it. All sums are exact. The result depends
neither on the number of threads nor on the division of the rows into batches. Memory grows with the number of distinct
changes in cents, of plans and of therapies, and not with the book.
"""

from __future__ import annotations

import os
import threading
from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import pyarrow as pa

from camcover.bulk.columns import Ints
from camcover.bulk.parallel import in_order
from camcover.engine.compiling.compile import Tables
from camcover.workflow.impact.batches import SAMPLE, BatchImpact, BenefitKey, Left, Pair, Tally
from camcover.workflow.impact.cases import cases
from camcover.workflow.impact.records import (
    BenefitGroup,
    Bin,
    Distribution,
    Figures,
    Group,
    Impact,
    Members,
    Money,
    Quantile,
    Unpriced,
)

__all__ = ["QUANTILES", "SAMPLE", "impact"]

QUANTILES = {
    "p1": 10,
    "p5": 50,
    "p25": 250,
    "p50": 500,
    "p75": 750,
    "p90": 900,
    "p95": 950,
    "p99": 990,
    "p99.9": 999,
}
"""The quantiles that are given, in thousandths."""

_EDGES_CENTS = (1, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
"""Where bins of the histogram begin on both sides of 0, so that two reports have the same bins."""


def impact(
    before: Tables,
    after: Tables,
    batches: Iterable[pa.RecordBatch],
    *,
    worst: int = 20,
    threads: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Impact:
    """Compare two rule sets over a book.

    `worst`: how many of the largest increases, and of decreases, are shown line by line; `threads` 0 = one for each
    core; `progress` gets the number of rows done. Raises `WrongColumns`.
    """
    count = threads or os.cpu_count() or 1
    work, found = _ThreadEstimators(before, after, worst), _Found(worst)
    with ThreadPoolExecutor(count, thread_name_prefix="camcover-impact") as pool:
        for part in in_order(pool, work.compare, batches, 2 * count):
            found.add(part)
            if progress is not None:
                progress(found.rows)
    return found.impact(before, after)


class _ThreadEstimators(threading.local):
    """Each thread's own pair of estimators."""

    def __init__(self, before: Tables, after: Tables, worst: int) -> None:
        self._pair = Pair(before, after, worst)

    def compare(self, batch: pa.RecordBatch, first_row: int) -> BatchImpact:
        """What one batch gives."""
        return self._pair.compare(batch, first_row)


class _Found:
    """Everything found so far, part by part in order of the book."""

    def __init__(self, worst: int) -> None:
        self.rows = self._fitted = 0
        self._changes: Counter[int] = Counter()
        self._by_plan: dict[str, list[int]] = {}
        self._by_therapy: dict[str, list[int]] = {}
        self._by_benefit: dict[BenefitKey, list[int]] = {}
        self._largest, self._smallest = _Largest(worst), _Largest(worst)
        self._no_longer_priced, self._newly_priced, self._never_priced = _Left(), _Left(), _Left()

    def add(self, part: BatchImpact) -> None:
        """Add what became of a batch."""
        self.rows += part.batch.num_rows
        self._fitted += part.fitted
        self._changes.update(dict(zip(part.changes.tolist(), part.counts.tolist(), strict=True)))
        _sum_up(self._by_plan, part.by_plan)
        _sum_up(self._by_therapy, part.by_therapy)
        _sum_up(self._by_benefit, part.by_benefit)
        self._largest.add(part, *part.largest)
        self._smallest.add(part, *part.smallest)
        self._no_longer_priced.add(part.no_longer_priced)
        self._newly_priced.add(part.newly_priced)
        self._never_priced.add(part.never_priced)

    def impact(self, before: Tables, after: Tables) -> Impact:
        """All of it as a record."""
        total = _figures([sum(column) for column in zip(*self._by_plan.values(), strict=True)] or [0] * 12)
        return Impact(
            release_before=before.release,
            release_after=after.release,
            members=Members(
                rows=self.rows,
                compared=total.members,
                paying_more=total.paying_more,
                paying_less=total.paying_less,
                no_longer_priced=self._no_longer_priced.rows,
                newly_priced=self._newly_priced.rows,
                never_priced=self._never_priced.rows,
                fitted=self._fitted,
            ),
            total=total,
            change=_distribution(self._changes),
            by_plan=_groups(self._by_plan),
            by_therapy=_groups(self._by_therapy),
            by_benefit=_benefit_groups(self._by_benefit),
            increases=cases(before, after, self._largest.rows),
            decreases=cases(before, after, self._smallest.rows),
            no_longer_priced=tuple(self._no_longer_priced.sample),
            newly_priced=tuple(self._newly_priced.sample),
            never_priced=tuple(self._never_priced.sample),
        )


class _Largest:
    """The rows with the largest changes, copied out of their batches: best first, of equal ones the earlier row."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[int, int, pa.RecordBatch]] = []

    @property
    def rows(self) -> list[tuple[int, pa.RecordBatch]]:
        """(row of the book, that row as a batch), in order."""
        return [(row, batch) for _, row, batch in self._kept]

    def add(self, part: BatchImpact, places: Ints, changes: Ints) -> None:
        """Look at the largest changes of a part."""
        for place, change in zip(places.tolist(), changes.tolist(), strict=True):
            if len(self._kept) >= self._most and (not self._kept or -self._kept[-1][0] >= change):
                return
            row = place + part.first_row
            insort(self._kept, (-change, row, part.batch.take(pa.array([place]))), key=lambda each: each[:2])
            del self._kept[self._most :]


class _Left:
    """Rows that are not compared: how many, and the first of them."""

    def __init__(self) -> None:
        self.rows = 0
        self.sample: list[Unpriced] = []

    def add(self, left: Left) -> None:
        """Add those of a batch."""
        self.rows += left.rows
        self.sample += left.sample[: SAMPLE - len(self.sample)]


_Name = TypeVar("_Name", str, BenefitKey)


def _sum_up(sums: dict[_Name, list[int]], tally: Tally[_Name]) -> None:
    """Add a part's figures to those of the same name."""
    for name, figures in zip(tally.names, tally.figures.tolist(), strict=True):
        known = sums.get(name)
        sums[name] = figures if known is None else [one + other for one, other in zip(known, figures, strict=True)]


def _figures(numbers: Sequence[int]) -> Figures:
    """The columns of a tally as a record."""
    members, more, less, lines, newly, no_longer, *money = numbers
    patient, plan_paid, written_off = (Money(*money[first : first + 2]) for first in (0, 2, 4))
    return Figures(members, more, less, lines, newly, no_longer, patient, plan_paid, written_off)


def _groups(sums: Mapping[str, Sequence[int]]) -> tuple[Group, ...]:
    """Groups in order of what patients pay more, then by name."""
    groups = [Group(name, _figures(numbers)) for name, numbers in sums.items()]
    return tuple(sorted(groups, key=lambda group: (-group.figures.patient.change_cents, group.name)))


def _benefit_groups(sums: Mapping[BenefitKey, Sequence[int]]) -> tuple[BenefitGroup, ...]:
    """The same of benefits."""
    groups = [BenefitGroup(*key, _figures(numbers)) for key, numbers in sums.items()]
    return tuple(sorted(groups, key=lambda each: (-each.figures.patient.change_cents, each.plan_id, each.benefit)))


def _distribution(changes: Mapping[int, int]) -> Distribution:
    """How cost changes, by how many members have each change."""
    ordered = sorted(changes.items())
    members = sum(changes.values())
    total = sum(change * count for change, count in ordered)
    return Distribution(
        total_cents=total,
        mean_cents=(2 * total + members) // (2 * members) if members else 0,
        quantiles=tuple(
            Quantile(name, per_mille, _nearest_rank(ordered, -(-members * per_mille // 1_000)))
            for name, per_mille in QUANTILES.items()
        ),
        most_increase_cents=max(ordered[-1][0], 0) if ordered else 0,
        most_decrease_cents=min(ordered[0][0], 0) if ordered else 0,
        histogram=tuple(_histogram(ordered)),
    )


def _nearest_rank(ordered: Sequence[tuple[int, int]], rank: int) -> int:
    """The change of the member at place `rank`, from 1, when members stand in order of their changes; 0 of none."""
    seen = 0
    for change, count in ordered:
        seen += count
        if seen >= rank:
            return change
    return 0


def _histogram(ordered: Sequence[tuple[int, int]]) -> list[Bin]:
    """Members by how much their cost changes: decreases, no change, increases."""
    lows = [*(1 - edge for edge in reversed(_EDGES_CENTS)), *_EDGES_CENTS]
    bounds = [None, *lows, None]
    found = []
    for low, following in pairwise(bounds):
        high = None if following is None else following - 1
        members = sum(
            count for change, count in ordered if (low is None or change >= low) and (high is None or change <= high)
        )
        found.append(Bin(low, high, members))
    return found
