"""Limits and steps of the cost share in numbers: records of rules -> fields of messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from camcover.gen.camcover.v1 import estimate_pb2 as messages
from camcover.rulebook.records import (
    BandedCopayStep,
    CoinsuranceStep,
    ComparedStep,
    CopayStep,
    DeductibleStep,
    Limit,
    NothingStep,
    Phase,
    Step,
)

__all__ = ["limit_figures", "step_figures"]


def limit_figures(limit: Limit) -> messages.LimitFigures:
    """A limit in numbers: visits, units, minutes, or cents."""
    return messages.LimitFigures(
        measure=limit.measure,
        allowed=limit.allow,
        period=limit.per.kind,
        period_length=limit.per.length,
        counts=limit.counts,
        counted_for=limit.counted_for or "",
        by_age=[
            messages.AgeFigures(min_age=each.ages.min, max_age=each.ages.max, allowed=each.amount)
            for each in limit.by_age
        ],
        tiers=map(str, limit.tiers),
    )


def step_figures(phases: Iterable[Phase]) -> Iterator[messages.StepFigures]:
    """The steps of phases, in order, in numbers."""
    for phase in phases:
        for step in phase.steps:
            message = _step(step)
            message.through_visit, message.visits_of = phase.through or 0, phase.visits_of or ""
            yield message


def _step(step: Step) -> messages.StepFigures:
    match step:
        case DeductibleStep():
            return messages.StepFigures(kind="deductible", accumulator=step.accumulator or "")
        case CopayStep():
            return messages.StepFigures(
                kind="copay",
                copay_cents=step.cents,
                copay_per=step.per,
                waived_with_deductible=step.waived_with_deductible,
            )
        case BandedCopayStep():
            bands = [messages.CopayBandFigures(up_to_cents=each.up_to, copay_cents=each.cents) for each in step.bands]
            return messages.StepFigures(kind="copay_by_allowed", copay_per="line", bands=bands)
        case CoinsuranceStep():
            message = messages.StepFigures(
                kind="coinsurance", coinsurance_basis_points=step.basis_points, coinsurance_of=step.of
            )
            if step.at_least is not None:
                message.at_least_cents, message.at_least_per = step.at_least.cents, step.at_least.per
            if step.at_most is not None:
                message.at_most_cents, message.at_most_per = step.at_most.cents, step.at_most.per
            return message
        case ComparedStep():
            message = _step(step.coinsurance)
            message.MergeFrom(_step(step.copay))
            message.kind = "lesser" if step.is_lesser else "greater"
            return message
        case NothingStep():
            return messages.StepFigures(kind="nothing")
