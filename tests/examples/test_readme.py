"""README's first call: the amounts beside it are what the shipped rules give."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from camcover.api.requests import estimate_request
from camcover.engine import compile_rules, evaluate
from camcover.rulebook import load

ROOT = Path(__file__).resolve().parents[2]
FILES = [ROOT / "rules" / "catalog", ROOT / "rules" / "payers" / "original-medicare"]


def test_the_readmes_first_call_works(tmp_path: Path) -> None:
    """Six visits at 90.00, of which 70.00 are allowed: 283.00 of deductible, then 20% of 420.00 - 283.00: 310.40.

    At most all six are behind a limit that is used up: 540.00.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"```python\n(.+?)```", readme, re.DOTALL)[0]
    asking, calling = block.split("with grpc.insecure_channel", 1)
    stated = [int(each) for each in re.findall(r"\d+", calling.rsplit("#", 1)[1])]
    file = tmp_path / "first_call.py"
    file.write_text(asking, encoding="utf-8")
    loaded = load(*FILES)
    assert loaded.rules is not None
    estimate = evaluate(compile_rules(loaded.rules), estimate_request(runpy.run_path(str(file))["request"]))
    bounds = estimate.range
    assert stated == [estimate.totals.patient_cents, bounds.low_cents, bounds.high_cents]
    assert (estimate.totals.patient_cents, bounds.high_cents) == (31_040, 54_000)


def test_the_readmes_program_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The block is run whole, over the shipped rules; it prints the amount beside it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"```python\n(.+?)```", readme, re.DOTALL)[1]
    monkeypatch.chdir(ROOT)
    exec(block, {})  # noqa: S102 - README's own words
    assert capsys.readouterr().out == "31040\n"
    assert block.endswith("# 31040\n")
