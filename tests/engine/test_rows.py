"""The rows of the kernel's arrays are written and read by the columns of `kernel/tables.py`, whoever writes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from camcover.bulk import BulkEstimator
from camcover.bulk import estimate as bulk_estimate
from camcover.bulk.book import lay_out_book
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine import Tables
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.layout import Case, Layout, place_case
from camcover.engine.asking.question import Question
from camcover.engine.kernel.tables import (
    EVENT,
    GIVEN_COUNT,
    GIVEN_EVENT,
    GIVEN_FEE,
    GIVEN_SUM,
    GIVEN_VISIT,
    KERNEL_COLUMNS,
    LEDGER,
    LINE,
    REQUEST,
    RULE_DTYPES,
    WORK_DTYPES,
    Array,
    RuleTables,
    Work,
)
from camcover.engine.kernel.workspace import LedgerRow, Workspace, assert_row
from small_rules import question, tables, typed

GIVEN_COLUMNS = [name for name in REQUEST.names or () if name not in KERNEL_COLUMNS]
PLACES = (
    "lines",
    "ledger",
    "given_sums",
    "given_counts",
    "given_visits",
    "given_fees",
    "sums",
    "slots",
    "visits",
    "events",
)
"""Columns that say where a request's rows begin, which is another place in a batch."""


def laid_out(rules: Tables, asked: dict[str, Any]) -> tuple[Workspace, Layout, np.void]:
    """A request alone: its workspace, its layout, and the row of its expected case."""
    adjudicator = Adjudicator()
    found = adjudicator.lay_out(rules, typed(asked))
    assert isinstance(found, Question)
    return adjudicator.first, found.primary, adjudicator.first.requests.array[0]


def test_every_column_of_a_case_holds_the_value_of_its_name() -> None:
    """Another number for each column, so that two that change places are seen."""
    plan: Any = SimpleNamespace(
        accumulators=range(2), slots=range(3), benefits=range(4), rolling_limits=5, first_segment=6, segments=range(7),
        hands_on=True,
    )  # fmt: skip
    of_layout: dict[str, Any] = {
        "as_of": 8,
        "first_period": 9,
        "members": 10,
        "family": 11,
        "tier_map": 12,
    }
    layout = laid_out(tables(), question())[1]
    given = layout.given._replace(fees=25, fee_count=26)
    layout = layout._replace(given=given, plan=plan, line_count=13, **of_layout)
    of_case: dict[str, Any] = dict(zip(Case._fields[:5], (14, 15, 16, 17, 18), strict=True))
    case = Case(**of_case, lines=19, sums=20, counts=21, events=22, visits=23, period=24)
    workspace = Workspace()
    spaces = {"ledger": 101, "sums": 102, "slots": 103, "visits": 104, "events": 105, "rests": 106}
    for name, rows in spaces.items():
        getattr(workspace, name).reserve(rows)
    placed = place_case(workspace, layout, case, 27, maintenance=28)  # type: ignore[arg-type]
    row = workspace.requests.array[placed.request]
    assert {name: row[name] for name in GIVEN_COLUMNS} == spaces | {
        "lines": 19, "line_count": 13, "behind": 27, "maintenance": 28,
        "segments": 6, "segment_count": 7, "as_of": 8, "given_period": 24, "first_period": 9,
        "members": 10, "owners": 1, "family": 11, "given_sums": 20, "given_counts": 21, "given_visits": 23,
        "given_fees": 25, "fee_count": 26,
        "given_codes": 0, "code_count": 0,
        "sum_count": 2, "slot_count": 3, "visit_count": 4, "event_room": 22 + 13 * 5,
        "tier_map": 12, "open_tier": 14, "price": 15, "attested": 16, "in_force_only": 17, "notice_given": 18,
    }  # fmt: skip


def test_batches_and_single_requests_write_the_same_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of `requests` of one plan asked both ways; a batch leaves no column as its memory was."""
    rules = tables()
    found: list[Any] = []

    def spoiled(facts: Any, arrays: Any, book: Any, requests: Array, *others: Any) -> tuple[int, int]:
        for name in GIVEN_COLUMNS:
            requests[name] = -77
        written = lay_out_book(facts, arrays, book, requests, *others)
        found.append(requests[0].copy())
        return written

    monkeypatch.setattr(bulk_estimate, "lay_out_book", spoiled)
    sums = [{"accumulator": name, "used_cents": 6000} for name in ("deductible", "oop_max")]
    item = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    item |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": "2026-03-02", "sessions": 3, "every_days": 7}
    data = {"plan_id": "share-plan", "as_of": "2026-03-02", "age": 40, "state": "WA", "accumulators": sums}
    batch = pa.RecordBatch.from_pylist([_with_dates(data | {"items": [item]})], schema=REQUEST_SCHEMA)
    result = BulkEstimator(rules, "rules-1").estimate(batch)
    assert result.plans["patient_cents"].to_pylist() == [6080]
    (row,) = found
    assert not [name for name in GIVEN_COLUMNS if row[name] == -77]
    alone = laid_out(rules, question())[2]
    same = [name for name in GIVEN_COLUMNS if name not in PLACES]
    assert {name: row[name] for name in same} == {name: alone[name] for name in same}


def _with_dates(data: dict[str, Any]) -> dict[str, Any]:
    """The row with its dates as dates."""
    (item,) = data["items"]
    return data | {
        "as_of": np.datetime64(data["as_of"]).item(),
        "items": [item | {"start_date": np.datetime64(item["start_date"]).item()}],
    }


@pytest.mark.parametrize(
    ("dtype", "written"),
    [
        # By `given.py`, `open_use.py` and `layout.py`, which append plain integers in this order.
        (GIVEN_SUM, [("used", "i8"), ("last_quarter", "i8")]),
        (GIVEN_COUNT, [("used", "i8"), ("dated", "i8"), ("first_event", "i4"), ("event_count", "i4")]),
        (GIVEN_EVENT, [("day", "i4"), ("amount", "i4")]),
        (
            GIVEN_VISIT,
            [
                *[("used", "i4"), ("dated", "i4"), ("day", "i4"), ("counted", "u8"), ("copay_paid", "i8")],
                *[("coinsurance_paid", "i8"), ("percentages", "i8"), ("penalty_paid", "i8"), ("copay_scope", "i4")],
            ],
        ),
        (GIVEN_FEE, [*[(name, "i4") for name in ("day", "member", "tier", "therapy")], ("used", "i8")]),
        (LINE, [("day", "i4"), ("service", "i4")]),
        # By `RunningState.dated_uses`, which reads them so.
        (EVENT, [("day", "i4"), ("next", "i4"), ("amount", "i8")]),
    ],
)
def test_rows_are_written_as_plain_integers(dtype: np.dtype[Any], written: list[tuple[str, str]]) -> None:
    assert [(column[0], column[1][1:]) for column in dtype.descr] == written


def test_every_array_has_its_type() -> None:
    assert (tuple(RULE_DTYPES), tuple(WORK_DTYPES)) == (RuleTables._fields, Work._fields)
    arrays, workspace = tables().arrays, Workspace()
    assert {name: getattr(arrays, name).dtype for name in RuleTables._fields} == RULE_DTYPES
    assert {name: getattr(workspace.work, name).dtype for name in Work._fields} == WORK_DTYPES


class Swapped(NamedTuple):
    """Two columns in the other order."""

    amount: int
    day: int


def test_a_record_with_other_fields_than_its_row_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"the fields of Swapped are .*, expected \['day', 'amount'\]"):
        assert_row(Swapped, GIVEN_EVENT)
    with pytest.raises(AssertionError, match="the fields of LedgerRow"):
        assert_row(LedgerRow, LEDGER)
