"""`camcover fhir`: small_rules.question has the figures; tests/exchange/fhir tests what packets hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_packets import good_faith_bundle
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


GOOD_FAITH = json.dumps(good_faith_bundle())


def test_a_good_faith_estimate_is_priced_and_stands_in_the_packet(rules: Path, run: Any) -> None:
    """Allowed 48.00 + 2 x 36.00 = 120.00 a visit of 170.50; the massage at 90.00 is excluded.

    No sum is stated: the deductible takes 100.00 of the first visit, 20 % of 20.00 = 4.00, then 20 % of 120.00 = 24.00.
    """
    options = ("--plan", "share-plan", "--tier", "in_network", *STAMP)
    result = run("fhir", "-", "--rules", rules, *options, stdin=GOOD_FAITH)
    assert (result.exit_code, result.stderr) == (0, "")
    entries = [each["resource"] for each in json.loads(result.stdout)["entry"]]
    assert entries[-1] == good_faith_bundle()
    aeob = entries[2]
    assert aeob["claim"]["identifier"] == {"system": "https://example.org/claims", "value": "GFE-1"}
    totals = {each["category"]["coding"][0]["code"]: each["amount"]["value"] for each in aeob["total"]}
    assert (totals["submitted"], totals["eligible"], totals["memberliability"]) == (431.0, 240.0, 218.0)
    assert entries[3]["name"] == [{"family": "Doe", "given": ["Ana"]}]
    assert entries[6]["name"] == "Nora Example"


def test_a_taxonomy_that_no_practitioner_has_is_told_and_the_rest_is_priced(rules: Path, run: Any) -> None:
    """A physician assistant is not in the catalog. Nobody else is known to render, so acupuncture is a range."""
    bundle = good_faith_bundle()
    coding = {"system": "http://nucc.org/provider-taxonomy", "code": "363A00000X"}
    bundle["entry"][1]["resource"]["careTeam"] = [
        {"sequence": 1, "provider": {"reference": "Practitioner/nora"}, "qualification": {"coding": [coding]}}
    ]
    options = ("--plan", "share-plan", "--tier", "in_network", *STAMP)
    result = run("fhir", "-", "--rules", rules, *options, stdin=json.dumps(bundle))
    place = "-: Bundle.entry[1].resource.careTeam[0].qualification.coding[0]"
    expected = "a taxonomy of one practitioner of the catalog; the practitioner is not known"
    assert result.stderr == f"{place}: found taxonomy '363A00000X'; expected {expected}\n"
    assert (result.exit_code, expected in result.stdout) == (0, True)


def test_the_request_that_was_read_is_printed_and_can_be_priced(rules: Path, run: Any) -> None:
    options = ("--rules", rules, "--plan", "share-plan", "--tier", "in_network")
    asked = run("fhir", "-", *options, "--request", stdin=GOOD_FAITH).stdout
    assert json.loads(asked)["items"][0]["dates"] == ["2026-03-02", "2026-03-09"]
    assert '"patient_cents": 21800' in run("estimate", "-", "--rules", rules, stdin=asked).stdout


def test_what_of_a_good_faith_estimate_is_not_read_is_listed(rules: Path, run: Any) -> None:
    bundle = good_faith_bundle()
    bundle["entry"][1]["resource"]["accident"] = {}
    result = run("fhir", "-", "--rules", rules, "--plan", "share-plan", stdin=json.dumps(bundle))
    assert result.exit_code == 0
    assert result.stderr == ("-: Bundle.entry[1].resource.accident: found an element that is not read; expected none\n")


@pytest.mark.parametrize(
    ("options", "stdin", "said"),
    [
        (("--plan", "share-plan"), ASKED, "-: resourceType: found no resourceType; expected 'Bundle'"),
        (("--plan", "shar-plan"), GOOD_FAITH, "plan_id: found plan 'shar-plan'; expected one of"),
        (("--plan", "x" * 200), GOOD_FAITH, "plan_id: found"),
        (("--tier", "in_network"), ASKED, "--tier and --request need --plan"),
        (("--request",), ASKED, "--tier and --request need --plan"),
        (("--plan", "share-plan", "--parties", "x"), GOOD_FAITH, "--parties cannot be given with --plan"),
    ],
)
def test_what_cannot_be_used_of_a_good_faith_estimate_is_refused(
    rules: Path, run: Any, options: tuple[str, ...], stdin: str, said: str
) -> None:
    result = run("fhir", "-", "--rules", rules, *options, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_the_summary_for_the_primary_care_provider(rules: Path, run: Any) -> None:
    document = json.loads(run("fhir", "-", "--rules", rules, *STAMP, "--summary", "document", stdin=ASKED).stdout)
    assert (document["id"], document["type"]) == ("q1-care-document", "document")
    assert [each["resource"]["resourceType"] for each in document["entry"]][:2] == ["Composition", "CarePlan"]
    pytest.importorskip("typst", reason="the extra letters is not installed")
    reference = run("fhir", "-", "--rules", rules, *STAMP, "--summary", "reference", stdin=ASKED)
    assert json.loads(reference.stdout)["resourceType"] == "DocumentReference"


def test_a_summary_that_is_too_long_is_refused(rules: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camcover.showing.printing.MOST_GROUPS", 1)
    result = run("fhir", "-", "--rules", rules, "--summary", "document", stdin=ASKED)
    assert (result.exit_code, result.stderr) == (2, "found 2 groups of equal visits; expected at most 1\n")
