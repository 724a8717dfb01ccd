"""`camcover rules explain`, `analyze` and `cover`: what they print, and the status they end with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cell_rules import PAYS, plan_text
from small_rules import SHARE_PLAN

OVERLAPPING = plan_text(
    f"young: {{therapies: [massage], when: {{ages: {{max: 30}}}}, {PAYS}}}",
    f"old: {{therapies: [massage], when: {{ages: {{min: 30}}}}, {PAYS}}}",
)


@pytest.fixture
def overlapping(rules: Path) -> Path:
    """The small rules with a plan of two benefits for who is 30."""
    (rules / "plan.yaml").write_text(OVERLAPPING, encoding="utf-8")
    return rules


def test_explain_for_people(rules: Path, run: Any) -> None:
    result = run("rules", "explain", "share-plan", "acupuncture", "--rules", rules)
    assert result.exit_code == 0
    assert result.stdout.startswith("share-plan: acupuncture, 97810, 97811 or no code, 2026-01-01 to 2026-12-31")
    for words in ("benefit 'needles'", "share.yaml:17", "4 visits in a calendar year", "benefit 'needles' fails"):
        assert words in " ".join(result.stdout.split())


def test_explain_with_every_fact_leaves_one_case(rules: Path, run: Any) -> None:
    facts = [
        "--date",
        "2026-03-02",
        "--diagnosis",
        "M54.50",
        "--condition",
        "back-pain",
        "--practitioner",
        "acupuncturist",
    ]
    facts += ["--setting", "office", "--state", "WA", "--age", "40", "--tier", "in_network", "--code", "97810"]
    result = run("rules", "explain", "share-plan", "acupuncture", "--rules", rules, "--format", "json", *facts)
    assert result.exit_code == 0
    (table,) = json.loads(result.stdout)
    (case,) = table["cases"]
    assert (table["codes"], table["first"]) == (["97810"], "2026-01-01")
    assert (case["verdict"], case["benefits"], case["when"]) == ("benefit", ["needles"], {})
    assert case["terms"] == [
        {
            "tier": "in_network",
            "member_pays": ["deductible", "20% of what is left"],
            "provider_liable": "",
            "payment": "",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["share-plan", "acupunture"], "no therapy 'acupunture'; did you mean 'acupuncture'?"),
        (["shareplan", "acupuncture"], "no plan 'shareplan'"),
        (["share-plan", "acupuncture", "--date", "2026-02-30"], "'2026-02-30' is not a date"),
        (["share-plan", "acupuncture", "--date", "2020-01-01"], "no edition of plan share-plan"),
        (["share-plan", "acupuncture", "--diagnosis", "back"], "'back' is not an ICD-10-CM code"),
        (["share-plan", "acupuncture", "--state", "XX"], "no state 'XX'"),
        (["share-plan", "acupuncture", "--age", "131"], "130"),
        (["share-plan", "acupuncture", "--setting", "moon"], "moon"),
    ],
)
def test_explain_names_what_is_wrong(rules: Path, run: Any, arguments: list[str], said: str) -> None:
    result = run("rules", "explain", *arguments, "--rules", rules)
    assert result.exit_code == 2
    assert said in result.stderr


def test_unknown_sources_and_rules_with_errors_are_refused(rules: Path, run: Any) -> None:
    for command in (["explain", "p", "t", "--rules"], ["analyze"], ["cover"]):
        missing = run("rules", *command, rules / "nowhere")
        assert (missing.exit_code, "no such file" in missing.stderr) == (2, True)
    (rules / "share.yaml").write_text(SHARE_PLAN.replace("[acupuncture]", "[acupunture]"), encoding="utf-8")
    assert run("rules", "analyze", rules).exit_code == 1


def test_analyze_for_people(overlapping: Path, run: Any) -> None:
    result = run("rules", "analyze", overlapping)
    assert result.exit_code == 0
    share = overlapping / "share.yaml"
    needles = "benefit 'needles' in tier 'in_network' with the deductible met"
    told = f"{share}:20: cliffs: share-plan: {needles}: visit 4: $17.60, visit 5: $110.00 (limit 'visits')"
    assert told in result.stdout
    assert (
        "overlaps: plan: benefits 'young' and 'old' both match massage; the first in the file applies" in result.stdout
    )
    assert f"{overlapping / 'plan.yaml'}:1: gaps: plan: names no: acupuncture, reiki\n" in result.stdout
    assert f"{share}:1: gaps: share-plan: names no: reiki\n" in result.stdout
    assert result.stdout.count(": gaps: ") == 3
    assert result.stdout.endswith("\ngaps: 4, overlaps: 1, dead: 0, limits: 0, cliffs: 2\n")


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [("overlaps", 1), ("dead,limits", 0), ("dead, gaps", 1), ("", 0), ("overlap", 2)],
)
def test_analyze_ends_as_asked(overlapping: Path, run: Any, fail_on: str, status: int) -> None:
    result = run("rules", "analyze", overlapping, "--plan", "plan", "--fail-on", fail_on)
    assert result.exit_code == status
    assert ("no kind of finding 'overlap'" in result.stderr) == (status == 2)


def test_request_of_an_overlap_can_be_estimated(overlapping: Path, run: Any, tmp_path: Path) -> None:
    """The witness is thirty years old, and `young` applies."""
    data = json.loads(run("rules", "analyze", overlapping, "--plan", "plan", "--format", "json").stdout)
    (overlap,) = [each for each in data["findings"] if each["kind"] == "overlaps"]
    assert overlap["request"]["members"][0]["age"] == 30
    request = tmp_path / "request.json"
    request.write_text(json.dumps(overlap["request"]), encoding="utf-8")
    estimate = json.loads(run("estimate", request, "--rules", overlapping).stdout)
    assert [line["benefit"] for line in estimate["lines"]] == ["young"]
    (overlapping / "plan.yaml").write_text(OVERLAPPING.replace("  young:", "  #young:"), encoding="utf-8")
    estimate = json.loads(run("estimate", request, "--rules", overlapping).stdout)
    assert [line["benefit"] for line in estimate["lines"]] == ["old"]


def test_analyze_for_pull_requests(overlapping: Path, run: Any) -> None:
    github = run("rules", "analyze", overlapping, "--plan", "plan", "--format", "github").stdout.splitlines()
    assert all(line.startswith(f"::warning file={overlapping / 'plan.yaml'},line=") for line in github)
    assert any("title=rule analysis (overlaps)::plan: benefits 'young' and 'old'" in line for line in github)


def test_plans_that_do_not_exist(rules: Path, run: Any) -> None:
    for command in ("analyze", "cover"):
        result = run("rules", command, rules, "--plan", "share-pan")
        assert result.exit_code == 2
        assert "no plan 'share-pan'; did you mean 'share-plan'" in result.stderr


def test_cover_prints_tests_that_the_checker_takes(rules: Path, run: Any) -> None:
    result = run("rules", "cover", rules, "--plan", "share-plan")
    assert result.exit_code == 0
    assert "share-plan: limit 'visits'\n  - name: reaches limit 'visits' of share.yaml:20\n" in result.stdout
    data = json.loads(run("rules", "cover", rules, "--plan", "share-plan", "--format", "json").stdout)
    assert {each["what"] for each in data["missing"]} == {
        "benefit 'needles'",
        "criterion conditions",
        "criterion practitioners",
        "exclusion",
        "limit 'visits'",
    }
    tests = "".join(each["test"] for each in data["missing"])
    (rules / "share.yaml").write_text(f"{SHARE_PLAN}tests:\n{tests}", encoding="utf-8")
    assert run("rules", "check", rules).exit_code == 0
    assert json.loads(run("rules", "cover", rules, "--plan", "share-plan", "--format", "json").stdout)["missing"] == []


def test_cover_says_what_no_request_reaches(rules: Path, run: Any) -> None:
    everybody = f"all: {{therapies: [massage], {PAYS}, out_of_network: {{member_pays: [nothing]}}}}"
    (rules / "plan.yaml").write_text(plan_text(everybody, f"some: {{therapies: [massage], {PAYS}}}"), encoding="utf-8")
    result = run("rules", "cover", rules, "--plan", "plan")
    assert result.exit_code == 0
    assert "plan: benefit 'some'\n  no line reaches it" in result.stdout


def test_gaps_of_editions_are_told_once_where_they_are_alike_and_each_where_they_differ(rules: Path, run: Any) -> None:
    """Two editions without acupuncture and reiki, then one that names acupuncture too."""
    hands = f"hands: {{therapies: [massage], {PAYS}}}"
    for year, benefits in (("2026", [hands]), ("2027", [hands]), ("2028", [hands.replace("[", "[acupuncture, ", 1)])):
        text = plan_text(*benefits).replace("2026", year)
        (rules / f"plan-{year}.yaml").write_text(text, encoding="utf-8")
    told = run("rules", "analyze", rules, "--plan", "plan").stdout.splitlines()
    assert [line.replace(str(rules), "") for line in told if ": gaps: " in line] == [
        "/plan-2026.yaml:1: gaps: plan: names no: acupuncture, reiki",
        "/plan-2028.yaml:1: gaps: plan: names no: reiki",
    ]
