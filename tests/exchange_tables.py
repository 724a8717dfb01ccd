"""Invented plans in the columns of the exchange's public use files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

PLACES = ("InnTier1", "InnTier2", "OutOfNet", "CombInnOon")
WHOM = {
    "Individual": "Not Applicable",
    "FamilyPerPerson": "per person not applicable",
    "FamilyPerGroup": "per group not applicable",
}
NO_SUMS = {
    f"{kind}{ded}{place}{whom}{moop}": word
    for kind in ("TEHB", "MEHB")
    for place in PLACES
    for whom, word in WHOM.items()
    for ded, moop in (("Ded", ""), ("", "MOOP"))
}
PLAN = {
    "PlanId": "12345OH0010001-01",
    "StateCode": "OH",
    "IssuerId": "12345",
    "IssuerMarketPlaceMarketingName": "Example Health",
    "PlanMarketingName": "Silver One",
    "PlanType": "PPO",
    "MetalLevel": "Silver",
    "CSRVariationType": "Standard Silver On Exchange Plan",
    "DentalOnlyPlan": "No",
    "IsHSAEligible": "No",
    "MultipleInNetworkTiers": "No",
    "MedicalDrugDeductiblesIntegrated": "Yes",
    "MedicalDrugMaximumOutofPocketIntegrated": "Yes",
    **NO_SUMS,
    "TEHBDedInnTier1Individual": "$3,000 ",
    "TEHBDedInnTier1FamilyPerPerson": "$3000 per person",
    "TEHBDedInnTier1FamilyPerGroup": "$6000 per group",
    "TEHBInnTier1IndividualMOOP": "$9,000 ",
    "TEHBInnTier1FamilyPerPersonMOOP": "$9000 per person",
    "TEHBInnTier1FamilyPerGroupMOOP": "$18000 per group",
    "TEHBDedOutOfNetIndividual": "$6,000",
    "TEHBDedOutOfNetFamilyPerPerson": "$6000 per person",
    "TEHBDedOutOfNetFamilyPerGroup": "$12000 per group",
}
"""A plan with deductible and maximum of medical care and drugs together; other columns of CMS's file are not read."""

BENEFIT = {
    "PlanId": "12345OH0010001-01",
    "BenefitName": "Acupuncture",
    "CopayInnTier1": "$30.00",
    "CopayInnTier2": "",
    "CopayOutofNet": "Not Applicable",
    "CoinsInnTier1": "Not Applicable",
    "CoinsInnTier2": "",
    "CoinsOutofNet": "50.00% Coinsurance after deductible",
    "IsCovered": "Covered",
    "QuantLimitOnSvc": "Yes",
    "LimitQty": "12.0",
    "LimitUnit": "Visit(s) per Year",
    "Explanation": "",
    "IsExclFromInnMOOP": "No",
    "IsExclFromOonMOOP": "No",
}
NO_LIMIT = {"QuantLimitOnSvc": "No", "LimitQty": "", "LimitUnit": ""}
BENEFITS = (
    BENEFIT,
    BENEFIT | {"BenefitName": "Chiropractic Care", "CopayInnTier1": "$1250.00 Copay after deductible", **NO_LIMIT},
    BENEFIT | {"BenefitName": "Massage therapy", "IsCovered": "Not Covered", **NO_LIMIT},
    BENEFIT | {"BenefitName": "Specialist Visit", "CopayInnTier1": "whatever", **NO_LIMIT},
)


def written(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """The rows as a CSV file, quoted as CMS's are."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL)
        table.writeheader()
        table.writerows(rows)
    return path


def exchange(
    folder: Path, plans: Sequence[Mapping[str, str]] = (PLAN,), benefits: Sequence[Mapping[str, str]] = BENEFITS
) -> tuple[Path, Path]:
    """The two files."""
    return written(folder / "plans.csv", plans), written(folder / "benefits.csv", benefits)
