"""The fixed words of the rule language: every choice a file may make from a closed list."""

from __future__ import annotations

from enum import StrEnum

STATES = (
    "AK",
    "AL",
    "AR",
    "AZ",
    "CA",
    "CO",
    "CT",
    "DC",
    "DE",
    "FL",
    "GA",
    "HI",
    "IA",
    "ID",
    "IL",
    "IN",
    "KS",
    "KY",
    "LA",
    "MA",
    "MD",
    "ME",
    "MI",
    "MN",
    "MO",
    "MS",
    "MT",
    "NC",
    "ND",
    "NE",
    "NH",
    "NJ",
    "NM",
    "NV",
    "NY",
    "OH",
    "OK",
    "OR",
    "PA",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VA",
    "VT",
    "WA",
    "WI",
    "WV",
    "WY",
    "AS",
    "GU",
    "MP",
    "PR",
    "VI",
)
"""USPS codes: the states, the District of Columbia, then the inhabited territories."""


class TaxAdvantage(StrEnum):
    """Whether an HSA or FSA may pay for a therapy (IRS Publication 502)."""

    ELIGIBLE = "eligible"
    WITH_LETTER = "with_letter"
    NOT_ELIGIBLE = "not_eligible"


class AccumulatorKind(StrEnum):
    """What an accumulator's sum does."""

    DEDUCTIBLE = "deductible"
    OUT_OF_POCKET_MAXIMUM = "out_of_pocket_maximum"


class FamilyMode(StrEnum):
    """How individual and family amounts combine under family coverage."""

    EMBEDDED = "embedded"
    AGGREGATE = "aggregate"


class Carryover(StrEnum):
    """Whether the last quarter's deductible is credited to the next benefit period."""

    NONE = "none"
    LAST_QUARTER = "last_quarter"
    LAST_QUARTER_IF_UNMET = "last_quarter_if_unmet"


class AboveAllowedKind(StrEnum):
    """Who owes charge minus allowed amount."""

    WRITTEN_OFF = "written_off"
    MEMBER = "member"
    MEMBER_UP_TO = "member_up_to"


class Setting(StrEnum):
    """Where a service is given: the closed vocabulary of the `settings` criterion."""

    OFFICE = "office"
    HOME = "home"
    TELEHEALTH = "telehealth"
    OUTPATIENT_HOSPITAL = "outpatient_hospital"
    INPATIENT_HOSPITAL = "inpatient_hospital"
    CLINIC = "clinic"
    GROUP = "group"
    COMMUNITY = "community"


class Attestation(StrEnum):
    """What a requirement or a soft limit asks for."""

    PRIOR_AUTHORIZATION = "prior_authorization"
    REFERRAL = "referral"
    PLAN_OF_CARE = "plan_of_care"
    LETTER_OF_MEDICAL_NECESSITY = "letter_of_medical_necessity"
    IMPROVEMENT_DOCUMENTED = "improvement_documented"
    ACTIVE_TREATMENT = "active_treatment"
    ADVANCE_NOTICE = "advance_notice"


DIAGNOSIS_DENIAL, LIMITS_DENIAL = "diagnosis", "limits"
DENIALS = (DIAGNOSIS_DENIAL, LIMITS_DENIAL, *map(str, Attestation))
"""What a tier may make the provider's: an attestation's word stands for its being missing (point 41)."""


class Measure(StrEnum):
    """What a limit counts in."""

    VISITS = "visits"
    UNITS = "units"
    MONEY = "money"


class Counting(StrEnum):
    """What makes a limit count: the covered visit or unit, or money paid by the plan or allowed."""

    COVERED = "covered"
    PLAN_PAID = "plan_paid"
    ALLOWED = "allowed"


class PeriodKind(StrEnum):
    """The period over which a limit counts."""

    VISIT = "visit"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    BENEFIT_PERIOD = "benefit_period"
    CALENDAR_YEAR = "calendar_year"
    ROLLING_DAYS = "rolling_days"
    ROLLING_MONTHS = "rolling_months"
    LIFETIME = "lifetime"


class CopayPer(StrEnum):
    """What one copay is due for."""

    VISIT = "visit"
    LINE = "line"
    UNIT = "unit"


class CoinsuranceOf(StrEnum):
    """The base of a coinsurance percentage."""

    REMAINING = "remaining"
    AFTER_DEDUCTIBLE = "after_deductible"
    ALLOWED = "allowed"


class NotCoveredPays(StrEnum):
    """What a member owes on a line that is not covered."""

    CHARGE = "charge"
    ALLOWED = "allowed"
