"""`camcover optimize`: small_rules.question has the figures; tests/workflow/test_cheaper_ways.py tests the search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from small_rules import question

ITEM = question()["items"][0]
ELSEWHERE = json.dumps(question(items=[ITEM | {"tier": "out_of_network"}]))
"""40.00 of the deductible are left; 36.00 is allowed: 36.00, then 4.00 + 16.00, then 18.00, and 3 x 44.00 = 206.00."""


def test_ways_are_told_with_what_they_trade(rules: Path, run: Any) -> None:
    result = run("optimize", "-", "--rules", rules, "--tiers", "in_network", stdin=ELSEWHERE)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "As planned you would pay $206.00.",
        "",
        "You would pay $60.80, which is $145.20 less.",
        "  acupuncture: 3 visits to a provider of another network (in network)",
    ]


def test_json_has_cents_message_ids_and_each_service_as_it_would_be_asked(rules: Path, run: Any) -> None:
    asked = json.dumps(json.loads(ELSEWHERE) | {"language": "es"})
    options = ("--tiers", "in_network", "--settings", "telehealth", "--format", "json", "--to", "2026-03-20")
    found = json.loads(run("optimize", "-", "--rules", rules, *options, stdin=asked).stdout)
    (way,) = found.pop("ways")
    assert found == {"patient_cents": 20_600, "priced": 4, "is_proven": True, "remarks": [], "citations": []}
    assert (way["patient_cents"], way["saved_cents"]) == (6_080, 14_520)
    said = "acupuntura: 3 visitas con un proveedor de otra red (dentro de la red)"
    assert way["changes"] == [{"item_index": 0, "id": "way-tier", "text": said}]
    assert way["items"] == [
        {
            "tier": "in_network",
            "practitioner": "acupuncturist",
            "setting": "",
            "dates": ["2026-03-02", "2026-03-09", "2026-03-16"],
            "paid_oneself": [],
        }
    ]


def test_a_self_pay_price_is_used_for_visits_that_are_not_covered(rules: Path, run: Any) -> None:
    """The last visits of five are above the four of a year; each is 80.00, or 70.00 without the plan."""
    days = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]
    asked = json.dumps(question(items=[ITEM | {"dates": days}]))
    told = json.loads(
        run("optimize", "-", "--rules", rules, "--self-pay", "0=7000", "--format", "json", stdin=asked).stdout
    )
    (way,) = told["ways"]
    paid = way["items"][0]["paid_oneself"]
    assert way["saved_cents"] == len(paid) * (8_000 - 7_000)
    assert (way["changes"][0]["id"], paid) == ("way-self-pay", days[-len(paid) :])


def test_nothing_cheaper_and_a_bound_that_is_reached_are_said(rules: Path, run: Any) -> None:
    asked = json.dumps(question())
    options = ("--tiers", "out_of_network", "--settings", "home,telehealth", "--most", "3")
    told = run("optimize", "-", "--rules", rules, *options, stdin=asked).stdout.splitlines()
    assert told == [
        "As planned you would pay $60.80.",
        "",
        "No cheaper way to the same care was found.",
        "",
        "The search stopped after 3 ways were priced. There may be cheaper ones.",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tiers", "in_network,out"), "tiers[1]: found tier 'out'; expected one of in_network, out_of_network"),
        (("--settings", "hom"), "settings[0]: found setting 'hom'; expected one of"),
        (("--from", "2026-04-01", "--to", "2026-03-01"), "latest: found 2026-03-01; expected 2026-04-01"),
        (("--self-pay", "0:90"), "found '0:90'; expected ITEM=CENTS such as 0=9000"),
        (("--self-pay", "1=9000"), "self_pay[0].item_index: found 1; expected the place of an item, from 0 to 0"),
        (("--to", "soon"), "'soon' does not match the format"),
        (("--most", "0"), "greater than or equal to 1"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(rules: Path, run: Any, options: tuple[str, ...], said: str) -> None:
    result = run("optimize", "-", "--rules", rules, *options, stdin=ELSEWHERE)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_a_request_that_is_refused_names_what_is_wrong(rules: Path, run: Any) -> None:
    asked = json.dumps(question(plan_id="shar-plan"))
    result = run("optimize", "-", "--rules", rules, stdin=asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("plan_id: found plan 'shar-plan'; expected one of")
    pinned = json.dumps(question(rule_release="rules-0123456789abcdef"))
    assert "UNKNOWN_RULE_RELEASE" in run("optimize", "-", "--rules", rules, stdin=pinned).stderr
