"""Typed answers -> messages. The identity of docs/rule-language.md, section 6, is asserted once more on the totals."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from camcover.engine.estimate import AccumulatorAfter, Amounts, Citation, LimitAfter, Line
from camcover.gen.camcover.v1 import estimate_pb2 as messages
from camcover.gen.camcover.v1 import estimate_service_pb2 as service_messages
from camcover.workflow.coverage import CoverageAnswer
from camcover.workflow.pricing import PricedPlan

__all__ = ["coverage_message", "estimate_message"]

CURRENCY = "USD"


def estimate_message(priced: PricedPlan, request_id: str) -> messages.Estimate:
    """The message of a priced plan."""
    estimate = priced.estimate
    totals = estimate.totals
    paid = totals.plan_paid_cents + totals.secondary_paid_cents
    if totals.charge_cents != paid + totals.patient_cents + totals.written_off_cents:
        raise AssertionError(f"an estimate does not add up to its charge: {totals}")
    created_at = Timestamp()
    created_at.FromDatetime(priced.created_at)
    return messages.Estimate(
        name=priced.name,
        request_id=request_id,
        plan_id=estimate.plan_id,
        rule_release=priced.rule_release,
        currency_code=CURRENCY,
        created_at=created_at,
        expires_on=priced.expires_on.isoformat(),
        lines=[_line(line) for line in estimate.lines],
        items=[_amounts(item) for item in estimate.items],
        totals=_amounts(totals),
        accumulators_after=[_accumulator(each) for each in estimate.accumulators_after],
        secondary_accumulators_after=[_accumulator(each) for each in estimate.secondary_accumulators_after],
        limits_after=[_limit(each) for each in estimate.limits_after],
        months=[messages.Month(month=each.month, patient_cents=each.patient_cents) for each in estimate.months],
        range=messages.Range(
            low_cents=estimate.range.low_cents,
            expected_cents=estimate.range.expected_cents,
            high_cents=estimate.range.high_cents,
            assumptions=estimate.range.assumptions,
        ),
        prerequisites=[
            messages.Prerequisite(
                attestation=each.attestation,
                benefit=each.benefit,
                item_index=each.item_index,
                text=each.text,
                rule=each.rule,
            )
            for each in estimate.prerequisites
        ],
        notices=[messages.Notice(id=each.id, text=each.text, citation=each.citation) for each in priced.notices],
        citations=[_citation(each) for each in estimate.citations],
    )


def _amounts(amounts: Amounts) -> messages.Amounts:
    return messages.Amounts(**{name: getattr(amounts, name) for name in Amounts._fields})


def _line(line: Line) -> messages.Line:
    return messages.Line(
        item_index=line.item_index,
        member_id=line.member_id,
        session=line.session,
        line=line.line,
        date=line.date.isoformat(),
        therapy=line.therapy,
        code=line.code,
        units=line.units,
        covered_units=line.covered_units,
        tier=line.tier,
        benefit=line.benefit,
        covered=line.covered,
        reason=messages.Reason.Name(line.reason),
        limit=line.limit,
        charge_assumed=line.charge_assumed,
        adjustments=[
            messages.Adjustment(group=each.group, reason_code=each.reason_code, amount_cents=each.amount_cents)
            for each in line.adjustments
        ],
        steps=[
            messages.Step(text=each.text, amount_cents=each.amount_cents, rule=each.rule, citation=each.citation)
            for each in line.steps
        ],
        **{name: getattr(line.amounts, name) for name in Amounts._fields},
    )


def _accumulator(after: AccumulatorAfter) -> messages.AccumulatorAfter:
    return messages.AccumulatorAfter(
        accumulator=after.accumulator,
        member_id=after.member_id,
        used_cents=after.used_cents,
        maximum_cents=after.maximum_cents,
    )


def _limit(after: LimitAfter) -> messages.LimitAfter:
    message = messages.LimitAfter(limit=after.limit, member_id=after.member_id)
    if after.money:
        message.used_cents, message.allowed_cents = after.used, after.allowed
    else:
        message.used, message.allowed = after.used, after.allowed
    return message


def _citation(citation: Citation) -> messages.Citation:
    return messages.Citation(title=citation.title, place=citation.place, url=citation.url, rule=citation.rule)


def coverage_message(answer: CoverageAnswer, rule_release: str) -> service_messages.CheckCoverageResponse:
    """The message of a coverage answer."""
    return service_messages.CheckCoverageResponse(
        plan_id=answer.plan_id,
        rule_release=rule_release,
        date=answer.date.isoformat(),
        covered=answer.covered,
        reason=messages.Reason.Name(answer.reason),
        text=answer.text,
        benefit=answer.benefit,
        tier=answer.tier,
        terms=[service_messages.TierTerms(tier=each.tier, member_pays=each.member_pays) for each in answer.terms],
        limits=[
            service_messages.LimitTerms(limit=each.limit, text=each.text, rule=each.rule) for each in answer.limits
        ],
        requirements=answer.requirements,
        citations=[_citation(each) for each in answer.citations],
    )
