"""One batch of a book under two rule sets: integer arrays of the changes.

What comes in: a record batch, and the ledgers that both rule sets give it. What goes out: a `BatchImpact`, which
threads pass to `comparing`. A batch's sums fit into 64 bits by far: at most 200,000 lines of 10,000,000 dollars each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from camcover.bulk.answers import Answered
from camcover.bulk.columns import Ints, coded, lists
from camcover.bulk.estimate import BulkAnswer, BulkEstimator, sound_batch
from camcover.engine.compiling.compile import Tables
from camcover.workflow.impact.fitting import answers
from camcover.workflow.impact.records import Unpriced

SAMPLE = 20
"""How many of the rows that are not compared are shown, of each kind."""

_BOTH, _ONLY_BEFORE, _ONLY_AFTER, _NEITHER = 3, 1, 2, 0


class Tally(NamedTuple):
    """Figures by name: a row for each name; the columns are those of `Figures`, each money before and after."""

    names: Sequence[str]
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
    by_plan: Tally
    by_therapy: Tally
    largest: tuple[Ints, Ints]
    smallest: tuple[Ints, Ints]
    no_longer_priced: Left
    newly_priced: Left
    never_priced: Left
    fitted: int = 0
    """Compared rows whose use so far was cut to what one of the rule sets allows."""


class _Lines(NamedTuple):
    """The lines of compared members, in order: whether covered, what patient and plan pay, cents."""

    covered: Ints
    patient: Ints
    plan_paid: Ints


class Pair:
    """Both rule sets for one thread."""

    def __init__(self, before: Tables, after: Tables, worst: int) -> None:
        """Compare by `before` and `after`; `worst` increases and decreases of each batch are handed on."""
        self._before = BulkEstimator(before, before.release, wants_lines=False)
        self._after = BulkEstimator(after, after.release, wants_lines=False)
        self._worst = worst

    def compare(self, batch: pa.RecordBatch, first_row: int) -> BatchImpact:
        """Price a batch, whose rows count from `first_row`, under both rule sets. Raises `WrongColumns`."""
        batch = sound_batch(batch, first_row)
        before, after, fitted = answers(self._before, self._after, batch)
        return _part(batch, first_row, before, after, worst=self._worst)._replace(fitted=fitted)


def _part(batch: pa.RecordBatch, first_row: int, before: BulkAnswer, after: BulkAnswer, *, worst: int) -> BatchImpact:
    """What became of a batch by its two answers."""
    priced = np.zeros(batch.num_rows, dtype=np.int8)
    priced[before.answered.row] |= _ONLY_BEFORE
    priced[after.answered.row] |= _ONLY_AFTER
    rows = np.flatnonzero(priced == _BOTH)
    first, item = _shared_lines(before.answered, after.answered, rows)
    old, new = _lines(before.answered, rows), _lines(after.answered, rows)
    change = _sums(new.patient - old.patient, first)
    distinct, counts = np.unique(change, return_counts=True)
    return BatchImpact(
        batch,
        first_row,
        distinct,
        counts,
        _by_plan(batch, rows, change, first, old=old, new=new),
        _by_therapy(batch, rows, first, item, old=old, new=new),
        _first_of(rows, change, worst),
        _first_of(rows, -change, worst),
        _left(batch, first_row, np.flatnonzero(priced == _ONLY_BEFORE), after),
        _left(batch, first_row, np.flatnonzero(priced == _ONLY_AFTER), before),
        _left(batch, first_row, np.flatnonzero(priced == _NEITHER), before),
    )


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
    return _Lines(*(ledger[name][places].astype(np.int64) for name in ("covered", "patient", "plan_paid")))


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
    ]


def _by_plan(batch: pa.RecordBatch, rows: Ints, change: Ints, first: Ints, *, old: _Lines, new: _Lines) -> Tally:
    """The figures of each payer plan."""
    plans = coded(batch["plan_id"])
    by_line = [_sums(column, first) for column in _line_figures(old, new)]
    return _tally(plans.words, plans.places[rows], [*_member_figures(change), *by_line])


def _by_therapy(batch: pa.RecordBatch, rows: Ints, first: Ints, item: Ints, *, old: _Lines, new: _Lines) -> Tally:
    """The figures of each therapy; of each code where an item names no therapy."""
    items = lists(batch["items"])
    fields = {field.name: column for field, column in zip(items.values.type, items.values.flatten(), strict=True)}
    therapies, codes = coded(fields["therapy"]), coded(fields["code"])
    words = [*therapies.words, *codes.words]
    is_named = np.array([*(word != "" for word in therapies.words), False])[therapies.places]
    group = np.where(is_named, therapies.places, len(therapies.words) + codes.places)

    owner = np.repeat(np.arange(len(rows)), np.diff(first))
    place = items.offsets[rows][owner] + item
    by_line = _tally(words, group[place], _line_figures(old, new))
    pairs, inverse = np.unique(owner * len(words) + group[place], return_inverse=True)
    change = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(change, inverse, new.patient - old.patient)
    by_member = _tally(words, pairs % max(len(words), 1), _member_figures(change))
    return Tally(by_line.names, np.concatenate([by_member.figures, by_line.figures], axis=1))


def _member_figures(change: Ints) -> list[Ints]:
    """The first columns of a tally: a member each, whether he pays more, whether less."""
    return [np.ones(len(change), dtype=np.int64), (change > 0).astype(np.int64), (change < 0).astype(np.int64)]


def _tally(words: Sequence[str], group: Ints, columns: Sequence[Ints]) -> Tally:
    """Sum columns by group; only groups that occur."""
    found, inverse = np.unique(group, return_inverse=True)
    figures = np.zeros((len(found), len(columns)), dtype=np.int64)
    for number, column in enumerate(columns):
        np.add.at(figures[:, number], inverse, column)
    return Tally([words[place] for place in found.tolist()], figures)


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
