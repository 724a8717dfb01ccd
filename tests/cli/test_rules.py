"""`camcover rules`: what it prints, and the status it ends with."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import typer

from camcover.cli import rerunning
from camcover.cli.rerunning import run_whenever_saved
from processes import Process, end, forked
from small_rules import COPAY_PLAN, SHARE_PLAN

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
    assert result.stdout.endswith("\n4 files: 0 errors, 2 warnings\n")
    assert result.stdout.count("warning[plan-without-tests]") == 2
    assert result.stderr == ""


def test_check_points_at_the_word(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    result = run("rules", "check", rules)
    assert result.exit_code == 1
    line = next(place for place, text in enumerate(TYPO.splitlines(), 1) if "acupunture" in text)
    head = f"{rules / 'copay.yaml'}:{line}:17: error[unknown-therapy]: there is no therapy 'acupunture' in the catalog"
    assert f"{head}; did you mean 'acupuncture'?" in result.stdout
    shown = result.stdout.splitlines()
    caret = next(place for place, text in enumerate(shown) if text.strip(" |").startswith("^"))
    assert shown[caret].index("^") == shown[caret - 1].index("acupunture")
    assert shown[-1].startswith("4 files: 1 error")


def test_check_for_programs_and_for_pull_requests(rules: Path, run: Any) -> None:
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    as_json = json.loads(run("rules", "check", rules, "--format", "json").stdout)
    errors = [each for each in as_json if each["severity"] == "error"]
    assert [(each["code"], each["column"]) for each in errors] == [("unknown-therapy", 17)]
    github = run("rules", "check", rules, "--format", "github").stdout
    assert any(line.startswith("::error file=") and "unknown-therapy" in line for line in github.splitlines())


def test_files_of_a_set_may_be_named_one_by_one(rules: Path, run: Any) -> None:
    files = [rules / name for name in ("catalog.yaml", "fees.yaml", "copay.yaml")]
    assert "\n3 files: 0 errors" in run("rules", "check", *files).stdout
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


def test_check_of_one_plan_says_nothing_of_others(rules: Path, run: Any) -> None:
    """The other plan has an error, and so nothing of it would be usable: this one is looked at alone."""
    (rules / "copay.yaml").write_text(TYPO, encoding="utf-8")
    alone = run("rules", "check", rules, "--plan", "share-plan")
    assert alone.exit_code == 0
    assert alone.stdout.endswith("\n3 files: 0 errors, 1 warning\n")
    assert "copay.yaml" not in alone.stdout
    both = run("rules", "check", rules, "--plan", "share-plan", "--plan", "copay-plan")
    assert (both.exit_code, "unknown-therapy" in both.stdout) == (1, True)


@pytest.mark.parametrize(("broken", "said"), [("[acupuncture", "'[' is not closed"), ("[acupunture]", "no therapy")])
def test_plan_with_an_error_is_still_found_by_its_id(rules: Path, run: Any, broken: str, said: str) -> None:
    (rules / "share.yaml").write_text(SHARE_PLAN.replace("[acupuncture]", broken), encoding="utf-8")
    found = run("rules", "check", rules, "--plan", "share-plan")
    assert (found.exit_code, said in found.stdout) == (1, True)
    assert run("rules", "check", rules, "--plan", "copay-plan").exit_code == 0
    tested = run("rules", "test", rules, "--plan", "copay-plan")
    assert (tested.exit_code, "0 tests: 0 passed" in tested.stdout) == (0, True)


def test_files_that_a_plan_does_not_refer_to_are_left_out_and_bytes_that_are_no_text_are_not(
    rules: Path, run: Any
) -> None:
    late = "format: camcover/1\nkind: policy\nid: other\neffective: {from: 2026-01-01}\nillustrative: yes\n"
    (rules / "other.yaml").write_text(f"{late}reviewed: {{on: 2020-01-01, next: 2020-02-01}}\nwhen: {{states: [WA]}}\n")
    assert "review-due" in run("rules", "check", rules).stdout
    assert "review-due" not in run("rules", "check", rules, "--plan", "share-plan").stdout
    (rules / "latin.yaml").write_bytes("name: M\u00fcnster".encode("latin-1"))
    found = run("rules", "check", rules, "--plan", "share-plan")
    assert (found.exit_code, "not-utf8" in found.stdout) == (1, True)
    assert run("rules", "test", rules, "--plan", "share-plan").exit_code == 1


@pytest.mark.parametrize("command", ["check", "test"])
def test_plan_that_does_not_exist(rules: Path, run: Any, command: str) -> None:
    result = run("rules", command, rules, "--plan", "share-plan", "--plan", "copy-plan")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no plan 'copy-plan'; did you mean 'copay-plan'" in result.stderr


def test_tests_of_one_plan(rules: Path, run: Any) -> None:
    """Two visits of 20.00; nothing is said of what the other plan's tests leave out."""
    (rules / "copay.yaml").write_text(COPAY_PLAN + TESTS.replace("AMOUNT", "$40.00"), encoding="utf-8")
    result = run("rules", "test", rules, "--plan", "copay-plan")
    assert result.exit_code == 0
    assert result.stdout == ("1 test: 1 passed, 0 failed\n1 of 1 benefits, exclusions, limits and criteria reached\n")


@pytest.mark.processes
@pytest.mark.parametrize(
    ("arguments", "first", "second"),
    [
        (["check"], "4 files: 0 errors, 2 warnings", "4 files: 1 error, 0 warnings"),
        (
            ["test", "--plan", "copay-plan", "--no-coverage"],
            "0 tests: 0 passed, 0 failed",
            "1 test: 0 passed, 1 failed",
        ),
    ],
)
@pytest.mark.parametrize("is_linked", [False, True], ids=["a file is saved", "a link leads elsewhere"])
def test_watching_runs_again_when_other_rules_are_there(
    rules: Path, arguments: list[str], first: str, second: str, is_linked: bool
) -> None:
    changed = TYPO if arguments == ["check"] else COPAY_PLAN + TESTS.replace("AMOUNT", "$1.00")
    watched = rules
    if is_linked:
        watched = rules.with_name("current")
        watched.symlink_to(rules.name)
    process = forked("rules", *arguments, watched, "--watch")
    try:
        assert process.stdout is not None
        assert first in iter(lambda: _line(process), None)
        _change(rules, watched, changed)
        assert second in iter(lambda: _line(process), None)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 1
    finally:
        end(process)
        process.communicate()


def _change(rules: Path, watched: Path, text: str) -> None:
    """Save a rule file; where a link is watched, put it into a new folder and set the link to that in one step."""
    if watched != rules:
        rules = Path(shutil.copytree(rules, rules.with_name("next")))
        (rules.parent / "new").symlink_to(rules.name)
    (rules / "copay.yaml").write_text(text, encoding="utf-8")
    if watched.is_symlink():
        (rules.parent / "new").replace(watched)


def _line(process: Process) -> str:
    """The next line that a command prints. Fails when it has ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the command ended"
    return line.removesuffix("\n")


class Ended(Exception):
    """Ends a run. KeyboardInterrupt would leave the event loop before the watcher's thread ended, which then waits."""


def test_what_is_saved_while_a_command_runs_is_one_more_run(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("first", encoding="utf-8")
    seen: list[str] = []

    def once() -> None:
        seen.append(file.read_text(encoding="utf-8"))
        if seen == ["first"]:
            file.write_text("second", encoding="utf-8")
        else:
            raise Ended

    with pytest.raises(Ended):
        asyncio.run(asyncio.wait_for(run_whenever_saved(once, [tmp_path]), 120))
    assert seen == ["first", "second"]


def test_a_file_that_goes_while_it_is_read_ends_no_watching(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcomes: list[Any] = [FileNotFoundError("gone"), typer.Exit(1), 0]

    def once() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return int(outcome)

    async def thrice(again: Any, _paths: Any) -> None:
        for _ in range(3):
            again()
        raise KeyboardInterrupt

    monkeypatch.setattr(rerunning, "run_whenever_saved", thrice)
    assert rerunning.ends_as(once, [tmp_path], watch=True).exit_code == 0
    assert outcomes == []


def test_the_same_files_in_another_folder_compile_to_the_same_bytes(rules: Path, run: Any, tmp_path: Path) -> None:
    """So that neither a citation nor anything else in them says where the files lay."""
    shutil.copytree(rules, tmp_path / "elsewhere" / "deep")
    compiled = []
    for folder in (rules, tmp_path / "elsewhere" / "deep"):
        assert run("rules", "compile", folder, "--output", tmp_path / "compiled").exit_code == 0
        compiled.append((tmp_path / "compiled").read_bytes())
    assert compiled[0] == compiled[1]
    assert str(tmp_path).encode() not in compiled[0]
