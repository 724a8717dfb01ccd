"""`camcover rules diff`: what it prints for people, programs and pull requests, and the status it ends with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from small_rules import COPAY_PLAN, FEES, SHARE_PLAN

SHARE = "needles, in network: coinsurance 20% -> 30%"
COPAY = "hands, in network: copay 20.00 -> 25.00"
FEE = "in network, code 97810: allowed amount 48.00 -> 52.00"


@pytest.fixture
def later(rules: Path) -> Path:
    """A copy of the small rule set with a change in both plans and in the fees."""
    folder = rules.parent / "later"
    shutil.copytree(rules, folder)
    _write(folder, "share.yaml", SHARE_PLAN, "coinsurance: 20%", "coinsurance: 30%")
    _write(folder, "copay.yaml", COPAY_PLAN, "copay: $20 per", "copay: $25 per")
    _write(folder, "fees.yaml", FEES, "$48.00", "$52.00")
    return folder


def _write(folder: Path, name: str, text: str, old: str, new: str) -> None:
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_for_people_a_line_each_with_a_summary(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    result = run("rules", "diff", rules, later)
    assert result.exit_code == 0
    assert result.stdout == (
        f"copay-plan 2026: {COPAY}\nshare-plan 2026: {SHARE}\n"
        f"fees from 2024-01-01: {FEE}\n3 changes in 2 plans, 1 fee file\n"
    )


def test_for_programs_every_field(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    rows = json.loads(run("rules", "diff", rules, later, "--format", "json").stdout)
    line = next(number for number, text in enumerate(COPAY_PLAN.splitlines(), 1) if "copay: $20" in text)
    column = COPAY_PLAN.splitlines()[line - 1].index("{copay") + 1
    assert [row["id"] for row in rows] == ["copay-plan", "share-plan", "fees"]
    assert rows[0] == {
        "kind": "changed",
        "document": "plan",
        "id": "copay-plan",
        "edition": "2026",
        "subject": "hands, in network",
        "benefit": "hands",
        "field": "copay",
        "before": "20.00",
        "after": "25.00",
        "at_before": {"file": str(rules / "copay.yaml"), "line": line, "column": column},
        "at_after": {"file": str(later / "copay.yaml"), "line": line, "column": column},
        "members_added": [],
        "members_removed": [],
        "text": f"copay-plan 2026: {COPAY}",
    }


def test_for_a_pull_request_a_list_for_each_plan(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    _write(later, "copay.yaml", COPAY_PLAN, "name: Copay Plan", "name: <b>*Copay* @plan_x")
    result = run("rules", "diff", rules, later, "--format", "github")
    assert result.stdout == (
        "**3 changes in 2 plans, 1 fee file**\n\n"
        "#### plan copay-plan 2026\n\n- name Copay Plan → &lt;b&gt;\\*Copay\\* &#64;plan\\_x\n\n"
        f"#### plan share-plan 2026\n\n- {SHARE.replace('->', '→')}\n\n"
        f"#### fees fees from 2024-01-01\n\n- {FEE.replace('->', '→')}\n"
    )


def test_a_plan_with_what_it_refers_to(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    (later / "catalog.yaml").write_text(
        (rules / "catalog.yaml").read_text(encoding="utf-8").replace("[M54.5]", "[M54.5, M54.6]"), encoding="utf-8"
    )
    result = run("rules", "diff", rules, later, "--plan", "share-plan")
    assert SHARE in result.stdout
    assert FEE in result.stdout
    assert result.stdout.endswith("2 changes in 1 plan, 1 fee file\n")
    both = run("rules", "diff", rules, later, "--plan", "share-plan", "--plan", "copay-plan")
    assert both.stdout.endswith("3 changes in 2 plans, 1 fee file\n")


def test_a_plan_that_neither_has(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    result = run("rules", "diff", rules, later, "--plan", "share-plam")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == "no plan 'share-plam' in either rule set; did you mean 'share-plan'?\n"


def test_status_says_whether_anything_differs(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    assert run("rules", "diff", rules, later, "--exit-code").exit_code == 1
    same = run("rules", "diff", rules, rules, "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "no differences\n")
    assert run("rules", "diff", rules, rules, "--format", "json").stdout == "[]\n"


def test_rules_that_are_not_there_or_have_an_error(rules: Path, later: Path, run: Callable[..., Any]) -> None:
    assert run("rules", "diff", rules, rules / "nowhere").exit_code == 2
    _write(later, "fees.yaml", FEES, "$48.00", "48 dollars")
    result = run("rules", "diff", rules, later)
    assert result.exit_code == 1
    assert "invalid-amount" in result.stderr
