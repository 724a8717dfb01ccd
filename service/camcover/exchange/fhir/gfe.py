"""A provider's good-faith estimate (a GFE Bundle of the guide, professional claims) as a request for an estimate.

What comes in: the bundle's text and the id of a plan. What goes out: the request as the fields of an
EstimatePlanRequest, who is named, and a list of what could not be read or is not read. The request is then checked as
every other: nothing here decides what it may hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from camcover.exchange.fhir.benefits import CPT, HCPCS, ICD10, PLACES
from camcover.exchange.fhir.bundle_reading import Element, ReceivedBundle, received
from camcover.exchange.fhir.care_team import CareTeam, named_resources, provider_numbers, taxonomy_of
from camcover.exchange.fhir.elements import PCT, Resource
from camcover.exchange.fhir.parties import NPI, TAX_IDS, Parties, PatientNames, ProviderNames
from camcover.exchange.fhir.stated import GENDERS
from camcover.exchange.notes import Unread, UnreadableFile, quoted
from camcover.exchange.visits import joined_visits
from camcover.request_bounds import MAX_UNITS

__all__ = ["GoodFaith", "read_good_faith"]

_CLAIM_TYPES = "http://terminology.hl7.org/CodeSystem/claim-type"
_SUMMARY = f"{PCT}/CodeSystem/PCTEstimateTypeSummaryCSTemporaryTrialUse"
_EXTENSIONS = f"{PCT}/StructureDefinition"
_RELATIONSHIPS = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
_MOST_CENTS = 10**11
_ROLES = {"self": "subscriber", "spouse": "spouse", "child": "child"}

_OF_A_CLAIM: Final = frozenset(
    (
        *(
            "resourceType",
            "id",
            "meta",
            "text",
            "language",
            "extension",
            "identifier",
            "status",
            "type",
            "use",
            "patient",
        ),
        *(
            "billablePeriod",
            "created",
            "insurer",
            "provider",
            "priority",
            "payee",
            "careTeam",
            "referral",
            "diagnosis",
            "insurance",
        ),
        *("item", "total"),
    )
)
_OF_AN_ITEM: Final = frozenset(
    (
        *("id", "extension", "sequence", "diagnosisSequence", "careTeamSequence"),
        *("productOrService", "modifier", "servicedDate"),
        *("servicedPeriod", "locationCodeableConcept", "quantity", "unitPrice", "net"),
    )
)
"""Elements that are read, or do not bear on what a service costs. Others are noted."""


@dataclass(frozen=True, slots=True)
class GoodFaith:
    """What was read. `fields`: those of an EstimatePlanRequest; `claim`: the claim's identifier, None = it has none.

    `file`: the name of the bundle in notes.
    """

    file: str
    fields: dict[str, Any]
    parties: Parties
    claim: Resource | None
    bundle: Resource
    unread: tuple[Unread, ...]


def read_good_faith(text: str, file: str, plan_id: str, tier: str = "") -> GoodFaith:
    """Read a bundle; `tier`: the provider's, empty = not known.

    Raises `UnreadableFile` for a text that is no bundle, has no professional claim, or has claims for several patients.
    """
    bundle = received(text, file)
    claims = list(_professional(bundle))
    if not claims:
        raise UnreadableFile([*bundle.notes, Unread(file, 0, "Bundle.entry", "no professional claim", "at least one")])
    patients = {claim.one("patient").text("reference") for claim in claims}
    if len(patients) > 1:
        raise UnreadableFile([Unread(file, 0, "Bundle.entry", f"{len(patients)} patients", "claims for one")])
    services = [service for claim in claims for service in _services(bundle, claim, tier)]
    patient = bundle.referred(claims[0].one("patient"))
    coverage = next((found for claim in claims for found in _coverages(bundle, claim)), None)
    return GoodFaith(
        file=file,
        fields={"plan_id": plan_id, "members": [_member(patient, coverage)], "items": joined_visits(services)},
        parties=_parties(bundle, claims[0], patient, coverage=coverage),
        claim=_placer(claims[0]),
        bundle=bundle.content,
        unread=tuple(dict.fromkeys(bundle.notes)),
    )


def _professional(bundle: ReceivedBundle) -> Iterator[Element]:
    """The professional claims; others are noted, but for the summary, which repeats them."""
    for claim in bundle.of_type("Claim"):
        kind = claim.one("type")
        code = kind.code(_CLAIM_TYPES)
        if code == "professional":
            for name in sorted(claim.value.keys() - _OF_A_CLAIM):
                claim.refuse(name, "an element that is not read", "none")
            yield claim
        elif not kind.code(_SUMMARY):
            claim.refuse("type", quoted(code), "'professional'")


def _services(bundle: ReceivedBundle, claim: Element, tier: str) -> Iterator[dict[str, Any]]:
    """The services of a claim, each with one code on one day; whoever bills renders what nobody else does."""
    diagnoses = {each.number("sequence"): _diagnosis(each) for each in claim.each("diagnosis")}
    common: dict[str, Any] = {"tier": tier} | provider_numbers(bundle, claim.one("provider"))
    common |= {"taxonomy": _taxonomy(claim), "attestations": _attestations(claim)}
    team = CareTeam(bundle, claim)
    for item in claim.each("item"):
        for name in sorted(item.value.keys() - _OF_AN_ITEM):
            item.refuse(name, "an element that is not read", "none")
        day, procedure, renderer = _day(item), _procedure(item), team.rendering(item)
        if day is None or procedure is None:
            continue
        sequences = item.numbers("diagnosisSequence") if item.value.get("diagnosisSequence") else list(diagnoses)
        for each in sorted({*sequences} - diagnoses.keys()):
            item.refuse("diagnosisSequence", str(each), "the sequence of a diagnosis of the claim")
        found = [diagnoses.get(each, "") for each in sequences]
        rendered = {} if renderer is None else {"provider": renderer.npi, "taxonomy": renderer.taxonomy}
        service = common | rendered
        service |= {
            "place_of_service": item.one("locationCodeableConcept").code(PLACES),
            "diagnoses": list(dict.fromkeys(filter(None, found))),
            "procedures": [procedure],
            "dates": [day],
        }
        yield {name: value for name, value in service.items() if value}


def _diagnosis(element: Element) -> str:
    code = element.one("diagnosisCodeableConcept").code(ICD10)
    if not code:
        element.refuse("diagnosisCodeableConcept", "no code of ICD-10-CM", "one")
    return code


def _taxonomy(claim: Element) -> str:
    found = claim.one("provider").extended(f"{_EXTENSIONS}/providerTaxonomy")
    return "" if found is None else taxonomy_of([found.one("valueCodeableConcept")])


def _attestations(claim: Element) -> list[str]:
    """A number of a prior authorization and of a referral say that there is one."""
    found = ["prior_authorization"] if any(each.value.get("preAuthRef") for each in claim.each("insurance")) else []
    referral = claim.one("referral").extended(f"{_EXTENSIONS}/referralNumber")
    return found if referral is None else [*found, "referral"]


def _day(item: Element) -> str | None:
    """The one day of a service."""
    period = item.one("servicedPeriod")
    text = item.text("servicedDate") or period.text("start")
    if period.value and period.text("end") not in {"", text}:
        item.refuse("servicedPeriod", "a period", "one day, because the number of visits is not known")
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        item.refuse("servicedDate", quoted(text) if text else "none", "a day such as 2026-03-02")
        return None


def _procedure(item: Element) -> dict[str, Any] | None:
    code = item.one("productOrService").code(CPT, HCPCS)
    if not code:
        item.refuse("productOrService", "no code of CPT or HCPCS", "one")
        return None
    found: dict[str, Any] = {"code": code, "units": _units(item)}
    charge = _charge(item)
    if charge is not None:
        found["charge_cents"] = charge
    modifiers = []
    for each in item.each("modifier"):
        modifier = each.code(CPT, HCPCS)
        if len(modifier) == 2:
            modifiers.append(modifier)
        else:
            each.refuse("", quoted(modifier), "a modifier of two characters")
    return found | {"modifiers": modifiers} if modifiers else found


def _units(item: Element) -> int:
    value = item.one("quantity").value.get("value", 1)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if is_number and 0 < value <= MAX_UNITS and value == int(value):
        return int(value)
    item.refuse("quantity.value", quoted(str(value)), f"a whole number up to {MAX_UNITS:,}; 1 is taken")
    return 1


def _charge(item: Element) -> int | None:
    """What is charged for all units, in cents; None = not known."""
    if "net" in item.value:
        return _cents(item, "net")
    if "unitPrice" not in item.value:
        item.refuse("net", "none", "an amount; the typical charge is taken")
        return None
    price = _cents(item, "unitPrice")
    return None if price is None else price * _units(item)


def _cents(item: Element, name: str) -> int | None:
    amount = item.one(name)
    value, currency = amount.value.get("value"), amount.text("currency")
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    cents = Decimal(str(value)) * 100 if is_number else Decimal(-1)
    if 0 <= cents < _MOST_CENTS and cents == int(cents) and currency in {"", "USD"}:
        return int(cents)
    item.refuse(name, quoted(f"{value} {currency}".strip()), "dollars and whole cents; the typical charge is taken")
    return None


def _coverages(bundle: ReceivedBundle, claim: Element) -> Iterator[Element]:
    for insurance in claim.each("insurance"):
        found = bundle.referred(insurance.one("coverage"))
        if found is not None:
            yield found


def _member(patient: Element | None, coverage: Element | None) -> dict[str, Any]:
    """The member: birth date, state, role, and the days of coverage."""
    member: dict[str, Any] = {}
    if patient is not None:
        born = _whole_day(patient, "birthDate")
        if born:
            member["birth_date"] = born
        state = next((each.text("state") for each in patient.each("address") if each.text("state")), "")
        if len(state) == 2:
            member["state"] = state
    if coverage is not None:
        days = coverage.one("period")
        role = _ROLES.get(coverage.one("relationship").code(_RELATIONSHIPS), "")
        stated = {"covered_from": _whole_day(days, "start"), "covered_to": _whole_day(days, "end"), "role": role}
        membership = {name: value for name, value in stated.items() if value}
        if membership:
            member["membership"] = membership
    return member


def _whole_day(element: Element, name: str) -> str:
    """The day of a date or a time; empty where there is none, or a month or a year alone."""
    text = element.text(name)
    try:
        return date.fromisoformat(text[:10]).isoformat() if text else ""
    except ValueError:
        element.refuse(name, quoted(text), "a whole date")
        return ""


def _parties(bundle: ReceivedBundle, claim: Element, patient: Element | None, *, coverage: Element | None) -> Parties:
    provider = next(reversed(named_resources(bundle, claim.one("provider"))), None)
    return Parties(
        patient=PatientNames() if patient is None else _patient(patient),
        provider=ProviderNames() if provider is None else _provider(provider),
        subscriber_id="" if coverage is None else coverage.text("subscriberId"),
    )


def _patient(patient: Element) -> PatientNames:
    identifier = next(patient.each("identifier"), None)
    name = next(patient.each("name"), None)
    given = [] if name is None else name.value.get("given", [])
    system, value = ("", "") if identifier is None else (identifier.text("system"), identifier.text("value"))
    gender = patient.text("gender")
    return PatientNames(
        system=system if value else "",
        identifier=value if system else "",
        family="" if name is None else name.text("family"),
        given=tuple(each for each in given if isinstance(each, str) and each.strip())
        if isinstance(given, list)
        else (),
        gender=gender if gender in GENDERS else "",
    )


def _provider(provider: Element) -> ProviderNames:
    """The name and numbers of an organization or a practitioner."""
    name = provider.value.get("name")
    if not isinstance(name, str):
        person = next(provider.each("name"), None)
        name = "" if person is None else person.text("text") or person.text("family")
    numbers = {each.text("system"): each.text("value") for each in provider.each("identifier")}
    return ProviderNames(name=name, npi=numbers.get(NPI, ""), tin=numbers.get(TAX_IDS, ""))


def _placer(claim: Element) -> Resource | None:
    """The number that the provider gave the claim."""
    for each in claim.each("identifier"):
        if each.text("value"):
            return {name: text for name in ("system", "value") if (text := each.text(name))}
    return None
