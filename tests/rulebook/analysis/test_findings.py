"""Gaps, overlaps and dead benefits: by hand on small rules, and on drawn rules held to the engine."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import settings

from camcover.engine import compile_rules
from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.decisions import Verdict
from camcover.rulebook.analysis.findings import Finding, FindingKind
from camcover.rulebook.analysis.plans import Analysed, analyse
from camcover.rulebook.records import Plan
from camcover.workflow.witnesses import witness_request
from cell_rules import PAYS, asked, plan_text, rule_set, rules_of, said, without
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from small_rules import CATALOG

SOME = settings.default.max_examples // 4 if settings.default else 100
MOST_CELLS = 150


def found(rules: RuleSet, kind: FindingKind) -> list[Finding]:
    (only,) = analyse(rules.plans["plan"], rules)
    return [each for each in only.findings(rules) if each.kind is kind]


# Gaps


def test_a_therapy_that_no_rule_names_is_a_gap() -> None:
    rules = rule_set(
        f"needles: {{therapies: [acupuncture], {PAYS}}}",
        after="exclusions: [{therapies: [reiki], reason: not_proven}]\n",
    )
    assert [(each.subject, each.message) for each in found(rules, FindingKind.GAPS)] == [
        ("massage", "neither a benefit nor an exclusion names 'massage'")
    ]


def test_a_gap_of_a_single_code_is_found() -> None:
    rules = rule_set(
        f'needles: {{codes: ["97810"], {PAYS}}}',
        after="exclusions: [{therapies: [massage, reiki], reason: not_proven}]\n",
    )
    message = "neither a benefit nor an exclusion names 'acupuncture' billed as 97811 or without a code"
    assert [each.message for each in found(rules, FindingKind.GAPS)] == [message]


def test_a_gap_that_a_new_catalog_opens_is_found() -> None:
    """The second edition of the catalog, from July, adds yoga, of which the plan does not speak."""
    first = CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2024-01-01, to: 2026-06-30}")
    second = CATALOG.replace("effective: {from: 2024-01-01}", "effective: {from: 2026-07-01}")
    second = second.replace("  reiki: {name: Reiki}", "  reiki: {name: Reiki}\n  yoga: {name: Yoga}")
    rules = rule_set(f"all: {{therapies: [acupuncture, massage, reiki], {PAYS}}}", catalog=first, later=second)
    assert [each.subject for each in found(rules, FindingKind.GAPS)] == ["yoga"]


# Overlaps


def test_an_overlap_at_a_single_age_is_found() -> None:
    """Up to 30 and from 30 on: both match at 30 and at no other age."""
    rules = rule_set(
        f"young: {{therapies: [massage], when: {{ages: {{max: 30}}}}, {PAYS}}}",
        f"old: {{therapies: [massage], when: {{ages: {{min: 30}}}}, {PAYS}}}",
    )
    (overlap,) = found(rules, FindingKind.OVERLAPS)
    assert (overlap.subject, overlap.others) == ("old", ("young",))
    assert overlap.witness is not None
    assert (overlap.witness.line.age, overlap.witness.line.tier) == (30, "in_network")
    assert overlap.message == "benefits 'young' and 'old' both match massage; the first in the file applies"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ages: {max: 30}", "ages: {min: 31}"),
        ("states: [WA]", "states: [OR]"),
        ("conditions: [back-pain]", "not_conditions: [back-pain]"),
        ("practitioners: [acupuncturist], licensed: required", "states: [AL]"),  # which does not license them
    ],
)
def test_no_overlap_where_no_line_meets_both(one: str, other: str) -> None:
    rules = rule_set(
        f"one: {{therapies: [massage], when: {{{one}}}, {PAYS}}}",
        f"other: {{therapies: [massage], when: {{{other}}}, {PAYS}}}",
    )
    assert found(rules, FindingKind.OVERLAPS) == []


def test_overlap_of_two_diagnoses_on_one_line() -> None:
    """The coarser check takes benefits for different diagnoses as apart; a line with both matches both."""
    rules = rule_set(
        f"back: {{therapies: [massage], when: {{conditions: [back-pain]}}, {PAYS}}}",
        f"head: {{therapies: [massage], when: {{conditions: [headache]}}, {PAYS}}}",
    )
    (overlap,) = found(rules, FindingKind.OVERLAPS)
    assert overlap.witness is not None
    assert set(overlap.witness.line.diagnoses) == {"M54.5", "G44"}


def test_no_overlap_where_an_exclusion_takes_what_they_share() -> None:
    rules = rule_set(
        f"one: {{therapies: [massage], when: {{states: [WA, OR]}}, {PAYS}}}",
        f"other: {{therapies: [massage], when: {{states: [OR, AL]}}, {PAYS}}}",
        after="exclusions: [{therapies: [massage], when: {states: [OR]}, reason: not_here}]\n",
    )
    assert found(rules, FindingKind.OVERLAPS) == []


def test_benefit_that_passes_on_overlaps_with_none() -> None:
    passing = "limits: [{allow: 3 visits, per: benefit_period}], when_exhausted: next"
    rules = rule_set(
        f"one: {{therapies: [massage], {passing}, {PAYS}}}",
        f"other: {{therapies: [massage], {PAYS}}}",
    )
    assert found(rules, FindingKind.OVERLAPS) == found(rules, FindingKind.DEAD) == []


# Dead benefits


def test_a_benefit_is_dead_under_a_union_of_earlier_rules() -> None:
    """Children by one benefit, grown-ups by the next, an unknown age by neither: who is 65 is always taken."""
    rules = rule_set(
        f"young: {{therapies: [massage], when: {{ages: {{max: 17}}}}, {PAYS}}}",
        f"old: {{therapies: [massage], when: {{ages: {{min: 18}}}}, {PAYS}}}",
        f"retired: {{therapies: [massage], when: {{ages: {{min: 10}}}}, {PAYS}}}",
    )
    (dead,) = found(rules, FindingKind.DEAD)
    assert (dead.subject, dead.others) == ("retired", ("'young'", "'old'"))
    assert found(rules, FindingKind.OVERLAPS) == []  # of a dead benefit the finding says it all


def test_a_benefit_for_an_unknown_age_is_not_dead() -> None:
    rules = rule_set(
        f"young: {{therapies: [massage], when: {{ages: {{max: 17}}}}, {PAYS}}}",
        f"old: {{therapies: [massage], when: {{ages: {{min: 18}}}}, {PAYS}}}",
        f"rest: {{therapies: [massage], {PAYS}}}",
    )
    assert found(rules, FindingKind.DEAD) == []


def test_an_exclusion_or_contradictory_criteria_make_a_benefit_dead() -> None:
    rules = rule_set(
        f"here: {{therapies: [massage], when: {{states: [WA]}}, {PAYS}}}",
        f"nobody: {{therapies: [acupuncture], when: {{conditions: [back-pain], not_conditions: [back-pain]}}, {PAYS}}}",
        after="exclusions: [{therapies: [massage], when: {states: [WA, OR]}, reason: not_here}]\n",
    )
    line = plan_line("exclusions:", rules)
    taken = f"the exclusion in line {line} takes every line that meets its criteria"
    assert [(each.subject, each.message) for each in found(rules, FindingKind.DEAD)] == [
        ("here", f"benefit 'here' never applies: {taken}"),
        ("nobody", "benefit 'nobody' never applies: no line meets its criteria"),
    ]


def plan_line(word: str, rules: RuleSet) -> int:
    """The line of the plan file that begins with a word."""
    return next(number for number, line in enumerate(rules.texts["plan.yaml"].splitlines(), 1) if line.startswith(word))


def test_a_benefit_is_dead_behind_one_whose_limit_never_ends() -> None:
    """One visit a day is what a day holds anyway, so nothing is ever passed on."""
    never = "limits: [{allow: 1 visit, per: day}], when_exhausted: next"
    rules = rule_set(f"one: {{therapies: [massage], {never}, {PAYS}}}", f"other: {{therapies: [massage], {PAYS}}}")
    assert [each.subject for each in found(rules, FindingKind.DEAD)] == ["other"]
    assert [each.subject for each in found(rules, FindingKind.LIMITS)] == ["one"]


def test_a_benefit_may_be_dead_in_one_edition() -> None:
    benefits = (f"one: {{therapies: [massage], {PAYS}}}", f"other: {{therapies: [massage], {PAYS}}}")
    later = plan_text(benefits[1]).replace("from: 2026-01-01, to: 2026-12-31", "from: 2027-01-01")
    rules = rule_set(*benefits, later=later)
    first, second = analyse(rules.plans["plan"], rules)
    assert (first.dead_ids, second.dead_ids) == ({"other"}, set())
    assert first.plan.heading.effective.start == date(2026, 1, 1)


# Drawn rules


def analysed(rules: RuleSet) -> list[Analysed]:
    return [each for editions in rules.plans.values() for each in analyse(editions, rules)]


@drawn(draw_scenario, examples=SOME)
def test_witness_of_an_overlap_is_matched_by_both(scenario: Scenario) -> None:
    """The engine gives the line to an earlier one, and without those before it to the later one."""
    rules = rules_of(scenario.documents)
    tables = compile_rules(rules)
    for each in analysed(rules):
        for overlap in (found for found in each.findings(rules) if found.kind is FindingKind.OVERLAPS):
            assert overlap.witness is not None
            request = witness_request(str(each.plan.heading.id), overlap.witness, rules)
            assert said(tables, request).benefit == overlap.others[0]
            fewer = compile_rules(without(rules, each.plan, overlap.others))
            assert said(fewer, request).benefit == overlap.subject


@drawn(draw_scenario, examples=SOME)
def test_dead_benefits_can_go_without_any_cell_changing(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    tables = compile_rules(rules)
    for each in (each for each in analysed(rules) if each.dead):
        fewer = compile_rules(without(rules, each.plan, each.dead_ids))
        for cell in each.cells[:: max(1, len(each.cells) // MOST_CELLS)]:
            before, after = said(tables, asked(cell)), said(fewer, asked(cell))
            assert (before.covered, before.plan_paid_cents) == (after.covered, after.plan_paid_cents)
            if cell.decision.verdict is Verdict.BENEFIT:
                assert before.benefit == after.benefit


@drawn(draw_scenario, examples=SOME)
def test_a_benefit_that_is_not_dead_is_in_some_cell(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    for each in analysed(rules):
        alive = {str(benefit.id) for cell in each.cells for benefit in cell.chain}
        assert alive.isdisjoint(each.dead_ids)
        assert alive | each.dead_ids == names(each.plan)


def names(plan: Plan) -> set[str]:
    return {str(name) for name in plan.benefits}
