"""Bad input: the right status, the path of every field that is wrong, and a server that goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ResourceInfo

from camcover.api.validation import violations_of
from camcover.engine.compiling.stored import write_tables
from camcover.gen.camcover.v1 import estimate_service_pb2, request_pb2, rule_service_pb2
from camcover.rulebook.records import Attestation
from grpc_calls import status_of
from small_rules import NO_RELEASE_IDS, question, tables

ITEM = question()["items"][0]
MEMBER = question()["members"][0]


def item(**others: Any) -> dict[str, Any]:
    """`items` of one item with other fields in place of its own."""
    return {"items": [ITEM | others]}


def member(**others: Any) -> dict[str, Any]:
    """`members` of one member with other fields in place of its own."""
    return {"members": [MEMBER | others]}


def procedure(**others: Any) -> dict[str, Any]:
    """`items` whose one procedure has other fields in place of its own."""
    return item(procedures=[ITEM["procedures"][0] | others])


async def refusal(
    service: Any, request: request_pb2.EstimatePlanRequest
) -> tuple[grpc.StatusCode, dict[str, str], Any]:
    """(status, description by field, the whole status) of a call that is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.EstimatePlan(request)
    status = status_of(caught.value)
    fields: dict[str, str] = {}
    for detail in status.details:
        if detail.Is(BadRequest.DESCRIPTOR):
            bad = BadRequest()
            detail.Unpack(bad)
            fields |= {each.field: each.description for each in bad.field_violations}
    return caught.value.code(), fields, status


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"plan_id": ""}, "plan_id", "found nothing; expected 1 to 128 characters"),
        ({"items": []}, "items", "found nothing; expected 1 to 500 entries"),
        ({"as_of": "02.03.2026"}, "as_of", "found '02.03.2026'; expected a date such as 2026-01-31"),
        ({"as_of": "2026-02-30"}, "as_of", "2026-02-30"),
        ({"members": [{"id": str(number)} for number in range(13)]}, "members", "12"),
        ({"members": [{"id": "a"}, {"id": "a"}]}, "members[1].id", "'a'"),
        ({"coverage": "COVERAGE_SELF_ONLY", "members": [{"id": "a"}, {"id": "b"}]}, "members", "one member"),
        (
            {"secondary_plan_id": "share-plan", "plan_id": "copay-plan", **item(secondary_tier="gold")},
            "items[0].secondary_tier",
            "'gold'",
        ),
        (
            {"coverage": "COVERAGE_SELF_ONLY", "family_accumulators": [{"accumulator": "oop_max", "used_cents": 1}]},
            "family_accumulators",
            "self-only",
        ),
        (
            {"family_accumulators": [{"accumulator": "deductibel", "used_cents": 1}]},
            "family_accumulators[0].accumulator",
            "'deductible'",
        ),
        (member(age=131), "members[0].age", "130"),
        ({"members": [{"birth_date": "2030-01-01"}]}, "members[0].birth_date", "2026-03-02"),
        (
            member(birth_date="1980-01-01"),
            "members[0].age",
            "found both age 40 and birth date 1980-01-01; expected only one of the two",
        ),
        (member(state="QQ"), "members[0].state", "'QQ'"),
        (
            member(accumulators=[{"accumulator": "nothing", "used_cents": 1}]),
            "members[0].accumulators[0].accumulator",
            "'nothing'",
        ),
        (
            member(accumulators=[{"accumulator": "deductible", "used_cents": -1}]),
            "members[0].accumulators[0].used_cents",
            "0",
        ),
        (
            member(accumulators=[{"accumulator": "deductible", "used_cents": 10001}]),
            "members[0].accumulators[0].used_cents",
            "0 to 10000",
        ),
        (member(limit_usage=[{"limit": "visit", "used": 1}]), "members[0].limit_usage[0].limit", "'visits'"),
        (member(limit_usage=[{"limit": "visits", "used": 5}]), "members[0].limit_usage[0].used", "4"),
        (member(limit_usage=[{"limit": "visits", "used_cents": 500}]), "members[0].limit_usage[0]", "visits"),
        (member(benefit_visits=[{"benefit": "hands", "visits": 1}]), "members[0].benefit_visits[0].benefit", "'hands'"),
        (
            member(prior_visits=[{"benefit": "needles", "date": "2026-13-01"}]),
            "members[0].prior_visits[0].date",
            "2026-13",
        ),
        (item(member_id="bob"), "items[0].member_id", "'bob'"),
        (item(therapy="", procedures=[]), "items[0].therapy", "therapy"),
        (item(dates=[]), "items[0].dates", "date"),
        (item(dates=["2026-02-30"]), "items[0].dates[0]", "2026-02-30"),
        (item(dates=["2031-01-01"]), "items[0].dates", "2031-01-01"),
        (
            item(start_date="2026-03-02"),
            "items[0].start_date",
            "found start_date together with dates; expected dates alone, or start_date",
        ),
        (item(practitioner="acupuncturits"), "items[0].practitioner", "'acupuncturist'"),
        (item(state="ZZ"), "items[0].state", "'ZZ'"),
        (item(setting="spa"), "items[0].setting", "office"),
        (item(tier="gold"), "items[0].tier", "'gold'"),
        (item(diagnoses=["back pain"]), "items[0].diagnoses[0]", "ICD-10"),
        (item(conditions=["back-pian"]), "items[0].conditions[0]", "'back-pain'"),
        (item(attestations=["honour"]), "items[0].attestations[0]", "referral"),
        (item(procedures=[], charge_cents=-1), "items[0].charge_cents", "0"),
        (item(procedures=[], charge_cents=1_000_000_001), "items[0].charge_cents", "1000000000"),
        (item(charge_cents=100), "items[0].charge_cents", "procedure"),
        (procedure(code="97124"), "items[0].procedures[0].code", "acupuncture"),
        (item(procedures=[{"code": "99999"}]), "items[0].procedures[0].charge_cents", "'99999'"),
        (
            procedure(code="abc"),
            "items[0].procedures[0].code",
            "found 'abc'; expected a code of five capital letters and digits",
        ),
        (procedure(units=1001), "items[0].procedures[0].units", "1000"),
        (procedure(allowed_cents=-5), "items[0].procedures[0].allowed_cents", "0"),
        (item(therapy="reiki", procedures=[]), "items[0].charge_cents", "reiki"),
    ],
)
async def test_refused_with_the_field_and_what_was_expected(
    service: Any, ask: Any, changed: dict[str, Any], field: str, said: str
) -> None:
    code, fields, _ = await refusal(service, ask(**changed))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert field in fields, fields
    assert said in fields[field], fields
    answer = await service.estimates.EstimatePlan(ask())
    assert answer.totals.patient_cents == 6080


@pytest.mark.parametrize(
    ("changed", "field", "kind", "name", "near"),
    [
        ({"plan_id": "share-plam"}, "plan_id", "plan", "share-plam", "share-plan"),
        ({"secondary_plan_id": "copy-plan"}, "secondary_plan_id", "plan", "copy-plan", "copay-plan"),
        (item(therapy="acupunture", procedures=[]), "items[0].therapy", "therapy", "acupunture", "acupuncture"),
    ],
)
async def test_an_unknown_plan_or_therapy_is_not_found(
    service: Any, ask: Any, changed: dict[str, Any], field: str, kind: str, name: str, near: str
) -> None:
    code, fields, status = await refusal(service, ask(**changed))
    assert code is grpc.StatusCode.NOT_FOUND
    assert near in fields[field]
    infos = [ResourceInfo.FromString(each.value) for each in status.details if each.Is(ResourceInfo.DESCRIPTOR)]
    assert [(each.resource_type, each.resource_name) for each in infos] == [(kind, name)]
    assert near in infos[0].description


async def test_every_violation_comes_at_once(service: Any, ask: Any) -> None:
    """An unknown plan beside other faults is a bad request; each fault is named."""
    both = [ITEM | {"tier": "gold", "practitioner": "nobody"}, ITEM | {"therapy": "acupunture", "procedures": []}]
    code, fields, status = await refusal(service, ask(items=both))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert {"items[0].tier", "items[0].practitioner", "items[1].therapy"} <= set(fields)
    assert "(and 2 more)" in status.message


async def test_more_lines_than_a_request_may_have(service: Any, ask: Any) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    code, fields, _ = await refusal(service, ask(items=[ITEM | {"dates": days}] * 6))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fields == {"items[5]": "found 2016 lines up to this item; expected at most 2000 lines in one request"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tier": "gold", "practitioner": "nobody", "conditions": [f"pain-{number}" for number in range(50)]},
        {"dates": ["2026-02-30"] * 400},
        {"setting": "spa", "state": "zz", "dates": ["x"] * 400},
    ],
)
async def test_a_refusal_of_many_faults_reaches_the_client(service: Any, ask: Any, wrong: dict[str, Any]) -> None:
    """100 services with dozens of faults each: the first are named, and there are more."""
    code, fields, status = await refusal(service, ask(items=[ITEM | wrong] * 100))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert any(field.startswith("items[0].") for field in fields)
    assert fields[""].endswith("more violations are not listed here")
    assert " more)" in status.message


async def test_release_ids_are_checked_before_their_use(service: Any, ask: Any) -> None:
    """Also where the answer is at hand, and where a release is named that no one would find."""
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080
    for changed in ({"request_id": "x" * 100_000}, {"rule_release": "x" * 5_000, "request_id": "x" * 129}):
        code, fields, _ = await refusal(service, ask(**changed))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert set(fields) == set(changed)


async def test_a_pinned_release_that_is_not_there(service: Any, ask: Any) -> None:
    code, _, status = await refusal(service, ask(rule_release="rules-0000000000000000"))
    assert code is grpc.StatusCode.NOT_FOUND
    assert "rules-0000000000000000" in status.message


@pytest.mark.parametrize("wrong", NO_RELEASE_IDS)
def test_an_id_of_no_release_breaks_a_rule_of_the_proto_wherever_one_is_taken(wrong: str) -> None:
    """In every message that takes one, by its field, in words; the id of a release does not, nor does none at all."""
    said = "a release id such as rules-0123456789abcdef"
    taking = [
        (request_pb2.EstimatePlanRequest, "rule_release"),
        (estimate_service_pb2.CheckCoverageRequest, "rule_release"),
        (rule_service_pb2.GetReleaseRequest, "release"),
        (rule_service_pb2.ActivateReleaseRequest, "release"),
        (rule_service_pb2.ActivateReleaseRequest, "expected_active_release"),
        (rule_service_pb2.DiffReleasesRequest, "before"),
        (rule_service_pb2.DiffReleasesRequest, "after_release"),
        (rule_service_pb2.AnalyzeImpactRequest, "before"),
        (rule_service_pb2.AnalyzeImpactRequest, "after_release"),
    ]
    for kind, field in taking:
        assert [each.expected for each in violations_of(kind(**{field: wrong})) if each.field == field] == [said]
        for right in ("", "rules-0123456789abcdef") if field != "after_release" else ("rules-0123456789abcdef",):
            assert field not in [each.field for each in violations_of(kind(**{field: right}))]


async def test_no_path_is_opened_for_a_caller(service: Any, ask: Any, tmp_path: Path) -> None:
    """Compiled rules and a pipe at paths that the caller knows: neither answers, and neither holds the service up."""
    write_tables(tables(), tmp_path / "rules")
    os.mkfifo(tmp_path / "pipe")
    refused = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    for name in ("rules", "pipe"):
        for wanted in (str(tmp_path / name), f"../../../../../../../../{tmp_path / name}"):
            code, _, _ = await refusal(service, ask(rule_release=wanted))
            assert code in refused
    assert (await service.estimates.EstimatePlan(ask())).totals.patient_cents == 6080


async def test_the_active_release_may_be_pinned(service: Any, ask: Any) -> None:
    release = (await service.estimates.EstimatePlan(ask())).rule_release
    pinned = await service.estimates.EstimatePlan(ask(rule_release=release))
    assert pinned.rule_release == release


def test_every_attestation_of_the_language_may_be_given() -> None:
    """All at once in one item; the .proto and the language have one list of words."""
    words = list(map(str, Attestation))
    item = request_pb2.PlannedService(therapy="acupuncture", attestations=words, dates=["2026-03-02"])
    request = request_pb2.EstimatePlanRequest(plan_id="share-plan", items=[item])
    assert violations_of(request) == []
    request.items[0].attestations.append(Attestation.REFERRAL)
    (violation,) = violations_of(request)
    assert violation.field == "items[0].attestations"
