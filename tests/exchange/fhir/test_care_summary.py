"""The summary for the primary-care provider in FHIR. Amounts are those of `fhir_packets.asked`, worked out by hand."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from camcover.engine import InvalidRequest, Tables
from camcover.exchange.fhir.care_summary import SummarisedCare, care_document, document_reference, summarised
from camcover.exchange.fhir.elements import as_json
from camcover.exchange.fhir.parties import Parties, PatientNames
from camcover.languages import language
from fhir_packets import STAMP, asked, everywhere, resources
from small_rules import CATALOG, question, tables, typed

RULES = tables()
NAMED = Parties(patient=PatientNames(family="Sample"))


def told(tag: str = "en", fields: dict[str, Any] | None = None, rules: Tables = RULES) -> SummarisedCare:
    """One visit of acupuncture on March 2, 41.60, and a massage that the plan excludes, 90.00."""
    return summarised(rules, typed(fields or asked("2026-03-02")), STAMP, language(tag), parties=NAMED)


def words_of(narrative: dict[str, str]) -> str:
    """What a reader of a narrative sees."""
    return " ".join(" ".join(ET.fromstring(narrative["div"]).itertext()).split())  # noqa: S314 - our own text


def test_the_document_has_the_recommended_therapies() -> None:
    plan = resources(as_json(care_document(told())))["plan"]
    assert (plan["status"], plan["intent"], plan["period"]) == (
        "draft",
        "proposal",
        {"start": "2026-03-02", "end": "2026-03-03"},
    )
    needles, massage = (each["detail"] for each in plan["activity"])
    assert needles["code"]["text"] == "Acupuncture"
    assert [each["code"] for each in needles["code"]["coding"]] == ["97810"]
    assert [each["coding"][0]["code"] for each in needles["reasonCode"]] == ["M54.50"]
    assert (needles["status"], needles["description"]) == ("not-started", "1 of 1 covered")
    assert needles["scheduledString"].startswith("1 visit, ")
    assert massage["description"] == "0 of 1 covered"


def test_the_sections_are_those_of_the_paper() -> None:
    composition = resources(as_json(care_document(told())))["summary"]
    care, approvals, cost = composition["section"]
    assert "Acupuncture M54.50 1 visit" in words_of(care["text"])
    assert approvals["title"] == "Approvals wanted before the first visit"
    said = words_of(cost["text"])
    for words in ("Acupuncture $80.00 $6.40 $32.00 $41.60", "Massage $90.00 $0.00 $0.00 $90.00", "$131.60"):
        assert words in said
    assert "This estimate does not promise" in words_of(composition["text"])


def test_every_reference_leads_to_an_entry_and_every_entry_is_led_to() -> None:
    document = care_document(told())
    urls = [each["fullUrl"] for each in document["entry"]]
    led_to = {each["reference"] for each in everywhere(document) if "reference" in each}
    assert led_to == set(urls[1:])
    assert document["entry"][0]["resource"]["resourceType"] == "Composition"


def test_fhir_itself_has_nothing_to_say() -> None:
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    uncoded = question()
    del uncoded["items"][0]["procedures"]
    conditions = asked("2026-03-02")
    conditions["items"][0] |= {"diagnoses": [], "conditions": ["back-pain"]}
    for fields in (asked("2026-03-02"), uncoded, conditions, question(plan_id="copay-plan", members=[])):
        care = told("es", fields)
        assert fhirkit.validate(as_json(care_document(care))) == []


def test_a_reference_holds_the_paper_and_the_document() -> None:
    pytest.importorskip("typst", reason="the extra letters is not installed")
    care = told()
    reference = json.loads(as_json(document_reference(care)))
    pdf, document = (base64.b64decode(each["attachment"]["data"]) for each in reference["content"])
    assert pdf.startswith(b"%PDF-")
    assert document == as_json(care_document(care))
    assert as_json(document_reference(told())) == as_json(document_reference(told()))
    fhirkit = pytest.importorskip("fhirkit", reason="fhirkit-rs is not installed")
    assert fhirkit.validate(as_json(reference)) == []


def test_texts_are_in_the_readers_language_and_no_text_is_markup() -> None:
    composition = resources(as_json(care_document(told("es"))))["summary"]
    assert (composition["language"], composition["title"]) == ("es", "Resumen para el médico de atención primaria")
    marked = tables(catalog=CATALOG.replace("name: Acupuncture\n", 'name: "<b>Acu</b> & more"\n'))
    found = resources(as_json(care_document(told(rules=marked))))
    assert found["patient"]["name"][0]["family"] == "Sample"
    assert "<td>&lt;b&gt;Acu&lt;/b&gt; &amp; more</td>" in found["summary"]["section"][0]["text"]["div"]


def test_a_summary_is_for_one_person_under_one_plan() -> None:
    with pytest.raises(InvalidRequest, match="one: an explanation of benefits is for one person"):
        told(fields=question(members=[{"id": "a"}, {"id": "b"}]))
