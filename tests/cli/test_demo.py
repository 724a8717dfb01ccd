"""The first thing anyone runs: docs/examples/demo.py, which `make demo` starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

DEMO = Path(__file__).resolve().parents[2] / "docs" / "examples" / "demo.py"


def test_the_demo_prices_twelve_lines() -> None:
    """Deductible 80.00 of which 203.00 of 283.00 were used, 8 x 20 % of 40.00 = 64.00, massage 2 x 90.00: 324.00."""
    result = subprocess.run([sys.executable, str(DEMO)], capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "You pay $324.00 of $980.00; the plan pays $256.00, $400.00 is written off." in result.stdout
    assert "Medicare NCD 30.3.3" in result.stdout
    assert re.search(r"Pages for patients: http://127.0.0.1:[0-9]+/en/ \(What will my care cost\?", result.stdout)
