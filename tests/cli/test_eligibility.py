"""`camcover eligibility` and `camcover inquiry`: tests/exchange has what is read; here is what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exchange.answers import answer
from small_rules import question

ROOT = Path(__file__).parents[2]

SUMS = answer("EB*1**30", "DMG*D8*19860211", "EB*C*IND*30***23*100*****Y", "EB*C*IND*30***29*75*****Y")
"""25.00 of the deductible of 100.00 are used."""

WHO = (
    "--payer-name", "EXAMPLE", "--payer-id", "1", "--provider-name", "CLINIC", "--npi", "1234567893", "--last-name",
    "SAMPLE", "--first-name", "ANA", "--member-identifier", "X1", "--sender", "CLINIC", "--receiver", "PAYER",
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An answer on the deductible."""
    path = tmp_path / "answer.271"
    path.write_text(SUMS, encoding="utf-8")
    return path


def test_the_request_that_an_answer_states(rules: Path, file: Path, run: Any) -> None:
    result = run("eligibility", file, "--plan", "share-plan", "--rules", rules, "--member-id", "ana")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "plan_id": "share-plan",
        "members": [
            {
                "id": "ana",
                "accumulators": [{"accumulator": "deductible", "used_cents": 2_500}],
                "membership": {"role": "subscriber"},
            }
        ],
        "as_of": "2026-03-02",
    }
    assert result.stderr.splitlines() == [
        f"{file}:10: names, addresses and numbers (NM1) are passed over [not_kept]",
        f"{file}:12: DMG segments that are not read here [not_read]",
        f"{file}:6,8: names, addresses and numbers (NM1) are passed over [not_kept]",
    ]


def test_what_an_answer_states_goes_into_a_request_that_is_priced(rules: Path, file: Path, run: Any) -> None:
    """small_rules.question with 25.00 of the deductible used in place of 60.00, a birth date in place of an age.

    Allowed 48.00 a visit: 48.00, then 27.00 + 20 % of 21.00 = 31.20, then 20 % of 48.00 = 9.60. Patient 88.80.
    """
    file.write_text(SUMS.replace("EB*1**30~DMG*D8*19860211~", "DMG*D8*19860211~EB*1**30~"), encoding="utf-8")
    asked = json.dumps(question())
    made = run("eligibility", file, "--plan", "share-plan", "--rules", rules, "--request", "-", stdin=asked)
    request = json.loads(made.stdout)
    (member,) = request["members"]
    assert (member["id"], member["birth_date"], "age" in member) == ("ana", "1986-02-11", False)
    assert member["accumulators"] == [
        {"accumulator": "oop_max", "used_cents": 6_000},
        {"accumulator": "deductible", "used_cents": 2_500},
    ]
    priced = run("estimate", "-", "--rules", rules, stdin=made.stdout)
    assert json.loads(priced.stdout)["totals"]["patient_cents"] == 8_880


def test_facts_with_their_segments(rules: Path, file: Path, run: Any) -> None:
    result = run("eligibility", file, "--plan", "share-plan", "--rules", rules, "--format", "facts")
    found = json.loads(result.stdout)
    (deductible,) = [each for each in found["facts"] if each["kind"] == "ELIGIBILITY_FACT_KIND_DEDUCTIBLE"]
    assert (deductible["segments"], deductible["field"]) == ([13, 14], "members[0].accumulators[0]")
    assert (deductible["total"], deductible["remaining"], deductible["unit"]) == (10_000, 7_500, "cents")
    assert found["request"]["plan_id"] == "share-plan"


@pytest.mark.parametrize(
    ("text", "options", "status", "said"),
    [
        ("no file", (), 1, ":1: segment: found a text that does not begin with ISA; expected an ISA segment"),
        (SUMS, ("--number", "2"), 1, "found 1 member in the file, asked for number 2; expected the number of one"),
        (
            SUMS,
            ("--plan", "share-plam"),
            2,
            "plan_id: found plan 'share-plam'; expected an existing plan; did you mean",
        ),
        (answer("AAA*N**72*C"), (), 1, "the payer did not answer: the subscriber's identifier is wrong or missing"),
    ],
)
def test_what_is_refused(
    rules: Path, file: Path, run: Any, text: str, options: tuple[str, ...], status: int, said: str
) -> None:
    file.write_text(text, encoding="utf-8")
    result = run("eligibility", file, "--plan", "share-plan", "--rules", rules, *options)
    assert (result.exit_code, said in result.stderr) == (status, True), result.stderr


def test_a_file_that_is_not_there_and_a_request_of_several_members(rules: Path, file: Path, run: Any) -> None:
    missing = run("eligibility", file.with_name("none"), "--plan", "share-plan", "--rules", rules)
    assert (missing.exit_code, "none: No such file or directory" in missing.stderr) == (1, True)
    asked = json.dumps(question(members=[{"id": "a"}, {"id": "b"}]))
    several = run("eligibility", file, "--plan", "share-plan", "--rules", rules, "--request", "-", stdin=asked)
    assert (several.exit_code, "2 members; expected one" in several.stderr) == (2, True)


def test_a_file_in_latin_1_is_read(rules: Path, file: Path, run: Any) -> None:
    file.write_bytes(SUMS.replace("SAMPLE", "PE\xd1A").encode("latin-1"))
    assert run("eligibility", file, "--plan", "share-plan", "--rules", rules).exit_code == 0


def test_a_question_about_the_days_of_a_request(run: Any, rules: Path) -> None:
    asked = json.dumps(question())
    options = ("--birth-date", "1986-02-11", "--control", "7")
    whole = run("inquiry", "-", *WHO, *options, stdin=asked)
    assert whole.exit_code == 0
    assert "DTP*291*RD8*20260302-20260316~\nEQ*30~\n" in whole.stdout
    assert "DMG*D8*19860211~" in whole.stdout
    named = run("inquiry", "-", *WHO, "--service-types", "33,64", "--member", "ana", stdin=asked)
    assert [each for each in named.stdout.splitlines() if each.startswith("EQ")] == ["EQ*33~", "EQ*64~"]
    # The catalog of these rules knows no service types, so the plan as a whole is asked about.
    assert "EQ*30~" in run("inquiry", "-", *WHO, "--rules", rules, stdin=asked).stdout


def test_questions_that_cannot_be_asked(run: Any) -> None:
    asked = json.dumps(question())
    wrong = run("inquiry", "-", *WHO, "--service-types", "6*", stdin=asked)
    assert (wrong.exit_code, "service_types: found a text that is not a code" in wrong.stderr) == (2, True)
    nobody = run("inquiry", "-", *WHO, "--member", "bob", stdin=asked)
    assert (nobody.exit_code, "found 'bob'; expected one of ana" in nobody.stderr) == (2, True)
    items = [question()["items"][0] | {"member_id": "ana"}]
    unseen = json.dumps(question(members=[{"id": "ana"}, {"id": "bob"}], items=items))
    no_visits = run("inquiry", "-", *WHO, "--member", "bob", stdin=unseen)
    assert (no_visits.exit_code, "the request has no visits of bob" in no_visits.stderr) == (2, True)


def test_the_example_of_the_documentation(run: Any) -> None:
    """1500 - 70 of the deductible, 3000 - 3000 out of network, 8700 - 7087.60; visits: 12 - 9, 20 - 15, 30 - 22."""
    rules = ROOT / "rules"
    options = ("--rules", rules / "catalog", "--rules", rules / "payers" / "cascade-silver")
    example = ROOT / "docs" / "examples" / "eligibility.271"
    result = run("eligibility", example, "--plan", "cascade-silver", *options)
    request = json.loads(result.stdout)
    (member,) = request["members"]
    assert {each["accumulator"]: each["used_cents"] for each in member["accumulators"]} == {
        "deductible": 143_000,
        "oon_deductible": 0,
        "oop_max": 161_240,
    }
    assert {each["limit"]: each["used"] for each in member["limit_usage"]} == {
        "acupuncture": 3,
        "chiropractic": 5,
        "manual-therapies": 8,
    }
    assert {each["accumulator"]: each["used_cents"] for each in request["family_accumulators"]} == {
        "deductible": 175_000,
        "oop_max": 205_000,
    }
