"""The comparison's rows as one table of text."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

HEAD = ("peer", "checked", "one plan, us", "to ours", "plans/s", "to ours", "what it cannot express")
NOTES = (
    "To ours: how many times slower than camcover; below 1 the peer is faster.",
    "A plan is 12 lines, a batch 1,000 plans. The peers give ten fields a line; camcover gives the whole estimate,",
    "with claim adjustments, sums and limits afterwards, months, range and assumptions.",
)
LAST = 72  # characters of a line of the last column


def as_text(result: dict[str, Any]) -> str:
    """The whole table, ours first."""
    ours = result["ours"]
    rows = [HEAD, ("camcover", "", *speeds(ours, 1.0, 1.0), ""), *map(cells, result["peers"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = [line for row in rows for line in aligned(row, widths)]
    return "\n".join([*lines, *NOTES]) + "\n"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The texts of one peer's row."""
    if "missing" in row:
        return (row["peer"], "", "", "", "", "", row["missing"])
    ratios = row["one_plan_ratio"], row["batch_ratio"]
    return (row["peer"], f"{row['plans_checked']:,}", *speeds(row, *ratios), row["cannot"])


def speeds(row: dict[str, Any], one: float, many: float) -> tuple[str, str, str, str]:
    """The four numbers."""
    return f"{row['one_plan_us_median']:,.0f}", f"{one:.2f}", f"{row['batch_plans_per_second']:,.0f}", f"{many:.2f}"


def aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """A row's lines: the name to the left, numbers to the right, the last column wrapped."""
    name, *numbers, last = row
    start = [name.ljust(widths[0]), *(text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True))]
    texts = wrap(last, LAST) or [""]
    blank = " " * len("  ".join(start))
    return [f"{'  '.join(start)}  {texts[0]}".rstrip(), *(f"{blank}  {text}" for text in texts[1:])]
