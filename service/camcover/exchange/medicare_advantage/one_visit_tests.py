"""Tests for imported plans: one visit of each benefit in the network, at both ends of its cost share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camcover.exchange.medicare_advantage.records import AdvantagePlan
from camcover.exchange.one_visit import CHARGE, visit_test
from camcover.exchange.plan_text import DraftBenefit, DraftTest

__all__ = ["tests_of"]

_VISITS = {
    "medicare-acupuncture": "therapy: acupuncture, practitioner: physician, diagnoses: [M54.50]",
    "supplemental-acupuncture": "therapy: acupuncture, practitioner: acupuncturist, diagnoses: [M54.2]",
    "medicare-chiropractic": "therapy: chiropractic, practitioner: chiropractor, diagnoses: [M99.03]",
    "supplemental-chiropractic": "therapy: chiropractic, practitioner: chiropractor, diagnoses: [M54.2]",
    "therapeutic-massage": "therapy: therapeutic-massage, practitioner: massage-therapist",
    "psychotherapy": "therapy: psychotherapy, practitioner: psychologist",
}
_TIER = "in_network"


def tests_of(plan: AdvantagePlan, benefits: Sequence[DraftBenefit]) -> Iterator[DraftTest]:
    """The tests: a visit of $200.00, which without a fee file is the allowed amount."""
    maxima = [each for each in (plan.moop_in, plan.moop_combined) if each is not None]
    deductible = max(plan.deductible, plan.deductible_high or 0)
    for benefit in benefits:
        spread = benefit.tiers.get(_TIER)
        if spread is None or benefit.id not in _VISITS:
            continue
        most = min(maxima, default=CHARGE) if benefit.counts else CHARGE
        cents = min(spread.high.of_visit(CHARGE, deductible), most)
        visit = f"age: 70, {_VISITS[benefit.id]}, tier: {_TIER}, dates: [{plan.year}-03-02]"
        yield visit_test(benefit, spread.high, cents, visit)
        if benefit.is_spread:
            cents = min(spread.low.of_visit(CHARGE, deductible), most)
            yield visit_test(benefit, spread.low, cents, visit, is_lower=True)
