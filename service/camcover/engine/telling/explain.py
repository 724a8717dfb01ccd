"""One line of the ledger as messages to a patient: each step, its amount, and the place and source of its rule.

What comes in: a ledger row and the records behind its numbers. What goes out: `ExplainedStep`s in the order of
adjudication. They are made only if a request asks for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from camcover.engine.asking.question import LineRest
from camcover.engine.compiling.segments import Segment
from camcover.engine.compiling.sources import Sources
from camcover.engine.estimate import ExplainedStep, Reason
from camcover.engine.facts import OpenFact
from camcover.engine.kernel.codes import Liability
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import NO_MEMBERSHIP, Membership
from camcover.engine.telling.behind import Behind
from camcover.engine.telling.citing import citation_text, rule_place
from camcover.engine.telling.reasons import BY_NO_RULE, NOT_GIVEN, OF_MEMBER, REASONS, by_no_rule, of_member
from camcover.messages import Dollars, Label, Message, Rate, WordList, either, sentence
from camcover.money import Cents
from camcover.rulebook.records import (
    Accumulator,
    AccumulatorKind,
    BandedCopayStep,
    Benefit,
    CoinsuranceStep,
    ComparedStep,
    CopayStep,
    DeductibleStep,
    Exclusion,
    FeeTable,
    Heading,
    NotCoveredPays,
    NothingStep,
    Place,
    Tier,
)
from camcover.rulebook.term_messages import attestation, attested, step_words, what_limit_allows

_EXCLUDED = sentence("reason-excluded")
_EXCLUDED_BECAUSE = sentence("reason-excluded-because", "why")
_REQUIREMENT_MISSING = sentence("reason-requirement-missing", "attestation")
_LIMIT_REACHED = sentence("reason-limit-reached", "limit")
_ATTESTATION_NOT_COVERED = sentence("reason-attestation-not-covered", "attested")
_CHARGE = sentence("step-charge", "charge")
_CHARGE_ALLOWED = sentence("step-charge-allowed", "charge", "allowed")
_TYPICAL_CHARGE = sentence("step-typical-charge", "charge")
_TYPICAL_CHARGE_ALLOWED = sentence("step-typical-charge-allowed", "charge", "allowed")
_PRICE_WITH_NOTE = sentence("step-price-with-note", "price", "note")
_FEE_FOR_VISIT = sentence("fee-for-visit")
_FEE_OF_EXPENSE = sentence("fee-of-practice-expense", "rate")
_FEE_PER_DAY = sentence("fee-at-most-per-day", "amount")
_COVERED = sentence("step-covered", "benefit")
_NOTHING_DUE = sentence("step-nothing-due")
_DEDUCTIBLE = sentence("step-deductible", "amount")
_DEDUCTIBLE_OF_SEVERAL = sentence("step-deductible-of-several", "amount", "deductible")
_NO_DEDUCTIBLE = sentence("step-deductible-none")
_LESS_DEDUCTIBLE = sentence("step-deductible-less", "deductible", "less")
_COPAY = sentence("step-copay", "amount", "copay")
_NO_COPAY = sentence("step-copay-none", "copay")
_COINSURANCE = sentence("step-coinsurance", "amount", "coinsurance")
_NO_COINSURANCE = sentence("step-coinsurance-none", "coinsurance")
_COMPARED = sentence("step-compared", "amount", "step")
_COMPARED_NONE = sentence("step-compared-none", "step")
_MAXIMUM = sentence("step-maximum", "amount")
_MAXIMUM_OF_SEVERAL = sentence("step-maximum-of-several", "count", "maximums", "amount")
_PENALTY = sentence("step-penalty", "attestations", "amount")
_PLAN_PAYS = sentence("step-plan-pays", "amount")
_PLAN_PAYS_NOTHING = sentence("step-plan-pays-nothing")
_PROVIDER_BEARS_UNITS = sentence("step-provider-bears-units", "amount")
_LIMIT = sentence("step-limit", "limit", "amount")
_LIMIT_WITH_LIABILITY = sentence("step-limit-with-liability", "limit", "amount", "liability")
_HANDED_ON = sentence("step-handed-on", "limit", "amount", "benefit")
_BALANCE_BILL = sentence("step-balance-bill", "amount")
_WRITTEN_OFF = sentence("step-written-off", "amount")
_DENIED_WITH_LIABILITY = sentence("step-denied-with-liability", "reason", "liability")
_MAY_NOT_BILL = sentence("step-provider-may-not-bill", "amount")
_DISCOUNT = sentence("step-discount", "rate")
_NO_MORE_THAN_ALLOWED = sentence("step-no-more-than-allowed", "amount")
_YOU_PAY = sentence("step-you-pay", "amount")
_YOU_PAY_NOTHING = sentence("step-you-pay-nothing")

_PROVIDER_BEARS = sentence("liability-provider")
_PROVIDER_BEARS_WITHOUT = sentence("liability-provider-without", "attestation")
_MEMBER_BEARS_WITH = sentence("liability-member-with", "attestation")

TakingStep: TypeAlias = DeductibleStep | CopayStep | BandedCopayStep | CoinsuranceStep | ComparedStep
"""A step that takes something."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the explanation of one line draws on. `rule` and `tier` are None where there is none.

    `capped_by`: of several maxima those that took something off.
    """

    sources: Sources
    row: LedgerRow
    steps: Sequence[int]
    segment: Segment
    tier: Tier | None
    rule: Benefit | Exclusion | None
    not_given: Collection[Reason | OpenFact]
    capped_by: Sequence[str]
    membership: Membership

    @property
    def heading(self) -> Heading:
        """The plan file's heading."""
        return self.segment.plan.heading

    def step(
        self, message: Message, cents: int, at: Place, cite: str | None, *, heading: Heading | None = None
    ) -> ExplainedStep:
        """A step with the place of its rule (`at`) and its source (`cite`)."""
        return ExplainedStep(message, Cents(cents), rule_place(at), citation_text(cite, heading or self.heading))


def explain(
    sources: Sources,
    row: LedgerRow,
    cents: Sequence[int],
    tier_name: str,
    *,
    behind: Behind,
    not_given: Collection[Reason | OpenFact] = (),
    capped_by: Sequence[str] = (),
    membership: Membership = NO_MEMBERSHIP,
    rest: LineRest | None = None,
) -> tuple[ExplainedStep, ...]:
    """The steps of a line, then those `behind` the primary plan; `cents`: what each step of the cost share came to.

    `not_given`: the reasons whose fact the request does not give. `capped_by`: of several maxima, the ids of those that
    cut something. `membership`: how the plan covers the member. `rest`: the part that a limit handed on; its amounts
    are included in the row's.
    """
    reason = Reason(row.reason)
    if row.segment < 0 or reason in BY_NO_RULE:
        return (ExplainedStep(by_no_rule(reason, membership), row.patient, "", ""), *behind.steps())
    segment = sources.segments[row.segment]
    rule = sources.rules[row.rule] if row.rule >= 0 else None
    told = _Told(
        sources, row, cents, segment, segment.plan.tiers.get(tier_name), rule, not_given, capped_by, membership
    )
    adjudicated = _covered(told, rest) if row.covered else _not_covered(told)
    return (
        *_price(told),
        *adjudicated,
        *behind.steps(),
        *behind.from_accounts(told.heading),
        *behind.returned(told.tier),
    )


def _price(told: _Told) -> Iterator[ExplainedStep]:
    """The charge, and what the plan allows where that decides anything."""
    charge, fee = told.row.charge, told.row.fee
    fees = told.segment.fees
    table = fees.tiers.get(told.tier.id) if fees and told.tier else None
    at = table.at if table else told.heading.at
    alone, allowed = (_TYPICAL_CHARGE, _TYPICAL_CHARGE_ALLOWED) if told.row.assumed else (_CHARGE, _CHARGE_ALLOWED)
    own = told.tier.not_covered_pays if told.tier else None
    pays = told.segment.plan.not_covered_pays if own is None else own
    if not told.row.covered and pays is NotCoveredPays.CHARGE:
        yield told.step(alone(charge=Dollars(charge)), charge, told.heading.at, None)
        return
    message = allowed(charge=Dollars(charge), allowed=Dollars(fee))
    for note in _fee_notes(told, table):
        message = _PRICE_WITH_NOTE(price=message, note=note)
    yield told.step(message, fee, at, table.cite if table else None, heading=fees.heading if fees else None)


def _fee_notes(told: _Told, table: FeeTable | None) -> Iterator[Message]:
    """What a fee table says of several services on one day."""
    if told.row.of_visit:
        yield _FEE_FOR_VISIT()
    if table is not None and told.row.expense and table.multiple_procedures is not None:
        yield _FEE_OF_EXPENSE(rate=Rate(table.multiple_procedures))
    if table is not None and table.maximum_per_day is not None:
        yield _FEE_PER_DAY(amount=Dollars(table.maximum_per_day))


def _covered(told: _Told, rest: LineRest | None) -> Iterator[ExplainedStep]:
    """What the member pays, what the plan pays, and who owes the rest."""
    benefit = told.rule
    if not isinstance(benefit, Benefit):
        return
    yield told.step(_COVERED(benefit=Label(benefit.id)), 0, benefit.at, benefit.cite)
    if rest is None:
        yield from _shares(told, benefit)
    else:
        penalty, paid = told.row.penalty - rest.row.penalty, told.row.plan_paid - rest.row.plan_paid
        own = told.row._replace(penalty=Cents(penalty), plan_paid=Cents(paid))
        yield from _shares(replace(told, row=own), benefit)
        yield from _handed_on(told, rest)
    if told.row.miscoded:
        yield told.step(REASONS[Reason.UNITS_PER_DAY](), told.row.miscoded, told.heading.at, None)
    yield from _limited(told)
    yield from _above_allowed(told)


def _handed_on(told: _Told, rest: LineRest) -> Iterator[ExplainedStep]:
    """What the next benefit takes over of the line, and what becomes of it there (point 16)."""
    limit, cents = told.sources.limits[told.row.handing], told.row.handed
    rule = told.sources.rules[rest.row.rule] if rest.row.covered else None
    if isinstance(rule, Benefit):
        message = _HANDED_ON(limit=what_limit_allows(limit), amount=Dollars(cents), benefit=Label(rule.id))
        yield told.step(message, cents, limit.at, limit.cite)
        yield from _shares(replace(told, row=rest.row, steps=rest.steps, rule=rule, capped_by=rest.capped_by), rule)


def _shares(told: _Told, benefit: Benefit) -> Iterator[ExplainedStep]:
    """The steps that the member pays, the effects of maxima and missing attestations, and what the plan pays."""
    phase = told.sources.phases[told.row.phase]
    taken = [step for step in phase.steps if not isinstance(step, NothingStep)]
    cents = iter(told.steps)
    for step in taken:
        own = next(cents) + (next(cents) if isinstance(step, ComparedStep) else 0)
        yield _cost_share(told, benefit, step, own)
    if not taken:
        yield told.step(_NOTHING_DUE(), 0, phase.at, benefit.cite)
    yield from _cap(told)
    yield from _penalty(told, benefit)
    paid = told.row.plan_paid
    pays = _PLAN_PAYS(amount=Dollars(paid)) if paid else _PLAN_PAYS_NOTHING()
    yield told.step(pays, paid, benefit.at, benefit.cite)


def _cost_share(told: _Told, benefit: Benefit, step: TakingStep, cents: int) -> ExplainedStep:
    """One step of `member_pays`."""
    amount = Dollars(cents)
    match step:
        case DeductibleStep():
            return _deductible(told, benefit, step, cents)
        case CopayStep() | BandedCopayStep():
            asked = step_words(step)
            message = _COPAY(amount=amount, copay=asked) if cents else _NO_COPAY(copay=asked)
        case CoinsuranceStep():
            asked = step_words(step)
            message = _COINSURANCE(amount=amount, coinsurance=asked) if cents else _NO_COINSURANCE(coinsurance=asked)
        case ComparedStep():
            asked = step_words(step)
            message = _COMPARED(amount=amount, step=asked) if cents else _COMPARED_NONE(step=asked)
    return told.step(message, cents, step.at, benefit.cite)


def _deductible(told: _Told, benefit: Benefit, step: DeductibleStep, cents: int) -> ExplainedStep:
    """What a deductible takes; it is named where the plan has several."""
    name = step.accumulator or (told.tier.deductible if told.tier else None) or ""
    defined = told.segment.plan.accumulators
    deductibles = [each for each in defined.values() if each.kind is AccumulatorKind.DEDUCTIBLE]
    if not cents:
        message = _NO_DEDUCTIBLE()
    elif len(deductibles) > 1:
        message = _DEDUCTIBLE_OF_SEVERAL(amount=Dollars(cents), deductible=Label(name))
    else:
        message = _DEDUCTIBLE(amount=Dollars(cents))
    less = defined[name].wellness_incentive if name in defined else None
    if less and told.membership.wellness_incentive:
        message = _LESS_DEDUCTIBLE(deductible=message, less=Dollars(less))
    return told.step(message, cents, step.at, _cite_of(defined.get(name), benefit))


def _cite_of(accumulator: Accumulator | None, benefit: Benefit) -> str | None:
    """The accumulator's own source, else the benefit's."""
    return accumulator.cite if accumulator and accumulator.cite else benefit.cite


def _cap(told: _Told) -> Iterator[ExplainedStep]:
    """What the out-of-pocket maximum took off."""
    capped, defined = told.row.capped, told.segment.plan.accumulators
    names = told.capped_by or (told.tier.capping if told.tier else ())
    if capped and names:
        maxima = [each for each in defined.values() if each.kind is AccumulatorKind.OUT_OF_POCKET_MAXIMUM]
        message = _MAXIMUM(amount=Dollars(capped))
        if len(maxima) > 1:
            listed = WordList(tuple(map(Label, names)))
            message = _MAXIMUM_OF_SEVERAL(count=len(names), maximums=listed, amount=Dollars(capped))
        yield told.step(message, -capped, defined[names[0]].at, defined[names[0]].cite)


def _penalty(told: _Told, benefit: Benefit) -> Iterator[ExplainedStep]:
    """What a missing attestation costs."""
    cents = told.row.penalty
    if cents:
        asked = [each for each in benefit.requires if not each.is_bare]
        missing = either(attestation(each.attestation) for each in asked)
        message = _PENALTY(attestations=missing, amount=Dollars(cents))
        yield told.step(message, cents, asked[0].at, benefit.cite)


def _limited(told: _Told) -> Iterator[ExplainedStep]:
    """What a limit cut off a covered line."""
    liable = told.tier.provider_liable if told.tier else None
    owed, cite = told.row.provider_owes - told.row.miscoded, told.rule.cite if told.rule else None
    if liable is not None and owed:
        yield told.step(_PROVIDER_BEARS_UNITS(amount=Dollars(owed)), owed, liable.at, cite)
    if told.row.limit >= 0 and told.row.not_covered:
        limit, cents = told.sources.limits[told.row.limit], told.row.not_covered
        said, liability = what_limit_allows(limit), _who_bears(told)
        message = _LIMIT(limit=said, amount=Dollars(cents))
        if liability is not None:
            message = _LIMIT_WITH_LIABILITY(limit=said, amount=Dollars(cents), liability=liability)
        yield told.step(message, cents, limit.at, limit.cite or cite)


def _above_allowed(told: _Told) -> Iterator[ExplainedStep]:
    """Charge above the allowed amount."""
    at = told.tier.at if told.tier else told.heading.at
    cite = told.rule.cite if told.rule else None
    billed, written_off = told.row.balance_bill, told.row.written_off - told.row.provider_owes
    if billed:
        yield told.step(_BALANCE_BILL(amount=Dollars(billed)), billed, at, cite)
    if written_off:
        yield told.step(_WRITTEN_OFF(amount=Dollars(written_off)), written_off, at, cite)


def _not_covered(told: _Told) -> Iterator[ExplainedStep]:
    """Why a line is not covered, and what the member then owes."""
    reason = _reason(told)
    liability = _who_bears(told)
    if liability is not None:
        reason = reason._replace(message=_DENIED_WITH_LIABILITY(reason=reason.message, liability=liability))
    yield reason
    owed, written_off = told.row.not_covered, told.row.written_off
    liable = told.tier.provider_liable if told.tier else None
    if told.row.provider_owes:
        at = told.heading.at if liable is None or told.row.miscoded else liable.at
        message = _MAY_NOT_BILL(amount=Dollars(written_off))
        yield told.step(message, written_off, at, told.rule.cite if told.rule else None)
    elif told.row.discount >= 0:
        discount = told.sources.discounts[told.row.discount]
        yield told.step(_DISCOUNT(rate=Rate(discount.percent)), written_off, discount.at, discount.cite)
    elif written_off:
        yield told.step(_NO_MORE_THAN_ALLOWED(amount=Dollars(written_off)), written_off, told.heading.at, None)
    at, cite = (told.rule.at, told.rule.cite) if told.rule else (told.heading.at, None)
    yield told.step(_YOU_PAY(amount=Dollars(owed)) if owed else _YOU_PAY_NOTHING(), owed, at, cite)


def _who_bears(told: _Told) -> Message | None:
    """Behind the reason of a denial that the tier may make the provider's (point 41) who pays for it; else None."""
    liable = told.tier.provider_liable if told.tier else None
    if liable is None or told.row.liability == Liability.MEMBER or told.row.miscoded:
        return None
    if liable.unless is None:
        return _PROVIDER_BEARS()
    bears = _PROVIDER_BEARS_WITHOUT if told.row.liability == Liability.PROVIDER else _MEMBER_BEARS_WITH
    return bears(attestation=attestation(liable.unless))


def _reason(told: _Told) -> ExplainedStep:
    """The rule that keeps the line from being covered."""
    reason = Reason(told.row.reason)
    rule = told.rule
    cite = rule.cite if rule else None
    sources = told.sources
    if reason is Reason.EXCLUDED and isinstance(rule, Exclusion):
        return told.step(_EXCLUDED_BECAUSE(why=Label(rule.reason)) if rule.reason else _EXCLUDED(), 0, rule.at, cite)
    if reason is Reason.REQUIREMENT_MISSING:
        requirement = sources.requirements[told.row.requirement]
        message = _REQUIREMENT_MISSING(attestation=attestation(requirement.attestation))
        return told.step(message, 0, requirement.at, cite)
    if reason is Reason.LIMIT_REACHED:
        limit = sources.limits[told.row.limit]
        return told.step(_LIMIT_REACHED(limit=what_limit_allows(limit)), 0, limit.at, limit.cite or cite)
    if told.row.criteria >= 0:
        source = sources.criteria[told.row.criteria]
        policy = source.policy
        cite, heading = (policy.cite, policy.heading) if policy else (cite, told.heading)
        asked = attested(source.criteria)
        if reason is Reason.ATTESTATION_NOT_COVERED and asked is not None:
            return told.step(_ATTESTATION_NOT_COVERED(attested=asked), 0, source.criteria.at, cite, heading=heading)
        if reason in OF_MEMBER:
            message = of_member(reason, source.criteria, told.not_given)
            return told.step(message, 0, source.criteria.at, cite, heading=heading)
        said = NOT_GIVEN[reason] if reason in told.not_given else REASONS[reason]
        return told.step(said(), 0, source.criteria.at, cite, heading=heading)
    return told.step(REASONS[reason](), 0, rule.at if rule else told.heading.at, cite)
