"""Limits by age, by tier, by quarter, and what goes by the visits that a limit counts, worked by hand.

Charge 60.00 a visit, of which the contract allows 45.00 in the network (docs/rule-language.md, section 4, points 13, 26
and 43).
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from camcover.engine.estimate import Reason
from camcover.workflow.coverage import check_coverage
from small_rules import estimate, tables, typed

FEES = """\
format: camcover/1
kind: fees
id: rates
effective: {from: 2024-01-01}
illustrative: yes
tiers:
  in: {otherwise: 75% of charge}
  out: {otherwise: 100% of charge}
"""

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
fees: rates
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_offIN}
  out: {deductible: none, out_of_pocket_maximum: none, above_allowed: member}
limits:
  hands: {allow: ALLOW, per: PERIODHANDS}
benefits:
  acupuncture: {therapies: [acupuncture], TERMSlimits: [hands], in: {member_pays: PAYS}, out: {member_pays: PAYS}}
  massage: {therapies: [massage], TERMSlimits: [hands], in: {member_pays: PAYS}, out: {member_pays: PAYS}}
otherwise: not_covered
"""
USUAL = {
    "ALLOW": "20 visits",
    "PERIOD": "calendar_year",
    "HANDS": "",
    "IN": "",
    "TERMS": "",
    "PAYS": "[{copay: $20 per visit}]",
}


def plan(more: str = "", **terms: str) -> str:
    """The plan with some of its terms; `more` are keys of the plan."""
    text = PLAN
    for name, value in (USUAL | terms).items():
        text = text.replace(name, value)
    return text + more


def asked(text: str, *items: dict[str, Any], **others: Any) -> Estimate:
    """The estimate of visits of acupuncture in network at 60.00; requirements as attested."""
    visit = {"therapy": "acupuncture", "charge_cents": 6_000, "tier": "in", "dates": ["2026-03-02"]}
    member = {"id": "ana", "age": 44, "state": "WA"} | others.pop("member", {})
    whole = {"plan_id": "p", "members": [member], "items": [visit | each for each in items or ({},)]}
    request = whole | {"requirements": "REQUIREMENTS_AS_ATTESTED", "explain": True} | others
    return estimate(tables(p=text, rates=FEES), request)


def patients(found: Estimate) -> list[int]:
    return [line.patient_cents for line in found.lines]


def used(visits: int) -> dict[str, Any]:
    return {"limit_usage": [{"limit": "hands", "used": visits}]}


# By age

BY_AGE = "[{ages: {max: 20}, allow: 30 visits}, {allow: 15 visits}]"
BIRTHDAY = {"dates": ["2026-05-31", "2026-06-01"]}


def test_the_amount_changes_on_the_birthday_and_the_count_goes_on() -> None:
    """20 used of 30 at 20: the copay of 20.00. One day later 21 used of 15: the charge of 60.00."""
    found = asked(plan(ALLOW=BY_AGE), BIRTHDAY, member={"birth_date": "2005-06-01", "age": None} | used(20))
    assert patients(found) == [2_000, 6_000]
    assert found.lines[1].reason is Reason.LIMIT_REACHED
    assert [(each.used, each.allowed) for each in found.limits_after] == [(21, 15)]
    words = (
        "The plan covers 30 visits in a calendar year at ages up to 20, and 15 visits in a calendar year at other "
        "ages. You have reached that limit."
    )
    assert found.lines[1].steps[1].text == words


def test_the_range_covers_the_amounts_of_an_unknown_age() -> None:
    """As assumed the first amount, 30: 20.00 each; at 21 and over neither of the two is covered, 60.00 each."""
    found = asked(
        plan(ALLOW=BY_AGE), BIRTHDAY, member={"age": None} | used(20), requirements="REQUIREMENTS_ASSUMED_MET"
    )
    assert patients(found) == [2_000, 2_000]
    assert (found.range.low_cents, found.range.high_cents) == (4_000, 12_000)
    assert any("You gave no age, so we expect 30 visits" in each.text for each in found.range.assumptions)
    assert patients(asked(plan(ALLOW=BY_AGE), BIRTHDAY, member={"age": None} | used(20))) == [6_000, 6_000]


# By quarter


def test_a_limit_per_quarter_starts_anew_each_quarter() -> None:
    """One of two visits used in the first quarter: the second is the last one before April."""
    dates = {"dates": ["2026-03-30", "2026-03-31", "2026-04-01"]}
    found = asked(plan(ALLOW="2 visits", PERIOD="quarter"), dates, member=used(1))
    assert patients(found) == [2_000, 6_000, 2_000]
    assert "2 visits in a calendar quarter" in found.lines[1].steps[1].text


# Visits of a limit

AUTHORIZED = "requires: [{prior_authorization: {after: 5 visits of hands}}], "
BANDS = "[{through: 10 visits of hands, steps: [{copay: $10}]}, {steps: [{copay: $25}]}]"


def test_a_requirement_after_the_visits_of_several_benefits() -> None:
    """3 visits of acupuncture and 3 of massage: the next one of either is number 7 and needs the authorization."""
    found = asked(plan(TERMS=AUTHORIZED), {}, {"therapy": "massage"}, member=used(6))
    assert patients(found) == [6_000, 6_000]
    assert found.lines[0].reason is Reason.REQUIREMENT_MISSING
    attested = {"attestations": ["prior_authorization"]}
    assert patients(asked(plan(TERMS=AUTHORIZED), attested, member=used(6))) == [2_000]
    # Numbers 5 and 6: the first needs none.
    assert patients(asked(plan(TERMS=AUTHORIZED), {}, {"therapy": "massage"}, member=used(4))) == [2_000, 6_000]


def test_steps_by_the_visits_of_several_benefits() -> None:
    """9 used: acupuncture is number 10, massage on the same day number 11; a second line of a visit has its number."""
    items: list[dict[str, Any]] = [{}, {}, {"therapy": "massage"}, {"therapy": "massage"}]
    found = asked(plan(PAYS=BANDS), *items, member=used(9))
    assert patients(found) == [1_000, 0, 2_500, 0]


def test_visits_of_an_own_limit_in_a_window() -> None:
    """Of the benefit's own limit over 30 days: one visit on 2 March is out of it on 1 April."""
    terms = (
        "requires: [{referral: {after: 1 visit of own}}], limits: [{id: own, allow: 9 visits, per: rolling 30 days}], "
    )
    text = (
        plan()
        .replace("limits: [hands], in", "in")
        .replace("therapies: [massage], ", "therapies: [massage], limits: [hands], ")
    )
    text = text.replace("therapies: [acupuncture], ", f"therapies: [acupuncture], {terms}")
    found = asked(text, {"dates": ["2026-03-02", "2026-03-31", "2026-04-01"]})
    # Number 1; on 31 March number 2, which needs the referral and is not counted; on 1 April number 1 again.
    assert patients(found) == [2_000, 6_000, 2_000]


def test_the_range_covers_the_open_use_of_a_limit_that_numbers_visits() -> None:
    """Unknown, up to 20: 10.00 within the first ten, then 25.00, and with all of it used the charge of 60.00."""
    found = asked(plan(PAYS=BANDS), requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (1_000, 1_000, 6_000)


def test_check_coverage_reports_terms_by_a_limits_visits() -> None:
    rules = tables(p=plan(TERMS=AUTHORIZED, PAYS=BANDS, HANDS=", tiers: [in]"), rates=FEES)
    item = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"]}
    answer = check_coverage(rules, typed({"plan_id": "p", "members": [{"age": 44}], "items": [item]}))
    assert [each.message.text for each in answer.requirements] == ["prior authorization after 5 visits of hands"]
    assert [(each.after, each.visits_of) for each in answer.requirements] == [(5, "hands")]
    assert [each.text for each in answer.terms[0].member_pays] == [
        "$10.00 copay per visit (through visit 10 of hands)",
        "$25.00 copay per visit",
    ]
    assert [each.message.text for each in answer.limits] == ["20 visits in a calendar year, in the tier in alone"]


# By tier

OUT = {"tier": "out"}


def test_a_limit_of_one_tier_leaves_out_the_others() -> None:
    """All 20 used in network: 60.00 there; out of network it neither refuses nor counts."""
    text = plan(HANDS=", tiers: [in]")
    found = asked(text, {}, OUT | {"dates": ["2026-03-03"]}, member=used(20))
    assert patients(found) == [6_000, 2_000]
    found = asked(text, OUT, {"dates": ["2026-03-03", "2026-03-04"]}, member=used(19))
    assert patients(found) == [2_000, 2_000, 6_000]
    assert [(each.used, each.allowed) for each in found.limits_after] == [(20, 20)]


@pytest.mark.parametrize(("dates", "expected"), [(["2026-03-02"], [2_000, 0]), (["2026-03-03"], [2_000, 6_000])])
def test_the_first_line_of_a_visit_decides_whether_the_limit_counts_it(dates: list[str], expected: list[int]) -> None:
    """Out of network first: the visit is left out, and its second line passes; on another day it is refused."""
    text = plan(HANDS=", tiers: [in]")
    assert patients(asked(text, OUT, {"dates": dates}, member=used(20))) == expected


def test_a_discount_of_one_tier_applies_only_there() -> None:
    """20% off 60.00 in network, 48.00; elsewhere the charge, though a smaller discount follows for all: 10% off."""
    discounts = "discounts: [{therapies: [reiki], percent: 20%, tiers: [in]}]\n"
    reiki = {"therapy": "reiki"}
    found = asked(plan(discounts), reiki, reiki | OUT)
    assert patients(found) == [4_800, 6_000]
    assert found.lines[0].written_off_cents == 1_200
    discounts = "discounts: [{therapies: [reiki], percent: 20%, tiers: [in]}, {therapies: [reiki], percent: 10%}]\n"
    assert patients(asked(plan(discounts), reiki, reiki | OUT)) == [4_800, 5_400]


def test_what_is_not_covered_costs_the_rate_in_network_and_the_charge_elsewhere() -> None:
    """Past the limit: 75% of 60.00 in network, the rest written off; out of network 60.00."""
    text = plan(IN=", not_covered_pays: allowed")
    found = asked(text, {}, OUT | {"therapy": "massage"}, member=used(20))
    assert [(line.patient_cents, line.written_off_cents) for line in found.lines] == [(4_500, 1_500), (6_000, 0)]
    assert "The plan allows $45.00." in found.lines[0].steps[0].text
    text = plan("not_covered_pays: allowed\n", IN=", not_covered_pays: charge")
    found = asked(text, {}, OUT | {"therapy": "massage", "allowed_cents": 5_000}, member=used(20))
    assert patients(found) == [6_000, 5_000]


# Of the family

FAMILY = plan(ALLOW="3 visits", HANDS=", for: family")
ANA: dict[str, Any] = {"id": "ana", "age": 44}
BEN: dict[str, Any] = {"id": "ben", "age": 46}
BOTH: list[dict[str, Any]] = [{"member_id": "ana"}, {"member_id": "ben"}, {"member_id": "ana", "dates": ["2026-03-03"]}]


def test_all_members_share_the_count_of_a_limit_for_the_family() -> None:
    """One of 3 visits used by each: Ana's is the third; Ben's on the same day and Ana's next one are refused."""
    found = asked(FAMILY, *BOTH, members=[ANA | used(1), BEN | used(1)])
    assert patients(found) == [2_000, 6_000, 6_000]
    assert [(each.member_id, each.used, each.allowed) for each in found.limits_after] == [("", 3, 3)]
    words = "The plan covers 3 visits in a calendar year for the whole family. You have reached that limit."
    assert found.lines[1].steps[1].text == words
    assert found.range.low_cents == found.range.high_cents == 14_000


def test_dated_visits_of_all_members_count_for_the_family() -> None:
    """A dated visit of Ben's, and one of Ana's: one of 3 is left. What is stated includes them."""
    dated = {"prior_visits": [{"benefit": "massage", "date": "2026-02-02"}]}
    assert patients(asked(FAMILY, *BOTH, members=[ANA | dated, BEN | dated])) == [2_000, 6_000, 6_000]
    assert patients(asked(FAMILY, *BOTH, members=[ANA | dated, BEN | dated | used(2)])) == [2_000, 6_000, 6_000]


def test_use_above_a_family_limit_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(FAMILY, *BOTH, members=[ANA | used(2), BEN | used(2)])
    (violation,) = refused.value.violations
    assert (violation.field, violation.found, violation.expected) == (
        "members[1].limit_usage[0]",
        "4 used of limit hands by all members together",
        "3 or less",
    )


def test_the_range_covers_the_open_use_of_a_family_limit() -> None:
    """Nobody states it: none used or all of it, three visits of 20.00 or of 60.00."""
    found = asked(FAMILY, *BOTH, members=[ANA, BEN])
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (6_000, 6_000, 18_000)
    assert sum("hands" in each.text for each in found.range.assumptions) == 1


def test_the_state_holds_a_family_limit_under_the_first_member() -> None:
    """Carried on: 3 used, so that the next visit of Ben's is refused."""
    first = asked(FAMILY, *BOTH[:2], members=[ANA | used(1), BEN])
    assert patients(first) == [2_000, 2_000]
    assert [len(each.limit_usage) for each in first.use_after.use] == [1, 0]
    assert first.use_after.use[0].limit_usage[0].used == 3
