"""`camcover bulk`: many well-being plans from a Parquet file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from camcover.bulk.files import Outputs, SamePlace, WrongColumns, estimate_file
from camcover.bulk.output import check_places
from camcover.cli.compiling import compiled_rules
from camcover.cli.progress import progress_bar


def estimate(
    source: Path,
    output: Path,
    rules: list[Path],
    lines: Path | None,
    rejects: Path | None,
    threads: int,
    batch_rows: int,
    spark: str | None,
) -> None:
    """Price every plan of a Parquet file."""
    outputs = Outputs(output, rejects or output.with_suffix(".rejects.parquet"), lines)
    try:
        check_places(source, [path for path in outputs if path is not None])
    except SamePlace as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if spark is not None:
        from camcover.cli.spark import estimate_on_spark  # noqa: PLC0415 - PySpark is there only where it is used

        estimate_on_spark(spark, source, outputs, rules)
        return
    tables = compiled_rules(rules)
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
            )
    except WrongColumns as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    except (pa.ArrowException, OSError) as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{counts.plans} plans priced, {counts.lines} lines; {counts.rejected} rows rejected")
