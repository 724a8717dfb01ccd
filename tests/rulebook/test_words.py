"""Every step, limit and requirement in words, by every teller: none of them leaves a term out."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from itertools import product
from typing import Any, get_args

import pytest

from camcover.engine import compile_rules
from camcover.engine.request import EstimateRequest, PlannedService
from camcover.money import BasisPoints, Cents
from camcover.rulebook.differences import differences
from camcover.rulebook.records import (
    DENIALS,
    ROLLING,
    Attestation,
    BandedCopayStep,
    CoinsuranceBound,
    CoinsuranceOf,
    CoinsuranceStep,
    ComparedStep,
    CopayBand,
    CopayPer,
    CopayStep,
    Counting,
    DeductibleStep,
    Limit,
    LimitPeriod,
    Measure,
    NothingStep,
    PeriodKind,
    Place,
    ProviderLiable,
    Requirement,
    Step,
)
from camcover.rulebook.term_messages import limit_terms, provider_liable, requirement, step_words, what_limit_allows
from camcover.rulebook.words import step_words as staff_words
from camcover.workflow.coverage import check_coverage
from camcover.workflow.decision_tables import TableQuery, decision_tables
from cell_rules import rule_set

AT = Place("plan.yaml", 1, 1)

SESSION = PlannedService((date(2026, 3, 2),), therapy="massage", tier="in_network")
ASKED = EstimateRequest("plan", (SESSION,))
OTHER = "one: {therapies: [massage], in_network: {member_pays: [{copay: $77}, {coinsurance: 77%}]}}"

STEPS: dict[str, tuple[Step, str, str]] = {
    "deductible": (DeductibleStep(None, AT), "deductible", "deductible"),
    "{deductible: deductible}": (
        DeductibleStep("deductible", AT),
        "deductible (deductible)",
        "deductible 'deductible'",
    ),
    "{copay: $30}": (
        CopayStep(Cents(3000), CopayPer.VISIT, waived_with_deductible=False, at=AT),
        "$30.00 copay per visit",
        "30.00 copay per visit",
    ),
    "{copay: $5.50 per line}": (
        CopayStep(Cents(550), CopayPer.LINE, waived_with_deductible=False, at=AT),
        "$5.50 copay per service",
        "5.50 copay per line",
    ),
    "{copay: $1 per unit}": (
        CopayStep(Cents(100), CopayPer.UNIT, waived_with_deductible=False, at=AT),
        "$1.00 copay per unit",
        "1.00 copay per unit",
    ),
    "{copay: $15 per day}": (
        CopayStep(Cents(1500), CopayPer.DAY, waived_with_deductible=False, at=AT),
        "$15.00 copay per day, the highest of the day",
        "15.00 copay per day, the highest of the day",
    ),
    "{copay: $15 per facility}": (
        CopayStep(Cents(1500), CopayPer.FACILITY, waived_with_deductible=False, at=AT),
        "$15.00 copay per day and facility, the highest of the day",
        "15.00 copay per day and facility, the highest of the day",
    ),
    "{copay: $30, waived_with_deductible: yes}": (
        CopayStep(Cents(3000), CopayPer.VISIT, waived_with_deductible=True, at=AT),
        "$30.00 copay per visit, waived if any deductible is paid for the service",
        "30.00 copay per visit, waived where the line pays any deductible",
    ),
    "{coinsurance: 20%}": (
        CoinsuranceStep(BasisPoints(2000), CoinsuranceOf.REMAINING, AT),
        "20% of what is left",
        "20%",
    ),
    "{coinsurance: 12.5%, of: allowed}": (
        CoinsuranceStep(BasisPoints(1250), CoinsuranceOf.ALLOWED, AT),
        "12.5% of the allowed amount",
        "12.5% of the allowed amount",
    ),
    "{coinsurance: 20%, of: after_deductible}": (
        CoinsuranceStep(BasisPoints(2000), CoinsuranceOf.AFTER_DEDUCTIBLE, AT),
        "20% of the allowed amount less the deductible",
        "20% of the allowed amount less the deductible",
    ),
    "{coinsurance: 35%, at_least: $20 per visit, at_most: $150 per unit}": (
        CoinsuranceStep(
            BasisPoints(3500),
            CoinsuranceOf.REMAINING,
            AT,
            CoinsuranceBound(Cents(2000), CopayPer.VISIT),
            CoinsuranceBound(Cents(15000), CopayPer.UNIT),
        ),
        "35% of what is left, at least $20.00 per visit, at most $150.00 per unit",
        "35%, at least 20.00 per visit, at most 150.00 per unit",
    ),
    "{lesser_of: [{copay: $20}, {coinsurance: 50%}]}": (
        ComparedStep(
            is_lesser=True,
            copay=CopayStep(Cents(2000), CopayPer.VISIT, waived_with_deductible=False, at=AT),
            coinsurance=CoinsuranceStep(BasisPoints(5000), CoinsuranceOf.REMAINING, AT),
            at=AT,
        ),
        "the lesser of $20.00 copay per visit and 50% of what is left",
        "the lesser of 20.00 copay per visit and 50%",
    ),
    "{greater_of: [{copay: $5 per line}, {coinsurance: 20%, of: allowed}]}": (
        ComparedStep(
            is_lesser=False,
            copay=CopayStep(Cents(500), CopayPer.LINE, waived_with_deductible=False, at=AT),
            coinsurance=CoinsuranceStep(BasisPoints(2000), CoinsuranceOf.ALLOWED, AT),
            at=AT,
        ),
        "the greater of $5.00 copay per service and 20% of the allowed amount",
        "the greater of 5.00 copay per line and 20% of the allowed amount",
    ),
    "{copay_by_allowed: [{up_to: $10, copay: $0.65}, {copay: $3.80}]}": (
        BandedCopayStep((CopayBand(1000, 65), CopayBand(None, 380)), AT),
        "$0.65 where the plan allows up to $10.00; $3.80 copay per service above that",
        "0.65 up to 10.00, else 3.80 copay by allowed amount",
    ),
    "{copay_by_allowed: [{copay: $4}]}": (
        BandedCopayStep((CopayBand(None, 400),), AT),
        "$4.00 copay per service",
        "4.00 copay by allowed amount",
    ),
    "nothing": (NothingStep(AT), "nothing", "nothing"),
}
"""As a file writes it -> the record, its words, its brief words."""


def test_the_samples_hold_every_kind_of_step_and_term() -> None:
    told = [step for step, _, _ in STEPS.values()]
    assert {type(step) for step in told} == set(get_args(Step))
    assert {step.per for step in told if isinstance(step, CopayStep)} == set(CopayPer)
    assert {step.of for step in told if isinstance(step, CoinsuranceStep)} == set(CoinsuranceOf)
    for kind in get_args(Step):
        alike = [step for step in told if isinstance(step, kind)]
        for each in fields(kind):
            assert each.name == "at" or len({getattr(step, each.name) for step in alike}) > 1


@pytest.mark.parametrize("written", STEPS)
def test_every_step_has_its_words_everywhere(written: str) -> None:
    step, words, brief = STEPS[written]
    assert (step_words(step).text, staff_words(step, is_brief=True)) == (words, brief)
    before = ["deductible"] if isinstance(step, CopayStep) and step.waived_with_deductible else []
    pays = f"in_network: {{member_pays: [{', '.join([*before, written])}]}}"
    rules = rule_set(f"one: {{therapies: [massage], {pays}}}")
    (table,) = decision_tables(rules, TableQuery("plan", "massage"))
    (tier,) = table.cases[0].terms
    assert tier.member_pays == (*before, words)
    (answered,) = check_coverage(compile_rules(rules), ASKED).terms
    assert tuple(each.text for each in answered.member_pays) == (*before, words)
    changed = " ".join(str(each) for each in differences(rule_set(OTHER), rules))
    assert f"77.00 copay per visit, then 77% -> {', then '.join([*before, brief])}" in changed


def limit(measure: Measure, allow: int, kind: PeriodKind, **terms: Any) -> Limit:
    """A limit over a period of a kind, of 12 days or months where it rolls."""
    length = 12 if kind in ROLLING else 0
    usual = {"counts": Counting.PLAN_PAID if measure is Measure.MONEY else Counting.COVERED, "beyond": None}
    return Limit("id", measure, allow, LimitPeriod(kind, length), **(usual | terms), cite=None, shared=False, at=AT)


def words(of: Limit) -> str:
    return limit_terms(of).text


def test_limits_have_their_words() -> None:
    year, days = PeriodKind.CALENDAR_YEAR, PeriodKind.ROLLING_DAYS
    assert words(limit(Measure.VISITS, 1, year)) == "1 visit in a calendar year"
    assert words(limit(Measure.UNITS, 4, days)) == "4 units in any 12 days"
    assert words(limit(Measure.MONEY, 50000, year)) == "$500.00 in a calendar year"
    assert words(limit(Measure.MONEY, 50000, year, counts=Counting.ALLOWED)) == (
        "$500.00 in a calendar year of allowed amounts"
    )
    assert words(limit(Measure.VISITS, 12, year, counts=Counting.PLAN_PAID)) == (
        "12 visits in a calendar year, counting visits for which the plan pays something"
    )
    assert words(limit(Measure.VISITS, 12, year, beyond=Attestation.IMPROVEMENT_DOCUMENTED)) == (
        "12 visits in a calendar year, more only with documented improvement"
    )
    assert what_limit_allows(limit(Measure.VISITS, 12, year, beyond=Attestation.REFERRAL)).text == (
        "12 visits in a calendar year"
    )


def test_different_limits_and_requirements_have_different_words() -> None:
    limits = [
        limit(measure, allow, kind, beyond=beyond)
        for measure, allow, kind, beyond in product(Measure, (1, 12), PeriodKind, (None, *Attestation))
    ]
    assert len({words(each) for each in limits}) == len(limits)
    needs = [
        Requirement(*terms, AT)
        for terms in product(Attestation, (None, BasisPoints(5000), BasisPoints(2500)), (None, 1, 12))
    ]
    assert len({requirement(each).text for each in needs}) == len(needs)
    assert requirement(Requirement(Attestation.REFERRAL, BasisPoints(5000), 1, AT)).text == (
        "a referral after 1 visit, else the plan pays 50% less"
    )


@pytest.mark.parametrize(
    ("denials", "unless", "words"),
    [
        (("diagnosis",), None, "for the diagnosis"),
        (("limits", "referral"), None, "for a limit of visits or units or without a referral"),
        (("referral",), Attestation.ADVANCE_NOTICE, "without a referral, unless with advance notice"),
    ],
)
def test_denials_that_are_the_providers_have_words(
    denials: tuple[str, ...], unless: Attestation | None, words: str
) -> None:
    told = provider_liable(ProviderLiable(denials, unless, AT)).text
    assert told == f"the provider bears what is not covered {words}"


@pytest.mark.parametrize("denial", DENIALS)
def test_every_denial_has_words(denial: str) -> None:
    assert provider_liable(ProviderLiable((denial,), None, AT)).text
