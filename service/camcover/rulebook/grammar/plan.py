"""kind: plan (docs/rule-language.md, section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from camcover.rulebook.grammar.accounts import ACCOUNTS
from camcover.rulebook.grammar.benefits import BENEFITS
from camcover.rulebook.grammar.cases import TESTS
from camcover.rulebook.grammar.common import (
    ANY_TEXT,
    CITE,
    CODES,
    FAILED,
    THERAPIES,
    TIERS,
    cited,
    failed_unless,
    heading,
    heading_fields,
    is_cited,
    names_something,
)
from camcover.rulebook.grammar.limits import LIMIT_FIELDS, limit_of
from camcover.rulebook.grammar.policy import CRITERIA
from camcover.rulebook.mappings import Field, MapOf, Record, some_of
from camcover.rulebook.phrases import awaited, phrase
from camcover.rulebook.records import (
    DENIALS,
    Accumulator,
    AccumulatorKind,
    Attestation,
    Benefit,
    BenefitPeriod,
    Carryover,
    CodeEdits,
    Discount,
    Exclusion,
    FamilyMode,
    Limit,
    NotCoveredPays,
    Payee,
    Payer,
    Place,
    Plan,
    ProviderLiable,
    SharePart,
    Tier,
    UnitRule,
    Word,
)
from camcover.rulebook.scalars import ABOVE_ALLOWED, MONEY, MONEY_OR_UNLIMITED, MONTH_DAY, PERCENT, YES
from camcover.rulebook.shapes import Choice, Context, Either, ListOf, Name, Value, Values, choice

__all__ = ["PLAN"]

_THIS_EXCLUSION, _THIS_DISCOUNT = phrase("this-exclusion"), phrase("this-discount")

PAYER = Record(
    "a payer",
    (
        Field("id", Name(awaited("id-in-kebab-case"), r"[a-z0-9][a-z0-9_-]*"), "The payer's id.", is_required=True),
        Field("name", ANY_TEXT, "The payer's name.", is_required=True),
    ),
    lambda values, at, _: Payer(values["id"], values["name"], at),
)
CALENDAR_YEAR = BenefitPeriod(1, 1)
BENEFIT_PERIOD = Either(
    awaited("benefit-period"),
    scalar=Choice(("calendar_year",), lambda _: CALENDAR_YEAR),
    table=Record(
        "a plan year",
        (Field("starts", Value(MONTH_DAY), "Month and day on which it starts.", is_required=True),),
        lambda values, _at, _: values["starts"],
    ),
)

ACCUMULATOR_NAME = Name(awaited("accumulator-of-plan"), refers="accumulator")


REDUCED_BY = Record(
    "reduced_by",
    (Field("wellness_incentive", Value(MONEY), "By how much, where it is earned.", is_required=True),),
    lambda values, _at, _: values["wellness_incentive"],
)
ACCUMULATOR = Record(
    "an accumulator",
    (
        Field("kind", choice(AccumulatorKind), "What the sum does.", is_required=True),
        Field("self_only", Value(MONEY), "The maximum under self-only coverage, where it is not the member's."),
        Field("individual", Value(MONEY_OR_UNLIMITED), "A member's maximum.", is_required=True),
        Field("family", Value(MONEY_OR_UNLIMITED), "The family's maximum."),
        Field("family_mode", choice(FamilyMode), "embedded or aggregate.", default=FamilyMode.EMBEDDED),
        Field("feeds", ListOf(ACCUMULATOR_NAME, minimum=0), "Accumulators that take the same amounts.", default=()),
        Field("reduced_by", REDUCED_BY, "What a member earns off the individual amount of a deductible."),
        Field("counts", ListOf(choice(SharePart)), "Of a maximum: the parts of the cost share that it counts."),
        Field("carryover", choice(Carryover), "Credit of the last three months.", default=Carryover.NONE),
        CITE,
    ),
    cited(phrase("this-accumulator")),
)


def _accumulator(key: Word, values: Values, at: Place) -> Accumulator:
    return Accumulator(
        id=key,
        kind=values["kind"],
        individual=values["individual"],
        family=values["family"],
        family_mode=values["family_mode"],
        feeds=values["feeds"],
        carryover=values["carryover"],
        cite=values["cite"],
        at=at,
        counts=values["counts"],
        self_only=values["self_only"],
        wellness_incentive=values["reduced_by"],
    )


OR_NONE = Name(awaited("accumulator-or-none"), refers="accumulator", none_word="none")
PROVIDER_LIABLE = Record(
    "provider_liable",
    (
        Field("for", ListOf(Choice(DENIALS)), "Denials that are the provider's, not the member's.", is_required=True),
        Field("unless", choice(Attestation), "The attestation with which they are the member's."),
    ),
    lambda values, at, _: ProviderLiable(values["for"], values["unless"], at),
)
TIER = Record(
    "a tier",
    (
        Field("name", ANY_TEXT, "The name, for people."),
        Field("deductible", OR_NONE, "What a bare `deductible` step means here, or none."),
        Field("out_of_pocket_maximum", OR_NONE, "What caps and counts here, or none."),
        Field("counts_toward", ListOf(ACCUMULATOR_NAME), "Maxima that the cost share counts toward, too.", default=()),
        Field("capped_by", ListOf(ACCUMULATOR_NAME), "Maxima that cap the cost share, too.", default=()),
        Field("above_allowed", Value(ABOVE_ALLOWED), "Who owes charge minus allowed amount.", is_required=True),
        Field("copay_feeds", ListOf(ACCUMULATOR_NAME, minimum=0), "Accumulators that copays feed.", default=()),
        Field("payment_to", choice(Payee), "Who gets what the plan pays.", default=Payee.PROVIDER),
        Field("provider_liable", PROVIDER_LIABLE, "What is not covered, and yet not the member's to pay."),
        Field("not_covered_pays", choice(NotCoveredPays), "What a member owes here when not covered; else the plan's."),
        Field("code_edits", choice(CodeEdits), "By whose rules codes of a day are judged; else the plan's."),
    ),
    lambda values, _at, _: values,
)


def _tier(key: Word, values: Values, at: Place) -> Tier:
    return Tier(
        id=key,
        name=values["name"],
        deductible=values["deductible"],
        out_of_pocket_maximum=values["out_of_pocket_maximum"],
        above_allowed=values["above_allowed"],
        copay_feeds=values["copay_feeds"],
        at=at,
        provider_liable=values["provider_liable"],
        counts_toward=values["counts_toward"],
        capped_by=values["capped_by"],
        not_covered_pays=values["not_covered_pays"],
        payment_to=values["payment_to"],
        code_edits=values["code_edits"],
    )


POOL = Record("a pool limit", LIMIT_FIELDS, cited(phrase("this-limit")))


def _exclusion(values: Values, at: Place, context: Context) -> Any:
    if failed_unless(
        is_cited(values, at, context, _THIS_EXCLUSION), names_something(values, at, context, _THIS_EXCLUSION)
    ):
        return FAILED
    return Exclusion(
        therapies=values["therapies"],
        codes=values["codes"],
        when=values["when"],
        reason=values["reason"] or "",
        cite=values["cite"],
        at=at,
    )


EXCLUSION = Record(
    "an exclusion",
    (
        Field("therapies", THERAPIES, "The therapies it is for.", default=()),
        Field("codes", CODES, "The procedure codes it is for.", default=()),
        Field("when", CRITERIA, "It excludes only where these hold."),
        Field("reason", ANY_TEXT, "Why, in the payer's words."),
        CITE,
    ),
    _exclusion,
    also=some_of("therapies", "codes"),
)


def _discount(values: Values, at: Place, context: Context) -> Any:
    if not names_something(values, at, context, _THIS_DISCOUNT):
        return FAILED
    return Discount(values["therapies"], values["codes"], values["percent"], values["cite"], at, values["tiers"])


DISCOUNT = Record(
    "a discount",
    (
        Field("therapies", THERAPIES, "The therapies it is for.", default=()),
        Field("codes", CODES, "The procedure codes it is for.", default=()),
        Field("percent", Value(PERCENT), "How much lower the price is.", is_required=True),
        Field("tiers", TIERS, "The tiers where it is to be had; not given: all.", default=()),
        CITE,
    ),
    _discount,
    also=some_of("therapies", "codes"),
)


def _with_limits(benefit: Benefit, pools: dict[str, Limit]) -> Benefit:
    """The benefit with its pools looked up and its own limits named.

    The id of a pool is the word by which the benefit names it, with its place. A pool that does not exist is left to
    the resolver.
    """
    # Where the benefit names a pool, the decoder gives the name, and the limit of the pool takes its place here.
    given: tuple[Any, ...] = benefit.limits
    own = [limit for limit in given if isinstance(limit, Limit)]
    limits: list[Limit] = []
    for limit in given:
        if isinstance(limit, Limit):
            number = 1 + sum(not earlier.shared for earlier in limits)
            name = f"{benefit.id}.{number}" if len(own) > 1 else str(benefit.id)
            limits.append(limit if limit.id else replace(limit, id=Word(name, limit.at)))
        elif limit in pools:
            limits.append(replace(pools[limit], id=limit))
    return replace(benefit, limits=tuple(limits))


def _plan(values: Values, at: Place, _context: Context) -> Plan:
    pools: dict[str, Limit] = values["limits"] or {}
    return Plan(
        heading=heading(values, at),
        payer=values["payer"],
        benefit_period=values["benefit_period"],
        hsa_qualified=values["hsa_qualified"],
        fees=values["fees"],
        accumulators=values["accumulators"] or {},
        tiers=values["tiers"],
        limits=pools,
        benefits={key: _with_limits(benefit, pools) for key, benefit in (values["benefits"] or {}).items()},
        exclusions=values["exclusions"],
        not_covered_pays=values["not_covered_pays"],
        discounts=values["discounts"],
        tests=values["tests"],
        accounts=values["accounts"] or {},
        unit_rule=values["unit_rule"],
        code_edits=values["code_edits"],
    )


OTHERWISE = Choice(("not_covered",), note=phrase("otherwise-name-what-is-covered"))
PLAN = Record(
    "a plan",
    (
        *heading_fields("plan"),
        Field("payer", PAYER, "Who insures.", is_required=True),
        Field("benefit_period", BENEFIT_PERIOD, "When sums start anew.", default=CALENDAR_YEAR),
        Field("hsa_qualified", Value(YES), "yes: members may pay into an HSA (26 USC 223).", default=False),
        Field("fees", Name(awaited("fee-file"), refers="fees"), "The allowed amounts; none: the charge is allowed."),
        Field("unit_rule", choice(UnitRule), "How minutes become units; none: a request may give no minutes."),
        Field(
            "accumulators",
            MapOf(Name(awaited("id"), defines="accumulator"), ACCUMULATOR, _accumulator),
            "Running sums: deductibles and out-of-pocket maxima.",
        ),
        Field(
            "tiers",
            MapOf(Name(awaited("id"), defines="tier"), TIER, _tier),
            "Whom the member sees, best first.",
            is_required=True,
        ),
        Field(
            "limits",
            MapOf(
                Name(awaited("id"), defines="limit"),
                POOL,
                lambda key, values, at: limit_of(key, values, at, is_shared=True),
            ),
            "Pools that several benefits share.",
        ),
        Field("accounts", ACCOUNTS, "Money that pays the member's share; the first pays first."),
        Field("benefits", BENEFITS, "What is covered; the first that fits applies."),
        Field("exclusions", ListOf(EXCLUSION, minimum=0), "What is not covered, looked at first.", default=()),
        Field("otherwise", OTHERWISE, "Every therapy not named above.", is_required=True),
        Field(
            "not_covered_pays",
            choice(NotCoveredPays),
            "What a member owes when not covered.",
            default=NotCoveredPays.CHARGE,
        ),
        Field(
            "code_edits",
            choice(CodeEdits),
            "medicare: add-ons need their first code, codes exclude each other, and units a day are limited.",
            default=CodeEdits.NONE,
        ),
        Field("discounts", ListOf(DISCOUNT, minimum=0), "Lower prices on what is not covered.", default=()),
        Field("tests", TESTS, "Proofs: services and the amounts they must give.", default=()),
    ),
    _plan,
)
