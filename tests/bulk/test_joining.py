"""Parquet files made apart and joined are, byte by byte, the file that one writer makes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camcover.bulk.joining import Joined
from camcover.bulk.output import JoinedFile, ParquetPart, encoded

SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("tier", pa.dictionary(pa.int32(), pa.string())),
        pa.field("flag", pa.bool_(), metadata={"unit": "none"}),
        pa.field("parts", pa.list_(pa.struct([pa.field("share", pa.float64()), pa.field("day", pa.date32())]))),
        *(pa.field(f"amount_{number}", pa.int32()) for number in range(14)),
    ],
    metadata={"made_by": "a test"},
)
"""More than 15 columns, so that lists of the footer state their length in a number of its own."""

BATCHES = st.lists(
    st.lists(
        st.fixed_dictionaries(
            {
                "row": st.integers(-(2**63), 2**63 - 1),
                "tier": st.none() | st.text(max_size=3),
                "flag": st.none() | st.booleans(),
                "parts": st.none() | st.lists(st.fixed_dictionaries({"share": st.floats(0, 1)}), max_size=2),
                "amount_13": st.integers(0, 99),
            }
        ),
        min_size=1,
        max_size=5,
    ),
    max_size=5,
)


def by_one_writer(batches: list[pa.RecordBatch], path: Path) -> bytes:
    """The file that one thread writes."""
    with ParquetPart(pa.fs.LocalFileSystem(), str(path), SCHEMA) as part:
        for batch in batches:
            part.write(batch)
        part.finish()
    return path.read_bytes()


@settings(max_examples=max(settings().max_examples // 4, 20))
@given(BATCHES)
def test_joined_files_are_the_file_of_one_writer(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[dict[str, Any]]]
) -> None:
    batches = [pa.RecordBatch.from_pylist(each, schema=SCHEMA) for each in rows]
    file = io.BytesIO()
    joined = Joined(file, encoded(SCHEMA))
    for batch in batches:
        joined.write(encoded(SCHEMA, batch))
    joined.finish()
    assert file.getvalue() == by_one_writer(batches, tmp_path_factory.mktemp("one") / "one.parquet")


def test_a_file_far_behind_is_read_where_it_stands(tmp_path: Path) -> None:
    """200 row groups: places and numbers of row groups that take more bytes than in their own files."""
    batches = [
        pa.RecordBatch.from_pylist([{"row": number, "tier": f"t{number}"}], schema=SCHEMA) for number in range(200)
    ]
    with JoinedFile(tmp_path / "all.parquet", SCHEMA) as file:
        for batch in batches:
            file.write(encoded(SCHEMA, batch))
        file.finish()
    assert (tmp_path / "all.parquet").read_bytes() == by_one_writer(batches, tmp_path / "one.parquet")
    assert pq.read_table(tmp_path / "all.parquet")["tier"].to_pylist() == [f"t{number}" for number in range(200)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["all.parquet", "one.parquet"]


def test_a_joined_file_that_is_not_finished_is_deleted(tmp_path: Path) -> None:
    with JoinedFile(tmp_path / "all.parquet", SCHEMA) as file:
        file.write(encoded(SCHEMA, pa.RecordBatch.from_pylist([{"row": 1}], schema=SCHEMA)))
    assert list(tmp_path.iterdir()) == []
