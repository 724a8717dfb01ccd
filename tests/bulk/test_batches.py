"""A batch says of every row what a single request says of it: the same lines, the same totals, the same faults."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulk.rows import BALANCES, ROWS, SOUND_ROWS, SUMS, Row
from camcover.bulk import BulkEstimator, BulkResult
from camcover.bulk.estimate import WrongColumns, parts_of, sound_batch, with_schema
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.bulk.singly import in_columns, request_of
from camcover.engine import Estimate, InvalidRequest, Tables, evaluate
from camcover.engine.asking.violations import violations_of
from camcover.engine.estimate import Amounts, Line, Reason
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, tables

pytestmark = pytest.mark.usefixtures("guards")

BUDGET = COPAY_PLAN.replace("requires:", "limits: [{id: budget, allow: $90, per: benefit_period}]\n    requires:")
ROLLING = SHARE_PLAN.replace("4 visits, per: calendar_year", "4 visits, per: rolling 30 days")
SEVERAL_WINDOWS = """\
limits:
  both: {allow: 9 units, per: rolling 2 months, cite: eoc p.3}
  money: {allow: $400, per: rolling 90 days, cite: eoc p.3}
benefits:
  rubbing:
    therapies: [massage]
    limits: [both, money, {id: day, allow: 2 visits, per: rolling 1 day, cite: eoc p.3}]
    in_network: {member_pays: [{coinsurance: 10%}]}
    out_of_network: {member_pays: [{copay: $10 per unit}]}
    cite: eoc p.2
"""
"""Pools that two benefits draw on, each with several limits over windows."""
LIABLE = (
    "above_allowed: written_off, payment_to: member, provider_liable: {for: [diagnosis, limits, referral], "
    "unless: advance_notice}"
)
"""Denials that are the provider's in network, unless an advance notice was given; what the plan pays comes back."""
RULES = tables(copay=BUDGET)
TWO_EDITIONS = tables(
    catalog=CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2024-01-01, to: 2026-03-31}"),
    later=CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2026-04-01}").replace(
        "typical_charge: {low: $75,", "typical_charge: {low: $70,"
    ),
    share=ROLLING,
)
"""The catalog changes on 1 April, and visits count over a window."""
MANY_LIMITS = tables(
    copay=BUDGET.replace("above_allowed: written_off", LIABLE),
    share=ROLLING.replace("limits: [", "limits: [money, both, {id: month, allow: 6 units, per: month, cite: eoc p.3}, ")
    .replace("benefits:\n", SEVERAL_WINDOWS, 1)
    .replace("  - {therapies: [massage]", "  - {therapies: [reiki]")
    .replace("above_allowed: written_off", LIABLE),
)
TWO_MAXIMA = tables(
    share=SHARE_PLAN.replace(
        "tiers:\n", "  all_max: {kind: out_of_pocket_maximum, individual: $90, cite: eoc p.1}\ntiers:\n"
    )
    .replace("oop_max, above_allowed", "oop_max, counts_toward: [all_max], capped_by: [all_max], above_allowed")
    .replace("out_of_pocket_maximum: none", "out_of_pocket_maximum: none, counts_toward: [all_max]"),
)
"""In network two maxima cap; both networks count toward the second, so that it holds all of the deductible."""

ACCOUNTS = tables(
    share=SHARE_PLAN.replace(
        "benefits:\n",
        "accounts:\n"
        "  hra: {individual: $50, family: $80, per: month, pays: [deductible, coinsurance], payment_to: member}\n"
        "  card: {individual: $30, per: benefit_period, pays: [not_covered, coinsurance]}\n"
        "benefits:\n",
        1,
    )
)
"""Of one plan accounts pay the member's share; its rows are asked singly."""

TIMED = CATALOG.replace(
    'codes: ["97810", "97811"]',
    'codes: ["97810", "97811"]\n    minutes: {session: 1 hour, codes: {"97810": 15 minutes, "97811": 15 minutes}}',
)
YEARS = SHARE_PLAN.replace("illustrative: yes", "illustrative: yes\nunit_rule: ama", 1).replace(
    "benefits:\n",
    "benefits:\n"
    "  later:\n"
    "    therapies: [acupuncture]\n"
    "    from_year: 2\n"
    "    in_network: {member_pays: [{copay: $15 per facility}]}\n"
    "    out_of_network: {member_pays: [{copay: $25 per facility}]}\n"
    "    cite: eoc p.2\n",
    1,
)
IN_LATER_YEARS = tables(
    catalog=TIMED,
    share=YEARS,
    copay=COPAY_PLAN.replace(
        "    requires:", "    limits: [{id: few, allow: 2 visits, per: episode, cite: eoc p.3}]\n    requires:"
    ),
)
"""Of one plan a benefit has other terms from the second year on, and copays per facility; minutes become units. Of the
other plan each episode has a count of its own, so that its rows are asked singly."""


def result_of(rules: Tables, rows: list[Row]) -> BulkResult:
    """The result of a batch."""
    return BulkEstimator(rules, "rules-1").estimate(pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA))


def single(rules: Tables, row: Row) -> Estimate | InvalidRequest:
    """What a single request says of a row."""
    (plain,) = pa.RecordBatch.from_pylist([row], schema=REQUEST_SCHEMA).to_pylist()
    try:
        request = request_of(plain)
        answer = evaluate(rules, request)
    except InvalidRequest as error:
        return error
    assert violations_of(rules, request) == (), "priced, though something is wrong with it"
    return answer


def line_data(row: int, line: Line) -> dict[str, Any]:
    """A line as a row of `LINE_SCHEMA`."""
    names: tuple[str, ...] = ("item_index", "session", "date", "tier", "benefit", "covered", "covered_units", "limit")
    names += ("charge_assumed", "terms_assumed")
    amounts = {name: getattr(line.amounts, name) for name in Amounts._fields if name != "secondary_paid_cents"}
    reason = "" if line.reason is Reason.NONE else line.reason.name
    return {"row": row, "reason": reason} | {name: getattr(line, name) for name in names} | amounts


def check(rules: Tables, rows: list[Row]) -> None:
    """Assert that a batch of the rows and each row alone say the same."""
    result = result_of(rules, rows)
    answers = [single(rules, row) for row in rows]
    priced = [(row, answer) for row, answer in enumerate(answers) if isinstance(answer, Estimate)]
    assert result.lines.to_pylist() == [line_data(row, line) for row, answer in priced for line in answer.lines]
    plans = result.plans.to_pylist()
    assert [plan["row"] for plan in plans] == [row for row, _ in priced]
    for plan, (row, answer) in zip(plans, priced, strict=True):
        assert (plan["request_id"], plan["plan_id"]) == (rows[row]["request_id"], rows[row]["plan_id"])
        assert (plan["lines"], plan["rule_release"]) == (len(answer.lines), "rules-1")
        assert plan["lines_covered"] == sum(line.covered for line in answer.lines)
        for name in Amounts._fields:
            assert plan.get(name, 0) == getattr(answer.totals, name)
    refused = [
        {
            "row": row,
            "request_id": rows[row]["request_id"],
            "field": each.field,
            "reason": each.description,
            "kind": each.refusal.name,
        }
        for row, answer in enumerate(answers)
        if isinstance(answer, InvalidRequest)
        for each in in_columns({"members": rows[row].get("members")}, answer.violations)
    ]
    assert result.rejects.to_pylist() == refused
    assert result.rejected_rows == len(rows) - len(priced)


@settings(max_examples=max(settings().max_examples // 4, 30))
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_a_batch_gives_the_results_of_single_requests(rows: list[Row]) -> None:
    check(RULES, rows)


@settings(max_examples=max(settings().max_examples // 8, 30))
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_batches_agree_where_words_change_meaning_between_editions(rows: list[Row]) -> None:
    check(TWO_EDITIONS, rows)


@settings(max_examples=max(settings().max_examples // 8, 30))
@given(st.lists(ROWS, min_size=1, max_size=6), st.lists(BALANCES, max_size=2), st.lists(BALANCES, max_size=1))
def test_batches_agree_where_accounts_pay(rows: list[Row], balances: list[Row], shared: list[Row]) -> None:
    first = rows[0] | {"account_balances": balances, "family_account_balances": shared}
    check(ACCOUNTS, [first, *rows])


@settings(max_examples=max(settings().max_examples // 8, 30))
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_batches_agree_with_several_rolling_limits(rows: list[Row]) -> None:
    check(MANY_LIMITS, rows)


@settings(max_examples=max(settings().max_examples // 8, 30))
@given(st.lists(st.tuples(ROWS, SUMS, SUMS), min_size=1, max_size=6))
def test_batches_agree_under_several_maxima(drawn: list[tuple[Row, Row, Row]]) -> None:
    for row, own, of_family in drawn:
        for name, cell in (("accumulators", own), ("family_accumulators", of_family)):
            if row[name]:
                row[name] = [*row[name], cell | {"accumulator": "all_max"}]
    check(TWO_MAXIMA, [row for row, _, _ in drawn])


@settings(max_examples=max(settings().max_examples // 8, 30))
@given(st.lists(SOUND_ROWS | SOUND_ROWS | ROWS, min_size=1, max_size=8))
def test_batches_agree_on_first_services_facilities_minutes_and_episodes(rows: list[Row]) -> None:
    check(IN_LATER_YEARS, rows)


def test_sound_rows_are_priced_in_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums, use of limits, diagnoses, conditions, open tiers and prices: none of it is asked aside."""
    item = {"therapy": "acupuncture", "diagnoses": ["M54.50"], "conditions": ["back-pain"], "sessions": 3}
    row = {"plan_id": "share-plan", "items": [item | {"start_date": date(2026, 3, 2)}], "family_coverage": True}
    row |= {"accumulators": [{"accumulator": "deductible", "used_cents": 0}], "birth_date": date(1980, 2, 29)}
    row |= {"limit_usage": [{"limit": "visits", "used": 3}], "family_accumulators": [{"accumulator": "oop_max"}]}
    asked: list[int] = []

    def noted(_self: BulkEstimator, _batch: object, rows: list[int]) -> tuple[list[object], list[object]]:
        asked.extend(rows)
        return [], []

    monkeypatch.setattr(BulkEstimator, "_price_singly", noted)
    assert result_of(RULES, [row, {"plan_id": "nowhere"}]).plans.num_rows == 1
    assert asked == [1]


def test_a_first_service_is_read_in_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the second year on the copay of 15.00 per facility, in the first needles' deductible.

    A first service on 31 December 2025 makes 2026 the second year. One that is not given is assumed to fit (point 40).
    """
    asked: list[int] = []

    def noted(_self: BulkEstimator, _batch: object, rows: list[int]) -> tuple[list[object], list[object]]:
        asked.extend(rows)
        return [], []

    monkeypatch.setattr(BulkEstimator, "_price_singly", noted)
    visit = {"therapy": "acupuncture", "tier": "in_network", "charge_cents": 9_000, "start_date": date(2026, 3, 2)}
    visit |= {"diagnoses": ["M54.50"], "practitioner": "acupuncturist"}
    rows = [
        {"plan_id": "share-plan", "items": [visit | {"first_service": first}]}
        for first in (date(2025, 12, 31), date(2026, 1, 1), None)
    ]
    lines = result_of(IN_LATER_YEARS, rows).lines
    assert lines["benefit"].to_pylist() == ["later", "needles", "later"]
    assert lines["copay_cents"].to_pylist() == [1_500, 0, 1_500]
    assert asked == []


@pytest.mark.parametrize("therapy", ["", None])
def test_an_item_without_a_therapy_or_code_is_refused(therapy: str | None) -> None:
    """A charge makes it no service; the row beside it is priced all the same."""
    named = {"therapy": "reiki", "charge_cents": 0, "start_date": date(2026, 1, 5)}
    rows = [{"plan_id": "share-plan", "items": [each]} for each in (named, named | {"therapy": therapy})]
    result = result_of(RULES, rows)
    assert result.plans["row"].to_pylist() == [0]
    assert [(each["row"], each["field"]) for each in result.rejects.to_pylist()] == [(1, "items[0].therapy")]


def test_batches_are_split_at_the_line_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of 3, 4, 20 (alone too many), 5, 5 and 1 lines, at most ten at once: (3, 4), (20), (5, 5), (1)."""
    monkeypatch.setattr("camcover.bulk.estimate.MOST_LINES", 10)
    rows = [{"plan_id": "share-plan", "items": [{"sessions": count}]} for count in (3, 4, 20, 5, 5, 1)]
    rows[1]["items"] = [{"sessions": None}, {"sessions": 3}, {"sessions": -5}]
    batch = pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA)
    assert [part.num_rows for part in parts_of(batch)] == [2, 1, 2, 1]
    assert pa.Table.from_batches(parts_of(batch)).to_pylist() == batch.to_pylist()
    assert list(parts_of(batch.slice(0, 0))) == []


@pytest.mark.parametrize("name", ["as_of", "birth_date"])
@pytest.mark.parametrize("day", [2**31 - 1, -(2**31), 3_000_000, -719_163])
def test_a_date_outside_the_calendar_is_refused(name: str, day: int) -> None:
    """Parquet can hold it; the row is refused, and the one beside it is priced."""
    item = {"therapy": "acupuncture", "sessions": 3, "start_date": date(2026, 3, 2)}
    batch = pa.RecordBatch.from_pylist([{"plan_id": "share-plan", "items": [item]}] * 2, schema=REQUEST_SCHEMA)
    dates = pa.array([day, None], pa.int32()).cast(pa.date32())
    batch = batch.set_column(REQUEST_SCHEMA.get_field_index(name), name, dates)
    result = BulkEstimator(RULES, "rules-1").estimate(batch)
    (reject,) = result.rejects.to_pylist()
    assert reject["reason"] == "found a date outside the calendar; expected dates in the years 1 to 9999"
    assert (reject["row"], reject["field"], reject["kind"]) == (0, "", "DATE_OUT_OF_RANGE")
    assert result.plans["row"].to_pylist() == [1]


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """A column of strings can hold bytes that are no UTF-8; the input is refused with the place."""
    batch = pa.RecordBatch.from_pylist([{"plan_id": "share-plan", "items": []}], schema=REQUEST_SCHEMA)
    text = pa.StringArray.from_buffers(1, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe"))
    batch = batch.set_column(REQUEST_SCHEMA.get_field_index("plan_id"), "plan_id", text)
    with pytest.raises(WrongColumns, match=r"the rows from 7 on are not valid Arrow data: .*UTF8"):
        BulkEstimator(RULES, "rules-1").estimate(batch, 7)


def test_an_empty_batch_gives_empty_results() -> None:
    result = result_of(RULES, [])
    assert (result.plans.num_rows, result.lines.num_rows, result.rejects.num_rows) == (0, 0, 0)


def test_one_plan_equals_amounts_worked_out_by_hand() -> None:
    """As in small_rules: the deductible of 100.00 has 60.00 met; three visits of 48.00 allowed, 20 % after it.

    40.00 + 20 % of 8.00 = 41.60; then twice 9.60: 60.80 of 240.00; 96.00 is written off, the plan pays 83.20.
    """
    item = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    item |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 3, 2), "sessions": 3}
    used = [{"accumulator": "deductible", "used_cents": 6000}, {"accumulator": "oop_max", "used_cents": 6000}]
    row = {
        "request_id": "one",
        "plan_id": "share-plan",
        "age": 44,
        "state": "WA",
        "accumulators": used,
        "items": [item],
    }
    (plan,) = result_of(RULES, [row]).plans.to_pylist()
    assert (plan["charge_cents"], plan["patient_cents"]) == (24000, 6080)
    assert (plan["plan_paid_cents"], plan["written_off_cents"]) == (8320, 9600)


FIRST_DOLLAR = """\
format: camcover/1
kind: plan
id: fund-plan
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
tiers:
  in_network: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}
benefits:
  fund:
    therapies: [massage]
    limits: [{allow: $130, per: benefit_period, straddle: next}]
    when_exhausted: next
    in_network: {member_pays: [nothing]}
  behind: {therapies: [massage], in_network: {member_pays: [{coinsurance: 50%}, {copay: $5 per day}]}}
otherwise: not_covered
"""


def test_batches_agree_where_a_limit_hands_on_a_rest() -> None:
    """Of 130 the first visit takes 90, the second 40; of the other 50 half and 5: 30; the third 45 and 5."""
    rules = tables(fund=FIRST_DOLLAR)
    item = {"therapy": "massage", "tier": "in_network", "charge_cents": 9_000, "sessions": 3}
    row = {"plan_id": "fund-plan", "items": [item | {"start_date": date(2026, 3, 2)}]}
    batch = pa.RecordBatch.from_pylist([row, row], schema=REQUEST_SCHEMA)
    result = BulkEstimator(rules, "rules-1").estimate(batch)
    assert result.plans["patient_cents"].to_pylist() == [8_000, 8_000]
    assert result.lines["plan_paid_cents"].to_pylist() == [9_000, 6_000, 4_000] * 2


def test_the_ledger_is_available_without_arrow_columns() -> None:
    """The rows of one batch: two visits of acupuncture are two rows of the ledger, and what is wrong has its row."""
    item = {"therapy": "acupuncture", "start_date": date(2026, 3, 2), "sessions": 2}
    rows = [{"plan_id": "nowhere", "items": [item]}, {"plan_id": "share-plan", "items": [item]}]
    batch = sound_batch(pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA))
    answered, rejects, cut = BulkEstimator(RULES, "rules-1").answer(batch)
    assert (answered.row.tolist(), answered.first_line.tolist(), len(answered.ledger)) == ([1], [0, 2], 2)
    assert [(row, [each.field for each in violations]) for row, violations in rejects] == [(0, ["plan_id"])]
    assert cut.tolist() == []


def test_row_numbers_begin_at_the_given_number() -> None:
    batch = pa.RecordBatch.from_pylist([{"plan_id": "nowhere"}], schema=REQUEST_SCHEMA)
    result = BulkEstimator(RULES, "rules-1").estimate(batch, 1_000)
    assert {each["row"] for each in result.rejects.to_pylist()} == {1_000}


def test_unwanted_lines_are_still_counted() -> None:
    item = {"therapy": "acupuncture", "start_date": date(2026, 3, 2), "sessions": 3}
    batch = pa.RecordBatch.from_pylist([{"plan_id": "share-plan", "items": [item]}], schema=REQUEST_SCHEMA)
    result = BulkEstimator(RULES, "rules-1", wants_lines=False).estimate(batch)
    assert (result.lines.num_rows, result.line_count, result.plans.num_rows) == (0, 3, 1)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"items": REQUEST_SCHEMA.field("items").type}, "column 'plan_id' is missing"),
        ({"plan_id": pa.string()}, "column 'items' is missing"),
        (
            {"plan_id": pa.string(), "items": REQUEST_SCHEMA.field("items").type, "aeg": pa.int32()},
            "unknown column 'aeg'",
        ),
        ({"plan_id": pa.string(), "items": pa.string()}, "column 'items' is string; expected list"),
    ],
)
def test_other_columns_are_refused(columns: dict[str, pa.DataType], said: str) -> None:
    schema = pa.schema(list(columns.items()))
    with pytest.raises(WrongColumns, match=said):
        with_schema(pa.RecordBatch.from_pylist([], schema=schema))


def test_columns_that_fit_are_cast_and_missing_ones_are_null() -> None:
    schema = pa.schema(
        [("plan_id", pa.large_string()), ("items", REQUEST_SCHEMA.field("items").type), ("age", pa.int64())]
    )
    batch = with_schema(pa.RecordBatch.from_pylist([{"plan_id": "a", "items": [], "age": 3}], schema=schema))
    assert batch.schema == REQUEST_SCHEMA
    assert (batch["age"].to_pylist(), batch["state"].to_pylist()) == ([3], [None])
