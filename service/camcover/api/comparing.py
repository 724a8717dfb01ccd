"""Comparisons of plans: the well-being plan with what is different under each of them, and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from camcover.api.answering import lines_of, within_lines
from camcover.api.errors import bad_request, invalid
from camcover.api.estimates import estimate_bytes
from camcover.api.requests import estimate_request
from camcover.api.validation import violations_of
from camcover.engine import EstimateRequest, InvalidRequest, Tables, Violation
from camcover.engine.asking.words import repeated, shown
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from camcover.refusals import Refusal
from camcover.workflow.pricing import PricedPlan

__all__ = ["Compared", "below", "compared", "comparison", "comparison_answer", "typed_below"]

Request = request_pb2.EstimatePlanRequest


class Compared(NamedTuple):
    """The well-being plan as it came, and what is asked under each plan."""

    plan: Request
    asked: Mapping[str, EstimateRequest]


def compared(request: messages.ComparePlansRequest) -> Compared:
    """What a comparison asks. Raises `Refused`, `InvalidRequest` with every violation."""
    plan = request_pb2.EstimatePlanRequest()
    plan.CopyFrom(request.request)
    plan.plan_id = plan.plan_id or "any"
    wrong = violations_of(request)
    wrong += [_moved(each, "request") for each in violations_of(plan)]
    if wrong:
        raise invalid(*wrong)
    wrong = _wrong_facts(request)
    if wrong:
        raise invalid(*wrong)
    within_lines("plan_ids", lines_of(plan) * len(request.plan_ids))
    asked = dict.fromkeys(request.plan_ids, typed_below(plan, "request"))
    for place, facts in enumerate(request.facts):
        asked[facts.plan_id] = typed_below(_with_facts(plan, facts), f"facts[{place}]")
    return Compared(plan, {plan_id: each._replace(plan_id=plan_id) for plan_id, each in asked.items()})


def _wrong_facts(request: messages.ComparePlansRequest) -> list[Violation]:
    """What is wrong with facts beside each other, and beside the request."""
    wrong: list[Violation] = []
    seen: set[str] = set()
    for place, facts in enumerate(request.facts):
        field = f"facts[{place}]"
        if facts.plan_id in seen:
            wrong.append(repeated(f"{field}.plan_id", facts.plan_id))
        elif facts.plan_id not in request.plan_ids:
            expected = "one of plan_ids"
            wrong.append(Violation(f"{field}.plan_id", shown(facts.plan_id), expected, Refusal.UNUSED_STATEMENT))
        seen.add(facts.plan_id)
        items, tiers = len(request.request.items), len(facts.item_tiers)
        if tiers not in {0, items}:
            found, expected = f"{tiers} tiers", f"none, or one for each of {items} items"
            wrong.append(Violation(f"{field}.item_tiers", found, expected, Refusal.COUNT_OUT_OF_RANGE))
    return wrong


def _with_facts(plan: Request, facts: messages.PlanFacts) -> Request:
    """The well-being plan with what is different under one payer plan."""
    message = request_pb2.EstimatePlanRequest()
    message.CopyFrom(plan)
    for item, tier in zip(message.items, facts.item_tiers, strict=False):
        item.tier = tier or item.tier
    for name in ("members", "family_accumulators", "family_account_balances"):
        if getattr(facts, name):
            message.ClearField(name)
            getattr(message, name).extend(getattr(facts, name))
    return message


def typed_below(message: Request, field: str) -> EstimateRequest:
    """The typed request, its violations under `field`. Raises `InvalidRequest`."""
    with below(field):
        return estimate_request(message)


@contextmanager
def below(field: str) -> Iterator[None]:
    """Puts the violations of what runs inside under the path of a field."""
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(tuple(_moved(each, field) for each in error.violations)) from error


def _moved(violation: Violation, field: str) -> Violation:
    """A violation with the path that it has in a comparison; one of the message as a whole is one of `field`."""
    return violation._replace(field=f"{field}.{violation.field}".rstrip("."))


def comparison(
    tables: Tables, plan_id: str, priced: PricedPlan | InvalidRequest, request: Request
) -> messages.PlanComparison:
    """One plan of a comparison. Its estimate has no name, since it is not stored."""
    known = tables.directory.get(plan_id)
    answer = messages.PlanComparison(plan_id=plan_id)
    if known is not None:
        answer.plan_name, answer.payer_name = known.name, known.payer_name
    if isinstance(priced, InvalidRequest):
        answer.error.CopyFrom(bad_request(priced.violations))
        return answer
    answer.estimate.MergeFromString(estimate_bytes(priced._replace(name=""), request.request_id, request.language))
    return answer


def comparison_answer(comparisons: Sequence[messages.PlanComparison]) -> bytes:
    """The answer to a comparison, as bytes."""
    return messages.ComparePlansResponse(comparisons=comparisons).SerializeToString()
