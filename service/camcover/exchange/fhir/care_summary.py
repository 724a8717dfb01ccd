"""The summary for the primary-care provider in FHIR: a document with the recommended therapies, and a reference to it.

What comes in: rules, a request of one person, who is named, an id and a time. What goes out: a Bundle of type document
(Composition, CarePlan, and whom they name), or a DocumentReference that holds the same as PDF and as that document. The
words and figures are those of the paper (`showing/summary.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

from camcover.engine import EstimateRequest, Tables
from camcover.engine.request import PlannedService
from camcover.exchange.fhir.benefits import CPT, HCPCS, ICD10, procedure_code
from camcover.exchange.fhir.elements import (
    Resource,
    Stamp,
    as_json,
    concept,
    narrative,
    narrative_table,
    period,
    uri_identifier,
)
from camcover.exchange.fhir.parties import NOBODY_NAMED, Parties, resources_of
from camcover.exchange.fhir.priced import PricedCare, priced_for
from camcover.languages import Language
from camcover.showing.printing import Paper, data_of, printed
from camcover.showing.told import Told, told_of

__all__ = ["SummarisedCare", "care_document", "document_reference", "summarised"]

_DOCUMENT_TYPE = concept("http://loinc.org", "18776-5", "Plan of care note")
_CODES = {CPT, HCPCS}
_DEVICE, _PLAN, _SUMMARY, _DOCUMENT = "device", "care-plan", "care-summary", "care-document"


class SummarisedCare(NamedTuple):
    """A plan of care as it was priced and told, with what its summary says; `stamp`: of all resources."""

    stamp: Stamp
    priced: PricedCare
    told: Told
    says: dict[str, Any]
    parties: Parties


def summarised(
    tables: Tables, request: EstimateRequest, stamp: Stamp, language: Language, *, parties: Parties = NOBODY_NAMED
) -> SummarisedCare:
    """Price and tell a request of one person under one plan. Raises `InvalidRequest`, `PaperTooLong`."""
    priced = priced_for(tables, request, stamp, language)
    told = told_of(tables, request, language, priced.answer)
    return SummarisedCare(stamp, priced, told, data_of(Paper.SUMMARY, told), parties)


def care_document(care: SummarisedCare) -> Resource:
    """The document: the same for the same stamp."""
    stamp = care.stamp
    named = resources_of(stamp, care.parties, care.priced.subject)
    resources = {_SUMMARY: _composition(care), _PLAN: _care_plan(care), **named, _DEVICE: _device(stamp)}
    return {
        "resourceType": "Bundle",
        "id": stamp.named(_DOCUMENT),
        "identifier": uri_identifier(stamp.urn(_DOCUMENT)),
        "type": "document",
        "timestamp": stamp.instant,
        "entry": [{"fullUrl": stamp.urn(kind), "resource": each} for kind, each in resources.items()],
    }


def document_reference(care: SummarisedCare) -> Resource:
    """The document as PDF and as FHIR in one resource. Raises `ExtraMissing` where Typst is not installed."""
    pdf = printed(Paper.SUMMARY, care.says, care.stamp.made_at)
    contents = (("application/pdf", pdf), ("application/fhir+json", as_json(care_document(care))))
    return {
        "resourceType": "DocumentReference",
        "id": care.stamp.named("care-reference"),
        "contained": [_bare(_device(care.stamp))],
        "masterIdentifier": uri_identifier(care.stamp.urn(_DOCUMENT)),
        "status": "current",
        "docStatus": "final",
        "type": _DOCUMENT_TYPE,
        "date": care.stamp.instant,
        "author": [{"reference": f"#{_DEVICE}"}],
        "description": care.says["title"],
        "content": [
            {
                "attachment": {
                    "contentType": kind,
                    "language": care.says["lang"],
                    "data": base64.b64encode(content).decode(),
                    "title": care.says["title"],
                    "creation": care.stamp.instant,
                }
            }
            for kind, content in contents
        ],
    }


def _composition(care: SummarisedCare) -> Resource:
    stamp, says = care.stamp, care.says
    words = says["words"]
    approvals = (
        narrative_table(says["approvals_head"], says["approvals"])
        if says["approvals"]
        else narrative([says["approvals_none"]])
    )
    return {
        "resourceType": "Composition",
        "id": stamp.named(_SUMMARY),
        "language": says["lang"],
        "text": narrative(list(_frame(says))),
        "identifier": uri_identifier(stamp.urn(_SUMMARY)),
        "status": "final",
        "type": _DOCUMENT_TYPE,
        "subject": stamp.reference("patient"),
        "date": stamp.instant,
        "author": [stamp.reference(_DEVICE), stamp.reference("provider")],
        "title": says["title"],
        "section": [
            {
                "title": words["care"],
                "text": narrative_table(says["care_head"], says["care"]),
                "entry": [stamp.reference(_PLAN)],
            },
            {"title": words["approvals"], "text": approvals},
            {
                "title": words["cost"],
                "text": narrative_table(says["cost_head"], [*says["cost"], says["cost_foot"]], says["range"]),
            },
        ],
    }


def _frame(says: dict[str, Any]) -> Iterator[str]:
    """The sentences that hold for the whole summary: what it is about, warnings, the law, the release."""
    yield from (says["about"], says["lead"], " ".join(says["plan"]), says["made"])
    yield from (*says["warnings"], *says["know"], says["law"], says["release"])


def _care_plan(care: SummarisedCare) -> Resource:
    """The recommended therapies, as a proposal."""
    first, last = care.priced.days
    return {
        "resourceType": "CarePlan",
        "id": care.stamp.named(_PLAN),
        "status": "draft",
        "intent": "proposal",
        "title": care.says["words"]["care"],
        "subject": care.stamp.reference("patient"),
        "period": period(first, last),
        "created": care.stamp.instant,
        "author": care.stamp.reference(_DEVICE),
        "supportingInfo": [care.stamp.reference("coverage")],
        "activity": [
            {"detail": _activity(care.told, item, covered)}
            for item, (*_, covered) in zip(care.told.request.items, care.says["care"], strict=True)
        ],
    }


def _activity(told: Told, item: PlannedService, covered: str) -> Resource:
    """One therapy: its codes, what it is for, when, and how many of its visits are covered."""
    name = told.therapy(item)
    codes = dict.fromkeys(each.code for each in item.procedures if each.code)
    found = [coding for code in codes for coding in procedure_code(code, name)["coding"]]
    codings = [each for each in found if each["system"] in _CODES]
    reasons = [concept(ICD10, each) for each in item.diagnoses]
    known = {each.value: each.name for each in told.names.conditions}
    reasons += [{"text": known.get(each, each)} for each in item.conditions]
    return {
        "kind": "ServiceRequest",
        "code": ({"coding": codings} if codings else {}) | {"text": name},
        **({"reasonCode": reasons} if reasons else {}),
        "status": "not-started",
        "scheduledString": told.schedule(item),
        "description": covered,
    }


def _device(stamp: Stamp) -> Resource:
    """What worked the summary out."""
    return {
        "resourceType": "Device",
        "id": stamp.named(_DEVICE),
        "deviceName": [{"name": "Camcover", "type": "user-friendly-name"}],
    }


def _bare(device: Resource) -> Resource:
    """The same inside of another resource."""
    return device | {"id": _DEVICE}
