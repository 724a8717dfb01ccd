"""The amounts of a line are the same, in the same order, wherever a line goes: `money.LINE_AMOUNTS` is the one list."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA
from camcover.engine.estimate import Amounts, Line
from camcover.engine.kernel.tables import LEDGER
from camcover.gen.camcover.v1 import estimate_pb2, impact_pb2
from camcover.money import LEDGER_AMOUNTS, LINE_AMOUNTS, ONE_PLAN_AMOUNTS, Cents, in_cents
from camcover.rulebook.grammar.cases import LINE
from camcover.workflow.impact.records import LineFigures
from camcover.workflow.impact.words import changes_of
from small_rules import estimate, question, tables

ALL, ONE_PLAN = in_cents(LINE_AMOUNTS), in_cents(ONE_PLAN_AMOUNTS)


def amounts_of(message: Any) -> tuple[str, ...]:
    """The fields of a message (its descriptor) that hold cents, by number."""
    found = sorted(message.fields, key=lambda field: field.number)
    return tuple(field.name for field in found if field.name.endswith("_cents"))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (amounts_of(estimate_pb2.Amounts.DESCRIPTOR), ALL),
        (amounts_of(estimate_pb2.Line.DESCRIPTOR), ALL),
        (amounts_of(impact_pb2.ImpactLineFigures.DESCRIPTOR), ONE_PLAN),
        (Amounts._fields, ALL),
        (tuple(name for name in Line._fields if name.endswith("_cents")), ALL),
        (tuple(each.name for each in fields(LineFigures) if each.name.endswith("_cents")), ONE_PLAN),
        (tuple(name for name in LINE_SCHEMA.names if name.endswith("_cents")), ONE_PLAN),
        (tuple(name for name in PLAN_SCHEMA.names if name.endswith("_cents")), ONE_PLAN),
        (tuple(each.key for each in LINE.fields if each.key in LINE_AMOUNTS), LINE_AMOUNTS),
    ],
    ids=["Amounts", "Line", "ImpactLineFigures", "typed amounts", "typed line", "figures", "lines", "plans", "tests"],
)
def test_amounts_are_one_list(found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert found == expected


def test_the_ledger_has_them_side_by_side() -> None:
    names = LEDGER.names or ()
    first = names.index("charge")
    assert names[first : first + len(LEDGER_AMOUNTS)] == LEDGER_AMOUNTS


def test_each_amount_is_what_it_is_called() -> None:
    """First visit of the small question: 48.00 of 80.00 allowed, 40.00 + 20 % of 8.00 = 1.60, 6.40 by the plan."""
    line = estimate(tables(), question()).lines[0]
    given = {"charge": 8000, "allowed": 4800, "deductible": 4000, "coinsurance": 160}
    given |= {"written_off": 3200, "plan_paid": 640, "patient": 4160, "due_at_service": 4160}
    assert line.amounts == Amounts(**{f"{name}_cents": Cents(given.get(name, 0)) for name in LINE_AMOUNTS})


@pytest.mark.parametrize("name", [name for name in ONE_PLAN_AMOUNTS if name != "patient"])
def test_every_changed_amount_is_reported(name: str) -> None:
    """What the patient pays is told beside."""
    before = LineFigures("", "", True, 0, "", "", *[0] * len(ONE_PLAN_AMOUNTS))  # noqa: FBT003 - a record by its fields
    changed = {each.name: getattr(before, each.name) for each in fields(before)} | {f"{name}_cents": 7}
    words = "plan pays" if name == "plan_paid" else name.replace("_", " ")
    assert list(changes_of(before, LineFigures(**changed))) == [(words, "$0.00", "$0.07")]
