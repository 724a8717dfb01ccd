"""What bytes hold is counted before it is made: by the bounds of the .proto, at every depth, whatever the bytes are."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from camcover.api.outline import MOST_ENTRIES, MOST_REPEATS, Malformed, outline_of
from camcover.gen.camcover.v1 import (
    catalog_service_pb2,
    estimate_service_pb2,
    request_pb2,
    rule_service_pb2,
)

SERVICES = (
    *estimate_service_pb2.DESCRIPTOR.services_by_name.values(),
    *catalog_service_pb2.DESCRIPTOR.services_by_name.values(),
    *rule_service_pb2.DESCRIPTOR.services_by_name.values(),
)
ESTIMATE = outline_of(request_pb2.EstimatePlanRequest.DESCRIPTOR)
BATCH = outline_of(estimate_service_pb2.BatchEstimatePlansRequest.DESCRIPTOR)

EMPTY_ITEM = b"\x3a\x00"
"""Field 7 of an estimate's request, of length 0."""


def found(data: bytes | Message) -> tuple[str, str] | None:
    """What is too much in the request of an estimate."""
    excess = ESTIMATE.excess(data if isinstance(data, bytes) else data.SerializeToString())
    return excess and (excess.field, excess.description)


def test_every_list_of_every_request_has_a_bound() -> None:
    """Making an outline asserts it."""
    assert [outline_of(method.input_type) for service in SERVICES for method in service.methods]


def test_up_to_the_bound_and_beyond() -> None:
    """500 services, 12 members, 64 sums each; as the .proto states them."""
    assert found(EMPTY_ITEM * 500) is None
    assert found(EMPTY_ITEM * 501) == ("items", "found more than 500 entries; expected at most 500")
    members = [request_pb2.Member() for _ in range(12)]
    members[11].accumulators.extend([request_pb2.AccumulatorUse()] * 64)
    assert found(request_pb2.EstimatePlanRequest(members=members)) is None
    members[11].accumulators.add()
    said = ("members[11].accumulators", "found more than 64 entries; expected at most 64")
    assert found(request_pb2.EstimatePlanRequest(members=members)) == said


def test_lists_of_texts_count_as_well() -> None:
    item = request_pb2.PlannedService(dates=["2026-01-01"] * 501)
    said = ("items[0].dates", "found more than 500 entries; expected at most 500")
    assert found(request_pb2.EstimatePlanRequest(items=[item])) == said


def test_lists_in_lists_are_bounded_together() -> None:
    """1,000 requests of 100 services are 101,000 entries, each list within its own bound."""
    request = request_pb2.EstimatePlanRequest(items=[request_pb2.PlannedService()] * 100)
    batch = estimate_service_pb2.BatchEstimatePlansRequest(requests=[request] * 1000)
    excess = BATCH.excess(batch.SerializeToString())
    assert excess is not None
    assert (
        excess.description
        == f"found more than {MOST_ENTRIES} list entries in the message; expected at most {MOST_ENTRIES}"
    )
    del batch.requests[980:]
    assert BATCH.excess(batch.SerializeToString()) is None


def test_a_message_inside_stands_once() -> None:
    """Its parts would be merged, the list of one behind that of the other."""
    part = estimate_service_pb2.ComparePlansRequest(request=request_pb2.EstimatePlanRequest()).SerializeToString()
    outline = outline_of(estimate_service_pb2.ComparePlansRequest.DESCRIPTOR)
    assert outline.excess(part) is None
    excess = outline.excess(part * 2)
    assert excess is not None
    assert (excess.field, excess.description) == ("request", "found more than 1 entries; expected at most 1")


def test_fields_of_later_versions_pass_and_are_bounded() -> None:
    unknown = b"\xfa\x07\x03abc"
    assert found(unknown * MOST_REPEATS) is None
    assert found(unknown * (MOST_REPEATS + 1)) == (
        "unknown fields",
        "found more than 100 entries; expected at most 100",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 50,  # a number without an end
        b"\x0a",  # a length that is missing
        b"\x0a\x05ab",  # a text that is cut off
        b"\x3a\x02\x0a\x05",  # the same inside
        b"\x0b" * 100_000,  # groups in groups
        b"\x0d\x00",  # four bytes that are two
        b"\x3a\xff\xff\xff\xff\x0f",  # a length of 4 GiB
    ],
)
def test_bytes_that_are_no_message(data: bytes) -> None:
    with pytest.raises(Malformed):
        ESTIMATE.excess(data)


@given(st.lists(st.one_of(st.binary(max_size=8), st.sampled_from([b"\x1a\x00", b"\x2a\x00", EMPTY_ITEM])), max_size=80))
def test_any_bytes_give_a_message_or_a_refusal(parts: list[bytes]) -> None:
    """Nothing else than `Malformed` is ever raised, and what passes is within the bounds once it is read."""
    data = b"".join(parts)
    try:
        excess = ESTIMATE.excess(data)
        message = request_pb2.EstimatePlanRequest.FromString(data)
    except (Malformed, DecodeError):
        return
    if excess is None:
        assert len(message.members) <= 12
        assert len(message.family_accumulators) <= 64
    else:
        assert excess.field.split("[")[0] in {"members", "family_accumulators", "unknown fields", "items"}
