"""The kernel writes inside its arrays only: enough is reserved, and where it were not, that is a fault of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from camcover.api.errors import status_of
from camcover.bulk import BulkEstimator, BulkResult
from camcover.bulk import estimate as bulk_estimate
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine import Tables, compile_rules
from camcover.engine.asking.adjudicator import Adjudicator
from camcover.engine.asking.question import Question
from camcover.engine.kernel.call import KernelFault
from camcover.rulebook import as_text, checks, load_texts
from camcover.rulebook.checks import bounds
from memory_guards import Guards, Overrun
from small_rules import SHARE_PLAN, TEXTS, estimate, question, typed

pytestmark = pytest.mark.usefixtures("guards")

LIMITS = "limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]"
DAYS = 300
"""More daily visits than any window below is long."""


def share_plan(limits: str, pools: str = "") -> str:
    """The share plan with other limits on its one benefit."""
    text = SHARE_PLAN.replace(LIMITS, f"limits: [{limits}]")
    return text.replace("benefits:\n", f"limits: {{{pools}}}\nbenefits:\n", 1) if pools else text


def unchecked(monkeypatch: pytest.MonkeyPatch, plan: str) -> Tables:
    """Rules that no check has judged, as they would come by another way than files."""
    monkeypatch.setattr(checks, "CHECKS", ())
    loaded = load_texts(TEXTS | {"share.yaml": plan})
    assert loaded.rules is not None, as_text(loaded.errors, loaded.texts)
    return compile_rules(loaded.rules)


def asked_daily(days: int) -> dict[str, Any]:
    """The small question with a visit each day from 1 January on."""
    asked = question()
    asked["items"][0]["dates"] = [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(days)]
    return asked


def row_daily(days: int) -> dict[str, Any]:
    """The same as a row of bulk input."""
    item = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    item |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 1, 1), "sessions": days}
    return {"plan_id": "share-plan", "age": 40, "state": "WA", "items": [item | {"every_days": 1}]}


def in_bulk(tables: Tables, *rows: dict[str, Any]) -> BulkResult:
    """The rows as a batch."""
    return BulkEstimator(tables, "rules-1").estimate(pa.RecordBatch.from_pylist(list(rows), schema=REQUEST_SCHEMA))


def without_room(tables: Tables) -> Tables:
    """The tables as if no benefit had a limit over a window, so that nothing is reserved for its events."""
    plans = {name: replace(index, rolling_limits=0) for name, index in tables.plans.items()}
    return replace(tables, plans=plans)


WINDOWS = "{{id: {0}, allow: 900 visits, per: rolling {1} days, cite: eoc p.3}}"
POOL = "pool: {allow: 900 visits, per: rolling 30 days, cite: eoc p.3}"


@pytest.mark.parametrize(
    ("limits", "pools", "used"),
    [
        # Of daily visits a window of n days holds n.
        (", ".join(WINDOWS.format(f"days-{length}", length) for length in (30, 90, 91, 92)), "", [30, 90, 91, 92]),
        ("pool, pool, pool, pool", POOL, [30]),
        # One name for counts over different windows: each counts for itself, and the widest is told (point 18).
        (", ".join(WINDOWS.format("one", length) for length in (30, 90, 91, 92)), "", [92]),
    ],
    ids=["four windows", "a pool four times", "one id for four windows"],
)
def test_the_space_holds_every_dated_use(
    monkeypatch: pytest.MonkeyPatch, limits: str, pools: str, used: list[int]
) -> None:
    tables = unchecked(monkeypatch, share_plan(limits, pools))
    answer = estimate(tables, asked_daily(DAYS))
    assert [each.used for each in answer.limits_after] == used
    result = in_bulk(tables, *[row_daily(DAYS)] * 20)
    assert (result.rejects.num_rows, result.plans["lines_covered"].to_pylist()) == (0, [DAYS] * 20)


@pytest.mark.parametrize("pool", ["4 visits", "4 units", "$153.60"])
def test_a_pool_named_twice_counts_once(monkeypatch: pytest.MonkeyPatch, pool: str) -> None:
    """Four visits of 48.00 of which the plan pays 80 %, 38.40: four times that is the budget of 153.60."""
    tables = unchecked(
        monkeypatch, share_plan("pool, pool", f"pool: {{allow: {pool}, per: calendar_year, cite: eoc p.1}}")
    )
    asked = asked_daily(6)
    asked["members"][0]["accumulators"][0]["used_cents"] = 10_000
    assert [line.covered for line in estimate(tables, asked).lines] == [True] * 4 + [False] * 2


def test_too_little_room_raises_a_fault_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards would show a write; the fault says how many requests could not be adjudicated."""
    tables = without_room(unchecked(monkeypatch, share_plan(WINDOWS.format("window", 30))))
    with pytest.raises(
        KernelFault, match=r"1 of 1 requests .* has 9 dated uses of limits, and room was reserved for 0"
    ):
        estimate(tables, asked_daily(9))
    with pytest.raises(KernelFault, match=r"2 of 3 requests .* the first, number 1, has 9 "):
        in_bulk(tables, row_daily(9) | {"plan_id": "copay-plan"}, *[row_daily(9)] * 2)
    assert status_of(KernelFault("said")) is None, "a fault of ours is INTERNAL with an incident, no refusal"


def test_a_fault_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = unchecked(monkeypatch, share_plan(WINDOWS.format("window", 30)))
    expected = estimate(sound, asked_daily(9))
    with pytest.raises(KernelFault):
        estimate(without_room(sound), asked_daily(9))
    assert estimate(sound, asked_daily(9)) == expected


def test_a_batch_in_too_little_room_raises_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout of batches counts on by itself too; it writes no row that it has no room for."""
    tables = unchecked(monkeypatch, SHARE_PLAN)
    monkeypatch.setattr(bulk_estimate, "_lines_of", lambda offsets, _sessions: 5 * (offsets[1:] > 0))
    with pytest.raises(KernelFault, match="row 1 of a batch"):
        in_bulk(tables, row_daily(5), row_daily(6))


def test_guard_rows_show_writes_past_the_end(guards: Guards, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room that is promised but not there: the events of nine visits lie behind the array's end."""
    tables = without_room(unchecked(monkeypatch, share_plan(WINDOWS.format("window", 30))))
    adjudicator = Adjudicator()
    assert isinstance(adjudicator.lay_out(tables, typed(asked_daily(9))), Question)
    adjudicator.first.requests.array["event_room"] = 9
    # Not compiled, an index beyond the end says so by itself.
    with pytest.raises((Overrun, IndexError), match=r"next|out of bounds"):
        adjudicator.first.run(tables.arrays)
    guards.forget()


def test_rows_that_the_kernel_cannot_hold_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked rules have at most 8 steps in a list and 32 limits on a benefit (`too-many`)."""
    assert bounds.MAX_LIMITS <= 64
    steps = SHARE_PLAN.replace("[deductible, {coinsurance: 20%}]", f"[{', '.join(['deductible'] * 9)}]")
    with pytest.raises(AssertionError, match="9 steps of benefit 'needles': the kernel holds at most 8"):
        unchecked(monkeypatch, steps)
    limits = ", ".join(f"{{id: l{number}, allow: 1 visit, per: day, cite: eoc p.3}}" for number in range(65))
    with pytest.raises(AssertionError, match="65 limits on benefit 'needles': the kernel holds at most 64"):
        unchecked(monkeypatch, share_plan(limits))
