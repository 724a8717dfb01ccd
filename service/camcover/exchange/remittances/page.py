"""How right estimates were, as a page that stands alone: the figures of the report, with charts.

What comes in: a report, and the names of the remittances. What goes out: HTML.
"""

from __future__ import annotations

from collections.abc import Sequence

from camcover.exchange.remittances.records import ErrorCause
from camcover.exchange.remittances.reporting import AccuracyGroup, AccuracyReport, CauseCount
from camcover.exchange.remittances.words import CAUSES, CLASSES, mean, percent
from camcover.money import dollars
from camcover.workflow.bar_charts import BarChart, BarValue, bar_chart
from camcover.workflow.standalone_pages import standalone_page

__all__ = ["accuracy_page"]

MOST_BARS, MOST_ROWS = 24, 200
"""Plans, therapies or rules drawn and in a table; the JSON holds them all."""


def accuracy_page(report: AccuracyReport, files: Sequence[str]) -> str:
    """The page; `files` are the names of the remittances."""
    groups = {"plan": report.plans, "therapy": report.therapies, "rule": report.rules}
    return standalone_page(
        "camcover.exchange.remittances",
        "accuracy.html",
        report=report,
        files=files,
        classes=CLASSES,
        errors=_errors_chart(report.all),
        causes=_causes(report.all),
        causes_chart=_causes_chart(report.all),
        groups=[(name, all_, all_[:MOST_ROWS], _groups_chart(name, all_)) for name, all_ in groups.items()],
        main_cause=_main_cause,
        words=CAUSES,
        percent=percent,
        mean=mean,
    )


def _errors_chart(group: AccuracyGroup) -> BarChart:
    values = [
        BarValue(name, f"{lines:,} ({percent(lines, group.lines)})", lines, "less" if name == CLASSES[0] else "more")
        for name, lines in zip(CLASSES, group.errors, strict=True)
    ]
    description = "One bar for each size, as long as it has lines."
    return bar_chart("errors", "Lines by the size of their error", description, values)


def _causes(group: AccuracyGroup) -> list[CauseCount]:
    """What explains errors, the most first."""
    return sorted(group.causes, key=lambda each: -each.absolute_cents)


def _causes_chart(group: AccuracyGroup) -> BarChart:
    values = [
        BarValue(CAUSES[each.cause], dollars(each.absolute_cents), each.absolute_cents)
        for each in _causes(group)
        if each.absolute_cents
    ]
    description = "One bar for each cause, as long as what it explains of all errors, without signs."
    return bar_chart("causes", "What explains the errors", description, values)


def _groups_chart(name: str, groups: Sequence[AccuracyGroup]) -> BarChart:
    """The groups with errors, the largest first, as they stand."""
    wrong = [each for each in groups if each.absolute_error_cents]
    values = [
        BarValue(each.name, dollars(each.absolute_error_cents), each.absolute_error_cents) for each in wrong[:MOST_BARS]
    ]
    description = "One bar for each with errors, as long as the sum of its errors without signs."
    return bar_chart(f"by-{name}", f"Errors by {name}", description, values, left_out=len(wrong) - len(values))


def _main_cause(group: AccuracyGroup) -> ErrorCause | None:
    """What explains most of a group's errors; None: it has none."""
    most = max(group.causes, key=lambda each: each.absolute_cents)
    return most.cause if most.absolute_cents else None
