"""`camcover rules`: what it prints, and the status it ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_rules import COPAY_PLAN

TYPO = COPAY_PLAN.replace("therapies: [acupuncture, massage]", "therapies: [acupunture, massage]")
TESTS = """\
tests:
  # 20.00 a visit, twice.
  - name: two visits
    given: {age: 40, state: WA, tier: in_network, therapy: acupuncture, codes: ["97810"], charge: $80.00,
            practitioner: acupuncturist, attestations: [referral], dates: [2026-03-02, 2026-03-09]}
    expect: {patient: AMOUNT}
"""


def test_check_of_good_files(rules: Path, run: Any) -> None:
    result = run("rules", "check", rules)
    assert result.exit_code == 0
    assert result.stdout == "4 files: 0 errors, 2 warnings\n"
    assert "warning[plan-without-tests]" in result.stderr


def test_check_points_at_the_word(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    result = run("rules", "check", rules)
    assert result.exit_code == 1
    line = next(place for place, text in enumerate(TYPO.splitlines(), 1) if "acupunture" in text)
    head = f"{rules / 'copay.yaml'}:{line}:17: error[unknown-therapy]: no therapy 'acupunture' in the catalog"
    assert f"{head}; did you mean 'acupuncture'?" in result.stderr
    shown = result.stderr.splitlines()
    caret = next(place for place, text in enumerate(shown) if text.strip(" |").startswith("^"))
    assert shown[caret].index("^") == shown[caret - 1].index("acupunture")
    assert "4 files: 1 error" in result.stdout


def test_check_for_programs_and_for_pull_requests(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    as_json = json.loads(run("rules", "check", rules, "--format", "json").stdout)
    errors = [each for each in as_json if each["severity"] == "error"]
    assert [(each["code"], each["column"]) for each in errors] == [("unknown-therapy", 17)]
    github = run("rules", "check", rules, "--format", "github").stdout
    assert any(line.startswith("::error file=") and "unknown-therapy" in line for line in github.splitlines())


def test_files_of_a_set_may_be_named_one_by_one(rules: Path, run: Any) -> None:
    files = [rules / name for name in ("catalog.yaml", "fees.yaml", "copay.yaml")]
    assert run("rules", "check", *files).stdout.startswith("3 files: 0 errors")
    assert run("rules", "check", rules / "nowhere").exit_code == 2


@pytest.mark.parametrize(("amount", "status"), [("$40.00", 0), ("$40.01", 1)])
def test_tests_in_files(rules: Path, run: Any, amount: str, status: int) -> None:
    (rules / "copay.yaml").write_text(COPAY_PLAN + TESTS.replace("AMOUNT", amount), encoding="utf-8")
    result = run("rules", "test", rules)
    assert result.exit_code == status
    assert f"1 test: {1 - status} passed, {status} failed" in result.stdout
    if status:
        line = COPAY_PLAN.count("\n") + 3
        assert f"copay.yaml:{line}: FAILED: copay-plan: two visits" in result.stdout
        assert "patient: expected $40.01, got $40.00" in result.stdout
    assert "share-plan: benefit 'needles'" in result.stdout
    assert "not reached: copay-plan: benefit" not in result.stdout


def test_tests_for_programs_and_for_pull_requests(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(COPAY_PLAN + TESTS.replace("AMOUNT", "$1.00"), encoding="utf-8")
    data = json.loads(run("rules", "test", rules, "--format", "json").stdout)
    assert [(each["name"], each["passed"]) for each in data["tests"]] == [("two visits", False)]
    assert data["reached"] < data["reachable"]
    github = run("rules", "test", rules, "--format", "github").stdout
    assert github.startswith("::error file=")
    assert "two visits" in github
    quiet = run("rules", "test", rules, "--no-coverage").stdout
    assert "not reached" not in quiet


def test_rules_with_errors_are_not_tested(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    result = run("rules", "test", rules)
    assert result.exit_code == 1
    assert "unknown-therapy" in result.stderr


def test_fmt_changes_once_and_check_changes_nothing(rules: Path, run: Any) -> None:
    untidy = COPAY_PLAN.replace("id: copay-plan", "id:    copay-plan   # the cheap one")
    (rules / "copay.yaml").write_text(untidy, encoding="utf-8")
    assert run("rules", "fmt", "--check", rules / "copay.yaml").exit_code == 1
    assert (rules / "copay.yaml").read_text(encoding="utf-8") == untidy
    assert run("rules", "fmt", rules).exit_code == 0
    assert "# the cheap one" in (rules / "copay.yaml").read_text(encoding="utf-8")
    again = run("rules", "fmt", "--check", rules)
    assert (again.exit_code, again.stdout) == (0, "0 files would change\n")


def test_schema_is_written_and_checked(tmp_path: Path, run: Any) -> None:
    folder = tmp_path / "schema"
    assert run("rules", "schema", folder, "--check").exit_code == 1
    assert not folder.exists()
    assert run("rules", "schema", folder).exit_code == 0
    assert sorted(file.name for file in folder.iterdir()) == [
        "catalog.schema.json",
        "fees.schema.json",
        "plan.schema.json",
        "policy.schema.json",
    ]
    assert run("rules", "schema", folder, "--check").exit_code == 0
