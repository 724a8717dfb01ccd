"""`camcover rules impact`: what it prints and writes, and the status it ends with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.workflow.thresholds import METRICS
from small_rules import COPAY_PLAN, TEXTS

DEARER = COPAY_PLAN.replace("copay: $20", "copay: $30")


@pytest.fixture
def dearer(tmp_path: Path) -> Path:
    """The small rules with a copay of 30.00 in place of 20.00."""
    folder = tmp_path / "dearer"
    folder.mkdir()
    for name, text in (TEXTS | {"copay.yaml": DEARER}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two members with three visits each under copay-plan, one with three of reiki, one of a plan that is not there."""
    visits = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "start_date": date(2026, 3, 2)}
    visits |= {"sessions": 3}
    rows = [
        {"request_id": "ana", "plan_id": "copay-plan", "items": [visits]},
        {"request_id": "bo", "plan_id": "copay-plan", "items": [visits]},
        {"request_id": "cy", "plan_id": "copay-plan", "items": [visits | {"therapy": "reiki", "code": None}]},
        {"request_id": "[red]dan", "plan_id": "nowhere", "items": [visits]},
    ]
    path = tmp_path / "book.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=REQUEST_SCHEMA), path)
    return path


def test_the_tables_say_who_pays_more_and_why(rules: Path, dearer: Path, book: Path, run: Any) -> None:
    """20.00 to 30.00 on three visits: 30.00 for two members of three that are compared; the fourth is refused."""
    result = run("rules", "impact", rules, dearer, "--book", book)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    for words in (
        "members in the book 4",
        "compared 3",
        "pay more 2",
        "pay the same 1",
        "never priced 1",
        "patients $360.00 $420.00 +$60.00",
        "plans $168.00 $108.00 -$60.00",
        "p50 +$30.00",
        "mean +$20.00",
        "copay-plan 3 2 0 0 0 $420.00 +$60.00 -$60.00",
        "acupuncture 2 2 0 0 0 $180.00 +$60.00 -$60.00",
        "row 3 [red]dan nowhere: plan_id: found plan 'nowhere'",
        "row 0 ana copay-plan: patient $60.00 -> $90.00 (+$30.00)",
        "2026-03-02 acupuncture 97810: $20.00 -> $30.00; benefit hands; copay $20.00 -> $30.00; plan pays $28.00",
    ):
        assert words in said
    assert result.stderr == ""


def test_json_on_standard_output_and_in_a_file(rules: Path, dearer: Path, book: Path, tmp_path: Path, run: Any) -> None:
    file = tmp_path / "impact.json"
    arguments = ("--book", book, "--format", "json", "--json", file, "--worst", 1)
    result = run("rules", "impact", rules, dearer, *arguments, "--fail-if", "members_paying_more > 5")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data == json.loads(file.read_text(encoding="utf-8"))
    assert data["members"]["paying_more"] == 2
    assert data["change"]["total_cents"] == 6000
    assert [each["request_id"] for each in data["increases"]] == ["ana"]
    assert data["increases"][0]["lines"][0]["after"]["copay_cents"] == 3000
    assert data["bounds"] == [{"text": "members_paying_more > 5", "found": "2", "is_crossed": False}]


def test_the_page_is_written(rules: Path, dearer: Path, book: Path, tmp_path: Path, run: Any) -> None:
    file = tmp_path / "impact.html"
    assert run("rules", "impact", rules, dearer, "--book", book, "--html", file).exit_code == 0
    assert ET.parse(file).getroot().tag == "html"  # noqa: S314 - our own page
    assert "book.parquet" in file.read_text(encoding="utf-8")


def test_a_crossed_bound_ends_with_status_1(rules: Path, dearer: Path, book: Path, tmp_path: Path, run: Any) -> None:
    """Everything is shown and written all the same; each crossed bound is named with what was found."""
    bounds = ("patient_increase_max > 29.99", "members_paying_more_share > 70%", "members_paying_more_share > 60%")
    options = [option for bound in bounds for option in ("--fail-if", bound)]
    file = tmp_path / "impact.html"
    result = run("rules", "impact", rules, dearer, "--book", book, "--html", file, *options)
    assert result.exit_code == 1
    assert result.stderr == (
        "crossed: patient_increase_max > 29.99: found $30.00\n"
        "crossed: members_paying_more_share > 60%: found 66.67% (2 of 3)\n"
    )
    assert "By payer plan" in result.stdout
    assert file.exists()


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("patient_increase_pp99 > 1", "--fail-if: no metric 'patient_increase_pp99'; did you mean"),
        ("patient_increase_p99 > 1%", "--fail-if: patient_increase_p99: found '1%', expected dollars"),
    ],
)
def test_a_bound_that_cannot_be_read_ends_with_status_2(
    bound: str, said: str, rules: Path, book: Path, run: Any
) -> None:
    result = run("rules", "impact", rules, rules, "--book", book, "--fail-if", bound)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_rules_with_an_error_end_with_status_1(rules: Path, dearer: Path, book: Path, run: Any) -> None:
    (dearer / "copay.yaml").write_text(DEARER.replace("acupuncture, massage", "acupunture"), encoding="utf-8")
    result = run("rules", "impact", rules, dearer, "--book", book)
    assert result.exit_code == 1
    assert "unknown-therapy" in result.stderr
    assert run("rules", "impact", rules, "nowhere", "--book", book).exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no parquet at all", "book.parquet: "), (None, "book.parquet: column 'items' is missing; expected the columns")],
)
def test_a_file_that_is_no_book_ends_with_status_2(
    content: bytes | None, said: str, rules: Path, tmp_path: Path, run: Any
) -> None:
    path = tmp_path / "book.parquet"
    if content is None:
        pq.write_table(pa.table({"plan_id": pa.array([], pa.string())}), path)
    else:
        path.write_bytes(content)
    result = run("rules", "impact", rules, rules, "--book", path)
    assert result.exit_code == 2
    assert said in result.stderr
    assert run("rules", "impact", rules, rules, "--book", tmp_path / "nowhere.parquet").exit_code == 2


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_a_file_that_cannot_be_written_ends_with_status_2(
    option: str, rules: Path, book: Path, tmp_path: Path, run: Any
) -> None:
    result = run("rules", "impact", rules, rules, "--book", book, option, tmp_path / "nowhere" / "impact")
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


def test_the_help_lists_every_metric(run: Any) -> None:
    said = "".join(
        character for character in run("rules", "impact", "--help").stdout if character.isalnum() or character == "_"
    )
    assert [name for name in METRICS if name not in said] == []
