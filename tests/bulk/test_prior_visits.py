"""Rows with dated visits are priced in the batch, and say what single requests say of them (point 39)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulk.rows import SOUND_ITEMS, WORD, Row, maybe, mostly
from bulk.test_batches import check, result_of
from camcover.bulk import BulkEstimator
from camcover.engine import Tables
from small_rules import SHARE_PLAN, tables

pytestmark = pytest.mark.usefixtures("guards")

ALONE = "limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]"
NOW = """\
limits:
      - {id: visits, allow: 9 visits, per: calendar_year, cite: eoc p.3}
      - {id: units, allow: 8 units, per: month, cite: eoc p.3}
      - {id: paid, allow: 6 visits, counts: plan_paid, per: benefit_period, cite: eoc p.3}
      - window
      - {id: months, allow: 14 units, per: rolling 3 months, cite: eoc p.3}
      - {id: ever, allow: 12 visits, per: lifetime, cite: eoc p.3}
      - {id: quarter, allow: 7 visits, per: quarter, for: family, cite: eoc p.3}
      - {id: week, allow: 2 visits, per: week, cite: eoc p.3}
      - {id: money, allow: $900, per: calendar_year, cite: eoc p.3}
"""
BEFORE = """\
limits:
      - {id: visits, allow: 9 visits, per: calendar_year, cite: eoc p.3}
      - {id: units, allow: 8 visits, per: month, cite: eoc p.3}
      - window
"""
POOL = "limits:\n  window: {allow: 5 visits, per: rolling 40 days, cite: eoc p.3}\nbenefits:\n"
RUBS = """\
  rubs:
    therapies: [massage]
    limits:
      - {id: rubbing, allow: 3 visits, per: benefit_period, cite: eoc p.3}
      - window
    in_network: {member_pays: [{copay: $10 per visit}]}
    out_of_network: {member_pays: [{coinsurance: 50%}]}
    cite: eoc p.2
  slow:
    therapies: [reiki]
    limits: [{id: slow, allow: 2 visits, per: 30 days from first_visit, cite: eoc p.3}]
    in_network: {member_pays: [{copay: $10 per visit}]}
    out_of_network: {member_pays: [{coinsurance: 50%}]}
    cite: eoc p.2
"""
"""A second benefit on one of the limits; and one whose time begins with a visit, so that it is asked singly."""
COUNTED = tables(
    share=SHARE_PLAN.replace("{therapies: [massage]", '{codes: ["97124"]')
    .replace(ALONE, NOW.rstrip())
    .replace("benefits:\n", POOL + RUBS, 1),
    before=SHARE_PLAN.replace(ALONE, BEFORE.rstrip())
    .replace("benefits:\n", POOL, 1)
    .replace("{from: 2026-01-01, to: 2026-12-31}", "{from: 2025-12-01, to: 2025-12-31}"),
)
"""Each kind of period that has fixed dates or is a window, under two editions that count some limits otherwise."""

VISITS = st.fixed_dictionaries(
    {
        "benefit": mostly(WORD(["needles", "needles", "rubs"]), WORD(["slow"])),
        "date": st.dates(date(2025, 11, 20), date(2026, 4, 10)) | st.dates(date(2026, 3, 1), date(2026, 3, 8)),
        "units": maybe(st.integers(1, 3)),
        "copay_paid_cents": maybe(st.just(0)),
        "plan_paid_cents": maybe(WORD([0, 0, 500])),
    }
)
ITEMS = st.tuples(
    SOUND_ITEMS, WORD(["acupuncture", "acupuncture", "massage"]), st.dates(date(2026, 4, 5), date(2026, 7, 1))
)
ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {
        "request_id": st.just("visited"),
        "plan_id": st.just("share-plan"),
        "as_of": maybe(st.dates(date(2025, 12, 20), date(2026, 5, 1))),
        "requirements_as_attested": maybe(st.booleans()),
        "prior_visits": st.lists(VISITS, min_size=1, max_size=8),
        "items": st.lists(
            ITEMS.map(
                lambda drawn: drawn[0] | {"therapy": drawn[1], "code": None, "units": None, "start_date": drawn[2]}
            ),
            min_size=1,
            max_size=2,
        ),
    }
)


def visit(day: date, **cells: Any) -> Row:
    """A dated visit under the benefit for needles."""
    return {"benefit": "needles", "date": day} | cells


@pytest.fixture
def asked_singly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that a batch prices as single requests, and does not answer here."""
    asked: list[int] = []

    def noted(_self: BulkEstimator, _batch: object, rows: list[int]) -> tuple[list[object], list[object]]:
        asked.extend(rows)
        return [], []

    monkeypatch.setattr(BulkEstimator, "_price_singly", noted)
    return asked


@settings(max_examples=max(settings().max_examples // 2, 30))
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_batches_agree_on_dated_visits(rows: list[Row]) -> None:
    check(COUNTED, rows)


@pytest.mark.parametrize(
    ("rules", "before", "covered"),
    [
        # Four a calendar year: of three visits in it (two entries of one day are one visit) one is left.
        (tables(), [date(2025, 12, 30), date(2026, 1, 5), date(2026, 1, 5), date(2026, 2, 2), date(2026, 2, 9)], 1),
        (tables(), [date(2026, 2, 2)], 3),
        # Four in 30 days. For 2 March those from 1 February on count, all four; for 9 March three of them; for 16 March
        # the last two, and the visit of 9 March.
        (
            tables(share=SHARE_PLAN.replace("4 visits, per: calendar_year", "4 visits, per: rolling 30 days")),
            [date(2026, 2, 1), date(2026, 2, 10), date(2026, 2, 20), date(2026, 2, 21)],
            2,
        ),
    ],
)
def test_dated_visits_are_read_in_the_batch(
    rules: Tables, before: list[date], covered: int, asked_singly: list[int]
) -> None:
    """Visits on 2, 9 and 16 March 2026."""
    item = {"therapy": "acupuncture", "practitioner": "acupuncturist", "conditions": ["back-pain"], "sessions": 3}
    items = [item | {"tier": "in_network", "start_date": date(2026, 3, 2)}]
    row = {"plan_id": "share-plan", "prior_visits": [visit(day) for day in before], "items": items}
    assert result_of(rules, [row]).plans["lines_covered"].to_pylist() == [covered]
    assert asked_singly == []


def test_what_a_batch_does_not_read_of_visits_is_asked_singly(asked_singly: list[int]) -> None:
    """A visit on the first date, with a facility, of an unknown benefit, beside use of a limit; a time from a visit."""
    item = {"therapy": "acupuncture", "start_date": date(2026, 3, 2)}
    day = date(2026, 2, 2)
    visits = [
        [visit(day)],
        [visit(date(2026, 3, 2))],
        [visit(day, facility="north")],
        [visit(day) | {"benefit": "neadles"}],
        [visit(day) | {"benefit": "slow"}],
        [visit(day)],
    ]
    rows: list[Row] = [{"plan_id": "share-plan", "prior_visits": each, "items": [item]} for each in visits]
    rows[-1]["limit_usage"] = [{"limit": "visits", "used": 1}]
    assert result_of(COUNTED, rows).plans["row"].to_pylist() == [0]
    assert asked_singly == [1, 2, 3, 4, 5]
