"""Closed lists of words: the payee, and the parts of what a member owes that an account may pay."""

from __future__ import annotations

from enum import StrEnum


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
