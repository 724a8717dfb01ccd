"""The page of a report: well-formed, nothing fetched, no script, every name escaped, every figure there."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from camcover.exchange.remittances.page import MOST_ROWS, accuracy_page
from camcover.exchange.remittances.records import (
    ComparedLine,
    ErrorCause,
    EstimatedLine,
    RemittedAdjustment,
    RemittedLine,
)
from camcover.exchange.remittances.reporting import AccuracyReport, accuracy_report

WICKED = "<script>alert('1 & 2')</script>"
DAY = date(2026, 3, 2)


def compared(owed_cents: int, plan: str = "p", cause: ErrorCause = ErrorCause.TERMS) -> ComparedLine:
    """A line of which 10.00 were estimated."""
    told = RemittedLine(9, DAY, "97810", 8_000, 8_000 - owed_cents, (RemittedAdjustment("PR", "3", owed_cents),))
    line = EstimatedLine(DAY, "97810", "acupuncture", "needles", "m", True, False, 8_000, 8_000, 0, 1_000, 0, 0, 1_000)  # noqa: FBT003 - as the record has them
    return ComparedLine(plan, line, told, {cause: owed_cents - 1_000})


REPORT = accuracy_report([compared(1_000), compared(1_250), compared(7_000, WICKED, ErrorCause.COVERAGE)], 4)
"""Errors of 0.00, 2.50 and 60.00."""


def words_of(text: str) -> str:
    """What a reader sees."""
    return " ".join(" ".join(ET.fromstring(text).itertext()).split())  # noqa: S314 - our own page


@pytest.fixture(scope="module")
def text() -> str:
    return accuracy_page(REPORT, ["march.835", WICKED])


def test_the_page_shows_the_figures_of_the_report(text: str) -> None:
    """62.50 over three lines: 20.83; one of three is exact. A half of the errors is at most 2.50."""
    said = words_of(text)
    for words in (
        "Right to the cent 33.3 %",
        "Lines compared 3",
        "Lines without an estimate 4",
        "Bias: mean error $20.83",
        "Half of all errors are at most $2.50",
        "Largest error $60.00",
        "up to $5.00 1 33.3 %",
        "coverage 1 $60.00 $60.00",
        "another copay or coinsurance 1 $2.50 $2.50",
        "p/needles 2 50.0 % 100.0 % $1.25 $1.25 $0.00 $2.50 $2.50 $2.50 another copay or coinsurance",
    ):
        assert words in said


def test_the_page_is_well_formed_fetches_nothing_and_runs_nothing(text: str) -> None:
    root = ET.fromstring(text)  # noqa: S314 - our own page
    assert list(root.iter("script")) == []
    assert not any(name.startswith("on") for each in root.iter() for name in each.attrib)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|href=", text)
    assert "default-src 'none'" in text
    assert WICKED not in text
    assert words_of(text).count(WICKED) >= 3
    assert "a\\u0001b" in words_of(accuracy_page(REPORT, ["a\x01b"]))


def test_the_page_is_accessible(text: str) -> None:
    """Each drawing has a title and a description, and a table with its figures behind it."""
    root = ET.fromstring(text)  # noqa: S314 - our own page
    assert root.get("lang") == "en"
    ids = {each.get("id") for each in root.iter() if each.get("id")}
    drawings, tables = list(root.iter("svg")), list(root.iter("table"))
    assert (len(drawings), len(tables)) == (5, 5)
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert set((drawing.get("aria-labelledby") or "").split()) <= ids
    assert all(table.find("caption") is not None for table in tables)
    assert all(cell.get("scope") for table in tables for cell in table.iter("th"))


def test_a_report_without_errors_or_lines_draws_no_causes() -> None:
    exact = words_of(accuracy_page(accuracy_report([compared(1_000)], 0), ["a"]))
    assert "Right to the cent 100.0 %" in exact
    assert "p/needles 1 100.0 % 100.0 % $0.00 $0.00 $0.00 $0.00 $0.00 $0.00 -" in exact
    empty = accuracy_page(accuracy_report([], 2), ["a"])
    assert "Right to the cent - " in words_of(empty)
    assert empty.count("<svg") == 1


def test_only_so_many_plans_are_shown() -> None:
    """204 plans: 200 in the table and 24 in the drawing."""
    report: AccuracyReport = accuracy_report([compared(2_000, f"p{n}") for n in range(MOST_ROWS + 4)], 0)
    said = words_of(accuracy_page(report, ["a"]))
    assert "4 more with smaller errors are not shown." in said
    assert "180 more with shorter bars are not drawn." in said
