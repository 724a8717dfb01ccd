"""docs/security.md: each threat has an answer, and a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
THREATS = [cells for cells in ROWS if cells[0] not in {"threat", "---"}]


@pytest.mark.parametrize("cells", THREATS, ids=lambda cells: cells[0][:40])
def test_each_threat_names_its_answer_and_tests_that_exist(cells: list[str]) -> None:
    threat, answer, shown_by = cells
    assert threat.endswith(".")
    assert answer.endswith(".")
    named = re.findall(r"`(tests/[a-z_/]+[.]py)::(test_\w+)`", shown_by)
    assert named
    assert shown_by == ", ".join(f"`{file}::{name}`" for file, name in named)
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_has_threats_of_every_part() -> None:
    assert len(THREATS) > 30
