"""`camcover fhir`: small_rules.question has the figures; tests/exchange/fhir tests what packets hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_rules import question

ASKED = json.dumps(question())
STAMP = ("--id", "q1", "--time", "2026-02-20T10:00:00+01:00")


def test_a_packet_is_printed(rules: Path, run: Any) -> None:
    result = run("fhir", "-", "--rules", rules, *STAMP, stdin=ASKED)
    assert (result.exit_code, result.stderr) == (0, "")
    packet = json.loads(result.stdout)
    assert (packet["id"], packet["timestamp"]) == ("q1-packet", "2026-02-20T09:00:00Z")
    assert '"value": 60.80' in result.stdout


def test_a_packet_is_written_in_the_language_of_the_request_or_the_option(
    rules: Path, run: Any, tmp_path: Path
) -> None:
    file = tmp_path / "packet.json"
    asked = json.dumps(question(language="es"))
    result = run("fhir", "-", "--rules", rules, "-o", file, stdin=asked)
    assert (result.exit_code, result.output) == (0, "")
    assert "Usted pagaría aproximadamente: $60.80" in file.read_text(encoding="utf-8")
    assert run("fhir", "-", "--rules", rules, "-o", file, "--language", "en", stdin=asked).exit_code == 0
    assert "You would pay about: $60.80" in file.read_text(encoding="utf-8")


def test_without_an_id_the_request_and_the_rules_give_it(rules: Path, run: Any) -> None:
    first, again, other = (
        json.loads(run("fhir", "-", "--rules", rules, stdin=json.dumps(fields)).stdout)["id"]
        for fields in (question(), question(), question(as_of="2026-03-01"))
    )
    assert first == again != other
    assert first.startswith("estimate-")


def test_names_come_from_a_file(rules: Path, run: Any, tmp_path: Path) -> None:
    names = tmp_path / "names.json"
    names.write_text('{"subscriber_id": "S-1"}', encoding="utf-8")
    result = run("fhir", "-", "--rules", rules, "--parties", names, stdin=ASKED)
    assert '"subscriberId": "S-1"' in result.stdout
    names.write_text('{"subscriber_id": 1, "npi": "2"}', encoding="utf-8")
    refused = run("fhir", "-", "--rules", rules, "--parties", names, stdin=ASKED)
    assert refused.exit_code == 2
    assert f"{names}: subscriber_id: found a number" in refused.stderr
    assert f"{names}: npi: found a name that is not known" in refused.stderr
    names.write_bytes(b"\xff")
    assert "byte 0 is not UTF-8" in run("fhir", "-", "--rules", rules, "--parties", names, stdin=ASKED).stderr
    names.unlink()
    missing = run("fhir", "-", "--rules", rules, "--parties", names, stdin=ASKED)
    assert (missing.exit_code, missing.stderr) == (2, f"{names}: No such file or directory\n")


TWO = question(members=[{"id": "ana"}, {"id": "ben"}], items=[question()["items"][0] | {"member_id": "ana"}])


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        ("{", (), "not an EstimatePlanRequest"),
        (json.dumps(question(plan_id="shar-plan")), (), "plan_id: found plan 'shar-plan'; expected one of"),
        (json.dumps(TWO), (), "members: found 2 members; expected one: an explanation of benefits is for one person"),
        (json.dumps(question(secondary_plan_id="copay-plan")), (), "secondary_plan_id: found a second plan"),
        (ASKED, ("--language", "fr"), "found language 'fr'; expected one of en, es"),
        (ASKED, ("--id", "a b"), "found --id 'a b'; expected 1 to 40 letters, digits, - and ."),
        (ASKED, ("--time", "noon"), "found --time 'noon'; expected a time with its zone"),
        (ASKED, ("--time", "2026-02-20T09:00:00"), "expected a time with its zone"),
        (ASKED, ("--time", "9999-12-31T23:00:00Z"), "expected a time with its zone"),
    ],
)
def test_what_cannot_be_used_is_refused(rules: Path, run: Any, asked: str, options: tuple[str, ...], said: str) -> None:
    result = run("fhir", "-", "--rules", rules, *options, stdin=asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_file_that_cannot_be_written_is_named(rules: Path, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "no-such-folder" / "packet.json"
    result = run("fhir", "-", "--rules", rules, "-o", file, stdin=ASKED)
    assert (result.exit_code, result.stderr) == (1, f"{file}: No such file or directory\n")
