"""Kinds of rows through a batch, and each as a single request: what a row costs one thread both ways.

`python bulk_rows.py`. Prints CPU time a row, the least of some rounds in turn, and the ratio. Rows without use so far
are the yardstick.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from bulk import RELEASE, book_rows
from camcover.bulk import BulkEstimator
from camcover.bulk.estimate import sound_batch
from camcover.bulk.schema import REQUEST_SCHEMA
from questions import shipped_tables

ROWS, SINGLY, ROUNDS = 8_192, 512, 5
VISITS = 8


def with_visits(row: dict[str, Any], random_: random.Random) -> dict[str, Any]:
    """The row with dated visits in the half year before its first date."""
    first = row["items"][0]["start_date"]
    days = (first - timedelta(days=random_.randrange(1, 180)) for _ in range(VISITS))
    return row | {"prior_visits": [{"benefit": "acupuncture", "date": day} for day in days]}


def seconds(work: Callable[[], object]) -> float:
    """CPU time of this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def main() -> None:
    """Print a line for each kind of row."""
    random_ = random.Random(2026)  # noqa: S311 - a book, not a secret
    plain = book_rows(ROWS)
    kinds = {"no use so far": plain, f"{VISITS} dated visits": [with_visits(row, random_) for row in plain]}
    estimator = BulkEstimator(shipped_tables(), RELEASE)
    for name, rows in kinds.items():
        batch = sound_batch(pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA))
        some = np.arange(SINGLY)
        both = [
            (seconds(lambda: estimator.answer(batch)) / ROWS, seconds(lambda: estimator.refusals(batch, some)) / SINGLY)  # noqa: B023 - called at once
            for _ in range(ROUNDS)
        ]
        fast, slow = (1e6 * min(times) for times in zip(*both, strict=True))
        sys.stdout.write(f"{name:18} batch {fast:8.2f} us a row, singly {slow:8.1f} us, {slow / fast:6.1f} times\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
