"""What a list of plans shows of each plan."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from camcover.engine.compiling.plan_index import PlanIndex


class EditionSummary(NamedTuple):
    """When an edition holds, and what kind it is."""

    start: date
    end: date | None
    hsa_qualified: bool
    illustrative: bool


class PlanSummary(NamedTuple):
    """What a list of plans shows of one; name and payer as its latest edition has them."""

    id: str
    name: str
    payer_id: str
    payer_name: str
    editions: tuple[EditionSummary, ...]


def summary_of(index: PlanIndex) -> PlanSummary:
    """The summary of a plan."""
    last = index.editions[-1]
    return PlanSummary(
        index.id,
        last.heading.name or index.id,
        str(last.payer.id),
        last.payer.name,
        tuple(
            EditionSummary(
                plan.heading.effective.start, plan.heading.effective.end, plan.hsa_qualified, plan.heading.illustrative
            )
            for plan in index.editions
        ),
    )
