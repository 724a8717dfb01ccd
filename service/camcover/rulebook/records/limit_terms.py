"""The fixed words of limits: what they count, and over which period.

Measures and periods each have one table beside the words: the kernel's code, the words for members of staff, the
length. Grammar, schema, compiler, explanations and analysis read it there (docs/architecture.md, "One fact in one
place").
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from camcover.rulebook.records.terms import assert_complete


class Measure(StrEnum):
    """What a limit counts in."""

    VISITS = "visits"
    UNITS = "units"
    MINUTES = "minutes"
    MONEY = "money"


NOUNS: dict[Measure, str | None] = {
    Measure.VISITS: "visit",
    Measure.UNITS: "unit",
    Measure.MINUTES: "minute",
    Measure.MONEY: None,
}
"""What one of a measure is called, in rule files and in sentences; None: it is money, written in dollars."""


MINUTES_OF_HOUR = 60
"""A limit of hours is one of minutes."""


class Counting(StrEnum):
    """What makes a limit count: the covered visit, unit or minute, money paid by the plan, or money allowed."""

    COVERED = "covered"
    PLAN_PAID = "plan_paid"
    ALLOWED = "allowed"


Counted = tuple[Measure, Counting]
"""What a limit counts, and when."""


class MeasureTerms(NamedTuple):
    """One thing that a limit may count.

    `code`: its name in `engine.kernel.codes.LimitMeasure`; `bounded_by`: what never counts less of a line than this.
    """

    code: str
    bounded_by: tuple[Counted, ...]


_COVERED_VISITS, _PAID_VISITS = (Measure.VISITS, Counting.COVERED), (Measure.VISITS, Counting.PLAN_PAID)
_COVERED_UNITS = (Measure.UNITS, Counting.COVERED)
_COVERED_MINUTES = (Measure.MINUTES, Counting.COVERED)
_MONEY_PAID, _MONEY_ALLOWED = (Measure.MONEY, Counting.PLAN_PAID), (Measure.MONEY, Counting.ALLOWED)

MEASURES: dict[Counted, MeasureTerms] = {
    _COVERED_VISITS: MeasureTerms("VISITS", (_COVERED_VISITS, _COVERED_UNITS)),
    _PAID_VISITS: MeasureTerms(
        "VISITS_PLAN_PAID",
        (_COVERED_VISITS, _PAID_VISITS, _COVERED_UNITS),
    ),
    _COVERED_UNITS: MeasureTerms("UNITS", (_COVERED_UNITS,)),
    _COVERED_MINUTES: MeasureTerms("MINUTES", (_COVERED_MINUTES,)),
    _MONEY_PAID: MeasureTerms("MONEY_PLAN_PAID", (_MONEY_PAID, _MONEY_ALLOWED)),
    _MONEY_ALLOWED: MeasureTerms("MONEY_ALLOWED", (_MONEY_ALLOWED,)),
}
"""All that limits may count; of each measure first what it counts where the file does not say."""


def countings(measure: Measure) -> tuple[Counting, ...]:
    """What a limit of this measure may count; the default comes first."""
    return tuple(counting for each, counting in MEASURES if each is measure)


assert_complete(Measure, NOUNS)
assert_complete(Measure, {measure for measure, _ in MEASURES})
