"""Batches larger than a workspace holds at once, and requests larger than it begins with, say what small ones say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import Estimate, EstimateRequest, evaluate, evaluate_many
from camcover.engine.asking.violations import violations_of
from camcover.engine.evaluate import MOST_LINES
from camcover.engine.request import InvalidRequest
from camcover.gen.camcover.v1 import request_pb2
from small_rules import question, tables

pytestmark = pytest.mark.usefixtures("guards")

RULES = tables()


def question_request() -> EstimateRequest:
    """The small question, typed."""
    return estimate_request(json_format.ParseDict(question(), request_pb2.EstimatePlanRequest()))


def repeated(request: EstimateRequest, times: int) -> EstimateRequest:
    """The request with its service so many times."""
    return request._replace(items=request.items * times)


def test_a_batch_of_more_lines_than_are_held_at_once() -> None:
    long = repeated(question_request(), 500)
    batch = [long, question_request(), question_request()._replace(plan_id="nowhere")] * (MOST_LINES // 1_500 + 2)
    answers = evaluate_many(RULES, batch)
    first, second = evaluate(RULES, long), evaluate(RULES, question_request())
    assert answers[0::3] == [first] * (len(batch) // 3)
    assert answers[1::3] == [second] * (len(batch) // 3)
    assert all(isinstance(each, InvalidRequest) for each in answers[2::3])


def test_threads_have_workspaces_of_their_own() -> None:
    requests = [repeated(question_request(), times) for times in range(1, 40)]
    expected = [evaluate(RULES, each) for each in requests]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda each: evaluate(RULES, each), requests * 4)) == expected * 4


def test_the_maximum_of_lines_is_priced_and_one_more_is_refused() -> None:
    (item,) = question_request().items
    dates = tuple(item.dates[0] + timedelta(days=number) for number in range(500))
    most = tuple(item._replace(dates=dates) for _ in range(4))
    request = question_request()._replace(items=most)
    assert len(evaluate(RULES, request).lines) == 2_000
    with pytest.raises(InvalidRequest) as caught:
        evaluate(RULES, request._replace(items=(*most, item)))
    assert (
        caught.value.violations[0].description
        == "found 2003 lines up to this item; expected at most 2000 lines in one request"
    )


def test_an_unsound_request_without_a_violation_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.engine.asking.adjudicator.violations_of", lambda _tables, _request: ())
    with pytest.raises(AssertionError, match="refused without a reason"):
        evaluate(RULES, question_request()._replace(plan_id="nowhere"))


def test_sound_requests_have_no_violations() -> None:
    assert violations_of(RULES, question_request()) == ()
    assert isinstance(evaluate(RULES, question_request()), Estimate)
