"""kind: fees (docs/rule-language.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from camcover.rulebook.grammar.common import CITE, FAILED, heading, heading_fields, is_cited
from camcover.rulebook.mappings import Field, MapOf, Record
from camcover.rulebook.nodes import Node
from camcover.rulebook.records import Fees, FeeTable, PercentOf, Place, Word
from camcover.rulebook.scalars import MONEY, PERCENT_OF, JsonSchema
from camcover.rulebook.shapes import Context, Definitions, Name, Reference, Shape, Value, Values

__all__ = ["FEES"]

_PERCENT_OF = Value(PERCENT_OF)


@dataclass(frozen=True, slots=True)
class Otherwise(Shape):
    """`80% of charge` or `100% of in_network`; the tier is a reference."""

    def decode(self, node: Node, context: Context) -> Any:
        """A `PercentOf`."""
        value = _PERCENT_OF.decode(node, context)
        if value is FAILED:
            return FAILED
        basis_points, base = value
        if base == "charge":
            return PercentOf(basis_points, None, node.at)
        tier = Word(base, node.at)
        context.references.append(Reference("tier", tier))
        return PercentOf(basis_points, tier, node.at)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """That of the scalar."""
        return _PERCENT_OF.schema(definitions)

    @property
    def expected(self) -> str:
        """That of the scalar."""
        return _PERCENT_OF.expected


def _table(values: Values, at: Place, context: Context) -> Any:
    return {**values, "at": at} if is_cited(values, at, context, "this fee table") else FAILED


FEE_TABLE = Record(
    "a fee table",
    (
        Field(
            "codes", MapOf(Name("a procedure code", r"[A-Z0-9]{5}"), Value(MONEY)), "Allowed amount per unit, by code."
        ),
        Field(
            "therapies",
            MapOf(Name("a therapy of the catalog", refers="therapy"), Value(MONEY)),
            "Allowed amount per unit of a line without a code, by therapy.",
        ),
        Field("otherwise", Otherwise(), "What applies to all else."),
        CITE,
    ),
    _table,
)
FEES = Record(
    "a fee file",
    (
        *heading_fields("fees"),
        Field(
            "tiers",
            MapOf(
                Name("a tier", defines="tier"),
                FEE_TABLE,
                lambda key, values, at: FeeTable(
                    key, values["codes"] or {}, values["therapies"] or {}, values["otherwise"], values["cite"], at
                ),
            ),
            "A table of allowed amounts for each tier.",
            is_required=True,
        ),
    ),
    lambda values, at, _: Fees(heading(values, at), values["tiers"]),
)
