"""What a payer's answer says of one member, as typed facts, each with its segments and how sure it is.

Amounts are integer cents, percentages basis points, quantities whole visits, units or minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

__all__ = [
    "BenefitNetwork",
    "Confidence",
    "CoverageLevel",
    "Eligibility",
    "EligibilityFact",
    "EligibilityNote",
    "FactKind",
    "FactUnit",
    "NoteKind",
]


class BenefitNetwork(StrEnum):
    """For which providers a benefit is; X12's code W, not applicable, means both."""

    IN = "in_network"
    OUT = "out_of_network"
    BOTH = "both"
    UNKNOWN = "unknown"


class CoverageLevel(StrEnum):
    """Whose amount it is."""

    INDIVIDUAL = "individual"
    FAMILY = "family"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a fact is: a code says it; it was worked out, or is told in words; it is a guess, and fills nothing."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FactKind(StrEnum):
    """What a fact is about."""

    COVERAGE = "coverage"
    COVERED_FROM = "covered_from"
    COVERED_TO = "covered_to"
    ENROLLED_ON = "enrolled_on"
    BIRTH_DATE = "birth_date"
    ROLE = "role"
    DEDUCTIBLE = "deductible"
    OUT_OF_POCKET_MAXIMUM = "out_of_pocket_maximum"
    LIMIT = "limit"
    COPAY = "copay"
    COINSURANCE = "coinsurance"
    NOT_COVERED = "not_covered"
    AUTHORIZATION = "authorization"


class FactUnit(StrEnum):
    """In what the numbers of a fact are counted."""

    NONE = "none"
    CENTS = "cents"
    BASIS_POINTS = "basis_points"
    VISITS = "visits"
    UNITS = "units"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class EligibilityFact:
    """One fact. `segments`: the numbers of the segments that say it, from 1.

    `total`, `used`, `remaining`: of a sum or a limit, in its unit; None = not told. `is_unlimited`: the total is told
    to be without an end. `amount`: of a copay or a coinsurance. `day`: of a date. `word`: of a role, or whether the
    coverage is active. `service_types`: X12 service type codes; none = not limited to any. `period`: X12 time period
    qualifier of the total, or of the amount. `texts`: what the payer adds in words. `first_day`, `last_day`: the days
    for which it is told, where they are. `is_pool`: one total for all its service types together. `because`: what makes
    the fact less sure than high.
    """

    kind: FactKind
    segments: tuple[int, ...]
    confidence: Confidence = Confidence.HIGH
    because: str = ""
    level: CoverageLevel = CoverageLevel.UNKNOWN
    network: BenefitNetwork = BenefitNetwork.UNKNOWN
    service_types: tuple[str, ...] = ()
    procedure: str = ""
    insurance_type: str = ""
    period: str = ""
    unit: FactUnit = FactUnit.NONE
    total: int | None = None
    used: int | None = None
    remaining: int | None = None
    is_unlimited: bool = False
    amount: int | None = None
    day: date | None = None
    word: str = ""
    places: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    is_pool: bool = False
    first_day: date | None = None
    last_day: date | None = None

    @property
    def so_far(self) -> int | None:
        """What is used: the total less what is left, where both are told; else as told; None = not known."""
        if self.total is not None and self.remaining is not None and self.remaining <= self.total:
            return self.total - self.remaining
        return self.used

    @property
    def is_general(self) -> bool:
        """Whether it is about the plan as a whole, not about some services of it."""
        return not self.procedure and (not self.service_types or "30" in self.service_types)


class NoteKind(StrEnum):
    """What a note says."""

    NOT_READ = "not_read"
    NOT_USED = "not_used"
    NOT_KEPT = "not_kept"
    DISAGREES = "disagrees"
    REFUSED_BY_PAYER = "refused_by_payer"
    INACTIVE = "inactive"
    ATTENTION = "attention"


class EligibilityNote(NamedTuple):
    """A sentence for staff about segments, by their numbers."""

    kind: NoteKind
    segments: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What a file says of one member. `as_of`: the day of the answer; None = not told."""

    as_of: date | None
    facts: tuple[EligibilityFact, ...]
    notes: tuple[EligibilityNote, ...]

    def of_kind(self, *kinds: FactKind) -> tuple[EligibilityFact, ...]:
        """The facts of some kinds, in order of the file."""
        return tuple(fact for fact in self.facts if fact.kind in kinds)
