"""`camcover bulk`: many well-being plans from a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.bulk.sizes import BATCH_ROWS
from camcover.cli.declaring import done_by
from camcover.cli.options import ProviderPrices

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Price many well-being plans at once, from one Parquet file to another.")


@app.command()
@done_by("bulk:estimate")
def estimate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT.parquet", help="One row for each plan (docs/bulk.md). On Spark also a folder, or a URI."
        ),
    ],
    output: Annotated[
        str, typer.Argument(metavar="OUTPUT.parquet", help="The file to write, with the totals of each plan in a row.")
    ],
    rules: Annotated[
        list[Path],
        typer.Option("--rules", exists=True, help="Rule files or folders, or one file that `rules compile` wrote."),
    ],
    lines: Annotated[
        str | None, typer.Option(help="Also write a file with one row for each line of the plans.")
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(help="The file for errors of rows that cannot be priced. By default OUTPUT.rejects.parquet."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="How many threads price. 0 means one for each core.")] = 0,
    batch_rows: Annotated[
        int, typer.Option(min=1, max=1 << 20, help="How many plans one thread prices at once.")
    ] = BATCH_ROWS,
    spark: Annotated[
        str | None,
        typer.Option(metavar="MASTER", help="Run on Spark (local[2], spark://...). What is written are folders."),
    ] = None,
    prices: ProviderPrices = None,
) -> None:
    """Price every plan of a Parquet file.

    The rejects file has a row for each error of a row that cannot be priced. With --prices a file beside OUTPUT,
    OUTPUT.sources.parquet, has a row for each price that was found, and says where it comes from. A file is written
    completely or not at all. Ends with status 1 if a rule file has an error, and with status 2 if the input has other
    columns or would be overwritten.
    """
