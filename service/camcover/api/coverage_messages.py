"""Coverage answers as messages."""

from __future__ import annotations

from functools import lru_cache

from camcover.api.plan_figures import limit_figures, step_figures
from camcover.api.sentences import worded_data
from camcover.gen.camcover.v1 import estimate_pb2 as messages
from camcover.gen.camcover.v1 import estimate_service_pb2 as service_messages
from camcover.languages import Language, language
from camcover.messages import Message
from camcover.workflow.coverage import CoverageAnswer, LimitTerms, RequirementTerms, TierTerms

__all__ = ["coverage_message"]


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
        citations=[messages.Citation(**each._asdict()) for each in answer.citations],
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


@lru_cache(4_096)
def _sentence(message: Message, spoken: Language) -> messages.Sentence:
    """A sentence in words and as data."""
    return messages.Sentence(**worded_data(message, spoken))
