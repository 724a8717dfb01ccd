"""The comparison's rows as one table of text."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

HEAD = ("peer", "checked", "one plan, us", "to ours", "plans/s", "to ours", "what it cannot express")
NOTES = (
    "To ours: how many times slower than our ledger (one plan) and than our fastest way (batch); below 1 it is faster.",
    "A plan is 12 services on 12 days, a batch 1,000 plans. The peers give ten fields a line, as our ledger does; the",
    "whole estimate adds claim adjustments, sums and limits afterwards, months, range, assumptions and citations.",
    "Times begin with a plan as plain data; of bulk with Arrow batches.",
)
LAST = 72  # characters of a line of the last column


def as_text(result: dict[str, Any]) -> str:
    """The whole table, ours first."""
    ours = [(way["peer"], "", *speeds(way, None, None), "") for way in result["ours"]]
    rows = [HEAD, *ours, *map(cells, result["peers"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = [line for row in rows for line in aligned(row, widths)]
    return "\n".join([*lines, *NOTES]) + "\n"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The texts of one peer's row."""
    if "missing" in row:
        return (row["peer"], "", "", "", "", "", row["missing"])
    ratios = row["one_plan_ratio"], row["batch_ratio"]
    return (row["peer"], f"{row['plans_checked']:,}", *speeds(row, *ratios), row["cannot"])


def speeds(row: dict[str, Any], one: float | None, many: float | None) -> tuple[str, str, str, str]:
    """The four numbers; None is left out."""
    return (
        _number(row["one_plan_us_median"], ",.0f"),
        _number(one, ".2f"),
        _number(row["batch_plans_per_second"], ",.0f"),
        _number(many, ".2f"),
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """A row's lines: the name to the left, numbers to the right, the last column wrapped."""
    name, *numbers, last = row
    start = [name.ljust(widths[0]), *(text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True))]
    texts = wrap(last, LAST) or [""]
    blank = " " * len("  ".join(start))
    return [f"{'  '.join(start)}  {texts[0]}".rstrip(), *(f"{blank}  {text}" for text in texts[1:])]
