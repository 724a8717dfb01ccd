"""A 271 as clearinghouses hand it on: with X12's codes under names, and spelled out, by tables of our own."""

from __future__ import annotations

from typing import Any

NAMES = {
    1: "code", 2: "coverageLevelCode", 4: "insuranceTypeCode", 5: "planCoverage", 6: "timeQualifierCode",
    7: "benefitAmount", 8: "benefitPercent", 9: "quantityQualifierCode", 10: "benefitQuantity",
    11: "authOrCertIndicator", 12: "inPlanNetworkIndicatorCode",
}  # fmt: skip

KINDS = {"A": "coInsurance", "B": "coPayment", "C": "deductible", "CB": "coverageBasis", "D": "benefitDescription"}
KINDS |= {"F": "limitations", "G": "outOfPocket", "I": "nonCovered", "J": "costContainment"}
STATUSES = {"1": "ACTIVE_COVERAGE", "6": "INACTIVE"}
LEVELS = {"IND": "INDIVIDUAL", "FAM": "FAMILY"}
PERIODS = {"7": "DAY", "22": "SERVICE_YEAR", "23": "CALENDAR_YEAR", "24": "YEAR_TO_DATE", "27": "VISIT"}
PERIODS |= {"29": "REMAINING", "32": "LIFETIME", "36": "ADMISSION"}
NETWORKS = {"Y": "IN_NETWORK", "N": "OUT_OF_NETWORK", "W": "IN_AND_OUT_OF_NETWORK"}
NEEDED = {"Y": "REQUIRED", "N": "NOT_REQUIRED"}


def as_json(text: str) -> dict[str, Any]:
    """A 271 of one subscriber as a clearinghouse hands it on."""
    entries: list[dict[str, Any]] = []
    for segment in text.replace("\n", "").split("~"):
        elements = segment.split("*")
        if elements[0] == "EB":
            entry: dict[str, Any] = {
                NAMES[place]: each for place, each in enumerate(elements) if each and place in NAMES
            }
            if len(elements) > 3 and elements[3]:
                entry["serviceTypeCodes"] = elements[3].split("^")
            entries.append(entry)
        elif elements[0] == "MSG":
            entries[-1].setdefault("additionalInformation", []).append({"description": elements[1]})
    return {
        "subscriber": {"memberId": "X00000042", "firstName": "ANA", "lastName": "SAMPLE", "dateOfBirth": "19820211"},
        "planDateInformation": {"eligibilityBegin": "20240301"},
        "benefitsInformation": entries,
    }


def _entry(elements: list[str], service: str) -> dict[str, Any]:
    """An EB segment for one of its service types, which may be empty."""
    padded = [*elements, *[""] * 14]
    entry: dict[str, Any] = {
        "coverageLevel": LEVELS.get(padded[2]),
        "insuranceType": padded[4],
        "planCoverageDescription": padded[5],
        "timePeriod": PERIODS.get(padded[6]),
        "amount": padded[7],
        "percent": padded[8],
        "priorAuthIndicator": NEEDED.get(padded[11]),
    }
    if padded[12] in NETWORKS:
        entry["network"] = {"indicator": NETWORKS[padded[12]]}
    if padded[9]:
        assert padded[9] == "VS"
        entry["quantity"] = {"value": padded[10], "qualifier": "VISITS"}
    if service:
        entry["service"] = {"system": "STC", "value": service}
    return {name: value for name, value in entry.items() if value}


def spelled(text: str) -> dict[str, Any]:
    """A 271 of one subscriber in the form that spells codes out: an entry for each service type of a segment."""
    benefits: dict[str, Any] = {}
    last: list[dict[str, Any]] = []
    for segment in text.replace("\n", "").split("~"):
        elements = segment.split("*")
        if elements[0] == "EB":
            services = elements[3].split("^") if len(elements) > 3 else [""]
            last = [_entry(elements, each) for each in services]
            if elements[1] in STATUSES:
                last = [{"status": STATUSES[elements[1]]} | each for each in last]
            benefits.setdefault(KINDS.get(elements[1], "statuses"), []).extend(last)
        elif elements[0] == "MSG":
            for each in last:
                each.setdefault("messages", []).append(elements[1])
    dates = {"eligibility": {"start": "2024-03-01"}}
    subscriber = {"memberId": "X00000042", "dateOfBirth": "1982-02-11", "dates": dates}
    return {"id": "1", "subscriber": subscriber, "plans": [{"name": "GOLD", "benefits": benefits}]}
