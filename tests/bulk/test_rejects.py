"""A row of bulk input and a single request say the same of the same fault: in words, and by its kind."""

from __future__ import annotations

import copy
import re
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from google.protobuf import json_format

import camcover
from camcover.api.requests import estimate_request
from camcover.api.validation import violations_of
from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.engine import InvalidRequest, Tables, Violation, evaluate
from camcover.gen.camcover.v1 import request_pb2
from camcover.refusals import Refusal
from small_rules import CATALOG, COPAY_PLAN, tables

MONEY = COPAY_PLAN.replace("requires:", "limits: [{id: budget, allow: $100, per: benefit_period}]\n    requires:")
TWO_THERAPIES = CATALOG.replace('["97124"]', '["97124", "97811"]').replace(
    "  massage-therapist: {name: Massage therapist}",
    "  massage-therapist: {name: Massage therapist, taxonomy: 174400000X}\n  healer: {taxonomy: 174400000X}",
)
ROW: dict[str, Any] = {
    "plan_id": "share-plan",
    "age": 40,
    "state": "WA",
    "accumulators": [{"accumulator": "deductible", "used_cents": 6000}],
    "items": [
        {
            "therapy": "acupuncture",
            "code": "97810",
            "charge_cents": 8000,
            "practitioner": "acupuncturist",
            "tier": "in_network",
            "diagnoses": ["M54.50"],
            "start_date": date(2026, 3, 2),
            "sessions": 3,
            "every_days": 7,
        }
    ],
}

FAULTS: list[tuple[Refusal, dict[str, Any]]] = [
    (Refusal.INVALID_TEXT, {"items": [ROW["items"][0] | {"provider": "12345"}]}),
    (Refusal.INVALID_TEXT, {"items": [ROW["items"][0] | {"provider": "1234567890"}]}),
    (Refusal.INVALID_TEXT, {"items": [ROW["items"][0] | {"tax_number": "123456789"}]}),
    (Refusal.UNKNOWN_PLAN, {"plan_id": "share-plam"}),
    (Refusal.UNKNOWN_STATE, {"state": "QQ"}),
    (Refusal.NUMBER_OUT_OF_RANGE, {"age": 131}),
    (Refusal.NUMBER_OUT_OF_RANGE, {"age": -1}),
    (Refusal.CONTRADICTORY_STATEMENTS, {"birth_date": date(1980, 1, 1)}),
    (Refusal.CONTRADICTORY_STATEMENTS, {"age": None, "birth_date": date(2026, 6, 1)}),
    (Refusal.CONTRADICTORY_STATEMENTS, {"covered_from": date(2026, 6, 1), "covered_to": date(2026, 5, 31)}),
    (
        Refusal.CONTRADICTORY_STATEMENTS,
        {"enrolled_on": date(2026, 1, 2), "covered_from": date(2026, 1, 1), "covered_to": date(2026, 12, 31)},
    ),
    (Refusal.UNKNOWN_MEMBER_ROLE, {"role": "husband"}),
    (Refusal.UNKNOWN_MEMBER_STATUS, {"status": "cobra"}),
    (Refusal.UNKNOWN_ACCUMULATOR, {"accumulators": [{"accumulator": "deductable"}]}),
    (Refusal.REPEATED, {"accumulators": [{"accumulator": "deductible"}, {"accumulator": "deductible"}]}),
    (Refusal.AMOUNT_OUT_OF_RANGE, {"accumulators": [{"accumulator": "deductible", "used_cents": -1}]}),
    (Refusal.CONTRADICTORY_USE, {"accumulators": [{"accumulator": "deductible", "used_cents": 10_001}]}),
    (
        Refusal.CONTRADICTORY_USE,
        {"accumulators": [{"accumulator": "deductible", "used_cents": 5, "last_quarter_cents": 6}]},
    ),
    (Refusal.UNUSED_STATEMENT, {"accumulators": [{"accumulator": "deductible", "last_quarter_cents": 6}]}),
    (Refusal.UNKNOWN_LIMIT, {"limit_usage": [{"limit": "visit", "used": 1}]}),
    (Refusal.REPEATED, {"limit_usage": [{"limit": "visits", "used": 1}, {"limit": "visits", "used": 1}]}),
    (Refusal.CONTRADICTORY_USE, {"limit_usage": [{"limit": "visits", "used": 5}]}),
    (Refusal.WRONG_MEASURE, {"limit_usage": [{"limit": "visits", "used_cents": 5}]}),
    (
        Refusal.WRONG_MEASURE,
        {"plan_id": "copay-plan", "accumulators": [], "limit_usage": [{"limit": "budget", "used": 1}]},
    ),
    (Refusal.NUMBER_OUT_OF_RANGE, {"limit_usage": [{"limit": "visits", "used": -1}]}),
    (Refusal.UNKNOWN_BENEFIT, {"benefit_visits": [{"benefit": "needle", "visits": 1}]}),
    (Refusal.NUMBER_OUT_OF_RANGE, {"benefit_visits": [{"benefit": "needles", "visits": 1_001}]}),
    (Refusal.REPEATED, {"benefit_visits": [{"benefit": "needles", "visits": 1}, {"benefit": "needles", "visits": 1}]}),
    (Refusal.UNKNOWN_BENEFIT, {"prior_visits": [{"benefit": "needle", "date": date(2026, 2, 1)}]}),
    (Refusal.CONTRADICTORY_USE, {"prior_visits": [{"benefit": "needles", "date": date(2026, 3, 3)}]}),
    (Refusal.UNKNOWN_TIER, {"fee_usage": [{"date": date(2026, 3, 2), "tier": "network", "used_cents": 1}]}),
    (Refusal.CONTRADICTORY_USE, {"fee_usage": [{"date": date(2026, 3, 3), "tier": "in_network", "used_cents": 1}]}),
    (Refusal.UNKNOWN_THERAPY, {"items.therapy": "acupunture"}),
    (Refusal.UNKNOWN_THERAPY, {"items.therapy": "Needles"}),
    (Refusal.UNKNOWN_CODE, {"items.code": "99999", "items.charge_cents": None}),
    (Refusal.UNKNOWN_CODE, {"items.code": "99999", "items.therapy": None, "items.charge_cents": None}),
    (Refusal.CODE_OF_ANOTHER_THERAPY, {"items.code": "97124"}),
    (Refusal.CODE_OF_ANOTHER_THERAPY, {"items.therapy": "reiki"}),
    (Refusal.AMBIGUOUS_CODE, {"items.code": "97811", "items.therapy": None}),
    (Refusal.MISSING_VALUE, {"items.code": None, "items.therapy": None}),
    (Refusal.UNKNOWN_PRICE, {"items.code": None, "items.therapy": "reiki", "items.charge_cents": None}),
    (Refusal.AMOUNT_OUT_OF_RANGE, {"items.charge_cents": -1}),
    (Refusal.AMOUNT_OUT_OF_RANGE, {"items.allowed_cents": 10**9 + 1}),
    (Refusal.UNKNOWN_PRACTITIONER, {"items.practitioner": "acupuncturer"}),
    (Refusal.UNKNOWN_SETTING, {"items.setting": "spa"}),
    (Refusal.UNKNOWN_MODIFIER, {"items.modifiers": ["ZZ"]}),
    (Refusal.UNKNOWN_PLACE_OF_SERVICE, {"items.place_of_service": "99"}),
    (Refusal.UNKNOWN_TAXONOMY, {"items.taxonomy": "333300000X"}),
    (Refusal.AMBIGUOUS_TAXONOMY, {"items.taxonomy": "174400000X", "items.practitioner": None}),
    (Refusal.CONTRADICTORY_STATEMENTS, {"items.place_of_service": "02", "items.setting": "office"}),
    (Refusal.REPEATED, {"items.modifiers": ["AT", "AT"]}),
    (Refusal.INVALID_TEXT, {"items.code": "97810-25"}),
    (Refusal.UNKNOWN_TIER, {"items.tier": "In-Network"}),
    (Refusal.UNKNOWN_STATE, {"items.state": "ZZ"}),
    (Refusal.INVALID_DIAGNOSIS, {"items.diagnoses": ["back pain"]}),
    (Refusal.UNKNOWN_CONDITION, {"items.conditions": ["back_pain"]}),
    (Refusal.UNKNOWN_ATTESTATION, {"items.attestations": ["Referral"]}),
    (Refusal.DATE_OUT_OF_RANGE, {"items.start_date": date(1989, 12, 31)}),
    (Refusal.DATE_OUT_OF_RANGE, {"items.start_date": date(2200, 12, 31)}),
    (Refusal.PLAN_NOT_IN_FORCE, {"items.start_date": date(2025, 1, 1)}),
    (Refusal.COUNT_OUT_OF_RANGE, {"items": [ROW["items"][0] | {"sessions": 500, "every_days": 1}] * 5}),
]

ONLY_IN_BULK = {
    Refusal.UNUSED_STATEMENT: {"items.code": None, "items.units": 2},
    Refusal.MISSING_VALUE: {"items.start_date": None},
    Refusal.NUMBER_OUT_OF_RANGE: {"items.sessions": 0},
}
"""Faults of columns that a single request has no like of: there 0 stands for what null stands for here."""


MEMBERSHIP = ("covered_from", "covered_to", "role", "status", "enrolled_on")
"""The columns that a single request has in the member's `membership`."""

ONLY_SINGLE = {Refusal.UNKNOWN_MEMBER, Refusal.MORE_VIOLATIONS}
"""Kinds of no row: it has one member; and what stands behind a hundred faults of any kind."""


@pytest.fixture(scope="module")
def rules() -> Tables:
    """The small rules with a money limit, and a code that belongs to two therapies."""
    return tables(copay=MONEY, catalog=TWO_THERAPIES)


def changed(others: dict[str, Any]) -> dict[str, Any]:
    """The row with other values; `items.x` is one of its item's."""
    row = copy.deepcopy(ROW)
    for name, value in others.items():
        if name.startswith("items."):
            row["items"][0][name.removeprefix("items.")] = value
        else:
            row[name] = value
    return row


def plain(value: Any) -> Any:
    """A row's value as JSON has it: without what is null, dates as texts."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def single(rules: Tables, row: dict[str, Any]) -> list[Violation]:
    """What is wrong with the row as a single request."""
    data = plain(row)
    person = {name: data.pop(name) for name in list(data) if name not in ("plan_id", "items")}
    person["membership"] = {name: person.pop(name) for name in MEMBERSHIP if name in person}
    for item in data["items"]:
        amounts = ("charge_cents", "allowed_cents", "units")
        if "code" in item:
            item["procedures"] = [{name: item.pop(name) for name in ("code", "modifiers", *amounts) if name in item}]
    message = json_format.ParseDict(data | {"members": [person]}, request_pb2.EstimatePlanRequest())
    wrong = violations_of(message)
    if wrong:
        return wrong
    try:
        evaluate(rules, estimate_request(message))
    except InvalidRequest as error:
        return list(error.violations)
    return []


def rejects(rules: Tables, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What bulk says of the row."""
    batch = pa.RecordBatch.from_pylist([row], schema=REQUEST_SCHEMA)
    found: list[dict[str, Any]] = BulkEstimator(rules, "rules-0").estimate(batch).rejects.to_pylist()
    return found


@pytest.mark.parametrize(("kind", "others"), FAULTS)
def test_a_row_and_a_request_get_the_same_words_for_a_fault(
    rules: Tables, kind: Refusal, others: dict[str, Any]
) -> None:
    row = changed(others)
    alone, told = single(rules, row), rejects(rules, row)
    assert kind in {each.refusal for each in alone}
    assert [(each["reason"], each["kind"]) for each in told] == [
        (each.description, each.refusal.name) for each in alone
    ]
    columns = [
        each.field.replace("members[0].", "").replace("membership.", "").replace(".procedures[0]", "") for each in alone
    ]
    assert [each["field"] for each in told] == [path.replace(".dates", ".start_date") for path in columns]


@pytest.mark.parametrize(("kind", "others"), ONLY_IN_BULK.items())
def test_every_fault_of_a_column_is_refused_with_found_and_expected(
    rules: Tables, kind: Refusal, others: dict[str, Any]
) -> None:
    told = rejects(rules, changed(others))
    assert kind.name in {each["kind"] for each in told}
    assert all(each["reason"].startswith("found ") and "; expected " in each["reason"] for each in told)


def test_every_kind_of_fault_is_compared() -> None:
    """The kinds that stand where requests and rows are judged: whoever adds one adds a fault here."""
    package = Path(camcover.__file__).parent
    judges = [
        "engine/asking/claim.py",
        "engine/asking/violations.py",
        "engine/asking/use_violations.py",
        "engine/asking/words.py",
        "bulk/singly.py",
    ]
    named = {kind for name in judges for kind in re.findall(r"Refusal\.([A-Z_]+)", (package / name).read_text("utf-8"))}
    compared = {kind for kind, _ in FAULTS} | set(ONLY_IN_BULK) | ONLY_SINGLE
    assert {Refusal[name] for name in named} <= compared


def test_the_unchanged_row_is_priced(rules: Tables) -> None:
    assert rejects(rules, ROW) == []
    assert single(rules, ROW) == []
