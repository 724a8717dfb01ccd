"""Who gets what a plan pays, which parts of what a member owes an account may pay, and what it carries over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camcover.money import Cents


class OwedPart(StrEnum):
    """A part of what a member owes for a line, in the order in which an account pays them (section 4, accounts)."""

    DEDUCTIBLE = "deductible"
    COPAY = "copay"
    COINSURANCE = "coinsurance"
    PENALTY = "penalty"
    BALANCE_BILL = "balance_bill"
    NOT_COVERED = "not_covered"


class Payee(StrEnum):
    """Who gets what the plan pays."""

    PROVIDER = "provider"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """What is left of an account in a period goes into the next one: at most so many cents, None = all of it."""

    at_most: Cents | None
