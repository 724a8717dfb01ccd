"""Parquet to Parquet: a book of plans of twelve lines, made, then priced with one thread and with one for each core.

`python bulk.py [PLANS]`. Prints plans a second, with and without the lines' file, and the most memory of a process.
Where Spark and Java are installed, then the same book by Spark's tasks, as many as there are cores (`make engines`).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from camcover.bulk import BulkEstimator
from camcover.bulk.files import Counts, Outputs, estimate_file
from camcover.bulk.schema import REQUEST_SCHEMA
from questions import shipped_tables

PLANS = 1_000_000
DISTINCT = 20_000
RELEASE = "rules-benchmark"


def book_rows(count: int) -> list[dict[str, Any]]:
    """Plans of twelve sessions each; prices, ages, dates and deductibles of their own, the same every time."""
    random_ = random.Random(2026)  # noqa: S311 - a book, not a secret

    def row(number: int) -> dict[str, Any]:
        item = {
            "therapy": "acupuncture",
            "code": "97810",
            "charge_cents": random_.randrange(6_000, 15_000),
            "practitioner": "physician",
            "tier": "participating",
            "diagnoses": ["M54.50"],
            "start_date": date(2026, 1, 5) + timedelta(days=random_.randrange(200)),
            "sessions": 12,
        }
        return {
            "request_id": f"r{number}",
            "plan_id": "original-medicare-part-b",
            "age": random_.randrange(65, 95),
            "state": "WA",
            "requirements_as_attested": True,
            "accumulators": [{"accumulator": "deductible", "used_cents": random_.randrange(28_300)}],
            "items": [item],
        }

    return [row(number) for number in range(count)]


def make_book(path: Path, plans: int) -> None:
    """Write a file of plans, the same 20,000 again and again."""
    part = pa.Table.from_pylist(book_rows(DISTINCT), schema=REQUEST_SCHEMA)
    with pq.ParquetWriter(path, REQUEST_SCHEMA) as writer:
        for first in range(0, plans, DISTINCT):
            writer.write_table(part.slice(0, min(DISTINCT, plans - first)))


def report(what: str, counts: Counts, seconds: float, memory: str) -> None:
    """Print one line of the table."""
    sys.stdout.write(
        f"{what:28}  {counts.plans / seconds:12,.0f} plans/s  {counts.lines / seconds:12,.0f} lines/s  {memory}\n"
    )
    sys.stdout.flush()


def price_on_spark(book: Path, folder: Path, *, lines: bool) -> None:
    """Price a book by Spark's tasks on all cores, once more after a first time that starts its workers."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only where it is installed

    from camcover.bulk.spark import Folders, estimate_files  # noqa: PLC0415 - the same

    os.environ["PYSPARK_PYTHON"] = sys.executable
    cores, tables = os.cpu_count() or 1, shipped_tables()
    to = Folders(str(folder / "plans"), str(folder / "rejects"), str(folder / "lines") if lines else None)
    spark = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(sys.path))
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for _ in range(2):
        began = time.perf_counter()
        counts = estimate_files(spark, str(book), to, tables)
        seconds = time.perf_counter() - began
    spark.stop()
    report(f"{'plans and lines' if lines else 'plans'}, Spark local[{cores}]", counts, seconds, "")


def price(book: Path, folder: Path, threads: int, *, lines: bool) -> None:
    """Price a book in a process of its own; print what it took."""
    tables = shipped_tables()
    outputs = Outputs(folder / "plans.parquet", folder / "rejects.parquet", folder / "lines.parquet" if lines else None)
    BulkEstimator(tables, RELEASE).estimate(next(pq.ParquetFile(book).iter_batches(1_024)))
    began = time.perf_counter()
    counts = estimate_file(tables, RELEASE, book, outputs, threads=threads)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "plans and lines" if lines else "plans"
    report(f"{what}, {threads} thread{'s' if threads > 1 else ''}", counts, seconds, f"{memory:7,.0f} MiB at most")


def main(plans: int) -> None:
    """Make the book and price it four ways."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = folder / "book.parquet"
        make_book(book, plans)
        sys.stdout.write(f"{plans:,} plans of 12 lines, {book.stat().st_size / 1e6:.0f} MB\n")
        sys.stdout.flush()
        for lines in (False, True):
            for threads in sorted({1, os.cpu_count() or 1}):
                process = context.Process(target=price, args=(book, folder, threads), kwargs={"lines": lines})
                process.start()
                process.join()
            if find_spec("pyspark") and shutil.which("java"):
                process = context.Process(target=price_on_spark, args=(book, folder), kwargs={"lines": lines})
                process.start()
                process.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PLANS)
