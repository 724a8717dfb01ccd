"""The bounds of a request are the same in the .proto, in the layout, in what is said of a fault, and in batches."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from google.protobuf.descriptor import FieldDescriptor

from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.engine import InvalidRequest, Violation, evaluate
from camcover.engine.asking.violations import violations_of
from camcover.gen.buf.validate import validate_pb2
from camcover.gen.camcover.v1 import request_pb2
from camcover.request_bounds import (
    AGE,
    CENTS,
    EVERY_DAYS,
    MEMBERS,
    MINUTES,
    SESSIONS,
    UNITS,
    USED,
    VISITS,
    Bound,
)
from small_rules import question, tables, typed

MESSAGES = request_pb2.DESCRIPTOR.message_types_by_name
ZERO_IS_UNSET = (SESSIONS, EVERY_DAYS, UNITS, MINUTES)
"""Of these the .proto allows 0, which stands for what is usual: the request that the engine gets has that instead."""

NUMBERS: dict[tuple[str, str], Bound] = {
    ("Member", "age"): AGE,
    ("LimitUse", "used"): USED,
    ("BenefitVisits", "visits"): VISITS,
    ("PriorVisit", "units"): UNITS,
    ("CodeUse", "units"): UNITS,
    ("PlannedService", "sessions"): SESSIONS,
    ("PlannedService", "every_days"): EVERY_DAYS,
    ("Procedure", "units"): UNITS,
    ("Procedure", "minutes"): MINUTES,
}
"""Every number of a request that is no amount."""


def rules_of(field: FieldDescriptor) -> Any:
    """What the .proto says of a field."""
    extensions: Any = field.GetOptions().Extensions
    return extensions[validate_pb2.field]


def numbers() -> list[FieldDescriptor]:
    """Every field of a request that holds a number."""
    fields = (field for message in MESSAGES.values() for field in message.fields)
    return [field for field in fields if field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_INT64)]


@pytest.mark.parametrize("field", numbers(), ids=lambda field: field.full_name)
def test_numbers_have_the_bounds_of_the_proto(field: FieldDescriptor) -> None:
    rules = rules_of(field)
    said = rules.int64 if field.cpp_type == field.CPPTYPE_INT64 else rules.int32
    message: Any = field.containing_type
    bound = CENTS if field.name.endswith("_cents") else NUMBERS[message.name, field.name]
    assert (said.gte, said.lte) == (0 if bound in ZERO_IS_UNSET else bound.least, bound.most)


def test_lists_have_the_bounds_of_the_proto() -> None:
    fields = {name: message.fields_by_name for name, message in MESSAGES.items()}
    assert rules_of(fields["EstimatePlanRequest"]["members"]).repeated.max_items == MEMBERS.most
    assert rules_of(fields["PlannedService"]["dates"]).repeated.max_items == SESSIONS.most


def edges(bound: Bound) -> list[tuple[int, bool]]:
    """The numbers next to both ends, and whether they are within."""
    return [(bound.least - 1, False), (bound.least, True), (bound.most, True), (bound.most + 1, False)]


BOUNDS = {"age": AGE, "units": UNITS, "charge_cents": CENTS, "allowed_cents": CENTS}
EDGES = [(name, value, within) for name, bound in BOUNDS.items() for value, within in edges(bound)]
OF_ROWS = [("sessions", 1, True), ("sessions", 0, False), ("sessions", 501, False), ("every_days", 1, True)]
OF_ROWS += [("every_days", 0, False), ("every_days", 366, True), ("every_days", 367, False)]


def violations_alone(name: str, value: int) -> tuple[Violation, ...]:
    """What the engine says of a single request; asserts that the layout and the words agree on whether anything is."""
    request = typed(question())
    member, item = request.members[0], request.items[0]._replace(dates=(date(2026, 3, 2),))
    if name == "age":
        member = member._replace(age=value)
    else:
        changed: dict[str, Any] = {name: value}
        item = item._replace(procedures=(item.procedures[0]._replace(**changed),))
    request = request._replace(members=(member,), items=(item,))
    said: tuple[Violation, ...] = ()
    try:
        evaluate(tables(), request)
    except InvalidRequest as error:
        said = error.violations
    assert said == violations_of(tables(), request)
    return said


def rejects_in_a_batch(name: str, value: int) -> list[tuple[str, str]]:
    """(field, reason) of what a batch says of the same request."""
    item = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    item |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 3, 2), "sessions": 1}
    row = {"plan_id": "share-plan", "age": 40, "state": "WA", "items": [item]}
    (row if name == "age" else item)[name] = value
    batch = pa.RecordBatch.from_pylist([row], schema=REQUEST_SCHEMA)
    rejects = BulkEstimator(tables(), "rules-1").estimate(batch).rejects.to_pylist()
    return [(each["field"], each["reason"]) for each in rejects]


@pytest.mark.parametrize(("name", "value", "within"), EDGES)
def test_the_edges_of_every_bound(name: str, value: int, *, within: bool) -> None:
    alone = violations_alone(name, value)
    assert (alone == ()) == within
    rejects = rejects_in_a_batch(name, value)
    assert (rejects == []) == within
    expected = f"{BOUNDS[name].least} to {BOUNDS[name].most}"
    assert all(expected in each.description for each in alone)
    assert all(expected in reason for _, reason in rejects)


@pytest.mark.parametrize(("name", "value", "within"), OF_ROWS)
def test_the_edges_of_rows_of_dates(name: str, value: int, *, within: bool) -> None:
    """500 sessions and 366 days apart leave the small plan's year; what is refused then is not the number."""
    bound = {"sessions": SESSIONS, "every_days": EVERY_DAYS}[name]
    said = [reason for _, reason in rejects_in_a_batch(name, value)]
    assert any(f"{bound.least} to {bound.most}" in reason for reason in said) != within


@pytest.mark.parametrize(("count", "within"), [(1, True), (12, True), (13, False)])
def test_the_edges_of_members(count: int, *, within: bool) -> None:
    asked = question(coverage="COVERAGE_FAMILY")
    asked["members"] = [{"id": f"m{number}", "age": 40, "state": "WA"} for number in range(count)]
    asked["items"][0]["member_id"] = "m0"
    request = typed(asked)
    found = violations_of(tables(), request)
    assert (found == ()) == within
    if not within:
        with pytest.raises(InvalidRequest, match="1 to 12"):
            evaluate(tables(), request)
