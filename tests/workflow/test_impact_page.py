"""The page of an impact: well-formed, nothing fetched, every name escaped, every figure there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.workflow.impact import Impact
from camcover.workflow.impact.charts import MOST_BARS, distribution_chart, group_chart
from camcover.workflow.impact.comparing import impact
from camcover.workflow.impact.page import page
from camcover.workflow.impact.records import Bin, Distribution, Figures, Group, Money
from camcover.workflow.impact.words import bin_words, changes_of, line_words, signed
from camcover.workflow.thresholds import judge, threshold
from small_rules import COPAY_PLAN, SHARE_PLAN, tables

WICKED = "<script>alert('1 & 2')</script>"


@pytest.fixture(scope="module")
def found() -> Impact:
    """+30.00 under copay-plan, -14.40 under share-plan (10 % of 48.00 less on three visits), one row refused."""
    visits = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "practitioner": "acupuncturist"}
    visits |= {"tier": "in_network", "diagnoses": ["M54.50"], "start_date": date(2026, 3, 2), "sessions": 3}
    met = [{"accumulator": "deductible", "used_cents": 10_000}]
    rows = [
        {"request_id": WICKED, "plan_id": "copay-plan", "items": [visits]},
        {"request_id": "bo", "plan_id": "share-plan", "items": [visits], "accumulators": met},
        {"request_id": "cy", "plan_id": WICKED, "items": [visits]},
    ]
    after = tables(
        copay=COPAY_PLAN.replace("copay: $20", "copay: $30"),
        share=SHARE_PLAN.replace("coinsurance: 20%", "coinsurance: 10%"),
    )
    return impact(tables(), after, [pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA)])


@pytest.fixture(scope="module")
def text(found: Impact) -> str:
    bounds = [threshold("members_paying_more > 0"), threshold("members_paying_less > 1")]
    return page(found, before="rules", after=WICKED, book="book.parquet", outcomes=judge(found, bounds))


def words_of(text: str) -> str:
    """What a reader sees."""
    return " ".join(" ".join(ET.fromstring(text).itertext()).split())  # noqa: S314 - our own page


def test_the_page_is_well_formed_and_escapes_names(text: str) -> None:
    root = ET.fromstring(text)  # noqa: S314 - our own page
    assert root.tag == "html"
    assert list(root.iter("script")) == []
    assert words_of(text).count(WICKED) >= 4
    assert WICKED not in text


def test_a_name_with_control_characters_leaves_the_page_well_formed(found: Impact) -> None:
    """XML knows no U+0001, not even escaped, and neither U+FFFE nor half of a character."""
    name = "a\x01b\x1b[31m\ufffec\ud800"
    text = page(found, before=name, after=name, book=name)
    assert "a\\u0001b\\u001b[31m\\ufffec\\ud800" in words_of(text)
    case = replace(found.increases[0], request_id=name, plan_id=name)
    assert "a\\u0001b" in words_of(page(replace(found, increases=(case,)), before="", after="", book=""))


def test_the_page_has_no_external_address(text: str) -> None:
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|href=", text)
    assert "default-src 'none'" in text


def test_the_page_is_accessible(text: str) -> None:
    """A language, headings, a title and a description for every drawing, scopes and a caption for every table."""
    root = ET.fromstring(text)  # noqa: S314 - our own page
    assert root.get("lang") == "en"
    ids = {each.get("id") for each in root.iter() if each.get("id")}
    drawings = list(root.iter("svg"))
    assert len(drawings) == 4
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert set((drawing.get("aria-labelledby") or "").split()) <= ids
        assert drawing.find("title") is not None
        assert drawing.find("desc") is not None
    for table in root.iter("table"):
        assert table.find("caption") is not None
        assert all(cell.get("scope") for cell in table.iter("th"))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_page_shows_the_figures_of_the_impact(text: str) -> None:
    """The copay of three visits rises by 30.00; 10 % less of three times 48.00 is 14.40."""
    said = words_of(text)
    for words in (
        "2 of 3",
        "1 (50.00%)",
        "+$30.00",
        "-$14.40",
        "members_paying_more > 0 1 crossed",
        "members_paying_less > 1 1 kept",
        "copay $20.00 → $30.00",
        "coinsurance $9.60 → $4.80",
        "Never priced",
        "Largest decreases",
    ):
        assert words in said
    assert "No longer priced" in said
    assert "Never priced 1 row: " in said


def test_an_empty_impact_makes_a_page() -> None:
    said = words_of(page(impact(tables(), tables(), []), before="a", after="b", book="c"))
    assert "0 of 0" in said
    assert "Bounds" not in said


def group(name: str, cents: int) -> Group:
    return Group(name, Figures(1, 1, 0, 1, 0, 0, Money(0, cents), Money(0, 0), Money(0, 0)))


def test_bars_lie_on_both_sides_of_zero_to_one_scale() -> None:
    """410 units between labels and values: +300 and -110 cents take 300 and 110 of them; zero lies at 230 + 110."""
    chart = group_chart("plans", "Plans", [group("a", 300), group("b", 0), group("c", -110)])
    assert chart.zero == 340
    assert [(bar.name, bar.x, bar.width, bar.kind) for bar in chart.bars] == [
        ("a", 340, 300, "more"),
        ("c", 230, 110, "less"),
    ]
    assert chart.left_out == 0


def test_only_the_largest_changes_are_drawn() -> None:
    chart = group_chart("plans", "Plans", [group(f"plan-{number}", 100 - number) for number in range(MOST_BARS + 3)])
    assert (len(chart.bars), chart.left_out) == (MOST_BARS, 3)
    assert chart.bars[0].name == "plan-0"
    assert group_chart("plans", "Plans", [group("a" * 40, 1)]).bars[0].label == "a" * 31 + "…"


def test_members_without_a_change_are_not_drawn() -> None:
    bins = (Bin(None, -5, 2), Bin(-4, -1, 0), Bin(0, 0, 90), Bin(1, 4, 1), Bin(5, None, 4))
    chart = distribution_chart(Distribution(0, 0, (), 0, 0, bins))
    assert [(bar.label, bar.value, bar.kind) for bar in chart.bars] == [
        ("-$0.05 or less", "2", "less"),
        ("+$0.01 to +$0.04", "1", "more"),
        ("+$0.05 or more", "4", "more"),
    ]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0, 0, "no change"), (1, 1, "+$0.01"), (-499, -1, "-$4.99 to -$0.01"), (100_000, None, "+$1,000.00 or more")],
)
def test_ranges_of_changes_in_words(low: int | None, high: int | None, words: str) -> None:
    assert bin_words(Bin(low, high, 1)) == words
    assert (signed(0), signed(-5)) == ("$0.00", "-$0.05")


def test_changes_of_a_line_in_words(found: Impact) -> None:
    line = found.increases[0].lines[0]
    assert line_words(line.before, line.after) == "benefit hands; copay $20.00 -> $30.00; plan pays $28.00 -> $18.00"
    assert list(changes_of(line.before, line.before)) == []
