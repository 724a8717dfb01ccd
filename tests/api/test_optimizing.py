"""OptimizePlan: small_rules.question has the figures; tests/workflow/test_cheaper_ways.py tests the search itself."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest

from camcover.api.optimizing import asked_search
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.workflow.cheaper_ways import WaySearch
from grpc_calls import status_of
from small_rules import question

ITEM = question()["items"][0]
ELSEWHERE = {"items": [ITEM | {"tier": "out_of_network"}]}
"""40.00 of the deductible are left; 36.00 is allowed: 36.00, then 4.00 + 16.00, then 18.00, and 3 x 44.00 = 206.00."""


def optimizing(plan: dict[str, Any] | None = None, **others: Any) -> messages.OptimizePlanRequest:
    """A search for the question with fields of `plan` in place of its own."""
    data = {"request": question(**(plan or {})), **others}
    return json_format.ParseDict(data, messages.OptimizePlanRequest())


def violations(error: Any) -> list[BadRequest.FieldViolation]:
    """What a refusal says is wrong."""
    found = []
    for detail in status_of(error).details:
        bad = BadRequest()
        if detail.Unpack(bad):
            found += list(bad.field_violations)
    return found


async def test_ways_have_their_price_their_changes_and_each_service(service: Any) -> None:
    answer = await service.estimates.OptimizePlan(optimizing(ELSEWHERE | {"language": "es"}, tiers=["in_network"]))
    assert (answer.patient_cents, answer.priced, answer.proven, answer.language) == (20_600, 2, True, "es")
    assert answer.rule_release.startswith("rules-")
    (way,) = answer.ways
    assert (way.patient_cents, way.saved_cents) == (6_080, 14_520)
    (change,) = way.changes
    assert (change.item_index, change.kind) == (0, messages.WAY_CHANGE_KIND_TIER)
    assert (change.sentence.message_id, change.sentence.text) == (
        "way-tier",
        "acupuntura: 3 visitas con un proveedor de otra red (dentro de la red)",
    )
    (item,) = way.items
    assert (item.tier, item.practitioner, item.setting) == ("in_network", "acupuncturist", "")
    assert list(item.dates) == ["2026-03-02", "2026-03-09", "2026-03-16"]
    asked = optimizing(ELSEWHERE).request
    asked.items[0].tier = item.tier
    assert (await service.estimates.EstimatePlan(asked)).totals.patient_cents == way.patient_cents


async def test_visits_that_are_paid_without_the_plan_are_named(service: Any) -> None:
    """Of four visits a year one is used: the fourth of March is 80.00, or 65.00 without the plan."""
    days = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    plan = {
        "items": [ITEM | {"dates": days}],
        "members": [{"id": "ana", "limit_usage": [{"limit": "visits", "used": 1}]}],
    }
    answer = await service.estimates.OptimizePlan(optimizing(plan, self_pay=[{"price_cents": 6_500}]))
    (way,) = answer.ways
    assert way.saved_cents == 1_500
    assert list(way.items[0].self_paid_dates) == days[3:]
    assert way.changes[0].kind == messages.WAY_CHANGE_KIND_SELF_PAY


async def test_nothing_found_and_a_bound_are_said(service: Any) -> None:
    answer = await service.estimates.OptimizePlan(optimizing(tiers=["out_of_network"], most_priced=1))
    assert (list(answer.ways), answer.proven) == ([], False)
    assert [each.message_id for each in answer.remarks] == ["ways-none", "ways-bound-reached"]


@pytest.mark.parametrize(
    ("plan", "others", "field", "reason"),
    [
        ({"plan_id": ""}, {}, "request.plan_id", "MISSING_VALUE"),
        ({"plan_id": "shar-plan"}, {}, "request.plan_id", "UNKNOWN_PLAN"),
        ({"as_of": "2026-02-30"}, {}, "request.as_of", "INVALID_DATE"),
        ({"rule_release": "rules-0000000000000000"}, {}, "request.rule_release", "UNKNOWN_RULE_RELEASE"),
        ({}, {"tiers": ["gold"]}, "tiers[0]", "UNKNOWN_TIER"),
        ({}, {"tiers": ["in_network"] * 2}, "tiers", "REPEATED"),
        ({}, {"settings": ["spa"]}, "settings[0]", "UNKNOWN_SETTING"),
        ({}, {"practitioners": ["x"]}, "practitioners[0]", "UNKNOWN_PRACTITIONER"),
        ({}, {"earliest": "2026-02-30"}, "earliest", "INVALID_DATE"),
        ({}, {"earliest": "2026-03-02", "latest": "2026-03-01"}, "latest", "DATE_OUT_OF_RANGE"),
        ({}, {"self_pay": [{"item_index": 1}]}, "self_pay[0].item_index", "NUMBER_OUT_OF_RANGE"),
        ({}, {"self_pay": [{"price_cents": -1}]}, "self_pay[0].price_cents", "AMOUNT_OUT_OF_RANGE"),
        ({}, {"most_priced": 20_001}, "most_priced", "NUMBER_OUT_OF_RANGE"),
    ],
)
async def test_what_is_wrong_is_named_with_its_field(
    service: Any, plan: dict[str, Any], others: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.OptimizePlan(optimizing(plan, **others))
    assert [(each.field, each.reason) for each in violations(caught.value)] == [(field, reason)]


async def test_a_request_is_needed(service: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.OptimizePlan(messages.OptimizePlanRequest())
    assert [(each.field, each.reason) for each in violations(caught.value)] == [("request", "MISSING_VALUE")]


def test_large_requests_have_fewer_plans_priced() -> None:
    """200,000 lines in all, in slices of about 2,000: 1,000 visits are 200 plans, two at once."""
    visits = {name: value for name, value in ITEM.items() if name != "dates"} | {
        "start_date": "2026-03-02",
        "sessions": 500,
        "every_days": 1,
    }
    large = asked_search(optimizing({"items": [visits] * 2}, most_priced=20_000))
    assert (large.most_priced, large.at_once) == (200, 2)
    assert asked_search(optimizing({})).most_priced == 2_000
    assert asked_search(optimizing({}, most_priced=7)).most_priced == 7


class HeldSearch:
    """Holds every search at its second step until it is let go, and counts the steps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put itself before the steps."""
        self.began, self.goes_on, self.steps = threading.Semaphore(0), threading.Event(), 0

        def held(_search: WaySearch) -> bool:
            self.steps += 1
            self.began.release()
            assert self.goes_on.wait(120)
            return True

        monkeypatch.setattr(WaySearch, "advance", held)


@pytest.mark.parametrize("deadline", [None, 1.0])
async def test_a_search_ends_with_its_call(
    service: Any, monkeypatch: pytest.MonkeyPatch, deadline: float | None
) -> None:
    """Cancelled, or at its deadline: the step that runs is the last one, and the place of the call is free."""
    held = HeldSearch(monkeypatch)
    call = service.estimates.OptimizePlan(optimizing(), timeout=deadline)
    try:
        await asyncio.to_thread(held.began.acquire)
        if deadline is None:
            call.cancel()
        with pytest.raises((asyncio.CancelledError, grpc.aio.AioRpcError)):
            await call
        async with asyncio.timeout(120):
            await service.server.admission._emptied()
    finally:
        held.goes_on.set()
    assert (await service.estimates.EstimatePlan(optimizing().request)).totals.patient_cents == 6_080
    assert held.steps == 1
