"""CMS's plan benefit package: Medicare-covered chiropractic (7b) and supplemental acupuncture (13a) as they stand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from advantage_tables import package
from camcover.engine import Tables
from camcover.exchange.medicare_advantage.pbp import read_pbp
from camcover.exchange.medicare_advantage.terms import draft_of
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.plan_text import plan_text
from imported_plans import bounds, loaded, priced

SOURCE = '{title: "Invented package"}'
PLAN = "ma-h0002-003-0"
SUMS = ("moop_in",)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The plan, compiled."""
    found = read_pbp(package(tmp_path_factory.mktemp("package")), 2026)
    assert found.unread == []
    assert [each.organization for each in found.plans] == ["Example Société"]
    return loaded(draft_of(each, SOURCE) for each in found.plans)[1]


def test_medicares_chiropractic_has_its_own_copay(rules: Tables) -> None:
    """7b: $15, neither primary care's $0 nor a specialist's $38.50."""
    visit = {"therapy": "chiropractic", "practitioner": "chiropractor", "diagnoses": ["M99.03"]}
    found = priced(rules, PLAN, **visit, accumulators=SUMS, attestations=["active_treatment"])
    assert (found.lines[0].benefit, bounds(found)) == ("medicare-chiropractic", (1500, 1500, 1500))


def test_medicares_acupuncture_is_a_range_to_the_specialists_most(rules: Tables) -> None:
    """7a: $0; 7d: $10 to $38.50, with prior authorization, without which the visit is the member's."""
    visit = {"therapy": "acupuncture", "practitioner": "physician", "diagnoses": ["M54.50"]}
    used = {"limit_usage": [{"limit": "ninety-days", "used": 0}, {"limit": "twelve-months", "used": 0}]}
    given = priced(rules, PLAN, **visit, member=used, accumulators=SUMS, attestations=["prior_authorization"])
    assert bounds(given) == (0, 3850, 3850)


def test_supplemental_visits_end_with_their_number(rules: Tables) -> None:
    """13a: $5, twice a year; the third visit is 200.00."""
    neck = {"therapy": "acupuncture", "practitioner": "acupuncturist", "diagnoses": ["M54.2"]}
    dates = {"dates": ["2026-03-02", "2026-03-09", "2026-03-16"], "attestations": ["prior_authorization"]}
    used = {"limit_usage": [{"limit": "acupuncture-visits", "used": 0}]}
    found = priced(rules, PLAN, **neck, **dates, member=used, accumulators=SUMS)
    assert [each.patient_cents for each in found.lines] == [500, 500, 20000]


def test_percentages_of_mental_health(rules: Tables) -> None:
    """7e: one session 20% of 200.00; a group from 12.5% to 20%."""
    visit = {"therapy": "psychotherapy", "practitioner": "psychologist"}
    assert bounds(priced(rules, PLAN, **visit, accumulators=SUMS)) == (4000, 4000, 4000)
    group = visit | {"procedures": [{"code": "90853", "charge_cents": 20000}], "charge_cents": None}
    assert bounds(priced(rules, PLAN, **group, accumulators=SUMS)) == (2500, 4000, 4000)


def test_a_limit_over_another_period_becomes_a_note(tmp_path: Path) -> None:
    (plan,) = read_pbp(package(tmp_path, pbp_b13a_bendesc_per="5"), 2026).plans
    text = " ".join(plan_text(draft_of(plan, SOURCE)).split())
    assert "limits that the source does not name, past which the member pays: acupuncture." in text
    assert "acupuncture-visits" not in text


NOT_READ = [
    ({"pbp_a_plan_name": ""}, "pbp_Section_A.txt:2: column pbp_a_plan_name: found ''; expected a name"),
    ({"pbp_d_out_pocket_amt": ""}, "pbp_Section_D.txt:2: column pbp_d_out_pocket_amt: found ''; expected an amount, "),
    ({"pbp_d_out_pocket_amt_yn": "yes"}, "column pbp_d_out_pocket_amt_yn: found 'yes'; expected 1 (yes), 2 (no), 3"),
    ({"pbp_b7b_copay_mc_amt_min": "$15"}, "column pbp_b7b_copay_mc_amt_min: found '$15'; expected an amount such as"),
    ({"pbp_b7d_copay_amt_mc_max": "9.99"}, "column pbp_b7d_copay_amt_mc_min: found '10.00 to 9.99'; expected a least"),
    ({"pbp_b7e_coins_mcgs_maxpct": "120"}, "column pbp_b7e_coins_mcgs_maxpct: found '120'; expected a percentage from"),
    ({"pbp_b13a_bendesc_numv": "two"}, "column pbp_b13a_bendesc_numv: found 'two'; expected a whole number up to 999"),
    ({"pbp_a_hnumber": "2"}, "pbp_Section_A.txt:2: key: found '2 003 0'; expected contract, plan and segment such as"),
]


@pytest.mark.parametrize(("changes", "expected"), NOT_READ)
def test_a_cell_that_cannot_be_read_leaves_the_plan_out(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    found = read_pbp(package(tmp_path, **changes), 2026)
    told = [str(each) for each in found.unread]
    assert found.plans == []
    assert any(expected in each for each in told), told


def test_a_plan_must_stand_in_every_file(tmp_path: Path) -> None:
    folder = package(tmp_path)
    file = folder / "pbp_Section_D.txt"
    file.write_bytes(file.read_bytes().replace(b"H0002", b"H0003"))
    told = [str(each) for each in read_pbp(folder, 2026).unread]
    assert told == [
        "pbp_Section_A.txt:2: plan H0002-003-0: found no row in pbp_Section_D.txt; expected a row in each file",
        "pbp_Section_D.txt:2: plan H0003-003-0: found no such plan; expected a plan of pbp_Section_A.txt",
    ]


def test_whatever_is_cut_off_or_changed_ends_in_plans_or_reasons(tmp_path: Path) -> None:
    dice = random.Random(20261126)  # noqa: S311 - a seeded choice of changes
    file = package(tmp_path) / "pbp_b7_health_prof.txt"
    whole = file.read_bytes()
    for _ in range(80):
        place = dice.randrange(len(whole))
        cut = (
            whole[:place] if dice.random() < 0.5 else whole[:place] + bytes([dice.randrange(256)]) + whole[place + 1 :]
        )
        file.write_bytes(cut)
        try:
            found = read_pbp(tmp_path, 2026)
        except UnreadableFile:
            continue
        assert found.plans or found.unread
        for plan in found.plans:
            plan_text(draft_of(plan, SOURCE))
