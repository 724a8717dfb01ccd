"""EstimateService: every method, its figures worked out by hand in small_rules.question."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest

from camcover.api.coverage_messages import coverage_message
from camcover.engine import EstimateRequest, compile_rules
from camcover.engine.request import PlannedService
from camcover.gen.camcover.v1 import estimate_pb2, estimate_service_pb2, request_pb2
from camcover.workflow.coverage import check_coverage
from cell_rules import rule_set
from grpc_calls import status_of
from small_rules import question

OTHER_CHARGE = [question()["items"][0] | {"procedures": [{"code": "97810", "charge_cents": 8100}]}]


async def test_an_estimate_to_the_cent(service: Any, ask: Any) -> None:
    estimate = await service.estimates.EstimatePlan(ask(request_id="one"))
    totals = estimate.totals
    assert (totals.charge_cents, totals.patient_cents, totals.plan_paid_cents) == (24000, 6080, 8320)
    assert (totals.deductible_cents, totals.coinsurance_cents, totals.written_off_cents) == (4000, 2080, 9600)
    assert [line.patient_cents for line in estimate.lines] == [4160, 960, 960]
    assert [(month.month, month.patient_cents) for month in estimate.months] == [("2026-03", 6080)]
    after = {each.accumulator: each.used_cents for each in estimate.accumulators_after}
    assert after == {"deductible": 10000, "oop_max": 12080}
    assert (estimate.request_id, estimate.plan_id, estimate.currency_code) == ("one", "share-plan", "USD")
    assert [(each.limit, each.used, each.allowed) for each in estimate.limits_after] == [("visits", 3, 4)]
    assert estimate.name.startswith("estimates/")
    assert estimate.rule_release.startswith("rules-")
    assert [each.id for each in estimate.notices][:3] == [
        "not-a-guarantee",
        "actual-charges-may-differ",
        "third-party-payments",
    ]


async def test_x12_adjustments_sum_to_charge_less_payment(service: Any, ask: Any) -> None:
    """PR-1 is the deductible, PR-2 the coinsurance, CO-45 the write-off: 40.00 + 1.60 + 32.00 = 80.00 - 6.40."""
    estimate = await service.estimates.EstimatePlan(ask())
    stated = [(each.group, each.reason_code, each.amount_cents) for each in estimate.lines[0].adjustments]
    assert sorted(stated) == [("CO", "45", 3200), ("PR", "1", 4000), ("PR", "2", 160)]


async def test_steps_only_when_asked(service: Any, ask: Any) -> None:
    plain = await service.estimates.EstimatePlan(ask())
    told = await service.estimates.EstimatePlan(ask(explain=True))
    assert not any(line.steps for line in plain.lines)
    deductible = next(step for step in told.lines[0].steps if "toward your deductible" in step.text)
    assert (deductible.amount_cents, deductible.citation) == (4000, "Evidence of coverage, p.1")
    assert deductible.rule.startswith("share.yaml:")


async def test_an_estimate_is_given_again_byte_for_byte(service: Any, ask: Any) -> None:
    first = await service.estimates.EstimatePlan(ask(request_id="again", explain=True))
    name = estimate_service_pb2.GetEstimateRequest(name=first.name)
    stored = await service.estimates.GetEstimate(name)
    assert stored.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)


async def test_the_same_request_id_gives_the_same_estimate(service: Any, ask: Any) -> None:
    first = await service.estimates.EstimatePlan(ask(request_id="one"))
    again = await service.estimates.EstimatePlan(ask(request_id="one"))
    assert again == first
    unnamed = [await service.estimates.EstimatePlan(ask()) for _ in range(2)]
    assert unnamed[0].name != unnamed[1].name


async def test_a_request_id_with_other_content_is_refused(service: Any, ask: Any) -> None:
    await service.estimates.EstimatePlan(ask(request_id="one"))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.EstimatePlan(ask(request_id="one", items=OTHER_CHARGE))
    assert caught.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert "'one' was used before with other content" in str(caught.value.details())


async def test_the_same_request_id_from_several_callers_at_once(service: Any, ask: Any) -> None:
    answers = await asyncio.gather(*(service.estimates.EstimatePlan(ask(request_id="race")) for _ in range(2)))
    assert answers[0] == answers[1]


async def test_a_stream_goes_on_after_a_bad_request(service: Any, ask: Any) -> None:
    async def requests() -> Any:
        yield ask(request_id="a")
        yield ask(request_id="b", plan_id="share-plam")
        yield ask(request_id="c", plan_id="copay-plan", members=[{"id": "ana"}])

    answers = [answer async for answer in service.estimates.StreamEstimates(requests())]
    assert [answer.request_id for answer in answers] == ["a", "b", "c"]
    assert answers[0].estimate.totals.patient_cents == 6080
    assert answers[1].error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert "did you mean 'share-plan'" in answers[1].error.message
    assert answers[2].estimate.totals.patient_cents == 6000


async def test_a_batch_answers_each_request_for_itself(service: Any, ask: Any) -> None:
    """The second is refused, the third repeats the first, the fourth reuses its id for other content."""
    requests = [
        ask(request_id="a"),
        request_pb2.EstimatePlanRequest(request_id="b"),
        ask(request_id="a"),
        ask(request_id="a", items=OTHER_CHARGE),
    ]
    batch = estimate_service_pb2.BatchEstimatePlansRequest(requests=requests)
    results = (await service.estimates.BatchEstimatePlans(batch)).results
    assert [each.request_id for each in results] == ["a", "b", "a", "a"]
    assert results[0].estimate.totals.patient_cents == 6080
    assert results[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert results[2].estimate == results[0].estimate
    assert results[3].error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]
    again = (await service.estimates.BatchEstimatePlans(batch)).results
    assert again[0] == results[0]


async def test_an_empty_batch_is_refused(service: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.BatchEstimatePlans(estimate_service_pb2.BatchEstimatePlansRequest())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_batch_has_a_bound_of_lines(service: Any, ask: Any) -> None:
    """Eleven requests of 1,840 lines (five times 368 sessions) are 20,240; a request out of bounds counts 2,001."""
    item = {"therapy": "acupuncture", "charge_cents": 9000, "start_date": "2026-01-01", "every_days": 1}
    large = ask(items=[item | {"sessions": 368}] * 5)
    batch = estimate_service_pb2.BatchEstimatePlansRequest(requests=[large] * 11)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.BatchEstimatePlans(batch)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "requests: found 20240 lines in total; expected at most 20000"
    beyond = ask(items=[item | {"sessions": 500}] * 500)
    batch = estimate_service_pb2.BatchEstimatePlansRequest(requests=[beyond, ask(), ask(request_id="z")])
    results = (await service.estimates.BatchEstimatePlans(batch)).results
    assert results[0].error.message.startswith("items[4]: found 2500 lines up to this item; expected at most 2000")
    assert [each.estimate.totals.patient_cents for each in results[1:]] == [6080, 6080]


async def test_a_comparison_has_a_bound_of_lines(service: Any, ask: Any) -> None:
    """500 sessions under 41 plans are 20,500 lines."""
    item = {"therapy": "acupuncture", "charge_cents": 9000, "start_date": "2026-01-01", "sessions": 500}
    plan_ids = [f"plan-{number}" for number in range(41)]
    request = estimate_service_pb2.ComparePlansRequest(request=ask(items=[item]), plan_ids=plan_ids)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.ComparePlans(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "plan_ids: found 20500 lines in total; expected at most 20000"


async def test_plans_are_compared_cheapest_first(service: Any, ask: Any) -> None:
    """Copay plan 60.00, share plan 60.80, and a plan that does not exist last. Sums of no plan are given."""
    plan_ids = ["nowhere", "share-plan", "copay-plan"]
    plan = ask(plan_id="", members=[{"id": "ana", "accumulators": [{"accumulator": "oop_max", "used_cents": 0}]}])
    request = estimate_service_pb2.ComparePlansRequest(request=plan, plan_ids=plan_ids)
    answer = (await service.estimates.ComparePlans(request)).comparisons
    assert [each.plan_id for each in answer] == ["copay-plan", "share-plan", "nowhere"]
    # Nothing of the deductible is said to be met: 100.00 of the 144.00 allowed, then 20 % of 44.00 = 8.80.
    assert [each.estimate.totals.patient_cents for each in answer[:2]] == [6000, 10880]
    assert not answer[0].estimate.name
    assert answer[2].error.code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_a_comparison_names_its_faults_below_request(service: Any, ask: Any) -> None:
    plan = ask(as_of="tomorrow")
    request = estimate_service_pb2.ComparePlansRequest(request=plan, plan_ids=["share-plan", "share-plan"])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.ComparePlans(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "plan_ids" in str(caught.value.details())
    status = status_of(caught.value)
    assert b"request.as_of" in status.SerializeToString()


@pytest.mark.parametrize("day", ["2026-05-04", "2027-05-04"], ids=["in force", "assumed to go on"])
async def test_coverage_of_a_therapy_and_its_terms(service: Any, day: str) -> None:
    asked = request_pb2.PlannedService(
        therapy="acupuncture", practitioner="acupuncturist", diagnoses=["M54.50"], tier="in_network"
    )
    asked.dates.append(day)
    request = estimate_service_pb2.CheckCoverageRequest(plan_id="share-plan", service=asked)
    answer = await service.estimates.CheckCoverage(request)
    assert (answer.covered, answer.benefit, answer.date) == (True, "needles", day)
    terms = {each.tier: list(each.member_pays) for each in answer.terms}
    assert terms == {
        "in_network": ["deductible", "20% of what is left"],
        "out_of_network": ["deductible", "50% of what is left"],
    }
    assert [(each.limit, each.text) for each in answer.limits] == [("visits", "4 visits in a calendar year")]
    assert "Evidence of coverage" in [each.title for each in answer.citations]


@pytest.mark.parametrize(
    ("day", "is_assumed"),
    [("2026-12-31", False), ("2027-01-01", True), ("2027-12-31", True)],
    ids=["last day of the last edition", "the day after", "twelve months after"],
)
async def test_coverage_tells_that_terms_are_assumed_to_go_on(service: Any, day: str, *, is_assumed: bool) -> None:
    """As the line of an estimate tells it (point 37); covered or not makes no difference."""
    said = "The terms of the plan are known up to December 31, 2026. We assume that they stay the same after that."
    for therapy, covered in (("acupuncture", True), ("reiki", False)):
        asked = request_pb2.PlannedService(
            therapy=therapy,
            practitioner="acupuncturist",
            diagnoses=["M54.50"],
            tier="in_network",
            dates=[day],
            charge_cents=9000,
        )
        request = estimate_service_pb2.CheckCoverageRequest(plan_id="share-plan", service=asked)
        answer = await service.estimates.CheckCoverage(request)
        found = (answer.covered, answer.terms_assumed, answer.terms_text)
        assert found == (covered, is_assumed, said if is_assumed else "")
        estimate = await service.estimates.EstimatePlan(
            request_pb2.EstimatePlanRequest(plan_id="share-plan", items=[asked])
        )
        assert [line.terms_assumed for line in estimate.lines] == [is_assumed]


async def test_coverage_refuses_a_date_that_comes_twice_with_all_else_that_is_wrong(service: Any) -> None:
    """As an estimate does (point 38), though only the first date is the day asked about."""
    days = ["2026-05-06", "2026-05-04", "2026-05-06"]
    asked = request_pb2.PlannedService(therapy="massage", tier="in_network", dates=days, first_service="2026-05-05")
    request = estimate_service_pb2.CheckCoverageRequest(plan_id="copay-plan", service=asked)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.CheckCoverage(request)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    bad = BadRequest()
    status_of(caught.value).details[0].Unpack(bad)
    assert [(each.field, each.description) for each in bad.field_violations] == [
        ("service.dates[2]", "found 2026-05-06 a second time; expected each value only once"),
        ("service.first_service", "found 2026-05-05; expected a date on or before 2026-05-04, the item's first"),
    ]
    asked = request_pb2.PlannedService(therapy="massage", tier="in_network", dates=days[:2])
    request = estimate_service_pb2.CheckCoverageRequest(plan_id="copay-plan", service=asked)
    assert (await service.estimates.CheckCoverage(request)).date == "2026-05-04"


async def test_coverage_tells_what_is_asked_for(service: Any) -> None:
    asked = request_pb2.PlannedService(therapy="massage", tier="in_network", dates=["2026-05-04"])
    request = estimate_service_pb2.CheckCoverageRequest(plan_id="copay-plan", service=asked)
    answer = await service.estimates.CheckCoverage(request)
    assert list(answer.requirements) == ["referral"]
    (terms,) = answer.requirement_terms
    assert (terms.attestation, terms.text) == ("referral", "a referral")
    assert not terms.HasField("penalty_basis_points")
    assert not terms.HasField("after_visits")


def test_coverage_message_tells_penalties_and_visits_without_need() -> None:
    needs = "requires: [{referral: {penalty: 50%}}, {prior_authorization: {after: 12 visits}}]"
    pays = "member_pays: [deductible, {copay: $30, waived_with_deductible: yes}]"
    rules = compile_rules(rule_set(f"one: {{therapies: [massage], {needs}, in_network: {{{pays}}}}}"))
    session = PlannedService((date(2026, 5, 4),), therapy="massage", tier="in_network")
    message = coverage_message(check_coverage(rules, EstimateRequest("plan", (session,))), "rules-1")
    assert [each.text for each in message.requirement_terms] == [
        "a referral, else the plan pays 50% less",
        "prior authorization after 12 visits",
    ]
    referral, authorization = message.requirement_terms
    assert (referral.penalty_basis_points, referral.HasField("after_visits")) == (5000, False)
    assert (authorization.after_visits, authorization.HasField("penalty_basis_points")) == (12, False)
    assert list(message.terms[0].member_pays) == [
        "deductible",
        "$30.00 copay per visit, waived if any deductible is paid for the service",
    ]


async def test_coverage_that_fails_says_why(service: Any) -> None:
    asked = request_pb2.PlannedService(therapy="acupuncture", practitioner="acupuncturist", diagnoses=["G44.1"])
    asked.dates.append("2026-05-04")
    request = estimate_service_pb2.CheckCoverageRequest(plan_id="share-plan", service=asked)
    answer = await service.estimates.CheckCoverage(request)
    assert (answer.covered, answer.reason) == (False, estimate_pb2.REASON_DIAGNOSIS_NOT_COVERED)
    unknown = request_pb2.PlannedService(therapy="acupunture", dates=["2026-05-04"])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.CheckCoverage(
            estimate_service_pb2.CheckCoverageRequest(plan_id="share-plan", service=unknown)
        )
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert "service.therapy" in str(caught.value.details())


async def test_an_estimate_that_was_never_given(service: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.GetEstimate(estimate_service_pb2.GetEstimateRequest(name="estimates/0"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
