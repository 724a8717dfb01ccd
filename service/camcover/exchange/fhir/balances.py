"""What is used of sums and limits after the last planned visit, and what is left: `benefitBalance`.

The guide knows three terms (a day, a year, a lifetime) and counts visits or money. A limit over another period, in
other units, or of one episode or condition has no place there: it becomes a sentence.
"""

from __future__ import annotations

from camcover.engine.estimate import AccumulatorAfter, LimitAfter
from camcover.exchange.fhir.elements import PCT_CODES, Resource, absent, concept, extension, money
from camcover.exchange.fhir.priced import PricedCare
from camcover.exchange.fhir.process_notes import ProcessNotes
from camcover.messages import sentence
from camcover.rulebook.records import AccumulatorKind, Limit, Measure, PeriodKind
from camcover.rulebook.term_messages import allowed, limit_terms
from camcover.showing.words import WORDS

__all__ = ["limit_balances", "sum_balances"]

_LIMIT_USED = sentence("fhir-limit-used", "limit", "used")

_HEALTH_PLAN = "30"
"""The X12 service type code of a plan as a whole."""

_TERMS = {
    PeriodKind.VISIT: "day",
    PeriodKind.DAY: "day",
    PeriodKind.BENEFIT_PERIOD: "annual",
    PeriodKind.CALENDAR_YEAR: "annual",
    PeriodKind.LIFETIME: "lifetime",
}
_KINDS = {
    AccumulatorKind.DEDUCTIBLE: "deductible",
    AccumulatorKind.OUT_OF_POCKET_MAXIMUM: "out-of-pocket-maximum",
}


def sum_balances(priced: PricedCare) -> list[Resource]:
    """The sums, of the member and of the family. Where the plan keeps none, what the member pays, of no amount."""
    found = [_of_sum(priced, each) for each in priced.estimate.accumulators_after]
    if found:
        return found
    text = priced.text(WORDS["web-you-would-pay"]())
    paid = money(priced.estimate.totals.patient_cents)
    return [
        _balance(_HEALTH_PLAN, text)
        | {"unit": _unit("individual"), "term": _term("annual")}
        | {"financial": [_financial("memberliability", "Money", absent("not-applicable"), paid)]}
    ]


def limit_balances(priced: PricedCare, notes: ProcessNotes) -> list[Resource]:
    """The limits that the guide can tell. The others are said in `notes`."""
    limits, found = priced.limits, []
    for after in priced.estimate.limits_after:
        limit = limits[after.limit]
        if _fits(limit, after):
            found.append(_of_limit(priced, limit, after))
        else:
            said = _LIMIT_USED(limit=limit_terms(limit), used=allowed(limit, after.used))
            notes.say("other", priced.text(said))
    return found


def _of_sum(priced: PricedCare, after: AccumulatorAfter) -> Resource:
    plan = priced.with_sum(after.accumulator)
    accumulator = plan.accumulators[after.accumulator]
    kind, used = _KINDS[accumulator.kind], money(after.used_cents)
    if after.maximum_cents is None:
        financial = _financial(kind, "Money", absent("not-applicable"), used)
    else:
        left = money(max(after.maximum_cents - after.used_cents, 0))
        financial = _remaining("Money", left) | _financial(kind, "Money", money(after.maximum_cents), used)
    return (
        _balance(_HEALTH_PLAN, priced.names.sum(accumulator, plan))
        | {"unit": _unit("individual" if after.member_id else "family"), "term": _term("annual")}
        | {"financial": [financial]}
    )


def _fits(limit: Limit, after: LimitAfter) -> bool:
    """Whether the guide has a term and a type for a limit."""
    is_named = bool(after.episode or after.condition)
    return limit.per.kind in _TERMS and limit.measure in {Measure.VISITS, Measure.MONEY} and not is_named


def _of_limit(priced: PricedCare, limit: Limit, after: LimitAfter) -> Resource:
    left = max(after.allowed - after.used, 0)
    if after.money:
        financial = _remaining("Money", money(left))
        financial |= _financial("allowed", "Money", money(after.allowed), money(after.used))
    else:
        financial = _remaining("UnsignedInt", left)
        financial |= _financial("visit", "UnsignedInt", after.allowed, after.used)
    return (
        _balance(_service_type(priced, after.limit), priced.text(limit_terms(limit)))
        | {"unit": _unit("individual" if after.member_id else "family"), "term": _term(_TERMS[limit.per.kind])}
        | {"financial": [financial]}
    )


def _service_type(priced: PricedCare, limit: str) -> str:
    """The one service type of all services here that a limit is for; that of the plan where there is none, or several.

    The catalog has the service types of therapies.
    """
    benefits, known = priced.with_limit(limit), priced.therapies
    therapies = {line.therapy for line in priced.estimate.lines if line.benefit in benefits}
    types = {known[word].service_type if word in known else None for word in therapies}
    only = types.pop() if len(types) == 1 else None
    return only or _HEALTH_PLAN


def _balance(service_type: str, text: str) -> Resource:
    return {"category": concept("https://x12.org/codes/service-type-codes", service_type) | {"text": text}}


def _unit(code: str) -> Resource:
    return concept("http://terminology.hl7.org/CodeSystem/benefit-unit", code)


def _term(code: str) -> Resource:
    return concept("http://terminology.hl7.org/CodeSystem/benefit-term", code)


def _remaining(kind: str, value: Resource | int) -> Resource:
    return {"extension": [extension("remaining-benefit", kind, value)]}


def _financial(code: str, kind: str, most: Resource | int, used: Resource | int) -> Resource:
    return {"type": concept(f"{PCT_CODES}/PCTFinancialType", code), f"allowed{kind}": most, f"used{kind}": used}
