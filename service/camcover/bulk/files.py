"""Parquet to Parquet, in memory that the input's size does not change, on all cores.

What comes in: a file of `REQUEST_SCHEMA`. What goes out: files of plans, lines and rejects, in the order of the input,
written whole or not at all.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from camcover.bulk.estimate import BulkEstimator, BulkResult, WrongColumns, check_columns, parts_of
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA
from camcover.engine.compile import Tables

__all__ = ["BATCH_ROWS", "Counts", "Outputs", "estimate_file"]

BATCH_ROWS = 8_192
"""Plans in hand at once in a thread."""

_COMPRESSION = "lz4"
_WORDS = ("request_id", "plan_id", "rule_release", "tier", "benefit", "reason", "limit", "field")


class Outputs(NamedTuple):
    """Where results go; None leaves a level out."""

    plans: Path
    rejects: Path
    lines: Path | None = None


class Counts(NamedTuple):
    """What became of a file: plans priced, lines, rows refused."""

    plans: int
    lines: int
    rejected: int


def estimate_file(
    tables: Tables,
    release: str,
    source: Path,
    outputs: Outputs,
    *,
    threads: int = 0,
    batch_rows: int = BATCH_ROWS,
    progress: Callable[[int], object] | None = None,
) -> Counts:
    """Price every row of `source`; `threads` 0 = one for each core, `progress` gets the number of rows done.

    Raises `WrongColumns` before anything is written, pyarrow.ArrowException when the file is no Parquet, OSError.
    """
    file = pq.ParquetFile(source)
    check_columns(file.schema_arrow)
    count = threads or os.cpu_count() or 1
    plans = lines = rejected = done = 0
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="camcover-bulk"))
        to_plans = stack.enter_context(_Output(outputs.plans, PLAN_SCHEMA))
        to_rejects = stack.enter_context(_Output(outputs.rejects, REJECT_SCHEMA))
        to_lines = stack.enter_context(_Output(outputs.lines, LINE_SCHEMA)) if outputs.lines else None
        work = _Work(tables, release, wants_lines=to_lines is not None)
        names = [name for name in REQUEST_SCHEMA.names if name in file.schema_arrow.names]
        for result in _in_order(pool, work, file.iter_batches(batch_rows, columns=names), 2 * count):
            to_plans.write(result.plans)
            to_rejects.write(result.rejects)
            if to_lines is not None:
                to_lines.write(result.lines)
            plans += result.plans.num_rows
            lines += int(result.line_count)
            rejected += result.rejected_rows
            done = plans + rejected
            if progress is not None:
                progress(done)
        for output in (to_plans, to_rejects, *([to_lines] if to_lines else [])):
            output.finish()
    return Counts(plans, lines, rejected)


class _Work(threading.local):
    """Each thread's own estimator."""

    def __init__(self, tables: Tables, release: str, *, wants_lines: bool) -> None:
        self._estimator = BulkEstimator(tables, release, wants_lines=wants_lines)

    def price(self, batch: pa.RecordBatch, first_row: int) -> BulkResult:
        """The result of one batch."""
        return self._estimator.estimate(batch, first_row)


def _in_order(
    pool: ThreadPoolExecutor, work: _Work, batches: Iterator[pa.RecordBatch], ahead: int
) -> Iterator[BulkResult]:
    """The results in the order of the batches, at most `ahead` of them in the making or waiting."""
    waiting: deque[Future[BulkResult]] = deque()
    first_row = 0
    for part in chain.from_iterable(map(parts_of, batches)):
        waiting.append(pool.submit(work.price, part, first_row))
        first_row += part.num_rows
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class _Output:
    """A Parquet file that is there only once it is whole."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._part = path, path.with_name(path.name + ".part")
        words = [name for name in schema.names if name in _WORDS]
        self._writer = pq.ParquetWriter(self._part, schema, compression=_COMPRESSION, use_dictionary=words)
        self._is_whole = False

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if batch.num_rows:
            self._writer.write_batch(batch)

    def finish(self) -> None:
        """Everything is written."""
        self._is_whole = True

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        if self._is_whole:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


__all__ += ["WrongColumns"]
