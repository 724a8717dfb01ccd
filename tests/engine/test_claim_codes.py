"""Modifiers, places of service and taxonomies as a claim has them (docs/rule-language.md, section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest, Tables
from camcover.engine.estimate import Reason
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, estimate, question, tables

ACTIVE = SHARE_PLAN.replace("    when: {conditions", "    requires: [active_treatment]\n    when: {conditions")
NOTICE = ACTIVE.replace(
    "above_allowed: written_off}",
    "above_allowed: written_off, provider_liable: {for: [active_treatment, diagnosis], unless: advance_notice}}",
)
RULES = tables(share=NOTICE)
SEVERAL = CATALOG.replace(
    "  massage-therapist: {name: Massage therapist}",
    "  massage-therapist: {name: Massage therapist, taxonomy: 174400000X}\n"
    '  physician: {name: Physician, taxonomies: ["208"]}\n'
    "  healer: {name: Healer, taxonomy: 174400000X}",
)


def asked(*modifiers: str, rules: Tables = RULES, strictly: bool = True, **item: Any) -> Estimate:
    """One session of 80.00, allowed 48.00, the deductible met: 20% of 48 = 9.60 where it is covered."""
    procedure = {"code": "97810", "charge_cents": 8000, "modifiers": list(modifiers)}
    given = {
        "therapy": "acupuncture",
        "procedures": [procedure],
        "tier": "in_network",
        "diagnoses": ["M54.50"],
        "dates": ["2026-03-02"],
    } | item
    if not {"practitioner", "taxonomy"} & item.keys():
        given["practitioner"] = "acupuncturist"
    sums = [{"accumulator": "deductible", "used_cents": 10000}]
    members = [{"id": "ana", "age": 40, "state": "WA", "accumulators": sums}]
    strict = {"requirements": "REQUIREMENTS_AS_ATTESTED"} if strictly else {}
    return estimate(rules, question(members=members, items=[given], **strict))


def test_a_modifier_attests_for_its_line() -> None:
    assert asked("AT").totals.patient_cents == 960
    # Without it the requirement is missing, which is the provider's.
    assert [line.reason for line in asked().lines] == [Reason.REQUIREMENT_MISSING]
    assert asked().totals.patient_cents == 0
    # With an advance notice it is the member's, 80.00.
    assert asked("GA").totals.patient_cents == 8000


def test_a_modifier_affects_only_its_own_line() -> None:
    procedures = [
        {"code": "97810", "charge_cents": 8000, "modifiers": ["AT"]},
        {"code": "97811", "charge_cents": 4000, "modifiers": ["25"]},
    ]
    found = asked(procedures=procedures)
    assert [line.reason for line in found.lines] == [Reason.NONE, Reason.REQUIREMENT_MISSING]


def test_an_attestation_denied_by_a_modifier_is_never_assumed() -> None:
    # The diagnosis is not covered; a notice is assumed, so that it is the member's: 80.00, at least 0.
    assumed = asked(strictly=False, diagnoses=["G43.909"])
    assert (assumed.range.low_cents, assumed.totals.patient_cents, assumed.range.high_cents) == (0, 8000, 8000)
    denied = asked("GZ", strictly=False, diagnoses=["G43.909"])
    assert (denied.range.low_cents, denied.totals.patient_cents, denied.range.high_cents) == (0, 0, 0)


def test_place_of_service_and_modifiers_give_the_setting() -> None:
    far = tables(copay=COPAY_PLAN.replace("    requires: [referral]\n", "    when: {settings: [telehealth]}\n"))
    for item, modifiers in (({"place_of_service": "02"}, ()), ({}, ("95",)), ({"place_of_service": "02"}, ("95",))):
        procedure = {"code": "97810", "charge_cents": 8000, "modifiers": list(modifiers)}
        given = {"therapy": "acupuncture", "procedures": [procedure], "tier": "in_network", "dates": ["2026-03-02"]}
        plan = question(plan_id="copay-plan", members=[{"id": "ana"}], items=[given | item])
        # $20 a visit at a distance.
        assert estimate(far, plan).totals.patient_cents == 2000


def test_a_taxonomy_code_gives_the_practitioner() -> None:
    rules = tables(share=NOTICE, catalog=SEVERAL)
    assert asked("AT", rules=rules, taxonomy="171100000X").totals.patient_cents == 960
    found = asked("AT", rules=rules, taxonomy="208100000X")
    assert [line.reason for line in found.lines] == [Reason.PRACTITIONER_NOT_COVERED]


@pytest.mark.parametrize(
    ("modifiers", "item", "told"),
    [
        (
            (),
            {"place_of_service": "02", "setting": "office"},
            "place of service 02, which means telehealth, together with setting office; expected the same setting",
        ),
        (("95",), {"place_of_service": "11"}, "modifier 95, which means telehealth, together with place of service 11"),
        ((), {"place_of_service": "99"}, "found place of service '99'; expected one of 02, 11, 12"),
        (("ZZ",), {}, "found modifier 'ZZ'; expected one of 25, 95, AT, GA, GZ"),
        (("AT", "AT"), {}, "found 'AT' a second time; expected each value only once"),
        (
            ("GA", "GZ"),
            {},
            "modifier GZ, which denies advance_notice, together with modifier GA, which attests it; expected only one",
        ),
        (
            ("GZ",),
            {"attestations": ["advance_notice"]},
            "together with attestation advance_notice, which attests it; expected only one of the two",
        ),
        (
            (),
            {"taxonomy": "171100000X", "practitioner": "massage-therapist"},
            "which means acupuncturist, together with practitioner massage-therapist; expected the same practitioner",
        ),
        ((), {"taxonomy": "333300000X"}, "found taxonomy '333300000X'"),
    ],
)
def test_contradictory_or_unknown_claim_codes_are_refused(
    modifiers: tuple[str, ...], item: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(*modifiers, **item)
    assert told in str(refused.value)


def test_a_taxonomy_of_several_practitioners_needs_a_named_practitioner() -> None:
    rules = tables(share=NOTICE, catalog=SEVERAL)
    told = "which may mean massage-therapist or healer; expected the practitioner as well"
    with pytest.raises(InvalidRequest, match=told):
        asked("AT", rules=rules, taxonomy="174400000X", therapy="", procedures=[{"code": "97124", "charge_cents": 1}])
