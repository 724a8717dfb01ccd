"""The two explanations of a packet: the one of a provider's services, item by item, and the summary of all.

Identity, for each item and for the totals: submitted = benefit + accounts + memberliability + discount, where
memberliability = deductible + copay + coinsurance + penalty + above the allowed amount + noncovered - accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from camcover.engine.estimate import Amounts, Line
from camcover.engine.request import PlannedService
from camcover.exchange.fhir.balances import limit_balances, sum_balances
from camcover.exchange.fhir.elements import (
    ADJUDICATION,
    PCT_CODES,
    Resource,
    Stamp,
    absent,
    concept,
    extension,
    money,
    period,
    profiled,
    uri_identifier,
)
from camcover.exchange.fhir.priced import PricedCare
from camcover.exchange.fhir.process_notes import ProcessNotes, notes_of
from camcover.messages import sentence

__all__ = ["CPT", "HCPCS", "ICD10", "PLACES", "Claimed", "explanation", "procedure_code", "summary"]

CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
PLACES: Final = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
_CARC = "https://x12.org/codes/claim-adjustment-reason-codes"
_RARC = "https://x12.org/codes/remittance-advice-remark-codes"
_GROUPS = "https://x12.org/codes/claim-adjustment-group-codes"
_NO_CODE = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

_CPT_CODE = re.compile(r"[0-9]{4}[0-9A-Z]")
_HCPCS_CODE = re.compile(r"[A-Z][0-9]{4}")
_CPT_MODIFIER = re.compile(r"[0-9]{2}")

_MEMBER_LIABILITY = concept(f"{PCT_CODES}/PCTAdjudicationCategoryCS", "memberliability")

_ALWAYS = (
    ("charge_cents", concept(ADJUDICATION, "submitted")),
    ("allowed_cents", concept(ADJUDICATION, "eligible")),
    ("deductible_cents", concept(ADJUDICATION, "deductible")),
    ("copay_cents", concept(ADJUDICATION, "copay")),
    ("coinsurance_cents", concept(f"{PCT_CODES}/PCTAdjudication", "coinsurance")),
    ("not_covered_cents", concept(f"{PCT_CODES}/PCTAdjudication", "noncovered")),
    ("plan_paid_cents", concept(ADJUDICATION, "benefit")),
    ("patient_cents", _MEMBER_LIABILITY),
)
"""Amounts that every item and the totals have, with their categories."""

_WHERE_ANY = (
    ("written_off_cents", concept(f"{PCT_CODES}/PCTAdjudication", "discount")),
    ("penalty_cents", concept(f"{PCT_CODES}/PCTFinancialType", "penalty")),
)
"""Amounts that stand where they are not zero."""

_IN_WORDS = (
    ("balance_bill_cents", sentence("fhir-above-allowed")),
    ("account_paid_cents", sentence("fhir-accounts-pay")),
)
"""Amounts for which no code system has a code: their category is a text."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim that is explained: its identifier, and the address of its good-faith estimate inside of the packet."""

    identifier: Resource
    estimate_urn: str


def explanation(stamp: Stamp, priced: PricedCare, claimed: Claimed) -> Resource:
    """The explanation of the services, item by item."""
    notes = notes_of(priced)
    diagnoses = list(dict.fromkeys(code for item in priced.request.items for code in item.diagnoses))
    items = [
        _item(priced, line, sequence, diagnoses=diagnoses, notes=notes)
        for sequence, line in enumerate(priced.estimate.lines, start=1)
    ]
    balances = [*sum_balances(priced), *limit_balances(priced, notes)]
    found = profiled("ExplanationOfBenefit", stamp.named("aeob"), "davinci-pct-aeob")
    found |= {
        "extension": [extension("gfeReference", "Reference", {"reference": claimed.estimate_urn})],
        "identifier": [
            {
                "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "UCID"),
                **uri_identifier(stamp.urn("aeob")),
            }
        ],
    }
    found |= _head(stamp, priced, concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional"))
    found |= {
        "provider": stamp.reference("provider"),
        "priority": concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "claim": {"identifier": claimed.identifier},
        "outcome": "complete",
    }
    if diagnoses:
        found["diagnosis"] = [
            {"sequence": place, "diagnosisCodeableConcept": concept(ICD10, code)}
            for place, code in enumerate(diagnoses, start=1)
        ]
    return found | _insurance(stamp) | {"item": items} | _tail(priced, notes, balances)


def summary(stamp: Stamp, priced: PricedCare) -> Resource:
    """The summary: totals, sentences and sums. The guide gives it no items, and no limits in visits."""
    head = _head(
        stamp,
        priced,
        concept(f"{PCT_CODES}/PCTEstimateTypeSummaryCSTemporaryTrialUse", "estimate-summary", "Estimate Summary"),
    )
    return (
        profiled("ExplanationOfBenefit", stamp.named("summary"), "davinci-pct-aeob-summary")
        | head
        | {"provider": absent("not-applicable"), "outcome": "complete"}
        | _insurance(stamp)
        | _tail(priced, notes_of(priced), sum_balances(priced))
    )


def _head(stamp: Stamp, priced: PricedCare, kind: Resource) -> Resource:
    return {
        "status": "active",
        "type": kind,
        "use": "predetermination",
        "patient": stamp.reference("patient"),
        "billablePeriod": period(*priced.days),
        "created": stamp.day.isoformat(),
        "insurer": stamp.reference("payer"),
    }


def _insurance(stamp: Stamp) -> Resource:
    return {"insurance": [{"focal": True, "coverage": stamp.reference("coverage")}]}


def _tail(priced: PricedCare, notes: ProcessNotes, balances: Sequence[Resource]) -> Resource:
    amounts = list(_amounts(priced, priced.estimate.totals))
    return {
        "total": amounts,
        "processNote": notes.elements,
        "benefitPeriod": period(*priced.period),
        "benefitBalance": list(balances),
    }


def _item(priced: PricedCare, line: Line, sequence: int, *, diagnoses: list[str], notes: ProcessNotes) -> Resource:
    """One service on one day."""
    asked = priced.request.items[line.item_index]
    name = priced.therapy(line.therapy or asked.therapy, line.code)
    found: Resource = {
        "extension": [extension("serviceDescription", "String", name)],
        "sequence": sequence,
    }
    if asked.diagnoses:
        found["diagnosisSequence"] = [diagnoses.index(code) + 1 for code in dict.fromkeys(asked.diagnoses)]
    found["productOrService"] = procedure_code(line.code, name)
    modifiers = _modifiers(asked, line.code)
    if modifiers:
        found["modifier"] = modifiers
    found["servicedDate"] = line.date.isoformat()
    if asked.place_of_service:
        found["locationCodeableConcept"] = concept(PLACES, asked.place_of_service)
    found |= {"quantity": {"value": line.units}, "net": money(line.charge_cents)}
    numbers = notes.of_line(priced, line)
    if numbers:
        found["noteNumber"] = numbers
    found["adjudication"] = [*_amounts(priced, line.amounts), *_reasons(line), *_management(priced, line)]
    return found


def procedure_code(code: str, name: str) -> Resource:
    """The code of a service with the project's own name of the therapy, never with the words of the code's owner."""
    if _CPT_CODE.fullmatch(code):
        return concept(CPT, code, name)
    if _HCPCS_CODE.fullmatch(code):
        return concept(HCPCS, code, name)
    return concept(_NO_CODE, "not-applicable") | {"text": f"{code}: {name}" if code and code != name else name}


def _modifiers(asked: PlannedService, code: str) -> list[Resource]:
    """The modifiers of a code, at most four as a claim has them. The guide asks for a display of those of CPT."""
    words = next((each.modifiers for each in asked.procedures if each.code == code), ())
    return [concept(CPT, each, each) if _CPT_MODIFIER.fullmatch(each) else concept(HCPCS, each) for each in words[:4]]


def _amounts(priced: PricedCare, amounts: Amounts) -> Iterator[Resource]:
    """Amounts with their categories: the adjudication of an item, or totals."""
    for name, category in _ALWAYS:
        yield {"category": category, "amount": money(getattr(amounts, name))}
    for name, category in _WHERE_ANY:
        if cents := getattr(amounts, name):
            yield {"category": category, "amount": money(cents)}
    for name, words in _IN_WORDS:
        if cents := getattr(amounts, name):
            yield {"category": {"text": priced.text(words())}, "amount": money(cents)}


def _reasons(line: Line) -> Iterator[Resource]:
    """The X12 adjustments: a claim adjustment reason code, who bears it, and the remark code where there is one.

    They sum to submitted - benefit.
    """
    category = concept(f"{PCT_CODES}/PCTAdjudicationCategoryCS", "adjustmentreason")
    for each in line.adjustments:
        codings = [{"system": _CARC, "code": each.reason_code}, {"system": _GROUPS, "code": each.group}]
        if each.remark_code:
            codings.append({"system": _RARC, "code": each.remark_code})
        yield {"category": category, "reason": {"coding": codings}, "amount": money(each.amount_cents)}


def _management(priced: PricedCare, line: Line) -> Iterator[Resource]:
    """What the benefit of a line asks for before, and the estimate takes to be there, such as a referral."""
    category = concept(f"{PCT_CODES}/PCTAdjudicationCategoryCS", "medicalmanagement")
    asked = [
        each.message
        for each in priced.estimate.prerequisites
        if each.item_index == line.item_index and each.benefit == line.benefit
    ]
    for message in dict.fromkeys(asked):
        said = extension("subjectToMedicalMgmt", "CodeableConcept", {"text": priced.text(message)})
        yield {"extension": [said], "category": category}
