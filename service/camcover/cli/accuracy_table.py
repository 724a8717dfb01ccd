"""How right estimates were, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from camcover.cli.table import screen_for
from camcover.exchange.remittances.reporting import AccuracyGroup, AccuracyReport
from camcover.exchange.remittances.words import CAUSES, CLASSES, mean, percent
from camcover.money import dollars

__all__ = ["show_accuracy"]

_MOST_GROUPS = 40
"""Plans, therapies or rules shown; the JSON holds them all."""

_FIGURES = ("Lines", "Exact", "Coverage right", "Bias", "Mean error", "Median", "90 %", "Largest")


def show_accuracy(report: AccuracyReport, console: Console | None = None) -> None:
    """Print a report; plain text when the output is no terminal."""
    screen = console or screen_for()
    whole = report.all
    screen.print(
        f"{whole.lines} lines compared, {report.unmatched} without an estimate. "
        f"{whole.exact} ({percent(whole.exact, whole.lines)}) right to the cent.",
        highlight=False,
    )
    screen.print(_errors(whole))
    screen.print(_causes(whole))
    for title, groups in (("By plan", report.plans), ("By therapy", report.therapies), ("By rule", report.rules)):
        screen.print(_groups(title, groups[:_MOST_GROUPS]))
        if len(groups) > _MOST_GROUPS:
            screen.print(f"{len(groups) - _MOST_GROUPS} more are in the JSON", highlight=False)


def _errors(group: AccuracyGroup) -> Table:
    table = _table("What the patient owes, beside the estimate", "Error", ("Lines", "Share"))
    for name, count in zip(CLASSES, group.errors, strict=True):
        table.add_row(name, str(count), percent(count, group.lines))
    return table


def _causes(group: AccuracyGroup) -> Table:
    table = _table("What explains the rest", "Cause", ("Lines", "Sum", "Without signs"))
    for each in sorted(group.causes, key=lambda one: -one.absolute_cents):
        table.add_row(CAUSES[each.cause], str(each.lines), dollars(each.cents), dollars(each.absolute_cents))
    return table


def _groups(title: str, groups: Sequence[AccuracyGroup]) -> Table:
    table = _table(title, "", _FIGURES)
    for each in groups:
        table.add_row(
            each.name,
            str(each.lines),
            percent(each.exact, each.lines),
            percent(each.same_coverage, each.lines),
            mean(each.total_error_cents, each.lines),
            mean(each.absolute_error_cents, each.lines),
            dollars(each.median_error_cents),
            dollars(each.ninetieth_error_cents),
            dollars(each.largest_error_cents),
        )
    return table


def _table(title: str, first: str, figures: Sequence[str]) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column(first)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table
