"""The accumulators and limits of a plan that a sum or a limit of a payer's answer may be.

What comes in: a fact and the plan's edition. What goes out: `Match`: one id, or why there is none. The amount decides:
the payer's total must be what the plan's file says. What is left of another total would be a certain number that is
wrong, where an unknown one gives a range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from camcover.exchange.eligibility.records import (
    BenefitNetwork,
    CoverageLevel,
    EligibilityFact,
    FactKind,
    FactUnit,
    NoteKind,
)
from camcover.money import dollars
from camcover.rulebook.records import (
    MOVING,
    AboveAllowedKind,
    Accumulator,
    AccumulatorKind,
    Benefit,
    DeductibleStep,
    Limit,
    Measure,
    PeriodKind,
    Plan,
    Therapy,
)

__all__ = ["Match", "amount_told", "benefits_for", "match_accumulator", "match_limit", "networks_of_tiers"]

Word = TypeVar("Word", Accumulator, Limit)

_IN, _OUT = BenefitNetwork.IN, BenefitNetwork.OUT

_MEASURES = {
    FactUnit.VISITS: Measure.VISITS,
    FactUnit.UNITS: Measure.UNITS,
    FactUnit.MINUTES: Measure.MINUTES,
    FactUnit.CENTS: Measure.MONEY,
}

_YEAR = frozenset({PeriodKind.BENEFIT_PERIOD, PeriodKind.CALENDAR_YEAR})
_PERIODS = {
    "": frozenset(PeriodKind),
    "21": _YEAR,
    "22": frozenset({PeriodKind.BENEFIT_PERIOD}),
    "23": _YEAR,
    "25": frozenset({PeriodKind.BENEFIT_PERIOD}),
    "26": frozenset({PeriodKind.EPISODE}),
    "32": frozenset({PeriodKind.LIFETIME}),
}
"""The periods of a plan's limit that X12's time period qualifier of a total may be."""


class Match(NamedTuple):
    """The id of an accumulator or limit, empty = none; why there is none; of what kind that is.

    `most`: what the plan allows in all; None = without an end.
    """

    id: str = ""
    most: int | None = None
    why: str = ""
    kind: NoteKind = NoteKind.NOT_USED


class _Words(NamedTuple, Generic[Word]):
    """What a fact may be in the plan, the amounts of each, and whether one of several fits closer."""

    all: Sequence[Word]
    amounts: Callable[[Word], set[int | None]]
    is_closer: Callable[[Word], bool]


def networks_of_tiers(plan: Plan) -> Mapping[str, BenefitNetwork]:
    """The network of each tier: where the part above the allowed amount is written off, providers have a contract."""
    return {
        tier.id: _IN if tier.above_allowed.kind is AboveAllowedKind.WRITTEN_OFF else _OUT
        for tier in plan.tiers.values()
    }


def match_accumulator(fact: EligibilityFact, plan: Plan) -> Match:
    """The accumulator that a deductible or an out-of-pocket maximum is."""
    kind = AccumulatorKind.DEDUCTIBLE if fact.kind is FactKind.DEDUCTIBLE else AccumulatorKind.OUT_OF_POCKET_MAXIMUM
    networks = _networks_of_accumulators(plan)
    of_kind = [each for each in plan.accumulators.values() if each.kind is kind]
    is_family = fact.level is CoverageLevel.FAMILY
    words = _Words(
        _within(of_kind, lambda each: networks.get(each.id, frozenset()), fact.network),
        lambda each: {each.family} if is_family else {each.individual, each.alone},
        lambda each: _is_exactly(networks.get(each.id, frozenset()), fact.network),
    )
    return _chosen(fact, words)


def match_limit(fact: EligibilityFact, plan: Plan, therapies: Mapping[str, Therapy]) -> Match:
    """The limit that a limit of visits, units, minutes or money is."""
    if fact.period not in _PERIODS:
        return Match(why="nothing is used before of a limit for a visit, a day, a week or a month")
    benefits = benefits_for(fact, plan, therapies)
    tiers = networks_of_tiers(plan)
    known = {limit.id: limit for benefit in benefits for limit in benefit.limits}
    fitting = [
        limit
        for limit in known.values()
        if limit.measure is _MEASURES[fact.unit] and limit.per.kind in _PERIODS[fact.period]
    ]
    moving = [limit.id for limit in fitting if limit.per.kind in MOVING or limit.counted_for is not None]
    fixed = [limit for limit in fitting if limit.id not in moving]
    if moving and not fixed:
        return Match(why=f"the plan's limit {moving[0]} counts from dates, persons or conditions that are not told")
    words = _Words(
        _within(fixed, lambda each: frozenset(tiers[name] for name in each.tiers or plan.tiers), fact.network),
        lambda each: {each.allow, *(age.amount for age in each.by_age)},
        lambda each: each.shared == fact.is_pool,
    )
    return _chosen(fact, words)


def benefits_for(fact: EligibilityFact, plan: Plan, therapies: Mapping[str, Therapy]) -> Sequence[Benefit]:
    """The benefits for the services of a fact; none of one that names no service."""
    wanted = {
        each.id
        for each in therapies.values()
        if each.service_type in fact.service_types or (fact.procedure and fact.procedure in each.codes)
    }
    codes = {code for each in wanted for code in therapies[each].codes} | ({fact.procedure} - {""})
    return [each for each in plan.benefits.values() if wanted & set(each.therapies) or codes & set(each.codes)]


def amount_told(fact: EligibilityFact, amount: int | None) -> str:
    """An amount in a fact's unit: `$1,500.00`, `20 visits`, `no end`."""
    if amount is None:
        return "no end"
    if fact.unit is FactUnit.CENTS:
        return dollars(amount)
    return f"{amount} {str(fact.unit).removesuffix('s') if amount == 1 else fact.unit}"


def _networks_of_accumulators(plan: Plan) -> Mapping[str, frozenset[BenefitNetwork]]:
    """The networks of the tiers that use each accumulator."""
    found: dict[str, set[BenefitNetwork]] = {}
    networks = networks_of_tiers(plan)
    for tier in plan.tiers.values():
        for name in (tier.deductible, *tier.counted, *tier.capping):
            if name is not None:
                found.setdefault(name, set()).add(networks[tier.id])
    for benefit in plan.benefits.values():
        for block in benefit.tiers.values():
            for step in (step for phase in block.member_pays for step in phase.steps):
                if isinstance(step, DeductibleStep) and step.accumulator:
                    found.setdefault(step.accumulator, set()).add(networks[block.tier])
    return {name: frozenset(some) for name, some in found.items()}


def _within(
    words: Iterable[Word], networks: Callable[[Word], frozenset[BenefitNetwork]], told: BenefitNetwork
) -> list[Word]:
    """Those that hold in a network; all where none is told."""
    return [each for each in words if told not in {_IN, _OUT} or told in networks(each)]


def _is_exactly(networks: frozenset[BenefitNetwork], told: BenefitNetwork) -> bool:
    """Whether an accumulator is for that network alone, or for both where both are told."""
    return networks == ({told} if told in {_IN, _OUT} else {_IN, _OUT})


def _chosen(fact: EligibilityFact, words: _Words[Word]) -> Match:
    """The one word that fits by its amount; of several, the one that fits closer."""
    thing = str(fact.kind).replace("_", " ")
    if not words.all:
        return Match(why=f"the plan has no {thing} that it may be")
    is_told = fact.total is not None or fact.is_unlimited
    fitting = [each for each in words.all if not is_told or fact.total in words.amounts(each)]
    if not fitting:
        plan = ", ".join(_of_plan(fact, each, words.amounts(each)) for each in words.all)
        why = f"the file says {amount_told(fact, fact.total)}; the plan says {plan}"
        return Match(why=why, kind=NoteKind.DISAGREES)
    best = fitting if len(fitting) == 1 else list(filter(words.is_closer, fitting))
    if len(best) != 1:
        names = ", ".join(each.id for each in fitting)
        return Match(why=f"the plan has several that it may be: {names}")
    told = words.amounts(best[0])
    most = fact.total if is_told else next(iter(told)) if len(told) == 1 else None
    return Match(best[0].id, most)


def _of_plan(fact: EligibilityFact, word: Word, amounts: set[int | None]) -> str:
    said = " or ".join(sorted(amount_told(fact, each) for each in amounts))
    return f"{said} ({word.id})"
