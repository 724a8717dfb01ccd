"""Every kind of period, measure, copay and coinsurance, by everything that tells it or reckons with it.

A new kind comes into each of these tests by itself: what does not know it fails here (docs/architecture.md, "One fact
in one place"). What a file means is held to the oracle, which reads the language by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import product
from typing import Any

import pytest
import yaml

from camcover.calendar import ordinal_of
from camcover.engine.asking.count_periods import period_key
from camcover.engine.compiling.compile_rows import limit_row, step_row
from camcover.engine.kernel.call import KernelFault
from camcover.engine.kernel.codes import FIRST_FROM_VISIT, FIRST_WINDOW, LimitMeasure, Period, StepKind
from camcover.money import BasisPoints, Cents
from camcover.rulebook import scalars, term_messages
from camcover.rulebook.analysis.periods import count_to_hold, days_of, holds, is_open_on
from camcover.rulebook.records import (
    FIXED_PERIODS,
    FROM_EPISODE,
    FROM_FIRST_VISIT,
    MEASURES,
    PERIODS,
    ROLLING,
    WINDOWS,
    BenefitPeriod,
    CoinsuranceOf,
    CoinsuranceStep,
    CopayPer,
    CopayStep,
    Counting,
    Limit,
    LimitPeriod,
    Measure,
    PeriodKind,
    Place,
    Tier,
    countings,
)
from camcover.rulebook.words import per_name, quantity, step_words
from oracle import adjudicate
from oracle.random_benefits import PERIODS as DRAWN_PERIODS
from small_rules import CATALOG, SHARE_PLAN, TEXTS, estimate, question, tables

AT = Place("plan.yaml", 1, 1)
YEAR = BenefitPeriod(7, 1)
VISITS = (Measure.VISITS, Counting.COVERED)
ALLOWED = {Measure.VISITS: "2 visits", Measure.UNITS: "3 units", Measure.MINUTES: "1 hour", Measure.MONEY: "$70"}
"""An amount in each measure, as a rule file says it."""


def period(kind: PeriodKind) -> LimitPeriod:
    """A period of a kind, of 12 days or months where the file gives the length."""
    return LimitPeriod(kind, 12 if kind in WINDOWS else 0)


def written(kind: PeriodKind, length: int = 12) -> str:
    """A period as a rule file says it."""
    window = PERIODS[kind].window
    return str(kind) if window is None else window.written(length)


def limit(counted: tuple[Measure, Counting], kind: PeriodKind = PeriodKind.CALENDAR_YEAR) -> Limit:
    """A limit of 12 on something that may be counted."""
    return Limit("id", counted[0], 12, period(kind), counted[1], None, None, shared=False, at=AT)


def copay(per: CopayPer) -> CopayStep:
    return CopayStep(Cents(3000), per, waived_with_deductible=False, at=AT)


def coinsurance(of: CoinsuranceOf) -> CoinsuranceStep:
    return CoinsuranceStep(BasisPoints(2000), of, AT)


OF_PERIODS: dict[str, Callable[[PeriodKind], object]] = {
    "term_messages.period": lambda kind: term_messages.period(period(kind)).text,
    "term_messages.limit_terms": lambda kind: term_messages.limit_terms(limit(VISITS, kind)).text,
    "words.per_name": lambda kind: per_name(period(kind)),
    "scalars.PERIOD": lambda kind: scalars.PERIOD.parse(written(kind)),
}
OF_MEASURES: dict[str, Callable[[tuple[Measure, Counting]], object]] = {
    "term_messages.limit_terms": lambda counted: term_messages.limit_terms(limit(counted)).text,
    "compile_rows.limit_row": lambda counted: limit_row(limit(counted), 0),
    "words.quantity": lambda counted: (quantity(counted[0], 12), counted[1]),
}
OF_COPAYS: dict[str, Callable[[CopayPer], object]] = {
    "term_messages.step_words": lambda per: term_messages.step_words(copay(per)).text,
    "words.step_words": lambda per: step_words(copay(per)),
    "words.step_words, brief": lambda per: step_words(copay(per), is_brief=True),
    "scalars.COPAY": lambda per: scalars.COPAY.parse(f"$30 per {per}"),
    "compile_rows.step_row": lambda per: step_row(copay(per), _tier(), {}),
}
OF_COINSURANCES: dict[str, Callable[[CoinsuranceOf], object]] = {
    "term_messages.base": lambda of: term_messages.base(of).text,
    "words.step_words": lambda of: step_words(coinsurance(of)),
    "words.step_words, brief": lambda of: step_words(coinsurance(of), is_brief=True),
    "compile_rows.step_row": lambda of: step_row(coinsurance(of), _tier(), {}),
}


def _tier() -> Tier:
    return tables().plans["share-plan"].editions[0].tiers["in_network"]


TELLERS = [
    *product(OF_PERIODS.items(), [tuple(PeriodKind)]),
    *product(OF_MEASURES.items(), [tuple(MEASURES)]),
    *product(OF_COPAYS.items(), [tuple(CopayPer)]),
    *product(OF_COINSURANCES.items(), [tuple(CoinsuranceOf)]),
]


@pytest.mark.parametrize(("teller", "kinds"), TELLERS, ids=[f"{type(k[0]).__name__} {t[0]}" for t, k in TELLERS])
def test_each_teller_tells_every_kind_apart(teller: tuple[str, Callable[[Any], object]], kinds: Any) -> None:
    told = [teller[1](kind) for kind in kinds]
    assert len(set(map(repr, told))) == len(kinds), told


@pytest.mark.parametrize("kind", PeriodKind)
def test_every_period_is_read_as_written(kind: PeriodKind) -> None:
    """Parser, schema, error message, and what the oracle's rules are drawn of."""
    text, window = written(kind), PERIODS[kind].window
    assert scalars.PERIOD.parse(text) == period(kind)
    assert re.search(scalars.PERIOD.schema["pattern"], text)
    assert written(kind, window.example if window else 0) in scalars.PERIOD.expected.text
    assert any(scalars.PERIOD.parse(each).kind is kind for each in DRAWN_PERIODS), "never drawn"


@pytest.mark.parametrize("kind", PeriodKind)
def test_every_window_has_an_end(kind: PeriodKind) -> None:
    window = PERIODS[kind].window
    if window is not None:
        assert scalars.PERIOD.parse(written(kind, window.longest)) == LimitPeriod(kind, window.longest)
        assert scalars.PERIOD.parse(written(kind, window.longest + 1)) is scalars.FAILED


@pytest.mark.parametrize("per", CopayPer)
def test_every_copay_is_read_as_written(per: CopayPer) -> None:
    assert scalars.COPAY.parse(f"$30 per {per}") == (3000, per)
    assert re.search(scalars.COPAY.schema["pattern"], f"$30 per {per}")
    assert f"per {per}'" in scalars.COPAY.expected.text


@pytest.mark.parametrize("measure", Measure)
def test_every_measure_is_read_as_written(measure: Measure) -> None:
    assert scalars.QUANTITY.parse(ALLOWED[measure]).measure is measure
    assert re.search(scalars.QUANTITY.schema["pattern"], ALLOWED[measure])


def test_limits_count_by_default_as_the_page_says() -> None:
    """docs/rule-language.md, section 4: money counts what the plan pays; a covered visit or unit counts."""
    assert {str(measure): str(countings(measure)[0]) for measure in Measure} == {
        "visits": "covered",
        "units": "covered",
        "minutes": "covered",
        "money": "plan_paid",
    }


@pytest.mark.parametrize(("one", "other"), list(product(PeriodKind, PeriodKind)))
def test_analysis_reckons_with_every_period(one: PeriodKind, other: PeriodKind) -> None:
    """A day counts on itself; a period that holds another is no shorter, and one of it is enough."""
    day = date(2026, 3, 2)
    wide, narrow = period(one), period(other)
    assert is_open_on(wide, day, day, YEAR)
    assert is_open_on(wide, day, date(2026, 3, 3), YEAR) == (PERIODS[one].days != (1, 1))
    if not holds(wide, narrow, YEAR):
        return
    assert count_to_hold(narrow, wide, YEAR) == 1
    longest, shortest = days_of(wide), days_of(narrow)
    assert longest is None or (shortest is not None and longest[1] >= shortest[0])


@pytest.mark.parametrize("kind", [*FIXED_PERIODS, *FROM_EPISODE])
def test_request_and_analysis_mean_the_same_period(kind: PeriodKind) -> None:
    """Two days have one key where what is used on the first still counts on the second."""
    index = tables().plans["share-plan"]
    start = date(2026, 12, 20)
    for ahead in range(40):
        day = date.fromordinal(start.toordinal() + ahead)
        began = ordinal_of(start)
        same = period_key(index, period(kind), began, began) == period_key(index, period(kind), ordinal_of(day), began)
        assert same == is_open_on(period(kind), start, day, BenefitPeriod(1, 1)), day


def test_codes_from_the_first_window_on_are_windows() -> None:
    codes = {kind: Period(limit_row(limit(VISITS, kind), 0)[2]) for kind in PeriodKind}
    assert {kind for kind, code in codes.items() if code >= FIRST_WINDOW} == set(ROLLING)
    assert {kind for kind, code in codes.items() if FIRST_FROM_VISIT <= code < FIRST_WINDOW} == set(FROM_FIRST_VISIT)


# What a file means, by engine and oracle

DATES = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-05", "2026-01-31", "2026-02-01", "2026-06-30", "2026-07-01"]
LIMITS = "limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]"
PAYS = "[deductible, {coinsurance: 20%}]"


def plan(limits: str = "", pays: str = PAYS) -> str:
    """The share plan over two years with a benefit period from July, with other limits and steps."""
    text = SHARE_PLAN
    for old, new in (
        (LIMITS, f"limits: [{limits}]"),
        (f"in_network: {{member_pays: {PAYS}}}", f"in_network: {{member_pays: {pays}}}"),
        ("from: 2026-01-01", "from: 2025-01-01"),
        ("benefit_period: calendar_year", "benefit_period: {starts: 07-01}"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


MINUTES = 'minutes: {session: 1 hour, codes: {"97810": 20 minutes, "97811": 15 minutes}}'
TIMED = CATALOG.replace("    aliases: [needles]\n", f"    aliases: [needles]\n    {MINUTES}\n")
"""What limits of hours ask for."""


def asked() -> dict[str, Any]:
    """Two lines of two units and of one on each date."""
    fields = question()
    fields["items"][0]["dates"] = DATES
    fields["items"][0]["procedures"] = [
        {"code": "97810", "charge_cents": 8000, "units": 2},
        {"code": "97811", "charge_cents": 5000},
    ]
    fields["as_of"] = DATES[0]
    return fields


def assert_as_the_oracle_says(share: str) -> list[bool]:
    """Every amount of every line; gives which lines are covered."""
    lines = estimate(tables(share=share, catalog=TIMED), asked()).lines
    texts = TEXTS | {"share.yaml": share, "catalog.yaml": TIMED}
    parsed = [yaml.BaseLoader(text).get_single_data() for text in texts.values()]
    expected = adjudicate(parsed, asked())["lines"]
    for line, said in zip(lines, expected, strict=True):
        assert {name: said[name] for name in line.amounts._fields} == line.amounts._asdict(), said
        assert (line.covered, line.covered_units) == (said["covered"], said["covered_units"])
    return [line.covered for line in lines]


@pytest.mark.parametrize(("kind", "counted"), list(product(PeriodKind, MEASURES)))
def test_oracle_and_engine_agree_on_limits_of_every_kind(kind: PeriodKind, counted: tuple[Measure, Counting]) -> None:
    measure, counts = counted
    named = f", counts: {counts}" if counts is not countings(measure)[0] else ""
    share = plan(f"{{id: visits, allow: {ALLOWED[measure]}, per: {written(kind)}{named}, cite: eoc p.3}}")
    assert_as_the_oracle_says(share)


@pytest.mark.parametrize("per", CopayPer)
def test_oracle_and_engine_agree_on_copays_of_every_kind(per: CopayPer) -> None:
    assert all(assert_as_the_oracle_says(plan(pays=f"[deductible, {{copay: $7 per {per}}}]")))


@pytest.mark.parametrize("of", CoinsuranceOf)
def test_oracle_and_engine_agree_on_coinsurances_of_every_base(of: CoinsuranceOf) -> None:
    assert all(assert_as_the_oracle_says(plan(pays=f"[{{copay: $7}}, deductible, {{coinsurance: 20%, of: {of}}}]")))


# What the kernel does not know is a fault, never another kind


@pytest.mark.parametrize(
    ("array", "column", "codes", "why"),
    [
        ("limits", "period", Period, "a limit over a period that the kernel does not know"),
        ("limits", "measure", LimitMeasure, "a limit on something that the kernel does not count"),
        ("steps", "kind", StepKind, "a cost-share step that the kernel does not know"),
    ],
)
def test_a_code_without_arithmetic_is_a_fault(array: str, column: str, codes: Any, why: str) -> None:
    """Codes beyond the last and below the first; every code of the enumeration has its arithmetic."""
    share = plan("{id: visits, allow: 900 visits, per: rolling 12 days, cite: eoc p.3}")
    rules = tables(share=share)
    rows = getattr(rules.arrays, array)
    before = rows[column].copy()
    rows.flags.writeable = True
    for code in (len(codes), 99, -7):
        rows[column] = code
        with pytest.raises(KernelFault, match=f"1 of 1 requests .*{why}"):
            estimate(rules, asked())
    for code in codes:
        rows[column] = code
        assert estimate(rules, asked()).lines
    rows[column] = before
    assert estimate(rules, asked()) == estimate(tables(share=share), asked())
