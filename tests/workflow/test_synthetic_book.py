"""A synthetic book: the same every time, all of it can be priced, and it reaches what the rules say."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from camcover.bulk import BulkEstimator
from camcover.bulk.estimate import parts_of
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.engine import Tables, compile_rules
from camcover.rulebook import RuleSet, load, load_texts
from camcover.workflow.synthetic_book import WrongBook, book_date, synthetic_book
from camcover.workflow.synthetic_book.drawing import BATCH_ROWS
from camcover.workflow.synthetic_book.profiles import plan_profiles
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, TEXTS

RULES = Path(__file__).resolve().parents[2] / "rules"
NEW_YEAR = date(2026, 1, 1)


def rules_of(**replaced: str) -> RuleSet:
    """The small rules, some texts replaced."""
    loaded = load_texts(TEXTS | {f"{name}.yaml": text for name, text in replaced.items()})
    assert loaded.rules is not None
    return loaded.rules


def book_of(rules: RuleSet, members: int, seed: int = 7, on: date = NEW_YEAR, **others: Any) -> pa.Table:
    return pa.Table.from_batches(synthetic_book(rules, members, seed, on, **others), REQUEST_SCHEMA)


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    rules = load(RULES).rules
    assert rules is not None
    return rules


@pytest.fixture(scope="module")
def compiled(shipped: RuleSet) -> Tables:
    return compile_rules(shipped)


@pytest.fixture(scope="module")
def book(shipped: RuleSet) -> pa.Table:
    return book_of(shipped, 20_000, on=book_date(shipped))


def refused(tables: Tables, book: pa.Table) -> tuple[list[dict[str, Any]], Counter[str]]:
    """What is wrong with rows of a book, and how often lines are refused for which reason."""
    estimator = BulkEstimator(tables, tables.release)
    rejects: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    for part in (part for batch in book.to_batches() for part in parts_of(batch)):
        result = estimator.estimate(part)
        rejects += result.rejects.to_pylist()
        reasons.update(result.lines["reason"].to_pylist())
    return rejects, reasons


def test_all_shipped_rules_can_price_every_row(compiled: Tables, book: pa.Table) -> None:
    """Half of the lines and more are covered; every reason a line may be refused for is met."""
    rejects, reasons = refused(compiled, book)
    assert rejects == []
    assert reasons[""] > reasons.total() // 2
    assert set(reasons) >= {
        "EXCLUDED", "NOT_LISTED", "TIER_NOT_COVERED", "DIAGNOSIS_NOT_COVERED", "PRACTITIONER_NOT_COVERED",
        "SETTING_NOT_COVERED", "AGE", "STATE", "UNLICENSED", "REQUIREMENT_MISSING", "LIMIT_REACHED",
    }  # fmt: skip


@pytest.mark.parametrize("on", [date(2025, 1, 1), date(2025, 12, 20), date(2026, 7, 1), date(2026, 12, 31)])
def test_books_of_other_dates_can_be_priced(shipped: RuleSet, compiled: Tables, on: date) -> None:
    """On the last day of the plans' editions there is room for one session."""
    rejects, reasons = refused(compiled, book_of(shipped, 3_000, on=on))
    assert rejects == []
    assert "NOT_IN_FORCE" not in reasons


def test_most_rows_are_priced_in_batches(shipped: RuleSet, compiled: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the few in which a code stands before one behind which it has to be judged (point 48)."""
    asked: list[list[str]] = []

    def noted(_self: BulkEstimator, batch: Any, rows: list[int]) -> tuple[list[object], list[object]]:
        asked.extend([item["code"] for item in batch["items"][int(row)].as_py()] for row in rows)
        return [], []

    monkeypatch.setattr(BulkEstimator, "_price_singly", noted)
    refused(compiled, book_of(shipped, 3_000))
    catalogs = [catalog for editions in shipped.catalogs.values() for catalog in editions]
    others = {code: {*entry.waits_for} for each in catalogs for code, entry in each.codes.items()}
    for codes in asked:
        assert any(others.get(code, set()) & set(codes[place + 1 :]) for place, code in enumerate(codes))
    assert len(asked) < 3_000 // 40


def test_the_same_seed_gives_the_same_book() -> None:
    rules = rules_of()
    assert book_of(rules, 500).equals(book_of(rules, 500))
    assert not book_of(rules, 500).equals(book_of(rules, 500, seed=8))


def test_a_larger_book_begins_with_the_smaller_one() -> None:
    rules = rules_of()
    larger = book_of(rules, BATCH_ROWS + 10)
    assert larger.num_rows == BATCH_ROWS + 10
    assert larger.slice(0, 500).equals(book_of(rules, 500))
    names = larger["request_id"].to_pylist()
    assert (names[0], names[-1]) == ("synthetic-1", f"synthetic-{BATCH_ROWS + 10}")
    assert len(set(names)) == len(names)


def test_members_cover_all_plans_ages_and_sessions(book: pa.Table, shipped: RuleSet) -> None:
    """Every plan, ages over the whole of life, one to three services of 1 to 24 sessions every 7 or 14 days."""
    rows = book.to_pylist()
    plans = Counter(row["plan_id"] for row in rows)
    assert set(plans) == set(shipped.plans)
    assert max(plans.values()) < 2 * min(plans.values())
    items = [item for row in rows for item in row["items"]]
    assert {len(row["items"]) for row in rows} == {1, 2, 3}
    assert {item["sessions"] for item in items} == set(range(1, 25))
    assert {item["every_days"] for item in items} == {7, 14}
    assert {row["as_of"] for row in rows} == {book_date(shipped)}
    assert min(item["start_date"] for item in items) == book_date(shipped)
    ages = [row["age"] for row in rows if row["age"] is not None]
    assert (min(ages) < 10, max(ages) > 80) == (True, True)
    assert all(row["birth_date"] is None or row["age"] is None for row in rows)
    assert {row["family_coverage"] for row in rows} == {True, False}
    assert {item["charge_cents"] is None for item in items} == {True, False}
    assert {bool(row["limit_usage"]) for row in rows} == {True, False}


def test_sums_go_from_nothing_met_to_all_met_and_some_are_unknown() -> None:
    """share-plan: the deductible has at most 100.00, the out-of-pocket maximum 500.00 of a member."""
    rows = book_of(rules_of(), 3_000, plans=["share-plan"]).to_pylist()
    used = [{each["accumulator"]: each["used_cents"] for each in row["accumulators"]} for row in rows]
    assert {} in used
    assert {"deductible": 0, "oop_max": 0} in used
    assert {"deductible": 10_000, "oop_max": 50_000} in used
    assert any(each and None in each.values() for each in used)
    family = [row for row in rows if row["family_accumulators"]]
    assert all(row["family_coverage"] for row in family)
    for row in family:
        own = {each["accumulator"]: each["used_cents"] for each in row["accumulators"]}
        for each in row["family_accumulators"]:
            if each["used_cents"] is not None:
                most = {"deductible": 20_000, "oop_max": 100_000}[each["accumulator"]]
                assert own[each["accumulator"]] <= each["used_cents"] <= most


def test_words_are_mostly_those_that_the_benefit_asks_for() -> None:
    """The benefit asks for back pain and an acupuncturist; its plan covers nothing else of the three therapies."""
    asking = SHARE_PLAN.replace("practitioners: [acupuncturist]}", "practitioners: [acupuncturist], states: [WA, OR]}")
    rows = book_of(rules_of(share=asking), 2_000, plans=["share-plan"]).to_pylist()
    items = [item for row in rows for item in row["items"]]
    assert 0.8 < sum(item["therapy"] == "acupuncture" for item in items) / len(items) < 0.9
    needled = [item for item in items if item["therapy"] == "acupuncture"]
    assert 0.8 < sum(item["practitioner"] == "acupuncturist" for item in needled) / len(needled) < 0.98
    right = [item for item in needled if item["diagnoses"] == ["M54.5"] or item["conditions"] == ["back-pain"]]
    assert 0.7 < len(right) / len(needled) < 0.95
    assert 0.8 < sum(row["state"] in ("WA", "OR") for row in rows) / len(rows) < 0.95
    assert {item["tier"] for item in needled} == {"in_network", "out_of_network", None}
    uses = [each for row in rows for each in row["limit_usage"]]
    assert {each["limit"] for each in uses} == {"visits"}
    assert {each["used"] for each in uses} == {0, 1, 2, 3, 4}


def test_charges_lie_between_the_low_and_the_high_price() -> None:
    """Acupuncture: 75 to 150 dollars a unit, most often around 110; reiki has no price in the catalog: 50 to 150."""
    items = [item for row in book_of(rules_of(), 3_000).to_pylist() for item in row["items"]]
    prices = {name: [i["charge_cents"] // i["units"] for i in items if i["therapy"] == name and i["charge_cents"]]
              for name in ("acupuncture", "reiki")}  # fmt: skip
    assert (min(prices["acupuncture"]) >= 7_500, max(prices["acupuncture"]) <= 15_000) == (True, True)
    middle = sum(9_500 <= cents <= 13_000 for cents in prices["acupuncture"])
    assert middle > len(prices["acupuncture"]) // 2
    assert (min(prices["reiki"]) >= 5_000, max(prices["reiki"]) <= 15_000) == (True, True)
    assert not [item for item in items if item["therapy"] == "reiki" and item["charge_cents"] is None]


def test_sessions_end_with_the_plan() -> None:
    """From 1 December a plan that ends on the 31st has room for five weekly sessions at the most."""
    items = [item for row in book_of(rules_of(), 1_000, on=date(2026, 12, 1)).to_pylist() for item in row["items"]]
    last = [item["start_date"] + timedelta(days=item["every_days"] * (item["sessions"] - 1)) for item in items]
    assert max(last) == date(2026, 12, 31)
    assert max(item["sessions"] for item in items) == 5


def test_a_benefit_by_code_is_asked_for_by_its_code() -> None:
    by_code = COPAY_PLAN.replace("therapies: [acupuncture, massage]", 'codes: ["97811"]')
    (profile,) = plan_profiles(rules_of(copay=by_code), NEW_YEAR, ["copay-plan"])
    assert [(each.therapy, each.codes, each.needs_code) for each in profile.covered] == [
        ("acupuncture", ("97811",), True)
    ]
    items = [i for row in book_of(rules_of(copay=by_code), 500, plans=["copay-plan"]).to_pylist() for i in row["items"]]
    assert {item["code"] for item in items if item["therapy"] == "acupuncture"} == {"97811"}


def test_a_book_holds_only_the_named_plans() -> None:
    assert set(book_of(rules_of(), 200, plans=["copay-plan"])["plan_id"].to_pylist()) == {"copay-plan"}


def editions(text: str, *years: int) -> dict[str, str]:
    """A plan in editions of calendar years."""
    return {f"edition{year}": text.replace("2026-", f"{year}-") for year in years}


@pytest.mark.parametrize(
    ("years", "others", "on"),
    [
        ((2025, 2026), (2025, 2026), date(2026, 1, 1)),
        ((2025, 2026), (2025,), date(2025, 1, 1)),
        ((2025,), (2026,), date(2026, 1, 1)),
    ],
)
def test_the_date_is_the_latest_that_most_plans_share(
    years: tuple[int, ...], others: tuple[int, ...], on: date
) -> None:
    texts = {"catalog.yaml": CATALOG, "fees.yaml": TEXTS["fees.yaml"]}
    texts |= {f"share-{name}.yaml": text for name, text in editions(SHARE_PLAN, *years).items()}
    texts |= {f"copay-{name}.yaml": text for name, text in editions(COPAY_PLAN, *others).items()}
    rules = load_texts(texts).rules
    assert rules is not None
    assert book_date(rules) == on
    assert book_date(rules, ["copay-plan"]) == date(max(others), 1, 1)


def test_a_plan_year_from_july_does_not_move_the_date(shipped: RuleSet) -> None:
    assert book_date(shipped) == date(2026, 1, 1)


def test_unknown_plans_and_dates_without_plans_make_no_book() -> None:
    rules = rules_of()
    with pytest.raises(WrongBook, match="no plan 'copay-plam'; did you mean 'copay-plan'"):
        synthetic_book(rules, 1, 7, NEW_YEAR, plans=["copay-plam"])
    with pytest.raises(WrongBook, match="no plan 'x'"):
        book_date(rules, ["x"])
    with pytest.raises(WrongBook, match="plan 'copay-plan' has no edition in force on 2027-01-01"):
        synthetic_book(rules, 1, 7, date(2027, 1, 1), plans=["copay-plan"])
    with pytest.raises(WrongBook, match="no plan has an edition in force on 2027-01-01"):
        synthetic_book(rules, 1, 7, date(2027, 1, 1))
    bare = load_texts({"catalog.yaml": CATALOG}).rules
    assert bare is not None
    with pytest.raises(WrongBook, match="the rules have no plan"):
        book_date(bare)


def test_notices_that_make_a_denial_the_members_are_attested() -> None:
    """By members whose provider is in the tier that asks for them, as the attestations of requirements are."""
    liable = "above_allowed: written_off, provider_liable: {for: [limits], unless: advance_notice}"
    rules = rules_of(share=SHARE_PLAN.replace("above_allowed: written_off", liable))
    items = book_of(rules, 2_000).column("items").combine_chunks().flatten()
    attested = Counter(word for words in items.field("attestations").to_pylist() for word in words or ())
    assert attested["advance_notice"] > 0
