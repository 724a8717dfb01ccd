"""Medicare Advantage plans from the plan finder's tables: rule files that load, check, and price by hand."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from advantage_tables import BENEFITS, PLANS, tables
from camcover.engine import Tables
from camcover.exchange.medicare_advantage.table import read_table
from camcover.exchange.medicare_advantage.terms import draft_of
from camcover.exchange.notes import UnreadableFile
from camcover.exchange.plan_text import plan_text
from imported_plans import bounds, loaded, priced

SOURCE = '{title: "Invented tables", retrieved: 2026-11-26}'
BACK_PAIN = {"therapy": "acupuncture", "practitioner": "physician", "diagnoses": ["M54.50"]}
SUBLUXATION = {"therapy": "chiropractic", "practitioner": "chiropractor", "diagnoses": ["M99.03"]}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The two plans, compiled."""
    found = read_table(*tables(tmp_path_factory.mktemp("tables")), 2026)
    assert found.unread == []
    return loaded(draft_of(each, SOURCE) for each in found.plans)[1]


def test_medicares_acupuncture_is_at_primary_care_or_specialists(rules: Tables) -> None:
    """$0 or $40, of a visit of 200.00; the higher is expected. With use of its limits given nothing else is open."""
    used = {"limit_usage": [{"limit": "ninety-days", "used": 0}, {"limit": "twelve-months", "used": 0}]}
    found = priced(rules, "ma-h0001-001-0", **BACK_PAIN, member=used, accumulators=("moop_in",))
    assert bounds(found) == (0, 4000, 4000)
    assert found.lines[0].benefit == "medicare-acupuncture"


def test_supplemental_acupuncture_stands_behind_medicares(rules: Tables) -> None:
    """Neck pain is not Medicare's: the plan's own $10."""
    neck = {"therapy": "acupuncture", "practitioner": "acupuncturist", "diagnoses": ["M54.2"]}
    found = priced(rules, "ma-h0001-001-0", **neck, accumulators=("moop_in",))
    assert (found.lines[0].benefit, found.totals.patient_cents) == ("supplemental-acupuncture", 1000)


def test_after_medicares_visits_come_supplemental_ones(rules: Tables) -> None:
    used = {"limit_usage": [{"limit": "ninety-days", "used": 12}, {"limit": "twelve-months", "used": 20}]}
    found = priced(rules, "ma-h0001-001-0", **BACK_PAIN, member=used, accumulators=("moop_in",))
    assert (found.lines[0].benefit, bounds(found)) == ("supplemental-acupuncture", (1000, 1000, 1000))


def test_a_deductible_may_come_first_or_not(rules: Tables) -> None:
    """Least $0 (primary care), most the deductible of $250 before the specialist's $35: all of 200.00."""
    sums = ("deductible", "moop_in", "moop_combined")
    found = priced(rules, "ma-h0001-002-0", **SUBLUXATION, accumulators=sums, attestations=["active_treatment"])
    assert bounds(found) == (0, 20000, 20000)


def test_supplemental_chiropractic_has_no_deductible(rules: Tables) -> None:
    neck = SUBLUXATION | {"diagnoses": ["M54.2"]}
    found = priced(rules, "ma-h0001-002-0", **neck, accumulators=("deductible", "moop_in", "moop_combined"))
    assert (found.lines[0].benefit, bounds(found)) == ("supplemental-chiropractic", (2000, 2000, 2000))


def test_a_copay_and_a_percentage_make_a_range(rules: Tables) -> None:
    """$45 and 50% of 200.00 out of the network: from 45.00 to 100.00."""
    neck = SUBLUXATION | {"diagnoses": ["M54.2"], "tier": "out_of_network"}
    found = priced(rules, "ma-h0001-002-0", **neck, accumulators=("deductible", "moop_in", "moop_combined"))
    assert bounds(found) == (4500, 10000, 10000)


def test_what_is_not_covered_says_so(rules: Tables) -> None:
    massage = {"therapy": "therapeutic-massage", "practitioner": "massage-therapist"}
    found = priced(rules, "ma-h0001-001-0", **massage, accumulators=("moop_in",))
    assert (found.lines[0].reason.name, found.totals.patient_cents) == ("EXCLUDED", 20000)


def test_a_percentage_that_may_be_nothing_is_a_range(tmp_path: Path) -> None:
    """The columns of `0% or 20% coinsurance` hold 20 % alone; the text has both."""
    found = read_table(*tables(tmp_path), 2026)
    (group,) = [each for (service, _), each in found.plans[1].services.items() if service == "mental_health_group"]
    assert (group.points_low, group.points_high) == (0, 2000)


def test_the_notes_say_what_the_table_does_not(tmp_path: Path) -> None:
    first, second = (plan_text(draft_of(each, SOURCE)) for each in read_table(*tables(tmp_path), 2026).plans)
    told = " ".join(second.split())
    assert "limits that the source does not name, past which the member pays: acupuncture." in " ".join(first.split())
    assert "Which services the deductible is for is not said" in told
    assert "in_network: out_of_pocket_maximum" not in told
    assert "    counts_toward: [moop_combined]\n    capped_by: [moop_combined]\n" in second
    assert 'printed: {title: "Invented tables", retrieved: 2026-11-26}' in first


NOT_WHOLE = [
    ("plans", "H0001-001-0,Plain", "H01-001-0,Plain", "2: column plan_id: found 'H01-001-0'; expected contract, plan"),
    (
        "plans",
        "0,,400000",
        "0,,40.00",
        "2: column moop_in_cents: found '40.00'; expected a whole number up to 10,000,000",
    ),
    ("plans", "HMO,,Ohio,0,,400000,,", "HMO,,Ohio,0", "plans.csv:2: found 7 values; expected 11, one a column"),
    (
        "plans",
        "H0001-002-0",
        "H0001-001-0",
        "3: column plan_id: found 'H0001-001-0'; expected a plan that no earlier row has",
    ),
    (
        "benefits",
        "yes,1000,1000",
        "yes,1000,900",
        "2: column copay_max_cents: found '900'; expected both ends of a range",
    ),
    ("benefits", "in,yes,1000", "in,maybe,1000", "benefits.csv:2: column covered: found 'maybe'; expected yes or no"),
    (
        "benefits",
        "in,yes,1000",
        "in,no,1000",
        "2: column covered: found 'no'; expected yes with a copay or a percentage",
    ),
    ("benefits", "in,yes,1000", "near,yes,1000", "benefits.csv:2: column network: found 'near'; expected in or out"),
    (
        "benefits",
        "fitness,in",
        "acupuncture,in",
        "5: column benefit: found 'acupuncture'; expected a benefit and network",
    ),
    ("benefits", "fitness,in", "gym,in", "benefits.csv:5: column benefit: found 'gym'; expected one of acupuncture, "),
    ("benefits", "$10 copay", "$10 copay" * 40, "expected a text of at most 300 letters"),
    (
        "benefits",
        "H0001-001-0,specialist",
        "H0009-001-0,specialist",
        "10: column plan_id: found 'H0009-001-0'; expected",
    ),
]


@pytest.mark.parametrize(("table", "old", "new", "expected"), NOT_WHOLE)
def test_a_plan_that_cannot_be_read_whole_is_left_out(
    tmp_path: Path, table: str, old: str, new: str, expected: str
) -> None:
    texts = {"plans": PLANS, "benefits": BENEFITS}
    assert old in texts[table]
    texts[table] = texts[table].replace(old, new, 1)
    found = read_table(*tables(tmp_path, **texts), 2026)
    told = [str(each) for each in found.unread]
    assert any(expected in each for each in told), told
    kept = "H0001-001-0" if "H0001-002-0" in old else "H0001-002-0"
    assert [str(each.number) for each in found.plans] == [kept]


def test_a_row_of_an_unknown_plan_leaves_its_neighbours_out(tmp_path: Path) -> None:
    """Nobody knows whose row it was: the plans before and behind it are not imported without it."""
    spoilt = BENEFITS.replace("H0001-001-0,specialist,in,yes,4000,4000,,,no,no,no,$40 copay", "H0001-00")
    found = read_table(*tables(tmp_path, benefits=spoilt), 2026)
    assert found.plans == []
    assert [each.line for each in found.unread] == [10, 2, 3]


def test_the_same_tables_give_the_same_files(tmp_path: Path) -> None:
    paths = tables(tmp_path)
    once, twice = ([plan_text(draft_of(each, SOURCE)) for each in read_table(*paths, 2026).plans] for _ in range(2))
    assert once == twice


def test_formulas_quotes_and_control_characters_stay_texts(tmp_path: Path) -> None:
    name = '"=HYPERLINK(""http://x"") #: {a: b}\x1b[2J \u202e\'"'
    found = read_table(*tables(tmp_path, plans=PLANS.replace("Plain Plan (HMO)", name)), 2026)
    rules, _ = loaded(draft_of(each, SOURCE) for each in found.plans)
    (plan,) = rules.plans["ma-h0001-001-0"]
    assert plan.heading.name == '=HYPERLINK("http://x") #: {a: b} [2J \', H0001-001-0'


def test_whatever_is_cut_off_or_changed_ends_in_plans_or_reasons(tmp_path: Path) -> None:
    """Cut at every hundredth byte, and 60 seeded changes of single bytes: no other exception, no plan half read."""
    dice = random.Random(20261126)  # noqa: S311 - a seeded choice of changes
    plans, benefits = tables(tmp_path)
    whole = benefits.read_bytes()
    changed = [whole[:end] for end in range(0, len(whole), 100)]
    for _ in range(60):
        place = dice.randrange(len(whole))
        changed.append(whole[:place] + bytes([dice.randrange(256)]) + whole[place + 1 :])
    for data in changed:
        benefits.write_bytes(data)
        try:
            found = read_table(plans, benefits, 2026)
        except UnreadableFile:
            continue
        assert len(found.plans) == 2 or found.unread
        for plan in found.plans:
            plan_text(draft_of(plan, SOURCE))


def test_compressed_tables_are_read_and_cut_off_ones_refused(tmp_path: Path) -> None:
    plans, benefits = tables(tmp_path)
    packed = tmp_path / "benefits.csv.gz"
    packed.write_bytes(gzip.compress(benefits.read_bytes()))
    assert len(read_table(plans, packed, 2026).plans) == 2
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(UnreadableFile, match=r"compressed data that is cut off or damaged; expected a whole .gz file"):
        read_table(plans, packed, 2026)


def test_other_columns_are_refused_by_name(tmp_path: Path) -> None:
    plans, benefits = tables(tmp_path)
    with pytest.raises(
        UnreadableFile,
        match=r"benefits.csv:1: found the columns 'plan_id, benefit, .*expected a heading with the columns name, org",
    ):
        read_table(benefits, benefits, 2026)
    plans.write_bytes(b"")
    with pytest.raises(UnreadableFile, match=r"plans.csv: found no line; expected a heading"):
        read_table(plans, benefits, 2026)
