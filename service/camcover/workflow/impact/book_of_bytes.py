"""The impact of a change on a book that a caller sends as a Parquet file's bytes, or has made from the rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from camcover.bulk.estimate import WrongColumns, check_columns
from camcover.bulk.files import BATCH_ROWS
from camcover.engine import compile_rules
from camcover.rulebook import RuleSet
from camcover.workflow.errors import BookRefused
from camcover.workflow.impact.comparing import impact
from camcover.workflow.impact.records import Impact
from camcover.workflow.synthetic_book import WrongBook, book_date, synthetic_book

__all__ = ["impact_on_parquet", "impact_on_synthetic"]


def impact_on_synthetic(members: int, seed: int, before: RuleSet, after: RuleSet, *, worst: int) -> Impact:
    """The impact on a book of so many members, made from the rules before. Raises `BookRefused`."""
    with _refusals():
        book = synthetic_book(before, members, seed, book_date(before))
        return impact(compile_rules(before), compile_rules(after), book, worst=worst)


def impact_on_parquet(content: bytes, before: RuleSet, after: RuleSet, worst: int) -> Impact:
    """The impact on the book of a Parquet file. Raises `BookRefused`."""
    with _refusals():
        file = pq.ParquetFile(pa.BufferReader(content))
        check_columns(file.schema_arrow)
        return impact(compile_rules(before), compile_rules(after), file.iter_batches(BATCH_ROWS), worst=worst)


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise `BookRefused` for a book that cannot be read or made."""
    try:
        yield
    except (WrongColumns, WrongBook, pa.ArrowException) as error:
        raise BookRefused(str(error)) from error
