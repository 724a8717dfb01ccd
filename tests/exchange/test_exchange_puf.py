"""Plans of the exchanges from CMS's public use files: the closed grammars, sums, limits, and amounts by hand."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from camcover.exchange.cells import CellFault
from camcover.exchange.exchange_puf.cost_shares import coinsurance_of, copay_of, share_of
from camcover.exchange.exchange_puf.files import read_exchange
from camcover.exchange.exchange_puf.limits import PERIODS, THINGS, limit_of
from camcover.exchange.exchange_puf.terms import draft_of
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.plan_text import plan_text
from exchange_tables import BENEFIT, BENEFITS, NO_LIMIT, PLAN, exchange
from imported_plans import bounds, loaded, priced
from public_tables import path_of

SOURCE = '{title: "Invented files"}'
ID = "puf-12345oh0010001-01"
NEEDLES = {"therapy": "acupuncture", "practitioner": "acupuncturist"}
ADJUSTMENT = {"therapy": "chiropractic", "practitioner": "chiropractor"}
SUMS = ("deductible_in", "deductible_out", "moop_in")


@pytest.mark.parametrize(
    ("copay", "percent", "steps"),
    [
        ("$30.00", "Not Applicable", ["copay: $30 per visit"]),
        ("$1,250.00", "", ["copay: $1250 per visit"]),
        ("$4.70 Copay after deductible", "", ["deductible", "copay: $4.70 per visit"]),
        ("$1250.00 Copay with deductible", "", ["copay: $1250 per visit", "deductible"]),
        ("$25.00 Copay before deductible", "", ["copay: $25 per visit", "deductible"]),
        ("$350.00 Copay per Day", "", ["copay: $350 per visit"]),
        ("$500.00 Copay per Stay after deductible", "", ["deductible", "copay: $500 per visit"]),
        ("Not Applicable", "20.00%", ["coinsurance: 20%"]),
        ("", "12.50% Coinsurance after deductible", ["deductible", "coinsurance: 12.5%"]),
        ("No Charge", "", ["nothing"]),
        ("No Charge after deductible", "", ["deductible"]),
        ("$0.00", "0.00%", ["nothing"]),
        ("$0.00", "0.00% Coinsurance after deductible", ["deductible"]),
        ("$30.00", "20.00% Coinsurance after deductible", ["copay: $30 per visit", "deductible", "coinsurance: 20%"]),
        ("$30.00 Copay after deductible", "20.00%", ["deductible", "copay: $30 per visit", "coinsurance: 20%"]),
    ],
)
def test_two_cells_are_steps(copay: str, percent: str, steps: list[str]) -> None:
    share = share_of(copay_of(copay), coinsurance_of(percent))
    assert share is not None
    assert list(share.steps) == steps


NO_COPAYS = [
    "$30", "30.00", "$30.00 copay", "$30.00 Copay  after deductible", "$1,25.00", "$30.00 Copay per Week", "-$1.00",
    "=1+1", "no charge", "20.00%", "$\u0663\u0660.00",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_COPAYS)
def test_other_copays_are_refused(text: str) -> None:
    with pytest.raises(CellFault, match=r"a copay such as \$30\.00"):
        copay_of(text)


@pytest.mark.parametrize("text", ["20%", "101.00%", "20.00% Copay", "20.00% coinsurance after deductible", "$30.00"])
def test_other_percentages_are_refused(text: str) -> None:
    with pytest.raises(CellFault, match=r"a percentage such as 20\.00%"):
        coinsurance_of(text)


def test_every_string_of_2026_is_read() -> None:
    """434 distinct ones of the whole file, where their list lies beside the project."""
    rows = list(csv.DictReader(path_of("cost_share_strings_py2026.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 434
    for row in rows:
        (copay_of if row["column_family"] == "copay" else coinsurance_of)(row["string"])


@pytest.mark.parametrize(
    ("quantity", "unit", "allow", "per"),
    [
        ("35.0", "Visit(s) per Benefit Period", "35 visits", "benefit_period"),
        ("20", "Procedure(s) per Year", "20 visits", "calendar_year"),
        ("3.0", "Hours per Year", "3 hours", "calendar_year"),
        ("1500.0", "Dollars per Episode", "$1500.00", "episode"),
        ("1.0", "Exam(s) per 2 Years", "1 visits", "rolling 24 months"),
        ("2.0", "Item(s) per Year", "", ""),
        ("30.0", "Days per Stay", "", ""),
    ],
)
def test_limits(quantity: str, unit: str, allow: str, per: str) -> None:
    limit = limit_of(quantity, unit)
    assert limit is not None
    assert (limit.allow, limit.per) == (allow, per)


def test_every_thing_and_period_makes_a_unit_and_others_do_not() -> None:
    for thing in THINGS:
        for period in PERIODS:
            assert limit_of("1.0", f"{thing} per {period}") is not None
    for quantity, unit in (
        ("x", "Visit(s) per Year"),
        ("1", "Visit(s)"),
        ("1", "Visits per Year"),
        ("", "Hours per Year"),
    ):
        with pytest.raises(CellFault):
            limit_of(quantity, unit)


def test_amounts_of_a_plan(tmp_path: Path) -> None:
    """Acupuncture $30; out of the network 6,000 of deductible before 50 %; chiropractic 3,000 of it before $1,250."""
    found = read_exchange(*exchange(tmp_path), 2026)
    assert found.unread == []
    _, tables = loaded(draft_of(each, SOURCE) for each in found.plans)
    used = {"limit_usage": [{"limit": "acupuncture-limit", "used": 0}]}
    inside = priced(tables, ID, **NEEDLES, member=used, accumulators=SUMS)
    assert bounds(inside) == (3000, 3000, 3000)
    outside = priced(tables, ID, **NEEDLES, member=used, accumulators=SUMS, tier="out_of_network", charge_cents=700000)
    assert outside.totals.patient_cents == 600000 + 50000
    adjusted = priced(tables, ID, **ADJUSTMENT, accumulators=SUMS, charge_cents=500000)
    assert adjusted.totals.patient_cents == 300000 + 125000
    massage = priced(tables, ID, therapy="therapeutic-massage", accumulators=SUMS)
    assert massage.lines[0].reason.name == "EXCLUDED"


def test_a_limit_ends_the_visits(tmp_path: Path) -> None:
    _, tables = loaded(draft_of(each, SOURCE) for each in read_exchange(*exchange(tmp_path), 2026).plans)
    used = {"limit_usage": [{"limit": "acupuncture-limit", "used": 12}]}
    found = priced(tables, ID, **NEEDLES, member=used, accumulators=SUMS)
    assert (found.lines[0].reason.name, found.totals.patient_cents) == ("LIMIT_REACHED", 20000)


def test_a_limit_that_an_explanation_shares_is_one_count(tmp_path: Path) -> None:
    shared = {"Explanation": "12 visits combined with acupuncture."}
    benefits = [BENEFIT, BENEFIT | {"BenefitName": "Chiropractic Care"} | shared]
    (plan,) = read_exchange(*exchange(tmp_path, benefits=benefits), 2026).plans
    _, tables = loaded([draft_of(plan, SOURCE)])
    used = {"limit_usage": [{"limit": "acupuncture-and-chiropractic-limit", "used": 12}]}
    for visit in (NEEDLES, ADJUSTMENT):
        found = priced(tables, ID, **visit, member=used, accumulators=SUMS)
        assert found.lines[0].reason.name == "LIMIT_REACHED"


def test_three_benefits_share_a_count_that_one_of_them_explains(tmp_path: Path) -> None:
    told = {"BenefitName": "Chiropractic Care", "Explanation": "Combined limit with acupuncture and massage therapy."}
    benefits = [BENEFIT, BENEFIT | told, BENEFIT | {"BenefitName": "Massage Therapy"}]
    (plan,) = read_exchange(*exchange(tmp_path, benefits=benefits), 2026).plans
    assert plan_text(draft_of(plan, SOURCE)).count("limits: [acupuncture-and-chiropractic-and-massage-limit]") == 3


@pytest.mark.parametrize(
    "text", ["12 visits each for acupuncture and chiropractic, not combined.", "Combined with PT."]
)
def test_other_explanations_are_notes(tmp_path: Path, text: str) -> None:
    benefits = [BENEFIT, BENEFIT | {"BenefitName": "Chiropractic Care", "Explanation": text}]
    (plan,) = read_exchange(*exchange(tmp_path, benefits=benefits), 2026).plans
    written = plan_text(draft_of(plan, SOURCE))
    assert "limits: [acupuncture-limit]" in written
    assert "limits: [chiropractic-limit]" in written
    assert f'chiropractic, explanation of the file: "{text}"' in " ".join(written.split())


def test_what_is_not_stated_may_be_nothing_or_all(tmp_path: Path) -> None:
    silent = BENEFIT | {"CopayInnTier1": "Not Applicable", **NO_LIMIT}
    (plan,) = read_exchange(*exchange(tmp_path, benefits=[silent]), 2026).plans
    _, tables = loaded([draft_of(plan, SOURCE)])
    assert bounds(priced(tables, ID, **NEEDLES, accumulators=SUMS)) == (0, 20000, 20000)


def test_limits_that_nothing_counts_are_notes(tmp_path: Path) -> None:
    stay = BENEFIT | {"LimitUnit": "Visit(s) per Stay", "CopayInnTier1": "$30.00 Copay per Day"}
    (plan,) = read_exchange(*exchange(tmp_path, benefits=[stay]), 2026).plans
    told = " ".join(plan_text(draft_of(plan, SOURCE)).split())
    assert "acupuncture: the limit of 12.0 Visit(s) per Stay is not counted here" in told
    assert "acupuncture: a copay per day or per stay is taken per visit." in told


def test_sums_follow_the_flags_and_the_families(tmp_path: Path) -> None:
    """Medical sums apart from drugs'; no amount of a person: the family's alone; both networks together; two tiers."""
    apart = PLAN | {
        "MedicalDrugDeductiblesIntegrated": "No",
        "MultipleInNetworkTiers": "Yes",
        "MEHBDedInnTier1Individual": "$1,500 ",
        "MEHBDedInnTier1FamilyPerGroup": "$3000 per group",
        "MEHBDedInnTier2Individual": "$2,000 ",
        "TEHBCombInnOonIndividualMOOP": "$20,000",
    }
    tiered = BENEFIT | {"CopayInnTier2": "$60.00"}
    (plan,) = read_exchange(*exchange(tmp_path, plans=[apart], benefits=[tiered]), 2026).plans
    rules, tables = loaded([draft_of(plan, SOURCE)])
    (edition,) = rules.plans[ID]
    sums = {str(name): each for name, each in edition.accumulators.items()}
    assert sorted(sums) == ["deductible_in", "deductible_second", "moop_combined", "moop_in"]
    text = plan_text(draft_of(plan, SOURCE))
    assert "individual: $1500, family: $3000, family_mode: aggregate" in text
    assert "counts_toward: [moop_combined]" in text
    used = {"limit_usage": [{"limit": "acupuncture-limit", "used": 0}]}
    found = priced(tables, ID, **NEEDLES, member=used, tier="in_network_second_tier")
    assert found.totals.patient_cents == 6000


def test_dental_plans_and_other_variants_are_left_out(tmp_path: Path) -> None:
    plans = [PLAN, PLAN | {"PlanId": "12345OH0010001-04"}, PLAN | {"PlanId": "12345OH0020001", "DentalOnlyPlan": "Yes"}]
    benefits = [BENEFIT, BENEFIT | {"PlanId": "12345OH0010001-04"}, BENEFIT | {"PlanId": "12345OH0020001"}]
    found = read_exchange(*exchange(tmp_path, plans, benefits), 2026, ["04"])
    assert ([each.id for each in found.plans], found.unread) == (["12345OH0010001-04"], [])


NOT_READ = [
    ({"CopayInnTier1": "$30"}, "benefits.csv:2: column copayinntier1: found '$30'; expected a copay such as $30.00"),
    ({"LimitUnit": "Visit(s)"}, "benefits.csv:2: column limitqty: found '12.0'; expected a quantity such as 35.0 with"),
    ({"IsCovered": "Yes"}, "benefits.csv:2: column iscovered: found 'Yes'; expected Covered, Not Covered, or nothing"),
    ({"PlanId": "99999OH0010001-01"}, "benefits.csv:2: column planid: found '99999OH0010001-01'; expected a plan that"),
]


@pytest.mark.parametrize(("changes", "expected"), NOT_READ)
def test_a_plan_that_cannot_be_read_whole_is_left_out(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    found = read_exchange(*exchange(tmp_path, benefits=[BENEFIT | changes]), 2026)
    told = [str(each) for each in found.unread]
    assert found.plans == []
    assert told[0].startswith(expected)
    assert told[-1].endswith("expected a plan that can be read whole; it is left out")


def test_faults_of_the_plan_file_are_listed(tmp_path: Path) -> None:
    wrong = PLAN | {"PlanId": "12345OH0010001-02", "TEHBDedInnTier1Individual": "3000", "IssuerId": "../x"}
    found = read_exchange(*exchange(tmp_path, [PLAN, wrong, PLAN], BENEFITS), 2026)
    issuer, deductible, again = (str(each) for each in found.unread)
    assert issuer == "plans.csv:3: column issuerid: found '../x'; expected five digits"
    assert deductible.startswith("plans.csv:3: column tehbdedinntier1individual: found '3000'; expected an amount such")
    assert again == "plans.csv:4: column planid: found '12345OH0010001-01'; expected a plan that no earlier row has"
    assert len(found.plans) == 1


def test_whatever_is_cut_off_or_changed_ends_in_plans_or_reasons(tmp_path: Path) -> None:
    dice = random.Random(20261126)  # noqa: S311 - a seeded choice of changes
    plans, benefits = exchange(tmp_path)
    whole = benefits.read_bytes()
    for number in range(100):
        place = dice.randrange(len(whole))
        rest = bytes([dice.randrange(256)]) + whole[place + 1 :] if number % 2 else b""
        benefits.write_bytes(whole[:place] + rest)
        try:
            found = read_exchange(plans, benefits, 2026)
        except UnreadableFile:
            continue
        assert found.plans or found.unread
        for plan in found.plans:
            plan_text(draft_of(plan, SOURCE))
