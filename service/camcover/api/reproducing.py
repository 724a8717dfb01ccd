"""A stored estimate: whether it is still there, and computed anew, held to the answer of then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.message import Message

from camcover.api.contract import CONTRACT, answer_digest, as_of_contract
from camcover.api.estimates import estimate_message
from camcover.api.requests import estimate_request
from camcover.engine import Tables
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.store import StoredEstimate
from camcover.workflow.errors import EstimateDiffers, EstimateErased, EstimateNotKept, UnknownEstimate
from camcover.workflow.pricing import PricedPlan, price_again
from camcover.workflow.rules_in_force import RulesInForce

__all__ = [
    "ComputedAgain",
    "Difference",
    "as_answered",
    "computed_again",
    "difference",
    "differences",
    "existing",
    "reproduced",
    "request_of",
]

_WORDS = frozenset(("text", "assumptions", "assumption_sentences", "message_id", "arguments", "rule"))
"""The fields of an estimate that hold sentences, what sentences are made of, or the place of a rule in its file."""


def existing(name: str, stored: StoredEstimate | None) -> StoredEstimate:
    """What a store has of an estimate. Raises `UnknownEstimate`, `EstimateErased`."""
    if stored is None:
        raise UnknownEstimate(name)
    if stored.erased_at is not None:
        raise EstimateErased(name, stored.erased_at)
    return stored


def request_of(stored: StoredEstimate) -> bytes:
    """The request of an estimate. Raises `EstimateNotKept`."""
    if stored.request is None:
        raise EstimateNotKept(f"{stored.name} cannot be computed again: only its hashes were kept, not its request")
    return stored.request


def reproduced(rules: RulesInForce, stored: StoredEstimate, content: bytes) -> estimate_pb2.Estimate:
    """The estimate that `stored` tells of, computed anew from the request's `content`, the same to the byte.

    Raises `EstimateDiffers` when it is not the same, and what `computed_again` raises.
    """
    message = computed_again(rules, stored, content).message
    found = difference(stored, message)
    if found is not None:
        said = f"this version of camcover computes another result than the one kept: {found.said}"
        raise EstimateDiffers(f"{stored.name}: {said}", same_figures=found.same_figures)
    return message


class Difference(NamedTuple):
    """How an estimate that was computed anew differs: in words for a person, and whether only its words do."""

    said: str
    same_figures: bool


def difference(stored: StoredEstimate, message: estimate_pb2.Estimate) -> Difference | None:
    """How an estimate differs from the one that was answered; None where it is the same to the byte. No values."""
    if as_answered(stored, message):
        return None
    places = list(differences(estimate_pb2.Estimate.FromString(stored.body or b""), message))
    if not places:
        return Difference("it differs at a field that this version does not know", same_figures=False)
    figures = [place for place in places if not _WORDS.intersection(re.split(r"[.\[\]]+", place))]
    if figures:
        return Difference(f"it differs at {figures[0]}", same_figures=False)
    return Difference(f"only the words differ, first at {places[0]}; every figure is the same", same_figures=True)


class ComputedAgain(NamedTuple):
    """A stored estimate computed anew: by which rules, the answer, and its message.

    The message has the fields of the contract under which the estimate was answered (`contract.py`); those that came
    later are left out.
    """

    tables: Tables
    priced: PricedPlan
    message: estimate_pb2.Estimate


def computed_again(rules: RulesInForce, stored: StoredEstimate, content: bytes) -> ComputedAgain:
    """The estimate that `stored` tells of, computed anew from the request's `content`, whatever comes of it.

    Raises `EstimateNotKept` when a later version made it, `InvalidRequest`, `UnknownRelease` or `ReleaseUnusable` when
    its release is not there.
    """
    request = request_pb2.EstimatePlanRequest.FromString(content)
    tables = rules.take(stored.rule_release)
    priced = price_again(tables, estimate_request(request), stored.name, stored.created_at)
    if stored.contract > CONTRACT:
        known = f"its contract is {stored.contract}; this version knows contracts up to {CONTRACT}"
        raise EstimateNotKept(f"{stored.name}: a later version of camcover made it ({known})")
    message = as_of_contract(estimate_message(priced, _request_id(stored), request.language), stored.contract)
    return ComputedAgain(tables, priced, message)


def as_answered(stored: StoredEstimate, message: estimate_pb2.Estimate) -> bool:
    """Whether an estimate is the one that was answered, to the byte."""
    return answer_digest(message) == stored.body_digest


def differences(kept: Message, again: Message) -> Iterator[str]:
    """The paths of the fields that differ, such as `lines[3].copay_cents`; none where none does. No values."""
    for field in kept.DESCRIPTOR.fields:
        one, other, name = getattr(kept, field.name), getattr(again, field.name), str(field.name)
        if one == other:
            continue
        if field.message_type is None:
            yield name
        elif not field.is_repeated:
            yield from (f"{name}.{place}" for place in differences(one, other))
        else:
            for number, (first, second) in enumerate(zip(one, other, strict=False)):
                yield from (f"{name}[{number}].{place}" for place in differences(first, second))
            if len(one) != len(other):
                yield f"{name}[{min(len(one), len(other))}]"


def _request_id(stored: StoredEstimate) -> str:
    """The request id of the answer, even if the store has dropped the id since."""
    if stored.body is None:
        return stored.request_id or ""
    return estimate_pb2.Estimate.FromString(stored.body).request_id
