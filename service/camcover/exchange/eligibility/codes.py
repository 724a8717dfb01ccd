"""The codes of X12 271 that are read, in words of our own. A code that is not here is kept as it stands, and noted."""

from __future__ import annotations

import re

from camcover.exchange.eligibility.records import BenefitNetwork, CoverageLevel, FactUnit

__all__ = [
    "ACTIVE",
    "BENEFITS",
    "DAY_PERIODS",
    "INACTIVE",
    "LEVELS",
    "LIFETIME_REMAINING",
    "NETWORKS",
    "PERIODS_TOLD",
    "REFUSALS",
    "REMAINING",
    "ROLES",
    "UNITS_TOLD",
    "USED_SO_FAR",
    "named_services",
]

ACTIVE, INACTIVE = ("1", "2", "3", "4", "5"), ("6", "7", "8")
"""EB01 of a status: the coverage is active, or it is not."""

BENEFITS = {
    "D": "a description of a benefit",
    "E": "an exclusion",
    "F": "a limit",
    "H": "a limit of the plan",
    "J": "a cost containment",
    "K": "a reserve",
    "L": "a primary care provider",
    "M": "a condition that exists already",
    "MC": "a managed care coordinator",
    "N": "services restricted to a provider",
    "P": "a disclaimer",
    "Q": "a second opinion that is needed",
    "R": "another payer",
    "S": "prior history",
    "T": "a card that was lost",
    "U": "whom to ask for details",
    "V": "what cannot be processed",
    "W": "another source of data",
    "X": "a provider of care",
    "Y": "a spend down",
}
"""EB01 of what is told and that no fact of a request takes."""

LEVELS = {
    "IND": CoverageLevel.INDIVIDUAL,
    "EMP": CoverageLevel.INDIVIDUAL,
    "FAM": CoverageLevel.FAMILY,
    "ECH": CoverageLevel.FAMILY,
    "ESP": CoverageLevel.FAMILY,
    "SPC": CoverageLevel.FAMILY,
    "DEP": CoverageLevel.FAMILY,
}
"""EB02."""

NETWORKS = {"Y": BenefitNetwork.IN, "N": BenefitNetwork.OUT, "W": BenefitNetwork.BOTH, "U": BenefitNetwork.UNKNOWN}
"""EB12."""

REMAINING, LIFETIME_REMAINING, USED_SO_FAR = "29", "33", "24"
"""EB06 of what is left, of what is left of a lifetime's, and of the year to date."""

PERIODS_TOLD = {
    "": "",
    "6": "an hour",
    "7": "a day",
    "13": "24 hours",
    "21": "years",
    "22": "a service year",
    "23": "a calendar year",
    "25": "a contract year",
    "26": "an episode",
    "27": "a visit",
    "32": "a lifetime",
    "34": "a month",
    "35": "a week",
    "36": "an admission",
}
"""EB06, and HSD05, of a total."""

DAY_PERIODS = {"DA": "7", "WK": "35", "MO": "34", "VS": "27", "YR": "23"}
"""HSD03 as a time period qualifier."""

UNITS_TOLD = {
    "VS": (FactUnit.VISITS, 1),
    "DY": (FactUnit.VISITS, 1),
    "FL": (FactUnit.UNITS, 1),
    "P6": (FactUnit.UNITS, 1),
    "HS": (FactUnit.MINUTES, 60),
}
"""EB09 and HSD01: the unit, and how many of it one is."""

ROLES = {"18": "subscriber", "01": "spouse", "19": "child"}
"""INS02."""

REFUSALS = {
    "04": "an authorized quantity is exceeded",
    "15": "required data is missing",
    "33": "data is wrong",
    "35": "the date is out of the payer's range",
    "41": "the asker is not authorized for this payer",
    "42": "the payer cannot answer now",
    "43": "the provider's identifier is wrong or missing",
    "45": "the provider's specialty is wrong or missing",
    "47": "the provider's state is wrong or missing",
    "48": "the provider's identifier is of the wrong kind",
    "49": "the provider is not a primary care provider",
    "50": "the provider may not ask",
    "51": "the provider is not on file",
    "52": "the service dates are outside the provider's enrollment",
    "56": "a date is wrong",
    "57": "the service date is wrong or missing",
    "58": "the birth date is wrong or missing",
    "60": "the birth date is behind the service date",
    "61": "the date of death is before the service date",
    "62": "the service date is outside what may be asked",
    "63": "the service date is in the future",
    "64": "the patient's identifier is wrong or missing",
    "65": "the patient's name is wrong or missing",
    "67": "the patient is not found",
    "68": "the patient's identifier is there twice",
    "71": "the birth date is not that of the patient on file",
    "72": "the subscriber's identifier is wrong or missing",
    "73": "the subscriber's name is wrong or missing",
    "74": "the subscriber's sex is wrong or missing",
    "75": "the subscriber is not found",
    "76": "the subscriber's identifier is there twice",
    "78": "the subscriber is not in the group or plan that was named",
    "79": "the sender or the payer is wrong",
    "80": "the payer does not answer",
}
"""AAA03."""

_SERVICE_WORDS = {
    r"chiropract": ("33",),
    r"acupunct": ("64",),
    r"occupational|\bot\b": ("AD",),
    r"physical (?:and \w+ )?(?:therap|medicine)|physiotherap|\bpt\b": ("PT", "AE"),
    r"speech|\bst\b": ("AF",),
    r"massage": ("BE",),
    r"cardiac rehab": ("BG",),
    r"pulmonary rehab": ("BF",),
    r"cognitive": ("BD",),
    r"psychotherap": ("A6",),
    r"mental health": ("MH",),
}
"""How a payer's text names services, and their service type codes."""


def named_services(text: str) -> frozenset[str]:
    """The service type codes of the services that a text names."""
    lowered = text.casefold()
    return frozenset(code for pattern, codes in _SERVICE_WORDS.items() if re.search(pattern, lowered) for code in codes)
