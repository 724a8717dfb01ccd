"""The fixed words of the rule language: every choice a file may make from a closed list.

Words of limits (measures, periods) stand in `limit_terms`, those of steps (copay units, coinsurance bases) in
`step_terms`, USPS codes in `states`.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class TaxAdvantage(StrEnum):
    """Whether an HSA or FSA may pay for a therapy (IRS Publication 502)."""

    ELIGIBLE = "eligible"
    WITH_LETTER = "with_letter"
    NOT_ELIGIBLE = "not_eligible"


class AccumulatorKind(StrEnum):
    """What an accumulator's sum does."""

    DEDUCTIBLE = "deductible"
    OUT_OF_POCKET_MAXIMUM = "out_of_pocket_maximum"


class SharePart(StrEnum):
    """A part of a line's cost share that a maximum may count, in the order of the cap (point 21)."""

    DEDUCTIBLE = "deductible"
    COPAY = "copay"
    COINSURANCE = "coinsurance"


class FamilyMode(StrEnum):
    """How individual and family amounts combine under family coverage."""

    EMBEDDED = "embedded"
    AGGREGATE = "aggregate"


class Carryover(StrEnum):
    """Whether the last quarter's deductible is credited to the next benefit period."""

    NONE = "none"
    LAST_QUARTER = "last_quarter"
    LAST_QUARTER_IF_UNMET = "last_quarter_if_unmet"


class CodeEdits(StrEnum):
    """Whose rules judge the codes of a day (docs/rule-language.md, point 48)."""

    NONE = "none"
    MEDICARE = "medicare"


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


class UnitRule(StrEnum):
    """How minutes become units (docs/rule-language.md, point 50)."""

    CMS = "cms"
    AMA = "ama"


class Attestation(StrEnum):
    """What a requirement, a criterion or a limit asks for."""

    PRIOR_AUTHORIZATION = "prior_authorization"
    REFERRAL = "referral"
    PLAN_OF_CARE = "plan_of_care"
    LETTER_OF_MEDICAL_NECESSITY = "letter_of_medical_necessity"
    IMPROVEMENT_DOCUMENTED = "improvement_documented"
    ACTIVE_TREATMENT = "active_treatment"
    ADVANCE_NOTICE = "advance_notice"
    REHABILITATION = "rehabilitation"
    SEPARATE_EXAMINATION = "separate_examination"
    DISTINCT_PROCEDURE = "distinct_procedure"
    EXCLUDED_BY_STATUTE = "excluded_by_statute"
    LOWER_COST_SHARE = "lower_cost_share"


DIAGNOSIS_DENIAL, LIMITS_DENIAL = "diagnosis", "limits"
DENIALS = (DIAGNOSIS_DENIAL, LIMITS_DENIAL, *map(str, Attestation))
"""What a tier may make the provider's: an attestation's word stands for its being missing (point 41)."""


class NotCoveredPays(StrEnum):
    """What a member owes on a line that is not covered."""

    CHARGE = "charge"
    ALLOWED = "allowed"


def assert_complete(words: type[StrEnum], told: Collection[StrEnum]) -> None:
    """Raise AssertionError, at import, if a word of an enumeration has no entry in a table beside it."""
    missing = ", ".join(sorted(set(words) - set(told)))
    if missing:
        raise AssertionError(f"{words.__name__}: no entry for {missing}")
