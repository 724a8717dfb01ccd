"""The limits of a plan, as pools and inside benefits (docs/rule-language.md, section 4, limits)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from camcover.messages import Message, sentence
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.grammar.common import CITE, TIERS
from camcover.rulebook.grammar.policy import AGES, ATTESTED
from camcover.rulebook.mappings import Field, Record
from camcover.rulebook.nodes import Node
from camcover.rulebook.phrases import awaited
from camcover.rulebook.records import (
    AgeAllowance,
    Ages,
    Attestation,
    CountedFor,
    Counting,
    Limit,
    Measure,
    Place,
    Word,
    countings,
)
from camcover.rulebook.scalars import FAILED, PERIOD, QUANTITY, JsonSchema, Quantity
from camcover.rulebook.shapes import Choice, Context, Definitions, Either, ListOf, Name, Shape, Value, Values, choice

__all__ = ["LIMITS", "LIMIT_FIELDS", "limit_of"]

ALLOW_BY_AGE = declare(
    "allow-by-age",
    Severity.ERROR,
    "An `allow` by age does not give one amount at every age: an entry before the last has no `ages`, the last entry "
    "has `ages`, or two entries use different measures (docs/rule-language.md, section 4, limits).",
    "Give `ages` in every entry except the last one. Use one measure in all entries.",
)
_LAST_HAS_AGES = sentence("allow-by-age-last-has-ages")
_OTHER_HAS_NO_AGES = sentence("allow-by-age-other-has-no-ages")
_WRITE_AS_IN = sentence("allow-by-age-write-as-in", "example")
_TWO_MEASURES = sentence("allow-by-age-two-measures", "measure", "last")
_USE_ONE_MEASURE = sentence("allow-by-age-use-one-measure")
_ALLOWANCE = sentence("expected-allowance", "quantity", "example")


@dataclass(frozen=True, slots=True)
class _Allowance:
    """An entry of `allow`; `ages` None = at all others."""

    ages: Ages | None
    measure: Measure
    amount: int
    at: Place


def _by_age(entries: tuple[_Allowance, ...], context: Context) -> Any:
    """The entries, where they give one amount at every age."""
    last = entries[-1]
    for each in entries:
        if (each.ages is None) != (each is last):
            finding = _LAST_HAS_AGES() if each is last else _OTHER_HAS_NO_AGES()
            return context.fault(ALLOW_BY_AGE.code, each.at, finding, _WRITE_AS_IN(example=_ALLOW_WORDS))
        if each.measure is not last.measure:
            finding = _TWO_MEASURES(measure=each.measure, last=last.measure)
            return context.fault(ALLOW_BY_AGE.code, each.at, finding, _USE_ONE_MEASURE())
    return entries


_ALLOW_WORDS = "[{ages: {max: 20}, allow: 30 visits}, {allow: 15 visits}]"
ALLOWANCE = Record(
    "an entry of allow",
    (
        Field("ages", AGES, "The member's completed years on the date of service; none: all others."),
        Field("allow", Value(QUANTITY), "How much at these ages.", is_required=True),
    ),
    lambda values, at, _: _Allowance(values["ages"], values["allow"].measure, values["allow"].amount, at),
)


@dataclass(frozen=True, slots=True)
class _Allow(Shape):
    """An amount, or a list of amounts by age; gives the entries. The last entry is for everybody else."""

    def decode(self, node: Node, context: Context) -> Any:
        """One entry or more."""
        value = _ALLOW.decode(node, context)
        if value is FAILED:
            return FAILED
        if isinstance(value, Quantity):
            return (_Allowance(None, value.measure, value.amount, node.at),)
        return _by_age(value, context)

    def schema(self, definitions: Definitions) -> JsonSchema:
        """That of the two."""
        return _ALLOW.schema(definitions)

    @property
    def expected(self) -> Message:
        """In words."""
        return _ALLOW.expected


_ALLOW = Either(
    _ALLOWANCE(quantity=QUANTITY.expected, example=_ALLOW_WORDS), scalar=Value(QUANTITY), listing=ListOf(ALLOWANCE)
)
ALLOW = _Allow()
EXCEPT = Record("except", (replace(ATTESTED, is_required=True),), lambda values, _at, _: values["attested"])
LIMIT_FIELDS = (
    Field("allow", ALLOW, "How much: '12 visits', '3 hours' or $500; or amounts by age.", is_required=True),
    Field("per", Value(PERIOD), "Over which period.", is_required=True),
    Field("counts", choice(Counting), "What a visit or money limit counts: plan_paid or allowed."),
    Field("beyond", choice(Attestation), "The attestation that lets lines pass a limit that is used up."),
    Field("except", EXCEPT, "Which lines it leaves out."),
    Field("straddle", Choice(("next",)), "next: what a money limit cuts of a line goes on to the next benefit."),
    Field("tiers", TIERS, "The tiers whose lines it counts and may refuse; not given: all.", default=()),
    Field("for", Choice(tuple(CountedFor)), "Who or what has a count of its own: family means all members together."),
    CITE,
)


def limit_of(key: Word | None, values: Values, at: Place, *, is_shared: bool) -> Limit:
    """A limit from its values; money counts what the plan pays by default."""
    *by_age, allow = values["allow"]
    measure = allow.measure
    usual = countings(measure)[0]
    return Limit(
        id=key or Word("", at),
        measure=measure,
        allow=allow.amount,
        per=values["per"],
        counts=values["counts"] or usual,
        beyond=values["beyond"],
        cite=values["cite"],
        shared=is_shared,
        at=at,
        excepts=values["except"] or (),
        tiers=values["tiers"],
        hands_on=values["straddle"] is not None,
        named=CountedFor(values["for"]) if values["for"] else None,
        by_age=tuple(AgeAllowance(each.ages, each.amount, each.at) for each in by_age),
    )


INLINE_LIMIT = Record(
    "a limit",
    (Field("id", Name(awaited("id")), "What it is called; else the benefit's id."), *LIMIT_FIELDS),
    lambda values, at, _: limit_of(values["id"], values, at, is_shared=False),
)
LIMITS = ListOf(
    Either(
        awaited("limit"),
        scalar=Name(awaited("limit-of-plan"), refers="limit"),
        table=INLINE_LIMIT,
    ),
    minimum=0,
)
