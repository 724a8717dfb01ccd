"""`camcover rules check --fix`: files are mended as a whole, or stay as they are."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from camcover.cli.mending import mend
from camcover.rulebook import load
from small_rules import COPAY_PLAN, SHARE_PLAN

TYPO = COPAY_PLAN.replace("therapies: [acupuncture, massage]", "therapies: [acupunture, masage]")
COMMA = SHARE_PLAN.replace("family: $1000.00", "family: $1,000.00")


def test_every_correction_is_put_in(rules: Path, run: Any) -> None:
    """Two in one file, one in another; permissions stay, and no other file is left beside them."""
    copay, share = rules / "copay.yaml", rules / "share.yaml"
    copay.write_text(TYPO, encoding="utf-8")
    share.write_text(COMMA, encoding="utf-8")
    copay.chmod(0o640)
    before = sorted(rules.rglob("*"))
    result = run("rules", "check", rules, "--fix")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"mended: {copay}: 2 corrections",
        f"mended: {share}: 1 correction",
        "2 files mended",
    ]
    assert result.stdout.endswith("\n4 files: 0 errors, 2 warnings\n")
    assert (copay.read_text(encoding="utf-8"), share.read_text(encoding="utf-8")) == (COPAY_PLAN, SHARE_PLAN)
    assert stat.S_IMODE(copay.stat().st_mode) == 0o640
    assert sorted(rules.rglob("*")) == before


def test_programs_get_the_edits(rules: Path, run: Any) -> None:
    """`acupunture` begins at column 17 and has ten letters."""
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    told = json.loads(run("rules", "check", rules, "--format", "json").stdout)
    first = next(each for each in told if each["severity"] == "error")
    line = first["line"]
    assert (first["column"], first["end_line"], first["end_column"]) == (17, line, 27)
    edit = {"line": line, "column": 17, "end_line": line, "end_column": 27, "text": "acupuncture"}
    assert first["edits"] == [edit]
    warning = next(each for each in told if each["severity"] == "warning") if len(told) > 2 else None
    assert warning is None or warning["edits"] == []


def test_what_is_left_is_told(rules: Path, run: Any) -> None:
    file = rules / "copay.yaml"
    file.write_text(TYPO.replace("copay: $20", "copay: $2O"), encoding="utf-8")
    result = run("rules", "check", rules, "--fix", "--format", "json")
    assert result.exit_code == 1
    left = [each["code"] for each in json.loads(result.stdout) if each["severity"] == "error"]
    assert left == ["invalid-amount"]
    assert "acupuncture, massage" in file.read_text(encoding="utf-8")


def test_corrections_that_do_not_fit_together_change_nothing(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = rules / "share.yaml"
    file.write_text(SHARE_PLAN.replace("fees: fees\n", "fees: fees\nfes: fees\n", 1), encoding="utf-8")
    before = file.read_bytes()
    mend(load(rules))
    assert file.read_bytes() == before
    assert f"not mended: {file}: its 1 correction" in capsys.readouterr().err


def test_a_file_that_was_saved_meanwhile_is_left_alone(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = rules / "copay.yaml"
    file.write_text(TYPO, encoding="utf-8")
    loaded = load(rules)
    file.write_text(TYPO + "# mine\n", encoding="utf-8")
    mend(loaded)
    assert file.read_text(encoding="utf-8") == TYPO + "# mine\n"
    assert "it was saved meanwhile" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_stays_whole(
    rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the new text is to be put in place."""
    file = rules / "copay.yaml"
    file.write_text(TYPO, encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    mend(load(rules))
    monkeypatch.undo()
    assert file.read_text(encoding="utf-8") == TYPO
    assert f"not mended: {file}: {os.strerror(28)}" in capsys.readouterr().err
    assert not list(rules.rglob(".camcover-*"))
    loaded = load(rules)
    file.unlink()
    mend(loaded)
    assert f"not mended: {file}: {os.strerror(2)}" in capsys.readouterr().err


def test_mending_and_watching_exclude_each_other(rules: Path, run: Any) -> None:
    result = run("rules", "check", rules, "--fix", "--watch")
    assert result.exit_code == 2
    assert result.stderr == "--fix writes the files that --watch waits for; use one of them\n"
