"""What can be checked of FHIR R4 and of the Da Vinci PCT guide, version 2.0.1, without its validator.

Three gates: the rules of FHIR itself (fhirkit), the invariants of the guide's profiles, as they stand there in FHIRPath
(fhirpathpy), and the elements that the profiles ask for, listed below by hand. docs/fhir.md says what is not checked.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camcover.exchange.fhir.gfe import read_good_faith
from camcover.exchange.fhir.parties import Parties
from fhir_packets import amounts, asked, good_faith_bundle, packet, resources
from small_rules import question, tables

RULES = tables()

_GUIDE = "http://hl7.org/fhir/us/davinci-pct/StructureDefinition"


def _requests() -> dict[str, Any]:
    """Requests that reach every part: not covered, another tier, no code, an approval, one of whom little is told."""
    uncoded = question()
    del uncoded["items"][0]["procedures"]
    outside = asked("2026-03-02", "2026-03-04", "2026-03-09", "2026-03-11", "2026-03-16")
    outside["items"][0]["tier"] = "out_of_network"
    return {
        "not covered": asked("2026-03-02"),
        "out of network": outside,
        "without a code": uncoded,
        "approval": question(plan_id="copay-plan", members=[]),
    }


PACKETS = {name: packet(RULES, fields) for name, fields in _requests().items()}
PACKETS["named"] = packet(RULES, question(), "es", parties=Parties(subscriber_id="S-1"))

_READ = read_good_faith(json.dumps(good_faith_bundle()), "gfe.json", "share-plan", "in_network")
PACKETS["good faith"] = packet(RULES, _READ.fields, parties=_READ.parties, good_faith=_READ)

every_packet = pytest.mark.parametrize("name", PACKETS)


def _of(name: str) -> dict[str, Any]:
    return resources(PACKETS[name])


@every_packet
def test_fhir_itself_has_nothing_to_say(name: str) -> None:
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    assert fhirkit.validate(PACKETS[name]) == []


def test_the_validator_looks_inside_of_the_entries() -> None:
    """Else the test above would say little."""
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    whole = json.loads(PACKETS["not covered"])
    del whole["entry"][2]["resource"]["outcome"]
    (issue,) = fhirkit.validate(whole)
    assert "outcome" in str(issue)


_SERVICE = f"{_GUIDE}/serviceDescription"
INVARIANTS = {
    "pct-aeob-1": f"extension.where(url='{_SERVICE}').exists() or item.extension.where(url='{_SERVICE}').exists()",
    "pct-aeob-2": "adjudication.where(category.coding.where(code='submitted').exists()).exists() or "
    "item.adjudication.where(category.coding.where(code='submitted').exists()).exists()",
    "pct-aeob-3": "adjudication.where(category.coding.where(code='memberliability').exists()).exists() or "
    "item.adjudication.where(category.coding.where(code='memberliability').exists()).exists()",
    "pct-cpt-display": "item.select(productOrService.coding | modifier.coding)"
    ".all(system = 'http://www.ama-assn.org/go/cpt' implies display.exists())",
}
"""Of the profile of the explanation; the last one is about each coding of a service or a modifier."""


@pytest.mark.parametrize("key", INVARIANTS)
def test_the_invariants_of_the_profile_hold(key: str) -> None:
    fhirpathpy = pytest.importorskip("fhirpathpy", reason="fhirpathpy is not installed")
    holds = fhirpathpy.compile(INVARIANTS[key])
    for name in PACKETS:
        assert holds(_plain(_of(name)["aeob"])) == [True], name


@pytest.mark.parametrize("key", INVARIANTS)
def test_the_invariants_fail_where_something_is_missing(key: str) -> None:
    """Else the test above would say little."""
    fhirpathpy = pytest.importorskip("fhirpathpy", reason="fhirpathpy is not installed")
    aeob = _plain(_of("not covered")["aeob"])
    for item in aeob["item"]:
        item["adjudication"] = []
        del item["extension"], item["productOrService"]["coding"][0]["display"]
    assert fhirpathpy.evaluate(aeob, INVARIANTS[key]) == [False]


def _plain(resource: Any) -> Any:
    """A resource with amounts as texts: FHIRPath looks at none of them here."""
    return json.loads(json.dumps(resource, default=str))


ASKED_OF_BOTH = (
    *("status", "type", "use", "patient", "created", "insurer", "provider", "outcome", "insurance"),
    *("total", "processNote", "benefitPeriod", "benefitBalance"),
)


@every_packet
@pytest.mark.parametrize("kind", ["aeob", "summary"])
def test_both_explanations_have_what_the_profiles_ask_for(name: str, kind: str) -> None:
    found = _of(name)[kind]
    assert not [each for each in ASKED_OF_BOTH if not found.get(each)]
    assert found["use"] == "predetermination"
    assert all(each["coverage"]["reference"] for each in found["insurance"])
    codes = [each["category"]["coding"][0]["code"] for each in found["total"] if "coding" in each["category"]]
    assert {codes.count(each) for each in ("submitted", "memberliability", "eligible")} == {1}
    classes = [each["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] for each in found["processNote"]]
    assert "disclaimer" in classes
    for balance in found["benefitBalance"]:
        assert balance["category"]["text"]
        assert balance["category"]["coding"][0]["system"] == "https://x12.org/codes/service-type-codes"
        assert balance["unit"]["coding"][0]["code"] in {"individual", "family"}
        assert balance["term"]["coding"][0]["code"] in {"annual", "day", "lifetime"}
        for financial in balance["financial"]:
            assert financial["type"]
            for way in ("allowed", "used"):
                assert (f"{way}Money" in financial) != (f"{way}UnsignedInt" in financial)
                assert kind == "aeob" or f"{way}Money" in financial


@every_packet
def test_the_explanation_has_what_its_profile_asks_for(name: str) -> None:
    aeob = _of(name)["aeob"]
    assert [each["valueReference"] for each in aeob["extension"] if each["url"] == f"{_GUIDE}/gfeReference"]
    assert [each for each in aeob["identifier"] if each["type"]["coding"][0]["code"] == "UCID"]
    assert aeob["claim"]["identifier"]["value"]
    for item in aeob["item"]:
        assert item["servicedDate"]
        assert item["productOrService"]
        assert len(item.get("modifier", ())) <= 4
        for each in ("submitted", "memberliability", "eligible", "benefit"):
            found = [
                adjudication
                for adjudication in item["adjudication"]
                if adjudication["category"].get("coding", [{"code": ""}])[0]["code"] == each
            ]
            assert len(found) == 1


@every_packet
def test_the_summary_has_what_its_profile_asks_for_and_nothing_that_it_forbids(name: str) -> None:
    summary = _of(name)["summary"]
    assert summary["billablePeriod"]
    assert summary["type"]["coding"][0]["code"] == "estimate-summary"
    assert summary["provider"]["extension"][0]["valueCode"] == "not-applicable"
    assert "reference" not in summary["provider"]
    assert not summary.keys() & {"claim", "item", "addItem", "adjudication", "payment", "payee", "supportingInfo"}


@every_packet
def test_the_packet_and_its_composition_have_what_their_profiles_ask_for(name: str) -> None:
    whole, found = json.loads(PACKETS[name]), _of(name)
    kinds = [each["resource"]["resourceType"] for each in whole["entry"]]
    assert whole["type"] == "document"
    assert whole["identifier"]["value"]
    assert whole["timestamp"]
    assert kinds[0] == "Composition"
    asked_for = {"Composition": 1, "ExplanationOfBenefit": 2, "Patient": 1, "Coverage": 1, "Organization": 2}
    assert {kind: kinds.count(kind) for kind in asked_for} == asked_for
    composition = found["composition"]
    assert composition["type"]["coding"] == [{"system": "http://loinc.org", "code": "111479-2"}]
    assert composition["category"][0]["coding"][0]["code"] == "estimate"
    assert composition["extension"][0]["url"] == f"{_GUIDE}/requestInitiationTime"
    assert len(composition["author"]) == 2
    sections = {each["code"]["coding"][0]["code"]: each for each in composition["section"]}
    assert list(sections) == ["aeob-summary-section", "aeob-section", "gfe-section"]
    assert all(each["entry"] for each in sections.values())
    assert sections["gfe-section"]["author"]
    assert {found[each]["type"][0]["coding"][0]["code"] for each in ("payer", "provider")} == {"pay", "prov"}
    assert found["coverage"]["class"][0]["name"]
    assert found["coverage"].keys() & {"subscriberId", "_subscriberId"}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request of the small rules: either plan, some visits, any charge, either tier."""
    plan, tiers = draw(
        st.sampled_from([("share-plan", ["in_network", "out_of_network"]), ("copay-plan", ["in_network"])])
    )
    days = draw(st.lists(st.integers(1, 28), min_size=1, max_size=6, unique=True))
    made = asked(*(f"2026-03-{day:02}" for day in days), plan_id=plan, members=[])
    made["items"][0] |= {"tier": draw(st.sampled_from(tiers))}
    made["items"][0]["procedures"] = [{"code": "97810", "charge_cents": draw(st.integers(0, 99_999))}]
    return made


@given(requests())
@settings(max_examples=15, deadline=None)
def test_every_cent_of_a_charge_is_somebodys(fields: dict[str, Any]) -> None:
    """Amounts of an item: submitted = benefit + memberliability + discount. Totals are the sums of the items."""
    aeob = resources(packet(RULES, fields))["aeob"]
    items, totals = [amounts(each) for each in aeob["item"]], amounts(aeob, "total")
    for each in (*items, totals):
        value = {name: each.get(name, Decimal(0)) for name in _PARTS}
        assert value["submitted"] == value["benefit"] + value["memberliability"] + value["discount"]
        shares = (
            "deductible",
            "copay",
            "coinsurance",
            "noncovered",
            "penalty",
            "Above the amount that the plan allows",
        )
        assert value["memberliability"] == sum(value[share] for share in shares)
    for name in _PARTS:
        assert totals.get(name, 0) == sum(each.get(name, Decimal(0)) for each in items)


_PARTS = (
    "submitted",
    "eligible",
    "deductible",
    "copay",
    "coinsurance",
    "noncovered",
    "penalty",
    "Above the amount that the plan allows",
    "benefit",
    "memberliability",
    "discount",
)
