"""The facts of a plan: accumulators, tiers, limits, benefits, exclusions, discounts, tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from camcover.money import percent
from camcover.rulebook.facts.accounts import account_part
from camcover.rulebook.facts.cases import case_part
from camcover.rulebook.facts.part import Fact, Part, fact, set_fact
from camcover.rulebook.facts.shared import criteria_facts, heading_facts, source_parts
from camcover.rulebook.facts.words import (
    above_allowed_words,
    amount_or_none,
    amount_or_unlimited,
    period_start_words,
    phase_fact,
    plain,
    yes_or_no,
)
from camcover.rulebook.records import (
    Accumulator,
    Benefit,
    CountedFor,
    Discount,
    Exclusion,
    Limit,
    Place,
    Plan,
    Requirement,
    SharePart,
    Tier,
    TierBenefit,
)
from camcover.rulebook.words import allow_words, amount, penalty_words, per_name, visits_words

__all__ = ["plan_part"]


def plan_part(plan: Plan) -> Part:
    """A plan. Accumulators, pools and tests have no order; the order of all else decides which comes first."""
    return Part(
        key="plan",
        label="",
        at=plan.heading.at,
        record=plan,
        facts=partial(_plan_facts, plan),
        parts=partial(_plan_parts, plan),
        brief=plan.heading.name or "",
    )


def _plan_facts(plan: Plan) -> Iterator[Fact]:
    at = plan.heading.at
    yield from heading_facts(plan.heading)
    yield fact("payer", plan.payer.id, plan.payer.at)
    yield fact("payer name", plan.payer.name, plan.payer.at)
    yield fact("benefit period", period_start_words(plan.benefit_period), at)
    yield fact("hsa qualified", yes_or_no(plan.hsa_qualified), at)
    yield fact("unit rule", plan.unit_rule, at)
    yield fact("fees", plan.fees or "none", getattr(plan.fees, "at", at))
    yield fact("not covered pays", plain(plan.not_covered_pays), at)
    yield fact("code edits", plain(plan.code_edits), plan.heading.at, "none")


def _plan_parts(plan: Plan) -> Iterator[Part]:
    yield from source_parts(plan.heading)
    yield from map(_accumulator_part, plan.accumulators.values())
    yield from map(_tier_part, plan.tiers.values())
    yield from map(_limit_part, plan.limits.values())
    yield from map(account_part, plan.accounts.values())
    yield from map(_benefit_part, plan.benefits.values())
    yield from map(_exclusion_part, plan.exclusions)
    yield from map(_discount_part, plan.discounts)
    yield from (case_part(case, plan) for case in plan.tests)


def _accumulator_part(accumulator: Accumulator) -> Part:
    return Part(
        key=f"accumulator {accumulator.id}",
        label=accumulator.id,
        at=accumulator.at,
        record=accumulator,
        facts=partial(_accumulator_facts, accumulator),
        noun="accumulator",
    )


def _accumulator_facts(accumulator: Accumulator) -> Iterator[Fact]:
    at = accumulator.at
    yield fact("kind", plain(accumulator.kind), at)
    yield fact("self-only", amount_or_none(accumulator.self_only), at)
    yield fact("individual", amount_or_unlimited(accumulator.individual), at)
    yield fact("family", amount_or_unlimited(accumulator.family), at)
    yield fact("family mode", plain(accumulator.family_mode), at)
    yield fact("reduced by wellness incentive", amount_or_none(accumulator.wellness_incentive), at, "not reduced")
    yield set_fact("feeds", accumulator.feeds, at)
    counts = None if accumulator.counts is None else tuple(map(plain, accumulator.counts))
    yield set_fact("counts", counts, at, "the whole cost share")
    yield fact("carryover", plain(accumulator.carryover), at, "none")
    yield fact("cite", accumulator.cite, at)


def _tier_part(tier: Tier) -> Part:
    return Part(
        key=f"tier {tier.id}",
        label=plain(tier.id),
        at=tier.at,
        record=tier,
        facts=partial(_tier_facts, tier),
        noun="tier",
        order="order of tiers",
    )


def _tier_facts(tier: Tier) -> Iterator[Fact]:
    at = tier.at
    yield fact("name", tier.name, at)
    yield fact("deductible", tier.deductible or "none", getattr(tier.deductible, "at", at))
    maximum = tier.out_of_pocket_maximum
    yield fact("out-of-pocket maximum", maximum or "none", getattr(maximum, "at", at))
    yield set_fact("counts toward", tier.counts_toward, at)
    yield set_fact("capped by", tier.capped_by, at)
    yield fact("above allowed", above_allowed_words(tier.above_allowed), at)
    yield fact("payment to", plain(tier.payment_to), at, "provider")
    yield set_fact("copays feed", tier.copay_feeds, at)
    edits = plain(tier.code_edits) if tier.code_edits else "as in the plan"
    yield fact("code edits", edits, at, "as in the plan")
    liable = tier.provider_liable
    place = liable.at if liable else at
    denials = tuple(map(plain, liable.denials)) if liable else ()
    yield set_fact("provider liable for", denials, place)
    pays = tier.not_covered_pays
    yield fact("not covered pays", plain(pays) if pays else "as in the plan", at, "as in the plan")
    yield fact("provider liable unless", plain(liable.unless) if liable and liable.unless else None, place)


def _limit_part(limit: Limit) -> Part:
    """A pool of the plan."""
    name = f"limit {limit.id}"
    return Part(name, name, limit.at, limit, lambda: (*_limit_facts(limit), _shared_fact(limit, "yes")))


def _benefit_limit_part(limit: Limit) -> Part:
    """A limit of a benefit; of a pool the benefit says only that it draws on it."""
    facts = partial(_draw_facts, limit) if limit.shared else partial(_limit_facts, limit)
    record = str(limit.id) if limit.shared else limit
    return Part(f"limit {limit.id}", f"limit {limit.id}", limit.at, record, facts, order="order of limits")


def _draw_facts(limit: Limit) -> Iterator[Fact]:
    yield fact("", "shared by benefits", limit.at)


def _shared_fact(limit: Limit, usual: str) -> Fact:
    return fact("shared", yes_or_no(limit.shared), limit.at, usual)


_COUNTED_FOR = {
    None: "each member",
    CountedFor.FAMILY: "the family",
    CountedFor.EPISODE: "each episode",
    CountedFor.CONDITION: "each condition",
}


def _limit_facts(limit: Limit) -> Iterator[Fact]:
    at = limit.at
    yield fact("", allow_words(limit, amount), at)
    yield fact("per", per_name(limit.per), at)
    yield fact("counts", plain(limit.counts), at)
    yield fact("beyond", plain(limit.beyond) if limit.beyond else None, at)
    yield fact("what it cuts of a service", "next benefit" if limit.hands_on else "not covered", at, "not covered")
    yield set_fact("leaves out attested", tuple(map(plain, limit.excepts)) or None, at, "nothing")
    yield fact("for", _COUNTED_FOR[limit.counted_for], at, "each member")
    yield set_fact("tiers", tuple(map(plain, limit.tiers)) or None, at, "all")
    yield fact("cite", limit.cite, at)


# Benefits


def _benefit_part(benefit: Benefit) -> Part:
    return Part(
        key=f"benefit {benefit.id}",
        label=benefit.id,
        at=benefit.at,
        record=benefit,
        facts=partial(_benefit_facts, benefit),
        parts=partial(_benefit_parts, benefit),
        noun="benefit",
        order="order of benefits",
    )


def _benefit_facts(benefit: Benefit) -> Iterator[Fact]:
    at = benefit.at
    yield set_fact("therapies", benefit.therapies, at)
    yield set_fact("codes", benefit.codes, at)
    yield set_fact("without codes", benefit.without_codes, at)
    yield fact("policy", benefit.policy or "none", getattr(benefit.policy, "at", at), "none")
    yield from criteria_facts(benefit.when, at)
    yield fact(
        "when exhausted", "next benefit" if benefit.continues_when_exhausted else "not covered", at, "not covered"
    )
    yield fact("counts toward out-of-pocket maximum", _counted_parts(benefit), at, "yes")
    scope = benefit.copay_scope
    yield fact("copay scope", scope, getattr(scope, "at", at))
    yield fact("cite", benefit.cite, at)


def _counted_parts(benefit: Benefit) -> str:
    """`yes`, `no`, or the parts of the cost share that count."""
    if benefit.counted_parts in ((), tuple(SharePart)):
        return yes_or_no(bool(benefit.counted_parts))
    return ", ".join(map(plain, benefit.counted_parts))


def _benefit_parts(benefit: Benefit) -> Iterator[Part]:
    yield from map(_requirement_part, benefit.requires)
    yield from map(_benefit_limit_part, benefit.limits)
    yield from map(_tier_benefit_part, benefit.tiers.values())
    for tier in benefit.refused_tiers:
        at: Place = getattr(tier, "at", benefit.at)
        yield Part(f"tier {tier}", plain(tier), at, str(tier), partial(_refused_facts, at))


def _requirement_part(requirement: Requirement) -> Part:
    label = f"requirement of {plain(requirement.attestation)}"
    facts = partial(_requirement_facts, requirement)
    return Part(label, label, requirement.at, requirement, facts, order="order of requirements")


def _requirement_facts(requirement: Requirement) -> Iterator[Fact]:
    after = requirement.after
    yield fact("without it", penalty_words(requirement), requirement.at)
    asked = f"after {visits_words(after or 0, requirement.visits_of)}"
    if after is None:
        asked = "from the first visit" + (f" of '{requirement.visits_of}'" if requirement.visits_of else "")
    yield fact("asked", asked, requirement.at, "from the first visit")


def _tier_benefit_part(block: TierBenefit) -> Part:
    return Part(f"tier {block.tier}", plain(block.tier), block.at, block, partial(_tier_benefit_facts, block))


def _refused_facts(at: Place) -> Iterator[Fact]:
    yield fact("", "not covered", at)


def _tier_benefit_facts(block: TierBenefit) -> Iterator[Fact]:
    """What the member pays, by visit number where that matters."""
    yield fact("", "covered", block.at, "covered")
    is_single = len(block.member_pays) == 1
    for phase in block.member_pays:
        afterwards = "" if is_single else " afterwards"
        of = f" of '{phase.visits_of}'" if phase.visits_of is not None else ""
        visits = f"{afterwards}{of}" if phase.through is None else f" through visit {phase.through}{of}"
        yield phase_fact(phase, visits, phase.at)


# What is not covered


def _exclusion_part(exclusion: Exclusion) -> Part:
    return Part(
        key="exclusion",
        label="exclusion of ",
        at=exclusion.at,
        record=exclusion,
        facts=partial(_exclusion_facts, exclusion),
        order="order of exclusions",
        names=_names(exclusion),
    )


def _names(rule: Exclusion | Discount) -> tuple[str, ...]:
    """The therapies and codes that a nameless rule is for."""
    return (*map(str, rule.therapies), *(f"code {code}" for code in rule.codes))


def _exclusion_facts(exclusion: Exclusion) -> Iterator[Fact]:
    at = exclusion.at
    yield set_fact("therapies", exclusion.therapies, at)
    yield set_fact("codes", exclusion.codes, at)
    yield from criteria_facts(exclusion.when, at)
    yield fact("reason", plain(exclusion.reason) or None, at)
    yield fact("cite", exclusion.cite, at)


def _discount_part(discount: Discount) -> Part:
    return Part(
        key="discount",
        label="discount on ",
        at=discount.at,
        record=discount,
        facts=partial(_discount_facts, discount),
        order="order of discounts",
        names=_names(discount),
    )


def _discount_facts(discount: Discount) -> Iterator[Fact]:
    at = discount.at
    yield set_fact("therapies", discount.therapies, at)
    yield set_fact("codes", discount.codes, at)
    yield fact("percent", percent(discount.percent), at)
    yield set_fact("tiers", tuple(map(plain, discount.tiers)) or None, at, "all")
    yield fact("cite", discount.cite, at)
