"""Corners of docs/rule-language.md worked by hand: points 9, 23, 24, 28 and 37, and tiers that a renewal renames."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest, Tables
from camcover.engine.estimate import Line, Reason
from small_rules import estimate, question, tables

ACUPUNCTURE: dict[str, Any] = question()["items"][0]


def item(**others: Any) -> dict[str, Any]:
    """One acupuncture visit of $100.00, all of it allowed, in network on 2 March 2026, with other fields."""
    one = {"code": "97810", "charge_cents": 10_000, "allowed_cents": 10_000}
    return ACUPUNCTURE | {"procedures": [one], "dates": ["2026-03-02"]} | others


def asked(rules: Tables, plan: str, items: list[dict[str, Any]], used: dict[str, int], **others: Any) -> Estimate:
    """The estimate of a member aged 44 in WA who has used sums as given, and nothing of limits."""
    sums = [{"accumulator": name, "used_cents": cents} for name, cents in used.items()]
    member = {"id": "ana", "age": 44, "state": "WA", "accumulators": sums}
    return estimate(rules, {"plan_id": plan, "members": [member], "items": items} | others)


def patient(found: Estimate) -> list[int]:
    """What the patient pays of each line, cents."""
    return [line.patient_cents for line in found.lines]


PLAN = """\
format: camcover/1
kind: plan
id: ID
payer: {id: example, name: Example Health}
effective: EFFECTIVE
benefit_period: PERIOD
illustrative: yes
accumulators: ACCUMULATORS
tiers: TIERS
benefits: BENEFITS
otherwise: not_covered
"""
TIERS = "{in_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: written_off}}"
DEDUCTIBLE = "{deductible: {kind: deductible, individual: $100}}"
STEPS = "{needles: {therapies: [acupuncture], in_network: {member_pays: [deductible, {coinsurance: 20%}]}}}"


def plan(plan_id: str = "p", effective: str = "{from: 2026-01-01}", **parts: str) -> str:
    """A plan file: deductible $100, then 20 %, in network; `parts` in place of its own."""
    texts = {"period": "calendar_year", "accumulators": DEDUCTIBLE, "tiers": TIERS, "benefits": STEPS} | parts
    text = PLAN.replace("ID", plan_id, 1).replace("EFFECTIVE", effective)
    for name, part in texts.items():
        text = text.replace(name.upper(), part)
    return text


# Terms behind the last edition (point 37)

SERIES = item(dates=["2026-12-21", "2026-12-28", "2027-01-04", "2027-01-11"])


def test_terms_go_on_behind_the_last_edition_in_a_new_benefit_period() -> None:
    """Deductible 100 met in 2026: 20 % of 100 twice; in 2027 it begins anew: 100, then 20."""
    rules = tables(p=plan(effective="{from: 2026-01-01, to: 2026-12-31}"))
    found = asked(rules, "p", [SERIES], {"deductible": 10_000})
    assert patient(found) == [2_000, 2_000, 10_000, 2_000]
    assert [line.terms_assumed for line in found.lines] == [False, False, True, True]
    assert "known up to December 31, 2026" in found.range.assumptions[0].text


def test_the_range_covers_assumed_terms_that_do_not_hold() -> None:
    """High: 20 + 20, and the charges of both visits of 2027: 240. Low: as expected, 160."""
    rules = tables(p=plan(effective="{from: 2026-01-01, to: 2026-12-31}"))
    found = asked(rules, "p", [SERIES], {"deductible": 10_000}).range
    assert (found.low_cents, found.expected_cents, found.high_cents) == (16_000, 16_000, 24_000)


def test_a_request_for_terms_in_force_only_assumes_none() -> None:
    """The strict reading: the visits of 2027 are not in force, and cost their charge."""
    rules = tables(p=plan(effective="{from: 2026-01-01, to: 2026-12-31}"))
    found = asked(rules, "p", [SERIES], {"deductible": 10_000}, terms="TERMS_IN_FORCE_ONLY")
    assert patient(found) == [2_000, 2_000, 10_000, 10_000]
    assert [line.reason for line in found.lines[2:]] == [Reason.NOT_IN_FORCE] * 2
    assert found.lines[2].adjustments[0].reason_code == "96", "nobody said that the coverage ended (27)"


def test_terms_go_on_for_twelve_months_to_the_day() -> None:
    rules = tables(p=plan(effective="{from: 2026-01-01, to: 2026-06-30}"))
    found = asked(rules, "p", [item(dates=["2026-06-30", "2027-06-30", "2027-07-01"])], {"deductible": 0})
    assert [(line.terms_assumed, line.reason) for line in found.lines] == [
        (False, Reason.NONE),
        (True, Reason.NONE),
        (False, Reason.NOT_IN_FORCE),
    ]


def test_a_date_before_the_first_edition_is_refused() -> None:
    rules = tables(p=plan(effective="{from: 2026-07-01}"))
    with pytest.raises(InvalidRequest) as refused:
        asked(rules, "p", [item(dates=["2026-06-30", "2026-07-01"])], {"deductible": 0})
    (violation,) = refused.value.violations
    assert violation.field == "items[0].dates"
    assert "2026-06-30" in violation.description
    assert "2026-07-01" in violation.description


def test_a_request_without_any_date_that_has_terms_is_refused() -> None:
    rules = tables(p=plan(effective="{from: 2026-01-01, to: 2026-06-30}"))
    with pytest.raises(InvalidRequest) as refused:
        asked(rules, "p", [item(dates=["2027-07-01"])], {"deductible": 0})
    assert [each.field for each in refused.value.violations] == ["items[0].dates"]


# Tiers by edition

RENAMED = {
    "first": plan(effective="{from: 2026-01-01, to: 2026-12-31}"),
    "second": plan(
        effective="{from: 2027-01-01}",
        tiers=TIERS.replace("in_network", "preferred"),
        benefits=STEPS.replace("in_network", "preferred"),
    ),
}


def test_an_open_tier_is_the_first_tier_of_the_lines_edition() -> None:
    """A renewal renames the tier: each line is priced by its own edition's first tier, as if asked alone."""
    rules = tables(**RENAMED)
    open_tier = {key: value for key, value in item().items() if key != "tier"}
    found = asked(rules, "p", [open_tier | {"dates": ["2026-12-28", "2027-01-04"]}], {"deductible": 10_000})
    assert [(line.tier, line.covered) for line in found.lines] == [("in_network", True), ("preferred", True)]
    assert patient(found) == [2_000, 10_000]
    alone = asked(rules, "p", [open_tier | {"dates": ["2027-01-04"]}], {"deductible": 0})
    assert patient(alone) == [10_000]


def test_the_first_benefit_that_covers_the_tier_gives_the_reason() -> None:
    """Benefits split by tier: out of network it is the practitioner that is refused, not the network (point 9)."""
    tiers = (
        "{in_network: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off},"
        " out_of_network: {deductible: none, out_of_pocket_maximum: none, above_allowed: member}}"
    )
    who = "therapies: [acupuncture], when: {practitioners: [acupuncturist]}"
    benefits = (
        f"{{near: {{{who}, in_network: {{member_pays: [nothing]}}}},"
        f" far: {{{who}, out_of_network: {{member_pays: [{{coinsurance: 50%}}]}}}}}}"
    )
    rules = tables(p=plan(tiers=tiers, benefits=benefits))
    line = asked(rules, "p", [item(tier="out_of_network", practitioner="massage-therapist")], {"deductible": 0}).lines[
        0
    ]
    assert (line.benefit, line.reason) == ("far", Reason.PRACTITIONER_NOT_COVERED)


# Sums and periods (points 23 and 24)


FED = {
    "accumulators": (
        "{deductible: {kind: deductible, individual: $1000},"
        " oop_max: {kind: out_of_pocket_maximum, individual: $5000, feeds: [deductible]}}"
    ),
    "tiers": "{in_network: {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off}}",
}
"""A deductible of $1,000 that the maximum of $5,000 feeds."""


def test_a_deductible_that_its_maximum_feeds_counts_the_same_dollars_once() -> None:
    """One line of 100 under a deductible of 1,000 that the maximum of 5,000 feeds: 100 applied, not 200."""
    rules = tables(p=plan(**FED))
    found = asked(rules, "p", [item()], {"deductible": 0, "oop_max": 0})
    assert {each.accumulator: each.used_cents for each in found.accumulators_after} == {
        "deductible": 10_000,
        "oop_max": 10_000,
    }


def test_a_benefit_that_does_not_count_toward_the_maximum_counts_once_in_the_deductible() -> None:
    """The maximum feeds the deductible but receives nothing: the step's own 100 counts, once."""
    rules = tables(
        p=plan(
            **FED,
            benefits=STEPS.replace("therapies:", "counts_toward_out_of_pocket_maximum: no, therapies:"),
        )
    )
    found = asked(rules, "p", [item()], {"deductible": 0, "oop_max": 0})
    assert {each.accumulator: each.used_cents for each in found.accumulators_after} == {
        "deductible": 10_000,
        "oop_max": 0,
    }


SHORT_YEAR = {
    "first": plan(effective="{from: 2026-01-01, to: 2026-06-30}"),
    "second": plan(effective="{from: 2026-07-01}", period="{starts: 04-01}"),
}


def test_a_new_benefit_period_begins_with_the_edition_that_changes_it() -> None:
    """From 1 July 2026 periods begin on 1 April: the first of them on 1 July. The deductible of June is not carried."""
    rules = tables(**SHORT_YEAR)
    whole = asked(rules, "p", [item(dates=["2026-06-01", "2026-07-10", "2027-03-31", "2027-04-01"])], {"deductible": 0})
    assert patient(whole) == [10_000, 10_000, 2_000, 10_000]
    rest = asked(rules, "p", [item(dates=["2026-07-10"])], {"deductible": 10_000}, as_of="2026-06-01")
    assert patient(rest) == [10_000], "the sums of June belong to the period that ended with June"


def test_a_short_year_carries_its_last_three_months_over() -> None:
    """40 applied on 10 March and 60 on 10 May 2026; of the short year to 30 June the last quarter begins on 1 April."""
    carries = "{deductible: {kind: deductible, individual: $100, carryover: last_quarter}}"
    rules = tables(
        first=plan(effective="{from: 2026-01-01, to: 2026-06-30}", accumulators=carries),
        second=plan(effective="{from: 2026-07-01}", period="{starts: 07-01}", accumulators=carries),
    )
    forty = {"code": "97810", "charge_cents": 4_000, "allowed_cents": 4_000}
    sixty = {"code": "97810", "charge_cents": 6_000, "allowed_cents": 6_000}
    items = [item(procedures=[forty], dates=["2026-03-10"]), item(procedures=[sixty], dates=["2026-05-10"])]
    found = asked(rules, "p", [*items, item(dates=["2026-07-10"])], {"deductible": 0})
    # 60 of the new 100 are credited: 40, and 20 % of the other 60 = 12.
    assert patient(found) == [4_000, 6_000, 5_200]


# Two plans (point 28)

FEES = """\
format: camcover/1
kind: fees
id: small-fees
effective: {from: 2024-01-01}
illustrative: yes
tiers:
  in_network: {codes: {"97810": $CENTS}}
  out_of_network: {codes: {"97810": $70}}
"""
TWO_TIERS = (
    "{in_network: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off},"
    " out_of_network: {deductible: none, out_of_pocket_maximum: none, above_allowed: member}}"
)
SECOND = (
    "{needles: {therapies: [acupuncture], in_network: {member_pays: [{coinsurance: 10%}]},"
    " out_of_network: {member_pays: [{coinsurance: 50%}]}}}"
)


def two_plans(first_benefits: str, first_tier: str) -> Line:
    """One visit charged 80.00 behind a first plan; the second allows 60.00 in network and pays 90 %."""
    rules = tables(
        fees_of_second=FEES.replace("$CENTS", "$60"),
        first=plan("first", accumulators="{}", tiers=TWO_TIERS, benefits=first_benefits),
        second=plan("second", accumulators="{}", tiers=TWO_TIERS, benefits=SECOND) + "fees: small-fees\n",
    )
    visit = item(procedures=[{"code": "97810", "charge_cents": 8_000}], tier=first_tier, secondary_tier="in_network")
    return asked(rules, "first", [visit], {}, secondary_plan_id="second").lines[0]


def test_a_contract_of_the_second_plan_holds_where_the_first_excludes_the_service() -> None:
    """Alone the second plan leaves 6.00 of its 60.00. Behind a plan that covers nothing, too; 20 is written off."""
    line = two_plans("{massages: {therapies: [massage], in_network: {member_pays: [nothing]}}}", "in_network")
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (0, 5_400, 600)
    assert (line.not_covered_cents, line.written_off_cents) == (6_000, 2_000)


def test_a_contract_of_the_second_plan_holds_behind_an_out_of_network_first() -> None:
    """The first allows 80 and pays half, 40. The second pays min(54, 80 - 40) = 40; nothing is left of its 60."""
    line = two_plans(SECOND, "out_of_network")
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (4_000, 4_000, 0)


def test_sums_of_an_unused_second_plan_stay_as_stated() -> None:
    rules = tables(first=plan("first"), second=plan("second", effective="{from: 2028-01-01}"))
    member = {
        "id": "ana",
        "age": 44,
        "state": "WA",
        "accumulators": [{"accumulator": "deductible", "used_cents": 0}],
        "secondary_accumulators": [{"accumulator": "deductible", "used_cents": 2_500}],
    }
    found = asked(rules, "first", [item()], {}, members=[member], secondary_plan_id="second")
    assert [each.used_cents for each in found.secondary_accumulators_after] == [2_500]
