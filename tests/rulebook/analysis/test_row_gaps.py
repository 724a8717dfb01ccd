"""Gaps between the rows of a table: what is one, in which words, and what a plan means and is none."""

from __future__ import annotations

from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.cells import LineFacts, grid_of
from camcover.rulebook.analysis.row_gaps import GapKind, gaps_of
from camcover.rulebook.analysis.services import service_of, stretches_of
from camcover.rulebook.analysis.table import rows_of
from cell_rules import PAYS, rule_set


def found(rules: RuleSet, tier: str | None = "in_network") -> list[tuple[GapKind, dict[str, str]]]:
    """The gaps of all rows of massage in the small plan."""
    stretch = stretches_of(rules.plans["plan"][0], rules)[0]
    grid = grid_of(stretch, service_of(stretch, "massage", ""), rules, LineFacts(tier=tier))
    return [(gap.kind, dict(gap.when)) for row in gaps_of(grid, rows_of(grid)) for gap in row]


def benefit(name: str, when: str) -> str:
    return f"{name}: {{therapies: [massage], when: {{{when}}}, {PAYS}}}"


def test_an_age_between_covered_ages_is_a_gap() -> None:
    """Up to 17 and from 19 on: the patients of 18 are left out; an age that is not known is no age between."""
    rules = rule_set(benefit("young", "ages: {max: 17}"), benefit("grown", "ages: {min: 19}"))
    assert found(rules) == [(GapKind.AGES, {"age": "18"})]
    closed = rule_set(benefit("young", "ages: {max: 17}"), benefit("grown", "ages: {min: 18}"))
    assert found(closed) == []


def test_ages_are_between_only_beside_the_same_other_facts() -> None:
    """At home up to 17, in an office from 19 on: nobody of 18 has both around them."""
    rules = rule_set(
        benefit("young", "settings: [home], ages: {max: 17}"), benefit("grown", "settings: [office], ages: {min: 19}")
    )
    assert not [each for each in found(rules) if each[0] is GapKind.AGES]
    both = rule_set(
        benefit("young", "settings: [home, office], ages: {max: 17}"),
        benefit("grown", "settings: [office], ages: {min: 19}"),
    )
    assert [each for each in found(both) if each[0] is GapKind.AGES] == [(GapKind.AGES, {"age": "18"})]


def test_facts_that_are_covered_singly_and_not_together_are_a_gap() -> None:
    """Back pain of children, headache of adults: left out are adults with back pain alone, children with headache."""
    rules = rule_set(
        benefit("young", "conditions: [back-pain], ages: {max: 17}"),
        benefit("grown", "conditions: [headache], ages: {min: 18}"),
    )
    told = found(rules)
    assert len(told) == 2
    assert (GapKind.TOGETHER, {"diagnosis": "back-pain, not headache", "age": "18 or more"}) in told
    assert (GapKind.TOGETHER, {"diagnosis": "not back-pain, headache", "age": "17 or less"}) in told


def test_what_one_benefit_asks_is_no_gap() -> None:
    assert found(rule_set(benefit("one", "conditions: [back-pain], ages: {min: 18}, states: [WA]")), None) == []


def test_what_no_rule_names_is_a_gap_and_what_an_exclusion_takes_is_none() -> None:
    other = f"one: {{therapies: [acupuncture], {PAYS}}}"
    assert found(rule_set(other)) == [(GapKind.NOT_NAMED, {})]
    excluded = "exclusions: [{therapies: [massage], reason: not_a_benefit}]\n"
    assert found(rule_set(other, after=excluded)) == []
