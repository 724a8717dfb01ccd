"""Writing a generated page, or checking that it is up to date: what the generators beside this file share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def write_or_check(target: Path, page: str, about: str) -> int:
    """Write `page` to `target`, or with `--check` on the command line compare the two; gives the exit status."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 if the page is not up to date")
    is_check = parser.parse_args().check
    is_current = target.exists() and target.read_text(encoding="utf-8") == page
    if is_check:
        sys.stdout.write("" if is_current else f"not up to date: {target.relative_to(PROJECT)}\n")
        return 0 if is_current else 1
    target.write_text(page, encoding="utf-8")
    return 0
