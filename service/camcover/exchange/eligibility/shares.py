"""Copays and coinsurance as the payer tells them, beside those of the plan's rules: notes where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camcover.exchange.eligibility.plan_words import benefits_for, networks_of_tiers
from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    Confidence,
    Eligibility,
    EligibilityFact,
    EligibilityNote,
    FactKind,
    NoteKind,
)
from camcover.money import BasisPoints, dollars, percent
from camcover.rulebook.records import CoinsuranceStep, ComparedStep, CopayStep, Plan, Step, Therapy

__all__ = ["share_notes"]


def share_notes(told: Eligibility, plan: Plan, therapies: Mapping[str, Therapy]) -> Iterator[EligibilityNote]:
    """A note for each copay and coinsurance of a service that no benefit for it has in that network."""
    networks = networks_of_tiers(plan)
    for fact in told.of_kind(FactKind.COPAY, FactKind.COINSURANCE):
        if (
            fact.is_general
            or fact.confidence is Confidence.LOW
            or fact.network not in {BenefitNetwork.IN, BenefitNetwork.OUT}
        ):
            continue
        for benefit in benefits_for(fact, plan, therapies):
            blocks = [block for block in benefit.tiers.values() if networks[block.tier] is fact.network]
            steps = [step for block in blocks for phase in block.member_pays for step in phase.steps]
            amounts = {amount for step in steps for amount in _amounts(step, fact.kind)}
            if steps and fact.amount not in amounts:
                said = f"the payer says a {fact.kind} of {_told(fact, fact.amount)}, {_network(fact)}"
                plan_says = " or ".join(_told(fact, each) for each in sorted(amounts)) or f"no {fact.kind}"
                text = f"{said}; the plan's benefit {benefit.id} says {plan_says}"
                yield EligibilityNote(NoteKind.DISAGREES, fact.segments, text)


def _amounts(step: Step, kind: FactKind) -> Iterator[int]:
    """The copays in cents, or the coinsurances in basis points, of a step."""
    if isinstance(step, ComparedStep):
        yield from _amounts(step.copay, kind)
        yield from _amounts(step.coinsurance, kind)
    elif isinstance(step, CopayStep) and kind is FactKind.COPAY:
        yield step.cents
    elif isinstance(step, CoinsuranceStep) and kind is FactKind.COINSURANCE:
        yield step.basis_points


def _told(fact: EligibilityFact, amount: int | None) -> str:
    if fact.kind is FactKind.COPAY:
        return dollars(amount or 0)
    return percent(BasisPoints(amount or 0))


def _network(fact: EligibilityFact) -> str:
    return "in network" if fact.network is BenefitNetwork.IN else "out of network"
