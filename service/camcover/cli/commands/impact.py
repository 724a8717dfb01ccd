"""`camcover rules impact`: what a change of the rules does to a book of business."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, DatabaseUrl, ImpactFormat
from camcover.workflow.thresholds import METRICS

__all__ = ["impact"]

_METRICS_HELP = ", ".join(f"{name} ({metric.unit})" for name, metric in METRICS.items())


@done_by("impact:impact")
def impact(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The rules before: a folder or file, or a release.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The rules after: a folder or file, or a release.")],
    book: Annotated[
        Path,
        typer.Option(
            metavar="BOOK.parquet", exists=True, dir_okay=False, help="One row for each member (docs/bulk.md)."
        ),
    ],
    output: Annotated[
        ImpactFormat, typer.Option("--format", help="table for people, json for programs.")
    ] = ImpactFormat.TABLE,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one self-contained page to this file.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the JSON to this file.")
    ] = None,
    worst: Annotated[
        int,
        typer.Option(min=0, max=1_000, help="How many of the largest increases and decreases to show line by line."),
    ] = 20,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOUND",
            help="End with status 1 if METRIC > VALUE (or >=, <, <=) holds. Repeat the option for several. "
            f"docs/impact.md defines the metrics: {_METRICS_HELP}.",
        ),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="How many threads price. 0 means one for each core.")] = 0,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Price a book of business under two rule sets and show who pays more, who pays less, and why.

    Ends with status 1 if a bound of --fail-if is crossed or a rule file has an error. Ends with status 2 if the book
    has other columns or would be overwritten, if a bound cannot be read, or if a file cannot be written.
    """
