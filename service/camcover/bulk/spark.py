"""Bulk pricing on Apache Spark, in two ways; the rules are broadcast once.

`estimate_files`: Parquet to Parquet. Spark runs tasks, each of which reads row groups and writes files itself
(`pieces`); no row goes through the JVM.

`estimate`: a DataFrame with the columns of `REQUEST_SCHEMA` to a DataFrame of plans, lines or rejects, by `mapInArrow`.
Spark's rows have no number, so `request_id` connects a result with its row.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from camcover.bulk.estimate import BulkEstimator, BulkResult, check_columns, parts_of
from camcover.bulk.files import Counts
from camcover.bulk.pieces import Folders, Job, Piece, Written, pieces_of, price_piece
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.stored import is_own_file, read_tables, write_tables

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["LEVELS", "Folders", "estimate", "estimate_files"]

LEVELS = {"plans": PLAN_SCHEMA, "lines": LINE_SCHEMA, "rejects": REJECT_SCHEMA}
"""What can be asked for, with its columns."""

Batches = Iterator[pa.RecordBatch]


def estimate_files(spark: SparkSession, source: str, folders: Folders, rules: Tables | Path) -> Counts:
    """Price a file or folder of Parquet into folders of Parquet; a task for each piece of `pieces_of`.

    `source`, `folders`: paths or URIs that every executor reaches. `rules`: as for `estimate`. A folder is replaced
    when all tasks have ended well; until then, it holds what it held. Before a task starts this raises `SamePlace`,
    `WrongColumns`, OSError or pyarrow.ArrowException; when one has failed for good, py4j.protocol.Py4JJavaError.
    """
    job = Job.begin(source, folders)
    pieces = pieces_of(source)
    content = _content(rules)
    context = spark.sparkContext
    task = _priced(context.broadcast(content), hashlib.sha256(content).hexdigest(), job)
    try:
        written = context.parallelize(pieces, len(pieces)).map(task).collect() if pieces else []
        return job.commit(written)
    except BaseException:
        job.clear()
        raise


def _priced(broadcast: Broadcast[bytes], digest: str, job: Job) -> Callable[[Piece], Written]:
    """The function that each task runs over its piece."""

    def price(piece: Piece) -> Written:
        tables = _tables(digest, broadcast.value)
        return price_piece(piece, tables, tables.release, job)

    return price


def estimate(df: DataFrame, rules: Tables | Path, level: str = "plans") -> DataFrame:
    """The plans, lines or rejects of a DataFrame of requests.

    `rules`: compiled rules, or the file that `camcover rules compile` wrote. They are sent to each executor once, and
    mapped into memory by its Python workers. Raises `WrongColumns` for other columns, KeyError for another level.
    """
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema  # noqa: PLC0415 - only where Spark is

    check_columns(to_arrow_schema(df.schema))
    content = _content(rules)
    broadcast = df.sparkSession.sparkContext.broadcast(content)
    schema = _plain(LEVELS[level])
    return df.mapInArrow(_mapped(broadcast, hashlib.sha256(content).hexdigest(), level), from_arrow_schema(schema))


def _content(rules: Tables | Path) -> bytes:
    """Compiled rules as the bytes of their file."""
    if isinstance(rules, Path):
        return rules.read_bytes()
    with tempfile.TemporaryDirectory(prefix="camcover-") as folder:
        file = Path(folder) / "rules"
        write_tables(rules, file)
        return file.read_bytes()


def _plain(schema: pa.Schema) -> pa.Schema:
    """The columns as Spark knows them: words as strings, `request_id` in place of the row's number."""
    fields = [
        pa.field(field.name, pa.string()) if pa.types.is_dictionary(field.type) else field
        for field in schema
        if field.name not in ("row", "request_id")
    ]
    return pa.schema([pa.field("request_id", pa.string()), *fields])


def _mapped(broadcast: Broadcast[bytes], digest: str, level: str) -> Callable[[Batches], Batches]:
    """The function that each Python worker runs over its batches."""

    def price(batches: Batches) -> Batches:
        tables = _tables(digest, broadcast.value)
        estimator = BulkEstimator(tables, tables.release, wants_lines=level == "lines")
        for part in chain.from_iterable(map(parts_of, batches)):
            yield _result(part, estimator.estimate(part), level)

    return price


def _result(batch: pa.RecordBatch, result: BulkResult, level: str) -> pa.RecordBatch:
    """One level of a result, its rows named by `request_id`."""
    found: pa.RecordBatch = getattr(result, level)
    schema = _plain(LEVELS[level])
    named = {"request_id": batch["request_id"].take(found["row"])}
    columns = [named[field.name] if field.name in named else found[field.name].cast(field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


_READ: dict[str, Tables] = {}


def _tables(digest: str, content: bytes) -> Tables:
    """The rules of a broadcast, mapped from a file that all workers of a machine share."""
    found = _READ.get(digest)
    if found is None:
        file = Path(tempfile.gettempdir()) / f"camcover-{digest}.rules"
        # Anybody may write to the folder, so the file may be somebody else's.
        if not is_own_file(file, digest):
            part = Path(tempfile.mkstemp(prefix="camcover-")[1])
            part.write_bytes(content)
            part.replace(file)
        found = _READ[digest] = read_tables(file, follows_links=False)
    return found
