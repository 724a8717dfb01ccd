"""Typed answers -> messages. The identity of docs/rule-language.md, section 6, is asserted once more on the totals."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from camcover.api.plan_figures import limit_figures, step_figures
from camcover.api.sentences import worded_data
from camcover.engine.estimate import (
    AccumulatorAfter,
    Adjustment,
    Citation,
    Estimate,
    ExplainedStep,
    LimitAfter,
    Line,
    Prerequisite,
    Range,
)
from camcover.engine.request import (
    AccountBalance,
    AccumulatorUse,
    BenefitVisits,
    CodeUse,
    FeeUse,
    LimitUse,
    PriorVisit,
    UseSoFar,
)
from camcover.gen.camcover.v1 import estimate_pb2 as messages
from camcover.gen.camcover.v1 import estimate_service_pb2 as service_messages
from camcover.languages import Language, language
from camcover.messages import Message
from camcover.workflow.coverage import CoverageAnswer, LimitTerms, RequirementTerms, TierTerms
from camcover.workflow.notices import Notice
from camcover.workflow.pricing import PricedPlan

__all__ = ["coverage_message", "estimate_message", "stated_use"]

CURRENCY = "USD"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Data: TypeAlias = dict[str, Any]
"""A message's fields without those that are zero: protobuf builds a message from them in one step."""


def estimate_message(priced: PricedPlan, request_id: str, wanted_language: str = "") -> messages.Estimate:
    """The message of a priced plan, its texts in the language that is wanted if there is a catalog, else in English."""
    estimate, spoken = priced.estimate, language(wanted_language)
    totals = estimate.totals
    paid = totals.plan_paid_cents + totals.secondary_paid_cents + totals.account_paid_cents
    if totals.charge_cents != paid + totals.patient_cents + totals.written_off_cents:
        raise AssertionError(f"an estimate does not add up to its charge: {totals}")
    if totals.due_at_service_cents != totals.patient_cents + totals.reimbursed_cents:
        raise AssertionError(f"what is due at the time of service is not what is borne and comes back: {totals}")
    return messages.Estimate(
        name=priced.name,
        request_id=request_id,
        plan_id=estimate.plan_id,
        rule_release=priced.rule_release,
        currency_code=CURRENCY,
        created_at=_timestamp(priced.created_at),
        expires_on=priced.expires_on.isoformat(),
        lines=[_line(each, spoken) for each in estimate.lines],
        items=list(map(_present, estimate.items)),
        totals=_present(totals),
        accumulators_after=list(map(_accumulator, estimate.accumulators_after)),
        secondary_accumulators_after=list(map(_accumulator, estimate.secondary_accumulators_after)),
        limits_after=list(map(_limit, estimate.limits_after)),
        accounts_after=list(map(_present, estimate.accounts_after)),
        use_after=_use_after(estimate),
        months=list(map(_present, estimate.months)),
        range=_range(estimate.range, spoken),
        prerequisites=[_prerequisite(each, spoken) for each in estimate.prerequisites],
        notices=[_notice(each, spoken) for each in priced.notices],
        citations=list(map(_known, estimate.citations)),
        language=spoken.tag,
    )


def _present(record: Any) -> Data:
    """The fields of a named tuple that is named like its message."""
    return {name: value for name, value in zip(record._fields, record, strict=False) if value}


def _timestamp(moment: datetime) -> Data:
    """A point in time, as google.protobuf.Timestamp counts it."""
    since = moment - _EPOCH
    return {"seconds": since.days * 86_400 + since.seconds, "nanos": since.microseconds * 1_000}


def _line(line: Line, spoken: Language) -> Data:
    data = _present(line)
    data["date"] = line.date.isoformat()
    data["adjustments"] = list(map(_known, line.adjustments))
    if line.secondary_adjustments:
        data["secondary_adjustments"] = list(map(_known, line.secondary_adjustments))
    if line.account_payments:
        data["account_payments"] = list(map(_present, line.account_payments))
    if line.steps:
        data["steps"] = [_step(each, spoken) for each in line.steps]
    return data


@lru_cache(8_192)
def _step(step: ExplainedStep, spoken: Language) -> messages.Step:
    """A step in words and as data; the sessions of a plan share most of theirs."""
    return messages.Step(
        **worded_data(step.message, spoken), amount_cents=step.amount_cents, rule=step.rule, citation=step.citation
    )


def _range(found: Range, spoken: Language) -> Data:
    """The range; its assumptions as texts, and as sentences."""
    sentences = [_sentence(each, spoken) for each in found.assumptions]
    return {
        "low_cents": found.low_cents,
        "expected_cents": found.expected_cents,
        "high_cents": found.high_cents,
        "assumptions": [each.text for each in sentences],
        "assumption_sentences": sentences,
    }


@lru_cache(4_096)
def _prerequisite(needed: Prerequisite, spoken: Language) -> messages.Prerequisite:
    """A prerequisite in words and as data."""
    return messages.Prerequisite(
        **worded_data(needed.message, spoken),
        attestation=needed.attestation,
        benefit=needed.benefit,
        item_index=needed.item_index,
        rule=needed.rule,
    )


@lru_cache(64)
def _notice(notice: Notice, spoken: Language) -> messages.Notice:
    """A disclosure in words; its message's id is its own."""
    return messages.Notice(id=notice.id, text=spoken.text(notice.message), citation=notice.citation)


@lru_cache(4_096)
def _sentence(message: Message, spoken: Language) -> messages.Sentence:
    """A sentence in words and as data."""
    return messages.Sentence(**worded_data(message, spoken))


@lru_cache(4_096)
def _known(record: Adjustment | Citation) -> Data:
    """The same of records of which few come again and again."""
    return _present(record)


def _accumulator(after: AccumulatorAfter) -> Data:
    data = _present(after)
    if after.maximum_cents is not None:
        data["maximum_cents"] = after.maximum_cents
    return data


def _limit(after: LimitAfter) -> Data:
    data: Data = {"limit": after.limit, "member_id": after.member_id}
    data |= {"episode": after.episode, "condition": after.condition}
    names = ("used_cents", "allowed_cents") if after.money else ("used", "allowed")
    return data | dict(zip(names, (after.used, after.allowed), strict=True))


def _use_after(estimate: Estimate) -> Data:
    """The state after the last line, as fields of a request."""
    after = estimate.use_after
    members = []
    for place, member_id in enumerate(after.member_ids):
        data: Data = {"id": member_id} | stated_use(after.use[place])
        if after.account_balances[place]:
            data["account_balances"] = list(map(_balance, after.account_balances[place]))
        if after.episodes and after.episodes[place]:
            data["episodes"] = [
                {"episode": each.episode, "start_date": each.started_on.isoformat()} for each in after.episodes[place]
            ]
        if after.secondary_use:
            data |= stated_use(after.secondary_use[place], "secondary_")
        members.append(data)
    sums = {
        "family_accumulators": after.family_accumulators,
        "secondary_family_accumulators": after.secondary_family_accumulators,
    }
    return {
        "as_of": after.as_of.isoformat(),
        "members": members,
        **{name: list(map(_stated, uses)) for name, uses in sums.items()},
        "family_account_balances": list(map(_balance, after.family_account_balances)),
    }


def _balance(stated: AccountBalance) -> Data:
    """The balance of an account; unset if it is not known."""
    known: Data = {} if stated.balance_cents is None else {"balance_cents": stated.balance_cents}
    return {"account": stated.account} | known | ({"date": stated.date.isoformat()} if stated.date else {})


def stated_use(use: UseSoFar, prefix: str = "") -> Data:
    """A member's use so far under one plan, as fields of a request; `prefix`: with what their names begin."""
    return {prefix + name: list(map(_stated, getattr(use, name))) for name in use._fields if getattr(use, name)}


def _stated(use: AccumulatorUse | LimitUse | BenefitVisits | PriorVisit | FeeUse | CodeUse) -> Data:
    """One statement about use; a zero that may be unknown is stated."""
    data = _present(use)
    if isinstance(use, AccumulatorUse):
        data["used_cents"] = use.used_cents
    elif isinstance(use, PriorVisit) and use.plan_paid_cents is not None:
        data["plan_paid_cents"] = use.plan_paid_cents
    if isinstance(use, LimitUse | PriorVisit | FeeUse | CodeUse) and use.date is not None:
        data["date"] = use.date.isoformat()
    return data


def _citation(citation: Citation) -> messages.Citation:
    return messages.Citation(**_present(citation))


def coverage_message(
    answer: CoverageAnswer, rule_release: str, wanted_language: str = ""
) -> service_messages.CheckCoverageResponse:
    """The message of a coverage answer, its texts in the language that is wanted if there is a catalog."""
    spoken = language(wanted_language)
    return service_messages.CheckCoverageResponse(
        **worded_data(answer.message, spoken),
        plan_id=answer.plan_id,
        rule_release=rule_release,
        date=answer.date.isoformat(),
        covered=answer.covered,
        reason=messages.Reason.Name(answer.reason),
        benefit=answer.benefit,
        tier=answer.tier,
        terms=[_tier(each, spoken) for each in answer.terms],
        limits=[_limit_terms(each, spoken) for each in answer.limits],
        accounts=[
            service_messages.AccountTerms(**worded_data(each.message, spoken), account=each.account, rule=each.rule)
            for each in answer.accounts
        ],
        requirements=[each.attestation for each in answer.requirements],
        requirement_terms=[_requirement(each, spoken) for each in answer.requirements],
        citations=[_citation(each) for each in answer.citations],
        terms_assumed=answer.terms_assumed,
        terms_text=spoken.text(answer.terms_message) if answer.terms_message else "",
        terms_sentence=_sentence(answer.terms_message, spoken) if answer.terms_message else None,
        language=spoken.tag,
        accumulators=[
            service_messages.AccumulatorTerms(
                accumulator=each.accumulator,
                maximum_cents=each.maximum_cents,
                used_cents=each.used_cents,
                left_cents=each.left_cents,
            )
            for each in answer.accumulators
        ],
    )


def _tier(terms: TierTerms, spoken: Language) -> service_messages.TierTerms:
    steps = [_sentence(each, spoken) for each in terms.member_pays]
    liable = _sentence(terms.provider_liable, spoken) if terms.provider_liable else None
    payment = _sentence(terms.payment, spoken) if terms.payment else None
    return service_messages.TierTerms(
        tier=terms.tier,
        member_pays=[each.text for each in steps],
        provider_liable=liable.text if liable else "",
        member_pays_sentences=steps,
        provider_liable_sentence=liable,
        payment=payment.text if payment else "",
        payment_sentence=payment,
        steps=step_figures(terms.phases),
    )


def _limit_terms(terms: LimitTerms, spoken: Language) -> service_messages.LimitTerms:
    return service_messages.LimitTerms(
        **worded_data(terms.message, spoken),
        limit=terms.limit,
        rule=terms.rule,
        figures=limit_figures(terms.record),
        left=terms.left,
    )


def _requirement(terms: RequirementTerms, spoken: Language) -> service_messages.RequirementTerms:
    return service_messages.RequirementTerms(
        **worded_data(terms.message, spoken),
        attestation=terms.attestation,
        penalty_basis_points=terms.penalty,
        penalty_cents=terms.penalty_cents,
        after_visits=terms.after,
        after_visits_of=terms.visits_of,
        rule=terms.rule,
    )
