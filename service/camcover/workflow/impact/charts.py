"""Bar charts of an impact as plain geometry; the page draws them as SVG.

What comes in: an impact. What goes out: bars in units of the drawing. Increases go right from zero and decreases go
left, so that the direction does not depend on colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from camcover.workflow.impact.records import AnyGroup, Distribution, most_changed
from camcover.workflow.impact.words import bin_words, signed

__all__ = ["Bar", "Chart", "distribution_chart", "group_chart"]

WIDTH = 760
"""Width of a drawing; its height grows with its bars."""

MOST_BARS = 24
"""Payer plans or therapies drawn."""

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


class Chart(NamedTuple):
    """A drawing; `key` is unique on the page, `zero` where no change is, `left_out` how many groups are not drawn."""

    key: str
    title: str
    description: str
    width: int
    height: int
    thick: int
    zero: int
    bars: tuple[Bar, ...]
    left_out: int


class _Value(NamedTuple):
    """The value of a bar; the sign of `amount` gives its direction."""

    name: str
    words: str
    amount: int


def distribution_chart(change: Distribution) -> Chart:
    """Members by how much their cost changes; those whose cost does not change are left to the text."""
    values = [
        _Value(bin_words(each), f"{each.members:,}", each.members if (each.high_cents or 1) > 0 else -each.members)
        for each in change.histogram
        if each.members and (each.low_cents, each.high_cents) != (0, 0)
    ]
    title = "Members by the change of their cost"
    return _chart("distribution", title, "One bar for each range of change, as long as it has members.", values)


def group_chart(key: str, title: str, groups: Sequence[AnyGroup]) -> Chart:
    """What the patients of each group pay more or less: the largest changes, in order."""
    changed = [group for group in groups if group.figures.patient.change_cents]
    values = [
        _Value(group.name, signed(group.figures.patient.change_cents), group.figures.patient.change_cents)
        for group in most_changed(changed, MOST_BARS)
    ]
    description = "One bar for each, as long as the change of what its patients pay in all."
    return _chart(key, title, description, values, left_out=len(changed) - len(values))


def _chart(key: str, title: str, description: str, values: Sequence[_Value], *, left_out: int = 0) -> Chart:
    """Lay bars out: one below the other, all to one scale."""
    most = max((value.amount for value in values), default=0)
    least = min((value.amount for value in values), default=0)
    most, least = max(most, 0), min(least, 0)
    room, span = WIDTH - _LABELS - _VALUES, max(most - least, 1)
    zero = _LABELS + room * -least // span
    bars = []
    for place, value in enumerate(values):
        width = max(1, room * abs(value.amount) // span)
        x = zero if value.amount > 0 else zero - width
        kind = "more" if value.amount > 0 else "less"
        bars.append(Bar(_short(value.name), value.name, value.words, x, place * _STEP, width, kind))
    height = max(len(bars), 1) * _STEP
    return Chart(key, title, description, WIDTH, height, _THICK, zero, tuple(bars), left_out)


def _short(name: str) -> str:
    """A label that fits beside the bars."""
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
