"""An answer in the newer JSON of clearinghouses, which spells codes out: `plans`, and in each its benefits by kind.

What comes in: the JSON object. What goes out: the same answer in the older form, whose names `clearinghouse` reads,
with X12's codes in place of words. What has no place there keeps its own name, so that it is listed as not known; a
word that is not known stands in place of a code, and is noted where the code would be. The form is that of Stedi's
`POST /2026-06-01/eligibility-check`, by the models of its SDK 1.0.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from camcover.exchange.notes import Unread, UnreadableFile

__all__ = ["PLANS", "older_form"]

PLANS: Final = "plans"

_STATUSES = {
    "ACTIVE_COVERAGE": "1",
    "ACTIVE_FULL_RISK_CAPITATION": "2",
    "ACTIVE_SERVICES_CAPITATED": "3",
    "ACTIVE_SERVICES_CAPITATED_TO_PRIMARY_CARE_PROVIDER": "4",
    "ACTIVE_PENDING_INVESTIGATION": "5",
    "INACTIVE": "6",
    "INACTIVE_PENDING_ELIGIBILITY_UPDATE": "7",
    "INACTIVE_PENDING_INVESTIGATION": "8",
}
_KINDS = {
    "coInsurance": "A",
    "coPayment": "B",
    "deductible": "C",
    "coverageBasis": "CB",
    "benefitDescription": "D",
    "exclusions": "E",
    "limitations": "F",
    "outOfPocket": "G",
    "unlimited": "H",
    "nonCovered": "I",
    "costContainment": "J",
    "reserve": "K",
    "primaryCareProvider": "L",
    "preExistingCondition": "M",
    "managedCareCoordinator": "MC",
    "servicesRestrictedToFollowingProvider": "N",
    "notDeemedMedicalNecessity": "O",
    "benefitDisclaimer": "P",
    "secondSurgicalOpinionRequired": "Q",
    "otherOrAdditionalPayer": "R",
    "priorYearsHistory": "S",
    "cardReportedStolen": "T",
    "contactFollowingEntityForInformation": "U",
    "cannotProcess": "V",
    "otherSourceOfData": "W",
    "healthCareFacility": "X",
    "spendDown": "Y",
}
"""EB01."""

_LEVELS = {
    "CHILDREN_ONLY": "CHD",
    "DEPENDENTS_ONLY": "DEP",
    "EMPLOYEE_AND_CHILDREN": "ECH",
    "EMPLOYEE_ONLY": "EMP",
    "EMPLOYEE_AND_SPOUSE": "ESP",
    "FAMILY": "FAM",
    "INDIVIDUAL": "IND",
    "SPOUSE_AND_CHILDREN": "SPC",
    "SPOUSE_ONLY": "SPO",
}
_PERIODS = {
    "HOUR": "6",
    "DAY": "7",
    "24_HOURS": "13",
    "YEARS": "21",
    "SERVICE_YEAR": "22",
    "CALENDAR_YEAR": "23",
    "YEAR_TO_DATE": "24",
    "CONTRACT": "25",
    "EPISODE": "26",
    "VISIT": "27",
    "OUTLIER": "28",
    "REMAINING": "29",
    "EXCEEDED": "30",
    "NOT_EXCEEDED": "31",
    "LIFETIME": "32",
    "LIFETIME_REMAINING": "33",
    "MONTH": "34",
    "WEEK": "35",
    "ADMISSION": "36",
}
_UNITS = {
    "DAYS": "DY",
    "HOURS": "HS",
    "NUMBER_OF_SERVICES_OR_PROCEDURES": "P6",
    "UNITS": "FL",
    "VISITS": "VS",
    "YEARS": "YY",
    "MONTH": "MN",
}
_EVERY = {"DAYS": "DA", "MONTHS": "MO", "VISIT": "VS", "WEEK": "WK", "YEARS": "YR"}
_NETWORKS = {"IN_NETWORK": "Y", "OUT_OF_NETWORK": "N", "IN_AND_OUT_OF_NETWORK": "W"}
_NEEDED = {"REQUIRED": "Y", "NOT_REQUIRED": "N"}
_RELATIONS = {"SPOUSE": "01", "CHILD": "19"}
_PROCEDURES = {"CPT": "HC", "HCPCS": "HC"}
"""Words with the codes of EB02, EB06, EB09, HSD03, EB12, EB11, INS02 and EB13."""

_DAYS = {
    "plan": ("plan", "planBegin", "planEnd"),
    "benefit": ("benefit", "benefitBegin", "benefitEnd"),
    "eligibility": ("eligibility", "eligibilityBegin", "eligibilityEnd"),
    "enrollment": ("enrollment", "enrollment", ""),
}
"""Names of periods with the older names of both days, of the first alone, and of the last alone."""

_AS_IT_IS = {"amount": "benefitAmount", "percent": "benefitPercent", "planCoverageDescription": "planCoverage"}
_AS_IT_IS |= {"insuranceType": "insuranceTypeCode"}
_PASSED_OVER = {"status", "relatedEntities", "additionalInformation"}
"""The status is the code; the others name persons, places and numbers."""


def older_form(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The answer of a file in the older form, with the entries of all plans in their order. Raises `UnreadableFile`."""
    plans = content[PLANS]
    if not isinstance(plans, list):
        raise _unreadable(file, PLANS, "no list", "a list of plans with their benefits")
    entries: list[dict[str, Any]] = []
    for number, plan in enumerate(plans):
        benefits = plan.get("benefits") if isinstance(plan, dict) else None
        if not isinstance(benefits, dict):
            found = "a list" if isinstance(benefits, list) else "no object"
            place = f"{PLANS}[{number}].benefits"
            raise _unreadable(file, place, found, "an object with a list for each kind of benefit")
        entries += _entries(benefits)
    errors = content.get("errors")
    if not entries and not errors:
        raise _unreadable(file, PLANS, "no benefit in any plan", "at least one, or errors")
    subscriber, dependent = _object(content, "subscriber"), _object(content, "dependent")
    person = dependent or subscriber
    told: dict[str, Any] = {"subscriber": _person(subscriber)}
    told |= {"planDateInformation": _days(_object(person, "dates"), {})}
    told |= {"dependents": [_person(dependent)]} if dependent else {}
    return told | {"errors": errors if isinstance(errors, list) else [], "benefitsInformation": entries}


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    relation = _word(person.get("relationToSubscriber"), _RELATIONS)
    return {"dateOfBirth": _day(person.get("dateOfBirth")), "relationToSubscriberCode": relation}


def _entries(benefits: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The entries of a plan, kind by kind."""
    for kind, each in benefits.items():
        if kind == "invalidEntries":
            for some in each.values() if isinstance(each, dict) else ():
                yield from ({f"{kind}": True} for _ in (some if isinstance(some, list) else ()))
            continue
        for entry in each if isinstance(each, list) else ():
            told = entry if isinstance(entry, dict) else {}
            code = _word(told.get("status"), _STATUSES) if kind == "statuses" else _KINDS.get(kind, "")
            yield _entry(told) | ({"code": code} if code else {kind: True})


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without its code."""
    told: dict[str, Any] = {}
    for name, value in entry.items():
        if name in _AS_IT_IS:
            told[_AS_IT_IS[name]] = value
        elif name in _READERS:
            told |= _READERS[name](value)
        elif name not in _PASSED_OVER:
            told[name] = value
    return told


def _service(value: Any) -> dict[str, Any]:
    """A service type, or a procedure; ranges of codes and codes of other systems are not read."""
    given = value if isinstance(value, dict) else {}
    system, code = _word(given.get("system"), {}), _word(given.get("value"), {})
    if code and system == "STC":
        return {"serviceTypeCodes": [code]}
    if code and system in _PROCEDURES:
        named = {"productOrServiceIDQualifierCode": _PROCEDURES[system], "procedureCode": code}
        return {"compositeMedicalProcedureIdentifier": named}
    return {"service": value}


def _network(value: Any) -> dict[str, Any]:
    indicator = value.get("indicator") if isinstance(value, dict) else None
    return {"inPlanNetworkIndicatorCode": _word(indicator, _NETWORKS)}


def _quantity(value: Any) -> dict[str, Any]:
    amount, unit = _measured(value, _UNITS)
    return {"benefitQuantity": amount, "quantityQualifierCode": unit}


def _messages(value: Any) -> dict[str, Any]:
    some = value if isinstance(value, list) else []
    return {"additionalInformation": [{"description": each} for each in some]}


def _places(value: Any) -> dict[str, Any]:
    codes = [each.get("code") for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    some = [{"codeListQualifierCode": "ZZ", "industryCode": each} for each in codes if each]
    return {"eligibilityAdditionalInformationList": some}


def _deliveries(value: Any) -> dict[str, Any]:
    """So many visits in a period, or every so many days; ages, and patterns within a week or month, are not read."""
    found: dict[str, Any] = {"benefitsServiceDelivery": []}
    for each in value if isinstance(value, list) else ():
        if not isinstance(each, dict):
            continue
        for name in each.keys() - {"delivery"}:
            found[f"serviceLimits.{name}"] = True
        delivery = _object(each, "delivery")
        for name in delivery.keys() - {"quantity", "period", "frequency"}:
            found[f"serviceLimits.delivery.{name}"] = True
        quantity, unit = _measured(delivery.get("quantity"), _UNITS)
        periods, period = _measured(delivery.get("period"), _PERIODS)
        modulus, every = _measured(delivery.get("frequency"), _EVERY)
        made = {"quantityQualifierCode": unit, "quantity": quantity, "unitForMeasurementCode": every}
        made |= {"sampleSelectionModulus": modulus, "timePeriodQualifierCode": period, "numOfPeriods": periods}
        if any(made.values()):
            found["benefitsServiceDelivery"].append(made)
    return found


def _dates(value: Any) -> dict[str, Any]:
    unknown: dict[str, Any] = {}
    return {"benefitsDateInformation": _days(value if isinstance(value, dict) else {}, unknown)} | unknown


def _days(dates: Mapping[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """Periods under their older names; those that have none are put into `unknown`."""
    found: dict[str, Any] = {}
    for name, value in dates.items():
        first, last = _day(_object(dates, name).get("start")), _day(_object(dates, name).get("end"))
        both, begin, end = _DAYS.get(name, ("", "", ""))
        if not both:
            unknown[f"dates.{name}"] = value
        elif first and last:
            found[both] = f"{first}-{last}"
        elif first:
            found[begin] = first
        elif last and end:
            found[end] = last
    return found


_READERS: Final = {
    "coverageLevel": lambda value: {"coverageLevelCode": _word(value, _LEVELS)},
    "timePeriod": lambda value: {"timeQualifierCode": _word(value, _PERIODS)},
    "priorAuthIndicator": lambda value: {"authOrCertIndicator": _word(value, _NEEDED)},
    "service": _service,
    "network": _network,
    "quantity": _quantity,
    "messages": _messages,
    "placesOfService": _places,
    "serviceLimits": _deliveries,
    "dates": _dates,
}
"""How the names of an entry become older ones."""


def _measured(value: Any, words: Mapping[str, str]) -> tuple[Any, str]:
    """A number and the code of its qualifier."""
    given = value if isinstance(value, dict) else {}
    return given.get("value", ""), _word(given.get("qualifier"), words)


def _word(value: Any, words: Mapping[str, str]) -> str:
    """The code of a word; a word that is not known as it stands, and nothing for what is no text."""
    return words.get(value, value) if isinstance(value, str) else ""


def _day(value: Any) -> str:
    """`2026-01-31` as `20260131`."""
    return value.replace("-", "") if isinstance(value, str) else ""


def _object(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _unreadable(file: str, place: str, found: str, expected: str) -> UnreadableFile:
    return UnreadableFile([Unread(file, 0, place, found, expected)])
