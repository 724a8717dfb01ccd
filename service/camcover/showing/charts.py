"""Charts of a plan of care as plain geometry; templates draw them as SVG.

What comes in: amounts and lines. What goes out: rectangles in units of the drawing. Each kind of care has a pattern
besides its colour, and what the plan does not cover is hatched on white, so that all are told apart without colour; a
table with the same figures stands below each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from camcover.engine.estimate import Amounts, Line
from camcover.languages import Language

__all__ = [
    "COLOURS",
    "PATTERNS",
    "Column",
    "ColumnPart",
    "MonthChart",
    "Scale",
    "ShareBar",
    "month_chart",
    "others_cents",
    "scale",
    "split",
]

COLOURS = 6
"""Colours of kinds of care; further kinds begin again."""

PATTERNS = 8
"""Patterns of kinds of care, of which the first is none; as many as a form has kinds. Further kinds begin again."""

WIDTH, HEIGHT = 340, 220
_TOP, _BOTTOM, _WIDEST, _LEAST_LABEL = 26, 26, 60, 17
_MOST_LABELLED, _MOST_EXACT = 7, 4
"""Months whose columns have room for figures, and for figures with cents."""


class ShareBar(NamedTuple):
    """One part of the charge: its message, its cents, and where its bar lies in per mille of the width."""

    word: str
    kind: str
    cents: int
    begin: int
    width: int


class ColumnPart(NamedTuple):
    """A part of a column: which care, whether covered, its cents, where it lies, its figure where there is room."""

    item: int
    covered: bool
    cents: int
    y: int
    height: int
    label: str

    @property
    def pattern(self) -> str:
        """Its pattern: the care's own, or the care's hatching."""
        return f"{'kind' if self.covered else 'open'}-{self.item % PATTERNS}"

    @property
    def has_plain_ground(self) -> bool:
        """Whether its figure can stand on it: its colour has no pattern."""
        return self.covered and self.item % PATTERNS == 0


class Column(NamedTuple):
    """One month: its first day, what is paid, where its column lies, and its parts from below."""

    month: date
    cents: int
    label: str
    x: int
    top: int
    parts: tuple[ColumnPart, ...]


class MonthChart(NamedTuple):
    """What is paid each month; `names` of the kinds of care, `uncovered`: those with visits that are not covered."""

    width: int
    height: int
    base: int
    bar: int
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    uncovered: tuple[int, ...]
    is_labelled: bool


class Scale(NamedTuple):
    """From least to most, per mille of the width, and where the expected cost lies."""

    begin: int
    width: int
    expected: int


def others_cents(amounts: Amounts | Line) -> int:
    """What others than the patient and the plan pay: a second plan, and accounts."""
    return amounts.secondary_paid_cents + amounts.account_paid_cents


def split(totals: Amounts) -> tuple[ShareBar, ...]:
    """Who pays the charge: the patient, the plan, what others pay, and the discount. Parts of nothing are left out."""
    parts = (
        ("web-share-you", "you", totals.patient_cents),
        ("web-share-plan", "plan", totals.plan_paid_cents),
        ("web-share-others", "others", others_cents(totals)),
        ("web-share-discount", "discount", totals.written_off_cents),
    )
    whole, begin, shares = max(totals.charge_cents, 1), 0, []
    for word, kind, cents in parts:
        if cents or kind in {"you", "plan"}:
            width = 1000 * max(cents, 0) // whole
            shares.append(ShareBar(word, kind, cents, begin, width))
            begin += width
    return tuple(shares)


def month_chart(lines: Sequence[Line], names: Sequence[str], language: Language) -> MonthChart:
    """What is paid each month, by kind of care, from below in their order; not covered above covered."""
    sums: dict[date, dict[tuple[int, bool], int]] = {}
    for line in lines:
        of_month = sums.setdefault(line.date.replace(day=1), {})
        key = (line.item_index, line.covered)
        of_month[key] = of_month.get(key, 0) + line.patient_cents
    most = max((sum(parts.values()) for parts in sums.values()), default=0) or 1
    step = WIDTH // max(len(sums), 1)
    bar, room, base = min(_WIDEST, step * 2 // 3), HEIGHT - _TOP - _BOTTOM, HEIGHT - _BOTTOM
    is_labelled = len(sums) <= _MOST_LABELLED
    columns = []
    for place, month in enumerate(sorted(sums)):
        y, parts = base, []
        for (item, covered), cents in sorted(sums[month].items(), key=lambda each: (not each[0][1], each[0][0])):
            height = room * cents // most
            y -= height
            label = language.whole_dollars(cents) if is_labelled and height >= _LEAST_LABEL else ""
            if cents:
                parts.append(ColumnPart(item, covered, cents, y, height, label))
        paid = sum(sums[month].values())
        label = language.dollars(paid) if len(sums) <= _MOST_EXACT else language.whole_dollars(paid)
        columns.append(Column(month, paid, label, place * step + (step - bar) // 2, y, tuple(parts)))
    uncovered = sorted({part.item for column in columns for part in column.parts if not part.covered})
    return MonthChart(WIDTH, HEIGHT, base, bar, tuple(columns), tuple(names), tuple(uncovered), is_labelled)


def scale(low: int, expected: int, high: int, most: int) -> Scale:
    """A range as a bar; `most` is the largest amount of all bars beside it."""
    whole = max(most, 1)
    begin = 1000 * low // whole
    return Scale(begin, max(6, 1000 * high // whole - begin), 1000 * expected // whole)
