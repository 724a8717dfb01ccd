"""Federal limits: the Affordable Care Act's out-of-pocket limit and the IRS rules for HSA-qualified plans.

All of it warns, because a plan may be grandfathered, or state what a payer really does. The in-network amounts are
those of the plan's first tier, the year is that of the edition's first day, and a year without published limits is
open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import Message, sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import (
    first_tier,
    plans,
    tier_deductible,
    tier_out_of_pocket_maximum,
)
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.limits_table import FederalLimit, FederalLimits, federal_limits
from camcover.rulebook.phrases import (
    AGGREGATE_FAMILY_AMOUNT,
    FAMILY_AMOUNT,
    INDIVIDUAL_AMOUNT,
    SELF_ONLY_AMOUNT,
    UNLIMITED_AMOUNT,
)
from camcover.rulebook.records import (
    Accumulator,
    AccumulatorKind,
    Carryover,
    DeductibleStep,
    FamilyMode,
    Plan,
    RuleSet,
    Tier,
)
from camcover.rulebook.words import written

ABOVE_ACA_LIMIT = declare_fault(
    "out-of-pocket-above-federal-limit",
    Severity.WARNING,
    "A plan's in-network out-of-pocket maximum is above the Affordable Care Act's limit for the year in which the "
    "edition begins (45 CFR 156.130). An aggregate family amount is compared with the limit for one person, too.",
    "Check the amount against the plan's document and the year's limit.",
)
HSA_DEDUCTIBLE = declare_fault(
    "hsa-deductible-too-low",
    Severity.WARNING,
    "A plan marked hsa_qualified has no deductible, or one below the IRS minimum of the year (26 U.S.C. "
    "223(c)(2)(A)(i)).",
    "Check the deductible, or set `hsa_qualified: no`.",
)
HSA_EMBEDDED_DEDUCTIBLE = declare_fault(
    "hsa-embedded-deductible-too-low",
    Severity.WARNING,
    "Under family coverage of a plan marked hsa_qualified, the embedded deductible of one member is below the IRS "
    "minimum for families. The plan then pays for that member before the family minimum is met (IRS Notice 2004-2, "
    "Q&A-3).",
    "Raise the individual amount to the family minimum, use `family_mode: aggregate`, or set `hsa_qualified: no`.",
)
HSA_OUT_OF_POCKET = declare_fault(
    "hsa-out-of-pocket-too-high",
    Severity.WARNING,
    "A plan marked hsa_qualified has no in-network out-of-pocket maximum, or one above the IRS limit of the year (26 "
    "U.S.C. 223(c)(2)(A)(ii)).",
    "Check the amount, or set `hsa_qualified: no`.",
)
HSA_FIRST_DOLLAR = declare_fault(
    "hsa-pays-before-deductible",
    Severity.WARNING,
    "A benefit of a plan marked hsa_qualified pays in-network before the deductible, because its first step is not a "
    "deductible (26 U.S.C. 223(c)(2)(C) excepts preventive care, which the language does not mark).",
    "Put a `deductible` step first, unless the benefit is preventive care.",
)
HSA_CARRYOVER = declare_fault(
    "hsa-carryover",
    Severity.WARNING,
    "A deductible of a plan marked hsa_qualified has a carry-over from the last quarter. The deductible of the next "
    "year may then be below the IRS minimum (26 U.S.C. 223(c)(2)(A)(i)).",
    "Remove `carryover`, or set `hsa_qualified: no`.",
)

_ABOVE_LIMIT = sentence("out-of-pocket-above-federal-limit-amount", "amount", "accumulator", "year")
_LIMIT = sentence("out-of-pocket-above-federal-limit-is", "individual", "family", "source")
_MINIMUM = sentence("hsa-deductible-minimum", "year", "individual", "family", "source")
_BELOW_MINIMUM = sentence("hsa-deductible-too-low-amount", "amount", "deductible")
_HSA_LIMIT = sentence("hsa-out-of-pocket-limit", "year", "individual", "family", "source")
_ABOVE_HSA_LIMIT = sentence("hsa-out-of-pocket-too-high-amount", "amount", "accumulator")
_NO_MAXIMUM = sentence("hsa-out-of-pocket-too-high-no-maximum", "tier")
_NO_DEDUCTIBLE = sentence("hsa-deductible-too-low-no-deductible", "tier")
_BELOW_FAMILY_MINIMUM = sentence("hsa-embedded-deductible-too-low-below-family-minimum", "amount", "deductible")
_PAYS_BEFORE = sentence("hsa-pays-before-deductible-pays-before", "benefit")
_DEDUCTIBLE_FIRST = sentence("hsa-pays-before-deductible-deductible-first")
_HAS_CARRYOVER = sentence("hsa-carryover-has-carryover", "deductible")
_REMOVE_CARRYOVER = sentence("hsa-carryover-remove-carryover")


def check_out_of_pocket_maxima(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """In-network maxima against the year's limit (45 CFR 156.130(a)(2); per person since 2016: ACA FAQ part XXVII)."""
    for plan, tier, limits in _bound_plans(rules):
        accumulator = tier_out_of_pocket_maximum(plan, tier)
        if accumulator is not None:
            yield from _above_aca(accumulator, limits.out_of_pocket_maximum, plan)


def _bound_plans(rules: RuleSet) -> Iterator[tuple[Plan, Tier, FederalLimits]]:
    """Each plan edition whose year has published limits, with its first tier."""
    for plan in plans(rules):
        tier, limits = first_tier(plan), federal_limits(plan.heading.effective.start.year)
        if tier is not None and limits is not None:
            yield plan, tier, limits


def _bound_hsa_plans(rules: RuleSet) -> Iterator[tuple[Plan, Tier, FederalLimits]]:
    return (bound for bound in _bound_plans(rules) if bound[0].hsa_qualified)


def _above_aca(accumulator: Accumulator, limit: FederalLimit, plan: Plan) -> Iterator[Diagnostic]:
    year = plan.heading.effective.start.year
    excess = _excess(accumulator, limit)
    if excess is not None:
        yield ABOVE_ACA_LIMIT.at(
            accumulator.at,
            _ABOVE_LIMIT(amount=excess, accumulator=accumulator.id, year=str(year)),
            _LIMIT(**_amounts(limit)),
        )


def _amounts(limit: FederalLimit) -> dict[str, str]:
    """The arguments of a sentence about a federal limit."""
    individual, family = written(limit.individual_cents), written(limit.family_cents)
    return {"individual": individual, "family": family, "source": limit.source}


def _excess(accumulator: Accumulator, limit: FederalLimit) -> Message | None:
    """The first amount of `accumulator` above `limit`, in words; an amount not given is not judged."""
    alone, individual, family = accumulator.self_only, accumulator.individual, accumulator.family
    if alone is not None and alone > limit.individual_cents:
        return SELF_ONLY_AMOUNT(amount=written(alone))
    if individual is not None and individual > limit.individual_cents:
        return INDIVIDUAL_AMOUNT(amount=written(individual))
    if family is not None and family > limit.family_cents:
        return FAMILY_AMOUNT(amount=written(family))
    is_aggregate = accumulator.family_mode is FamilyMode.AGGREGATE
    if is_aggregate and family is not None and family > limit.individual_cents:
        return AGGREGATE_FAMILY_AMOUNT(amount=written(family))
    return None


def check_hsa_deductibles(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Deductibles of HSA-qualified plans against the minimum (26 U.S.C. 223(c)(2)(A)(i))."""
    for plan, tier, limits in _bound_hsa_plans(rules):
        deductible = tier_deductible(plan, tier)
        if deductible is not None:
            yield from _deductible_too_low(deductible, limits.hsa_minimum_deductible, plan)
        elif tier.deductible is None:
            yield HSA_DEDUCTIBLE.at(
                tier.at,
                _NO_DEDUCTIBLE(tier=tier.id),
                _minimum(limits.hsa_minimum_deductible, plan),
            )


def _minimum(limit: FederalLimit, plan: Plan) -> Message:
    return _MINIMUM(year=str(plan.heading.effective.start.year), **_amounts(limit))


def _deductible_too_low(deductible: Accumulator, limit: FederalLimit, plan: Plan) -> Iterator[Diagnostic]:
    alone, individual, family = deductible.alone, deductible.individual, deductible.family
    is_embedded = deductible.family_mode is FamilyMode.EMBEDDED and family is not None
    low = None
    if alone is not None and alone < limit.individual_cents:
        low = (INDIVIDUAL_AMOUNT if deductible.self_only is None else SELF_ONLY_AMOUNT)(amount=written(alone))
    elif family is not None and family < limit.family_cents:
        low = FAMILY_AMOUNT(amount=written(family))
    if low is not None:
        finding = _BELOW_MINIMUM(amount=low, deductible=deductible.id)
        yield HSA_DEDUCTIBLE.at(deductible.at, finding, _minimum(limit, plan))
    elif individual is not None and is_embedded and individual < limit.family_cents:
        yield HSA_EMBEDDED_DEDUCTIBLE.at(
            deductible.at,
            _BELOW_FAMILY_MINIMUM(amount=written(individual), deductible=deductible.id),
            _minimum(limit, plan),
        )


def check_hsa_out_of_pocket_maxima(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Out-of-pocket maxima of HSA-qualified plans against the limit (26 U.S.C. 223(c)(2)(A)(ii))."""
    for plan, tier, limits in _bound_hsa_plans(rules):
        limit = limits.hsa_out_of_pocket_maximum
        accumulator = tier_out_of_pocket_maximum(plan, tier)
        advice = _HSA_LIMIT(year=str(plan.heading.effective.start.year), **_amounts(limit))
        if accumulator is not None and (excess := _above_hsa_limit(accumulator, limit)) is not None:
            finding = _ABOVE_HSA_LIMIT(amount=excess, accumulator=accumulator.id)
            yield HSA_OUT_OF_POCKET.at(accumulator.at, finding, advice)
        elif accumulator is None and all(word in plan.accumulators for word in tier.capping):
            yield HSA_OUT_OF_POCKET.at(tier.at, _NO_MAXIMUM(tier=tier.id), advice)


def _above_hsa_limit(accumulator: Accumulator, limit: FederalLimit) -> Message | None:
    alone = accumulator.alone
    if alone is None and accumulator.family is None:
        return UNLIMITED_AMOUNT()
    if alone is not None and alone > limit.individual_cents:
        return (INDIVIDUAL_AMOUNT if accumulator.self_only is None else SELF_ONLY_AMOUNT)(amount=written(alone))
    if accumulator.family is not None and accumulator.family > limit.family_cents:
        return FAMILY_AMOUNT(amount=written(accumulator.family))
    return None


def check_hsa_first_dollar(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """In-network step lists of HSA-qualified plans that do not begin with a deductible (26 U.S.C. 223(c)(2)(A))."""
    for plan in plans(rules):
        tier = first_tier(plan) if plan.hsa_qualified else None
        for benefit in plan.benefits.values() if tier is not None else ():
            block = benefit.tiers.get(tier.id) if tier is not None else None
            for phase in block.member_pays if block is not None else ():
                if not phase.steps or not isinstance(phase.steps[0], DeductibleStep):
                    yield HSA_FIRST_DOLLAR.at(
                        phase.steps[0].at if phase.steps else phase.at,
                        _PAYS_BEFORE(benefit=benefit.id),
                        _DEDUCTIBLE_FIRST(),
                    )


def check_hsa_carryover(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Deductibles of HSA-qualified plans with a fourth-quarter carry-over (26 U.S.C. 223(c)(2)(A)(i))."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values() if plan.hsa_qualified else ():
            if accumulator.kind is AccumulatorKind.DEDUCTIBLE and accumulator.carryover is not Carryover.NONE:
                yield HSA_CARRYOVER.at(
                    accumulator.at,
                    _HAS_CARRYOVER(deductible=accumulator.id),
                    _REMOVE_CARRYOVER(),
                )
