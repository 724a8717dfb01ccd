"""All findings of a rule set: of all plans or those named, with requests to run, and what was too large."""

from __future__ import annotations

import pytest

from camcover.rulebook.analysis import cells
from camcover.workflow.analysis import FindingKind, analyze
from cell_rules import PAYS, rule_set, rules_of, shipped
from small_rules import TEXTS


def test_findings_of_the_small_rules() -> None:
    """share-plan is silent on reiki, copay-plan too; the visits of share-plan end with the fourth, in both tiers."""
    analysis = analyze(rules_of(TEXTS))
    found = [(each.plan, each.kind, each.subject) for each in analysis.findings]
    assert found == [
        ("share-plan", FindingKind.GAPS, "reiki"),
        ("share-plan", FindingKind.CLIFFS, "visits"),
        ("share-plan", FindingKind.CLIFFS, "visits"),
        ("copay-plan", FindingKind.GAPS, "reiki"),
    ]
    assert analysis.left_out == ()
    assert [each.place for each in analysis.of({FindingKind.CLIFFS})] == ["share.yaml:20"] * 2
    assert {each.plan for each in analyze(rules_of(TEXTS), ["copay-plan"]).findings} == {"copay-plan"}


def test_every_kind_is_found_with_a_request_where_one_line_can_show_it() -> None:
    rules = rule_set(
        f"here: {{therapies: [massage], when: {{states: [WA]}}, limits: [{{allow: 3 visits, per: month}}], {PAYS}}}",
        f"there: {{therapies: [massage], when: {{settings: [home]}}, limits: [{{allow: 1 visit, per: day}}], {PAYS}}}",
        f"dead: {{therapies: [massage], when: {{states: [WA], settings: [home]}}, {PAYS}}}",
    )
    shown = {(each.kind, each.subject): each.request is not None for each in analyze(rules).findings}
    assert shown == {
        (FindingKind.GAPS, "acupuncture"): False,
        (FindingKind.GAPS, "reiki"): False,
        (FindingKind.OVERLAPS, "there"): True,
        (FindingKind.DEAD, "dead"): False,
        (FindingKind.LIMITS, "there"): False,
        (FindingKind.CLIFFS, "here"): True,
    }


def test_shipped_rules_have_neither_overlaps_nor_dead_benefits() -> None:
    analysis = analyze(shipped())
    assert analysis.of({FindingKind.OVERLAPS, FindingKind.DEAD}) == ()
    assert analysis.left_out == ()


def test_plan_that_is_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rule_set(f"one: {{therapies: [massage], when: {{ages: {{min: 18}}, states: [WA]}}, {PAYS}}}")
    monkeypatch.setattr(cells, "MOST_CELLS", 3)
    assert analyze(rules).left_out == ("plan.yaml:1: plan: more than 3 cases to tell apart",)
