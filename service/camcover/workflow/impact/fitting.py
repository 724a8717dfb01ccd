"""Rows that one rule set can price, changed so that the other can price them too: use so far is cut.

A change of the rules may lower a maximum or a limit, remove one, or count it in another measure. A member who has used
more than the new rules allow has then used all of it. Use that the new rules do not know is dropped. For a single
request both would be contradictions (docs/rule-language.md, point 30). For a comparison they are effects of the change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from camcover.bulk.columns import Ints
from camcover.bulk.estimate import BulkAnswer, BulkEstimator
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine.request import Violation
from camcover.refusals import Refusal

__all__ = ["answers", "fit"]

_LISTS = (
    "accumulators|family_accumulators|limit_usage|benefit_visits|prior_visits|account_balances|family_account_balances"
)
_PLACE = re.compile(rf"({_LISTS})\[(\d+)\](?:\.(\w+))?")
_UNFIT = {
    *(Refusal.UNKNOWN_ACCUMULATOR, Refusal.UNKNOWN_LIMIT, Refusal.UNKNOWN_BENEFIT, Refusal.UNKNOWN_ACCOUNT),
    Refusal.WRONG_MEASURE,
}

Reject = tuple[int, tuple[Violation, ...]]


def answers(before: BulkEstimator, after: BulkEstimator, batch: pa.RecordBatch) -> tuple[BulkAnswer, BulkAnswer, int]:
    """What both rule sets answer to a batch, rows made to fit one of them included; and how many rows those are."""
    old, new = before.answer(batch, cuts_use=True), after.answer(batch, cuts_use=True)
    as_it_stands = [np.setdiff1d(each.answered.row, each.cut, assume_unique=True) for each in (old, new)]
    old, new = _kept(before, batch, old, as_it_stands[1]), _kept(after, batch, new, as_it_stands[0])
    old, new = _fitted(before, batch, old, as_it_stands[1]), _fitted(after, batch, new, as_it_stands[0])
    return old, new, len(old.cut) + len(new.cut)


def _kept(estimator: BulkEstimator, batch: pa.RecordBatch, answer: BulkAnswer, others: Ints) -> BulkAnswer:
    """Reject rows whose use was cut, unless the other rule set prices them unchanged (`others`)."""
    dropped = np.setdiff1d(answer.cut, others, assume_unique=True)
    if not len(dropped):
        return answer
    rejects = sorted([*answer.rejects, *estimator.refusals(batch, dropped)], key=_row_of)
    cut = np.setdiff1d(answer.cut, dropped, assume_unique=True)
    return BulkAnswer(answer.answered.without(dropped), rejects, cut)


def _fitted(estimator: BulkEstimator, batch: pa.RecordBatch, answer: BulkAnswer, others: Ints) -> BulkAnswer:
    """An answer with those of the rows it refuses that are among `others` and can be made to fit."""
    wanted = set(np.setdiff1d(others, answer.answered.row, assume_unique=True).tolist())
    chosen, changed = fit(batch, [reject for reject in answer.rejects if reject[0] in wanted])
    if not len(chosen):
        return answer
    again = estimator.answer(changed).answered
    added = again._replace(row=chosen[again.row])
    priced = set(added.row.tolist())
    rejects = [reject for reject in answer.rejects if reject[0] not in priced]
    return BulkAnswer(answer.answered.joined_with([added]), rejects, np.union1d(answer.cut, added.row))


def _row_of(reject: Reject) -> int:
    return reject[0]


def fit(batch: pa.RecordBatch, rejects: Sequence[Reject]) -> tuple[Ints, pa.RecordBatch]:
    """The rows of `rejects` that have no other violation, and a batch of them with their use cut."""
    fitting = [(row, wrong) for row, wrong in rejects if all(_can_fit(each) for each in wrong)]
    rows: Ints = np.array([row for row, _ in fitting], dtype=np.int64)
    found = batch.take(pa.array(rows)).to_pylist()
    data = [_cut(row, wrong) for row, (_, wrong) in zip(found, fitting, strict=True)]
    return rows, pa.RecordBatch.from_pylist(data, schema=REQUEST_SCHEMA)


def _can_fit(violation: Violation) -> bool:
    """Whether a violation is about use so far that these rules bound lower, or do not know."""
    is_use = violation.at_most is not None or violation.refusal in _UNFIT
    return is_use and _PLACE.fullmatch(violation.field) is not None


def _cut(row: Mapping[str, Any], wrong: Sequence[Violation]) -> dict[str, Any]:
    """A row whose use so far is cut as the violations ask."""
    data = {name: list(value) if isinstance(value, list) else value for name, value in row.items()}
    for each in wrong:
        place = _PLACE.fullmatch(each.field)
        if place is None:
            raise AssertionError(f"{each.field} is no use so far")
        entries, number, field = data[place[1]], int(place[2]), place[3]
        if each.at_most is None:
            entries[number] = None
        elif entries[number] is not None:
            entry = entries[number] | {field: each.at_most}
            if entry.get("last_quarter_cents") is not None:
                entry["last_quarter_cents"] = min(entry["last_quarter_cents"], each.at_most)
            entries[number] = entry
    return {
        name: [entry for entry in value if entry is not None] if isinstance(value, list) else value
        for name, value in data.items()
    }
