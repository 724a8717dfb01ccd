"""What comes with the package: where it is, its version, and the rules that are read where none are named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_shipped_rules_are_the_repositorys_in_a_checkout(run: Any) -> None:
    assert run("shipped", "rules").stdout == f"{ROOT / 'rules'}\n"
    assert run("shipped", "protos").stdout == f"{ROOT / 'protos'}\n"


def test_the_version_is_that_of_pyproject(run: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"camcover {project['version']}\n")


EXPLAIN = ["rules", "explain", "original-medicare-part-b", "acupuncture", "--format", "json"]


def test_the_shipped_rules_are_read_where_no_rules_are_named(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*EXPLAIN)
    assert result.exit_code == 0
    assert result.stderr == f"there is no folder rules here; using the shipped rules, {ROOT / 'rules'}\n"
    assert result.stdout == run(*EXPLAIN, "--rules", ROOT / "rules").stdout


def test_the_folder_rules_here_is_read_first(run: Any, monkeypatch: pytest.MonkeyPatch, rules: Path) -> None:
    monkeypatch.chdir(rules.parent)
    result = run("rules", "explain", "original-medicare-part-b", "acupuncture")
    assert result.exit_code == 2
    assert "shipped" not in result.stderr
    assert "no plan 'original-medicare-part-b'" in result.stderr


def test_rules_that_are_named_are_never_the_shipped_ones(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*EXPLAIN, "--rules", "rules")
    assert (result.exit_code, result.stderr) == (2, "rules: no such file, folder or release\n")
