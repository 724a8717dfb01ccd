"""`camcover visits`: small_rules.question has the figures; tests/web/test_downloads.py tests what the files hold."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from small_rules import question


def test_the_visits_as_a_table(rules: Path, run: Any, tmp_path: Path) -> None:
    """41.60, then twice 9.60 of 80.00; the plan pays 6.40 and 38.40, and 32.00 are written off."""
    file = tmp_path / "visits.csv"
    result = run("visits", "-", "--rules", rules, "-o", file, stdin=json.dumps(question()))
    assert (result.exit_code, result.output) == (0, "")
    head, *rows = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (head[0], head[3]) == ("Day of the visit", "Covered")
    assert [row[:9] for row in rows] == [
        ["2026-03-02", "Acupuncture", "1", "Yes", "80.00", "41.60", "6.40", "0.00", "32.00"],
        ["2026-03-09", "Acupuncture", "2", "Yes", "80.00", "9.60", "38.40", "0.00", "32.00"],
        ["2026-03-16", "Acupuncture", "3", "Yes", "80.00", "9.60", "38.40", "0.00", "32.00"],
    ]


def test_the_visits_as_a_calendar_in_the_language_of_the_request_or_the_option(
    rules: Path, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "visits.ics"
    for options, summary in (
        ((), "Acupuntura: usted paga"),
        (("--language", "en"), "Acupuncture: you pay about $41.60"),
    ):
        asked = json.dumps(question(language="es"))
        assert run("visits", "-", "--rules", rules, "-o", file, *options, stdin=asked).exit_code == 0
        text = file.read_text(encoding="utf-8")
        assert text.count("BEGIN:VEVENT") == 3
        assert summary in text


def test_care_without_a_therapy_is_named_by_its_codes(rules: Path, run: Any, tmp_path: Path) -> None:
    asked = question()
    del asked["items"][0]["therapy"]
    file = tmp_path / "visits.csv"
    assert run("visits", "-", "--rules", rules, "-o", file, stdin=json.dumps(asked)).exit_code == 0
    assert "2026-03-02,97810,1,Yes" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "fields", "status", "said"),
    [
        ("visits.txt", question(), 2, "expected a name that ends in .csv or .ics"),
        ("visits.csv", question(members=[{"id": "a"}, {"id": "b"}]), 2, "found 2 members; expected one"),
        ("visits.csv", question(plan_id="no"), 2, "found plan 'no'"),
        ("none/visits.csv", question(), 1, "No such file or directory"),
    ],
)
def test_what_is_refused(
    rules: Path, run: Any, tmp_path: Path, name: str, fields: dict[str, Any], status: int, said: str
) -> None:
    result = run("visits", "-", "--rules", rules, "-o", tmp_path / name, stdin=json.dumps(fields))
    assert result.exit_code == status
    assert said in " ".join(result.stderr.replace("│", "").split())
