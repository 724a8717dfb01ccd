"""An impact as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from camcover.cli.table import screen_for
from camcover.money import dollars
from camcover.workflow.impact import Impact
from camcover.workflow.impact.records import (
    AnyGroup,
    ChangedMember,
    Distribution,
    Money,
    Unpriced,
    most_changed,
)
from camcover.workflow.impact.words import bin_words, line_words, signed

__all__ = ["show_impact"]

_MOST_GROUPS = 40
"""Payer plans, therapies or benefits shown; the JSON holds them all."""

_GROUP_FIGURES = (
    "Members",
    "Pay more",
    "Pay less",
    "Newly cov.",
    "No longer",
    "Patients pay",
    "Change",
    "Plan",
    "Written off",
)


def show_impact(impact: Impact, console: Console | None = None) -> None:
    """Print an impact; plain text when the output is no terminal."""
    screen = console or screen_for()
    screen.print(f"From {impact.release_before} to {impact.release_after}", highlight=False)
    screen.print(_members(impact))
    screen.print(_paid(impact))
    screen.print(_distribution(impact.change))
    screen.print(_histogram(impact.change))
    _groups(screen, "By payer plan", impact.by_plan)
    _groups(screen, "By therapy", impact.by_therapy)
    _groups(screen, "By benefit", impact.by_benefit)
    _unpriced(screen, "no longer priced", impact.members.no_longer_priced, impact.no_longer_priced)
    _unpriced(screen, "priced only after", impact.members.newly_priced, impact.newly_priced)
    _unpriced(screen, "never priced", impact.members.never_priced, impact.never_priced)
    _cases(screen, "Largest increases", impact.increases)
    _cases(screen, "Largest decreases", impact.decreases)


def _table(title: str, words: Sequence[str], figures: Sequence[str]) -> Table:
    """A table with words in its first columns and figures in the others."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for name in words:
        table.add_column(name)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _members(impact: Impact) -> Table:
    """How many members and lines."""
    members, total = impact.members, impact.total
    table = _table("Members", ["What"], ["Count"])
    for name, count in (
        ("members in the book", members.rows),
        ("compared", members.compared),
        ("pay more", members.paying_more),
        ("pay less", members.paying_less),
        ("pay the same", members.paying_the_same),
        ("no longer priced", members.no_longer_priced),
        ("priced only after", members.newly_priced),
        ("never priced", members.never_priced),
        ("compared, use so far cut to the rules", members.fitted),
        ("lines compared", total.lines),
        ("lines newly covered", total.newly_covered),
        ("lines no longer covered", total.no_longer_covered),
    ):
        table.add_row(name, f"{count:,}")
    return table


def _paid(impact: Impact) -> Table:
    """What is paid in all."""
    table = _table("Paid in all", ["Who"], ["Before", "After", "Change"])
    table.add_row("patients", *_money(impact.total.patient))
    table.add_row("plans", *_money(impact.total.plan_paid))
    table.add_row("written off by providers", *_money(impact.total.written_off))
    return table


def _money(money: Money) -> tuple[str, str, str]:
    """Before, after, change."""
    return dollars(money.before_cents), dollars(money.after_cents), signed(money.change_cents)


def _distribution(change: Distribution) -> Table:
    """Mean, quantiles and extremes."""
    table = _table("Change of a member's cost", ["At"], ["Change"])
    table.add_row("largest decrease", signed(change.most_decrease_cents))
    for each in change.quantiles:
        table.add_row(each.name, signed(each.change_cents))
    table.add_row("largest increase", signed(change.most_increase_cents))
    table.add_row("mean", signed(change.mean_cents))
    return table


def _histogram(change: Distribution) -> Table:
    """Members by how much their cost changes, with bars."""
    table = _table("Members by change", ["Change"], ["Members"])
    table.add_column("")
    most = max((each.members for each in change.histogram), default=0)
    for each in change.histogram:
        if each.members:
            bar = "#" * max(1, 40 * each.members // most)
            table.add_row(bin_words(each), f"{each.members:,}", bar)
    return table


def _groups(screen: Console, title: str, groups: Sequence[AnyGroup]) -> None:
    """The plans, therapies or benefits whose cost changes most."""
    table = _table(title, ["Name"], _GROUP_FIGURES)
    for group in most_changed(groups, _MOST_GROUPS):
        each = group.figures
        counts = (each.members, each.paying_more, each.paying_less, each.newly_covered, each.no_longer_covered)
        money = (
            dollars(each.patient.after_cents),
            signed(each.patient.change_cents),
            signed(each.plan_paid.change_cents),
            signed(each.written_off.change_cents),
        )
        table.add_row(Text(group.name), *(f"{count:,}" for count in counts), *money)
    screen.print(table)
    if len(groups) > _MOST_GROUPS:
        screen.print(f"{len(groups) - _MOST_GROUPS} more with smaller changes: see --format json", highlight=False)


def _unpriced(screen: Console, title: str, count: int, sample: Sequence[Unpriced]) -> None:
    """Rows that are not compared, with the reasons."""
    if not count:
        return
    screen.print(f"\n{count:,} {title}, the first of them:", style="bold", highlight=False)
    for each in sample:
        text = f"  row {each.row} {each.request_id} {each.plan_id}: {'; '.join(each.reasons)}"
        screen.print(text, markup=False, highlight=False, soft_wrap=True)


def _cases(screen: Console, title: str, cases: Sequence[ChangedMember]) -> None:
    """Single members, line by line."""
    if not cases:
        return
    screen.print(f"\n{title}", style="bold")
    for each in cases:
        head = (
            f"row {each.row} {each.request_id} {each.plan_id}: patient {dollars(each.patient.before_cents)} -> "
            f"{dollars(each.patient.after_cents)} ({signed(each.patient.change_cents)})"
        )
        screen.print(head, markup=False, highlight=False, soft_wrap=True)
        for line in each.lines:
            words = (
                f"  {line.date} {line.therapy} {line.code}: {dollars(line.before.patient_cents)} -> "
                f"{dollars(line.after.patient_cents)}; {line_words(line.before, line.after)}"
            )
            screen.print(words, markup=False, highlight=False, soft_wrap=True)
        if each.lines_alike:
            screen.print(f"  {each.lines_alike} more lines as before", highlight=False)
