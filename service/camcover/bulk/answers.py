"""The ledger as Arrow columns: plans with their totals, and lines with their words.

What comes in: ledger rows and the numbers that belong to them. What goes out: batches of `PLAN_SCHEMA` and
`LINE_SCHEMA`. The identity of docs/rule-language.md, section 6, is asserted on every line, even if no lines are wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from camcover.bulk.columns import Ints, date_column
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REASONS
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.estimate import Reason
from camcover.engine.kernel.tables import Array
from camcover.money import LEDGER_AMOUNTS
from camcover.rulebook.records import Benefit

# Not made of Python lists: for a list, pyarrow imports pandas if it is installed.
NO_LINES = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in LINE_SCHEMA], schema=LINE_SCHEMA)


class Answered(NamedTuple):
    """Adjudicated plans: input row, number of the payer plan, first line; then the columns of each line.

    `first_line` has one more cell, the number of lines. `reimbursed`: cents that come back to the member.
    `account_paid`: cents that accounts pay; the ledger's `patient` no longer includes them.
    """

    row: Ints
    plan: Ints
    first_line: Ints
    ledger: Array
    day: Ints
    item: Ints
    session: Ints
    reimbursed: Ints
    account_paid: Ints

    def without(self, rows: Ints) -> Answered:
        """The answers of all other rows."""
        stays, counts = ~np.isin(self.row, rows, assume_unique=True), np.diff(self.first_line)
        lines = np.repeat(stays, counts)
        return Answered(
            self.row[stays],
            self.plan[stays],
            np.concatenate([[0], np.cumsum(counts[stays])]),
            *(getattr(self, name)[lines] for name in Answered._fields[3:]),
        )

    def joined_with(self, others: Sequence[Answered]) -> Answered:
        """All answers as one, in order of the rows of the input."""
        parts = [self, *others]
        row = np.concatenate([part.row for part in parts])
        counts = np.concatenate([np.diff(part.first_line) for part in parts])
        begins = np.concatenate([[0], np.cumsum(counts)])[:-1]
        order = np.argsort(row, kind="stable")
        lines = _spans(begins[order], counts[order])
        return Answered(
            row[order],
            np.concatenate([part.plan for part in parts])[order],
            np.concatenate([[0], np.cumsum(counts[order])]),
            *(np.concatenate([getattr(part, name) for part in parts])[lines] for name in Answered._fields[3:]),
        )


def _spans(begins: Ints, counts: Ints) -> Ints:
    """The places of spans, one behind the other."""
    ends = np.cumsum(counts)
    places: Ints = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(begins - (ends - counts), counts)
    return places


class Names:
    """The words of ledger rows, gathered plan by plan: benefit of a rule's row, id of a limit's row, name of a tier."""

    def __init__(self) -> None:
        """No plan yet."""
        self._numbers: dict[str, int] = {"": 0}
        self._known = 0
        self._rules = np.zeros(1, dtype=np.int32)
        self._limits = np.zeros(1, dtype=np.int32)
        self._tiers = np.zeros((1, 1), dtype=np.int32)

    def read(self, plans: Sequence[PlanIndex]) -> None:
        """Gather the words of plans that are new."""
        for number in range(self._known, len(plans)):
            sources = plans[number].sources
            for row, rule in sources.rules.items():
                self._rules = _put(self._rules, row, self._number(str(rule.id) if isinstance(rule, Benefit) else ""))
            for row, limit in sources.limits.items():
                self._limits = _put(self._limits, row, self._number(str(limit.id)))
            tiers = [self._number(name) for name in plans[number].tiers]
            self._tiers = _put_row(self._tiers, number, tiers)
        self._known = len(plans)

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def _column(self, places: Ints) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), list(self._numbers))

    def benefits(self, rules: Ints) -> pa.Array:
        """The benefit of each row of `rules`; none where it is an exclusion or -1."""
        return self._column(np.where(rules >= 0, self._rules[rules], 0))

    def limits(self, limits: Ints, is_named: NDArray[np.bool_]) -> pa.Array:
        """The id of each row of `limits` where it is to be named."""
        return self._column(np.where(is_named & (limits >= 0), self._limits[limits], 0))

    def tiers(self, plans: Ints, tiers: Ints) -> pa.Array:
        """The name of each plan's tier; none where it is -1."""
        return self._column(np.where(tiers >= 0, self._tiers[plans, tiers], 0))


def _put(cells: NDArray[np.int32], row: int, value: int) -> NDArray[np.int32]:
    """Write a cell, growing the array where it must."""
    if row >= len(cells):
        cells = np.concatenate([cells, np.zeros(row + 1, dtype=np.int32)])
    cells[row] = value
    return cells


def _put_row(cells: NDArray[np.int32], row: int, values: Iterable[int]) -> NDArray[np.int32]:
    """Write the beginning of a row, growing the matrix where it must."""
    found = list(values)
    rows, width = cells.shape
    if row >= rows or len(found) > width:
        grown = np.zeros((max(2 * rows, row + 1), max(width, len(found))), dtype=np.int32)
        grown[:rows, :width] = cells
        cells = grown
    cells[row, : len(found)] = found
    return cells


def line_batch(answered: Answered, names: Names) -> pa.RecordBatch:
    """The lines of adjudicated plans."""
    ledger = answered.ledger
    lines = np.diff(answered.first_line)
    reason = ledger["reason"].astype(np.int32)
    values = {
        "row": pa.array(np.repeat(answered.row, lines)),
        "item_index": pa.array(answered.item.astype(np.int32)),
        "session": pa.array(answered.session.astype(np.int32)),
        "date": date_column(answered.day),
        "tier": names.tiers(np.repeat(answered.plan, lines), ledger["tier"]),
        "benefit": names.benefits(ledger["rule"]),
        "covered": pa.array(ledger["covered"] == 1),
        "covered_units": pa.array(np.ascontiguousarray(ledger["covered_units"])),
        "reason": pa.DictionaryArray.from_arrays(pa.array(reason), REASONS),
        "limit": names.limits(ledger["limit"], reason == int(Reason.LIMIT_REACHED)),
        "charge_assumed": pa.array(ledger["assumed"] == 1),
        "terms_assumed": pa.array(ledger["terms_assumed"] == 1),
    } | {name: pa.array(np.ascontiguousarray(column)) for name, column in _amounts(answered).items()}
    return pa.RecordBatch.from_arrays([values[name] for name in LINE_SCHEMA.names], schema=LINE_SCHEMA)


def _amounts(answered: Answered) -> dict[str, Ints]:
    """The money of each line, by column."""
    ledger, back = answered.ledger, answered.reimbursed
    found: dict[str, Ints] = {f"{name}_cents": ledger[name] for name in LEDGER_AMOUNTS}
    others = {"due_at_service": ledger["patient"] + back, "reimbursed": back, "account_paid": answered.account_paid}
    return found | {f"{name}_cents": column for name, column in others.items()}


def check(answered: Answered) -> None:
    """Assert that every line adds up to its charge."""
    ledger = answered.ledger
    paid = ledger["plan_paid"] + answered.account_paid
    if (ledger["charge"] != paid + ledger["patient"] + ledger["written_off"]).any():
        raise AssertionError("a line does not add up to its charge")


def plan_batch(answered: Answered, request_id: pa.Array, plan_id: pa.Array, release: str) -> pa.RecordBatch:
    """The totals of adjudicated plans; `request_id` and `plan_id` are theirs."""
    ledger, first = answered.ledger, answered.first_line[:-1]
    count = len(first)
    values = {
        "row": pa.array(answered.row),
        "request_id": request_id,
        "plan_id": plan_id,
        "rule_release": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), [release]),
        "lines": pa.array(np.diff(answered.first_line).astype(np.int32)),
        "lines_covered": pa.array(_sums(ledger["covered"], first).astype(np.int32)),
    } | {name: pa.array(_sums(column, first)) for name, column in _amounts(answered).items()}
    return pa.RecordBatch.from_arrays([values[name] for name in PLAN_SCHEMA.names], schema=PLAN_SCHEMA)


def _sums(cells: Ints, first: Ints) -> Ints:
    """The sum of each plan's cells; every plan has one at least."""
    if not len(first):
        return np.zeros(0, dtype=np.int64)
    return np.add.reduceat(cells.astype(np.int64), first)
