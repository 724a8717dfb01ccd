"""One line of the ledger in words that a patient understands: each step, its amount, the rule's place, its source.

What comes in: a ledger row and the records behind its numbers. What goes out: `ExplainedStep`s in the order in which
the line was adjudicated. Made only when a request asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from camcover.engine.compiling.plan_index import Segment, Sources
from camcover.engine.estimate import ExplainedStep, Reason
from camcover.engine.kernel.codes import Liability
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import NO_MEMBERSHIP, Membership
from camcover.engine.telling.citing import citation_text, rule_place
from camcover.money import dollars, percent
from camcover.rulebook.records import (
    Accumulator,
    Benefit,
    CoinsuranceStep,
    ComparedStep,
    CopayPer,
    CopayStep,
    DeductibleStep,
    Exclusion,
    Heading,
    NotCoveredPays,
    NothingStep,
    Payee,
    Place,
    Tier,
)
from camcover.rulebook.words import attestation_words, attested_words, copay_unit, limit_words, step_words

_REASONS = {
    Reason.NOT_LISTED: "The plan does not cover this therapy: no benefit names it.",
    Reason.NOT_IN_FORCE: "The plan's rules are not known for this date, so nothing is covered.",
    Reason.TIER_NOT_COVERED: "The plan does not cover this service with a provider of this network.",
    Reason.DIAGNOSIS_NOT_COVERED: "The plan covers this service only for certain diagnoses, and none given is one.",
    Reason.PRACTITIONER_NOT_COVERED: "The plan covers this service only from certain practitioners, and this is none.",
    Reason.SETTING_NOT_COVERED: "The plan covers this service only in certain places, and this is none.",
    Reason.AGE: "The plan covers this service only at certain ages.",
    Reason.STATE: "The plan covers this service only in certain states.",
    Reason.UNKNOWN_CODE: "The catalog does not have this procedure code: nothing tells whether the plan covers it.",
    Reason.UNLICENSED: "The plan asks for a license, and the state does not license this practitioner.",
    Reason.BEFORE_COVERAGE: "Your coverage begins on {first}, after this date: nothing is covered.",
    Reason.AFTER_COVERAGE: "Your coverage ended on {last}, before this date: nothing is covered.",
}
_BY_NO_RULE = (Reason.UNKNOWN_CODE, Reason.BEFORE_COVERAGE, Reason.AFTER_COVERAGE)
"""Reasons that no rule of the plan gives, although the date has terms."""

_NOT_GIVEN = {
    Reason.DIAGNOSIS_NOT_COVERED: "The plan covers this service only for certain diagnoses, and none was given.",
    Reason.PRACTITIONER_NOT_COVERED: (
        "The plan covers this service only from certain practitioners, and the practitioner was not given."
    ),
    Reason.AGE: "The plan covers this service only at certain ages, and the age was not given.",
    Reason.STATE: "The plan covers this service only in certain states, and the state was not given.",
    Reason.UNLICENSED: "The plan asks for a license, and the practitioner or the state of service was not given.",
}
"""The same where the fact that the criterion asks for was not given (point 40)."""

TakingStep: TypeAlias = DeductibleStep | CopayStep | CoinsuranceStep | ComparedStep
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
    not_given: Collection[Reason]
    capped_by: Sequence[str]

    @property
    def heading(self) -> Heading:
        """The plan file's heading."""
        return self.segment.plan.heading

    def step(self, text: str, cents: int, at: Place, cite: str | None, heading: Heading | None = None) -> ExplainedStep:
        """A step whose rule stands at `at` and was published as `cite` says."""
        return ExplainedStep(text, cents, rule_place(at), citation_text(cite, heading or self.heading))


class Behind(NamedTuple):
    """What follows behind the primary plan, cents: the secondary's payment, and what a contract then writes off.

    `reimbursed` comes back to the member, who bears `patient`.
    """

    secondary_paid: int = 0
    written_off: int = 0
    reimbursed: int = 0
    patient: int = 0

    def steps(self) -> Iterator[ExplainedStep]:
        """All of it in words, where it is anything."""
        if self.secondary_paid:
            yield ExplainedStep("The secondary plan pays part of what is left.", self.secondary_paid, "", "")
        if self.written_off:
            text = (
                f"The contract with a plan does not let the provider bill {dollars(self.written_off)} of the rest; "
                "it is written off."
            )
            yield ExplainedStep(text, self.written_off, "", "")


def explain(
    sources: Sources,
    row: LedgerRow,
    cents: Sequence[int],
    tier_name: str,
    behind: Behind,
    not_given: Collection[Reason] = (),
    capped_by: Sequence[str] = (),
    membership: Membership = NO_MEMBERSHIP,
) -> tuple[ExplainedStep, ...]:
    """The steps of a line, of which the cost share's came to `cents`; then what follows `behind` the primary plan.

    `not_given`: the reasons whose fact the request does not give. `capped_by`: of several maxima those that took
    something off, by id. `membership`: how the plan covers the member.
    """
    reason = Reason(row.reason)
    if row.segment < 0 or reason in _BY_NO_RULE:
        text = _REASONS[reason].format(first=membership.covered_from, last=membership.covered_to)
        return (ExplainedStep(text, row.patient, "", ""), *behind.steps())
    segment = sources.segments[row.segment]
    rule = sources.rules[row.rule] if row.rule >= 0 else None
    told = _Told(sources, row, cents, segment, segment.plan.tiers.get(tier_name), rule, not_given, capped_by)
    adjudicated = _covered(told) if row.covered else _not_covered(told)
    return (*_price(told), *adjudicated, *behind.steps(), *_reimbursed(told, behind))


def _reimbursed(told: _Told, behind: Behind) -> Iterator[ExplainedStep]:
    """What is due at the time of service where part of it comes back, at the tier that says so."""
    cents, tier = behind.reimbursed, told.tier
    if cents:
        due, borne = dollars(behind.patient + cents), dollars(behind.patient)
        text = f"You pay the provider {due} at the time of service; {dollars(cents)} of it comes back to you, so that "
        step = ExplainedStep(f"{text}you bear {borne}.", cents, "", "")
        is_own = tier is not None and tier.payment_to is Payee.MEMBER
        yield step._replace(rule=rule_place(tier.at)) if tier is not None and is_own else step


def _price(told: _Told) -> Iterator[ExplainedStep]:
    """The charge, and what the plan allows where that decides anything."""
    charge, fee = told.row.charge, told.row.fee
    fees = told.segment.fees
    table = fees.tiers.get(told.tier.id) if fees and told.tier else None
    at = table.at if table else told.heading.at
    price = f"The charge is {dollars(charge)}"
    if told.row.assumed:
        price = f"The charge is not known; the typical cash price of {dollars(charge)} stands in for it"
    own = told.tier.not_covered_pays if told.tier else None
    pays = told.segment.plan.not_covered_pays if own is None else own
    if not told.row.covered and pays is NotCoveredPays.CHARGE:
        yield told.step(f"{price}.", charge, told.heading.at, None)
        return
    text = f"{price}. The plan allows {dollars(fee)}{' of the fee for the visit' if told.row.of_visit else ''}."
    if table is not None and told.row.expense and table.multiple_procedures is not None:
        kept = percent(table.multiple_procedures)
        text += f" Of the practice expense of all units of a day but the highest it allows {kept}."
    if table is not None and table.maximum_per_day is not None:
        text += f" It allows at most {dollars(table.maximum_per_day)} for all services of one day."
    yield told.step(text, fee, at, table.cite if table else None, fees.heading if fees else None)


def _covered(told: _Told) -> Iterator[ExplainedStep]:
    """What the member pays, what the plan pays, and who owes the rest."""
    benefit = told.rule
    if not isinstance(benefit, Benefit):
        return
    yield told.step(f"The plan covers this under its benefit '{benefit.id}'.", 0, benefit.at, benefit.cite)
    phase = told.sources.phases[told.row.phase]
    taken = [step for step in phase.steps if not isinstance(step, NothingStep)]
    cents = iter(told.steps)
    for step in taken:
        own = next(cents) + (next(cents) if isinstance(step, ComparedStep) else 0)
        yield _cost_share(told, benefit, step, own)
    if not taken:
        yield told.step("You pay nothing of the allowed amount.", 0, phase.at, benefit.cite)
    yield from _cap(told)
    yield from _penalty(told, benefit)
    paid = told.row.plan_paid
    yield told.step(f"The plan pays {dollars(paid)}.", paid, benefit.at, benefit.cite)
    yield from _limited(told)
    yield from _above_allowed(told)


def _cost_share(told: _Told, benefit: Benefit, step: TakingStep, cents: int) -> ExplainedStep:
    """One step of `member_pays`."""
    amount = dollars(cents)
    match step:
        case DeductibleStep():
            name = step.accumulator or (told.tier.deductible if told.tier else None)
            accumulator = told.segment.plan.accumulators.get(name or "")
            text = f"You pay {amount} toward your deductible ('{name}')."
            if cents == 0:
                text = f"Your deductible ('{name}') takes nothing: it is met, or nothing is left to pay."
            return told.step(text, cents, step.at, _cite_of(accumulator, benefit))
        case CopayStep():
            asked = f"{dollars(step.cents)} a {copay_unit(step.per)}"
            if step.per is CopayPer.DAY:
                asked = f"one copay a day, the highest; here {dollars(step.cents)}"
            text = f"You pay a copay of {amount} (the plan asks for {asked})."
        case CoinsuranceStep():
            text = f"You pay coinsurance of {amount}: {step_words(step)}."
        case ComparedStep():
            text = f"You pay {amount}: {step_words(step)}."
    return told.step(text, cents, step.at, benefit.cite)


def _cite_of(accumulator: Accumulator | None, benefit: Benefit) -> str | None:
    """The accumulator's own source, else the benefit's."""
    return accumulator.cite if accumulator and accumulator.cite else benefit.cite


def _cap(told: _Told) -> Iterator[ExplainedStep]:
    """What the out-of-pocket maximum took off."""
    capped, defined = told.row.capped, told.segment.plan.accumulators
    names = told.capped_by or (told.tier.capping if told.tier else ())
    if capped and names:
        listed = " and ".join(f"'{name}'" for name in names)
        which = f"maximum ({listed}) is" if len(names) == 1 else f"maxima ({listed}) are"
        text = f"Your out-of-pocket {which} reached: the plan pays {dollars(capped)} of your share."
        yield told.step(text, -capped, defined[names[0]].at, defined[names[0]].cite)


def _penalty(told: _Told, benefit: Benefit) -> Iterator[ExplainedStep]:
    """What a missing attestation costs."""
    cents = told.row.penalty
    if cents:
        asked = [each for each in benefit.requires if not each.is_bare]
        missing = " or ".join(attestation_words(each.attestation) for each in asked)
        text = f"Without {missing} the plan pays less; the difference of {dollars(cents)} is yours."
        yield told.step(text, cents, asked[0].at, benefit.cite)


def _limited(told: _Told) -> Iterator[ExplainedStep]:
    """What a limit cut off a covered line."""
    liable, owed = told.tier.provider_liable if told.tier else None, told.row.provider_owes
    if liable is not None and owed:
        text = f"The provider bears {dollars(owed)} for units beyond a limit: it may not bill you, and writes it off."
        yield told.step(text, owed, liable.at, told.rule.cite if told.rule else None)
    if told.row.limit >= 0 and told.row.not_covered:
        limit = told.sources.limits[told.row.limit]
        cents = told.row.not_covered
        text = f"The limit '{limit.id}' ({limit_words(limit)}) is reached on this service: {dollars(cents)} is yours."
        text += _who_bears(told)
        yield told.step(text, cents, limit.at, limit.cite or (told.rule.cite if told.rule else None))


def _above_allowed(told: _Told) -> Iterator[ExplainedStep]:
    """Charge above the allowed amount."""
    at = told.tier.at if told.tier else told.heading.at
    cite = told.rule.cite if told.rule else None
    billed, written_off = told.row.balance_bill, told.row.written_off - told.row.provider_owes
    if billed:
        yield told.step(f"The provider may bill you {dollars(billed)} above the allowed amount.", billed, at, cite)
    if written_off:
        yield told.step(f"The provider may not bill {dollars(written_off)}; it is written off.", written_off, at, cite)


def _not_covered(told: _Told) -> Iterator[ExplainedStep]:
    """Why a line is not covered, and what the member then owes."""
    reason = _reason(told)
    yield reason._replace(text=f"{reason.text}{_who_bears(told)}")
    owed, written_off = told.row.not_covered, told.row.written_off
    liable = told.tier.provider_liable if told.tier else None
    if liable is not None and told.row.provider_owes:
        text = f"The provider may not bill {dollars(written_off)}; it is written off."
        yield told.step(text, written_off, liable.at, told.rule.cite if told.rule else None)
    elif told.row.discount >= 0:
        discount = told.sources.discounts[told.row.discount]
        text = f"The plan's discount programme takes {percent(discount.percent)} off what you would pay."
        yield told.step(text, written_off, discount.at, discount.cite)
    elif written_off:
        text = f"You pay no more than the plan would allow; {dollars(written_off)} is written off."
        yield told.step(text, written_off, told.heading.at, None)
    at, cite = (told.rule.at, told.rule.cite) if told.rule else (told.heading.at, None)
    yield told.step(f"You pay {dollars(owed)}.", owed, at, cite)


def _who_bears(told: _Told) -> str:
    """A sentence, behind the reason of a denial that the tier may make the provider's (point 41); else empty."""
    liable = told.tier.provider_liable if told.tier else None
    if liable is None or told.row.liability == Liability.MEMBER:
        return ""
    if liable.unless is None:
        return " In this network the provider bears that, not you."
    words = attestation_words(liable.unless)
    if told.row.liability == Liability.PROVIDER:
        return f" Without {words} the provider bears that, not you."
    return f" With {words}, which is given or assumed, you bear that and not the provider."


def _reason(told: _Told) -> ExplainedStep:
    """The rule that keeps the line from being covered."""
    reason = Reason(told.row.reason)
    rule = told.rule
    cite = rule.cite if rule else None
    sources = told.sources
    if reason is Reason.EXCLUDED and isinstance(rule, Exclusion):
        why = f": {rule.reason.replace('_', ' ')}" if rule.reason else ""
        return told.step(f"The plan excludes this service{why}.", 0, rule.at, cite)
    if reason is Reason.REQUIREMENT_MISSING:
        requirement = sources.requirements[told.row.requirement]
        text = f"The plan covers this service only with {attestation_words(requirement.attestation)}."
        return told.step(text, 0, requirement.at, cite)
    if reason is Reason.LIMIT_REACHED:
        limit = sources.limits[told.row.limit]
        text = f"The plan covers {limit_words(limit)} ('{limit.id}'), and they are used up."
        return told.step(text, 0, limit.at, limit.cite or cite)
    if told.row.criteria >= 0:
        source = sources.criteria[told.row.criteria]
        policy = source.policy
        cite, heading = (policy.cite, policy.heading) if policy else (cite, told.heading)
        if reason is Reason.ATTESTATION_NOT_COVERED:
            text = f"The plan covers this service only {attested_words(source.criteria)}."
            return told.step(text, 0, source.criteria.at, cite, heading)
        text = _NOT_GIVEN[reason] if reason in told.not_given else _REASONS[reason]
        return told.step(text, 0, source.criteria.at, cite, heading)
    return told.step(_REASONS[reason], 0, rule.at if rule else told.heading.at, cite)
