"""Parquet to Parquet on all cores, in memory that does not grow with the input.

What comes in: a file of `REQUEST_SCHEMA`. What goes out: files of plans, lines, rejects and sources of prices, in the
order of the input. A file is written completely or not at all. The threads that price also encode and compress.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from operator import add
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from camcover.bulk.estimate import BulkEstimator, WrongColumns, check_columns, sound_batch
from camcover.bulk.output import JoinedFile, SamePlace, check_places, encoded
from camcover.bulk.parallel import in_order
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA, SOURCE_SCHEMA
from camcover.bulk.sizes import BATCH_ROWS
from camcover.engine.compiling.compile import Tables

__all__ = ["BATCH_ROWS", "Completed", "Counts", "Outputs", "estimate_file"]


class Outputs(NamedTuple):
    """Where results go; None leaves a level out."""

    plans: Path
    rejects: Path
    lines: Path | None = None
    sources: Path | None = None


class Completed(NamedTuple):
    """A sound batch as it is priced, and rows of `SOURCE_SCHEMA`: where what was put into it comes from."""

    batch: pa.RecordBatch
    sources: pa.RecordBatch


_SCHEMAS = (PLAN_SCHEMA, REJECT_SCHEMA, LINE_SCHEMA, SOURCE_SCHEMA)
"""The columns of each of `Outputs`."""


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
    completed: Callable[[pa.RecordBatch, int], Completed] | None = None,
) -> Counts:
    """Price every row of `source`; `threads` 0 = one for each core, `progress` gets the number of rows done.

    `completed`: makes of each sound batch, with the number of its first row, the one that is priced, of the same rows;
    several threads call it. Without it the file of sources is empty.

    Raises `SamePlace` and `WrongColumns` before anything is written, pyarrow.ArrowException when the file is no
    Parquet, OSError.
    """
    check_places(source, [path for path in outputs if path is not None])
    file = pq.ParquetFile(source)
    check_columns(file.schema_arrow)
    count = threads or os.cpu_count() or 1
    total = Counts(0, 0, 0)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="camcover-bulk"))
        levels = [(path, level) for level, path in enumerate(outputs) if path is not None]
        files = [(level, stack.enter_context(JoinedFile(path, _SCHEMAS[level]))) for path, level in levels]
        work = _ThreadEstimator(tables, release, wants_lines=outputs.lines is not None, completed=completed)
        names = [name for name in REQUEST_SCHEMA.names if name in file.schema_arrow.names]
        for priced in in_order(pool, work.price, file.iter_batches(batch_rows, columns=names), 2 * count):
            for level, to in files:
                part = priced.parts[level]
                if part is not None:
                    to.write(part)
            total = Counts(*map(add, total, priced.counts))
            if progress is not None:
                progress(total.plans + total.rejected)
        for _, to in files:
            to.finish()
    return total


class _Priced(NamedTuple):
    """What became of a batch, as files in memory of the levels of `Outputs`; None of a level without rows."""

    parts: tuple[pa.Buffer | None, ...]
    counts: Counts


class _ThreadEstimator(threading.local):
    """Each thread's own estimator."""

    def __init__(
        self,
        tables: Tables,
        release: str,
        *,
        wants_lines: bool,
        completed: Callable[[pa.RecordBatch, int], Completed] | None,
    ) -> None:
        self._estimator = BulkEstimator(tables, release, wants_lines=wants_lines)
        self._completed = completed

    def price(self, batch: pa.RecordBatch, first_row: int) -> _Priced:
        """The result of one batch; a row that is refused has no sources."""
        sources = None
        if self._completed is not None:
            batch, sources = self._completed(sound_batch(batch, first_row), first_row)
        result = self._estimator.estimate(batch, first_row)
        if sources is not None and result.rejected_rows:
            sources = sources.filter(pc.invert(pc.is_in(sources["row"], result.rejects["row"])))
        levels = zip(_SCHEMAS, (result.plans, result.rejects, result.lines, sources), strict=True)
        parts = tuple(
            encoded(schema, level) if level is not None and level.num_rows else None for schema, level in levels
        )
        return _Priced(parts, Counts(result.plans.num_rows, int(result.line_count), result.rejected_rows))


__all__ += ["SamePlace", "WrongColumns"]
