"""The fixed words of steps: what a copay is due for, and what a coinsurance is a share of.

Copay units and coinsurance bases each have one table beside the words, with the kernel's code. Grammar, schema,
compiler and explanations read it there (docs/architecture.md, "One fact in one place").
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from camcover.rulebook.records.terms import assert_complete


class CopayPer(StrEnum):
    """What one copay is due for."""

    VISIT = "visit"
    LINE = "line"
    UNIT = "unit"
    DAY = "day"
    FACILITY = "facility"


class CopayTerms(NamedTuple):
    """One unit of copays. `code`: its name in `engine.kernel.codes.StepKind`."""

    code: str


COPAYS: dict[CopayPer, CopayTerms] = {
    CopayPer.VISIT: CopayTerms("COPAY_VISIT"),
    CopayPer.LINE: CopayTerms("COPAY_LINE"),
    CopayPer.UNIT: CopayTerms("COPAY_UNIT"),
    CopayPer.DAY: CopayTerms("COPAY_DAY"),
    CopayPer.FACILITY: CopayTerms("COPAY_FACILITY"),
}
"""Every unit of copays; the first holds where the file names none."""

DAILY_COPAYS = (CopayPer.DAY, CopayPer.FACILITY)
"""Once a day over several benefits, or once a day and facility (point 20)."""

BOUND_UNITS = tuple(per for per in COPAYS if per not in DAILY_COPAYS)
"""What the least and the most of a coinsurance may be for, and a copay that is compared with one (point 44)."""


_BY_FACILITY = "@"


def daily_scope(units: Iterable[CopayPer], scope: str) -> str | None:
    """The scope of copays per day of a benefit whose copays have `units`; None: none is per day.

    Copays per day and facility have scopes of their own, with a sign in front.
    """
    found = set(units)
    if CopayPer.FACILITY in found:
        return f"{_BY_FACILITY}{scope}"
    return scope if CopayPer.DAY in found else None


def is_by_facility(scope: str) -> bool:
    """Whether the copays of a scope are per day and facility."""
    return scope.startswith(_BY_FACILITY)


class CoinsuranceOf(StrEnum):
    """The base of a coinsurance percentage."""

    REMAINING = "remaining"
    AFTER_DEDUCTIBLE = "after_deductible"
    ALLOWED = "allowed"


class CoinsuranceTerms(NamedTuple):
    """One base of coinsurances. `code`: its name in `engine.kernel.codes.StepKind`; `words`: what the share is of."""

    code: str
    words: str


COINSURANCES: dict[CoinsuranceOf, CoinsuranceTerms] = {
    CoinsuranceOf.REMAINING: CoinsuranceTerms("COINSURANCE_REMAINING", "what is left"),
    CoinsuranceOf.AFTER_DEDUCTIBLE: CoinsuranceTerms(
        "COINSURANCE_AFTER_DEDUCTIBLE", "the allowed amount less the deductible"
    ),
    CoinsuranceOf.ALLOWED: CoinsuranceTerms("COINSURANCE_ALLOWED", "the allowed amount"),
}
"""Every base of coinsurances; the first holds where the file names none."""

assert_complete(CopayPer, COPAYS)
assert_complete(CoinsuranceOf, COINSURANCES)
