"""Parquet to Parquet on all cores, in memory that does not grow with the input.

What comes in: a file of `REQUEST_SCHEMA`. What goes out: files of plans, lines and rejects, in the order of the input.
A file is written completely or not at all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from camcover.bulk.estimate import BulkEstimator, BulkResult, WrongColumns, check_columns
from camcover.bulk.output import SamePlace, WholeFile, check_places
from camcover.bulk.parallel import in_order
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA
from camcover.bulk.sizes import BATCH_ROWS
from camcover.engine.compiling.compile import Tables

__all__ = ["BATCH_ROWS", "Counts", "Outputs", "estimate_file"]


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

    Raises `SamePlace` and `WrongColumns` before anything is written, pyarrow.ArrowException when the file is no
    Parquet, OSError.
    """
    check_places(source, [path for path in outputs if path is not None])
    file = pq.ParquetFile(source)
    check_columns(file.schema_arrow)
    count = threads or os.cpu_count() or 1
    plans = lines = rejected = done = 0
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="camcover-bulk"))
        to_plans = stack.enter_context(WholeFile(outputs.plans, PLAN_SCHEMA))
        to_rejects = stack.enter_context(WholeFile(outputs.rejects, REJECT_SCHEMA))
        to_lines = stack.enter_context(WholeFile(outputs.lines, LINE_SCHEMA)) if outputs.lines else None
        work = _ThreadEstimator(tables, release, wants_lines=to_lines is not None)
        names = [name for name in REQUEST_SCHEMA.names if name in file.schema_arrow.names]
        for result in in_order(pool, work.price, file.iter_batches(batch_rows, columns=names), 2 * count):
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


class _ThreadEstimator(threading.local):
    """Each thread's own estimator."""

    def __init__(self, tables: Tables, release: str, *, wants_lines: bool) -> None:
        self._estimator = BulkEstimator(tables, release, wants_lines=wants_lines)

    def price(self, batch: pa.RecordBatch, first_row: int) -> BulkResult:
        """The result of one batch."""
        return self._estimator.estimate(batch, first_row)


__all__ += ["SamePlace", "WrongColumns"]
