"""Single members of a book, line by line under two rule sets.

What comes in: rows of the book. What goes out: for each row a `ChangedMember` with the lines that change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

import pyarrow as pa

from camcover.bulk.estimate import BulkEstimator, BulkResult, sound_batch
from camcover.engine.compiling.compile import Tables
from camcover.workflow.impact.fitting import fit
from camcover.workflow.impact.records import ChangedMember, LineChange, LineFigures, Money

Data: TypeAlias = Mapping[str, Any]

_FIGURES = [field.name for field in fields(LineFigures)]


def cases(before: Tables, after: Tables, rows: Sequence[tuple[int, pa.RecordBatch]]) -> tuple[ChangedMember, ...]:
    """The cases of rows, in order; `rows` holds each one's number in the book and a batch of it alone."""
    old, new = BulkEstimator(before, before.release), BulkEstimator(after, after.release)
    return tuple(_case(row, batch, old, new) for row, batch in rows)


def _case(row: int, batch: pa.RecordBatch, old: BulkEstimator, new: BulkEstimator) -> ChangedMember:
    """One row priced by both."""
    (asked,) = batch.to_pylist()
    results = [_priced(estimator, batch) for estimator in (old, new)]
    (old_total,), (new_total,) = (result.plans.to_pylist() for result in results)
    old_lines, new_lines = (result.lines.to_pylist() for result in results)
    changed = tuple(_changed(asked["items"], old_lines, new_lines))
    return ChangedMember(
        row=row,
        request_id=asked["request_id"] or "",
        plan_id=asked["plan_id"],
        patient=Money(old_total["patient_cents"], new_total["patient_cents"]),
        plan_paid=Money(old_total["plan_paid_cents"], new_total["plan_paid_cents"]),
        lines=changed,
        lines_alike=len(old_lines) - len(changed),
    )


def _priced(estimator: BulkEstimator, batch: pa.RecordBatch) -> BulkResult:
    """One row priced, made to fit where it has to be."""
    rejects = estimator.answer(sound_batch(batch)).rejects
    return estimator.estimate(fit(batch, rejects)[1] if rejects else batch)


def _changed(items: Sequence[Data], old: Sequence[Data], new: Sequence[Data]) -> Iterator[LineChange]:
    """The lines whose figures differ."""
    for one, other in zip(old, new, strict=True):
        before, after = _figures(one), _figures(other)
        if before != after:
            item = items[one["item_index"]]
            yield LineChange(
                item_index=one["item_index"],
                session=one["session"],
                date=one["date"].isoformat(),
                therapy=item["therapy"] or "",
                code=item["code"] or "",
                before=before,
                after=after,
            )


def _figures(line: Data) -> LineFigures:
    """A row of `LINE_SCHEMA` as a record."""
    return LineFigures(**{name: line[name] for name in _FIGURES})
