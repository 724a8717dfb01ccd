"""The request that a test in a rule file stands for (docs/rule-language.md, section 9)."""

from __future__ import annotations

from collections.abc import Mapping

from camcover.engine.request import (
    AccountBalance,
    AccumulatorUse,
    BenefitVisits,
    Coverage,
    EpisodeStart,
    EstimateRequest,
    LimitUse,
    Member,
    Membership,
    PlannedService,
    PriorVisit,
    Procedure,
    UseSoFar,
)
from camcover.money import Cents
from camcover.rulebook.records import Limit, Measure, Plan, TestGiven, TestItem, TestProcedure

__all__ = ["request_of_test"]


def request_of_test(plan: Plan, given: TestGiven) -> EstimateRequest:
    """The request that a test's `given` stands for."""
    ids = list(dict.fromkeys(item.member or "1" for item in given.items))
    sums = tuple(AccumulatorUse(name, Cents(cents)) for name, cents in given.used.items() if name in plan.accumulators)
    limits = {str(limit.id): limit for benefit in plan.benefits.values() for limit in benefit.limits}
    use = UseSoFar(
        accumulators=sums,
        limit_usage=tuple(_limit_use(limits[name], amount) for name, amount in given.used.items() if name in limits),
        benefit_visits=tuple(BenefitVisits(name, visits) for name, visits in given.benefit_visits.items()),
        prior_visits=tuple(PriorVisit(name, day) for name, days in given.prior_visits.items() for day in days),
    )
    membership = Membership(
        given.covered_from,
        given.covered_to,
        given.role or "",
        given.status or "",
        given.enrolled_on,
        given.wellness_incentive,
    )
    members = [Member(name, given.birth_date, given.age, given.state or "", membership=membership) for name in ids]
    episodes = tuple(EpisodeStart(str(name), day) for name, day in given.episodes.items())
    members[0] = members[0]._replace(use=use, account_balances=_balances(given.balances), episodes=episodes)
    return EstimateRequest(
        plan_id=str(plan.heading.id),
        items=tuple(_service(item) for item in given.items),
        members=tuple(members),
        coverage=Coverage.FAMILY if _is_family(given) or len(ids) > 1 else Coverage.SELF_ONLY,
        family_accumulators=tuple(AccumulatorUse(name, Cents(cents)) for name, cents in given.family_used.items()),
        as_of=given.as_of,
        assume_requirements=given.assume_requirements,
        family_account_balances=_balances(given.family_balances),
    )


def _is_family(given: TestGiven) -> bool:
    """Whether a test says that the coverage is a family's, or states sums or balances of one (point 38)."""
    return given.family or bool(given.family_used or given.family_balances)


def _balances(stated: Mapping[str, int]) -> tuple[AccountBalance, ...]:
    return tuple(AccountBalance(str(name), Cents(cents)) for name, cents in stated.items())


def _limit_use(limit: Limit, amount: int) -> LimitUse:
    """Usage in the limit's own measure."""
    if limit.measure is Measure.MONEY:
        return LimitUse(str(limit.id), used_cents=Cents(amount))
    return LimitUse(str(limit.id), used=amount)


def _service(item: TestItem) -> PlannedService:
    """One service of a test."""
    return PlannedService(
        dates=item.dates,
        member_id=item.member or "",
        therapy=item.therapy or "",
        procedures=tuple(map(_procedure, item.codes)),
        charge_cents=item.charge,
        allowed_cents=item.allowed,
        practitioner=item.practitioner or "",
        setting=item.setting,
        tier=item.tier or "",
        state=item.state or "",
        diagnoses=item.diagnoses,
        conditions=item.conditions,
        attestations=item.attestations,
        place_of_service=item.place_of_service or "",
        taxonomy=item.taxonomy or "",
        episode=item.episode or "",
        first_service=item.first_service,
        facility=item.facility or "",
    )


def _procedure(each: TestProcedure) -> Procedure:
    """One code of a test's session."""
    modifiers = tuple(map(str, each.modifiers))
    return Procedure(str(each.code), each.units, each.charge, each.allowed, modifiers, each.minutes)
