"""`camcover bulk`: many well-being plans from a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.bulk.sizes import BATCH_ROWS
from camcover.cli.declaring import done_by

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Price many well-being plans at once, from Parquet to Parquet.")


@app.command()
@done_by("bulk:estimate")
def estimate(
    source: Annotated[
        Path,
        typer.Argument(metavar="INPUT.parquet", exists=True, dir_okay=False, help="One row a plan; docs/bulk.md."),
    ],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT.parquet", help="Gets one row a plan: its totals.")],
    rules: Annotated[
        list[Path],
        typer.Option("--rules", exists=True, help="Rule files or folders, or one file that `rules compile` wrote."),
    ],
    lines: Annotated[Path | None, typer.Option(help="Also write one row a line to this file.")] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Gets what is wrong with each row that cannot be priced; OUTPUT.rejects.parquet by default."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="0: one for each core.")] = 0,
    batch_rows: Annotated[int, typer.Option(min=1, max=1 << 20, help="Plans at once in a thread.")] = BATCH_ROWS,
    spark: Annotated[
        str | None,
        typer.Option(metavar="MASTER", help="Run on Spark instead (local[2], spark://...); files become folders."),
    ] = None,
) -> None:
    """Price every plan of a Parquet file.

    A row that cannot be priced becomes rows of the rejects file, one for each thing that is wrong. Files are written
    whole or not at all. Ends with status 1 when a rule file has an error, 2 when the input is not of the right columns
    or would be overwritten.
    """
