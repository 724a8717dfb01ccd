"""kind: catalog (docs/rule-language.md, section 2)."""

from __future__ import annotations

from typing import Any

from camcover.messages import sentence
from camcover.rulebook.grammar.common import (
    ANY_TEXT,
    CODES,
    ICD10,
    STATE,
    heading,
    heading_fields,
    references,
    reversed_range,
)
from camcover.rulebook.mappings import Field, MapOf, Record, one_of
from camcover.rulebook.phrases import awaited
from camcover.rulebook.records import (
    Attestation,
    Catalog,
    CodeFacts,
    Condition,
    Licensure,
    Modifier,
    Place,
    Practitioner,
    Setting,
    TaxAdvantage,
    Therapy,
    TypicalCharge,
    UnitMinutes,
)
from camcover.rulebook.scalars import MINUTES, MONEY, WHOLE, YES
from camcover.rulebook.shapes import Context, ListOf, Name, Value, Values, choice

__all__ = ["CATALOG"]

_EITHER_OF_STATES = sentence("missing-key-licensed-or-unlicensed")
_LIST_STATES = sentence("missing-key-list-states")

OWN_CODE = Name(awaited("procedure-code-of-cpt-or-hcpcs"), r"[A-Z0-9]{5}")


def _typical_charge(values: Values, at: Place, context: Context) -> Any:
    low, typical, high = values["low"], values["typical"], values["high"]
    if not low <= typical <= high:
        return reversed_range(context, at, low, high if high < low else typical)
    return TypicalCharge(low, typical, high, at)


TYPICAL_CHARGE = Record(
    "typical_charge",
    (
        Field("low", Value(MONEY), "What a cheap session costs.", is_required=True),
        Field("typical", Value(MONEY), "What a session usually costs.", is_required=True),
        Field("high", Value(MONEY), "What a dear session costs.", is_required=True),
    ),
    _typical_charge,
)
MINUTES_OF_UNIT = Record(
    "minutes",
    (
        Field(
            "session", Value(MINUTES), "Of a line without a code, and of a unit of any other code.", is_required=True
        ),
        Field("codes", MapOf(OWN_CODE, Value(MINUTES)), "Of one unit, by code."),
    ),
    lambda values, at, _: UnitMinutes(values["session"], values["codes"] or {}, at),
)
THERAPY = Record(
    "a therapy",
    (
        Field("name", ANY_TEXT, "The name, for people."),
        Field("aliases", ListOf(ANY_TEXT, minimum=0), "Other names.", default=()),
        Field("codes", ListOf(OWN_CODE, minimum=0), "CPT and HCPCS codes billed for it.", default=()),
        Field(
            "visit_codes",
            ListOf(OWN_CODE, minimum=0),
            "Codes billed within a visit of it: examinations, adjunct procedures.",
            default=(),
        ),
        Field("practitioners", references("practitioner"), "Who gives it.", default=()),
        Field("service_type", Name(awaited("service-type-code"), r"[A-Z0-9]{1,3}"), "X12 service type code."),
        Field("typical_charge", TYPICAL_CHARGE, "The cash price of one session."),
        Field("tax_advantaged", choice(TaxAdvantage), "Whether an HSA or FSA may pay for it."),
        Field("minutes", MINUTES_OF_UNIT, "How long it takes: what limits of hours count."),
    ),
    lambda values, at, _: values | {"at": at},
)


def _therapy(key: Any, values: Values, at: Place) -> Therapy:
    return Therapy(
        id=key,
        name=values["name"] or str(key),
        aliases=values["aliases"],
        codes=values["codes"],
        practitioners=values["practitioners"],
        service_type=values["service_type"],
        typical_charge=values["typical_charge"],
        tax_advantaged=values["tax_advantaged"],
        at=at,
        minutes=values["minutes"],
        visit_codes=values["visit_codes"],
    )


CONDITION = Record(
    "a condition",
    (
        Field("name", ANY_TEXT, "The name, for people."),
        Field("icd10", ListOf(ICD10), "ICD-10-CM codes or prefixes.", is_required=True),
    ),
    lambda values, _at, _: values,
)
PRACTITIONER = Record(
    "a practitioner",
    (
        Field("name", ANY_TEXT, "The name, for people."),
        Field("taxonomy", Name(awaited("taxonomy-code"), r"[0-9A-Z]{9}X"), "NUCC taxonomy code."),
        Field(
            "taxonomies",
            ListOf(Name(awaited("taxonomy-code-or-beginning"), r"[0-9A-Z]{3,9}|[0-9A-Z]{9}X"), minimum=0),
            "Further taxonomy codes, or how they begin.",
            default=(),
        ),
    ),
    lambda values, _at, _: values,
)
MODIFIER = Record(
    "a modifier",
    (
        Field("name", ANY_TEXT, "What it is for, for people."),
        Field("attests", ListOf(choice(Attestation), minimum=0), "What it says is there.", default=()),
        Field("lacks", ListOf(choice(Attestation), minimum=0), "What it says is not there.", default=()),
        Field("setting", choice(Setting), "Where it says that the service takes place."),
    ),
    lambda values, at, _: values | {"at": at},
)


CODE_FACTS = Record(
    "facts of a code",
    (
        Field("add_on_to", CODES, "Codes of which it needs one on its day.", default=()),
        Field("not_with", CODES, "Codes beside which it is not paid on a day.", default=()),
        Field("never_with", CODES, "Codes beside which it is not paid on a day, whatever is attested.", default=()),
        Field("unless", choice(Attestation), "The attestation with which `not_with` does not hold."),
        Field("units_per_day", Value(WHOLE), "The most units that Medicare pays on a day."),
        Field("always_therapy", Value(YES), "yes: a therapy service by Medicare, whoever gives it.", default=False),
    ),
    lambda values, at, _: values | {"at": at},
    also={"dependentRequired": {"unless": ["not_with"]}},
)


def _code_facts(key: Any, values: Values, at: Place) -> CodeFacts:
    return CodeFacts(
        key,
        values["add_on_to"],
        values["not_with"],
        values["never_with"],
        values["unless"],
        values["units_per_day"],
        values["always_therapy"],
        at,
    )


def _modifier(key: Any, values: Values, at: Place) -> Modifier:
    return Modifier(key, values["name"], values["attests"], values["lacks"], values["setting"], at)


def _licensure(values: Values, at: Place, context: Context) -> Any:
    if (values["licensed"] is None) == (values["unlicensed"] is None):
        return context.fault("missing-key", at, _EITHER_OF_STATES(), _LIST_STATES())
    return values


LICENSURE = Record(
    "a licensure",
    (
        Field("licensed", ListOf(STATE, minimum=0), "The states that license; no others do."),
        Field("unlicensed", ListOf(STATE, minimum=0), "The states that do not license; all others do."),
    ),
    _licensure,
    also=one_of("licensed", "unlicensed"),
)


def _catalog(values: Values, at: Place, _context: Context) -> Catalog:
    return Catalog(
        heading=heading(values, at),
        therapies=values["therapies"] or {},
        conditions=values["conditions"] or {},
        practitioners=values["practitioners"] or {},
        licensure=values["licensure"] or {},
        modifiers=values["modifiers"] or {},
        places_of_service=values["places_of_service"] or {},
        codes=values["codes"] or {},
    )


CATALOG = Record(
    "a catalog",
    (
        *heading_fields("catalog"),
        Field("therapies", MapOf(Name(awaited("id"), defines="therapy"), THERAPY, _therapy), "The therapies."),
        Field(
            "conditions",
            MapOf(
                Name(awaited("id"), defines="condition"),
                CONDITION,
                lambda key, values, at: Condition(key, values["name"] or str(key), values["icd10"], at),
            ),
            "Named groups of diagnoses.",
        ),
        Field(
            "practitioners",
            MapOf(
                Name(awaited("id"), defines="practitioner"),
                PRACTITIONER,
                lambda key, values, at: Practitioner(
                    key, values["name"] or str(key), values["taxonomy"], at, values["taxonomies"]
                ),
            ),
            "Kinds of practitioners.",
        ),
        Field(
            "licensure",
            MapOf(
                Name(awaited("practitioner-of-catalog"), refers="practitioner"),
                LICENSURE,
                lambda key, values, at: Licensure(key, values["licensed"], values["unlicensed"], at),
            ),
            "The states that license each kind of practitioner; no entry: none regulates it.",
        ),
        Field(
            "modifiers",
            MapOf(Name(awaited("modifier-of-two-characters"), r"[0-9A-Z]{2}"), MODIFIER, _modifier),
            "What the modifiers of a claim say.",
        ),
        Field(
            "places_of_service",
            MapOf(Name(awaited("place-of-service-code"), r"[0-9]{2}"), choice(Setting)),
            "The setting that each place-of-service code stands for.",
        ),
        Field(
            "codes",
            MapOf(
                Name(awaited("procedure-code-of-cpt-or-hcpcs"), r"[A-Z0-9]{5}", refers="code", defines="facts"),
                CODE_FACTS,
                _code_facts,
            ),
            "What is known of procedure codes: add-ons, what excludes each other, units a day.",
        ),
    ),
    _catalog,
)
