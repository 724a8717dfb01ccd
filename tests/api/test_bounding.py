"""Refusals fit into what clients take of a call's trailers, and say how much they leave out."""

from __future__ import annotations

import base64
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st

from camcover.api.bounding import bounded_status
from camcover.api.errors import bad_request
from camcover.engine import Violation
from camcover.refusals import Refusal

TRAILERS = 8 << 10
"""What a gRPC client takes unless it is told otherwise; each entry counts its name, its value and 32 bytes."""

OTHER_TRAILERS = 400

TIER = Refusal.UNKNOWN_TIER


def trailers(status: Status) -> int:
    """Bytes of trailers that a status takes."""
    details = len(base64.b64encode(status.SerializeToString())) + len("grpc-status-details-bin") + 32
    return details + len(quote(status.message)) + len("grpc-message") + 32 + OTHER_TRAILERS


def listed(status: Status) -> list[BadRequest.FieldViolation]:
    """The violations of a status."""
    fields = BadRequest()
    for detail in status.details:
        if detail.Is(BadRequest.DESCRIPTOR):
            detail.Unpack(fields)
    return list(fields.field_violations)


@pytest.mark.parametrize("count", [1, 10, 40, 41, 100, 10_000])
def test_the_first_violations_and_how_many_more(count: int) -> None:
    violations = [Violation(f"items[{place}].tier", f"tier {place}", "another", TIER) for place in range(count)]
    status = bad_request(violations)
    assert trailers(status) <= TRAILERS
    named = [each for each in listed(status) if each.field]
    assert [each.field for each in named] == [each.field for each in violations[: len(named)]]
    rest = [each.description for each in listed(status) if not each.field]
    assert all(each.reason == "MORE_VIOLATIONS" for each in listed(status) if not each.field)
    assert rest == ([] if len(named) == count else [f"{count - len(named)} more violations are not listed here"])
    assert len(named) >= min(count, 40)


def test_of_faults_that_were_not_all_worked_out_there_are_more_than_counted() -> None:
    """A hundred were, and a last entry says that there are more: 99 beside the first, and as many as are not listed."""
    violations = [Violation(f"items[{place}].tier", "tier 'x'" * 9, "another", TIER) for place in range(100)]
    status = bad_request([*violations, Violation("", "more than these", "fewer", Refusal.MORE_VIOLATIONS)])
    assert status.message.endswith(" (and more than 99 more)")
    *named, last = listed(status)
    assert last.description == f"more than {100 - len(named)} more violations are not listed here"


def test_a_long_text_is_cut_and_the_rest_is_still_named() -> None:
    missing = Violation("items", "none", "one", Refusal.MISSING_VALUE)
    status = bad_request([Violation("plan_id", "é" * 100_000, "a plan", Refusal.UNKNOWN_PLAN), missing])
    first, second = listed(status)
    assert len(first.description.encode()) <= 1_000
    assert first.description.endswith("é…")
    assert second.description == "found none; expected one"
    assert trailers(status) <= TRAILERS


def test_other_details_keep_half_the_room() -> None:
    """A refusal of many plans that do not exist names them twice: as fields, and as resources."""
    violations = [Violation(f"p[{place}]", "a", "b", Refusal.UNKNOWN_PLAN, f"plan-{place}") for place in range(500)]
    status = bad_request(violations)
    assert status.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert trailers(status) <= TRAILERS
    assert [detail for detail in status.details if detail.Is(ResourceInfo.DESCRIPTOR)]
    assert [detail for detail in status.details if detail.Is(ErrorInfo.DESCRIPTOR)]
    assert listed(status)[0].field == "p[0]"


@given(
    st.text(max_size=2_000),
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=3_000)), min_size=1, max_size=60),
    st.integers(0, 60),
)
def test_bounded_details_fit_into_trailers(message: str, violations: list[tuple[str, str]], infos: int) -> None:
    fields = BadRequest(field_violations=[BadRequest.FieldViolation(field=a, description=b) for a, b in violations])
    details: list[Message] = [fields, RetryInfo(), *[ResourceInfo(resource_name="x" * 100)] * infos]
    assert trailers(bounded_status(3, message, details)) <= TRAILERS
