"""Who an explanation is about and from: the patient, the coverage, the payer and the provider.

A request has none of their names. A caller may state them (`Parties`); what nobody stated is marked as unknown, by
FHIR's extension for absent data. Nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from camcover.engine.request import Member
from camcover.exchange.fhir.elements import Resource, Stamp, absent, concept, period, profiled, uri_identifier

__all__ = [
    "NOBODY_NAMED",
    "NPI",
    "TAX_IDS",
    "CoveredMember",
    "Parties",
    "PatientNames",
    "ProviderNames",
    "resources_of",
]

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
TAX_IDS: Final = "urn:oid:2.16.840.1.113883.4.4"
_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|7.0.0"
_KIND = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Coverage.kind"
_RELATIONSHIPS = {"subscriber": "self", "spouse": "spouse", "child": "child"}
"""Words of `MemberRole` as relationships to the subscriber."""


@dataclass(frozen=True, slots=True)
class PatientNames:
    """What is stated of the patient; empty = not stated. `gender`: a code of FHIR."""

    system: str = ""
    identifier: str = ""
    family: str = ""
    given: tuple[str, ...] = ()
    gender: str = ""


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """What is stated of the provider; empty = not stated."""

    name: str = ""
    npi: str = ""
    tin: str = ""


@dataclass(frozen=True, slots=True)
class Parties:
    """What a caller states of everybody. `payer_id`: the payer's id in transactions."""

    patient: PatientNames = field(default_factory=PatientNames)
    provider: ProviderNames = field(default_factory=ProviderNames)
    subscriber_id: str = ""
    payer_id: str = ""


NOBODY_NAMED: Final = Parties()


@dataclass(frozen=True, slots=True)
class CoveredMember:
    """What the request and the rules say of the member and the plan."""

    member: Member
    plan_id: str
    plan_name: str
    payer_name: str


def resources_of(stamp: Stamp, parties: Parties, subject: CoveredMember) -> dict[str, Resource]:
    """The four resources, by their kind: the last part of their ids."""
    return {
        "patient": _patient(stamp, parties.patient, subject),
        "coverage": _coverage(stamp, parties, subject),
        "payer": _payer(stamp, parties, subject),
        "provider": _provider(stamp, parties.provider),
    }


def _patient(stamp: Stamp, names: PatientNames, subject: CoveredMember) -> Resource:
    identifier = uri_identifier(stamp.urn("patient"))
    if names.identifier:
        identifier = {"system": names.system, "value": names.identifier}
    stated = {"family": names.family, "given": list(names.given)}
    name = {key: value for key, value in stated.items() if value} or absent("unknown")
    found: Resource = {
        "resourceType": "Patient",
        "id": stamp.named("patient"),
        "meta": {"profile": [_US_CORE_PATIENT]},
        "identifier": [identifier],
        "name": [name],
        "gender": names.gender or "unknown",
    }
    if subject.member.birth_date is not None:
        found["birthDate"] = subject.member.birth_date.isoformat()
    return found


def _coverage(stamp: Stamp, parties: Parties, subject: CoveredMember) -> Resource:
    membership = subject.member.membership
    relationship = _RELATIONSHIPS.get(membership.role)
    found = profiled("Coverage", stamp.named("coverage"), "davinci-pct-coverage")
    found |= {"extension": [{"url": _KIND, "valueCode": "insurance"}], "status": "active"}
    found |= {"subscriberId": parties.subscriber_id} if parties.subscriber_id else {"_subscriberId": absent("unknown")}
    return found | {
        "beneficiary": stamp.reference("patient"),
        "relationship": concept("http://terminology.hl7.org/CodeSystem/subscriber-relationship", relationship)
        if relationship
        else concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"),
        "period": period(membership.covered_from, membership.covered_to) or absent("unknown"),
        "payor": [stamp.reference("payer")],
        "class": [
            {
                "type": concept("http://terminology.hl7.org/CodeSystem/coverage-class", "plan"),
                "value": subject.plan_id,
                "name": subject.plan_name,
            }
        ],
    }


def _payer(stamp: Stamp, parties: Parties, subject: CoveredMember) -> Resource:
    identifier = uri_identifier(stamp.urn("payer"))
    if parties.payer_id:
        identifier = {"type": concept(_IDENTIFIER_TYPES, "PAYERID"), "value": parties.payer_id}
    return _organization(stamp, "payer", "pay", [identifier]) | {"name": subject.payer_name}


def _provider(stamp: Stamp, names: ProviderNames) -> Resource:
    identifiers: list[Resource] = [{"system": NPI, "value": names.npi}] if names.npi else []
    if names.tin:
        identifiers.append({"type": concept(_IDENTIFIER_TYPES, "TAX"), "system": TAX_IDS, "value": names.tin})
    found = _organization(stamp, "provider", "prov", identifiers or [uri_identifier(stamp.urn("provider"))])
    return found | ({"name": names.name} if names.name else {"_name": absent("unknown")})


def _organization(stamp: Stamp, kind: str, code: str, identifiers: list[Resource]) -> Resource:
    return profiled("Organization", stamp.named(kind), "davinci-pct-organization") | {
        "identifier": identifiers,
        "active": True,
        "type": [concept("http://terminology.hl7.org/CodeSystem/organization-type", code)],
    }
