"""kind: fees (docs/rule-language.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from camcover.messages import Dollars, Message, sentence
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.grammar.common import CITE, FAILED, heading, heading_fields, is_cited, references
from camcover.rulebook.mappings import Field, MapOf, Record, some_of
from camcover.rulebook.nodes import Node
from camcover.rulebook.phrases import awaited, phrase
from camcover.rulebook.records import FeeRate, Fees, FeeTable, PercentOf, Place, Setting, Word
from camcover.rulebook.scalars import MONEY, PERCENT, PERCENT_OF, JsonSchema
from camcover.rulebook.shapes import Context, Definitions, ListOf, Name, Reference, Shape, Value, Values, choice

__all__ = ["FEES"]

FEE_NEVER_REACHED = declare(
    "fee-never-reached",
    Severity.ERROR,
    "A therapy has both a fee per visit and a fee per unit. The fee per visit takes precedence, so the fee per unit is "
    "never used.",
    "Remove one of the two fees.",
)
PRACTICE_EXPENSE = declare(
    "practice-expense-of-no-amount",
    Severity.ERROR,
    "The practice expense of a code is more than the allowed amount of the code in the same table, or the table has no "
    "allowed amount for the code.",
    "Give the code's allowed amount in `codes`, and as its practice expense the part of that amount that is reduced.",
)
_NEVER_USED = sentence("fee-never-reached-never-used", "what", "therapy")
_REMOVE_ONE = sentence("fee-never-reached-remove-one")
_ONE_OF_PAIR = sentence("missing-key-of-pair", "there", "missing")
_ADD_THE_OTHER = sentence("missing-key-add-the-other", "there", "missing")
_EXPENSE_OF_NOTHING = sentence("practice-expense-of-nothing", "code", "expense")
_EXPENSE_ABOVE = sentence("practice-expense-above-amount", "code", "expense", "amount")
_GIVE_AMOUNT = sentence("practice-expense-give-amount")
_RATE_OF_NOBODY = sentence("missing-key-rate-of-nobody")
_RATE_OF_NOTHING = sentence("missing-key-rate-of-nothing")
_ADD_ONE_OF = sentence("missing-key-add-one-of", "keys")
_A_TABLE, _THIS_TABLE = phrase("record-fee-table"), phrase("this-fee-table")
_A_RATE = phrase("record-rate")

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
    def expected(self) -> Message:
        """That of the scalar."""
        return _PERCENT_OF.expected


def _is_reached(values: Values, context: Context, what: Message) -> bool:
    """Whether every therapy's fee per unit can be reached; a fee for its visit hides it, which is a fault."""
    for therapy in values["therapies"] or ():
        if therapy in (values["visits"] or ()):
            context.fault(FEE_NEVER_REACHED.code, therapy.at, _NEVER_USED(what=what, therapy=therapy), _REMOVE_ONE())
            return False
    return True


def _is_reducible(values: Values, at: Place, context: Context) -> bool:
    """Whether practice expenses are parts of amounts, and stand beside the part that is allowed; else a fault."""
    expenses, codes = values["practice_expense"], values["codes"] or {}
    if (expenses is None) != (values["multiple_procedures"] is None):
        there, missing = "practice_expense", "multiple_procedures"
        if expenses is None:
            there, missing = missing, there
        finding, advice = (said(there=there, missing=missing) for said in (_ONE_OF_PAIR, _ADD_THE_OTHER))
        context.fault("missing-key", at, finding, advice)
        return False
    for code, cents in (expenses or {}).items():
        if cents > codes.get(code, -1):
            finding = _EXPENSE_OF_NOTHING(code=code, expense=Dollars(cents))
            if code in codes:
                finding = _EXPENSE_ABOVE(code=code, expense=Dollars(cents), amount=Dollars(codes[code]))
            context.fault(PRACTICE_EXPENSE.code, code.at, finding, _GIVE_AMOUNT())
            return False
    return True


def _table(values: Values, at: Place, context: Context) -> Any:
    """A fee table's values."""
    is_sound = _is_reached(values, context, _A_TABLE) and _is_reducible(values, at, context)
    if not (is_sound and is_cited(values, at, context, _THIS_TABLE)):
        return FAILED
    return {**values, "at": at}


def _rate(values: Values, at: Place, context: Context) -> Any:
    """A `FeeRate`; a fault where it names nobody, or gives nothing."""
    nobody, nothing = ("practitioners", "settings"), ("codes", "visits", "therapies", "percent")
    for keys, finding in ((nobody, _RATE_OF_NOBODY), (nothing, _RATE_OF_NOTHING)):
        if all(values[key] is None or values[key] == {} for key in keys):
            advice = _ADD_ONE_OF(keys=", ".join(f"`{key}:`" for key in keys))
            return context.fault("missing-key", at, finding(), advice)
    if not _is_reached(values, context, _A_RATE):
        return FAILED
    return FeeRate(
        values["practitioners"],
        values["settings"],
        values["codes"] or {},
        values["visits"] or {},
        values["therapies"] or {},
        values["percent"],
        at,
    )


CODES = Field(
    "codes", MapOf(Name(awaited("procedure-code"), r"[A-Z0-9]{5}"), Value(MONEY)), "Allowed amount per unit, by code."
)
_BY_THERAPY = MapOf(Name(awaited("therapy-of-catalog"), refers="therapy"), Value(MONEY))
THERAPIES = Field("therapies", _BY_THERAPY, "Allowed amount per unit of a line without a code, by therapy.")
VISITS = Field(
    "visits", _BY_THERAPY, "Allowed amount of a visit, which its lines share, by therapy; codes beside it go first."
)
RATE = Record(
    "a rate",
    (
        Field("practitioners", references("practitioner"), "Who gives the service."),
        Field("settings", ListOf(choice(Setting)), "Where the service is given."),
        CODES,
        VISITS,
        THERAPIES,
        Field("percent", Value(PERCENT), "A part of whatever the table gives otherwise."),
    ),
    _rate,
    beside={"percent": ("codes", "visits", "therapies")},
    also={
        "allOf": [
            some_of("practitioners", "settings"),
            some_of("codes", "visits", "therapies", "percent"),
        ]
    },
)
FEE_TABLE = Record(
    "a fee table",
    (
        CODES,
        VISITS,
        THERAPIES,
        Field("maximum_per_day", Value(MONEY), "The most that all lines of one member and date are allowed together."),
        Field(
            "practice_expense",
            MapOf(Name(awaited("procedure-code"), r"[A-Z0-9]{5}"), Value(MONEY)),
            "The part of a unit's amount that is practice expense, by code.",
        ),
        Field(
            "multiple_procedures",
            Value(PERCENT),
            "What is allowed of the practice expense of every unit of a day but the one with the highest.",
        ),
        Field("rates", ListOf(RATE), "Other amounts for some practitioners or settings; the first that fits."),
        Field("otherwise", Otherwise(), "What applies to all else."),
        CITE,
    ),
    _table,
    also={
        "dependentRequired": {
            "practice_expense": ["multiple_procedures"],
            "multiple_procedures": ["practice_expense"],
        }
    },
)
FEES = Record(
    "a fee file",
    (
        *heading_fields("fees"),
        Field(
            "tiers",
            MapOf(
                Name(awaited("tier"), defines="tier"),
                FEE_TABLE,
                lambda key, values, at: FeeTable(
                    key,
                    values["codes"] or {},
                    values["therapies"] or {},
                    values["otherwise"],
                    values["cite"],
                    at,
                    values["visits"] or {},
                    values["maximum_per_day"],
                    values["rates"] or (),
                    values["practice_expense"] or {},
                    values["multiple_procedures"],
                ),
            ),
            "A table of allowed amounts for each tier.",
            is_required=True,
        ),
    ),
    lambda values, at, _: Fees(heading(values, at), values["tiers"]),
)
