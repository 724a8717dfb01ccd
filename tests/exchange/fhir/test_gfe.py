"""A good-faith estimate as a request: what is read, how visits are told, and what is not read, with its path.

The bundle is invented, after the examples of the guide: two visits of acupuncture with an added set of needles, and one
massage.
"""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camcover.exchange.fhir.gfe import GoodFaith, read_good_faith
from camcover.exchange.fhir.parties import Parties, PatientNames, ProviderNames
from camcover.exchange.notes import UnreadableFile
from fhir_packets import good_faith_bundle


def _read(bundle: Any, tier: str = "") -> GoodFaith:
    return read_good_faith(json.dumps(bundle), "gfe.json", "share-plan", tier)


def _claim(bundle: dict[str, Any]) -> dict[str, Any]:
    claim: dict[str, Any] = bundle["entry"][1]["resource"]
    return claim


def test_a_bundle_is_a_request() -> None:
    """The two equal visits are one service on two days; the massage is another; charges are those of all units."""
    found = _read(good_faith_bundle(), "in_network")
    assert found.unread == ()
    common = {
        "tier": "in_network",
        "taxonomy": "171100000X",
        "provider": "1234567893",
        "attestations": ["prior_authorization", "referral"],
        "place_of_service": "11",
    }
    assert found.fields == {
        "plan_id": "share-plan",
        "members": [
            {
                "birth_date": "1986-01-31",
                "state": "WA",
                "membership": {"covered_from": "2026-01-01", "covered_to": "2026-12-31", "role": "subscriber"},
            }
        ],
        "items": [
            common
            | {
                "diagnoses": ["M54.50"],
                "procedures": [
                    {"code": "97810", "units": 1, "charge_cents": 8000, "modifiers": ["25"]},
                    {"code": "97811", "units": 2, "charge_cents": 9050},
                ],
                "dates": ["2026-03-02", "2026-03-09"],
            },
            common
            | {
                "diagnoses": ["M54.50", "R51.9"],
                "procedures": [{"code": "97124", "units": 1, "charge_cents": 9000}],
                "dates": ["2026-03-03"],
            },
        ],
    }
    assert found.claim == {"system": "https://example.org/claims", "value": "GFE-1"}


def test_everybody_named_is_read() -> None:
    assert _read(good_faith_bundle()).parties == Parties(
        patient=PatientNames("https://example.org/members", "M-1", "Doe", ("Ana",), "female"),
        provider=ProviderNames("Nora Example", "1234567893"),
        subscriber_id="S-1",
    )


@pytest.mark.parametrize(
    ("system", "value", "read", "said"),
    [
        ("http://hl7.org/fhir/sid/us-npi", "1234567890", {}, "found '1234567890'; expected an NPI such as 1234567893"),
        ("http://hl7.org/fhir/sid/us-npi", "", {}, "found ''; expected an NPI such as 1234567893"),
        ("urn:oid:2.16.840.1.113883.4.4", "123456789", {"tax_number": "12-3456789"}, ""),
        ("urn:oid:2.16.840.1.113883.4.4", "12-3456789", {"tax_number": "12-3456789"}, ""),
        ("urn:oid:2.16.840.1.113883.4.4", "1-23", {}, "found '1-23'; expected a tax number such as 12-3456789"),
        ("urn:oid:2.16.840.1.113883.4.1", "123456789", {}, ""),
    ],
)
def test_numbers_of_the_provider_are_judged(system: str, value: str, read: dict[str, str], said: str) -> None:
    """By what is read, published prices are looked up; a social security number (4.1) is not read."""
    bundle = good_faith_bundle()
    bundle["entry"][2]["resource"]["identifier"] = [{"system": system, "value": value}]
    found = _read(bundle)
    item = found.fields["items"][0]
    assert {name: item[name] for name in ("provider", "tax_number") if name in item} == read
    texts = [str(each) for each in found.unread]
    where = "gfe.json: Bundle.entry[2].resource.identifier[0].value: "
    assert [each.startswith(f"{where}{said}") for each in texts] == [True] * bool(said)


def test_no_digit_of_the_bundle_is_lost() -> None:
    found = _read(good_faith_bundle())
    assert found.bundle["entry"][1]["resource"]["item"][0]["net"]["value"] == Decimal("80.0")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("servicedDate", None, "servicedDate: found none; expected a day such as 2026-03-02"),
        ("servicedDate", "2026-02-30", "servicedDate: found '2026-02-30'; expected a day"),
        ("servicedDate", 3, "servicedDate: found no text; expected a text"),
        (
            "servicedPeriod",
            {"start": "2026-03-02", "end": "2026-03-30"},
            "servicedPeriod: found a period; expected one day",
        ),
        ("productOrService", {"coding": [{"system": "x", "code": "1"}]}, "found no code of CPT or HCPCS; expected one"),
        ("quantity", {"value": 1.5}, "quantity.value: found '1.5'; expected a whole number up to 1,000; 1 is taken"),
        ("quantity", {"value": 0}, "quantity.value: found '0'; expected a whole number"),
        ("quantity", {"value": True}, "quantity.value: found 'True'; expected a whole number"),
        ("net", {"value": 80.005, "currency": "USD"}, "net: found '80.005 USD'; expected dollars and whole cents"),
        ("net", {"value": 80, "currency": "EUR"}, "net: found '80 EUR'; expected dollars and whole cents"),
        ("net", {"value": -1}, "net: found '-1'; expected dollars and whole cents"),
        ("net", [], "net: found no object; expected an object"),
        ("modifier", [{"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "97810"}]}], "two characters"),
        ("modifier", ["25"], "modifier[0]: found no object; expected an object"),
        ("modifier", "25", "modifier: found no list; expected a list of objects"),
        ("detail", [{"sequence": 1}], "detail: found an element that is not read; expected none"),
    ],
)
def test_what_cannot_be_read_of_an_item_is_noted(name: str, value: Any, said: str) -> None:
    bundle = good_faith_bundle()
    item = _claim(bundle)["item"][0]
    item.pop(name, None)
    if value is not None:
        item[name] = value
    texts = [str(each) for each in _read(bundle).unread]
    assert any(said in each and "gfe.json: Bundle.entry[1].resource.item[0]" in each for each in texts), texts


def test_a_price_of_a_unit_stands_in_for_the_amount() -> None:
    """2 x 45.25 = 90.50; without either, what is typical is taken, and that is noted."""
    bundle = good_faith_bundle()
    for item in _claim(bundle)["item"][1:4:2]:
        del item["net"]
    assert _read(bundle).fields == _read(good_faith_bundle()).fields
    del _claim(bundle)["item"][1]["unitPrice"]
    found = _read(bundle)
    assert [each.place for each in found.unread] == ["Bundle.entry[1].resource.item[1].net"]
    assert "charge_cents" not in found.fields["items"][0]["procedures"][1]


@pytest.mark.parametrize(
    ("entry", "path", "value", "said"),
    [
        (1, "careTeam", 3, "Bundle.entry[1].resource.careTeam: found no list; expected a list of objects"),
        (1, "supportingInfo", [{}], "Bundle.entry[1].resource.supportingInfo: found an element that is not read"),
        (1, "patient", {"reference": "Patient/none"}, "patient.reference: found 'Patient/none'; expected a resource"),
        (1, "diagnosis", [{"sequence": 1}], "diagnosis[0].diagnosisCodeableConcept: found no code of ICD-10-CM"),
        (3, "birthDate", "1986", "Bundle.entry[3].resource.birthDate: found '1986'; expected a whole date"),
        (4, "period", {"start": "2026"}, "Bundle.entry[4].resource.period.start: found '2026'; expected a whole date"),
    ],
)
def test_what_cannot_be_read_beside_the_items_is_noted(entry: int, path: str, value: Any, said: str) -> None:
    bundle = good_faith_bundle()
    bundle["entry"][entry]["resource"][path] = value
    assert any(said in str(each) for each in _read(bundle).unread)


def test_sequences_that_name_no_diagnosis_are_noted() -> None:
    """A visit names its diagnosis by 1, and four things besides; then neither of the two has a number."""
    bundle = good_faith_bundle()
    _claim(bundle)["item"][0]["diagnosisSequence"] = [1, [1], {}, True, 7]
    found = _read(bundle)
    assert found.fields["items"][0]["diagnoses"] == ["M54.50"]
    place = "gfe.json: Bundle.entry[1].resource.item[0].diagnosisSequence"
    assert [str(each) for each in found.unread] == [
        f"{place}[1]: found no number; expected a whole number",
        f"{place}[2]: found no number; expected a whole number",
        f"{place}[3]: found no number; expected a whole number",
        f"{place}: found 7; expected the sequence of a diagnosis of the claim",
    ]
    _claim(bundle)["item"][0]["diagnosisSequence"] = {"1": 1}
    _claim(bundle)["diagnosis"][0]["sequence"] = ["x"]
    texts = [str(each) for each in _read(bundle).unread]
    assert f"{place}: found no list; expected a list of numbers" in texts
    assert "gfe.json: Bundle.entry[1].resource.diagnosis[0].sequence: found no number; expected a whole number" in texts


def test_another_claim_is_noted_and_the_rest_is_read() -> None:
    bundle = good_faith_bundle()
    other = copy.deepcopy(bundle["entry"][1])
    other["resource"]["type"]["coding"][0]["code"] = "institutional"
    bundle["entry"].append(other)
    found = _read(bundle)
    assert found.fields == _read(good_faith_bundle()).fields
    (said,) = found.unread
    assert str(said) == "gfe.json: Bundle.entry[5].resource.type: found 'institutional'; expected 'professional'"


def test_a_bundle_without_a_professional_claim_gives_nothing() -> None:
    bundle = good_faith_bundle()
    del bundle["entry"][1]
    with pytest.raises(UnreadableFile, match="found no professional claim; expected at least one"):
        _read(bundle)


def test_claims_for_two_patients_are_refused() -> None:
    bundle = good_faith_bundle()
    other = copy.deepcopy(bundle["entry"][1])
    other["resource"]["patient"]["reference"] = "Patient/other"
    bundle["entry"].append(other)
    with pytest.raises(UnreadableFile, match="found 2 patients; expected claims for one"):
        _read(bundle)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "found no JSON"),
        ("[" * 100_000, "found no JSON"),
        ('{"resourceType": "Bundle", "total": NaN}', "found no JSON"),
        ('{"resourceType": "Bundle", "total": 1e999999999}', "found no JSON"),
        ('{"resourceType": "Bundle", "total": 1e99999999999999999999}', "found no JSON"),
        ("[]", "resourceType: found no resourceType; expected 'Bundle'"),
        ('{"resourceType": "Claim"}', "resourceType: found 'Claim'; expected 'Bundle'"),
        ('{"resourceType": "Bundle", "id": "\\ud800"}', "that JSON cannot hold"),
        ('{"resourceType": "Bundle", "id": ' + "[" * 300 + "]" * 300 + "}", "that JSON cannot hold"),
        ('{"resourceType": "Bundle"}', "no professional claim"),
        ('{"resourceType": "Bundle", "entry": [1]}', "Bundle.entry[0]: found no object"),
    ],
)
def test_what_is_no_bundle_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_good_faith(text, "gfe.json", "share-plan")
    assert said in str(refused.value)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_broken_bundle_is_read_or_refused(data: st.DataObject) -> None:
    """One value anywhere is replaced by another kind of value."""
    bundle = good_faith_bundle()
    place: Any = bundle
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 9)) == 0:
            break
        place = place[key]
    place[key] = data.draw(st.sampled_from([None, True, 0, -1.5, "", "x", [], {}, [1], {"coding": 1}, 10**30]))
    with suppress(UnreadableFile):
        assert isinstance(_read(bundle), GoodFaith)
