"""`camcover bulk estimate --spark MASTER`: the same command on Apache Spark; what it writes are folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pyarrow as pa
import typer

from camcover.bulk.estimate import WrongColumns
from camcover.bulk.output import SamePlace
from camcover.bulk.pieces import Folders
from camcover.cli.compiling import compiled_rules


def estimate_on_spark(master: str, source: str, folders: Folders, rules: list[Path]) -> None:
    """Price `source` on the cluster at `master`. Ends with status 2 if it cannot begin, 1 if a task fails."""
    try:
        from py4j.protocol import Py4JJavaError  # noqa: PLC0415 - PySpark is there only where it is used
        from pyspark.sql import SparkSession  # noqa: PLC0415 - the same

        from camcover.bulk.spark import estimate_files  # noqa: PLC0415 - the same
    except ImportError as error:
        typer.echo(f"Spark is not installed ({error.name}): pip install 'camcover[spark]'", err=True)
        raise typer.Exit(2) from error
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("camcover").master(master).config("spark.ui.enabled", "false")
    spark = builder.getOrCreate()
    try:
        counts = estimate_files(spark, source, folders, compiled_rules(rules))
    except (SamePlace, WrongColumns, pa.ArrowException, OSError) as error:
        typer.echo(f"{source}: {error}", err=True)
        raise typer.Exit(2) from error
    except Py4JJavaError as error:
        said = str(error.java_exception.getMessage()).splitlines()[0]
        typer.echo(f"{source}: a task failed, and no result was replaced: {said}", err=True)
        raise typer.Exit(1) from error
    finally:
        spark.stop()
    typer.echo(f"{counts.plans} plans priced, {counts.lines} lines; {counts.rejected} rows rejected")
