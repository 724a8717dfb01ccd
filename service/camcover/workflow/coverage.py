"""Whether a therapy is covered for this member on this day, and under which terms. It needs no prices.

What comes in: a member and one service. What goes out: `CoverageAnswer`: the engine's own verdict on one session, and
the benefit's terms as messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from camcover.calendar import ordinal_of
from camcover.engine import EstimateRequest, Tables, evaluate
from camcover.engine.estimate import Citation, Estimate, Line, Reason
from camcover.engine.request import PlannedService, Procedure
from camcover.engine.telling.assumed import terms_assumed_message
from camcover.engine.telling.citing import rule_place
from camcover.messages import Message
from camcover.money import Cents
from camcover.rulebook.records import Benefit, Limit, Phase, Plan, TierBenefit
from camcover.rulebook.term_messages import (
    account_terms,
    limit_terms,
    payment,
    phase_steps,
    provider_liable,
    requirement,
)

__all__ = [
    "AccountTerms",
    "AccumulatorTerms",
    "CoverageAnswer",
    "LimitTerms",
    "RequirementTerms",
    "TierTerms",
    "account_terms_of",
    "check_coverage",
    "limit_terms_of",
    "requirement_terms_of",
    "tier_terms",
]

_NOMINAL_CENTS = Cents(10_000)
"""What a session is taken to cost where no price is given: coverage does not depend on it."""


@dataclass(frozen=True, slots=True)
class TierTerms:
    """What the member pays in a tier, step by step; `phases` are the same as records.

    `provider_liable`: the denials that are the provider's, None = there are none. `payment`: who receives the plan's
    payment, None = the provider.
    """

    tier: str
    member_pays: tuple[Message, ...]
    provider_liable: Message | None = None
    payment: Message | None = None
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitTerms:
    """A limit, its wording, and its place in the file.

    `record`: the same as a record. `left`: what is left behind the session in the limit's measure; None: the session
    does not count toward it, or nothing can be said.
    """

    limit: str
    message: Message
    rule: str
    record: Limit
    left: int | None = None

    @property
    def text(self) -> str:
        """The same in English."""
        return self.message.text


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """An account that may pay the member's share, its wording, and its place in the file."""

    account: str
    message: Message
    rule: str

    @property
    def text(self) -> str:
        """The same in English."""
        return self.message.text


@dataclass(frozen=True, slots=True)
class AccumulatorTerms:
    """A sum of the member's before the session, cents. Maximum None = unlimited, used None = not known."""

    accumulator: str
    maximum_cents: int | None
    used_cents: int | None

    @property
    def left_cents(self) -> int | None:
        """What is left until the maximum; None = unlimited, or not known."""
        if self.maximum_cents is None or self.used_cents is None:
            return None
        return max(self.maximum_cents - self.used_cents, 0)


@dataclass(frozen=True, slots=True)
class RequirementTerms:
    """An attestation that a benefit asks for, its wording, and its place in the file.

    `penalty`: without it the plan pays less by so many basis points; `penalty_cents`: less by so many cents a visit;
    neither = the plan pays nothing. `after`: the number of visits that do not need it, None = every visit needs it.
    `visits_of`: the limit that counts these visits, empty = the benefit's visits in the benefit period.
    """

    attestation: str
    message: Message
    penalty: int | None
    after: int | None
    rule: str
    visits_of: str = ""
    penalty_cents: int | None = None

    @property
    def text(self) -> str:
        """The same in English."""
        return self.message.text


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """The verdict on one session, and the terms of the benefit that decides it (empty if none does).

    `terms_assumed`: the date lies behind the plan's last edition, whose terms are assumed to go on
    (docs/rule-language.md, point 37). `terms_message` says so; else it is None.
    """

    plan_id: str
    date: date
    covered: bool
    reason: Reason
    message: Message
    benefit: str
    tier: str
    terms: tuple[TierTerms, ...]
    limits: tuple[LimitTerms, ...]
    requirements: tuple[RequirementTerms, ...]
    citations: tuple[Citation, ...]
    terms_assumed: bool
    terms_message: Message | None
    accounts: tuple[AccountTerms, ...] = ()
    accumulators: tuple[AccumulatorTerms, ...] = ()


def check_coverage(tables: Tables, request: EstimateRequest) -> CoverageAnswer:
    """The answer for the request's one service on its first date. Raises `InvalidRequest`."""
    service = request.items[0]
    asked = request._replace(items=(_one_session(service),), explain=True)
    estimate = evaluate(tables, asked)
    line = next((line for line in estimate.lines if not line.covered), estimate.lines[0])
    plan = _plan(tables, request.plan_id, line)
    benefit = plan.benefits.get(line.benefit) if plan else None
    return CoverageAnswer(
        plan_id=request.plan_id,
        date=line.date,
        covered=line.covered,
        reason=line.reason,
        message=line.steps[1 if len(line.steps) > 1 else 0].message,
        benefit=line.benefit,
        tier=line.tier,
        terms=tuple(tier_terms(plan, block) for block in benefit.tiers.values()) if plan and benefit else (),
        limits=_limits(benefit, estimate, service) if benefit else (),
        requirements=requirement_terms_of(benefit) if benefit else (),
        citations=estimate.citations,
        terms_assumed=line.terms_assumed,
        terms_message=terms_assumed_message(tables.plans[request.plan_id]) if line.terms_assumed else None,
        accounts=account_terms_of(plan, line.benefit, line.therapy, line.code) if plan else (),
        accumulators=tuple(_accumulators(estimate, request)),
    )


def _limits(benefit: Benefit, estimate: Estimate, service: PlannedService) -> tuple[LimitTerms, ...]:
    """The limits of a benefit, with what is left of them behind the session.

    What is left of money is known only where every code of the session has a price.
    """
    is_priced = _has_price(service) or (bool(service.procedures) and all(map(_has_price, service.procedures)))
    left = {
        each.limit: max(each.allowed - each.used, 0) for each in estimate.limits_after if is_priced or not each.money
    }
    return tuple(replace(each, left=left.get(each.limit)) for each in limit_terms_of(benefit))


def _accumulators(estimate: Estimate, request: EstimateRequest) -> Iterator[AccumulatorTerms]:
    """The sums of the member, as the request states them."""
    used = {each.accumulator: each.used_cents for each in request.members[0].use.accumulators}
    for each in estimate.accumulators_after:
        if each.member_id:
            yield AccumulatorTerms(each.accumulator, each.maximum_cents, used.get(each.accumulator))


def _one_session(service: PlannedService) -> PlannedService:
    """The first session alone, with a charge for whatever has none; all of them where a date comes twice (point 38).

    The engine refuses those, together with whatever else is wrong.
    """
    dates = service.dates
    if dates and len(set(dates)) == len(dates):
        dates = (min(dates),)
    if service.procedures and not _has_price(service):
        procedures = tuple(each._replace(charge_cents=_charge(each)) for each in service.procedures)
        return service._replace(dates=dates, procedures=procedures)
    return service._replace(dates=dates, charge_cents=_charge(service))


def _has_price(priced: PlannedService | Procedure) -> bool:
    """Whether the request gives a charge or an allowed amount. A session's own amount is that of its one code."""
    return priced.charge_cents is not None or priced.allowed_cents is not None


def _charge(priced: PlannedService | Procedure) -> Cents:
    """The charge, else the allowed amount, which a lower charge would cut, else a nominal one."""
    return next((cents for cents in (priced.charge_cents, priced.allowed_cents) if cents is not None), _NOMINAL_CENTS)


def _plan(tables: Tables, plan_id: str, line: Line) -> Plan | None:
    """The edition whose terms hold on the line's date, in force or assumed (point 37)."""
    segment = tables.plans[plan_id].terms_on(ordinal_of(line.date))
    return segment.plan if segment else None


def tier_terms(plan: Plan, block: TierBenefit) -> TierTerms:
    """The steps of a tier block, and the other terms that its plan's tier gives."""
    tier = plan.tiers[block.tier]
    liable = tier.provider_liable
    return TierTerms(
        str(block.tier),
        tuple(step for phase in block.member_pays for step in phase_steps(phase)),
        provider_liable(liable) if liable else None,
        payment(tier),
        block.member_pays,
    )


def limit_terms_of(benefit: Benefit) -> tuple[LimitTerms, ...]:
    """The limits of a benefit."""
    return tuple(LimitTerms(str(each.id), limit_terms(each), rule_place(each.at), each) for each in benefit.limits)


def account_terms_of(plan: Plan, benefit: str, therapy: str, code: str) -> tuple[AccountTerms, ...]:
    """The accounts of a plan that are for lines of a benefit, therapy and code."""
    return tuple(
        AccountTerms(str(each.id), account_terms(each), rule_place(each.at))
        for each in plan.accounts.values()
        if each.is_for(benefit, therapy, code)
    )


def requirement_terms_of(benefit: Benefit) -> tuple[RequirementTerms, ...]:
    """What a benefit asks for."""
    return tuple(
        RequirementTerms(
            str(each.attestation),
            requirement(each),
            each.penalty,
            each.after,
            rule_place(each.at),
            str(each.visits_of or ""),
            each.penalty_cents,
        )
        for each in benefit.requires
    )
