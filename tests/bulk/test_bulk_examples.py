"""The examples of docs/bulk.md run and say what they should; skipped where Polars or DuckDB is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import bulk_pyarrow
from camcover.bulk.files import Outputs, estimate_file
from camcover.engine import compile_rules
from camcover.rulebook import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outputs]:
    """The example's requests, and their results under the shipped rules."""
    folder = tmp_path_factory.mktemp("examples")
    requests = folder / "requests.parquet"
    pq.write_table(bulk_pyarrow.requests(), requests)
    outputs = Outputs(folder / "plans.parquet", folder / "rejects.parquet", folder / "lines.parquet")
    loaded = load(ROOT / "rules")
    assert loaded.rules is not None
    estimate_file(compile_rules(loaded.rules), "rules-1", requests, outputs)
    return requests, outputs


def test_the_pyarrow_example_runs(tmp_path: Path) -> None:
    """Nothing of the deductible of 283.00 met: six times the 40.00 allowed, 240.00. All of it met: 6 x 8.00 = 48.00."""
    command = [sys.executable, *map(str, (ROOT / "docs" / "examples" / "bulk_pyarrow.py", ROOT / "rules", tmp_path))]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[0] == "2 plans, the patients pay $288.00"
    assert "found plan 'no-such-plan'" in result.stdout


def test_the_polars_example_runs(priced: tuple[Path, Outputs]) -> None:
    pytest.importorskip("polars", reason="Polars is not installed: make engines")
    from bulk_polars import cost_by_age  # noqa: PLC0415 - only where Polars is

    requests, outputs = priced
    assert cost_by_age(str(requests), str(outputs.plans)).rows() == [
        ("original-medicare-part-b", 60, 1, 240.0),
        ("original-medicare-part-b", 80, 1, 48.0),
    ]


def test_the_duckdb_example_runs(priced: tuple[Path, Outputs]) -> None:
    """Every line of the two plans is covered."""
    pytest.importorskip("duckdb", reason="DuckDB is not installed: make engines")
    from bulk_duckdb import reasons  # noqa: PLC0415 - only where DuckDB is

    _, outputs = priced
    assert reasons(str(outputs.plans), str(outputs.lines)) == []
