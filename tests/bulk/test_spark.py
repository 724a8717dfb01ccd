"""On Spark the same rows come out as in one process. Skipped where PySpark or Java is not there (`make engines`)."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulk.test_files import row
from camcover.bulk.files import Outputs, estimate_file
from camcover.bulk.output import SamePlace
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine.compiling.stored import write_tables
from small_rules import tables

pytest.importorskip("pyspark", reason="PySpark is not installed: make engines")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)

RULES = tables()
ROWS = 300


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spark") / "book.parquet"
    pq.write_table(pa.Table.from_pylist([row(n) for n in range(ROWS)], schema=REQUEST_SCHEMA), path)
    return path


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Two local workers, batches smaller than the book."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only where it is installed

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
        .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(sys.path))
        .getOrCreate()
    )
    yield session
    session.stop()


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the number that Spark does not know, in an order of their own."""
    kept = [{key: value for key, value in each.items() if key != "row"} for each in rows]
    return sorted(kept, key=lambda each: repr(sorted(each.items(), key=repr)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["tables", "file"])
def test_spark_gives_the_rows_of_one_process(spark: Any, book: Path, tmp_path: Path, form: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from camcover.bulk.spark import estimate  # noqa: PLC0415 - only where Spark is installed

    outputs = Outputs(tmp_path / "plans.parquet", tmp_path / "rejects.parquet", tmp_path / "lines.parquet")
    file = tmp_path / "rules"
    write_tables(RULES, file)
    estimate_file(RULES, "rules-" + RULES.digest[:16], book, outputs)
    requests = spark.read.parquet(str(book)).repartition(3)
    names = {each["row"]: each["request_id"] for each in pq.read_table(outputs.plans).to_pylist()}
    for level, path in (("plans", outputs.plans), ("rejects", outputs.rejects), ("lines", outputs.lines)):
        expected = pq.read_table(path).to_pylist()
        if level == "lines":
            expected = [each | {"request_id": names[each["row"]]} for each in expected]
        found = [each.asDict() for each in estimate(requests, file if form == "file" else RULES, level).collect()]
        assert plain(found) == plain(expected), level


@pytest.mark.filterwarnings("ignore")
def test_tasks_that_read_and_write_files_give_the_same_file(spark: Any, book: Path, tmp_path: Path) -> None:
    """Row numbers too, and in their order."""
    from camcover.bulk.spark import Folders, estimate_files  # noqa: PLC0415 - only where Spark is installed

    outputs = Outputs(tmp_path / "plans.parquet", tmp_path / "rejects.parquet", tmp_path / "lines.parquet")
    counts = estimate_file(RULES, RULES.release, book, outputs)
    folders = Folders((tmp_path / "plans").as_uri(), str(tmp_path / "rejects"), str(tmp_path / "lines"))
    assert estimate_files(spark, str(book), folders, RULES) == counts
    for level, path in zip(("plans", "rejects", "lines"), outputs[:3], strict=True):
        assert pq.read_table(tmp_path / level).to_pylist() == pq.read_table(path).to_pylist(), level
    (tmp_path / "rejects" / "mine.txt").write_text("kept")
    with pytest.raises(SamePlace):
        estimate_files(spark, str(book), folders, RULES)
