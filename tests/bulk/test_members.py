"""Rows of several members: what each used counts for it and for the family, as in a single request."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulk.rows import ROWS, SOUND_ITEMS, SUMS, WORD, Row, maybe
from bulk.test_batches import RULES, check, result_of
from camcover.bulk.schema import PERSON_FIELDS, REQUEST_SCHEMA
from camcover.bulk.singly import request_of

pytestmark = pytest.mark.usefixtures("guards")

ITEM: Row = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8_000, "practitioner": "acupuncturist"}
ITEM |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 3, 2)}

MEMBERS = st.fixed_dictionaries(
    {
        "age": maybe(st.integers(0, 99)),
        "role": WORD([None, "subscriber", "child"]),
        "covered_from": maybe(st.dates(date(2025, 12, 1), date(2026, 4, 1))),
        "accumulators": maybe(st.lists(SUMS, max_size=1)),
        "limit_usage": maybe(st.just([{"limit": "visits", "used": 2}])),
        "prior_visits": maybe(st.just([{"benefit": "needles", "date": date(2026, 1, 5)}])),
    }
)
FAMILIES: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "request_id": st.just("family"),
        "plan_id": WORD(["share-plan", "share-plan", "copay-plan"]),
        "family_coverage": WORD([True, True, True, None]),
        "members": st.lists(MEMBERS, min_size=1, max_size=3).map(
            lambda people: [person | {"id": f"m{place}"} for place, person in enumerate(people)]
        ),
        "family_accumulators": maybe(st.lists(SUMS, max_size=1)),
        "items": st.lists(
            st.tuples(SOUND_ITEMS, WORD([None, "m0", "m0", "m1", "m2"])).map(
                lambda drawn: drawn[0] | {"member_id": drawn[1]}
            ),
            min_size=1,
            max_size=3,
        ),
    }
)


@settings(max_examples=max(settings().max_examples // 4, 20))
@given(st.lists(FAMILIES, min_size=1, max_size=4))
def test_batches_agree_on_families(rows: list[Row]) -> None:
    check(RULES, rows)


def plain(row: Row) -> Row:
    """A row as plain data with every column."""
    (found,) = pa.RecordBatch.from_pylist([row], schema=REQUEST_SCHEMA).to_pylist()
    return dict(found)


@settings(max_examples=max(settings().max_examples // 4, 20))
@given(ROWS)
def test_one_member_may_stand_in_the_row_or_in_members(row: Row) -> None:
    """Both give the same lines and totals; what is wrong with the member is named below `members`."""
    person = {field.name: row[field.name] for field in PERSON_FIELDS if field.name in row}
    others = {name: value for name, value in row.items() if name not in person}
    apart = others | {"members": [person | {"id": "1"}]}
    one, other = result_of(RULES, [row]), result_of(RULES, [apart])
    assert one.lines.equals(other.lines)
    assert one.plans.equals(other.plans)
    fields = [each["field"].removeprefix("members[0].") for each in other.rejects.to_pylist()]
    assert sorted(fields) == sorted(each["field"] for each in one.rejects.to_pylist())


def test_a_family_equals_amounts_worked_out_by_hand() -> None:
    """The first member has 60.00 of the deductible of 100.00 met, the second nothing; each has a visit, 48.00 allowed.

    40.00 + 20 % of 8.00 = 41.60 of the first, 48.00 of the second; of 160.00 charged 64.00 is written off, the plan
    pays 8.00 - 1.60 = 6.40. With 200.00 of the family's 200.00 met both owe 20 % of 48.00: 9.60.
    """
    used = [{"accumulator": "deductible", "used_cents": 6_000}]
    row: Row = {
        "plan_id": "share-plan",
        "family_coverage": True,
        "items": [ITEM | {"member_id": name} for name in ("a", "b")],
    }
    row |= {"members": [{"id": "a", "age": 44, "accumulators": used}, {"id": "b", "age": 12}]}
    met = row | {"family_accumulators": [{"accumulator": "deductible", "used_cents": 20_000}]}
    result = result_of(RULES, [row, met])
    assert result.rejects.to_pylist() == []
    assert result.lines["patient_cents"].to_pylist() == [4_160, 4_800, 960, 960]
    assert result.plans["plan_paid_cents"].to_pylist() == [640, 7_680]
    assert result.plans["written_off_cents"].to_pylist() == [6_400, 6_400]


def test_an_item_without_a_member_is_of_the_first() -> None:
    """As in a single request; the row's request has the members in order."""
    row = plain({"plan_id": "share-plan", "members": [{"id": "a", "age": 44}, {"id": "b"}], "items": [ITEM]})
    request = request_of(row)
    assert [(member.id, member.age) for member in request.members] == [("a", 44), ("b", None)]
    assert request.items[0].member_id == ""


@pytest.mark.parametrize(
    ("changed", "field", "kind"),
    [
        ({"members": [{"id": "a"}, {"id": "a"}]}, "members[1].id", "REPEATED"),
        ({"members": [{"id": "a"}, {"age": 3}]}, "members[1].id", "MISSING_VALUE"),
        ({"items": [ITEM | {"member_id": "c"}]}, "items[0].member_id", "UNKNOWN_MEMBER"),
        ({"age": 44}, "age", "UNUSED_STATEMENT"),
        ({"accumulators": [{"accumulator": "deductible"}]}, "accumulators", "UNUSED_STATEMENT"),
        ({"family_coverage": None}, "members", "CONTRADICTORY_STATEMENTS"),
        (
            {"members": [{"id": "a"}, {"id": "b", "accumulators": [{"accumulator": "deductable"}]}]},
            "members[1].accumulators[0].accumulator",
            "UNKNOWN_ACCUMULATOR",
        ),
        (
            {"members": [{"id": "a", "prior_visits": [{"benefit": "needles"}]}]},
            "members[0].prior_visits[0].date",
            "MISSING_VALUE",
        ),
        ({"members": [{"id": "a", "role": "husband"}]}, "members[0].role", "UNKNOWN_MEMBER_ROLE"),
        ({"members": [{"id": "a"}, None]}, "members[1]", "MISSING_VALUE"),
    ],
)
def test_what_is_wrong_with_members_is_named(changed: dict[str, Any], field: str, kind: str) -> None:
    row = {"plan_id": "share-plan", "family_coverage": True, "members": [{"id": "a"}, {"id": "b"}], "items": [ITEM]}
    (reject,) = result_of(RULES, [row | changed]).rejects.to_pylist()
    assert (reject["field"], reject["kind"]) == (field, kind)
