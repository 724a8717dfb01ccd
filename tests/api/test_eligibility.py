"""ReadEligibility: tests/exchange has what is read of a payer's answer; here are its messages and its bounds."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest

from camcover.gen.camcover.v1 import eligibility_pb2 as messages
from camcover.gen.camcover.v1 import request_pb2
from exchange.answers import answer
from grpc_calls import status_of
from small_rules import question

SUMS = answer(
    "DMG*D8*19860211*F",
    "DTP*356*D8*20240301",
    "EB*1*FAM*30",
    "EB*C*IND*30***23*100*****Y",
    "EB*C*IND*30***29*75*****Y",
    "EB*C*FAM*30***24*120*****Y",
    "EB*B*IND*64***27*20*****Y",
    "MSG*OFFICE VISIT",
)
"""25.00 of the member's deductible are used, 120.00 of the family's."""


def asked(content: str | bytes = SUMS, **others: Any) -> messages.ReadEligibilityRequest:
    """A question about a file under share-plan."""
    data = content.encode() if isinstance(content, str) else content
    return messages.ReadEligibilityRequest(**{"plan_id": "share-plan", "content": data, **others})


async def refusal(service: Any, request: messages.ReadEligibilityRequest) -> tuple[str, str, str]:
    """Status, field and description of what is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.estimates.ReadEligibility(request)
    bad = BadRequest()
    for detail in status_of(caught.value).details:
        detail.Unpack(bad)
    (first,) = bad.field_violations
    return caught.value.code().name, first.field, first.description


async def test_the_part_of_a_request_that_an_answer_states(service: Any) -> None:
    found = await service.estimates.ReadEligibility(asked(member_id="ana"))
    assert json_format.MessageToDict(found.request, preserving_proto_field_name=True) == {
        "plan_id": "share-plan",
        "members": [
            {
                "id": "ana",
                "birth_date": "1986-02-11",
                "accumulators": [{"accumulator": "deductible", "used_cents": "2500"}],
                "membership": {"covered_from": "2024-03-01", "role": "subscriber"},
            }
        ],
        "coverage": "COVERAGE_FAMILY",
        "family_accumulators": [{"accumulator": "deductible", "used_cents": "12000"}],
        "as_of": "2026-03-02",
    }
    assert found.rule_release.startswith("rules-")


async def test_the_part_is_priced_with_items(service: Any) -> None:
    """As small_rules.question, 25.00 used: 48.00, 27.00 + 20 % of 21.00 = 31.20, 20 % of 48.00 = 9.60. 88.80."""
    told = (await service.estimates.ReadEligibility(asked())).request
    stated = json_format.MessageToDict(told, preserving_proto_field_name=True)
    request = json_format.ParseDict(stated | {"items": question()["items"]}, request_pb2.EstimatePlanRequest())
    assert (await service.estimates.EstimatePlan(request)).totals.patient_cents == 8_880


async def test_facts_have_their_segments_and_the_field_that_they_fill(service: Any) -> None:
    found = await service.estimates.ReadEligibility(asked())
    by_kind = {(each.kind, each.level): each for each in found.facts}
    own = by_kind[messages.ELIGIBILITY_FACT_KIND_DEDUCTIBLE, "individual"]
    assert (list(own.segments), own.field, own.unit) == ([14, 15], "members[0].accumulators[0]", "cents")
    assert (own.total, own.remaining, own.HasField("used"), own.network) == (10_000, 7_500, False, "in_network")
    assert own.confidence == messages.ELIGIBILITY_CONFIDENCE_HIGH
    copay = by_kind[messages.ELIGIBILITY_FACT_KIND_COPAY, "individual"]
    assert (copay.amount, list(copay.texts), copay.field) == (2_000, ["OFFICE VISIT"], "")
    born = by_kind[messages.ELIGIBILITY_FACT_KIND_BIRTH_DATE, ""]
    assert (born.date, born.field, born.unit) == ("1986-02-11", "members[0].birth_date", "")
    kinds = {each.kind for each in found.notes}
    assert kinds == {messages.ELIGIBILITY_NOTE_KIND_NOT_KEPT, messages.ELIGIBILITY_NOTE_KIND_NOT_USED}
    assert "SAMPLE" not in str(found)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"content": b""}, ("INVALID_ARGUMENT", "content", "found nothing")),
        ({"content": b"\xff\xfe"}, ("INVALID_ARGUMENT", "content", "found a text that does not begin with ISA")),
        ({"number": 2}, ("INVALID_ARGUMENT", "content", "found 1 member in the file, asked for number 2")),
        ({"number": -1}, ("INVALID_ARGUMENT", "number", "found -1; expected 0 to 10000")),
        ({"plan_id": "share-plam"}, ("NOT_FOUND", "plan_id", "found plan 'share-plam'")),
    ],
)
async def test_what_is_refused(service: Any, changed: dict[str, Any], expected: tuple[str, str, str]) -> None:
    status, field, said = await refusal(service, asked(**changed))
    assert (status, field) == expected[:2]
    assert said.startswith(expected[2]), said


async def test_a_file_of_the_longest_length_is_read(service: Any) -> None:
    """10,000 segments at most; each limit that shares its words with the others is one pool."""
    rows = [f"EB*F*IND*Z{place}***23***VS*30**Y~MSG*COMBINED CHIROPRACTIC AND ACUPUNCTURE" for place in range(4_900)]
    found = await service.estimates.ReadEligibility(asked(answer(*rows)))
    (pool,) = found.facts[1:]
    assert (pool.total, pool.shared, len(pool.segments)) == (30, True, 4_900)
    many = answer(*(["EB*1**30"] * 10_000))
    assert "found more than 10000 segments in segment 10001" in (await refusal(service, asked(many)))[2]
