"""Plans compared with facts of their own; limits, steps and sums in numbers, with what is left."""

from __future__ import annotations

from datetime import date
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest

from camcover.api.coverage_messages import coverage_message
from camcover.api.plan_figures import limit_figures, step_figures
from camcover.engine import EstimateRequest, compile_rules
from camcover.engine.request import PlannedService, Procedure
from camcover.gen.camcover.v1 import catalog_service_pb2, estimate_pb2, request_pb2
from camcover.gen.camcover.v1 import estimate_service_pb2 as messages
from camcover.money import Cents
from camcover.workflow.coverage import check_coverage
from cell_rules import rule_set
from grpc_calls import status_of

NOTHING = {"id": "ana", "age": 40, "state": "WA"}


def comparing(ask: Any, *facts: dict[str, Any]) -> messages.ComparePlansRequest:
    """The question of small_rules under both plans, its sums stated for no plan."""
    plan = ask(plan_id="", members=[NOTHING])
    request = messages.ComparePlansRequest(request=plan, plan_ids=["share-plan", "copay-plan"])
    request.facts.extend(json_format.ParseDict(each, messages.PlanFacts()) for each in facts)
    return request


async def amounts(service: Any, request: messages.ComparePlansRequest) -> dict[str, int]:
    """What the patient pays under each plan, cents."""
    answer = await service.estimates.ComparePlans(request)
    return {each.plan_id: each.estimate.totals.patient_cents for each in answer.comparisons}


async def test_each_plan_is_priced_by_its_own_facts(service: Any, ask: Any) -> None:
    """Nothing met: 100.00 of 144.00 allowed, then 20% of 44.00 = 108.80. All of the deductible met: 28.80.

    Out of network 75% of 48.00 = 36.00 is allowed: 3 x 36.00 = 108.00; 100.00 + 50% of 8.00 = 104.00, and 3 x 44.00
    above the allowed amount, which is the member's: 236.00. Under Copay Plan with its maximum met nothing is due.
    """
    assert await amounts(service, comparing(ask)) == {"share-plan": 10_880, "copay-plan": 6_000}
    met = NOTHING | {"accumulators": [{"accumulator": "deductible", "used_cents": 10_000}]}
    full = NOTHING | {"accumulators": [{"accumulator": "oop_max", "used_cents": 50_000}]}
    both = comparing(ask, {"plan_id": "share-plan", "members": [met]}, {"plan_id": "copay-plan", "members": [full]})
    assert await amounts(service, both) == {"share-plan": 2_880, "copay-plan": 0}
    away = comparing(ask, {"plan_id": "share-plan", "item_tiers": ["out_of_network"]})
    assert await amounts(service, away) == {"share-plan": 23_600, "copay-plan": 6_000}
    own = comparing(ask, {"plan_id": "share-plan", "item_tiers": [""]})
    assert await amounts(service, own) == {"share-plan": 10_880, "copay-plan": 6_000}


async def test_a_comparison_names_plan_and_payer(service: Any, ask: Any) -> None:
    request = comparing(ask)
    request.plan_ids.append("nowhere")
    answer = await service.estimates.ComparePlans(request)
    assert [(each.plan_id, each.plan_name, each.payer_name) for each in answer.comparisons] == [
        ("copay-plan", "Copay Plan", "Example Health"),
        ("share-plan", "Share Plan", "Example Health"),
        ("nowhere", "", ""),
    ]


@pytest.mark.parametrize(
    ("facts", "field", "reason"),
    [
        ([{"plan_id": "other"}], "facts[0].plan_id", "UNUSED_STATEMENT"),
        ([{"plan_id": "share-plan"}, {"plan_id": "share-plan"}], "facts[1].plan_id", "REPEATED"),
        ([{"plan_id": "share-plan", "item_tiers": ["a", "b"]}], "facts[0].item_tiers", "COUNT_OUT_OF_RANGE"),
        ([{"plan_id": "share-plan", "members": [{"age": 131}]}], "facts[0].members[0].age", "NUMBER_OUT_OF_RANGE"),
        (
            [{"plan_id": "share-plan", "members": [{"birth_date": "2026-02-30"}]}],
            "facts[0].members[0].birth_date",
            "INVALID_DATE",
        ),
    ],
)
async def test_facts_that_do_not_fit_are_refused(
    service: Any, ask: Any, facts: list[dict[str, Any]], field: str, reason: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.ComparePlans(comparing(ask, *facts))
    details = status_of(caught.value).details
    (fields,) = [BadRequest.FromString(each.value) for each in details if each.Is(BadRequest.DESCRIPTOR)]
    assert [(each.field, each.reason) for each in fields.field_violations] == [(field, reason)]


async def test_a_fact_that_the_plan_does_not_know_is_that_plans_error(service: Any, ask: Any) -> None:
    answer = await service.estimates.ComparePlans(comparing(ask, {"plan_id": "share-plan", "item_tiers": ["gold"]}))
    assert [each.WhichOneof("result") for each in answer.comparisons] == ["estimate", "error"]
    assert answer.comparisons[1].error.message.startswith("items[0].tier: ")


async def test_coverage_tells_what_is_left(service: Any) -> None:
    """4 visits a year, one used, this one the second: 2 are left behind it. 100.00 of deductible, 60.00 met: 40.00."""
    member = request_pb2.Member(age=40)
    member.accumulators.add(accumulator="deductible", used_cents=6_000)
    member.limit_usage.add(limit="visits", used=1)
    asked = request_pb2.PlannedService(
        therapy="acupuncture",
        practitioner="acupuncturist",
        diagnoses=["M54.50"],
        tier="in_network",
        dates=["2026-05-04"],
    )
    request = messages.CheckCoverageRequest(plan_id="share-plan", member=member, service=asked)
    answer = await service.estimates.CheckCoverage(request)
    (limit,) = answer.limits
    assert (limit.figures.measure, limit.figures.allowed, limit.figures.period, limit.left) == (
        "visits",
        4,
        "calendar_year",
        2,
    )
    left = {each.accumulator: (each.maximum_cents, each.HasField("left_cents")) for each in answer.accumulators}
    assert left == {"deductible": (10_000, True), "oop_max": (50_000, False)}
    assert [each.left_cents for each in answer.accumulators if each.HasField("left_cents")] == [4_000]
    tier = next(each for each in answer.terms if each.tier == "in_network")
    assert [(each.kind, each.coinsurance_basis_points) for each in tier.steps] == [
        ("deductible", 0),
        ("coinsurance", 2_000),
    ]


@pytest.mark.parametrize(
    ("charge", "allowed", "codes", "left"),
    [
        (None, None, [], None),
        (9_000, 9_000, [], 41_000),
        (None, 15_000, [], 35_000),
        (9_000, None, [Procedure("97810")], 45_200),
        (None, None, [Procedure("97810"), Procedure("97811")], None),
        (None, None, [Procedure("97810", charge_cents=Cents(9_000)), Procedure("97811")], None),
        (
            None,
            None,
            [Procedure("97810", charge_cents=Cents(9_000)), Procedure("97811", allowed_cents=Cents(15_000))],
            30_200,
        ),
    ],
)
def test_what_is_left_of_money_needs_a_price_of_every_code(
    charge: int | None, allowed: int | None, codes: list[Procedure], left: int | None
) -> None:
    """Of 500.00 a year, by what the plan allows: a rate of 90.00 or 150.00, or 48.00 for code 97810.

    500.00 - 90.00 = 410.00; - 150.00 = 350.00; - 48.00 = 452.00; - 48.00 - 150.00 = 302.00.
    """
    rules = compile_rules(
        rule_set(
            "one: {therapies: [acupuncture], limits: [{id: cap, allow: $500.00, counts: allowed, per: calendar_year}], "
            "in_network: {member_pays: [{copay: $10}]}}"
        )
    )
    session = PlannedService(
        (date(2026, 5, 4),),
        therapy="acupuncture",
        procedures=tuple(codes),
        tier="in_network",
        charge_cents=None if charge is None else Cents(charge),
        allowed_cents=None if allowed is None else Cents(allowed),
    )
    message = coverage_message(check_coverage(rules, EstimateRequest("plan", (session,))), "rules-1")
    (limit,) = message.limits
    assert (limit.left if limit.HasField("left") else None) == left
    assert (limit.figures.measure, limit.figures.allowed, limit.figures.counts) == ("money", 50_000, "allowed")


def test_every_kind_of_step_and_limit_in_numbers() -> None:
    """Worked out from the text of the rules, field by field."""
    rules = rule_set(
        "one: {therapies: [massage], limits: [{id: one, allow: [{ages: {max: 20}, allow: 30 visits}, "
        "{allow: 15 visits}], per: rolling 90 days, tiers: [in_network]}], "
        "in_network: {member_pays: [{through: 3 visits, steps: [deductible, {copay: $30 per visit}]}, "
        "{steps: [{lesser_of: [{copay: $40}, {coinsurance: 20%}]}]}]}, "
        "out_of_network: {member_pays: [{coinsurance: 50%, of: allowed, at_least: $10, at_most: $50}]}}",
        "two: {therapies: [reiki], limits: [{id: two, for: family, allow: 9 visits, per: week}], "
        "in_network: {member_pays: [{copay_by_allowed: [{up_to: $10, copay: $0.65}, "
        "{copay: $2.55}]}]}, out_of_network: {member_pays: nothing}}",
    )
    (plan,) = rules.plans["plan"]
    benefit = plan.benefits["one"]
    assert limit_figures(benefit.limits[0]) == estimate_pb2.LimitFigures(
        measure="visits",
        allowed=15,
        period="rolling_days",
        period_length=90,
        counts="covered",
        by_age=[estimate_pb2.AgeFigures(max_age=20, allowed=30)],
        tiers=["in_network"],
    )
    shared = limit_figures(plan.benefits["two"].limits[0])
    assert (shared.counted_for, shared.period, shared.period_length) == ("family", "week", 0)
    steps = list(step_figures(benefit.tiers["in_network"].member_pays))
    assert [(each.kind, each.through_visit) for each in steps] == [("deductible", 3), ("copay", 3), ("lesser", 0)]
    assert (steps[1].copay_cents, steps[1].copay_per) == (3_000, "visit")
    assert (steps[2].copay_cents, steps[2].coinsurance_basis_points) == (4_000, 2_000)
    (bounded,) = step_figures(benefit.tiers["out_of_network"].member_pays)
    assert bounded == estimate_pb2.StepFigures(
        kind="coinsurance",
        coinsurance_basis_points=5_000,
        coinsurance_of="allowed",
        at_least_cents=1_000,
        at_least_per="visit",
        at_most_cents=5_000,
        at_most_per="visit",
    )
    (banded,) = step_figures(plan.benefits["two"].tiers["in_network"].member_pays)
    assert [(each.HasField("up_to_cents"), each.up_to_cents, each.copay_cents) for each in banded.bands] == [
        (True, 1_000, 65),
        (False, 0, 255),
    ]
    (nothing,) = step_figures(plan.benefits["two"].tiers["out_of_network"].member_pays)
    assert nothing.kind == "nothing"


async def test_get_plan_has_figures(service: Any) -> None:
    answer = await service.catalog.GetPlan(catalog_service_pb2.GetPlanRequest(plan_id="share-plan"))
    (edition,) = answer.plan.editions
    assert [(each.id, each.figures.allowed, each.figures.measure) for each in edition.limits] == [
        ("visits", 4, "visits")
    ]
    (benefit,) = edition.benefits
    assert list(benefit.limits) == ["visits"]
    shares = {each.tier: [step.coinsurance_basis_points for step in each.steps] for each in benefit.tier_terms}
    assert shares == {"in_network": [0, 2_000], "out_of_network": [0, 5_000]}
