"""One batch of a book under two rule sets: integer arrays of the changes.

What comes in: a record batch, and the ledgers that both rule sets give it. What goes out: a `BatchImpact`, which
threads pass to `comparing`. A batch's sums fit into 64 bits by far: at most 200,000 lines of 10,000,000 dollars each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa

from camcover.bulk.answers import Answered
from camcover.bulk.columns import Coded, Ints, coded, lists
from camcover.bulk.estimate import BulkAnswer, BulkEstimator, sound_batch
from camcover.engine.compiling.compile import Tables
from camcover.workflow.impact.fitting import answers
from camcover.workflow.impact.line_benefits import LineBenefits, joined
from camcover.workflow.impact.records import Unpriced

SAMPLE = 20
"""How many of the rows that are not compared are shown, of each kind."""

_BOTH, _ONLY_BEFORE, _ONLY_AFTER, _NEITHER = 3, 1, 2, 0


BenefitKey: TypeAlias = tuple[str, str]
"""A plan, and its benefit; "" for none."""

_Name = TypeVar("_Name", str, BenefitKey)


class Tally(NamedTuple, Generic[_Name]):
    """Figures by name: a row for each name; the columns are those of `Figures`, each money before and after."""

    names: Sequence[_Name]
    figures: Ints


class Left(NamedTuple):
    """Rows that are not compared: how many, and the first of them."""

    rows: int
    sample: tuple[Unpriced, ...]


class BatchImpact(NamedTuple):
    """The result of one batch.

    `changes` are the distinct changes of a member's cost; `counts` gives the number of members of each. `largest` and
    `smallest` hold the rows of the batch with the largest increases and decreases, best first, and their changes.
    """

    batch: pa.RecordBatch
    first_row: int
    changes: Ints
    counts: Ints
    by_plan: Tally[str]
    by_therapy: Tally[str]
    by_benefit: Tally[BenefitKey]
    largest: tuple[Ints, Ints]
    smallest: tuple[Ints, Ints]
    no_longer_priced: Left
    newly_priced: Left
    never_priced: Left
    fitted: int = 0
    """Compared rows whose use so far was cut to what one of the rule sets allows."""


class _Lines(NamedTuple):
    """The lines of compared members, in order: the rule, whether covered; paid and written off, cents."""

    rule: Ints
    covered: Ints
    patient: Ints
    plan_paid: Ints
    written_off: Ints


class _Compared(NamedTuple):
    """The compared rows of a batch under both rule sets.

    `first`: where each row's lines begin, with one more cell for their number. `item`: the item of each line, counted
    in its row. `plan` and `benefit` are those of each line; `change`: of each row's cost, cents.
    """

    rows: Ints
    first: Ints
    item: Ints
    plan: Coded
    benefit: Coded
    old: _Lines
    new: _Lines
    change: Ints

    @property
    def owner(self) -> Ints:
        """The place in `rows` of each line's row."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.first))


class Pair:
    """Both rule sets for one thread."""

    def __init__(self, before: Tables, after: Tables, worst: int) -> None:
        """Compare by `before` and `after`; `worst` increases and decreases of each batch are handed on."""
        self._before = BulkEstimator(before, before.release, wants_lines=False)
        self._after = BulkEstimator(after, after.release, wants_lines=False)
        self._benefits = LineBenefits(before), LineBenefits(after)
        self._worst = worst

    def compare(self, batch: pa.RecordBatch, first_row: int) -> BatchImpact:
        """Price a batch, whose rows count from `first_row`, under both rule sets. Raises `WrongColumns`."""
        batch = sound_batch(batch, first_row)
        before, after, fitted = answers(self._before, self._after, batch)
        return self._part(batch, first_row, before, after)._replace(fitted=fitted)

    def _part(self, batch: pa.RecordBatch, first_row: int, before: BulkAnswer, after: BulkAnswer) -> BatchImpact:
        """What became of a batch by its two answers."""
        priced = np.zeros(batch.num_rows, dtype=np.int8)
        priced[before.answered.row] |= _ONLY_BEFORE
        priced[after.answered.row] |= _ONLY_AFTER
        found = self._compared(batch, np.flatnonzero(priced == _BOTH), before.answered, after.answered)
        distinct, counts = np.unique(found.change, return_counts=True)
        return BatchImpact(
            batch,
            first_row,
            distinct,
            counts,
            _by_plan(found),
            _by_therapy(batch, found),
            _by_benefit(found),
            _first_of(found.rows, found.change, self._worst),
            _first_of(found.rows, -found.change, self._worst),
            _left(batch, first_row, np.flatnonzero(priced == _ONLY_BEFORE), after),
            _left(batch, first_row, np.flatnonzero(priced == _ONLY_AFTER), before),
            _left(batch, first_row, np.flatnonzero(priced == _NEITHER), before),
        )

    def _compared(self, batch: pa.RecordBatch, rows: Ints, before: Answered, after: Answered) -> _Compared:
        """The rows that both rule sets price."""
        first, item = _shared_lines(before, after, rows)
        old, new = _lines(before, rows), _lines(after, rows)
        plans = coded(batch["plan_id"])
        plan = Coded(np.repeat(plans.places[rows], np.diff(first)), plans.words)
        one, other = (
            benefits.of(plans.words, lines.rule) for benefits, lines in zip(self._benefits, (old, new), strict=True)
        )
        return _Compared(rows, first, item, plan, joined(one, other), old, new, _sums(new.patient - old.patient, first))


def _shared_lines(before: Answered, after: Answered, rows: Ints) -> tuple[Ints, Ints]:
    """Where each compared row's lines begin, with one more cell for their number, and the item of each line.

    What a request's lines are does not depend on the rules, so that line by line both ledgers are of the same service.
    """
    counts, item = _counts(before, rows), before.item[_places(before, rows)]
    if not (np.array_equal(counts, _counts(after, rows)) and np.array_equal(item, after.item[_places(after, rows)])):
        raise AssertionError("two rule sets give a plan other lines")
    return np.concatenate([[0], np.cumsum(counts)]), item


def _counts(answered: Answered, rows: Ints) -> Ints:
    """How many lines each of `rows` has."""
    place = np.searchsorted(answered.row, rows)
    found: Ints = np.diff(answered.first_line)[place]
    return found


def _places(answered: Answered, rows: Ints) -> Ints | slice:
    """The positions of the lines of `rows` in the ledger; all positions if all rows are wanted."""
    if len(rows) == len(answered.row):
        return slice(None)
    is_meant = np.repeat(np.isin(answered.row, rows, assume_unique=True), np.diff(answered.first_line))
    found: Ints = np.flatnonzero(is_meant)
    return found


def _lines(answered: Answered, rows: Ints) -> _Lines:
    """The figures of the lines of `rows`."""
    places, ledger = _places(answered, rows), answered.ledger
    return _Lines(*(ledger[name][places].astype(np.int64) for name in _Lines._fields))


def _sums(cells: Ints, first: Ints) -> Ints:
    """The sum of each row's cells; every row has one at least."""
    found: Ints = np.add.reduceat(cells, first[:-1]) if len(first) > 1 else np.zeros(0, dtype=np.int64)
    return found


def _line_figures(old: _Lines, new: _Lines) -> list[Ints]:
    """The columns of a tally that are sums over lines, from the number of lines on."""
    ones = np.ones(len(old.covered), dtype=np.int64)
    return [
        ones,
        (old.covered < new.covered).astype(np.int64),
        (old.covered > new.covered).astype(np.int64),
        old.patient,
        new.patient,
        old.plan_paid,
        new.plan_paid,
        old.written_off,
        new.written_off,
    ]


def _by_plan(found: _Compared) -> Tally[str]:
    """The figures of each payer plan."""
    by_line = [_sums(column, found.first) for column in _line_figures(found.old, found.new)]
    return _tally(found.plan.words, found.plan.places[found.first[:-1]], [*_member_figures(found.change), *by_line])


def _by_therapy(batch: pa.RecordBatch, found: _Compared) -> Tally[str]:
    """The figures of each therapy; of each code where an item names no therapy."""
    items = lists(batch["items"])
    fields = {field.name: column for field, column in zip(items.values.type, items.values.flatten(), strict=True)}
    therapies, codes = coded(fields["therapy"]), coded(fields["code"])
    words = [*therapies.words, *codes.words]
    is_named = np.array([*(word != "" for word in therapies.words), False])[therapies.places]
    group = np.where(is_named, therapies.places, len(therapies.words) + codes.places)

    return _by_line_group(words, group[items.offsets[found.rows][found.owner] + found.item], found)


def _by_benefit(found: _Compared) -> Tally[BenefitKey]:
    """The figures of each benefit of each plan."""
    plans, benefits = found.plan.words, found.benefit.words
    pairs, group = np.unique(found.plan.places * len(benefits) + found.benefit.places, return_inverse=True)
    keys = [(plans[pair // len(benefits)], benefits[pair % len(benefits)]) for pair in pairs.tolist()]
    return _by_line_group(keys, group, found)


def _by_line_group(names: Sequence[_Name], group: Ints, found: _Compared) -> Tally[_Name]:
    """The figures of groups of lines; a member counts once in each, with the change of its lines there."""
    by_line = _tally(names, group, _line_figures(found.old, found.new))
    pairs, inverse = np.unique(found.owner * len(names) + group, return_inverse=True)
    change = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(change, inverse, found.new.patient - found.old.patient)
    by_member = _tally(names, pairs % max(len(names), 1), _member_figures(change))
    return Tally(by_line.names, np.concatenate([by_member.figures, by_line.figures], axis=1))


def _member_figures(change: Ints) -> list[Ints]:
    """The first columns of a tally: a member each, whether he pays more, whether less."""
    return [np.ones(len(change), dtype=np.int64), (change > 0).astype(np.int64), (change < 0).astype(np.int64)]


def _tally(names: Sequence[_Name], group: Ints, columns: Sequence[Ints]) -> Tally[_Name]:
    """Sum columns by group; only groups that occur."""
    found, inverse = np.unique(group, return_inverse=True)
    figures = np.zeros((len(found), len(columns)), dtype=np.int64)
    for number, column in enumerate(columns):
        np.add.at(figures[:, number], inverse, column)
    return Tally([names[place] for place in found.tolist()], figures)


def _first_of(rows: Ints, change: Ints, count: int) -> tuple[Ints, Ints]:
    """The rows with the largest positive changes and those changes; of equal ones the earlier row first."""
    order = np.argsort(-change, kind="stable")[:count]
    order = order[change[order] > 0]
    return rows[order], change[order]


def _left(batch: pa.RecordBatch, first_row: int, rows: Ints, refusing: BulkAnswer) -> Left:
    """The rows that are not compared because an answer refuses them."""
    shown = rows[:SAMPLE].tolist()
    if not shown:
        return Left(0, ())
    wrong = dict(refusing.rejects)
    named = zip(batch["request_id"].take(pa.array(shown)), batch["plan_id"].take(pa.array(shown)), strict=True)
    return Left(
        len(rows),
        tuple(
            Unpriced(
                row + first_row,
                request_id.as_py() or "",
                plan_id.as_py() or "",
                tuple(f"{each.field}: {each.description}" for each in wrong[row]),
            )
            for row, (request_id, plan_id) in zip(shown, named, strict=True)
        ),
    )
