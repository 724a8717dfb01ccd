"""Packets of the small rule set, and what tests read of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from camcover.engine import Tables
from camcover.exchange.fhir.elements import Stamp, as_json
from camcover.exchange.fhir.gfe import GoodFaith
from camcover.exchange.fhir.packet import aeob_packet
from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties
from camcover.languages import language
from small_rules import question, typed

STAMP = Stamp("q1", datetime(2026, 2, 20, 9, 0, tzinfo=UTC))

MASSAGE = {"therapy": "massage", "procedures": [{"code": "97124", "charge_cents": 9000}], "dates": ["2026-03-03"]}


def asked(*dates: str, **others: Any) -> dict[str, Any]:
    """`question()` on these dates, with a massage beside it, which share-plan excludes."""
    made = question(**others)
    if dates:
        made["items"][0]["dates"] = list(dates)
    made["items"].append(MASSAGE | {"tier": "in_network"})
    return made


def packet(
    rules: Tables,
    fields: dict[str, Any],
    tag: str = "en",
    *,
    parties: Parties = NOBODY_NAMED,
    stamp: Stamp = STAMP,
    good_faith: GoodFaith | None = None,
) -> bytes:
    """The bytes of a packet."""
    return as_json(aeob_packet(rules, typed(fields), stamp, language(tag), parties=parties, good_faith=good_faith))


def read(content: bytes) -> Any:
    """JSON in which numbers with a point are `Decimal`."""
    return json.loads(content, parse_float=Decimal)


def resources(content: bytes) -> dict[str, Any]:
    """The resources of a packet by the last part of their ids."""
    return {each["resource"]["id"].rsplit("-", 1)[1]: each["resource"] for each in read(content)["entry"]}


def amounts(element: Any, name: str = "adjudication") -> dict[str, Decimal]:
    """The amounts of an item, or the totals, by the codes of their categories, or the texts of those without."""
    return {
        _key(each["category"]): each["amount"]["value"]
        for each in element[name]
        if "amount" in each and "reason" not in each
    }


def _key(category: Any) -> str:
    return str(category["text"] if "text" in category else category["coding"][0]["code"])


def everywhere(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside of a value, itself included."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from everywhere(each)


def good_faith_bundle() -> dict[str, Any]:
    """A provider's good-faith estimate, invented: two visits of two codes, and one massage."""
    cpt, guide = "http://www.ama-assn.org/go/cpt", "http://hl7.org/fhir/us/davinci-pct"

    def item(day: str, code: str, *, units: int = 1, price: float, diagnoses: list[int]) -> dict[str, Any]:
        return {
            "sequence": 1,
            "diagnosisSequence": diagnoses,
            "productOrService": {"coding": [{"system": cpt, "code": code, "display": "Own words"}]},
            "servicedDate": day,
            "locationCodeableConcept": {
                "coding": [
                    {
                        "system": "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
                        "code": "11",
                    }
                ]
            },
            "quantity": {"value": units},
            "unitPrice": {"value": price, "currency": "USD"},
            "net": {"value": units * price, "currency": "USD"},
        }

    items = []
    for day in ("2026-03-02", "2026-03-09"):
        needles = item(day, "97810", price=80.0, diagnoses=[1])
        needles["modifier"] = [{"coding": [{"system": cpt, "code": "25", "display": "25"}]}]
        items += [needles, item(day, "97811", units=2, price=45.25, diagnoses=[1])]
    items.append(item("2026-03-03", "97124", price=90.0, diagnoses=[1, 2]))
    claim: dict[str, Any] = {
        "resourceType": "Claim",
        "id": "claim-1",
        "identifier": [{"system": "https://example.org/claims", "value": "GFE-1"}],
        "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
        "use": "predetermination",
        "patient": {"reference": "Patient/ana"},
        "created": "2026-02-19",
        "provider": {
            "reference": "Practitioner/nora",
            "extension": [
                {
                    "url": f"{guide}/StructureDefinition/providerTaxonomy",
                    "valueCodeableConcept": {
                        "coding": [{"system": "http://nucc.org/provider-taxonomy", "code": "171100000X"}]
                    },
                }
            ],
        },
        "priority": {"coding": [{"code": "normal"}]},
        "referral": {
            "extension": [{"url": f"{guide}/StructureDefinition/referralNumber", "valueString": "R-1"}],
            "display": "R-1",
        },
        "diagnosis": [
            {
                "sequence": place,
                "diagnosisCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
            }
            for place, code in enumerate(("M54.50", "R51.9"), start=1)
        ],
        "insurance": [
            {"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cover"}, "preAuthRef": ["A-1"]}
        ],
        "item": items,
        "total": {"value": 431.0, "currency": "USD"},
    }
    summary_type = f"{guide}/CodeSystem/PCTEstimateTypeSummaryCSTemporaryTrialUse"
    summary = {name: claim[name] for name in ("resourceType", "status", "use", "patient", "created", "priority")} | {
        "id": "summary-1",
        "type": {"coding": [{"system": summary_type, "code": "estimate-summary"}]},
        "provider": {"display": "All"},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cover"}}],
    }
    patient = {
        "resourceType": "Patient",
        "id": "ana",
        "identifier": [{"system": "https://example.org/members", "value": "M-1"}],
        "name": [{"family": "Doe", "given": ["Ana"]}],
        "gender": "female",
        "birthDate": "1986-01-31",
        "address": [{"state": "WA"}],
    }
    coverage = {
        "resourceType": "Coverage",
        "id": "cover",
        "status": "active",
        "subscriberId": "S-1",
        "beneficiary": {"reference": "Patient/ana"},
        "relationship": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/subscriber-relationship", "code": "self"}]
        },
        "period": {"start": "2026-01-01", "end": "2026-12-31"},
        "payor": [{"display": "Example Health"}],
    }
    practitioner = {
        "resourceType": "Practitioner",
        "id": "nora",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
        "name": [{"text": "Nora Example", "family": "Example", "given": ["Nora"]}],
    }
    entries = [summary, claim, practitioner, patient, coverage]
    return {
        "resourceType": "Bundle",
        "id": "gfe-1",
        "type": "collection",
        "timestamp": "2026-02-19T09:00:00Z",
        "entry": [
            {"fullUrl": f"https://example.org/fhir/{each['resourceType']}/{each['id']}", "resource": each}
            for each in entries
        ],
    }
