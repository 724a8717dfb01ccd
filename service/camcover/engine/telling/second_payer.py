"""A line as X12 835 claim adjustments of the second plan: what its remittance says of the first plan's payment.

What comes in: the line's ledger rows under both plans, and what coordination made of them. What goes out: adjustments
that sum to charge - secondary_paid. CARC 23 in group OA is the impact of the first payer's adjudication, payments and
adjustments together; what is left to the patient has the second plan's reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.engine.asking.coordination import without_forgiven
from camcover.engine.compiling.sources import Sources
from camcover.engine.estimate import Adjustment
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.telling.adjustments import ABOVE_FEE_SCHEDULE, adjustments
from camcover.money import Cents

__all__ = ["LineOfPlan", "second_payer_adjustments"]

PRIOR_PAYER = "23"


class LineOfPlan(NamedTuple):
    """A line under one plan: its ledger row, and that of what a limit handed on of it."""

    sources: Sources
    row: LedgerRow
    rest: LedgerRow | None


def second_payer_adjustments(
    first: LineOfPlan, second: LineOfPlan, secondary_paid: int, forgiven: int
) -> tuple[Adjustment, ...]:
    """The second plan's adjustments, amounts above 0 only. `first`: as adjudicated, before anything is forgiven."""
    by_first = first.row.charge - first.row.patient
    left = first.row.patient - forgiven - secondary_paid
    own = min(left, second.row.patient)
    found: dict[tuple[str, str, str], int] = {}
    for each in (
        Adjustment("OA", PRIOR_PAYER, Cents(by_first)),
        Adjustment("CO", ABOVE_FEE_SCHEDULE, Cents(forgiven)),
        *_patients_part(second, own),
        *_patients_part(first, left - own),
    ):
        key = each.group, each.reason_code, each.remark_code
        found[key] = found.get(key, 0) + each.amount_cents
    return tuple(
        Adjustment(group, code, Cents(cents), remark) for (group, code, remark), cents in found.items() if cents
    )


def _patients_part(line: LineOfPlan, cents: int) -> Iterator[Adjustment]:
    """The last `cents` of what a plan leaves to the patient, by its reasons: shares go in the order of point 28."""
    row = without_forgiven(line.row, line.row.patient - cents)
    return (each for each in adjustments(line.sources, row, line.rest) if each.group == "PR")
