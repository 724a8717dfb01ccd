"""Working out an impact, told member by member: what the process of a job does."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from camcover.bulk.estimate import WrongColumns, check_columns
from camcover.engine import compile_rules
from camcover.rulebook import RuleSet, load_files
from camcover.workflow.errors import RulesRefused
from camcover.workflow.impact.comparing import impact
from camcover.workflow.impact.job_files import ImpactFiles, ImpactOrder, ImpactState, JobState
from camcover.workflow.publishing import sound
from camcover.workflow.reviewing import SyntheticMembers
from camcover.workflow.synthetic_book import WrongBook, book_date, synthetic_book

__all__ = ["WORST", "work_out"]

WORST = 10
"""Members with the largest increases, and decreases, that are kept line by line."""

_ROWS = 500
"""Members priced between two words about how far the job is."""

_EVERY_SECONDS = 0.2


def work_out(order: ImpactOrder, files: ImpactFiles) -> None:
    """Work an impact out in this thread and one more; its state says how far it is, then what came of it."""
    try:
        old, new = sound(load_files(order.before)), sound(load_files(order.after))
        total, batches = _book(order, old)
        told = _ProgressReports(order.key, files, total)
        found = impact(compile_rules(old), compile_rules(new), batches, worst=WORST, threads=1, progress=told.progress)
    except RulesRefused:
        files.write(order.key, ImpactState(JobState.FAILED, said="the rules have errors; correct these first"))
    except (WrongColumns, WrongBook, pa.ArrowException, OSError) as error:
        said = f"the book cannot be used: {error}" if not isinstance(error, OSError) else "the book cannot be read"
        files.write(order.key, ImpactState(JobState.FAILED, said=said))
    else:
        files.write(order.key, ImpactState(JobState.DONE, total, total, impact=found))


def _book(order: ImpactOrder, before: RuleSet) -> tuple[int, Iterator[pa.RecordBatch]]:
    """How many members a book has, and the members in small batches."""
    if isinstance(order.book, SyntheticMembers):
        members, seed = order.book
        return members, _small(synthetic_book(before, members, seed, book_date(before)))
    file = pq.ParquetFile(order.book)
    check_columns(file.schema_arrow)
    return file.metadata.num_rows, _small(file.iter_batches())


def _small(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for first in range(0, batch.num_rows, _ROWS):
            yield batch.slice(first, _ROWS)


class _ProgressReports:
    """Says how far a job is, not too often."""

    def __init__(self, key: str, files: ImpactFiles, total: int) -> None:
        self._key, self._files, self._total = key, files, total
        self._next = 0.0
        self.progress(0)

    def progress(self, done: int) -> None:
        """So many members are done."""
        if time.monotonic() >= self._next:
            self._files.write(self._key, ImpactState(JobState.RUNNING, done, self._total))
            self._next = time.monotonic() + _EVERY_SECONDS
