"""The benefits of a plan: which services they are for, and what the member pays (docs/rule-language.md, section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from camcover.messages import Dollars, WordList, sentence
from camcover.rulebook.diagnostics import Severity, declare
from camcover.rulebook.grammar.common import (
    CITE,
    CODES,
    FAILED,
    THERAPIES,
    failed_unless,
    is_cited,
    names_something,
)
from camcover.rulebook.grammar.limits import LIMITS
from camcover.rulebook.grammar.policy import CRITERIA
from camcover.rulebook.grammar.requirements import REQUIRES, requirements_of
from camcover.rulebook.mappings import EXPECTED, Field, MapOf, Record, Rest, one_of, some_of
from camcover.rulebook.phrases import awaited, phrase
from camcover.rulebook.records import (
    COINSURANCES,
    BandedCopayStep,
    Benefit,
    CoinsuranceBound,
    CoinsuranceOf,
    CoinsuranceStep,
    ComparedStep,
    CopayBand,
    CopayStep,
    Criteria,
    DeductibleStep,
    NothingStep,
    Phase,
    Place,
    SharePart,
    TierBenefit,
    WaitingPeriod,
    WaitingUnit,
    Word,
)
from camcover.rulebook.scalars import (
    BOUND,
    BOUND_WORDS,
    COPAY,
    COPAY_WORDS,
    MONEY,
    PERCENT,
    VISITS_OF,
    WAITING_PERIOD,
    WHOLE,
    YES,
    ScalarType,
    parse_yes,
)
from camcover.rulebook.shapes import Choice, Context, Either, ListOf, Name, Value, Values, choice

__all__ = ["BENEFITS"]

COPAY_BANDS = declare(
    "copay-bands",
    Severity.ERROR,
    "The bands of `copay_by_allowed` do not ascend, or the band without `up_to` is not the last one (point 19 of "
    "docs/rule-language.md).",
    "Order the bands by `up_to`, and leave it out of the last one.",
)
COMPARISON_OF_TWO = declare(
    "comparison-of-two",
    Severity.ERROR,
    "`lesser_of` or `greater_of` does not compare exactly one copay and one coinsurance (docs/rule-language.md, point "
    "44).",
    "Compare one copay with one coinsurance; two copays or two percentages are benefits of their own.",
)
_STEPS_IN_ITEM = sentence("unexpected-shape-steps-in-item", "steps")
_WRITE_EACH_STEP = sentence("unexpected-shape-write-each-step")
_NO_STEP = sentence("unexpected-shape-no-step")
_EXPECTED_STEPS = sentence("unexpected-shape-expected-steps", "words", "last")
_ONLY_IN_STEP = sentence("unexpected-shape-only-in-step", "key", "step")
_MUST_ASCEND = sentence("copay-bands-must-ascend")
_WRITE_BANDS_AS_IN = sentence("copay-bands-write-as-in", "example")
_LEAST_ABOVE_MOST = sentence("range-reversed-least-above-most", "least", "most")
_EXCHANGE_BOUNDS = sentence("range-reversed-exchange-bounds")
_MUST_COMPARE = sentence("comparison-of-two-must-compare", "key")
_WRITE_COMPARISON_AS_IN = sentence("comparison-of-two-write-as-in", "example")
_PART_WITHOUT_STEPS = sentence("missing-key-steps-of-part")
_STEP_OR_PART = sentence("expected-step-or-part", "step")
_MIXED_LIST = sentence("unexpected-shape-mixed-list")
_WRITE_ONE_KIND = sentence("unexpected-shape-write-one-kind")
_FROM_YEAR = sentence("expected-from-year", "last")
_THIS = phrase("this-benefit")

BARE_STEP = Choice(("deductible", "nothing"))


_STEP_KEYS = ("deductible", "copay", "copay_by_allowed", "coinsurance", "lesser_of", "greater_of")
_OWNERS = {
    "waived_with_deductible": "copay",
    "of": "coinsurance",
    "at_least": "coinsurance",
    "at_most": "coinsurance",
}


def _step(values: Values, at: Place, context: Context) -> Any:
    """The one step that the mapping names."""
    given = [key for key in _STEP_KEYS if values[key] is not None]
    strays = [key for key, owner in _OWNERS.items() if values[key] is not None and given != [owner]]
    if len(given) != 1 or strays:
        if not given:
            advice = _EXPECTED_STEPS(words=", ".join(_STEP_KEYS[:-1]), last=_STEP_KEYS[-1])
            return context.fault("unexpected-shape", at, _NO_STEP(), advice)
        finding = _STEPS_IN_ITEM(steps=WordList(tuple(given)))
        if strays:
            finding = _ONLY_IN_STEP(key=strays[0], step=_OWNERS[strays[0]])
        return context.fault("unexpected-shape", at, finding, _WRITE_EACH_STEP())
    if values["copay"] is not None:
        cents, per = values["copay"]
        return CopayStep(cents, per, values["waived_with_deductible"] or False, at)
    if values["copay_by_allowed"] is not None:
        return _banded(values["copay_by_allowed"], at, context)
    if values["coinsurance"] is not None:
        return _coinsurance(values, at, context)
    if values["deductible"] is None:
        return _compared(given[0], values[given[0]], at, context)
    return DeductibleStep(values["deductible"], at)


def _banded(bands: tuple[CopayBand, ...], at: Place, context: Context) -> Any:
    """A copay by bands that ascend, the last one without an end."""
    ends = [each.up_to for each in bands]
    given = [end for end in ends if end is not None]
    if ends[-1] is not None or len(given) < len(ends) - 1 or given != sorted(set(given)):
        return context.fault(COPAY_BANDS.code, at, _MUST_ASCEND(), _WRITE_BANDS_AS_IN(example=BANDS_WORDS))
    return BandedCopayStep(bands, at)


def _coinsurance(values: Values, at: Place, context: Context) -> Any:
    """A coinsurance; its least is not above its most, where both are per the same."""
    least, most = (None if values[key] is None else CoinsuranceBound(*values[key]) for key in ("at_least", "at_most"))
    if least is not None and most is not None and least.per == most.per and least.cents > most.cents:
        finding = _LEAST_ABOVE_MOST(least=Dollars(least.cents), most=Dollars(most.cents))
        return context.fault("range-reversed", at, finding, _EXCHANGE_BOUNDS())
    return CoinsuranceStep(values["coinsurance"], values["of"] or next(iter(COINSURANCES)), at, least, most)


def _compared(word: str, steps: tuple[Any, ...], at: Place, context: Context) -> Any:
    """The comparison of one copay with one coinsurance, in any order."""
    copays = [step for step in steps if isinstance(step, CopayStep)]
    coinsurances = [step for step in steps if isinstance(step, CoinsuranceStep)]
    if (len(copays), len(coinsurances)) != (1, 1):
        advice = _WRITE_COMPARISON_AS_IN(example=COMPARED_WORDS.format(word))
        return context.fault(COMPARISON_OF_TWO.code, at, _MUST_COMPARE(key=word), advice)
    return ComparedStep(word == "lesser_of", copays[0], coinsurances[0], at)


def _one_of_two(values: Values, at: Place, context: Context) -> Any:
    """A copay or a coinsurance inside a comparison."""
    return _step(dict.fromkeys((*_STEP_KEYS, *_OWNERS)) | values, at, context)


COPAY_FIELD = Field("copay", Value(COPAY), f"{COPAY_WORDS}.")
BANDS_WORDS = "[{up_to: $10, copay: $0.65}, {up_to: $25, copay: $1.30}, {copay: $2.55}]"
BANDS = ListOf(
    Record(
        "a band of a copay",
        (
            Field("up_to", Value(MONEY), "The most that a line of this band allows; the last band has none."),
            Field("copay", Value(MONEY), "The copay of a line of this band.", is_required=True),
        ),
        lambda values, _at, _: CopayBand(values["up_to"], values["copay"]),
    )
)
COINSURANCE_FIELD = Field("coinsurance", Value(PERCENT), "The member's percentage.")
OF_FIELD = Field("of", choice(CoinsuranceOf), "What the percentage is of; else of what is left.")
COMPARED_WORDS = "{{{}: [{{copay: $20 per visit}}, {{coinsurance: 50%}}]}}"
COMPARED = ListOf(
    Record(
        "a copay or a coinsurance",
        (Field("copay", Value(BOUND), f"{BOUND_WORDS}."), COINSURANCE_FIELD, OF_FIELD),
        _one_of_two,
        also=one_of("copay", "coinsurance") | {"dependentRequired": {"of": ["coinsurance"]}},
    ),
    minimum=2,
)
_NEEDED = {key: [owner] for key, owner in _OWNERS.items()}
STEP_TABLE = Record(
    "a step",
    (
        Field("deductible", Name(awaited("accumulator-of-plan"), refers="accumulator"), "Another than the tier's own."),
        COPAY_FIELD,
        Field("copay_by_allowed", BANDS, "A copay per line by what the plan allows for the line."),
        Field("waived_with_deductible", Value(YES), "yes: no copay on a line that paid any deductible."),
        COINSURANCE_FIELD,
        OF_FIELD,
        Field("at_least", Value(BOUND), f"The least of a coinsurance: {BOUND_WORDS}."),
        Field("at_most", Value(BOUND), "The most of a coinsurance."),
        Field("lesser_of", COMPARED, "A copay or a coinsurance, whichever is less."),
        Field("greater_of", COMPARED, "A copay or a coinsurance, whichever is more."),
    ),
    _step,
    also=one_of(*_STEP_KEYS) | {"dependentRequired": _NEEDED},
)


STEP = Either(awaited("step"), scalar=BARE_STEP, table=STEP_TABLE)
PHASE = Record(
    "a part of member_pays",
    (
        Field("through", Value(VISITS_OF), "The last visit number that it is for, of the benefit period or a limit."),
        Field("steps", ListOf(STEP), "The steps, in order of application.", is_required=True),
    ),
    lambda values, at, _: _part(values, at),
)


def _part(values: Values, at: Place) -> Phase:
    """A part by visit number."""
    through, visits_of = values["through"] or (None, None)
    return Phase(through, _steps(values["steps"]), at, visits_of)


def _steps(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """The bare words among the steps as records."""
    return tuple(_named_step(item) if isinstance(item, Word) else item for item in items)


def _named_step(word: Word) -> DeductibleStep | NothingStep:
    return NothingStep(word.at) if word == "nothing" else DeductibleStep(None, word.at)


def _step_or_phase(values: Values, at: Place, context: Context) -> Any:
    """A part when it has `steps`, else a step."""
    if values["steps"] is None and values["through"] is None:
        return _step(values, at, context)
    if values["steps"] is None:
        return context.fault("missing-key", at, _PART_WITHOUT_STEPS(), EXPECTED(expected=STEP.expected))
    return _part(values, at)


STEP_OR_PHASE = Either(
    _STEP_OR_PART(step=STEP.expected),
    scalar=BARE_STEP,
    table=Record(
        "a step or part",
        (*STEP_TABLE.fields, *PHASE.fields[:1], Field("steps", ListOf(STEP), "The steps of a part by visit number.")),
        _step_or_phase,
        beside={"steps": tuple(each.key for each in STEP_TABLE.fields)},
        also=one_of(*_STEP_KEYS, "steps") | {"dependentRequired": _NEEDED | {"through": ["steps"]}},
    ),
)


def _tier_block(values: Values, at: Place, context: Context) -> Any:
    """The phases of a block: its parts by visit number, or its one list of steps."""
    items = values["member_pays"]
    if isinstance(items, Word):
        items = (items,)
    parts = [isinstance(item, Phase) for item in items]
    if any(parts) and not all(parts):
        return context.fault(
            "unexpected-shape",
            at,
            _MIXED_LIST(),
            _WRITE_ONE_KIND(),
        )
    return items if any(parts) else (Phase(None, _steps(items), items[0].at if items else at),)


TIER_BLOCK = Record(
    "a tier block",
    (
        Field(
            "member_pays",
            Either(awaited("steps"), scalar=Choice(("nothing",)), listing=ListOf(STEP_OR_PHASE)),
            "What the member pays, in order of application.",
            is_required=True,
        ),
    ),
    _tier_block,
)


def _from_year(text: str) -> Any:
    """`2` or more: the benefit waits for the benefit periods before."""
    year = WHOLE.parse(text)
    return FAILED if year is FAILED or not 2 <= year <= _LAST_YEAR else WaitingPeriod(year - 1, WaitingUnit.YEAR)


_LAST_YEAR = 99
FROM_YEAR = ScalarType("invalid-count", _FROM_YEAR(last=str(_LAST_YEAR)), _from_year, WHOLE.schema)
TIER = Either(awaited("tier-block"), scalar=Choice(("not_covered",)), table=TIER_BLOCK)


def _benefit(values: Values, at: Place, context: Context) -> Any:
    """The values of a benefit, its tier blocks under "tiers"; the key is not known yet."""
    if failed_unless(is_cited(values, at, context, _THIS), names_something(values, at, context, _THIS)):
        return FAILED
    covered = {key: value for key, value in values["*"].items() if not isinstance(value, Word)}
    refused = tuple(key for key in values["*"] if key not in covered)
    blocks = {key: TierBenefit(key, value, key.at) for key, value in covered.items()}
    return {**values, "tiers": blocks, "refused_tiers": refused}


NO_CRITERIA = dict.fromkeys(
    ("conditions", "icd10", "not_conditions", "practitioners", "settings", "ages", "states"), None
)


def _criteria(values: Values, at: Place) -> Criteria | None:
    """The benefit's own criteria, its waiting period or first year among them."""
    when: Criteria | None = values["when"]
    waiting = values["waiting_period"] or values["from_year"]
    if waiting is None:
        return when
    return replace(when or Criteria(**NO_CRITERIA, licensed=False, at=at), waiting_period=waiting)


def _all_or_none(text: str) -> Any:
    """What `yes` or `no` says of the parts that count toward out-of-pocket maxima."""
    counts = parse_yes(text)
    return counts if counts is FAILED else tuple(SharePart) if counts else ()


COUNTED_PARTS = Either(
    awaited("counted-parts"),
    scalar=Value(ScalarType(YES.code, awaited("counted-parts"), _all_or_none, YES.schema)),
    listing=ListOf(choice(SharePart)),
)


def _named_benefit(key: Word, values: Values, at: Place) -> Benefit:
    return Benefit(
        id=key,
        therapies=values["therapies"],
        codes=values["codes"],
        policy=values["policy"],
        when=_criteria(values, at),
        requires=requirements_of(values["requires"]),
        limits=values["limits"],
        continues_when_exhausted=values["when_exhausted"] is not None,
        counted_parts=tuple(part for part in SharePart if part in values["counts_toward_out_of_pocket_maximum"]),
        tiers=values["tiers"],
        refused_tiers=values["refused_tiers"],
        copay_scope=values["copay_scope"],
        cite=values["cite"],
        at=at,
        without_codes=values["without_codes"],
    )


BENEFIT = Record(
    "a benefit",
    (
        Field("therapies", THERAPIES, "The therapies it is for.", default=()),
        Field("codes", CODES, "The procedure codes it is for.", default=()),
        Field("without_codes", CODES, "Codes of its therapies that it is not for.", default=()),
        Field("policy", Name(awaited("policy"), refers="policy"), "Criteria from a policy file."),
        Field("when", CRITERIA, "Criteria of its own; all must hold."),
        Field("waiting_period", Value(WAITING_PERIOD), "How long after enrollment it begins: '60 days', '2 months'."),
        Field("from_year", Value(FROM_YEAR), "From which benefit period of the member with the service on: 2 or more."),
        Field("requires", REQUIRES, "Attestations that it asks for.", default=()),
        Field("limits", LIMITS, "How much of it.", default=()),
        Field("when_exhausted", Choice(("next",)), "next: when a limit is used up, look at the benefits behind."),
        Field(
            "counts_toward_out_of_pocket_maximum",
            COUNTED_PARTS,
            "Which parts of its cost share out-of-pocket maxima count and cap: yes (all), no, or a list.",
            default=tuple(SharePart),
        ),
        Field("copay_scope", Name(awaited("id")), "Benefits of one scope have one copay a day, the highest."),
        CITE,
    ),
    _benefit,
    Rest("tier", TIER),
    beside={"from_year": ("waiting_period",)},
    also=some_of("therapies", "codes"),
)
BENEFITS = MapOf(Name(awaited("id"), defines="benefit"), BENEFIT, _named_benefit)
