"""Codes of one day held to each other: units a day, add-ons, codes that exclude each other (point 48)."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from camcover.api.estimates import estimate_message
from camcover.engine import Estimate, Tables
from camcover.engine.estimate import Reason
from camcover.workflow.pricing import price
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, estimate, question, tables, typed

CODES = """\
codes:
  "97810": {units_per_day: 2}
  "97811": {add_on_to: ["97810"], units_per_day: 3}
  "97124": {not_with: ["97810"], unless: distinct_procedure, never_with: ["97811"]}
licensure:"""
KNOWN = CATALOG.replace("licensure:", CODES).replace('"25": {', '"59": {attests: [distinct_procedure]}\n  "25": {')
EDITED = COPAY_PLAN.replace("otherwise: not_covered", "code_edits: medicare\notherwise: not_covered").replace(
    "[{copay: $20 per visit}]", "[{coinsurance: 20%}]"
)
LIMITED = EDITED.replace("    requires: [referral]\n", "    limits: [{id: few, allow: 3 units, per: day}]\n")
RULES = tables(catalog=KNOWN, copay=EDITED)
UNEDITED = tables(catalog=KNOWN, copay=EDITED.replace("code_edits: medicare\n", ""))


def item(code: str, units: int = 1, charge: int = 6000, **others: Any) -> dict[str, Any]:
    """A line of 60.00 on one date."""
    procedure = {"code": code, "units": units, "charge_cents": charge, "modifiers": others.pop("modifiers", [])}
    return {
        "therapy": "massage" if code == "97124" else "acupuncture",
        "procedures": [procedure],
        "practitioner": "acupuncturist",
        "tier": "in_network",
        "dates": ["2026-03-02"],
    } | others


def asked(*items: dict[str, Any], rules: Tables = RULES, **member: Any) -> Estimate:
    return estimate(rules, question(plan_id="copay-plan", members=[{"id": "ana"} | member], items=list(items)))


def told(found: Estimate) -> list[tuple[str, str, int, int, int]]:
    """(code, reason, covered units, patient, written off) of each line."""
    return [
        (each.code, each.reason.name, each.covered_units, each.amounts.patient_cents, each.amounts.written_off_cents)
        for each in found.lines
    ]


def test_units_above_the_daily_maximum_are_the_providers() -> None:
    # 5 units of 97811 for 250.00: 3 are left, 150.00, of which 108.00 are allowed: 20% = 21.60; written off 42 + 100.
    found = asked(item("97810"), item("97811", 5, 25000))
    assert told(found)[1] == ("97811", "UNITS_PER_DAY", 3, 2160, 14200)
    # Nothing is left for another line of the day; another day begins anew.
    again = asked(item("97810", 2), item("97810"), item("97810", dates=["2026-03-03"]))
    assert [each[1] for each in told(again)] == ["NONE", "UNITS_PER_DAY", "NONE"]


def test_without_code_edits_all_units_are_paid() -> None:
    found = asked(item("97811", 5, 25000), rules=UNEDITED)
    assert told(found) == [("97811", "NONE", 5, 3600, 7000)]


def test_a_tier_may_set_its_own_code_edits() -> None:
    off = EDITED.replace("above_allowed: written_off}", "above_allowed: written_off, code_edits: none}")
    assert told(asked(item("97811"), rules=tables(catalog=KNOWN, copay=off)))[0][1] == "NONE"


def test_an_add_on_needs_its_first_code_on_the_day() -> None:
    assert told(asked(item("97811"))) == [("97811", "ADD_ON_ALONE", 0, 0, 6000)]
    other_day = asked(item("97810"), item("97811", dates=["2026-03-03"]))
    assert [each[1] for each in told(other_day)] == ["NONE", "ADD_ON_ALONE"]


def test_an_add_on_listed_before_its_first_code_is_judged_after_it() -> None:
    found = asked(item("97811"), item("97810"))
    assert [(each[0], each[1]) for each in told(found)] == [("97810", "NONE"), ("97811", "NONE")]
    assert [line.item_index for line in found.lines] == [1, 0]


def test_a_code_is_not_paid_beside_another_unless_it_is_distinct() -> None:
    found = asked(item("97124"), item("97810"))
    assert [(each[0], each[1]) for each in told(found)] == [("97810", "NONE"), ("97124", "CODE_NOT_PAID_BESIDE")]
    distinct = asked(item("97124", modifiers=["59"]), item("97810"))
    assert [each[1] for each in told(distinct)] == ["NONE", "NONE"]


def test_a_code_is_never_paid_beside_another() -> None:
    """Whatever is attested: 97124 is distinct from 97810, but 97811 is covered on the day, too."""
    found = asked(item("97124", modifiers=["59"]), item("97811"), item("97810"))
    assert [(each[0], each[1]) for each in told(found)] == [
        ("97810", "NONE"),
        ("97811", "NONE"),
        ("97124", "CODE_NOT_PAID_BESIDE"),
    ]
    # 97811 alone is not covered, and then excludes nothing.
    alone = asked(item("97124", modifiers=["59"]), item("97811"))
    assert [(each[0], each[1]) for each in told(alone)] == [("97811", "ADD_ON_ALONE"), ("97124", "NONE")]


def test_an_uncovered_code_excludes_no_other() -> None:
    plan = SHARE_PLAN.replace("exclusions:", "code_edits: medicare\nexclusions:").replace(
        "  - {therapies: [massage]", '  - {codes: ["97810"]'
    )
    items = [item("97810"), item("97811")]
    found = estimate(tables(catalog=KNOWN, share=plan), question(members=[{"id": "ana"}], items=items))
    # The first code is excluded, the member's; the further one is then alone, the provider's.
    assert [(each[1], each[3]) for each in told(found)] == [("EXCLUDED", 6000), ("ADD_ON_ALONE", 0)]


def test_a_unit_limit_judges_what_the_day_leaves() -> None:
    # 5 units for 250.00: 3 are left, 150.00; the limit lets 2 of them pass, 100.00, allowed 72.00: 14.40. The third
    # unit is the member's, 50.00. Written off: 100.00 beyond the day's units, 28.00 above the allowed amount.
    found = asked(item("97810"), item("97811", 5, 25000), rules=tables(catalog=KNOWN, copay=LIMITED))
    assert told(found)[1] == ("97811", "LIMIT_REACHED", 2, 6440, 12800)
    line = found.lines[1]
    assert [(each.group, each.reason_code, each.amount_cents) for each in line.adjustments] == [
        ("PR", "2", 1440),
        ("PR", "119", 5000),
        ("CO", "151", 10000),
        ("CO", "45", 2800),
    ]


def test_code_usage_counts_on_its_own_day() -> None:
    usage = [{"code": "97810", "date": "2026-03-02", "units": 2}, {"code": "97811", "date": "2026-03-01", "units": 3}]
    found = asked(item("97811", 3), item("97810"), code_usage=usage)
    assert [(each[0], each[1]) for each in told(found)] == [("97810", "UNITS_PER_DAY"), ("97811", "NONE")]


def test_the_state_after_the_estimate_holds_the_last_days_units() -> None:
    items = [item("97810"), item("97811", 2), item("97124")]
    plan = question(plan_id="copay-plan", members=[{"id": "ana"}], items=items)
    found = estimate_message(price(RULES, typed(plan)), "")
    after = json_format.MessageToDict(found.use_after, preserving_proto_field_name=True)
    assert after["members"][0]["code_usage"] == [
        {"code": "97810", "date": "2026-03-02", "units": 1},
        {"code": "97811", "date": "2026-03-02", "units": 2},
    ]


def test_code_edit_reasons_become_claim_adjustments() -> None:
    (alone,) = asked(item("97811")).lines
    assert alone.reason is Reason.ADD_ON_ALONE
    assert [(each.group, each.reason_code, each.amount_cents) for each in alone.adjustments] == [("CO", "107", 6000)]
