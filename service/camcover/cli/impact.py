"""`camcover rules impact`: what a change of the rules does to a book of business."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from camcover.bulk.estimate import check_columns
from camcover.bulk.files import BATCH_ROWS, SamePlace, WrongColumns
from camcover.bulk.output import check_places
from camcover.cli.impact_table import show_impact
from camcover.cli.options import ImpactFormat
from camcover.cli.progress import progress_bar
from camcover.cli.sources import rules_of
from camcover.engine import Tables, compile_rules
from camcover.workflow.impact import Impact
from camcover.workflow.impact.comparing import impact as compare
from camcover.workflow.impact.page import page
from camcover.workflow.thresholds import BoundResult, Threshold, WrongThreshold, judge, threshold

__all__ = ["impact"]


def impact(
    before: str,
    after: str,
    book: Path,
    output: ImpactFormat,
    html: Path | None,
    json_file: Path | None,
    worst: int,
    fail_if: list[str] | None,
    threads: int,
    database_url: str,
) -> None:
    """Price a book of business under two rule sets and show who pays more, who pays less, and why."""
    bounds = _bounds(fail_if or ())
    try:
        check_places(book, [path for path in (html, json_file) if path is not None])
    except SamePlace as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    old, new = (compile_rules(rules_of(source, database_url)) for source in (before, after))
    found = _compared(old, new, book, worst, threads)
    outcomes = judge(found, bounds)
    data = json.dumps(asdict(found) | {"bounds": [each._asdict() for each in outcomes]}, indent=2, ensure_ascii=False)
    if output is ImpactFormat.JSON:
        typer.echo(data)
    else:
        show_impact(found)
    if json_file is not None:
        _write(json_file, data + "\n")
    if html is not None:
        _write(html, page(found, before=before, after=after, book=book.name, outcomes=outcomes))
    _finish(outcomes)


def _bounds(texts: Sequence[str]) -> list[Threshold]:
    """The bounds as they are written. Ends the program with status 2 when one cannot be read."""
    try:
        return [threshold(text) for text in texts]
    except WrongThreshold as error:
        typer.echo(f"--fail-if: {error}", err=True)
        raise typer.Exit(2) from error


def _compared(before: Tables, after: Tables, book: Path, worst: int, threads: int) -> Impact:
    """The impact on a book. Ends the program with status 2 when the file is no book."""
    try:
        file = pq.ParquetFile(book)
        check_columns(file.schema_arrow)
        with progress_bar("members", file.metadata.num_rows) as progress:
            return compare(
                before, after, file.iter_batches(BATCH_ROWS), worst=worst, threads=threads, progress=progress
            )
    except (WrongColumns, pa.ArrowException, OSError) as error:
        typer.echo(f"{book}: {error}", err=True)
        raise typer.Exit(2) from error


def _write(path: Path, text: str) -> None:
    """Write an output file. Ends the program with status 2 if that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{path}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def _finish(outcomes: Sequence[BoundResult]) -> None:
    """Say on standard error which bounds are crossed, and end with status 1 when one is."""
    crossed = [each for each in outcomes if each.is_crossed]
    for each in crossed:
        typer.echo(f"crossed: {each.text}: found {each.found}", err=True)
    if crossed:
        raise typer.Exit(1)
