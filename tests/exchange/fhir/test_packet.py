"""The packet of a request: its figures by hand, what the guide asks for, and what is the same each time.

`asked("2026-03-02")`: acupuncture at 80.00, allowed 48.00: the last 40.00 of the deductible + 20 % of 8.00 = 41.60,
plan 6.40, written off 32.00; and a massage at 90.00, which the plan excludes. Patient 41.60 + 90.00 = 131.60.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from camcover.engine import InvalidRequest, Tables
from camcover.exchange.fhir.elements import Stamp, as_json, money
from camcover.exchange.fhir.parties import Parties, PatientNames, ProviderNames
from fhir_packets import STAMP, amounts, asked, everywhere, packet, read, resources
from small_rules import SHARE_PLAN, question, tables

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def small() -> Tables:
    """The small rule set."""
    return tables()


@pytest.fixture(scope="module")
def found(small: Tables) -> dict[str, Any]:
    """The resources of the packet of the golden file."""
    return resources(packet(small, asked("2026-03-02")))


def test_the_packet_is_the_golden_file(small: Tables) -> None:
    """golden/packet.json was read by hand against the figures above and the profiles of the guide."""
    assert packet(small, asked("2026-03-02")).decode() == (GOLDEN / "packet.json").read_text(encoding="utf-8")


def test_a_covered_service_has_its_amounts(found: dict[str, Any]) -> None:
    assert amounts(found["aeob"]["item"][0]) == {
        "submitted": Decimal("80.00"),
        "eligible": Decimal("48.00"),
        "deductible": Decimal("40.00"),
        "copay": Decimal("0.00"),
        "coinsurance": Decimal("1.60"),
        "noncovered": Decimal("0.00"),
        "benefit": Decimal("6.40"),
        "memberliability": Decimal("41.60"),
        "discount": Decimal("32.00"),
    }


def test_a_service_that_is_not_covered_says_why(found: dict[str, Any]) -> None:
    """CARC 96: not covered, with the remark it asks for. The member owes it (PR)."""
    item = found["aeob"]["item"][1]
    assert amounts(item)["noncovered"] == amounts(item)["memberliability"] == Decimal("90.00")
    (reason,) = [each for each in item["adjudication"] if "reason" in each]
    assert [each["code"] for each in reason["reason"]["coding"]] == ["96", "PR", "N130"]
    texts = {each["number"]: each["text"] for each in found["aeob"]["processNote"]}
    assert [texts[number] for number in item["noteNumber"]] == ["The plan excludes this service: not a benefit."]


def test_adjustments_sum_to_what_the_plan_does_not_pay(found: dict[str, Any]) -> None:
    for item in found["aeob"]["item"]:
        reasons = sum(each["amount"]["value"] for each in item["adjudication"] if "reason" in each)
        assert reasons == amounts(item)["submitted"] - amounts(item)["benefit"]


def test_both_explanations_have_the_same_totals(found: dict[str, Any]) -> None:
    totals = amounts(found["aeob"], "total")
    assert totals == amounts(found["summary"], "total")
    told = [str(totals[each]) for each in ("submitted", "eligible", "memberliability")]
    assert told == ["170.00", "48.00", "131.60"]


def test_sums_and_limits_are_those_after_the_last_visit(found: dict[str, Any]) -> None:
    """60.00 + 40.00 of 100.00; 60.00 + 41.60 of 500.00, the massage counts nowhere; one of four visits."""
    told = []
    for balance in found["aeob"]["benefitBalance"]:
        (financial,) = balance["financial"]
        (left,) = [value for name, value in financial["extension"][0].items() if name != "url"]
        values = [financial.get(f"{name}Money", financial.get(f"{name}UnsignedInt")) for name in ("allowed", "used")]
        code = financial["type"]["coding"][0]["code"]
        told.append((code, *(each["value"] if isinstance(each, dict) else each for each in (*values, left))))
    assert told == [
        ("deductible", 100, 100, 0),
        ("out-of-pocket-maximum", 500, Decimal("101.60"), Decimal("398.40")),
        ("visit", 4, 1, 3),
    ]
    assert [each["financial"][0]["type"]["coding"][0]["code"] for each in found["summary"]["benefitBalance"]] == [
        "deductible",
        "out-of-pocket-maximum",
    ]


def test_names_of_services_are_our_own(found: dict[str, Any]) -> None:
    codings = [item["productOrService"]["coding"] for item in found["aeob"]["item"]]
    assert [(each["code"], each["display"]) for (each,) in codings] == [
        ("97810", "Acupuncture"),
        ("97124", "Massage"),
    ]


@pytest.mark.parametrize(
    ("code", "system", "text"),
    [
        ("97810", "http://www.ama-assn.org/go/cpt", None),
        ("S8930", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", None),
        ("ABCDE", "http://terminology.hl7.org/CodeSystem/data-absent-reason", "ABCDE: Acupuncture"),
        ("", "http://terminology.hl7.org/CodeSystem/data-absent-reason", "Acupuncture"),
    ],
)
def test_a_code_stands_in_its_system(small: Tables, code: str, system: str, text: str | None) -> None:
    fields = question()
    fields["items"][0]["procedures"] = [{"code": code, "charge_cents": 8000}] if code else []
    item = resources(packet(small, fields))["aeob"]["item"][0]["productOrService"]
    assert (item["coding"][0]["system"], item.get("text")) == (system, text)


def test_modifiers_and_the_place_stand_in_their_systems(small: Tables) -> None:
    fields = question()
    fields["items"][0] |= {"procedures": [{"code": "97810", "modifiers": ["25", "GA"]}], "place_of_service": "11"}
    item = resources(packet(small, fields))["aeob"]["item"][0]
    assert [each["coding"][0] for each in item["modifier"]] == [
        {"system": "http://www.ama-assn.org/go/cpt", "code": "25", "display": "25"},
        {"system": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "GA"},
    ]
    assert item["locationCodeableConcept"]["coding"][0]["code"] == "11"


def test_a_range_and_its_reasons_are_said(small: Tables) -> None:
    """No use of the limit was stated: in the worst case all four visits are used, and acupuncture costs 80.00."""
    texts = [each["text"] for each in resources(packet(small, asked("2026-03-02")))["summary"]["processNote"]]
    assert "It could be $131.60 to $170.00. The notes of this explanation say what was assumed." in texts
    assert any("You gave no earlier use of this limit" in each for each in texts)


def test_an_exact_amount_is_said(small: Tables) -> None:
    fields = question()
    fields["members"][0]["limit_usage"] = [{"limit": "visits"}]
    texts = [each["text"] for each in resources(packet(small, fields))["summary"]["processNote"]]
    assert "With what you told us, the cost is exact." in texts


def test_what_a_benefit_asks_for_before_is_said(small: Tables) -> None:
    item = resources(packet(small, question(plan_id="copay-plan", members=[])))["aeob"]["item"][0]
    (said,) = [each for each in item["adjudication"] if "extension" in each]
    assert said["category"]["coding"][0]["code"] == "medicalmanagement"
    assert "referral" in said["extension"][0]["valueCodeableConcept"]["text"]


def test_what_is_above_the_allowed_amount_adds_up(small: Tables) -> None:
    """80.00, allowed 36.00: 36.00 to the deductible, none by then; 44.00 above it are the member's."""
    fields = question()
    fields["items"][0] |= {"tier": "out_of_network", "dates": ["2026-03-02"]}
    totals = amounts(resources(packet(small, fields))["aeob"], "total")
    assert totals["deductible"] == 36
    assert totals["Above the amount that the plan allows"] == 44
    assert totals["memberliability"] == 80


NO_SUMS = (
    SHARE_PLAN.replace(
        "in_network: {deductible: deductible, out_of_pocket_maximum: oop_max,", "in_network: {deductible: none,"
    )
    .replace("out_of_pocket_maximum: none, ", "")
    .replace("deductible: none,", "deductible: none, out_of_pocket_maximum: none,")
    .replace(
        "out_of_network: {deductible: deductible,", "out_of_network: {deductible: none, out_of_pocket_maximum: none,"
    )
    .replace("[deductible, {", "[{")
)


def test_a_plan_without_sums_has_a_balance_all_the_same() -> None:
    """20 % of 48.00 three times = 28.80; the guide asks for a balance, and an amount that nothing allows is absent."""
    lines = [line for line in NO_SUMS.splitlines() if not re.match(r"accumulators|  (deductible|oop_max): ", line)]
    fields = question(members=[])
    (balance,) = resources(packet(tables(share="\n".join(lines) + "\n"), fields))["summary"]["benefitBalance"]
    (financial,) = balance["financial"]
    assert financial["type"]["coding"][0]["code"] == "memberliability"
    assert financial["allowedMoney"]["extension"][0]["valueCode"] == "not-applicable"
    assert financial["usedMoney"]["value"] == Decimal("28.80")


def test_a_limit_that_the_guide_cannot_tell_is_a_sentence() -> None:
    monthly = SHARE_PLAN.replace("per: calendar_year", "per: month")
    aeob = resources(packet(tables(share=monthly), question()))["aeob"]
    codes = [each["financial"][0]["type"]["coding"][0]["code"] for each in aeob["benefitBalance"]]
    assert "visit" not in codes
    texts = [each["text"] for each in aeob["processNote"]]
    assert "The plan covers 4 visits in a calendar month. Used after this care: 3 visits in a calendar month." in texts


def test_care_in_two_benefit_periods_is_said_and_the_last_one_stands() -> None:
    two = SHARE_PLAN.replace("benefit_period: calendar_year", "benefit_period: {starts: 07-01}")
    fields = question()
    fields["items"][0]["dates"] = ["2026-06-30", "2026-07-01"]
    aeob = resources(packet(tables(share=two), fields))["aeob"]
    assert aeob["benefitPeriod"] == {"start": "2026-07-01", "end": "2027-06-30"}
    assert any("more than one benefit period" in each["text"] for each in aeob["processNote"])


def test_everybody_named_stands_in_the_resources(small: Tables) -> None:
    named = Parties(
        patient=PatientNames("https://example.org/members", "M-1", "Doe", ("Ana", "B."), "female"),
        provider=ProviderNames("Example Clinic", "1234567893", "123456789"),
        subscriber_id="S-1",
        payer_id="00001",
    )
    fields = question()
    fields["members"][0] |= {
        "membership": {"role": "spouse", "covered_from": "2026-01-01"},
        "birth_date": "1986-01-31",
    }
    del fields["members"][0]["age"]
    made = resources(packet(small, fields, parties=named))
    assert made["patient"]["identifier"] == [{"system": "https://example.org/members", "value": "M-1"}]
    assert made["patient"]["name"] == [{"family": "Doe", "given": ["Ana", "B."]}]
    assert (made["patient"]["gender"], made["patient"]["birthDate"]) == ("female", "1986-01-31")
    assert (made["coverage"]["subscriberId"], made["coverage"]["period"]) == ("S-1", {"start": "2026-01-01"})
    assert made["coverage"]["relationship"]["coding"][0]["code"] == "spouse"
    assert [each["value"] for each in made["provider"]["identifier"]] == ["1234567893", "123456789"]
    assert made["provider"]["name"] == "Example Clinic"
    assert made["payer"]["identifier"][0]["value"] == "00001"


def test_every_reference_leads_to_an_entry(small: Tables) -> None:
    whole = read(packet(small, asked("2026-03-02")))
    entries = {each["fullUrl"] for each in whole["entry"]}
    assert {each["reference"] for each in everywhere(whole) if "reference" in each} <= entries


def test_the_same_stamp_gives_the_same_bytes_and_another_gives_other_addresses(small: Tables) -> None:
    first = packet(small, question())
    assert packet(small, question()) == first
    same_time = Stamp("q1", STAMP.made_at.astimezone(timezone(timedelta(hours=5))))
    assert packet(small, question(), stamp=same_time) == first
    other = read(packet(small, question(), stamp=Stamp("q2", STAMP.made_at)))
    assert not {each["fullUrl"] for each in other["entry"]} & {each["fullUrl"] for each in read(first)["entry"]}


def test_sentences_are_in_the_readers_language(small: Tables) -> None:
    texts = [each["text"] for each in resources(packet(small, asked("2026-03-02"), "es"))["summary"]["processNote"]]
    assert any(each.startswith("Podría ser de $131.60 a $170.00.") for each in texts)


def test_a_name_of_the_rules_is_no_markup() -> None:
    named = SHARE_PLAN.replace("name: Share Plan", "name: '<b>Share</b> & Plan'")
    (section, *_) = resources(packet(tables(share=named), question()))["composition"]["section"]
    assert "<p>&lt;b&gt;Share&lt;/b&gt; &amp; Plan (Example Health)</p>" in section["text"]["div"]


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"members": [{"id": "ana"}, {"id": "ben"}]}, "members", "found 2 members; expected one: an explanation of"),
        ({"secondary_plan_id": "copay-plan"}, "secondary_plan_id", "found a second plan, 'copay-plan'; expected one"),
        ({"plan_id": "shar-plan"}, "plan_id", "found plan 'shar-plan'"),
    ],
)
def test_what_cannot_be_explained_is_refused(small: Tables, changed: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        packet(small, question(**changed))
    (violation,) = refused.value.violations
    assert (violation.field, violation.description.startswith(said)) == (field, True)


@pytest.mark.parametrize("packet_id", ["", "a b", "x" * 41, "a/b", "a\n"])
def test_an_id_that_is_none_is_refused(packet_id: str) -> None:
    with pytest.raises(ValueError, match="expected 1 to 40 letters"):
        Stamp(packet_id, STAMP.made_at)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a time without a zone"):
        Stamp("q1", datetime(2026, 2, 20, 9, 0))  # noqa: DTZ001 - what is refused


def test_amounts_are_written_with_two_digits_and_nothing_else_is_made_of_them() -> None:
    written = as_json({"a": money(0), "b": money(5), "c": money(123_456_789_012_345)}).decode()
    assert re.findall(r'"value": (.+),', written) == ["0.00", "0.05", "1234567890123.45"]
    with pytest.raises(TypeError):
        as_json({"a": {1, 2}})
