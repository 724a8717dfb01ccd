"""The fixed words of steps: what a copay is due for, and what a coinsurance is a share of.

Copay units and coinsurance bases each have one table beside the words, with the kernel's code. Grammar, schema,
compiler and explanations read it there (docs/architecture.md, "One fact in one place").
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from camcover.rulebook.records.terms import assert_complete


class CopayPer(StrEnum):
    """What one copay is due for."""

    VISIT = "visit"
    LINE = "line"
    UNIT = "unit"
    DAY = "day"


class CopayTerms(NamedTuple):
    """One unit of copays. `code`: its name in `engine.kernel.codes.StepKind`."""

    code: str


COPAYS: dict[CopayPer, CopayTerms] = {
    CopayPer.VISIT: CopayTerms("COPAY_VISIT"),
    CopayPer.LINE: CopayTerms("COPAY_LINE"),
    CopayPer.UNIT: CopayTerms("COPAY_UNIT"),
    CopayPer.DAY: CopayTerms("COPAY_DAY"),
}
"""Every unit of copays; the first holds where the file names none."""

BOUND_UNITS = tuple(per for per in COPAYS if per is not CopayPer.DAY)
"""What the least and the most of a coinsurance may be for, and a copay that is compared with one (point 44)."""


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
