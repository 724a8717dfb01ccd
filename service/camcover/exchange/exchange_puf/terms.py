"""A plan of the exchanges as benefits: tiers, sums of both networks, limits that benefits share.

What comes in: an `ExchangePlan`. What goes out: a `DraftPlan`. What the files do not say is a note: cost shares that
are not stated (from nothing to the whole charge), limits that the language does not count, explanations of limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from camcover.exchange.exchange_puf.cost_shares import WHOLE_COST
from camcover.exchange.exchange_puf.in_notes import notes_of
from camcover.exchange.exchange_puf.records import ExchangeBenefit, ExchangePlan, FamilySum, PlanSums
from camcover.exchange.exchange_puf.shared_limits import is_shared, named_benefits
from camcover.exchange.one_visit import CHARGE, visit_test
from camcover.exchange.plan_text import DraftBenefit, DraftPlan, DraftSum, DraftTest, ShareRange, text_in_quotes
from camcover.exchange.shares import CostShare

__all__ = ["draft_of"]

FIRST, SECOND, OUTSIDE = "in_network", "in_network_second_tier", "out_of_network"

THERAPIES = {
    "acupuncture": "acupuncture",
    "chiropractic": "chiropractic",
    "massage": "therapeutic-massage",
    "fitness": "fitness-membership",
}
"""The therapy of a benefit, where it is not called like the benefit."""

TIMED = frozenset(
    {"acupuncture", "chiropractic", "massage", "psychotherapy", "nutrition-counseling", "diabetes-education"}
)
"""Benefits of whose codes the catalog knows the minutes, so that hours can be counted."""

_VISITS = {
    "acupuncture": "therapy: acupuncture, practitioner: acupuncturist",
    "chiropractic": "therapy: chiropractic, practitioner: chiropractor",
    "massage": "therapy: therapeutic-massage, practitioner: massage-therapist",
    "psychotherapy": "therapy: psychotherapy, practitioner: psychologist",
    "nutrition-counseling": "therapy: nutrition-counseling, practitioner: dietitian",
}


class _Pool(NamedTuple):
    """A limit of the plan, by its name, and the YAML of it."""

    name: str
    text: str


def draft_of(plan: ExchangePlan, source: str, fees: str = "") -> DraftPlan:
    """A plan's draft. `source`: YAML of the source `puf`, from which the figures come; `fees`: a fee file's id."""
    pools = {name: pool for name, benefit in plan.benefits.items() if (pool := _pool(plan, name, benefit)) is not None}
    benefits = tuple(_benefit(plan, name, benefit, pools.get(name)) for name, benefit in sorted(plan.benefits.items()))
    return DraftPlan(
        id=plan.rule_id,
        name=f"{plan.name}, {plan.id}",
        payer_id=f"issuer-{plan.issuer_id}",
        payer=plan.issuer,
        first=date(plan.year, 1, 1),
        last=date(plan.year, 12, 31),
        notes=notes_of(plan, {name for name, pool in pools.items() if pool}, has_fees=bool(fees)),
        sources={"puf": source},
        tiers=dict(_tiers(plan)),
        benefits=benefits,
        sums=tuple(_sums(plan)),
        limits={pool.name: pool.text for pool in pools.values()},
        exclusions=tuple(_exclusions(plan)),
        tests=() if fees else tuple(_tests(plan, benefits)),
        fees=fees,
        hsa_qualified=plan.hsa,
    )


# Sums and tiers

_KINDS = (("deductible", "deductible", "deductible"), ("moop", "out_of_pocket_maximum", "maximum out of pocket"))
_PLACES = (
    ("in", "in network"),
    ("second", "second tier in network"),
    ("out", "out of network"),
    ("combined", "in and out of network"),
)


def _sums(plan: ExchangePlan) -> Iterator[DraftSum]:
    """The accumulators that tiers use."""
    used = {*_names(plan, plan.deductible, "deductible"), *_names(plan, plan.maximum, "moop")}
    for (kind, word, words), sums in zip(_KINDS, (plan.deductible, plan.maximum), strict=True):
        for (place, where), family in zip(_PLACES, sums, strict=True):
            name = f"{kind}_{place}"
            if name in used:
                yield _sum(name, word, family, f"puf {words}, {where}")


def _names(plan: ExchangePlan, sums: PlanSums, kind: str) -> Iterator[str]:
    """The names of the sums of a kind that some tier uses."""
    for _, own in _own(plan, sums):
        yield from (f"{kind}_{place}" for place in own)


def _own(plan: ExchangePlan, sums: PlanSums) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The places of the sums of each tier, its own first: the combined one stands in, or beside it."""
    both = ("combined",) if _counts(sums.combined) else ()
    tiers = ((FIRST, "in", sums.first), (SECOND, "second", sums.second), (OUTSIDE, "out", sums.outside))
    for tier, place, family in tiers:
        if tier != SECOND or plan.two_tiers:
            yield tier, ((place, *both) if _counts(family) else both)


def _counts(family: FamilySum) -> bool:
    """Whether a sum is stated for one person."""
    return family.individual is not None or family.person is not None


def _sum(name: str, kind: str, family: FamilySum, cite: str) -> DraftSum:
    """An accumulator: embedded where a person of a family has an amount, else the family's alone counts."""
    alone = family.individual if family.individual is not None else family.person
    person = family.person
    if alone is None:
        raise ValueError("a sum without an amount for one person")
    if family.group is None:
        return DraftSum(name, kind, alone, None, cite)
    if person is None:
        return DraftSum(name, kind, alone, max(family.group, alone), cite, mode="aggregate")
    self_only = alone if alone != person else None
    return DraftSum(name, kind, person, max(family.group, person), cite, self_only=self_only)


def _tiers(plan: ExchangePlan) -> Iterator[tuple[str, str]]:
    """The tiers with their sums. A deductible of both networks stands in where a tier has none of its own."""
    maxima = dict(_own(plan, plan.maximum))
    for tier, places in _own(plan, plan.deductible):
        lines = [f"deductible: {f'deductible_{places[0]}' if places else 'none'}"]
        own = maxima[tier]
        lines.append(f"out_of_pocket_maximum: {f'moop_{own[0]}' if own else 'none'}")
        if len(own) > 1:
            lines += ["counts_toward: [moop_combined]", "capped_by: [moop_combined]"]
        lines.append(f"above_allowed: {'member' if tier == OUTSIDE else 'written_off'}")
        yield tier, "\n".join(lines)


# Benefits


def _benefit(plan: ExchangePlan, name: str, benefit: ExchangeBenefit, pool: _Pool | None) -> DraftBenefit:
    """A covered benefit."""
    has_deductible = {tier: bool(places) for tier, places in _own(plan, plan.deductible)}
    tiers: dict[str, ShareRange | None] = {FIRST: _range(benefit.first, is_inside=True)}
    if plan.two_tiers:
        tiers[SECOND] = _range(benefit.second, is_inside=True) if benefit.second is not None else tiers[FIRST]
    tiers[OUTSIDE] = _range(benefit.outside, is_inside=False)
    return DraftBenefit(
        name,
        (THERAPIES.get(name, name),),
        {tier: _without(found, has_deductible=has_deductible[tier]) for tier, found in tiers.items()},
        f"puf {benefit.name}, {benefit.printed}",
        limits=() if pool is None else (pool.name,),
        counts=benefit.counts_inside,
    )


def _range(share: CostShare | None, *, is_inside: bool) -> ShareRange | None:
    """What a tier states: where nothing is stated, from nothing to all; outside, nothing or 100 % is not covered."""
    if share is None:
        return ShareRange(CostShare(), CostShare(points=WHOLE_COST)) if is_inside else None
    if not is_inside and share.points == WHOLE_COST and not share.copay:
        return None
    return ShareRange(share, share)


def _without(found: ShareRange | None, *, has_deductible: bool) -> ShareRange | None:
    """The same without the deductible in a tier that has none."""
    if found is None or has_deductible:
        return found
    return ShareRange(*(CostShare(each.copay, each.points, combined=each.combined) for each in found))


def _pool(plan: ExchangePlan, name: str, benefit: ExchangeBenefit) -> _Pool | None:
    """The limit of a benefit, by one name for all benefits that share it; None where there is none to count."""
    limit = benefit.limit
    if limit is None or not limit.allow or ("hours" in limit.allow and name not in TIMED):
        return None
    sharing = sorted(_sharing(plan, name))
    called = f"{'-and-'.join(sharing)}-limit"
    cite = text_in_quotes(f"puf {plan.benefits[sharing[0]].name}, {limit.words}")
    return _Pool(called, f"{{allow: {limit.allow}, per: {limit.per}, cite: {cite}}}")


def _sharing(plan: ExchangePlan, name: str) -> set[str]:
    """The benefits that share a limit with one, itself among them: what shares with one of them shares with all."""
    found = {name}
    while True:
        more = {other for other in plan.benefits if any(_is_one_count(plan, each, other) for each in found)} - found
        if not more:
            return found
        found |= more


def _is_one_count(plan: ExchangePlan, name: str, other: str) -> bool:
    """Whether two benefits have the same limit, and the explanation of one says that it shares it with the other."""
    one, two = plan.benefits[name], plan.benefits[other]
    if one.limit is None or one.limit != two.limit:
        return False
    pairs = ((one.explanation, other), (two.explanation, name))
    return any(is_shared(text) and named in named_benefits(text) for text, named in pairs)


def _exclusions(plan: ExchangePlan) -> Iterator[str]:
    """What the file says is not covered."""
    for name in sorted(plan.excluded):
        therapy = THERAPIES.get(name, name)
        yield f"{{therapies: [{therapy}], reason: not_covered, cite: {text_in_quotes(f'puf {name}, not covered')}}}"


def _tests(plan: ExchangePlan, benefits: tuple[DraftBenefit, ...]) -> Iterator[DraftTest]:
    """One visit of each benefit in the first tier, where a visit costs less than each maximum."""
    own: Mapping[str, tuple[str, ...]] = dict(_own(plan, plan.maximum))
    amounts = {"in": plan.maximum.first, "combined": plan.maximum.combined}
    most = min((_of_one(amounts[place]) for place in own[FIRST]), default=CHARGE)
    places = dict(_own(plan, plan.deductible))[FIRST]
    sums = {"in": plan.deductible.first, "combined": plan.deductible.combined}
    deductible = _of_one(sums[places[0]]) if places else 0
    for benefit in benefits:
        found = benefit.tiers[FIRST]
        if found is None or benefit.id not in _VISITS:
            continue
        visit = f"age: 40, {_VISITS[benefit.id]}, tier: {FIRST}, dates: [{plan.year}-03-02]"
        cap = most if benefit.counts else CHARGE
        yield visit_test(benefit, found.high, min(found.high.of_visit(CHARGE, deductible), cap), visit)


def _of_one(family: FamilySum) -> int:
    """The amount of self-only coverage."""
    return next((each for each in (family.individual, family.person) if each is not None), 0)
