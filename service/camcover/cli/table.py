"""An estimate as a table for people: lines, totals by month, the range and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from camcover.gen.camcover.v1 import estimate_pb2
from camcover.money import dollars
from camcover.rulebook import printable

__all__ = ["Screen", "screen_for", "show_estimate"]


class Screen(Console):
    """Standard output for tables: what they hold is text, never markup, and steers no terminal."""

    def __init__(self, width: int | None = None) -> None:
        """A screen of `width` columns, by default the terminal's."""
        super().__init__(width=width, markup=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text for Rich, escaped before Rich measures it."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments that Rich draws, escaped; texts of the class `Text` are among them."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def screen_for(width: int = 160) -> Screen:
    """Standard output: as wide as the terminal, or `width` columns of plain text where it is none."""
    return Screen(None if Console().is_terminal else width)


def show_estimate(estimate: estimate_pb2.Estimate, console: Console | None = None) -> None:
    """Print an estimate; plain text when the output is no terminal."""
    screen = console or screen_for()
    screen.print(_lines(estimate))
    screen.print(_months(estimate))
    totals, bounds = estimate.totals, estimate.range
    screen.print(
        Text.assemble(
            "You pay ",
            (dollars(totals.patient_cents), "bold"),
            f" of {dollars(totals.charge_cents)}; the plan pays {dollars(totals.plan_paid_cents)}, "
            f"{dollars(totals.written_off_cents)} is written off.",
        )
    )
    if totals.account_paid_cents:
        screen.print(f"Accounts pay {dollars(totals.account_paid_cents)} of your share of it.")
    if totals.reimbursed_cents:
        due, back = dollars(totals.due_at_service_cents), dollars(totals.reimbursed_cents)
        screen.print(f"At the time of service {due} are due, of which {back} come back to you.")
    if bounds.low_cents != bounds.high_cents:
        screen.print(f"It may be from {dollars(bounds.low_cents)} to {dollars(bounds.high_cents)}:")
    for text in (*bounds.assumptions, *(each.text for each in estimate.prerequisites)):
        screen.print(f"  - {text}", highlight=False)
    for each in estimate.lines:
        _steps(screen, each)
    for notice in estimate.notices:
        screen.print(notice.text, style="dim", highlight=False)


def _lines(estimate: estimate_pb2.Estimate) -> Table:
    """One row a line."""
    table = Table(title=f"Estimate under {estimate.plan_id}", box=box.SIMPLE_HEAD)
    for name in ("Date", "Therapy", "Code"):
        table.add_column(name, no_wrap=True)
    for name in ("Charge", "Allowed", "Deductible", "Copay", "Coins.", "Other", "Plan pays", "You pay"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Note")
    for line in estimate.lines:
        other = line.penalty_cents + line.balance_bill_cents + line.not_covered_cents
        amounts = (
            line.charge_cents,
            line.allowed_cents,
            line.deductible_cents,
            line.copay_cents,
            line.coinsurance_cents,
            other,
            line.plan_paid_cents + line.secondary_paid_cents,
            line.patient_cents,
        )
        table.add_row(line.date, line.therapy, line.code, *(_cell(cents) for cents in amounts), _note(line))
    return table


def _cell(cents: int) -> str:
    """An amount; empty for zero, so that the other amounts stand out."""
    return dollars(cents) if cents else "-"


def _note(line: estimate_pb2.Line) -> str:
    """Why a line is not covered, or that its price is assumed."""
    if line.reason:
        name = estimate_pb2.Reason.Name(line.reason).removeprefix("REASON_").replace("_", " ").lower()
        return f"{name} ({line.limit})" if line.limit else name
    return "price assumed" if line.charge_assumed else ""


def _months(estimate: estimate_pb2.Estimate) -> Table:
    """The patient's cost by month."""
    table = Table(title="By month", box=box.SIMPLE_HEAD)
    table.add_column("Month")
    table.add_column("You pay", justify="right")
    for month in estimate.months:
        table.add_row(month.month, dollars(month.patient_cents))
    table.add_row("Total", dollars(estimate.totals.patient_cents), style="bold")
    return table


def _steps(screen: Console, line: estimate_pb2.Line) -> None:
    """How a line came about, when the request asked to explain."""
    if line.steps:
        screen.print(f"\n{line.date} {line.therapy} {line.code}", style="bold")
    for step in line.steps:
        source = "; ".join(filter(None, (step.citation, step.rule)))
        text = f"  {step.text} [{source}]" if source else f"  {step.text}"
        screen.print(text, markup=False, highlight=False, soft_wrap=True)
