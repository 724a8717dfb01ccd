"""A criterion counts as reached when it turned a line away, also where the reason given is another benefit's."""

from __future__ import annotations

from camcover.engine import compile_rules
from camcover.workflow.rule_tests import run_tests
from cell_rules import PAYS, plan_text, rule_set, rules_of

BENEFITS = (
    f"young: {{therapies: [massage], when: {{ages: {{max: 17}}}}, {PAYS}}}",
    f"here: {{therapies: [massage], when: {{states: [WA]}}, {PAYS}}}",
    f"home: {{therapies: [massage], when: {{settings: [home]}}, {PAYS}}}",
)
REST = f"rest: {{therapies: [massage], {PAYS}}}"
OFFICE = "setting: office"
TEST = """\
tests:
  - name: a session
    given: {{therapy: massage, tier: in_network, charge: $90, first: 2026-03-02, {facts}}}
    expect: {{patient: $20.00}}
"""


def unreached(facts: str) -> set[str]:
    """What one test with these facts leaves out."""
    tested = rules_of({**rule_set(*BENEFITS).texts, "plan.yaml": plan_text(*BENEFITS) + TEST.format(facts=facts)})
    return {each.what for each in run_tests(compile_rules(tested), tested).unreached}


def test_only_criteria_before_the_benefit_that_applies_are_reached() -> None:
    """A grown-up in Oregon at home: `young` fails by age, `here` by state, `home` applies."""
    assert unreached("age: 40, state: OR, setting: home") == {
        "benefit 'young'",
        "benefit 'here'",
        "criterion settings",
    }
    assert unreached("age: 40, state: WA, setting: office") == {
        "benefit 'young'",
        "benefit 'home'",
        "criterion settings",
        "criterion states",
    }


def test_every_benefits_criterion_is_reached_where_none_applies() -> None:
    assert unreached("age: 40, state: OR, setting: office") == {"benefit 'here'", "benefit 'home'"}


def test_an_unknown_fact_turns_a_line_away_only_where_nothing_is_assumed() -> None:
    """Assumed, an unknown age is as `young` asks, which applies then, so that no criterion turns the line away."""
    left = {"benefit 'here'", "benefit 'home'"}
    assert unreached("setting: office, requirements: as_attested") == left
    assert unreached("setting: office") == left | {"criterion ages", "criterion settings", "criterion states"}


def test_a_published_lower_cost_share_turns_a_line_away_though_other_requirements_are_assumed() -> None:
    """Both attestations are asked for. The referral alone is assumed: `lower` fails, `rest` applies."""
    lower = f"lower: {{therapies: [massage], when: {{attested: [referral, lower_cost_share]}}, {PAYS}}}"
    tested = rules_of({**rule_set(lower, REST).texts, "plan.yaml": plan_text(lower, REST) + TEST.format(facts=OFFICE)})
    assert {each.what for each in run_tests(compile_rules(tested), tested).unreached} == {"benefit 'lower'"}
