"""Tables of documents whose cells name tests: their rows, and whether the tests are there."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def rows_of(text: str) -> list[list[str]]:
    """The cells of each row of all tables of a document; the rows of heads and rules among them."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@lru_cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def names_tests_that_exist(cell: str) -> bool:
    """Whether a cell is nothing but names of tests, each of which is there."""
    named = re.findall(r"`(tests/[a-z_/]+[.]py)::(test_\w+)`", cell)
    is_plain = cell == ", ".join(f"`{file}::{name}`" for file, name in named)
    return bool(named) and is_plain and all(name in _tests_in(file) for file, name in named)
