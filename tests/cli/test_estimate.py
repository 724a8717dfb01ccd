"""`camcover estimate`: an estimate without a server; small_rules.question has its figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_rules import COPAY_PLAN, question


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(question(explain=True)), encoding="utf-8")
    return file


def test_json_holds_numbers_and_the_names_of_the_contract(rules: Path, run: Any, request_file: Path) -> None:
    result = run("estimate", request_file, "--rules", rules)
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["totals"]["patient_cents"] == 6080
    assert [line["patient_cents"] for line in data["lines"]] == [4160, 960, 960]
    assert data["lines"][0]["penalty_cents"] == 0
    assert data["lines"][0]["reason"] == "REASON_UNSPECIFIED"
    assert data["range"]["low_cents"] == 6080


def test_table_shows_every_amount_and_the_months(rules: Path, run: Any, request_file: Path) -> None:
    shown = run("estimate", request_file, "--rules", rules, "--format", "table").stdout
    assert "You pay $60.80 of $240.00; the plan pays $83.20, $96.00 is written off." in shown
    row = next(line.split() for line in shown.splitlines() if line.strip().startswith("2026-03-02  "))
    assert row == [
        "2026-03-02",
        "acupuncture",
        "97810",
        "$80.00",
        "$48.00",
        "$40.00",
        "-",
        "$1.60",
        "-",
        "$6.40",
        "$41.60",
    ]
    assert [line.split() for line in shown.splitlines() if "2026-03 " in line] == [["2026-03", "$60.80"]]
    assert "You pay $40.00 toward your deductible" in shown
    assert "share.yaml:" in shown


def test_the_request_may_come_from_standard_input(rules: Path, run: Any) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(question(plan_id="copay-plan", members=[])))
    assert json.loads(result.stdout)["totals"]["patient_cents"] == 6000


@pytest.mark.parametrize("text", ["", "{", '{"plan": "x"}', '{"items": [{"sessions": "many"}]}'])
def test_what_is_no_request(rules: Path, run: Any, text: str) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=text)
    assert result.exit_code == 2
    assert result.stderr


def test_a_file_that_is_not_there(rules: Path, run: Any, tmp_path: Path) -> None:
    result = run("estimate", tmp_path / "nowhere.json", "--rules", rules)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path / 'nowhere.json'}: No such file or directory\n")


def test_every_violation_on_a_line_of_its_own(rules: Path, run: Any) -> None:
    items = [question()["items"][0] | {"tier": "gold", "practitioner": "nobody"}]
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(question(items=items)))
    assert result.exit_code == 2
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["items[0].practitioner", "items[0].tier"]


def test_other_refusals_print_their_message(rules: Path, run: Any) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(question(rule_release=f"rules-{'0' * 16}")))
    assert result.exit_code == 2
    assert result.stderr.startswith("no release 'rules-0000000000000000'")


def test_bad_rules_price_nothing(rules: Path, run: Any, request_file: Path) -> None:
    (rules / "copay.yaml").write_text(COPAY_PLAN.replace("massage]", "massaje]"), encoding="utf-8")
    result = run("estimate", request_file, "--rules", rules)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean 'massage'?" in result.stderr


def test_rules_or_a_server_not_both_and_not_neither(rules: Path, run: Any, request_file: Path) -> None:
    assert run("estimate", request_file).exit_code == 2
    assert run("estimate", request_file, "--rules", rules, "--server", "127.0.0.1:1").exit_code == 2


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ([], ["serve", "estimate", "rules"]),
        (["serve"], ["--rules", "--listen", "--database-url", "--max-calls", "--drain-seconds"]),
        (["estimate"], ["--rules", "--server", "--format"]),
        (["rules"], ["check", "test", "fmt", "schema"]),
        (["rules", "check"], ["--format"]),
        (["rules", "test"], ["--format", "--no-coverage"]),
    ],
)
def test_help_names_what_there_is(run: Any, command: list[str], options: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert all(option in result.stdout for option in options)


@pytest.mark.parametrize("name", ["version-1.compiled", "other-schema.compiled"])
def test_compiled_rules_of_another_version_are_refused_in_one_line(run: Any, request_file: Path, name: str) -> None:
    """Where there is no rule file beside them, nothing else can be done: the line says what helps."""
    file = Path(__file__).parents[1] / "engine" / "stored_files" / name
    result = run("estimate", str(request_file), "--rules", file)
    assert (result.exit_code, result.stdout) == (1, "")
    said = "compiled by another version of camcover; compile the rule files anew (`camcover rules compile`)"
    assert result.stderr == f"{file}: {said}\n"
