"""Public tables of CMS that lie beside the project, or in the folder that `CAMCOVER_TABLES` names; never shipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["ADD_ONS", "BESIDE", "FEES", "PAIRS", "UNITS", "path_of", "rows_of"]

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "interop"
"""Where tables of others are looked for."""

FEES = "PPRRVU*nonQPP*.csv"
"""The national physician fee schedule's relative value file."""

UNITS = "MCR_MUE_PractitionerServices*.csv"
"""National Correct Coding Initiative: medically unlikely edits of practitioners' services."""

PAIRS = "ccipra*.txt"
"""The same: procedure-to-procedure edits of practitioners' services."""

ADD_ONS = "AOC*.csv"
"""The same: add-on code edits."""


def rows_of(name: str) -> list[str]:
    """The lines of the last table of that name; without one the test is skipped."""
    folder = Path(os.environ.get("CAMCOVER_TABLES", BESIDE))
    found = sorted(folder.rglob(name))
    if not found:
        pytest.skip(f"no table {name} below {folder}")
    return found[-1].read_text(encoding="utf-8").splitlines()


def path_of(name: str) -> Path:
    """The last file of that name, also beside the folder of tables; without one the test is skipped."""
    folder = Path(os.environ.get("CAMCOVER_TABLES", BESIDE.parent))
    found = sorted(folder.rglob(name))
    if not found:
        pytest.skip(f"no file {name} below {folder}")
    return found[-1]
