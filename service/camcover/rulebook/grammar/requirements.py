"""The `requires` of a benefit: attestations, each with its penalty (docs/rule-language.md, section 4, requirements)."""

from __future__ import annotations

from typing import Any

from camcover.messages import sentence
from camcover.rulebook.mappings import Field, Record
from camcover.rulebook.records import Attestation, Place, Requirement, Word
from camcover.rulebook.scalars import PENALTY, VISITS_OF
from camcover.rulebook.shapes import Choice, Context, Either, ListOf, Value, Values

__all__ = ["REQUIRES", "requirements_of"]

_ONE_REQUIREMENT = sentence("unexpected-shape-one-requirement", "found")
_WRITE_EACH_REQUIREMENT = sentence("unexpected-shape-write-each-requirement")
_REQUIREMENT = sentence("expected-requirement", "words")

TERMS = Record(
    "a requirement",
    (
        Field("penalty", Value(PENALTY), "By how much less the plan pays without it; else the line is not covered."),
        Field("after", Value(VISITS_OF), "Needed from the next visit of the benefit period, or of a limit, on."),
    ),
    lambda values, _at, _: (*(values["after"] or (None, None)), *(values["penalty"] or (None, None))),
)


def _requirement(values: Values, at: Place, _context: Context) -> Requirement:
    attestation, (after, visits_of, penalty, cents) = next(
        (key, value) for key, value in values.items() if key != "*" and value
    )
    return Requirement(Attestation(attestation), penalty, after, at, visits_of, cents)


def _one_requirement(values: Values, at: Place, context: Context) -> Any:
    given = [key for key, value in values.items() if key != "*" and value]
    if len(given) != 1:
        finding = _ONE_REQUIREMENT(found=str(len(given)))
        return context.fault("unexpected-shape", at, finding, _WRITE_EACH_REQUIREMENT())
    return _requirement(values, at, context)


REQUIREMENT = Either(
    _REQUIREMENT(words=", ".join(Attestation)),
    scalar=Choice(tuple(map(str, Attestation))),
    table=Record(
        "requirements",
        tuple(Field(str(each), TERMS, "With a penalty, or after a number of visits.") for each in Attestation),
        _one_requirement,
        also={"minProperties": 1, "maxProperties": 1},
    ),
)
REQUIRES = ListOf(REQUIREMENT, minimum=0)


def requirements_of(items: tuple[Any, ...]) -> tuple[Requirement, ...]:
    """The bare words among the requirements as records."""
    return tuple(
        Requirement(Attestation(item), None, None, item.at) if isinstance(item, Word) else item for item in items
    )
