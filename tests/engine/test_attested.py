"""Attestations as criteria and lines that a limit leaves out, worked by hand (docs/rule-language.md, point 43).

Charge 60.00 a visit. The Medicare benefit asks for active treatment, copay 15.00; routine care, copay 20.00, follows.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from camcover.engine.estimate import Reason
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
EXCLUSIONS
benefits:
  medicare:
    therapies: [acupuncture]
    when: {attested: [active_treatment]}
    in: {member_pays: [{copay: $15 per visit}]}
  routine:
    therapies: [acupuncture]
    when: {not_attested: [active_treatment]}
    LIMITS
    in: {member_pays: [{copay: $20 per visit}]}
otherwise: not_covered
"""
EVERY_WEEK = {"start_date": "2026-03-02", "every_days": 7}


def plan(limits: str = "", exclusions: str = "", liable: str = "", *, routine: bool = True) -> str:
    text = PLAN.replace("LIMITS\n", f"{limits}\n").replace("EXCLUSIONS", exclusions).replace(" LIABLE", liable)
    return text if routine else text[: text.index("  routine:")] + "otherwise: not_covered\n"


def asked(text: str, *items: dict[str, Any], **others: Any) -> Estimate:
    """The estimate of items, one visit of 60.00 unless they say otherwise; requirements as attested."""
    visit = {"therapy": "acupuncture", "charge_cents": 6_000, "tier": "in"}
    whole = [visit | ({"dates": ["2026-03-02"]} if "start_date" not in each else {}) | each for each in items or ({},)]
    member = {"id": "ana", "age": 44, "state": "WA"} | others.pop("member", {})
    request = {"plan_id": "p", "members": [member], "items": whole, "requirements": "REQUIREMENTS_AS_ATTESTED"}
    return estimate(tables(p=text), request | {"explain": True} | others)


def patients(found: Estimate) -> list[int]:
    return [line.patient_cents for line in found.lines]


ACTIVE = {"attestations": ["active_treatment"]}
ASSUMED = {"requirements": "REQUIREMENTS_ASSUMED_MET"}


def test_a_failed_attestation_passes_the_line_to_the_next_benefit() -> None:
    """Active treatment 15.00; maintenance is routine care, 20.00, and not 60.00."""
    found = asked(plan(), ACTIVE, {"dates": ["2026-03-03"]})
    assert [(line.benefit, line.patient_cents) for line in found.lines] == [("medicare", 1_500), ("routine", 2_000)]
    assert found.prerequisites == ()
    assert found.range.low_cents == found.range.high_cents == 3_500


def test_a_missing_attestation_is_assumed_and_widens_the_range() -> None:
    """15.00 is expected; without the attestation 20.00, which is the high end of the range."""
    found = asked(plan(), **ASSUMED)
    assert [(line.benefit, line.patient_cents) for line in found.lines] == [("medicare", 1_500)]
    assert (found.range.low_cents, found.range.high_cents) == (1_500, 2_000)
    (prerequisite,) = found.prerequisites
    assert (prerequisite.attestation, prerequisite.benefit) == ("active_treatment", "medicare")
    assert prerequisite.rule.endswith("p.yaml:13")


def test_the_attestation_is_the_reason_where_no_benefit_follows() -> None:
    """The charge is the member's, CARC 50; where the tier says so, the provider's."""
    text = "The plan covers this service only with active treatment (not maintenance)."
    line = asked(plan(routine=False)).lines[0]
    assert (line.reason, line.patient_cents, line.steps[1].text) == (Reason.ATTESTATION_NOT_COVERED, 6_000, text)
    assert [(each.group, each.reason_code) for each in line.adjustments] == [("PR", "50")]
    liable = ", provider_liable: {for: [active_treatment]}"
    line = asked(plan(liable=liable, routine=False)).lines[0]
    assert (line.patient_cents, line.written_off_cents) == (0, 6_000)
    assert [(each.group, each.reason_code) for each in line.adjustments] == [("CO", "50")]
    assert line.steps[1].text == f"{text} In this network the provider pays for that, not you."


def test_two_missing_attestations_give_adjustment_288() -> None:
    text = plan(routine=False).replace("active_treatment]", "active_treatment, referral]")
    line = asked(text).lines[0]
    assert [each.reason_code for each in line.adjustments] == ["288"]
    words = "The plan covers this service only with active treatment (not maintenance) and a referral."
    assert line.steps[1].text == words
    # One of the two is not enough.
    assert asked(text, ACTIVE).lines[0].reason is Reason.ATTESTATION_NOT_COVERED
    assert patients(asked(text, {"attestations": ["referral", "active_treatment"]})) == [1_500]


def test_not_attested_fails_when_the_attestation_is_given() -> None:
    """The attestation that is there keeps the line from the only benefit; no denial of the provider's."""
    text = plan(liable=", provider_liable: {for: [diagnosis, active_treatment]}")
    text = text.replace("when: {attested: [active_treatment]}", "when: {not_attested: [active_treatment, referral]}")
    text = text[: text.index("  routine:")] + "otherwise: not_covered\n"
    line = asked(text, ACTIVE).lines[0]
    assert (line.reason, line.patient_cents) == (Reason.ATTESTATION_NOT_COVERED, 6_000)
    words = "The plan covers this service only without active treatment (not maintenance) or a referral."
    assert line.steps[1].text == words
    assert patients(asked(text)) == [1_500]
    # Assumed to be there, as any attestation is; the range holds that it is not.
    found = asked(text, **ASSUMED)
    assert (patients(found), found.range.low_cents, found.range.high_cents) == ([6_000], 1_500, 6_000)


def test_an_exclusion_needs_a_given_attestation() -> None:
    """Assumed, maintenance care is not excluded, and its attestation is open: 15.00, at the most 60.00."""
    excluded = "exclusions: [{therapies: [acupuncture], when: {attested: [rehabilitation]}, reason: other_benefit}]"
    text = plan(exclusions=excluded)
    rehabilitation = {"attestations": ["rehabilitation", "active_treatment"]}
    assert asked(text, rehabilitation).lines[0].reason is Reason.EXCLUDED
    assert asked(text, rehabilitation, **ASSUMED).lines[0].reason is Reason.EXCLUDED
    found = asked(text, **ASSUMED)
    assert (patients(found), found.range.low_cents, found.range.high_cents) == ([1_500], 1_500, 6_000)
    without = text.replace("attested: [rehabilitation]", "not_attested: [rehabilitation]")
    assert asked(without, ACTIVE).lines[0].reason is Reason.EXCLUDED
    assert patients(asked(without, ACTIVE, **ASSUMED)) == [1_500]
    assert asked(without, ACTIVE, **ASSUMED).range.high_cents == 6_000


TWO = "limits: [{allow: 2 visits, per: benefit_period, except: {attested: [rehabilitation]}}]"
REHABILITATION = {"attestations": ["rehabilitation"]}


def test_a_limit_leaves_out_lines_with_its_excepted_attestation() -> None:
    """Two routine visits count; rehabilitation is beside the limit: 5 x 20.00, then 60.00 for the third that counts."""
    found = asked(
        plan(TWO),
        REHABILITATION | EVERY_WEEK | {"sessions": 3},
        EVERY_WEEK | {"start_date": "2026-04-06", "sessions": 3},
    )
    assert patients(found) == [2_000] * 5 + [6_000]
    assert found.lines[5].reason is Reason.LIMIT_REACHED
    assert [(each.limit, each.used) for each in found.limits_after] == [("routine", 2)]
    # A later visit of rehabilitation is still covered.
    used: dict[str, Any] = {"member": {"limit_usage": [{"limit": "routine", "used": 2}]}}
    assert patients(asked(plan(TWO), REHABILITATION, {"dates": ["2026-03-03"]}, **used)) == [2_000, 6_000]


def test_an_assumed_attestation_that_lifts_a_limit_is_a_prerequisite() -> None:
    used: dict[str, Any] = {"member": {"limit_usage": [{"limit": "care", "used": 2}]}}
    text = plan(TWO.replace("{allow", "{id: care, allow")).replace("when: {attested: [active_treatment]}", "")
    text = text[: text.index("  medicare:")] + text[text.index("  routine:") :]
    text = text.replace("when: {not_attested: [active_treatment]}", "")
    found = asked(text, **ASSUMED, **used)
    assert (patients(found), found.range.low_cents, found.range.high_cents) == ([2_000], 2_000, 6_000)
    assert [each.attestation for each in found.prerequisites] == ["rehabilitation"]
    # With something left of the limit nothing rests on it.
    assert asked(text, **ASSUMED, member={"limit_usage": [{"limit": "care", "used": 1}]}).prerequisites == ()


def test_the_first_covered_line_decides_for_the_visit() -> None:
    """One visit is left: left out with its first line, it is not counted, whatever its second line attests."""
    one = TWO.replace("2 visits", "1 visit")
    later = {"dates": ["2026-03-09"]}
    assert patients(asked(plan(one), REHABILITATION, {}, later)) == [2_000, 0, 2_000]
    assert patients(asked(plan(one), {}, REHABILITATION, later)) == [2_000, 0, 6_000]


@pytest.mark.parametrize(
    "allow",
    ["3 units", "$100, counts: allowed", "$80, counts: plan_paid"],
)
def test_units_and_money_are_left_out_line_by_line(allow: str) -> None:
    """What is left out uses nothing up: two more visits count, of which the second ends the limit."""
    limit = f"limits: [{{allow: {allow}, per: benefit_period, except: {{attested: [rehabilitation]}}}}]"
    units = {"procedures": [{"code": "97810", "units": 2}]}
    found = asked(plan(limit), REHABILITATION | units, *({"dates": [f"2026-03-{day:02}"]} | units for day in (3, 4)))
    assert [line.patient_cents for line in found.lines[:2]] == [2_000, 2_000]
    (after,) = found.limits_after
    assert after.used == {"3 units": 3, "$100, counts: allowed": 10_000, "$80, counts: plan_paid": 8_000}[allow]


def test_a_dated_visit_counts_only_where_the_limits_use_is_not_stated() -> None:
    """Two dated visits and nothing used of the limit is no contradiction; without a statement they count."""
    visits = [{"benefit": "routine", "date": f"2026-02-{day:02}"} for day in (2, 9)]
    none: dict[str, Any] = {"limit_usage": [{"limit": "routine", "used": 0}], "prior_visits": visits}
    assert patients(asked(plan(TWO), member=none)) == [2_000]
    assert patients(asked(plan(TWO), member={"prior_visits": visits})) == [6_000]
    window = plan(TWO.replace("benefit_period", "rolling 90 days"))
    assert patients(asked(window, member=none)) == [2_000]
    assert patients(asked(window, member={"prior_visits": visits})) == [6_000]
    # `benefit_visits` tells of the visits, not of those that the limit counted.
    assert patients(asked(plan(TWO), member={"benefit_visits": [{"benefit": "routine", "visits": 9}]})) == [2_000]


def test_terms_with_attestations_in_words() -> None:
    """`CheckCoverage` says what the limit leaves out."""
    request = {
        "plan_id": "p",
        "members": [{"id": "ana"}],
        "items": [{"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"]}],
        "requirements": "REQUIREMENTS_AS_ATTESTED",
    }
    answer = check_coverage(tables(p=plan(TWO)), typed(request))
    assert (answer.covered, answer.benefit) == (True, "routine")
    assert [each.message.text for each in answer.limits] == [
        "2 visits in a benefit period, not counting services with rehabilitation"
    ]
