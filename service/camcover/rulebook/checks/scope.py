"""Shared by all checks: the editions of a rule set, a plan's references on a day, amounts in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from camcover.rulebook.records import (
    STATES,
    Accumulator,
    Benefit,
    Catalog,
    Criteria,
    Document,
    Licensure,
    Phase,
    Place,
    Plan,
    Policy,
    RuleSet,
    SharePart,
    Tier,
    TierBenefit,
    Word,
)


def plans(rules: RuleSet) -> Iterator[Plan]:
    """Every edition of every plan."""
    for editions in rules.plans.values():
        yield from editions


def blocks(plan: Plan) -> Iterator[tuple[Benefit, TierBenefit]]:
    """Every benefit of a plan with each of its tier blocks."""
    for benefit in plan.benefits.values():
        for block in benefit.tiers.values():
            yield benefit, block


def phases(plan: Plan) -> Iterator[tuple[Tier | None, Phase]]:
    """Every list of steps of a plan and the tier it stands for; None for a tier that the plan has not."""
    for _, block in blocks(plan):
        for phase in block.member_pays:
            yield plan.tiers.get(block.tier), phase


def first_tier(plan: Plan) -> Tier | None:
    """The tier that stands for the network: the first, since tiers are written best first."""
    return next(iter(plan.tiers.values()), None)


def tier_deductible(plan: Plan, tier: Tier) -> Accumulator | None:
    """What a bare `deductible` step means in `tier`."""
    return plan.accumulators.get(tier.deductible) if tier.deductible is not None else None


def tier_out_of_pocket_maximum(plan: Plan, tier: Tier) -> Accumulator | None:
    """The maximum that caps the complete cost share in `tier`; of several, the least individual amount."""
    found = [plan.accumulators[word] for word in tier.capping if word in plan.accumulators]
    whole = [each for each in found if each.parts == frozenset(SharePart)]
    return min(whole, key=lambda each: (each.individual is None, each.individual or 0), default=None)


def criteria_of(rules: RuleSet, plan: Plan, benefit: Benefit) -> Iterator[Criteria]:
    """A benefit's own criteria, and those of its policy's editions that are in force on some day of the plan's."""
    if benefit.when is not None:
        yield benefit.when
    for policy in rules.policies.get(benefit.policy, ()) if benefit.policy is not None else ():
        if policy.heading.effective.meets(plan.heading.effective):
            yield policy.when


def required_of(benefit: Benefit) -> set[str]:
    """The attestations that a benefit's requirements ask for on every line: without one it covers nothing."""
    return {each.attestation for each in benefit.requires if each.is_bare and each.after is None}


def days_of_change(plan: Plan, rules: RuleSet) -> list[date]:
    """The first day of the plan edition, and each later day of it on which one of its policies or a catalog changes."""
    period = plan.heading.effective
    policies = {benefit.policy for benefit in plan.benefits.values() if benefit.policy is not None}
    editions: list[Document] = [each for policy in policies for each in rules.policies.get(policy, ())]
    editions += [each for group in rules.catalogs.values() for each in group]
    starts = {each.heading.effective.start for each in editions}
    return [period.start, *sorted(day for day in starts if day > period.start and period.holds(day))]


def policy_on(rules: RuleSet, policy: str | None, day: date) -> Policy | None:
    """The edition of a policy in force on `day`."""
    editions: Sequence[Policy] = rules.policies.get(policy, ()) if policy is not None else ()
    return next((edition for edition in editions if edition.heading.effective.holds(day)), None)


def catalogs_on(rules: RuleSet, day: date) -> list[Catalog]:
    """The catalog editions in force on `day`."""
    return [each for editions in rules.catalogs.values() for each in editions if each.heading.effective.holds(day)]


def licensing(entry: Licensure | None) -> frozenset[str]:
    """The states that license a practitioner; without an entry the states do not regulate him."""
    if entry is None:
        return frozenset()
    if entry.licensed is not None:
        return frozenset(map(str, entry.licensed))
    return frozenset(STATES).difference(entry.unlicensed or ())


def place_of(word: str, otherwise: Place) -> Place:
    """Where `word` was written, or a place near it."""
    return word.at if isinstance(word, Word) else otherwise


def listed(words: Iterable[str], *, at_most: int = 5) -> str:
    """Quoted words for a message, the first few of many."""
    names = [f"'{word}'" for word in words]
    shown = ", ".join(names[:at_most])
    return f"{shown} and {len(names) - at_most} more" if len(names) > at_most else shown
