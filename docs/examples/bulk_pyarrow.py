"""Many plans with PyArrow: a file of requests, priced batch by batch in this process.

`python bulk_pyarrow.py RULES FOLDER` writes FOLDER/requests.parquet, prices it and prints the totals.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.engine import compile_rules
from camcover.rulebook import load


def requests() -> pa.Table:
    """Two members of Original Medicare with six sessions of acupuncture each, and one of a plan that does not exist."""
    session = {
        "therapy": "acupuncture",
        "code": "97810",
        "charge_cents": 9000,
        "practitioner": "physician",
        "tier": "participating",
        "diagnoses": ["M54.50"],
        "start_date": date(2026, 3, 2),
        "sessions": 6,
    }
    met = [{"accumulator": "deductible", "used_cents": 28300}]
    rows = [
        {"request_id": "a", "plan_id": "original-medicare-part-b", "age": 67, "items": [session]},
        {"request_id": "b", "plan_id": "original-medicare-part-b", "age": 80, "accumulators": met, "items": [session]},
        {"request_id": "c", "plan_id": "no-such-plan", "items": [session]},
    ]
    return pa.Table.from_pylist(rows, schema=REQUEST_SCHEMA)


def main(rules: Path, folder: Path) -> None:
    """Write, read and price the file."""
    file = folder / "requests.parquet"
    pq.write_table(requests(), file)
    loaded = load(rules)
    if loaded.rules is None:
        raise SystemExit("the rules have errors: camcover rules check")
    estimator = BulkEstimator(compile_rules(loaded.rules), release="example")
    for batch in pq.ParquetFile(file).iter_batches(8192):
        result = estimator.estimate(batch)
        patient = pc.sum(result.plans["patient_cents"]).as_py()
        print(f"{result.plans.num_rows} plans, the patients pay ${patient / 100:,.2f}")
        print(result.rejects.to_pylist())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
