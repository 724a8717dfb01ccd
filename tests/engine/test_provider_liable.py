"""Denials that are the provider's, worked by hand: `provider_liable` and the advance notice (point 41).

Charge 60.00, allowed 32.00, copay 20.00, as in the case of a contracted chiropractor without prior authorization: the
member owes nothing, and the claim says CO 197 60.00.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from camcover.engine.estimate import Line, Reason
from camcover.money import Cents
from camcover.workflow.coverage import check_coverage
from small_rules import estimate, tables, typed

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
tiers:
  in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off LIABLE}
  out: {deductible: none, out_of_pocket_maximum: none, above_allowed: member}
benefits:
  needles:
    therapies: [acupuncture]
    TERMS
    in: {member_pays: [{copay: $20 per visit}]}
    out: {member_pays: [{copay: $20 per visit}]}
exclusions: [{therapies: [massage], reason: not_a_benefit}]
otherwise: not_covered
"""
VISIT = {"code": "97810", "charge_cents": 6_000, "allowed_cents": 3_200}
DISCOUNT = "discounts: [{therapies: [acupuncture], percent: 25%}]\n"


def asked(liable: str, terms: str, more: str = "", **others: Any) -> Estimate:
    """The estimate of one visit, requirements as attested unless `others` says so; `others` go to the item, too."""
    plan = PLAN.replace(" LIABLE", f", provider_liable: {liable}" if liable else "").replace("TERMS", terms) + more
    requirements = others.pop("requirements", "REQUIREMENTS_AS_ATTESTED")
    member = {"id": "ana", "age": 44, "state": "WA"} | others.pop("member", {})
    visit = {"therapy": "acupuncture", "procedures": [VISIT], "dates": ["2026-03-02"], "tier": "in"}
    item = visit | {"practitioner": "acupuncturist", "diagnoses": ["M54.50"]} | others
    request = {"plan_id": "p", "members": [member], "items": [item], "requirements": requirements, "explain": True}
    return estimate(tables(p=plan), request)


def first(*arguments: str, **others: Any) -> Line:
    """The first line of the estimate."""
    return asked(*arguments, **others).lines[0]


def settled(line: Line) -> tuple[Cents, Cents, list[tuple[str, str, Cents]]]:
    """(patient, written off, claim adjustments) of a line."""
    adjustments = [(each.group, each.reason_code, each.amount_cents) for each in line.adjustments]
    return line.patient_cents, line.written_off_cents, adjustments


@pytest.mark.parametrize(
    ("attestation", "code"),
    [
        ("prior_authorization", "197"),
        ("referral", "288"),
        ("plan_of_care", "50"),
        ("letter_of_medical_necessity", "50"),
        ("improvement_documented", "50"),
        ("active_treatment", "50"),
    ],
)
def test_a_missing_attestation_that_is_the_providers(attestation: str, code: str) -> None:
    """The provider bears all 60.00, also what is above the allowed amount; no discount is due on it."""
    for more in ("", "not_covered_pays: allowed\n", DISCOUNT):
        line = first(f"{{for: [{attestation}]}}", f"requires: [{attestation}]", more)
        assert (line.covered, line.reason) == (False, Reason.REQUIREMENT_MISSING)
        assert settled(line) == (0, 6_000, [("CO", code, 6_000)])
        assert line.not_covered_cents == 0


def test_a_denial_is_the_members_by_default() -> None:
    """Without the key; in a tier without it; for a reason that is not in `for`; and, attested, no denial at all."""
    liable, terms = "{for: [prior_authorization]}", "requires: [prior_authorization]"
    assert settled(first("", terms)) == (6_000, 0, [("PR", "197", 6_000)])
    assert settled(first(liable, terms, tier="out")) == (6_000, 0, [("PR", "197", 6_000)])
    assert settled(first(liable, "requires: [referral, prior_authorization]")) == (6_000, 0, [("PR", "288", 6_000)])
    there = settled(first(liable, terms, attestations=["prior_authorization"]))
    assert there == (2_000, 2_800, [("PR", "3", 2_000), ("CO", "45", 2_800)])


def test_a_penalty_is_always_the_members() -> None:
    """Without the authorization the plan pays half of 12.00: 6.00 is the member's, as ever."""
    line = first("{for: [prior_authorization]}", "requires: [{prior_authorization: {penalty: 50%}}]")
    assert (line.patient_cents, line.penalty_cents, line.written_off_cents) == (2_600, 600, 2_800)


NOTICE = "{for: [diagnosis, limits, active_treatment], unless: advance_notice}"
FOR_BACK_PAIN = "when: {conditions: [back-pain]}"


def test_an_uncovered_diagnosis_is_the_providers() -> None:
    """Without notice CO 50; with it the member's, PR 167, less a discount where there is one: 45.00."""
    other: dict[str, Any] = {"diagnoses": ["G44.1"]}
    assert settled(first(NOTICE, FOR_BACK_PAIN, **other)) == (0, 6_000, [("CO", "50", 6_000)])
    given = other | {"attestations": ["advance_notice"]}
    assert settled(first(NOTICE, FOR_BACK_PAIN, **given)) == (6_000, 0, [("PR", "167", 6_000)])
    assert settled(first(NOTICE, FOR_BACK_PAIN, DISCOUNT, **given))[0] == 4_500


@pytest.mark.parametrize(
    ("terms", "others", "reason", "code"),
    [
        ("when: {settings: [home]}", {}, Reason.SETTING_NOT_COVERED, "58"),
        ("when: {practitioners: [massage-therapist]}", {}, Reason.PRACTITIONER_NOT_COVERED, "170"),
        ("when: {ages: {min: 65}}", {}, Reason.AGE, "6"),
        (FOR_BACK_PAIN, {"therapy": "massage", "procedures": [VISIT | {"code": "97124"}]}, Reason.EXCLUDED, "96"),
    ],
)
def test_exclusions_and_other_reasons_stay_the_members(
    terms: str, others: dict[str, Any], reason: Reason, code: str
) -> None:
    line = first(NOTICE, terms, **others)
    assert line.reason is reason
    assert settled(line) == (6_000, 0, [("PR", code, 6_000)])


@pytest.mark.parametrize(
    ("limit", "used", "is_providers"),
    [
        ("{id: most, allow: 1 visit, per: benefit_period}", {"used": 1}, True),
        ("{id: most, allow: 1 visit, per: rolling 90 days, counts: plan_paid}", {"used": 1}, True),
        ("{id: most, allow: 3 units, per: calendar_year}", {"used": 3}, True),
        ("{id: most, allow: $100, per: benefit_period}", {"used_cents": 10_000}, False),
        ("{id: most, allow: $100, per: benefit_period, counts: allowed}", {"used_cents": 10_000}, False),
    ],
)
def test_a_used_up_limit_is_the_providers(limit: str, used: dict[str, int], *, is_providers: bool) -> None:
    """Visits and units, never money."""
    member = {"limit_usage": [{"limit": "most"} | used]}
    line = first(NOTICE, f"limits: [{limit}]", member=member)
    assert line.reason is Reason.LIMIT_REACHED
    owed = (0, 6_000, [("CO", "50", 6_000)]) if is_providers else (6_000, 0, [("PR", "119", 6_000)])
    assert settled(line) == owed
    notified = first(NOTICE, f"limits: [{limit}]", member=member, attestations=["advance_notice"])
    assert settled(notified) == (6_000, 0, [("PR", "119", 6_000)])


FIVE = {"procedures": [{"code": "97811", "units": 5, "charge_cents": 20_000, "allowed_cents": 15_000}]}
THREE_UNITS = "{allow: 3 units, per: day}"


def test_units_beyond_a_limit_are_the_providers() -> None:
    """Three of five units: 120.00 charged, 90.00 allowed, copay 20.00, the plan 70.00, 30.00 above. The rest, 80.00."""
    line = first(NOTICE, f"limits: [{THREE_UNITS}]", **FIVE)
    assert (line.covered, line.covered_units, line.plan_paid_cents) == (True, 3, 7_000)
    assert settled(line) == (2_000, 11_000, [("PR", "3", 2_000), ("CO", "50", 8_000), ("CO", "45", 3_000)])
    line = first(NOTICE, f"limits: [{THREE_UNITS}]", **FIVE, attestations=["advance_notice"])
    assert settled(line) == (10_000, 3_000, [("PR", "3", 2_000), ("PR", "119", 8_000), ("CO", "45", 3_000)])


def test_units_beyond_a_limit_are_the_providers_beside_a_money_limit() -> None:
    """Of the 70.00 that the plan would pay a money limit leaves 50.00: 20.00 is the member's, 80.00 the provider's."""
    line = first(NOTICE, f"limits: [{THREE_UNITS}, {{allow: $50, per: day}}]", **FIVE)
    assert (line.plan_paid_cents, line.not_covered_cents) == (5_000, 2_000)
    owed = [("PR", "3", 2_000), ("PR", "119", 2_000), ("CO", "50", 8_000), ("CO", "45", 3_000)]
    assert settled(line) == (4_000, 11_000, owed)


def test_a_benefit_exhausted_without_a_next_one_is_the_providers() -> None:
    terms = "limits: [{id: most, allow: 1 visit, per: benefit_period}]\n    when_exhausted: next"
    line = first(NOTICE, terms, member={"limit_usage": [{"limit": "most", "used": 1}]})
    assert settled(line) == (0, 6_000, [("CO", "50", 6_000)])


# The range, and what the patient is told


def test_a_notice_is_assumed_named_and_missing_in_the_range() -> None:
    """Expected: the member pays. In the range also without notice: 0. It is an assumption, no prerequisite."""
    found = asked(NOTICE, FOR_BACK_PAIN, diagnoses=["G44.1"], requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (0, 6_000, 6_000)
    (assumption,) = found.range.assumptions
    assert assumption.text == (
        "We assume that the provider told you in advance that you may have to pay (advance notice). Without it, you "
        "owe nothing for what the plan does not cover of acupuncture."
    )
    assert found.prerequisites == ()


def test_a_given_notice_is_not_listed_as_an_assumption() -> None:
    given: dict[str, Any] = {"attestations": ["advance_notice"], "requirements": "REQUIREMENTS_ASSUMED_MET"}
    found = asked(NOTICE, FOR_BACK_PAIN, diagnoses=["G44.1"], **given)
    assert (found.range.low_cents, found.range.high_cents, found.range.assumptions) == (6_000, 6_000, ())


def test_the_range_varies_the_notice_apart_from_other_attestations() -> None:
    """Active treatment assumed: 20.00. Not there: 60.00 with notice, which is the most, and 0 without it, the least."""
    found = asked(NOTICE, "requires: [active_treatment]", requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (0, 2_000, 6_000)
    assert [each.attestation for each in found.prerequisites] == ["active_treatment"]
    assert found.range.assumptions == (), "no notice decides the expected case"


def test_a_notice_that_a_benefit_requires_is_a_prerequisite() -> None:
    """`advance_notice` is an attestation like the others; in the range it may be missing: the charge, 60.00."""
    found = asked("", "requires: [advance_notice]", requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (2_000, 2_000, 6_000)
    assert [each.attestation for each in found.prerequisites] == ["advance_notice"]


def test_another_attestation_may_make_it_the_members() -> None:
    liable = "{for: [diagnosis], unless: referral}"
    found = asked(liable, FOR_BACK_PAIN, diagnoses=["G44.1"], requirements="REQUIREMENTS_ASSUMED_MET")
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (0, 6_000, 6_000)
    (assumption,) = found.range.assumptions
    assert assumption.text == (
        "We assume that there is a referral. Without it, you owe nothing for what the plan does not cover of "
        "acupuncture."
    )
    assert settled(first(liable, FOR_BACK_PAIN, diagnoses=["G44.1"]))[0] == 0


def told(*arguments: str, **others: Any) -> list[tuple[str, int]]:
    """(text, cents) of each step of the first line."""
    return [(step.text, step.amount_cents) for step in first(*arguments, **others).steps]


def test_the_patient_is_told_who_bears_it() -> None:
    steps = told("{for: [prior_authorization]}", "requires: [prior_authorization]")
    assert steps[1:] == [
        (
            (
                "The plan covers this service only with prior authorization. In this network the provider pays for "
                "that, not you."
            ),
            0,
        ),
        ("The provider may not bill you $60.00.", 6_000),
        ("You pay nothing.", 0),
    ]


def test_the_patient_is_told_what_an_advance_notice_does() -> None:
    without = told(NOTICE, FOR_BACK_PAIN, diagnoses=["G44.1"])
    assert without[1][0].endswith("Without advance notice, the provider pays for that, not you.")
    given = told(NOTICE, FOR_BACK_PAIN, diagnoses=["G44.1"], attestations=["advance_notice"])
    assert given[1][0].endswith(
        "You pay for that, and not the provider, because of advance notice, which is given or assumed."
    )
    assert given[-1] == ("You pay $60.00.", 6_000)


def test_the_patient_is_told_who_bears_units_beyond_a_limit() -> None:
    steps = told(NOTICE, f"limits: [{THREE_UNITS}]", **FIVE)
    beyond = "Some units are beyond a limit. The provider may not bill you $80.00 for them."
    assert (beyond, 8_000) in steps
    assert ("The provider may not bill you the other $30.00.", 3_000) in steps
    steps = told(NOTICE, f"limits: [{THREE_UNITS}]", **FIVE, attestations=["advance_notice"])
    assert any("so $80.00 is not covered. You pay for that" in text for text, _ in steps)


def test_check_coverage_names_denials_that_are_the_providers() -> None:
    plan = PLAN.replace(" LIABLE", f", provider_liable: {NOTICE}").replace(
        "TERMS", "limits: [{allow: 1 visit, per: day}]"
    )
    item = {"therapy": "acupuncture", "dates": ["2026-03-02"], "tier": "in"}
    request = {"plan_id": "p", "members": [{"id": "ana"}], "items": [item]}
    answer = check_coverage(tables(p=plan), typed(request))
    assert [(each.tier, each.provider_liable.text if each.provider_liable else "") for each in answer.terms] == [
        (
            "in",
            (
                "the provider bears what is not covered for the diagnosis, for a limit of visits or units, or without "
                "active treatment (not maintenance), unless with advance notice"
            ),
        ),
        ("out", ""),
    ]


# Two plans (point 28)


def test_a_second_plan_pays_nothing_for_the_providers_part() -> None:
    """The patient owes the first plan's provider nothing, and a second plan pays at most what the patient owes."""
    plans = {
        "p": PLAN.replace(" LIABLE", ", provider_liable: {for: [referral]}").replace("TERMS", "requires: [referral]"),
        "second": PLAN.replace("id: p\n", "id: second\n").replace(" LIABLE", "").replace("    TERMS\n", ""),
    }
    item = {"therapy": "acupuncture", "procedures": [VISIT], "dates": ["2026-03-02"], "tier": "in"}
    request = {"plan_id": "p", "secondary_plan_id": "second", "items": [item]}
    found = estimate(tables(**plans), request | {"requirements": "REQUIREMENTS_AS_ATTESTED"})
    line = found.lines[0]
    assert (line.patient_cents, line.secondary_paid_cents, line.written_off_cents) == (0, 0, 6_000)
