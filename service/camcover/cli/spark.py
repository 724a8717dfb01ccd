"""`camcover bulk estimate --spark MASTER`: the same command on Apache Spark; what it writes are folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from camcover.bulk.estimate import WrongColumns
from camcover.bulk.files import BATCH_ROWS, Outputs
from camcover.cli.compiling import compiled_rules


def estimate_on_spark(master: str, source: Path, outputs: Outputs, rules: list[Path]) -> None:
    """Price `source` on the cluster at `master`. Ends the program with status 2 where that cannot be."""
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - PySpark is there only where it is used

        from camcover.bulk.spark import estimate  # noqa: PLC0415 - the same
    except ImportError as error:
        typer.echo(f"Spark is not installed ({error.name}): pip install 'camcover[spark]'", err=True)
        raise typer.Exit(2) from error
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("camcover").master(master).config("spark.ui.enabled", "false")
    spark = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH_ROWS)).getOrCreate()
    try:
        requests, tables = spark.read.parquet(str(source)), compiled_rules(rules)
        wanted = {"plans": outputs.plans, "rejects": outputs.rejects, "lines": outputs.lines}
        for level, path in wanted.items():
            if path is not None:
                estimate(requests, tables, level).write.mode("overwrite").parquet(str(path))
    except WrongColumns as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    finally:
        spark.stop()
    typer.echo(f"written: {', '.join(str(path) for path in wanted.values() if path)}")
