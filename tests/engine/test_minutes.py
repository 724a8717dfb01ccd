"""Minutes to units, worked by hand (point 50). The sums stand beside the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from camcover.engine.asking.timed import shared_out
from small_rules import CATALOG, estimate, tables

TIMED = CATALOG.replace(
    'codes: ["97810", "97811"]',
    'codes: ["97810", "97811"]\n    minutes: {session: 1 hour, codes: {"97810": 15 minutes, "97811": 15 minutes}}',
).replace('codes: ["97124"]', 'codes: ["97124"], minutes: {session: 1 hour, codes: {"97124": 30 minutes}}')
PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
RULE
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}
benefits:
  care: {therapies: [acupuncture, massage], in: {member_pays: [{copay: $10 per unit}]}}
otherwise: not_covered
"""

ADD_ON = TIMED + 'codes:\n  "97811": {add_on_to: ["97810"]}\n'


def item(*procedures: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A session of procedures, charged 100 each."""
    charged = [{"charge_cents": 10_000} | each for each in procedures]
    return {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"], "procedures": charged} | others


def of(code: str, minutes: int) -> dict[str, Any]:
    """So many minutes of a code."""
    return {"code": code, "minutes": minutes}


def asked(rule: str, *items: dict[str, Any], catalog: str = TIMED) -> Estimate:
    """The items of one member."""
    rules = tables(catalog=catalog, p=PLAN.replace("RULE", f"unit_rule: {rule}" if rule else "notes: No rule."))
    people = [{"id": "ana", "age": 44, "state": "WA"}]
    return estimate(rules, {"plan_id": "p", "members": people, "items": list(items)})


def units(found: Estimate) -> list[tuple[str, int, int]]:
    """The code, the units and the copay in dollars of each line."""
    return [(line.code, line.units, line.amounts.copay_cents // 100) for line in found.lines]


def test_the_published_example_of_the_eight_minute_rule() -> None:
    """40 minutes are 3 units: 33 has 2 and a remainder of 3, 7 the larger one. By `ama` 2, and 7 come to none."""
    session = item(of("97810", 33), of("97811", 7))
    assert units(asked("cms", session)) == [("97810", 2, 20), ("97811", 1, 10)]
    found = asked("ama", session)
    assert units(found) == [("97810", 2, 20)]
    assert found.range.assumptions[0].text == (
        "Item 1: 7 minutes of 97811 are too few for a unit under the plan's rule. Nothing is billed for them."
    )


def test_a_code_waits_for_none_that_comes_to_no_unit() -> None:
    """97811 waits for 97810 (point 48), whose 5 minutes are no line: the lines stay in the order of the request."""
    session, massage = item(of("97811", 20), of("97810", 5)), item({"code": "97124"}, therapy="massage")
    assert units(asked("ama", session, massage, catalog=ADD_ON)) == [("97811", 1, 10), ("97124", 1, 10)]


def test_units_are_settled_before_lines_wait_for_each_other() -> None:
    """40 minutes are 3 units. Of equal remainders 97811 is the earlier line: 2. Then 97810 goes before it."""
    session = item(of("97811", 20), of("97810", 20))
    assert units(asked("cms", session, catalog=ADD_ON)) == [("97810", 1, 10), ("97811", 2, 20)]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        # Medicare Claims Processing Manual, chapter 5, section 20.2: 24 + 23 = 47 minutes are 3 units, 2 and 1.
        ([24, 23], [2, 1]),
        # 20 + 20 = 40 are 3: of equal remainders the earlier line. 33 + 7 = 40. 18 + 13 + 10 + 8 = 49 are 3.
        ([20, 20], [2, 1]),
        ([33, 7], [2, 1]),
        ([18, 13, 10, 8], [1, 1, 1, 0]),
        # 7 + 7 + 7 = 21 are 1, the first; 7 alone none, 8 one, 22 one, 23 two.
        ([7, 7, 7], [1, 0, 0]),
        ([7], [0]),
        ([8], [1]),
        ([22], [1]),
        ([23], [2]),
    ],
)
def test_the_eight_minute_rule(minutes: list[int], expected: list[int]) -> None:
    assert shared_out(minutes) == expected


def test_minutes_count_together_only_within_one_day() -> None:
    """8 and 8 on one day are 16: one unit. On two days one each. 97124 has 30 minutes: 15 are half a unit, 16 one."""
    assert units(asked("cms", item(of("97810", 8)), item(of("97811", 8)))) == [("97810", 1, 10)]
    days = [item(of("97810", 8)), item(of("97811", 8), dates=["2026-03-03"])]
    assert units(asked("cms", *days)) == [("97810", 1, 10), ("97811", 1, 10)]
    massage = item(of("97124", 16), therapy="massage")
    assert units(asked("cms", item(of("97810", 7)), massage)) == [("97124", 1, 10)]
    assert units(asked("cms", item(of("97810", 8)), item(of("97124", 15), therapy="massage"))) == [("97810", 1, 10)]


def test_a_session_shares_its_typical_charge_over_what_is_billed() -> None:
    """110 for the line that is left; 55 each where both are."""
    unpriced = item(of("97810", 15), of("97811", 5))
    unpriced["procedures"] = [{key: each[key] for key in ("code", "minutes")} for each in unpriced["procedures"]]
    assert [line.charge_cents for line in asked("ama", unpriced).lines] == [11_000]
    unpriced["procedures"][1]["minutes"] = 15
    assert [line.charge_cents for line in asked("ama", unpriced).lines] == [5_500, 5_500]


@pytest.mark.parametrize(
    ("rule", "procedure", "field", "expected"),
    [
        (
            "",
            of("97810", 15),
            "items[0].procedures[0].minutes",
            "has no unit_rule to convert minutes to units",
        ),
        ("cms", of("97810", 15) | {"units": 2}, "items[0].procedures[0].minutes", "2 units and 15 minutes"),
        ("cms", of("99203", 15), "items[0].procedures[0].minutes", "does not say how long one unit takes"),
        ("ama", of("97810", 7), "items", "too few minutes for one unit of any procedure"),
    ],
)
def test_minutes_without_a_rule_or_a_unit_are_refused(
    rule: str, procedure: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(InvalidRequest) as error:
        asked(rule, item(procedure))
    assert [each.field for each in error.value.violations] == [field]
    assert expected in error.value.violations[0].found
