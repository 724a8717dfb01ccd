"""The bytes that writers give are those of protobuf, for values worked out by hand and for random estimates."""

from __future__ import annotations

from datetime import date

import pytest
from google.protobuf import json_format, wrappers_pb2

from api.messages_by_hand import message_by_hand
from camcover.api.estimates import estimate_bytes, estimate_message
from camcover.api.requests import estimate_request
from camcover.api.wire import as_it_is, remembering, writer
from camcover.engine import InvalidRequest, compile_rules
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.rulebook import load_texts
from camcover.workflow.pricing import price
from oracle.drawn import assume, drawn
from oracle.scenarios import Scenario, draw_scenario

MONTH = ("month", "patient_cents")


@drawn(draw_scenario)
def test_an_estimate_is_written_as_protobuf_writes_it(scenario: Scenario) -> None:
    """Random rules and requests, with and without steps in words, in English and in Spanish: the same to the byte."""
    rules = load_texts(scenario.documents).rules
    assert rules is not None
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    try:
        priced = price(compile_rules(rules), estimate_request(message))
    except InvalidRequest:
        assume(holds=False)
    for tag in ("", "es"):
        by_hand = message_by_hand(priced, message.request_id, tag)
        assert estimate_message(priced, message.request_id, tag) == by_hand
        assert estimate_bytes(priced, message.request_id, tag) == by_hand.SerializeToString(deterministic=True)


def test_fields_come_in_the_order_of_their_numbers() -> None:
    """1: length-delimited, 0x0a, seven bytes; 2: varint, 0x10, and 300 = 0b10_0101100, the lower seven bits first."""
    assert writer(estimate_pb2.Month, MONTH)(("2026-03", 300)) == b"\x0a\x072026-03\x10\xac\x02"
    turned = writer(estimate_pb2.Month, MONTH[::-1])
    assert turned((300, "2026-03")) == b"\x0a\x072026-03\x10\xac\x02"


def test_zero_is_left_out_unless_it_differs_from_absence() -> None:
    """AccumulatorAfter: 3 used_cents (0x18) has no presence, 4 maximum_cents (0x20) has it."""
    names = ("accumulator", "member_id", "used_cents", "maximum_cents")
    write = writer(estimate_pb2.AccumulatorAfter, names)
    assert write(("", "", 0, None)) == b""
    assert write(("", "", 0, 0)) == b"\x20\x00"
    assert write(("d", "", 1, None)) == b"\x0a\x01d\x18\x01"


def test_a_date_is_a_text_and_a_negative_number_has_ten_bytes() -> None:
    names = request_pb2.CodeUse.DESCRIPTOR.fields_by_name
    use = writer(request_pb2.CodeUse, ("code", "date", "units"))(("", date(2026, 3, 2), 0))
    assert request_pb2.CodeUse.FromString(use) == request_pb2.CodeUse(date="2026-03-02")
    assert use[:2] == bytes([names["date"].number << 3 | 2, 10])
    assert writer(estimate_pb2.Month, MONTH)(("", -1)) == b"\x10" + b"\xff" * 9 + b"\x01"


def test_a_message_within_has_its_length_before_it() -> None:
    """Also one of more than 127 bytes, and an empty one, which is there. Texts are counted in bytes."""
    whole = writer(
        estimate_pb2.Sentence, ("text", "message_id"), without=("arguments",)
    )  # fmt: skip
    names = ("low_cents", "expected_cents", "high_cents", "assumptions", "assumption_sentences")
    later = ("low_causes", "high_causes", "is_widened")
    write = writer(estimate_pb2.Range, names, without=later, assumption_sentences=remembering(whole))
    sentences = [("é" * 70, "a"), ("", ""), ("x", "b")]
    by_protobuf = estimate_pb2.Range(
        low_cents=1,
        assumptions=["", "ñ"],
        assumption_sentences=[estimate_pb2.Sentence(text=text, message_id=id_) for text, id_ in sentences],
    )
    assert write((1, 0, 0, ["", "ñ"], sentences)) == by_protobuf.SerializeToString(deterministic=True)


def test_bytes_are_the_same_after_more_values_than_are_remembered() -> None:
    write = writer(estimate_pb2.Month, MONTH)
    for cents in (*range(1, 10_000), 1, 5):
        assert write(("", cents)) == estimate_pb2.Month(patient_cents=cents).SerializeToString()


def test_a_record_that_does_not_fit_its_message_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"camcover\.v1\.Month and its record have different fields: \['cents', "):
        writer(estimate_pb2.Month, ("month", "cents"))
    with pytest.raises(AssertionError, match=r"Month and its record have different fields: \['patient_cents'\]"):
        writer(estimate_pb2.Month, ("month",))
    with pytest.raises(AssertionError, match="have different fields: some twice"):
        writer(estimate_pb2.Month, (*MONTH, "month"))
    with pytest.raises(AssertionError, match="Month needs a writer for each message inside of it"):
        writer(estimate_pb2.Month, MONTH, patient_cents=as_it_is)
    with pytest.raises(AssertionError, match=r"DoubleValue\.value is of a type that no writer knows"):
        writer(wrappers_pb2.DoubleValue, ("value",))
