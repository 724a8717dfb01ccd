"""A null where no list may hold one, at every depth of the input's columns: its row is refused, all others are priced.

The places are walked by the schema, so that a new column is tried without a change here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulk.rows import Row
from camcover.bulk import BulkEstimator
from camcover.bulk.estimate import sound_batch
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.workflow.impact.comparing import impact
from small_rules import COPAY_PLAN, tables

RULES = tables()
DEARER = tables(copay=COPAY_PLAN.replace("copay: $20", "copay: $30"))
VISIT = {"therapy": "acupuncture", "charge_cents": 8000, "start_date": date(2026, 3, 2)}
SOUND: Row = {"request_id": "sound", "plan_id": "share-plan", "items": [VISIT]}


def places(kind: pa.DataType, path: str) -> Iterator[tuple[str, Any]]:
    """Each list of a type: the path of its first element, and a value of the type with a null there, nothing else."""
    if pa.types.is_list(kind):
        yield f"{path}[0]", [None]
        yield from ((found, [value]) for found, value in places(kind.value_type, f"{path}[0]"))
    elif pa.types.is_struct(kind):
        for field in kind:
            yield from ((found, {field.name: value}) for found, value in places(field.type, f"{path}.{field.name}"))


PLACES = {path: (field.name, value) for field in REQUEST_SCHEMA for path, value in places(field.type, field.name)}


def with_null(path: str) -> Row:
    """The sound row with a null at a place; an element that holds the null is a visit in all else."""
    name, value = PLACES[path]
    if name == "items" and value != [None]:
        value = [VISIT | value[0]]
    return SOUND | {"request_id": "null", name: value, "family_coverage": name == "family_accumulators"}


def batch_of(*rows: Row) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=REQUEST_SCHEMA)


def test_every_list_is_searched_for_nulls() -> None:
    """Twelve columns of structures, eight of them in each member, too; and four lists of words in each item."""
    assert len(PLACES) == 24
    assert {"items[0]", "items[0].attestations[0]", "prior_visits[0]"} <= set(PLACES)


@pytest.mark.parametrize("path", PLACES)
def test_a_row_with_a_null_is_refused_and_the_others_are_priced(path: str) -> None:
    """The one row before and the one behind it take the fast way."""
    result = BulkEstimator(RULES, "rules-1").estimate(batch_of(SOUND, with_null(path), SOUND))
    assert result.plans["row"].to_pylist() == [0, 2]
    assert result.rejects.to_pylist()[0] == {
        "row": 1,
        "request_id": "null",
        "field": path,
        "reason": "found null; expected a value, or a shorter list",
        "kind": "MISSING_VALUE",
    }
    assert result.rejected_rows == 1


@pytest.mark.parametrize(("name", "sound"), [("items", VISIT), ("accumulators", {"accumulator": "deductible"})])
def test_a_null_beside_a_sound_element_is_refused(name: str, sound: Row) -> None:
    """A null that stands second, as an outer join gives it."""
    result = BulkEstimator(RULES, "rules-1").estimate(batch_of(SOUND | {name: [sound, None]}, SOUND))
    assert result.plans["row"].to_pylist() == [1]
    assert [each["field"] for each in result.rejects.to_pylist()] == [f"{name}[1]"]


@pytest.mark.parametrize("path", PLACES)
def test_an_impact_compares_the_other_rows(path: str) -> None:
    """Neither prices the row with the null, also where use so far may be cut to what a plan knows."""
    found = impact(RULES, DEARER, [batch_of(SOUND, with_null(path), SOUND)])
    assert (found.members.compared, found.members.never_priced) == (2, 1)
    (left,) = found.never_priced
    assert left.row == 1
    assert left.reasons[0] == f"{path}: found null; expected a value, or a shorter list"


@pytest.mark.parametrize("name", [field.name for field in REQUEST_SCHEMA if pa.types.is_list(field.type)])
def test_lists_of_only_nulls_refuse_their_row(name: str) -> None:
    """Writers give it the type list<null>, which fits every column of lists."""
    rows = batch_of(SOUND, SOUND).set_column(
        REQUEST_SCHEMA.get_field_index(name), name, pa.array([[None], None], pa.list_(pa.null()))
    )
    result = BulkEstimator(RULES, "rules-1").estimate(sound_batch(rows))
    assert result.rejects.to_pylist()[0]["field"] == f"{name}[0]"
    assert result.plans["row"].to_pylist() == ([] if name == "items" else [1])


def test_the_commands_report_rows_with_nulls(tmp_path: Path, rules: Path, run: Any) -> None:
    book, plans = tmp_path / "book.parquet", tmp_path / "plans.parquet"
    pq.write_table(pa.Table.from_batches([batch_of(SOUND, with_null("accumulators[0]"))]), book)
    result = run("bulk", "estimate", book, plans, "--rules", rules)
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("1 plans priced, 1 lines; 1 rows rejected\n")
    assert pq.read_table(tmp_path / "plans.rejects.parquet")["field"].to_pylist() == ["accumulators[0]"]
    result = run("rules", "impact", rules, rules, "--book", book, "--format", "json")
    assert result.exit_code == 0, result.output
