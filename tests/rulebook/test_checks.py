"""Checks of a rule set, one by one: each test breaks one rule of a plan that is otherwise in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from camcover.money import BasisPoints, Cents
from camcover.rulebook import records
from camcover.rulebook.checks import CHECKS, run
from camcover.rulebook.limits_table import federal_limits
from camcover.rulebook.records import (
    AboveAllowed,
    AboveAllowedKind,
    Accumulator,
    AccumulatorKind,
    Ages,
    Attestation,
    Benefit,
    BenefitPeriod,
    Carryover,
    Catalog,
    CoinsuranceOf,
    CoinsuranceStep,
    Condition,
    CopayPer,
    CopayStep,
    Counting,
    Criteria,
    DeductibleStep,
    Effective,
    Exclusion,
    FamilyMode,
    Heading,
    Limit,
    LimitPeriod,
    Measure,
    NotCoveredPays,
    NothingStep,
    Payer,
    PeriodKind,
    Phase,
    Place,
    Plan,
    Policy,
    Practitioner,
    ProviderLiable,
    Requirement,
    Review,
    RuleSet,
    Setting,
    SharePart,
    Step,
    TestCase,
    Therapy,
    Tier,
    TierBenefit,
    Word,
)

TODAY = date(2026, 6, 1)


def at(line: int = 1) -> Place:
    """A place of the made-up file."""
    return Place("plan.yaml", line, 1)


def heading(id_: str, year: int = 2026, start: date | None = None, review: Review | None = None) -> Heading:
    """A heading in force for a year, or from `start` on."""
    effective = Effective(start or date(year, 1, 1), None if start else date(year, 12, 31), at())
    return Heading(id_, None, effective, {}, illustrative=True, reviewed=review, notes=None, at=at())


def criteria(**given: Any) -> Criteria:
    """Criteria of which only `given` is asked."""
    keys = ("conditions", "icd10", "not_conditions", "practitioners", "settings", "ages", "states")
    return Criteria(**{key: given.get(key) for key in keys}, licensed=given.get("licensed", False), at=at(7))


def deductible(
    id_: str = "deductible", individual: int | None = 350_000, family: int | None = 700_000, **given: Any
) -> Accumulator:
    """A deductible; 3,500 dollars satisfies every year's HSA minimum for families."""
    one, all_of_them = (None if each is None else Cents(each) for each in (individual, family))
    base = Accumulator(
        id_, AccumulatorKind.DEDUCTIBLE, one, all_of_them, FamilyMode.EMBEDDED, (), Carryover.NONE, None, at(11)
    )
    return replace(base, **given)


def maximum(
    id_: str = "oop", individual: int | None = 800_000, family: int | None = 1_600_000, **given: Any
) -> Accumulator:
    """An out-of-pocket maximum below every limit of 2026."""
    return deductible(id_, individual, family, kind=AccumulatorKind.OUT_OF_POCKET_MAXIMUM, at=at(12), **given)


def tier(id_: str = "in_network", **given: Any) -> Tier:
    """A tier with the deductible and maximum of the plan."""
    above = AboveAllowed(AboveAllowedKind.WRITTEN_OFF, None)
    return replace(Tier(id_, None, Word("deductible", at(15)), Word("oop", at(16)), above, (), at(14)), **given)


def limit(
    allow: int = 12, measure: Measure = Measure.VISITS, counts: Counting = Counting.COVERED, **given: Any
) -> Limit:
    """A limit a benefit period, of the benefit's own unless `shared`."""
    per = LimitPeriod(PeriodKind.BENEFIT_PERIOD, 0)
    return replace(Limit("pool", measure, allow, per, counts, None, None, shared=False, at=at(20)), **given)


DEDUCTIBLE = DeductibleStep(None, at(30))
COPAY = CopayStep(Cents(3000), CopayPer.VISIT, waived_with_deductible=False, at=at(31))
COINSURANCE = CoinsuranceStep(BasisPoints(2000), CoinsuranceOf.REMAINING, at(32))
NOTHING = NothingStep(at(33))


def block(*steps: Step, name: str = "in_network") -> TierBenefit:
    """A tier block of one list of steps."""
    return TierBenefit(name, (Phase(None, steps, at(29)),), at(28))


def benefit(id_: str = "massage", *blocks: TierBenefit, line: int = 25, **given: Any) -> Benefit:
    """A benefit for massage, in-network after the deductible."""
    tiers = {each.tier: each for each in blocks or (block(DEDUCTIBLE, COINSURANCE),)}
    base = Benefit(
        id_, ("massage",), (), None, None, (), (), continues_when_exhausted=False,
        counted_parts=tuple(SharePart), tiers=tiers, cite=None, at=at(line),
    )  # fmt: skip
    return replace(base, **given)


def plan(*, benefits: Sequence[Benefit] | None = None, year: int = 2026, **given: Any) -> Plan:
    """A plan that draws no diagnostic."""
    proof = TestCase(
        "proof",
        records.TestGiven(
            age=None,
            state=None,
            family=False,
            as_of=None,
            assume_requirements=True,
            used={},
            family_used={},
            benefit_visits={},
            prior_visits={},
            balances={},
            family_balances={},
            items=(),
            at=at(),
        ),
        _expect(),
        at(),
    )
    kept = [benefit()] if benefits is None else benefits
    accumulators = given.pop("accumulators", [deductible(), maximum()])
    tiers = given.pop("tiers", [tier()])
    limits = given.pop("limits", [])
    base = Plan(
        heading("silver", year), Payer("payer", "Payer", at()), BenefitPeriod(1, 1), hsa_qualified=False, fees=None,
        accumulators={each.id: each for each in accumulators}, tiers={each.id: each for each in tiers},
        limits={each.id: each for each in limits}, benefits={each.id: each for each in kept}, exclusions=(),
        not_covered_pays=NotCoveredPays.CHARGE, discounts=(), tests=(proof,), accounts={},
    )  # fmt: skip
    return replace(base, **given)


def _expect() -> records.TestExpect:
    return records.TestExpect(Cents(0), None, None, None, None, None, None, None, {}, {}, {}, at())


def catalog(practitioners: int = 2) -> Catalog:
    """Massage and acupuncture with their codes, low back pain, and so many kinds of practitioner."""
    therapies = {
        "massage": ("massage", ("97124", "97140"), ("kind0",)),
        "acupuncture": ("acupuncture", ("97810",), ("kind1",)),
        "bodywork": ("bodywork", ("97140",), ()),
    }
    return Catalog(
        heading("cam", start=date(2020, 1, 1)),
        {
            id_: Therapy(id_, name, (), codes, kinds, None, None, None, at())
            for id_, (name, codes, kinds) in therapies.items()
        },
        {
            "back-pain": Condition("back-pain", "Back pain", ("M54.5",), at()),
            "pain": Condition("pain", "Pain", ("M54", "G89"), at()),
            "headache": Condition("headache", "Headache", ("G44", "R51"), at()),
        },
        {f"kind{n}": Practitioner(f"kind{n}", "Kind", None, at(n)) for n in range(practitioners)},
        {},
        {},
        {},
        {},
    )


def rules(*plans: Plan, policies: Sequence[Policy] = (), catalogs: Sequence[Catalog] | None = None) -> RuleSet:
    """A rule set of editions of one plan and of policies."""
    by_id: dict[str, tuple[Policy, ...]] = {}
    for policy in policies:
        by_id[policy.heading.id] = (*by_id.get(policy.heading.id, ()), policy)
    known = (catalog(),) if catalogs is None else tuple(catalogs)
    return RuleSet({"cam": known}, by_id, {}, {"silver": plans}, {}, "")


def found(
    *plans: Plan, policies: Sequence[Policy] = (), catalogs: Sequence[Catalog] | None = None
) -> list[tuple[str, int]]:
    """Code and line of all that the checks find."""
    return [(each.code, each.at.line) for each in run(rules(*plans, policies=policies, catalogs=catalogs), TODAY)]


def test_a_plan_in_order_has_no_diagnostics() -> None:
    assert found(plan()) == []


def test_every_check_states_the_source_of_its_rule() -> None:
    sources = ("docs/", "CFR", "U.S.C.")
    assert [check.__name__ for check in CHECKS if not any(name in (check.__doc__ or "") for name in sources)] == []


# Accumulators


def test_accumulator_that_feeds_itself() -> None:
    own = deductible(feeds=(Word("deductible", at(13)),))
    assert found(plan(accumulators=[own, maximum()])) == [("accumulator-feeds-itself", 13)]


def test_tier_that_names_accumulators_of_the_wrong_kind() -> None:
    crossed = tier(deductible=Word("oop", at(15)), out_of_pocket_maximum=Word("deductible", at(16)))
    assert found(plan(tiers=[crossed])) == [("accumulator-of-wrong-kind", 15), ("accumulator-of-wrong-kind", 16)]


def test_deductible_step_that_names_a_maximum() -> None:
    step = DeductibleStep(Word("oop", at(34)), at(30))
    assert found(plan(benefits=[benefit("massage", block(step))])) == [("accumulator-of-wrong-kind", 34)]


def test_individual_amount_above_family_amount() -> None:
    assert found(plan(accumulators=[deductible(individual=100_001, family=100_000), maximum()])) == [
        ("individual-above-family", 11)
    ]
    assert found(plan(accumulators=[deductible(individual=100_000, family=100_000), maximum()])) == []


def test_self_only_is_checked_against_the_other_amounts() -> None:
    alone = deductible(self_only=350_000, individual=500_000)
    assert found(plan(accumulators=[alone, maximum()])) == []
    too_high = deductible(self_only=700_001)
    assert found(plan(accumulators=[too_high, maximum()])) == [("individual-above-family", 11)]
    shared = replace(alone, family_mode=FamilyMode.AGGREGATE)
    assert found(plan(accumulators=[shared, maximum()])) == [("self-only-of-aggregate", 11)]


def test_aggregate_without_family_amount() -> None:
    aggregate = deductible(family=None, family_mode=FamilyMode.AGGREGATE)
    assert found(plan(accumulators=[aggregate, maximum()])) == [("aggregate-without-family", 11)]


def test_accumulator_that_nothing_moves() -> None:
    spare = deductible("spare", at=at(99))
    assert found(plan(accumulators=[deductible(), maximum(), spare])) == [("unused-accumulator", 99)]
    fed = deductible(feeds=(Word("spare", at()),))
    assert found(plan(accumulators=[fed, maximum(), spare])) == []


def test_a_deductible_with_counts_is_an_error() -> None:
    part = deductible(counts=(SharePart.COPAY,))
    assert found(plan(accumulators=[part, maximum()])) == [("counts-of-deductible", 11)]
    assert found(plan(accumulators=[deductible(), maximum(counts=(SharePart.COPAY,))])) == []


def test_maximum_named_twice_in_a_tier() -> None:
    more, other = maximum("more"), Word("more", at(18))
    oop = tier(counts_toward=(other,), capped_by=(other, Word("oop", at(19))))
    assert found(plan(accumulators=[deductible(), maximum(), more], tiers=[oop])) == [("maximum-named-twice", 19)]
    twice = tier(counts_toward=(other, Word("more", at(20))), capped_by=(other,))
    assert found(plan(accumulators=[deductible(), maximum(), more], tiers=[twice])) == [("maximum-named-twice", 20)]


def test_maximum_that_caps_or_counts_and_not_both() -> None:
    sums, other = [deductible(), maximum(), maximum("more")], (Word("more", at(18)),)
    assert found(plan(accumulators=sums, tiers=[tier(capped_by=other)])) == [("cap-without-count", 18)]
    assert found(plan(accumulators=sums, tiers=[tier(counts_toward=other)])) == [("count-without-cap", 18)]
    fed = [deductible(), maximum(feeds=other), maximum("more")]
    assert found(plan(accumulators=fed, tiers=[tier(capped_by=other)])) == []
    pair = [tier(counts_toward=other), tier("elsewhere", capped_by=other)]
    blocks = block(COPAY), block(COPAY, name="elsewhere")
    assert found(plan(accumulators=sums, tiers=pair, benefits=[benefit("massage", *blocks)])) == []


def test_list_of_maxima_that_names_a_deductible() -> None:
    wrong = tier(counts_toward=(Word("deductible", at(18)),))
    codes = [code for code, line in found(plan(tiers=[wrong])) if line == 18]
    assert codes == ["accumulator-of-wrong-kind", "count-without-cap"]


# Steps


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((COPAY, COPAY), [("step-repeated", 31)]),
        ((COINSURANCE, COPAY, COINSURANCE), [("step-repeated", 32)]),
        ((NOTHING, COPAY), [("nothing-not-alone", 33)]),
        ((COPAY, NOTHING), [("nothing-not-alone", 33)]),
        ((NOTHING,), []),
        ((replace(COPAY, waived_with_deductible=True), DEDUCTIBLE), [("waiver-without-deductible", 31)]),
        ((DEDUCTIBLE, replace(COPAY, waived_with_deductible=True)), []),
        ((DEDUCTIBLE,) * 8, []),
        ((DEDUCTIBLE,) * 9, [("too-many", 30)]),
    ],
)
def test_faulty_lists_of_steps_are_errors(steps: tuple[Step, ...], expected: list[tuple[str, int]]) -> None:
    assert found(plan(benefits=[benefit("massage", block(*steps))])) == expected


@pytest.mark.parametrize(
    ("throughs", "expected"),
    [
        ((3, 6, None), []),
        ((3, 3, None), [("visits-out-of-order", 42)]),
        ((6, 3, None), [("visits-out-of-order", 42)]),
        ((None, 3), [("visits-out-of-order", 42)]),
        ((None, None), [("visits-out-of-order", 42)]),
        ((3, 6), [("visits-without-rule", 42)]),
        ((3,), [("visits-without-rule", 41)]),
    ],
)
def test_faulty_parts_by_visit_number_are_errors(
    throughs: tuple[int | None, ...], expected: list[tuple[str, int]]
) -> None:
    parts = tuple(Phase(through, (COPAY,), at(41 + position)) for position, through in enumerate(throughs))
    assert found(plan(benefits=[benefit("massage", TierBenefit("in_network", parts, at()))])) == expected


def test_bare_deductible_in_a_tier_without_one() -> None:
    named = DeductibleStep(Word("deductible", at()), at(35))
    result = found(plan(tiers=[tier(deductible=None)], benefits=[benefit("massage", block(DEDUCTIBLE, named))]))
    assert result == [("deductible-takes-nothing", 30)]


# Limits


def liable(*words: str, unless: Attestation | None = None) -> Tier:
    """A tier that makes denials the provider's, each word on a line of its own from 17 on."""
    denials = tuple(Word(word, at(line)) for line, word in enumerate(words, 17))
    return tier(provider_liable=ProviderLiable(denials, unless, at(16)))


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("referral", {"requires": (Requirement(Attestation.REFERRAL, None, None, at()),)}),
        ("referral", {"requires": (Requirement(Attestation.REFERRAL, None, 12, at()),)}),
        ("limits", {"limits": (limit(id="own"),)}),
        ("limits", {"limits": (limit(id="own", measure=Measure.UNITS),)}),
        ("diagnosis", {"when": criteria(conditions=("back-pain",))}),
        ("diagnosis", {"when": criteria(icd10=("M54",))}),
        ("diagnosis", {"when": criteria(not_conditions=("back-pain",))}),
    ],
)
def test_a_denial_that_a_benefit_of_the_tier_makes(word: str, terms: dict[str, Any]) -> None:
    tiers = [liable(word), tier("wider", at=at(14))]
    other = block(COPAY, name="wider")
    assert found(plan(tiers=tiers, benefits=[benefit("massage", block(COPAY), other, **terms)])) == []
    never = [("liable-never-asked", 17)]
    elsewhere = benefit("massage", other, **terms)
    assert found(plan(tiers=tiers, benefits=[elsewhere, benefit("needles", therapies=("acupuncture",))])) == never


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("limits", {"limits": (limit(50_000, Measure.MONEY, Counting.PLAN_PAID, id="own"),)}),
        ("referral", {"requires": (Requirement(Attestation.REFERRAL, BasisPoints(5_000), None, at()),)}),
        ("referral", {"requires": (Requirement(Attestation.PLAN_OF_CARE, None, None, at()),)}),
        ("diagnosis", {"when": criteria(ages=Ages(18, None, at()))}),
    ],
)
def test_a_denial_that_no_benefit_of_the_tier_makes(word: str, terms: dict[str, Any]) -> None:
    one = plan(tiers=[liable(word)], benefits=[benefit(**terms)])
    assert found(one) == [("liable-never-asked", 17)]


def test_a_denial_that_a_policy_makes() -> None:
    one = plan(tiers=[liable("diagnosis")], benefits=[benefit(policy="pain")])
    assert found(one, policies=[Policy(heading("pain"), criteria(icd10=("M54",)), None)]) == []
    assert found(one, policies=[Policy(heading("pain"), criteria(states=("WA",)), None)]) == [
        ("liable-never-asked", 17)
    ]


def test_a_policy_counts_while_it_is_in_force_with_the_plan() -> None:
    """The plan holds in 2026: what the policy asked in 2025, and asks from 2027 on, denies nothing of it."""
    one = plan(tiers=[liable("diagnosis")], benefits=[benefit(policy="pain")])
    asking, silent = criteria(icd10=("M54",)), criteria(states=("WA",))
    before, then = Policy(heading("pain", 2025), asking, None), Policy(heading("pain"), silent, None)
    later = Policy(heading("pain", start=date(2027, 1, 1)), asking, None)
    assert found(one, policies=[before, then, later]) == [("liable-never-asked", 17)]
    assert (
        found(one, policies=[Policy(heading("pain", 2025), silent, None), Policy(heading("pain"), asking, None)]) == []
    )


def test_an_attestation_that_makes_its_own_absence_the_members() -> None:
    asked = benefit(requires=(Requirement(Attestation.REFERRAL, None, None, at()),))
    wrong = liable("referral", unless=Attestation.REFERRAL)
    assert found(plan(tiers=[wrong], benefits=[asked])) == [("liable-unless-itself", 17)]
    right = liable("referral", unless=Attestation.ADVANCE_NOTICE)
    assert found(plan(tiers=[right], benefits=[asked])) == []


@pytest.mark.parametrize(
    ("measure", "counts", "is_right"),
    [
        (Measure.VISITS, Counting.COVERED, True),
        (Measure.VISITS, Counting.PLAN_PAID, True),
        (Measure.VISITS, Counting.ALLOWED, False),
        (Measure.UNITS, Counting.COVERED, True),
        (Measure.UNITS, Counting.PLAN_PAID, False),
        (Measure.UNITS, Counting.ALLOWED, False),
        (Measure.MONEY, Counting.PLAN_PAID, True),
        (Measure.MONEY, Counting.ALLOWED, True),
        (Measure.MONEY, Counting.COVERED, False),
    ],
)
def test_counts_fit_the_measure(measure: Measure, counts: Counting, *, is_right: bool) -> None:
    one = limit(measure=measure, counts=counts)
    assert found(plan(benefits=[benefit(limits=(one,))])) == ([] if is_right else [("limit-counts-mismatch", 20)])


def test_limit_of_zero() -> None:
    assert found(plan(benefits=[benefit(limits=(limit(0),))])) == [("limit-of-zero", 20)]
    soft = limit(0, beyond=Attestation.IMPROVEMENT_DOCUMENTED)
    assert found(plan(benefits=[benefit(limits=(soft,))])) == []


POOL = limit(shared=True)


@pytest.mark.parametrize(
    ("limits", "others", "expected"),
    [
        # A pool may serve several benefits, and a benefit may have several limits.
        ([POOL], [POOL], []),
        ([POOL, limit(id="one", at=at(21)), limit(id="two", at=at(22))], [POOL, limit(id="three")], []),
        # Once in a benefit.
        ([POOL, POOL], [], [20]),
        ([POOL, POOL, POOL], [], [20, 20]),
        ([POOL, limit(at=at(21))], [], [21]),
        ([POOL, limit(id="one"), limit(id="one", at=at(22), per=LimitPeriod(PeriodKind.ROLLING_DAYS, 90))], [], [22]),
        # Once in an edition, but for pools.
        ([POOL, limit(id="one")], [limit(id="one", at=at(23))], [23]),
        ([POOL], [limit(at=at(23))], [23]),
        ([limit(at=at(21))], [POOL], [21]),
    ],
)
def test_an_id_stands_for_one_limit(limits: list[Limit], others: list[Limit], expected: list[int]) -> None:
    benefits = [
        benefit("one", therapies=(Word("massage", at()),), limits=tuple(limits)),
        benefit("two", therapies=(Word("acupuncture", at()),), limits=tuple(others)),
    ]
    assert found(plan(limits=[POOL], benefits=benefits)) == [("limit-repeated", line) for line in expected]


def test_editions_repeat_the_ids_of_limits() -> None:
    """Each edition of a plan has its limits, under the same ids (point 31)."""
    own = benefit(limits=(POOL, limit(id="own")))
    editions = [plan(heading=heading("silver", year), limits=[POOL], benefits=[own]) for year in (2025, 2026)]
    assert found(*editions) == []


def test_pool_that_no_benefit_draws_on() -> None:
    pool = limit(shared=True)
    assert found(plan(limits=[pool])) == [("unused-limit", 20)]
    assert found(plan(limits=[pool], benefits=[benefit(limits=(pool,))])) == []


# Upkeep


@pytest.mark.parametrize(("following", "expected"), [(date(2026, 5, 31), [("review-due", 3)]), (TODAY, []), (None, [])])
def test_review_that_is_due(following: date | None, expected: list[tuple[str, int]]) -> None:
    review = Review(date(2025, 6, 1), None, following, at(3))
    assert found(plan(heading=heading("silver", review=review))) == expected


def test_plan_without_tests() -> None:
    assert found(plan(tests=())) == [("plan-without-tests", 1)]


def test_tier_without_benefits() -> None:
    assert found(plan(tiers=[tier(), tier("out_of_network", at=at(18))])) == [("unused-tier", 18)]
    assert found(plan(tiers=[tier()], benefits=[])) == []


# Bounds


def test_bound_of_practitioners() -> None:
    assert found(plan(), catalogs=[catalog(64)]) == []
    assert found(plan(), catalogs=[catalog(65)]) == [("too-many", 64)]


def test_bound_of_accumulators() -> None:
    many = [deductible(f"d{number:02}", at=at(100 + number)) for number in range(14)]
    feeding = deductible(feeds=tuple(Word(each.id, at()) for each in many))
    assert found(plan(accumulators=[feeding, maximum(), *many])) == []
    one_more = deductible("more", at=at(200))
    feeding = replace(feeding, feeds=(*feeding.feeds, "more"))
    assert found(plan(accumulators=[feeding, maximum(), *many, one_more])) == [("too-many", 200)]


def test_bound_of_tiers() -> None:
    names = [f"t{number}" for number in range(13)]
    blocks = [block(COPAY, name=name) for name in names]
    tiers = [tier(name, at=at(100 + number)) for number, name in enumerate(names)]
    assert found(plan(tiers=tiers[:12], benefits=[benefit("massage", *blocks[:12])])) == []
    assert found(plan(tiers=tiers, benefits=[benefit("massage", *blocks)])) == [("too-many", 112)]


def test_bound_of_limits() -> None:
    many = tuple(limit(id=f"limit-{number}", at=at(100 + number)) for number in range(33))
    assert found(plan(benefits=[benefit(limits=many[:32])])) == []
    assert found(plan(benefits=[benefit(limits=many)])) == [("too-many", 132)]


@pytest.mark.parametrize(("groups", "expected"), [(64, []), (65, [("too-many", 1)])])
def test_bound_of_diagnosis_groups(groups: int, expected: list[tuple[str, int]]) -> None:
    many = [benefit(f"b{number}", when=criteria(icd10=(f"M{number:02}",))) for number in range(groups)]
    assert found(plan(benefits=many)) == expected


# Criteria


def test_an_empty_range_of_ages_is_an_error() -> None:
    assert found(plan(benefits=[benefit(when=criteria(ages=Ages(18, 17, at(8))))])) == [("criteria-never-hold", 8)]
    assert found(plan(benefits=[benefit(when=criteria(ages=Ages(18, 18, at(8))))])) == []


@pytest.mark.parametrize("key", ["icd10", "practitioners", "settings", "states"])
def test_empty_list(key: str) -> None:
    assert found(plan(benefits=[benefit(when=criteria(**{key: ()}))])) == [("criteria-never-hold", 7)]


def test_conditions_that_are_excluded_again() -> None:
    # M54.5 is one of the prefixes under M54, so whoever has it is excluded.
    when = criteria(conditions=("back-pain",), not_conditions=("pain",))
    assert found(plan(benefits=[benefit(when=when)])) == [("criteria-never-hold", 7)]


def test_policy_that_the_benefit_contradicts() -> None:
    policy = Policy(heading("adults"), criteria(states=("WA",)), None)
    own = benefit(policy="adults", when=criteria(states=("OR",)))
    assert found(plan(benefits=[own]), policies=[policy]) == [("criteria-never-hold", 7)]
    assert found(plan(benefits=[replace(own, when=criteria(states=("OR", "WA")))]), policies=[policy]) == []


def test_practitioners_who_do_not_give_the_therapy() -> None:
    other = benefit(when=criteria(practitioners=("kind1",)))
    assert found(plan(benefits=[other])) == [("practitioners-never-give-therapy", 7)]
    assert found(plan(benefits=[benefit(when=criteria(practitioners=("kind0", "kind1")))])) == []
    anyone = benefit(therapies=("bodywork",), when=criteria(practitioners=("kind1",)))
    assert found(plan(benefits=[anyone])) == []


# Overlaps


def two(first: dict[str, Any], second: dict[str, Any]) -> Plan:
    """A plan of two benefits for massage."""
    return plan(benefits=[benefit("first", line=51, **first), benefit("second", line=52, **second)])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"icd10": ("M54",)}, {"icd10": ("G44",)}),
        ({"conditions": ("back-pain",)}, {"conditions": ("headache",)}),
        ({"conditions": ("back-pain",)}, {"not_conditions": ("pain",)}),
        ({"practitioners": ("kind0",)}, {"practitioners": ("kind1", "kind0x")}),
        ({"settings": (Setting.HOME,)}, {"settings": (Setting.OFFICE,)}),
        ({"states": ("WA",)}, {"states": ("OR",)}),
        ({"ages": Ages(None, 17, at())}, {"ages": Ages(18, None, at())}),
    ],
)
def test_benefits_that_exclude_each_other(first: dict[str, Any], second: dict[str, Any]) -> None:
    result = found(two({"when": criteria(**first)}, {"when": criteria(**second)}))
    assert [code for code, _ in result if code != "practitioners-never-give-therapy"] == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"icd10": ("M54",)}, {"states": ("WA",)}),
        ({"icd10": ("m54.5",)}, {"conditions": ("pain",)}),
        ({"ages": Ages(None, 18, at())}, {"ages": Ages(18, None, at())}),
        ({"licensed": True}, {}),
    ],
)
def test_benefits_that_overlap(first: dict[str, Any], second: dict[str, Any]) -> None:
    pair = two({"when": criteria(**first)}, {"when": criteria(**second)})
    assert found(pair) == [("overlapping-benefits", 52)]


def test_no_overlap_in_other_tiers_or_where_the_first_passes_on() -> None:
    adults = criteria(ages=Ages(18, None, at()))
    outside = benefit("second", block(COPAY, name="out_of_network"))
    tiers = [tier(), tier("out_of_network")]
    assert found(plan(tiers=tiers, benefits=[benefit("first", when=adults), outside])) == []
    assert found(two({"when": adults, "continues_when_exhausted": True}, {})) == []


def test_overlap_through_a_code_of_the_therapy() -> None:
    by_code = {"therapies": (), "codes": ("97124",)}
    assert found(two(by_code, {})) == [("overlapping-benefits", 52)]
    assert found(two({"therapies": (), "codes": ("97810",)}, {})) == []


def test_benefit_behind_one_that_asks_for_less() -> None:
    assert found(two({}, {})) == [("benefit-never-applies", 52)]
    assert found(two({}, {"when": criteria(states=("WA",))})) == [("benefit-never-applies", 52)]
    wide = criteria(conditions=("pain",), ages=Ages(18, None, at()))
    narrow = criteria(icd10=("M54.50",), ages=Ages(21, 64, at()), states=("WA",))
    assert found(two({"when": wide}, {"when": narrow})) == [("benefit-never-applies", 52)]


def test_benefit_whose_code_belongs_to_another_therapy_too() -> None:
    # 97140 is billed for massage and for bodywork; the first benefit takes only the massage.
    by_code = {"therapies": (), "codes": ("97140",)}
    assert found(two({}, by_code)) == [("overlapping-benefits", 52)]
    assert found(two({"therapies": ("massage", "bodywork")}, by_code)) == [("benefit-never-applies", 52)]


def test_benefit_that_is_excluded() -> None:
    always = Exclusion(("massage",), (), None, "experimental", None, at(60))
    assert found(plan(exclusions=(always,))) == [("benefit-never-applies", 25)]
    sometimes = replace(always, when=criteria(states=("WA",)))
    assert found(plan(exclusions=(sometimes,))) == []


def test_policy_editions_are_compared_on_their_own_days() -> None:
    early = Policy(
        replace(heading("area"), effective=Effective(date(2026, 1, 1), date(2026, 6, 30), at())),
        criteria(states=("OR",)),
        None,
    )
    late = Policy(heading("area", start=date(2026, 7, 1)), criteria(states=("WA",)), None)
    pair = two({"policy": "area"}, {"when": criteria(states=("WA",))})
    # Until June the two are apart; from July the second is wholly behind the first, yet it has applied before.
    assert found(pair, policies=[early, late]) == [("overlapping-benefits", 52)]


# Federal limits


@pytest.mark.parametrize(
    ("year", "amounts"),
    [
        # Individual and family: ACA maximum, HSA minimum deductible, HSA maximum, as published for the year.
        (2025, (920_000, 1_840_000, 165_000, 330_000, 830_000, 1_660_000)),
        (2026, (1_060_000, 2_120_000, 170_000, 340_000, 850_000, 1_700_000)),
        (2027, (1_200_000, 2_400_000, 175_000, 350_000, 870_000, 1_740_000)),
    ],
)
def test_published_limits(year: int, amounts: tuple[int, ...]) -> None:
    limits = federal_limits(year)
    assert limits is not None
    each = (limits.out_of_pocket_maximum, limits.hsa_minimum_deductible, limits.hsa_out_of_pocket_maximum)
    assert tuple(cents for one in each for cents in (one.individual_cents, one.family_cents)) == amounts


def test_a_year_without_published_limits_is_open() -> None:
    assert federal_limits(2028) is None
    assert found(plan(year=2028, accumulators=[deductible(), maximum(individual=9_999_900, family=None)])) == []


@pytest.mark.parametrize(
    ("individual", "family", "mode", "is_above"),
    [
        (1_060_000, 2_120_000, FamilyMode.EMBEDDED, False),
        (1_060_001, 2_120_000, FamilyMode.EMBEDDED, True),
        (1_060_000, 2_120_001, FamilyMode.EMBEDDED, True),
        (None, None, FamilyMode.EMBEDDED, False),
        (1_000_000, 1_060_000, FamilyMode.AGGREGATE, False),
        (1_000_000, 1_060_001, FamilyMode.AGGREGATE, True),
    ],
)
def test_out_of_pocket_maximum_of_2026(individual: int, family: int, mode: FamilyMode, *, is_above: bool) -> None:
    result = found(plan(accumulators=[deductible(), maximum(individual=individual, family=family, family_mode=mode)]))
    assert result == ([("out-of-pocket-above-federal-limit", 12)] if is_above else [])


def hsa(**given: Any) -> list[str]:
    """Codes found in an HSA-qualified plan of 2026."""
    return [code for code, _ in found(plan(hsa_qualified=True, **given))]


@pytest.mark.parametrize(
    ("individual", "family", "mode", "expected"),
    [
        (340_000, 680_000, FamilyMode.EMBEDDED, []),
        (339_999, 680_000, FamilyMode.EMBEDDED, ["hsa-embedded-deductible-too-low"]),
        (169_999, 680_000, FamilyMode.EMBEDDED, ["hsa-deductible-too-low"]),
        (170_000, None, FamilyMode.EMBEDDED, []),
        (170_000, 340_000, FamilyMode.AGGREGATE, []),
        (170_000, 339_999, FamilyMode.AGGREGATE, ["hsa-deductible-too-low"]),
    ],
)
def test_hsa_deductible_of_2026(individual: int, family: int, mode: FamilyMode, expected: list[str]) -> None:
    assert hsa(accumulators=[deductible(individual=individual, family=family, family_mode=mode), maximum()]) == expected


def test_the_lesser_of_two_maxima_that_count_all_is_judged() -> None:
    """$12,000 is above every limit of 2026; $8,000 beside it is what binds, unless it counts coinsurance alone."""
    other = (Word("more", at(18)),)
    both = tier(counts_toward=other, capped_by=other)

    def drawn(*sums: Accumulator) -> list[str]:
        hsa = plan(accumulators=[deductible(), *sums], tiers=[both], hsa_qualified=True)
        return [code for code, _ in found(hsa) if code.startswith(("out-of-pocket", "hsa-out"))]

    high = maximum(individual=1_200_000, family=2_400_000)
    above = ["out-of-pocket-above-federal-limit", "hsa-out-of-pocket-too-high"]
    assert drawn(high, maximum("more")) == []
    assert drawn(high, maximum("more", counts=(SharePart.COINSURANCE,))) == above
    parts = (SharePart.DEDUCTIBLE, SharePart.COPAY)
    assert drawn(maximum(counts=parts), maximum("more", counts=parts)) == ["hsa-out-of-pocket-too-high"]


def test_the_self_only_amount_is_judged_for_one_person_alone() -> None:
    """2026: a deductible of at least $1,700 alone and $3,400 in a family, at most $8,500 and $17,000 out of pocket."""

    def drawn(*sums: Accumulator) -> list[str]:
        return [code for code, _ in found(plan(accumulators=sums, hsa_qualified=True))]

    assert drawn(deductible(self_only=170_000, individual=340_000), maximum(self_only=850_000)) == []
    assert drawn(deductible(self_only=169_999, individual=340_000), maximum()) == ["hsa-deductible-too-low"]
    assert drawn(deductible(self_only=170_000, individual=339_999), maximum()) == ["hsa-embedded-deductible-too-low"]
    assert drawn(deductible(), maximum(self_only=850_001)) == ["hsa-out-of-pocket-too-high"]
    assert drawn(deductible(), maximum(self_only=850_000, individual=1_000_000)) == []
    assert drawn(deductible(), maximum(self_only=1_060_001)) == [
        "out-of-pocket-above-federal-limit",
        "hsa-out-of-pocket-too-high",
    ]


def test_hsa_tier_without_deductible_or_maximum() -> None:
    step = DeductibleStep(Word("deductible", at()), at())
    bare = tier(deductible=None, out_of_pocket_maximum=None)
    result = hsa(tiers=[bare], benefits=[benefit("massage", block(step))], accumulators=[deductible()])
    assert result == ["hsa-deductible-too-low", "hsa-out-of-pocket-too-high"]


@pytest.mark.parametrize(
    ("individual", "family", "is_above"),
    [(850_000, 1_700_000, False), (850_001, 1_700_000, True), (850_000, 1_700_001, True), (None, None, True)],
)
def test_hsa_out_of_pocket_maximum_of_2026(individual: int | None, family: int | None, *, is_above: bool) -> None:
    result = hsa(accumulators=[deductible(), maximum(individual=individual, family=family)])
    assert result == (["hsa-out-of-pocket-too-high"] if is_above else [])


@pytest.mark.parametrize(
    ("steps", "pays_first"),
    [
        ((DEDUCTIBLE, COPAY), False),
        ((DEDUCTIBLE,), False),
        ((COPAY, DEDUCTIBLE), True),
        ((COINSURANCE,), True),
        ((NOTHING,), True),
    ],
)
def test_hsa_plan_that_pays_before_the_deductible(steps: tuple[Step, ...], *, pays_first: bool) -> None:
    result = hsa(benefits=[benefit("massage", block(*steps))])
    assert result == (["hsa-pays-before-deductible"] if pays_first else [])


def test_hsa_plan_may_pay_first_outside_the_first_tier() -> None:
    tiers = [tier(), tier("out_of_network")]
    both = benefit("massage", block(DEDUCTIBLE), block(COPAY, name="out_of_network"))
    assert hsa(tiers=tiers, benefits=[both]) == []


def test_hsa_plan_with_carryover() -> None:
    carried = deductible(carryover=Carryover.LAST_QUARTER)
    assert hsa(accumulators=[carried, maximum()]) == ["hsa-carryover"]
    assert found(plan(accumulators=[carried, maximum()])) == []
