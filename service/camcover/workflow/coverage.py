"""Is a therapy covered for this member on this day, and under what terms? No prices needed.

What comes in: a member and one service. What goes out: `CoverageAnswer`: the engine's own verdict on one session, and
the benefit's terms in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from camcover.engine import EstimateRequest, Tables, evaluate
from camcover.engine.citing import rule_place
from camcover.engine.estimate import Citation, Line, Reason
from camcover.engine.explain import limit_words
from camcover.engine.request import PlannedService, Procedure
from camcover.money import dollars, percent
from camcover.rulebook.records import (
    Benefit,
    CoinsuranceOf,
    CoinsuranceStep,
    CopayStep,
    DeductibleStep,
    Plan,
    Step,
    TierBenefit,
)

__all__ = ["CoverageAnswer", "LimitTerms", "TierTerms", "check_coverage", "step_words", "tier_terms"]

_NOMINAL_CENTS = 10_000
"""What a session is taken to cost where no price is given: coverage does not depend on it."""

_OF = {
    CoinsuranceOf.REMAINING: "what is left",
    CoinsuranceOf.AFTER_DEDUCTIBLE: "the allowed amount less the deductible",
    CoinsuranceOf.ALLOWED: "the allowed amount",
}


@dataclass(frozen=True, slots=True)
class TierTerms:
    """What the member pays in a tier, step by step, in words."""

    tier: str
    member_pays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitTerms:
    """A limit in words, and where it stands."""

    limit: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """The verdict on one session, and the terms of the benefit that decides it (none: empty)."""

    plan_id: str
    date: date
    covered: bool
    reason: Reason
    text: str
    benefit: str
    tier: str
    terms: tuple[TierTerms, ...]
    limits: tuple[LimitTerms, ...]
    requirements: tuple[str, ...]
    citations: tuple[Citation, ...]


def check_coverage(tables: Tables, request: EstimateRequest) -> CoverageAnswer:
    """The answer for the request's one service on its first date. Raises `InvalidRequest`."""
    service = request.items[0]
    asked = request._replace(items=(_one_session(service),), explain=True)
    estimate = evaluate(tables, asked)
    line = next((line for line in estimate.lines if not line.covered), estimate.lines[0])
    benefit = _benefit(tables, request.plan_id, line)
    requirements = [str(each.attestation) for each in benefit.requires] if benefit else []
    return CoverageAnswer(
        plan_id=request.plan_id,
        date=line.date,
        covered=line.covered,
        reason=line.reason,
        text=line.steps[1].text if len(line.steps) > 1 else line.steps[0].text,
        benefit=line.benefit,
        tier=line.tier,
        terms=tuple(tier_terms(block) for block in benefit.tiers.values()) if benefit else (),
        limits=tuple(LimitTerms(str(each.id), limit_words(each), rule_place(each.at)) for each in benefit.limits)
        if benefit
        else (),
        requirements=tuple(requirements),
        citations=estimate.citations,
    )


def _one_session(service: PlannedService) -> PlannedService:
    """The first session alone, priced nominally where no price is given."""
    dates = (min(service.dates),) if service.dates else ()
    if service.procedures:
        procedures = tuple(_priced(each) for each in service.procedures)
        return service._replace(dates=dates, procedures=procedures, charge_cents=None, allowed_cents=None)
    charge = _NOMINAL_CENTS if service.charge_cents is None else service.charge_cents
    return service._replace(dates=dates, charge_cents=charge)


def _priced(procedure: Procedure) -> Procedure:
    """The procedure with a nominal charge where it has none."""
    return procedure._replace(charge_cents=_NOMINAL_CENTS) if procedure.charge_cents is None else procedure


def _benefit(tables: Tables, plan_id: str, line: Line) -> Benefit | None:
    """The benefit of the edition in force on the line's date."""
    plans: tuple[Plan, ...] = tables.plans[plan_id].editions
    plan = next((plan for plan in plans if plan.heading.effective.holds(line.date)), None)
    return plan.benefits.get(line.benefit) if plan else None


def tier_terms(block: TierBenefit) -> TierTerms:
    """The steps of a tier block in words."""
    words: list[str] = []
    for phase in block.member_pays:
        until = f" (through visit {phase.through})" if phase.through else ""
        words += [step_words(step) + until for step in phase.steps]
    return TierTerms(str(block.tier), tuple(words))


def step_words(step: Step) -> str:
    """`deductible`, `$30.00 copay a visit`, `20% of what is left`, `nothing`."""
    match step:
        case DeductibleStep():
            return f"deductible '{step.accumulator}'" if step.accumulator else "deductible"
        case CopayStep():
            return f"{dollars(step.cents)} copay a {step.per}"
        case CoinsuranceStep():
            return f"{percent(step.basis_points)} of {_OF[step.of]}"
        case _:
            return "nothing"
