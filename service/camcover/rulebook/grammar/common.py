"""What files of every kind have: the heading, citations, lists of references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camcover.messages import Message, sentence
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.mappings import Field, MapOf, Record
from camcover.rulebook.nodes import Node, Scalar
from camcover.rulebook.phrases import awaited
from camcover.rulebook.records import STATES, Effective, Heading, Place, Review, Source, Word
from camcover.rulebook.scalars import DATE, FAILED, TEXT, YES, JsonSchema
from camcover.rulebook.shapes import (
    Choice,
    Context,
    Definitions,
    ListOf,
    Name,
    Reference,
    Shape,
    Value,
    Values,
    misplaced,
)

CITE_MISSING = declare(
    "cite-missing",
    Severity.ERROR,
    "An accumulator, benefit, exclusion, pool limit or fee table does not cite where its figures were published.",
    "Add `cite:` with a name from `sources:` and the place, such as `eoc p.12`; or mark the file `illustrative: yes`.",
)
CITE_WITHOUT_PLACE = declare(
    "cite-without-place",
    Severity.WARNING,
    "A citation names a source but no place in it, so a reader cannot find the figure.",
    "Add the page or section: `eoc p.12`.",
)
RANGE_REVERSED = declare(
    "range-reversed",
    Severity.ERROR,
    "A range ends before it begins: dates, ages, charges, or the least and the most of a coinsurance.",
    "Exchange the two ends, or correct one of them.",
)
NOTHING_NAMED = declare(
    "nothing-named",
    Severity.ERROR,
    "A benefit, exclusion or discount names neither therapies nor codes, so it applies to nothing.",
    "Add `therapies:` or `codes:`.",
    in_editor=True,
)
_DOES_NOT_CITE = sentence("cite-missing-does-not-cite", "what")
_ADD_CITE = sentence("cite-missing-add-cite")
_NO_PLACE_IN = sentence("cite-without-place-in", "source")
_ADD_PLACE = sentence("cite-without-place-add-place")
_ENDS_BEFORE = sentence("range-reversed-ends-before", "low", "high")
_EXCHANGE_ENDS = sentence("range-reversed-exchange-ends")
_NAMES_NEITHER = sentence("nothing-named-neither", "what")
_ADD_EITHER = sentence("nothing-named-add-either")
_CITATION = awaited("citation")

STATE = Choice(tuple(STATES), called=awaited("state-code"))
CODE = Name(awaited("procedure-code-of-cpt-or-hcpcs"), r"[A-Z0-9]{5}", refers="code")
ICD10 = Name(awaited("icd10"), r"[A-Za-z]([0-9]([0-9A-Za-z](\.?[0-9A-Za-z]{1,4})?)?)?\.?")
ANY_TEXT = Value(TEXT)


def references(kind: str, owner: str = "catalog") -> ListOf:
    """A list of words that the catalog, or another `owner`, must define."""
    return ListOf(Name(awaited(f"{kind}-of-{owner}"), refers=kind), minimum=0)


THERAPIES = references("therapy")
CODES = ListOf(CODE, minimum=0)
TIERS = ListOf(Name(awaited("tier-of-plan"), refers="tier"))


@dataclass(frozen=True, slots=True)
class CitationShape(Shape):
    """`eoc p.12`: a name of `sources:`, then the place."""

    def decode(self, node: Node, context: Context) -> Any:
        """The whole text; its first word is a reference."""
        if not isinstance(node, Scalar) or not node.text.strip():
            return misplaced(node, self.expected, context)
        source, *place = node.text.split()
        if not place:
            context.warn(CITE_WITHOUT_PLACE.code, node.at, _NO_PLACE_IN(source=source), _ADD_PLACE())
        context.references.append(Reference("source", Word(source, node.at)))
        return node.text.strip()

    def schema(self, definitions: Definitions) -> JsonSchema:
        """A string."""
        return {"type": "string"}

    @property
    def expected(self) -> Message:
        """In words."""
        return _CITATION


CITE = Field("cite", CitationShape(), "Where it was published: a name of `sources:`, then the place.")


def is_cited(values: Values, at: Place, context: Context, what: Message) -> bool:
    """Whether the record may stand without a citation or has one; else a fault."""
    if values["cite"] is not None or context.is_illustrative:
        return True
    context.fault(CITE_MISSING.code, at, _DOES_NOT_CITE(what=what), _ADD_CITE())
    return False


def cited(what: Message) -> Callable[[Values, Place, Context], Any]:
    """Makes of a record's values the values themselves, where it may stand without a citation or has one."""
    return lambda values, at, context: values if is_cited(values, at, context, what) else FAILED


def names_something(values: Values, at: Place, context: Context, what: Message) -> bool:
    """Whether there are therapies or codes; else a fault."""
    if values["therapies"] or values["codes"]:
        return True
    context.fault(NOTHING_NAMED.code, at, _NAMES_NEITHER(what=what), _ADD_EITHER())
    return False


def reversed_range(context: Context, at: Place, low: object, high: object) -> Any:
    """The fault of a range that ends before it begins."""
    finding = _ENDS_BEFORE(low=str(low), high=str(high))
    return context.fault(RANGE_REVERSED.code, at, finding, _EXCHANGE_ENDS())


def _effective(values: Values, at: Place, context: Context) -> Any:
    if values["to"] is not None and values["to"] < values["from"]:
        return reversed_range(context, at, values["from"], values["to"])
    return Effective(values["from"], values["to"], at)


EFFECTIVE = Record(
    "effective",
    (
        Field("from", Value(DATE), "The first day.", is_required=True),
        Field("to", Value(DATE), "The last day; not given: open."),
    ),
    _effective,
)
SOURCE = Record(
    "a source",
    (
        Field("title", ANY_TEXT, "The title as published.", is_required=True),
        Field("url", ANY_TEXT, "Where it can be read."),
        Field("published", Value(DATE), "The day it was published."),
        Field("retrieved", Value(DATE), "The day it was read."),
    ),
    lambda values, at, _: Source(values["title"], values["url"], values["published"], values["retrieved"], at),
)
REVIEWED = Record(
    "reviewed",
    (
        Field("on", Value(DATE), "The day of the review.", is_required=True),
        Field("by", ANY_TEXT, "Who reviewed."),
        Field("next", Value(DATE), "When to look again."),
    ),
    lambda values, at, _: Review(values["on"], values["by"], values["next"], at),
)
FILE_ID = Name(awaited("file-id"), r"[a-z][a-z0-9-]*")

_HEADING: tuple[Field, ...] = (
    Field("id", FILE_ID, "The id; editions of one thing share it.", is_required=True),
    Field("name", ANY_TEXT, "The name, for people."),
    Field("effective", EFFECTIVE, "The days on which this edition is in force, both ends included.", is_required=True),
    Field(
        "sources",
        MapOf(Name(awaited("source-name"), r"[A-Za-z0-9][A-Za-z0-9_.-]*", defines="source"), SOURCE),
        "The documents that `cite:` names.",
    ),
    Field("illustrative", Value(YES), "yes: the figures are not from a public source.", default=False),
    Field("reviewed", REVIEWED, "The last review, and when the next is due."),
    Field("notes", ANY_TEXT, "What the next reader should know."),
)


def heading_fields(kind: str) -> tuple[Field, ...]:
    """The keys of every file; `kind` is the word for the kind of file."""
    return (
        Field("format", Choice(("camcover/1",)), "The version of the rule language.", is_required=True),
        Field("kind", Choice((kind,)), "The kind of file.", is_required=True),
        *_HEADING,
    )


def heading(values: Values, at: Place) -> Heading:
    """The heading from a file's values."""
    return Heading(
        id=values["id"],
        name=values["name"],
        effective=values["effective"],
        sources=values["sources"] or {},
        illustrative=values["illustrative"],
        reviewed=values["reviewed"],
        notes=values["notes"],
        at=at,
    )


def failed_unless(*conditions: bool) -> bool:
    """Whether any condition failed; each is evaluated, so that all faults show."""
    return not all(conditions)


__all__ = [
    "ANY_TEXT",
    "CITE",
    "CODE",
    "CODES",
    "FAILED",
    "ICD10",
    "STATE",
    "THERAPIES",
    "TIERS",
    "cited",
    "failed_unless",
    "heading",
    "heading_fields",
    "is_cited",
    "names_something",
    "references",
    "reversed_range",
]
