"""`camcover estimate`: an estimate without a server; small_rules.question has its figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from camcover.gen.camcover.v1 import request_pb2
from small_rules import COPAY_PLAN, question

FIELDS = len(request_pb2.EstimatePlanRequest.DESCRIPTOR.fields)


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "",
            "found text that is not JSON (line 1, column 1: Expecting value); expected one JSON object [INVALID_JSON]",
        ),
        ("{", "found text that is not JSON (line 1, column 2"),
        ("[" * 100_000, "found JSON with a number that is too large, or with too many levels"),
        ("[]", "found a list; expected an object [INVALID_JSON]"),
        (
            '{"plan": "x"}',
            f"plan: found field 'plan'; expected one of {FIELDS} fields; did you mean 'plan_id' or 'ex",
        ),
        ('{"plan-id": "x"}', f"found field 'plan-id'; expected one of {FIELDS} fields; did you mean 'plan_id'?"),
        (
            '{"plan_id": "x", "plan_id": "y"}',
            "plan_id: found 'plan_id' a second time; expected each value only once [REPEATED]",
        ),
        ('{"plan_id": 7}', "plan_id: found the number 7; expected text [INVALID_JSON]"),
        ('{"plan_id": "\\ud800"}', "plan_id: found '\\ud800'; expected Unicode text without surrogates [INVALID_TEXT]"),
        ('{"explain": "yes"}', "explain: found the text 'yes'; expected true or false"),
        ('{"items": {}}', "items: found an object; expected a list"),
        ('{"items": [null]}', "items[0]: found null; expected an object"),
        ('{"items": [{"sessions": "many"}]}', "items[0].sessions: found the text 'many'; expected a whole number"),
        ('{"items": [{"sessions": true}]}', "items[0].sessions: found true; expected a whole number"),
        ('{"items": [{"sessions": 1.5}]}', "items[0].sessions: found the number 1.5; expected a whole number"),
        ('{"items": [{"sessions": 2147483648}]}', "found 2147483648; expected a number of at most 32 bits"),
        (
            '{"coverage": "family"}',
            "coverage: found value 'family'; expected one of COVERAGE_UNSPECIFIED, COVERAGE_SELF_ONLY, COVERAGE_FAMILY",
        ),
        ('{"items": [{"thrapy": "massage"}]}', "items[0].thrapy: found field 'thrapy'; expected one of "),
    ],
)
def test_json_that_is_no_request_is_refused(rules: Path, run: Any, text: str, said: str) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=text)
    assert result.exit_code == 2
    first, *told = result.stderr.splitlines()
    assert first == "-: not an EstimatePlanRequest"
    assert len(told) == 1
    assert said in told[0]


def test_all_that_is_wrong_with_a_file_is_told_at_once(rules: Path, run: Any) -> None:
    result = run("estimate", "-", "--rules", rules, stdin='{"planid": "x", "members": [{"age": []}], "explain": 1}')
    assert [line.split(":")[0] for line in result.stderr.splitlines()[1:]] == ["planid", "members[0].age", "explain"]


def test_numbers_may_be_texts_and_names_camel_case_as_protobuf_writes_them(rules: Path, run: Any) -> None:
    """What `MessageToJson` writes: camelCase, 64-bit numbers as texts; null stands for nothing."""
    message = json_format.ParseDict(question(), request_pb2.EstimatePlanRequest())
    data = json.loads(json_format.MessageToJson(message)) | {"asOf": None, "coverage": 1}
    assert data["items"][0]["procedures"][0]["chargeCents"] == "8000"
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(data))
    assert json.loads(result.stdout)["totals"]["patient_cents"] == 6080


def test_a_file_that_is_not_there(rules: Path, run: Any, tmp_path: Path) -> None:
    result = run("estimate", tmp_path / "nowhere.json", "--rules", rules)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path / 'nowhere.json'}: No such file or directory\n")


def test_every_violation_on_a_line_of_its_own(rules: Path, run: Any) -> None:
    items = [question()["items"][0] | {"tier": "gold", "practitioner": "nobody"}]
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(question(items=items)))
    assert result.exit_code == 2
    words = "acupuncturist, massage-therapist"
    assert result.stderr.splitlines() == [
        f"items[0].practitioner: found practitioner 'nobody'; expected one of {words} [UNKNOWN_PRACTITIONER]",
        "items[0].tier: found tier 'gold'; expected one of in_network, out_of_network [UNKNOWN_TIER]",
    ]


def test_other_refusals_print_their_message(rules: Path, run: Any) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(question(rule_release=f"rules-{'0' * 16}")))
    assert result.exit_code == 2
    said = "rule_release: found release 'rules-0000000000000000'; expected an existing release; did you mean 'rules-"
    assert result.stderr.startswith(said)
    assert result.stderr.endswith("[UNKNOWN_RULE_RELEASE]\n")


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
    said = "was compiled by another version of camcover; compile the rule files again (`camcover rules compile`)"
    assert result.stderr == f"{file} {said}\n"


def test_citations_name_files_below_the_rules_folder(rules: Path, run: Any, request_file: Path) -> None:
    """An estimate may be handed on: it shows nothing of the machine that it was made on."""
    result = run("estimate", request_file, "--rules", rules)
    assert result.exit_code == 0
    assert '"rule": "share.yaml:' in result.stdout
    assert str(rules) not in result.stdout
