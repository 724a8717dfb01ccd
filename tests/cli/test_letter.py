"""`camcover letter`: small_rules.question has the figures; tests/web/test_papers.py tests what papers hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pdf_reading import read_pdf
from small_rules import question

ASKED = json.dumps(question())


def test_a_letter_is_written_in_the_language_of_the_request_or_the_option(
    rules: Path, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "letter.pdf"
    asked = json.dumps(question(language="es"))
    result = run("letter", "-", "--rules", rules, "-o", file, stdin=asked)
    assert (result.exit_code, result.output) == (0, "")
    found = read_pdf(file.read_bytes())
    assert (found.language, found.title) == ("es", "Cuánto costaría su atención")
    assert "Usted pagaría aproximadamente $60.80" in found.text
    assert run("letter", "-", "--rules", rules, "-o", file, "--language", "en", stdin=asked).exit_code == 0
    assert "You would pay about $60.80" in read_pdf(file.read_bytes()).text


def test_a_summary_is_written(rules: Path, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "summary.pdf"
    assert run("letter", "-", "--rules", rules, "--output", file, "--summary", stdin=ASKED).exit_code == 0
    found = read_pdf(file.read_bytes())
    assert found.title == "Summary for the primary-care provider"
    assert "Acupuncture $240.00 $83.20 $96.00 $60.80" in found.text


TWO = question(members=[{"id": "ana"}, {"id": "ben"}], items=[question()["items"][0] | {"member_id": "ana"}])


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        ("{", (), "not an EstimatePlanRequest"),
        (json.dumps(question(plan_id="shar-plan")), (), "plan_id: found plan 'shar-plan'; expected one of"),
        (json.dumps(TWO), (), "members: found 2 members; expected one: a letter is for one person"),
        (ASKED, ("--language", "fr"), "found language 'fr'; expected one of en, es"),
    ],
)
def test_what_cannot_be_used_is_refused(
    rules: Path, run: Any, tmp_path: Path, asked: str, options: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "letter.pdf"
    result = run("letter", "-", "--rules", rules, "-o", file, *options, stdin=asked)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_named(rules: Path, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "no-such-folder" / "letter.pdf"
    result = run("letter", "-", "--rules", rules, "-o", file, stdin=ASKED)
    assert (result.exit_code, result.stderr) == (1, f"{file}: No such file or directory\n")


def test_a_letter_that_is_too_long_is_refused(
    rules: Path, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camcover.showing.printing.MOST_GROUPS", 1)
    result = run("letter", "-", "--rules", rules, "-o", tmp_path / "letter.pdf", stdin=ASKED)
    assert (result.exit_code, result.stderr) == (2, "-: found 2 groups of equal visits; expected at most 1\n")
