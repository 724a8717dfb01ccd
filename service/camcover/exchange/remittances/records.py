"""What a payer decided, what was estimated, and the two of one line together. Amounts are integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

__all__ = [
    "ComparedLine",
    "ErrorCause",
    "EstimatedCare",
    "EstimatedLine",
    "RemittedAdjustment",
    "RemittedClaim",
    "RemittedLine",
]

DEDUCTIBLE, COINSURANCE, COPAY, ABOVE_ALLOWED = "1", "2", "3", "45"
LIMITS = frozenset({"35", "119", "149", "222", "273"})
"""CARCs of a benefit maximum."""

OTHER_PAYMENTS = frozenset({"23", "94", "144", "187", "223", "237", "253"})
"""CARCs that say nothing of coverage: other payers, incentives, accounts, sequestration, penalties by law."""

_SHARED = frozenset({DEDUCTIBLE, COINSURANCE, COPAY, ABOVE_ALLOWED})


class RemittedAdjustment(NamedTuple):
    """One adjustment: CO, PR, OA or PI, the claim adjustment reason code, what was taken off."""

    group: str
    reason: str
    cents: int


@dataclass(frozen=True, slots=True)
class RemittedLine:
    """One service line of a remittance. `segment`: the number of its SVC. `allowed_told`: AMT*B6; None = not told."""

    segment: int
    date: date | None
    code: str
    charge_cents: int
    paid_cents: int
    adjustments: tuple[RemittedAdjustment, ...]
    allowed_told: int | None = None
    control: str = ""

    def patient(self, *reasons: str) -> int:
        """What the patient owes for some reasons; for any where none is named."""
        return sum(
            each.cents for each in self.adjustments if each.group == "PR" and (not reasons or each.reason in reasons)
        )

    @property
    def denied_cents(self) -> int:
        """What was not covered, whoever bears it."""
        known = _SHARED | OTHER_PAYMENTS
        return sum(each.cents for each in self.adjustments if each.reason not in known)

    @property
    def limited_cents(self) -> int:
        """What was beyond a benefit maximum."""
        return sum(each.cents for each in self.adjustments if each.reason in LIMITS)

    @property
    def allowed_cents(self) -> int:
        """What was allowed: as told, else the charge less what is above the fee schedule and what is not covered."""
        if self.allowed_told is not None:
            return self.allowed_told
        above = sum(each.cents for each in self.adjustments if each.reason == ABOVE_ALLOWED)
        return self.charge_cents - above - self.denied_cents

    @property
    def is_denied(self) -> bool:
        """Whether nothing of it was covered."""
        return self.denied_cents > 0 and self.denied_cents >= self.charge_cents


@dataclass(frozen=True, slots=True)
class RemittedClaim:
    """One claim. `number`: that of the provider (CLP01); `others`: further numbers, of payer and claim.

    `member`: the member's identifier; it serves to find the estimate, and is told nowhere.
    """

    segment: int
    number: str
    others: tuple[str, ...]
    member: str
    lines: tuple[RemittedLine, ...]


@dataclass(frozen=True, slots=True)
class EstimatedLine:
    """One line of an estimate. `share_cents`: what the member's side bears, before accounts and a second plan."""

    date: date
    code: str
    therapy: str
    benefit: str
    member: str
    is_covered: bool
    is_limit: bool
    charge_cents: int
    allowed_cents: int
    deductible_cents: int
    copay_cents: int
    coinsurance_cents: int
    balance_bill_cents: int
    share_cents: int


@dataclass(frozen=True, slots=True)
class EstimatedCare:
    """One estimate. `is_capped`: an out-of-pocket maximum is reached after its last line."""

    request_id: str
    plan: str
    lines: tuple[EstimatedLine, ...]
    is_capped: bool = False


class ErrorCause(StrEnum):
    """What explains a difference between estimate and remittance."""

    ALLOWED = "allowed"
    ACCUMULATORS = "accumulators"
    LIMIT = "limit"
    COVERAGE = "coverage"
    CHARGE = "charge"
    TERMS = "terms"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line as estimated and as decided. `causes`: the parts of the error, in cents; they add up to it."""

    plan: str
    estimated: EstimatedLine
    remitted: RemittedLine
    causes: dict[ErrorCause, int]

    @property
    def error_cents(self) -> int:
        """What the patient owes more than estimated."""
        return self.remitted.patient() - self.estimated.share_cents

    @property
    def main_cause(self) -> ErrorCause | None:
        """What explains most of the error; None: there is none."""
        told = [cause for cause, cents in self.causes.items() if cents]
        return max(told, key=lambda cause: abs(self.causes[cause]), default=None)
