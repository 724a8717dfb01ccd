"""`camcover bulk`: many well-being plans from a Parquet file."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from camcover.bulk.files import Outputs, SamePlace, WrongColumns, estimate_file
from camcover.bulk.output import check_places
from camcover.bulk.pieces import Folders
from camcover.cli.compiling import compiled_rules
from camcover.cli.price_files import opened_prices
from camcover.cli.progress import progress_bar
from camcover.store.errors import StoreUnavailable
from camcover.workflow.book_prices import BookPrices


def estimate(
    source: str,
    output: str,
    rules: list[Path],
    lines: str | None,
    rejects: str | None,
    threads: int,
    batch_rows: int,
    spark: str | None,
    prices: Path | None,
) -> None:
    """Price every plan of a Parquet file, or on Spark of a folder of them."""
    if prices is not None and spark is not None:
        raise typer.BadParameter("--prices does not go with --spark: the file of prices is on this machine")
    rejects = rejects or posixpath.splitext(output)[0] + ".rejects.parquet"
    if spark is not None:
        from camcover.cli.spark import estimate_on_spark  # noqa: PLC0415 - PySpark is there only where it is used

        estimate_on_spark(spark, source, Folders(output, rejects, lines), rules)
        return
    sources = None if prices is None else Path(f"{posixpath.splitext(output)[0]}.sources.parquet")
    outputs = Outputs(Path(output), Path(rejects), Path(lines) if lines else None, sources)
    _estimate_file(_existing(source), outputs, rules, threads=threads, batch_rows=batch_rows, prices=prices)


def _existing(source: str) -> Path:
    """The path of a file that is there. Raises typer.BadParameter for another one."""
    if not Path(source).is_file():
        raise typer.BadParameter(f"File '{source}' does not exist, or is not a file.", param_hint="'INPUT.parquet'")
    return Path(source)


def _estimate_file(
    source: Path, outputs: Outputs, rules: list[Path], *, threads: int, batch_rows: int, prices: Path | None
) -> None:
    """Price one file on all cores of this machine."""
    try:
        check_places(source, [path for path in outputs if path is not None])
    except SamePlace as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    tables = compiled_rules(rules)
    looked_up = None if prices is None else BookPrices(tables, opened_prices(prices))
    try:
        with progress_bar("plans", pq.read_metadata(source).num_rows) as progress:
            counts = estimate_file(
                tables,
                tables.release,
                source,
                outputs,
                threads=threads,
                batch_rows=batch_rows,
                progress=progress,
                completed=None if looked_up is None else looked_up.completed,
            )
    except StoreUnavailable as error:
        typer.echo(f"{prices}: {error}", err=True)
        raise typer.Exit(2) from error
    except WrongColumns as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    except (pa.ArrowException, OSError) as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{counts.plans} plans priced, {counts.lines} lines; {counts.rejected} rows rejected")
    if looked_up is not None:
        typer.echo(f"{looked_up.found} of {looked_up.named} services that name a provider have a published price")
        typer.echo(f"{outputs.sources} says where the prices come from")
