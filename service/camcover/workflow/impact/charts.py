"""The bar charts of an impact: increases go right from zero, decreases go left."""

from __future__ import annotations

from collections.abc import Sequence

from camcover.workflow.bar_charts import BarChart, BarValue, bar_chart
from camcover.workflow.impact.records import AnyGroup, Distribution, most_changed
from camcover.workflow.impact.words import bin_words, signed

__all__ = ["distribution_chart", "group_chart"]

MOST_BARS = 24
"""Payer plans or therapies drawn."""


def distribution_chart(change: Distribution) -> BarChart:
    """Members by how much their cost changes; those whose cost does not change are left to the text."""
    values = [
        BarValue(bin_words(each), f"{each.members:,}", each.members if (each.high_cents or 1) > 0 else -each.members)
        for each in change.histogram
        if each.members and (each.low_cents, each.high_cents) != (0, 0)
    ]
    title = "Members by the change of their cost"
    return bar_chart("distribution", title, "One bar for each range of change, as long as it has members.", values)


def group_chart(key: str, title: str, groups: Sequence[AnyGroup]) -> BarChart:
    """What the patients of each group pay more or less: the largest changes, in order."""
    changed = [group for group in groups if group.figures.patient.change_cents]
    values = [
        BarValue(group.name, signed(group.figures.patient.change_cents), group.figures.patient.change_cents)
        for group in most_changed(changed, MOST_BARS)
    ]
    description = "One bar for each, as long as the change of what its patients pay in all."
    return bar_chart(key, title, description, values, left_out=len(changed) - len(values))
