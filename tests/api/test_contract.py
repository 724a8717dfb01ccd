"""The contract of estimates: a field that is added later breaks no estimate of before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from camcover.api import answering, contract, reproducing
from camcover.api.answering import Answering
from camcover.api.contract import CONTRACT, SINCE, as_of_contract
from camcover.api.estimates import estimate_message
from camcover.api.reproducing import reproduced
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.store import Database, Keeping, KeptEstimates, open_database
from camcover.workflow.errors import EstimateNotKept
from camcover.workflow.rules_in_force import RulesInForce
from small_rules import SHARE_PLAN, estimate_in, tables

FIRST = {
    "Estimate": 18,
    "Line": 29,
    "Adjustment": 3,
    "Step": 4,
    "Amounts": 12,
    "AccumulatorAfter": 4,
    "Month": 2,
    "Range": 4,
    "Prerequisite": 5,
    "Notice": 3,
    "Citation": 4,
    "LimitAfter": 6,
    "UseAfter": 4,
    "Member": 12,
    "Membership": 6,
    "AccumulatorUse": 3,
    "LimitUse": 5,
    "BenefitVisits": 2,
    "PriorVisit": 5,
    "FeeUse": 4,
    "Sentence": 3,
    "Argument": 10,
    "ArgumentList": 1,
    "CodeUse": 3,
    "AccountBalance": 2,
    "AccountAfter": 4,
    "AccountPayment": 2,
    "EpisodeStart": 2,
    "RangeCause": 5,
}
"""The highest number of a field of each message when it came into the contract, most of them in the first.

A message that comes later is added; what stands here is never changed."""

NEW = {"camcover.v1.Estimate.notices": 2, "camcover.v1.Line.adjustments": 2, "camcover.v1.Citation.url": 3}
"""Fields that are taken for new ones in these tests: what a later version adds."""


RULES = tables(share=SHARE_PLAN.replace("published: 20", 'url: "https://payer.example/eoc", published: 20'))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


def messages() -> dict[str, Any]:
    """The messages that an estimate is made of, by name."""
    found: dict[str, Any] = {}
    waiting: list[Any] = [estimate_pb2.Estimate.DESCRIPTOR]
    while waiting:
        message = waiting.pop()
        if message.file.package == "camcover.v1" and message.name not in found:
            found[message.name] = message
            waiting += [field.message_type for field in message.fields if field.message_type]
    return found


def test_every_field_since_the_first_contract_is_registered() -> None:
    """If this fails, a field was added to an answer: name it in `SINCE` of api/contract.py, with the next number.

    A new message is to be added to `FIRST`.
    """
    added: list[FieldDescriptor] = [
        field for name, message in messages().items() for field in message.fields if field.number > FIRST.get(name, 0)
    ]
    assert [field.full_name for field in added if field.full_name not in SINCE] == []
    assert set(messages()) == set(FIRST)
    every = {field.full_name for message in messages().values() for field in message.fields}
    assert set(SINCE) <= every
    assert sorted(set(SINCE.values())) == list(range(2, CONTRACT + 1))


def before(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Answer as a version of contract `number` did, which knew nothing of later fields."""

    def make(*given: Any) -> bytes:
        monkeypatch.setattr(contract, "SINCE", NEW)
        return as_of_contract(estimate_message(*given), number).SerializeToString(deterministic=True)

    monkeypatch.setattr(answering, "estimate_bytes", make)
    monkeypatch.setattr(answering, "CONTRACT", number)


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer as the version that added all of them."""
    monkeypatch.setattr(contract, "SINCE", NEW)
    for module in (answering, reproducing):
        monkeypatch.setattr(module, "CONTRACT", 3)


def bare(estimate: estimate_pb2.Estimate) -> tuple[int, int, int]:
    """How many values of the new fields an estimate holds."""
    lines = sum(len(line.adjustments) for line in estimate.lines)
    return len(estimate.notices), lines, sum(bool(each.url) for each in estimate.citations)


@pytest.mark.parametrize("number", [1, 2])
async def test_an_estimate_of_before_is_reproduced_by_a_version_with_more_fields(
    ask: Callable[..., Any], database: Database, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Kept under contract 1 or 2; a version of contract 3 computes it again, the same to the byte."""
    rules, kept = RulesInForce(RULES), KeptEstimates(database)
    with monkeypatch.context() as patched:
        before(patched, number)
        answered = estimate_in(await Answering(rules, kept).one(ask()))
    stored = kept.by_name(answered.name)
    assert stored is not None
    assert (stored.contract, stored.request is not None) == (number, True)
    with monkeypatch.context() as patched:
        later(patched)
        again = reproduced(rules, stored, stored.request or b"")
        whole = estimate_in(await Answering(rules, kept).one(ask()))
    assert again == answered
    assert [bool(each) for each in bare(again)] == [number >= 2, number >= 2, False]
    assert all(bare(whole))
    found = kept.by_name(whole.name)
    assert found is not None
    assert found.contract == 3
    # Without the number it would be another estimate:
    with monkeypatch.context() as patched:
        later(patched)
        with pytest.raises(EstimateNotKept, match="computes another result than the one kept"):
            reproduced(rules, stored._replace(contract=3), stored.request or b"")


async def test_a_request_id_of_which_hashes_are_kept_is_answered_again_by_a_version_with_more_fields(
    ask: Callable[..., Any], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, kept = RulesInForce(RULES), KeptEstimates(database, Keeping.HASHES)
    with monkeypatch.context() as patched:
        before(patched, 1)
        first = await Answering(rules, kept).one(ask(request_id="a"))
    with monkeypatch.context() as patched:
        later(patched)
        again = await Answering(rules, kept).one(ask(request_id="a"))
    assert again == first
    assert bare(estimate_in(again)) == (0, 0, 0)


async def test_an_estimate_of_a_later_version_is_not_called_another(
    ask: Callable[..., Any], database: Database
) -> None:
    """An older replica beside a newer one says what is the matter."""
    rules, kept = RulesInForce(RULES), KeptEstimates(database)
    answered = estimate_in(await Answering(rules, kept).one(ask()))
    stored = kept.by_name(answered.name)
    assert stored is not None
    known = rf"its contract is 99; this version knows contracts up to {CONTRACT}"
    with pytest.raises(EstimateNotKept, match=rf"a later version of camcover made it \({known}\)"):
        reproduced(rules, stored._replace(contract=99), stored.request or b"")
