"""Denials that are the provider's: words that contradict each other, and denials that nothing in the tier makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import criteria_of, place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import (
    DIAGNOSIS_DENIAL,
    LIMITS_DENIAL,
    Criteria,
    Measure,
    Plan,
    RuleSet,
    Tier,
)

LIABLE_UNLESS_ITSELF = declare_fault(
    "liable-unless-itself",
    Severity.ERROR,
    "The `provider_liable` of a tier names one attestation both in `for` and in `unless`. The attestation would have "
    "to be missing and given at the same time (docs/rule-language.md, point 41).",
    "Remove the word from `for`, or name another attestation in `unless`.",
)
LIABLE_NEVER_ASKED = declare_fault(
    "liable-never-asked",
    Severity.WARNING,
    "The `for` of a tier's `provider_liable` names a denial that no benefit of the tier makes. An attestation needs a "
    "benefit that requires it without a penalty, `diagnosis` a benefit that asks for a diagnosis, and `limits` a "
    "benefit with a limit of visits or units (docs/rule-language.md, point 41).",
    "Remove the word, or check the requirements, criteria and limits of the benefits.",
)

_IN_FOR_AND_UNLESS = sentence("liable-unless-itself-in-for-and-unless", "word")
_KEEP_IN_ONE = sentence("liable-unless-itself-keep-in-one")
_NOTHING_DENIES = sentence("liable-never-asked-nothing-denies", "tier", "word")
_REMOVE_WORD = sentence("liable-never-asked-remove-word")


def check_liability(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`for` and `unless` of each tier name possible reasons (docs/rule-language.md, point 41)."""
    for plan in plans(rules):
        for tier in plan.tiers.values():
            liable = tier.provider_liable
            if liable is None:
                continue
            made = _denials_made(rules, plan, tier)
            for word in liable.denials:
                if word == liable.unless:
                    message = _IN_FOR_AND_UNLESS(word=word)
                    yield LIABLE_UNLESS_ITSELF.at(place_of(word, liable.at), message, _KEEP_IN_ONE())
                elif word not in made:
                    message = _NOTHING_DENIES(tier=tier.id, word=word)
                    yield LIABLE_NEVER_ASKED.at(place_of(word, liable.at), message, _REMOVE_WORD())


def _denials_made(rules: RuleSet, plan: Plan, tier: Tier) -> set[str]:
    """The words of `for` by which some benefit may leave a line of the tier uncovered."""
    made: set[str] = set()
    for benefit in (each for each in plan.benefits.values() if tier.id in each.tiers):
        made |= {str(each.attestation) for each in benefit.requires if each.is_bare}
        if any(limit.measure is not Measure.MONEY for limit in benefit.limits):
            made.add(LIMITS_DENIAL)
        if any(map(_asks_diagnosis, criteria_of(rules, plan, benefit))):
            made.add(DIAGNOSIS_DENIAL)
        made |= {str(each) for criteria in criteria_of(rules, plan, benefit) for each in criteria.attested or ()}
    return made


def _asks_diagnosis(criteria: Criteria) -> bool:
    """Whether criteria ask for a diagnosis, or refuse some."""
    return bool(criteria.conditions or criteria.icd10 or criteria.not_conditions)
