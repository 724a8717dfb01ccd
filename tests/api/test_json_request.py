"""JSON texts of callers: what is wrong with them is told in bounded work, however large they are."""

from __future__ import annotations

import pytest

from camcover.api import json_request
from camcover.api.json_request import message_of
from camcover.engine import InvalidRequest, Violation
from camcover.gen.camcover.v1 import request_pb2
from camcover.refusals import Refusal


def refused(text: str) -> tuple[Violation, ...]:
    """The violations of a text that is no request."""
    with pytest.raises(InvalidRequest) as caught:
        message_of(text, request_pb2.EstimatePlanRequest())
    return caught.value.violations


def test_of_many_faults_the_first_hundred_are_told() -> None:
    """Each unknown word is compared with all that are known, so that 300,000 of them took 46 s."""
    text = "{" + ",".join(f'"unknown{number}": 0' for number in range(50_000)) + "}"
    *found, last = refused(text)
    assert [each.field for each in found] == [f"unknown{number}" for number in range(100)]
    assert (last.refusal, last.found) == (Refusal.MORE_VIOLATIONS, "more than 100 faults")


@pytest.mark.parametrize("entry", ["1", "{}"])
def test_a_list_beyond_its_bound_is_one_fault(entry: str) -> None:
    """Its entries are not looked at; the words are those of a message over gRPC."""
    (found,) = refused(f'{{"items": [{",".join([entry] * 501)}]}}')
    assert (found.field, found.found, found.expected) == ("items", "more than 500 entries", "at most 500")
    assert found.refusal is Refusal.COUNT_OUT_OF_RANGE


def test_objects_of_a_text_are_counted_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_request, "_MOST_OBJECTS", 3)
    message_of('{"items": [{}, {}]}', request_pb2.EstimatePlanRequest())
    (found,) = refused('{"items": [{}, {}, {}]}')
    assert (found.found, found.refusal) == ("JSON with more than 3 objects", Refusal.INVALID_JSON)


def test_every_key_that_comes_twice_is_told_once() -> None:
    """Among 20,000 keys, of which most come once; comparing each with each took 11 s."""
    once = ",".join(f'"member{number}": null' for number in range(20_000))
    found = refused(f'{{"plan_id": "a", {once}, "as_of": "b", "plan_id": "c", "plan_id": "d", "as_of": "e"}}')
    assert [each.field for each in found if each.refusal is not Refusal.UNKNOWN_FIELD][:2] == ["as_of", "plan_id"]
