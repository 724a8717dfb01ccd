"""Bar charts as plain geometry; a page that stands alone draws them as SVG (`templates/bar_chart.html`).

What comes in: names with amounts. What goes out: bars in units of the drawing, one below the other. Amounts above zero
go right and amounts below go left, so that the direction does not depend on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Bar", "BarChart", "BarValue", "bar_chart"]

WIDTH = 760
"""Width of a drawing; its height grows with its bars."""

_LABELS, _VALUES, _STEP, _THICK = 230, 120, 22, 14
_LONGEST_LABEL = 32


class Bar(NamedTuple):
    """One bar: its label (`name` in full), its value in words, where it lies, and whether it is `more` or `less`."""

    label: str
    name: str
    value: str
    x: int
    y: int
    width: int
    kind: str


class BarChart(NamedTuple):
    """A drawing; `key` is unique on the page, `zero` where an amount of zero is, `left_out`: how many are not drawn."""

    key: str
    title: str
    description: str
    width: int
    height: int
    thick: int
    zero: int
    bars: tuple[Bar, ...]
    left_out: int


class BarValue(NamedTuple):
    """The value of a bar; the sign of `amount` gives its direction, and its kind where it has none of its own."""

    name: str
    words: str
    amount: int
    kind: str = ""


def bar_chart(key: str, title: str, description: str, values: Sequence[BarValue], *, left_out: int = 0) -> BarChart:
    """Lay bars out: one below the other, all to one scale."""
    most = max((value.amount for value in values), default=0)
    least = min((value.amount for value in values), default=0)
    most, least = max(most, 0), min(least, 0)
    room, span = WIDTH - _LABELS - _VALUES, max(most - least, 1)
    zero = _LABELS + room * -least // span
    bars = []
    for place, value in enumerate(values):
        width = max(1, room * abs(value.amount) // span) if value.amount else 0
        x = zero if value.amount > 0 else zero - width
        kind = value.kind or ("more" if value.amount > 0 else "less")
        bars.append(Bar(_short(value.name), value.name, value.words, x, place * _STEP, width, kind))
    height = max(len(bars), 1) * _STEP
    return BarChart(key, title, description, WIDTH, height, _THICK, zero, tuple(bars), left_out)


def _short(name: str) -> str:
    """A label that fits beside the bars."""
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
