"""Cost-share cliffs, their amounts worked out by hand."""

from __future__ import annotations

import pytest

from camcover.engine import compile_rules, evaluate
from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.plans import analyse
from camcover.workflow.cliffs import Cliff, cliffs
from cell_rules import PAYS, rule_set, rules_of, shipped
from small_rules import TEXTS

YEAR = "per: calendar_year"


def found(rules: RuleSet, plan: str = "plan") -> list[Cliff]:
    tables = compile_rules(rules)
    return [cliff for each in analyse(rules.plans[plan], rules) for cliff in cliffs(tables, rules, each)]


def steps(cliff: Cliff) -> str:
    """The part of the message that tells the amounts."""
    return cliff.finding.message.partition(": ")[2]


def test_cliffs_at_a_visit_limit_in_each_tier() -> None:
    """Typical charge 110.00, allowed 80 % of it: 88.00; the deductible is met.

    In the network 20 % of 88.00 = 17.60. Outside 75 % of 88.00 = 66.00 are allowed: 50 % of it 33.00, and the 44.00
    above it: 77.00. The fifth visit is the member's: 110.00.
    """
    inside, outside = found(rules_of(TEXTS), "share-plan")
    assert steps(inside) == "visit 4: $17.60, visit 5: $110.00 (limit 'visits')"
    assert steps(outside) == "visit 4: $77.00, visit 5: $110.00 (limit 'visits')"
    assert "'needles' in tier 'in_network' with the deductible met" in inside.finding.message


def test_the_request_of_a_cliff_shows_it() -> None:
    rules = rules_of(TEXTS)
    cliff = found(rules, "share-plan")[0]
    lines = evaluate(compile_rules(rules), cliff.request).lines
    assert [line.patient_cents for line in lines] == [17_60, 110_00]
    assert lines[1].limit == "visits"


# Massage costs 90.00; the plan allows 70.00 and pays 50.00 of it after the copay of 20.00.


def limited(limit: str, more: str = "") -> RuleSet:
    return rule_set(f"one: {{therapies: [massage], limits: [{limit}]{more}, {PAYS}}}")


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (f"{{allow: 12 visits, {YEAR}}}", "visit 12: $20.00, visit 13: $90.00"),
        ("{allow: 2 visits, per: week}", "visit 2: $20.00, visit 3: $90.00"),
        ("{allow: 5 visits, per: rolling 90 days}", "visit 5: $20.00, visit 6: $90.00"),
        (f"{{allow: 3 visits, {YEAR}, beyond: referral}}", "visit 3: $20.00, visit 4: $90.00"),
        (f"{{allow: 8 units, {YEAR}}}", "unit 8: $20.00, unit 9: $90.00"),
        # The plan pays 50.00 a visit: two visits are 100.00, of the third it pays 20.00, the member 20.00 + 30.00.
        (f"{{allow: $120, {YEAR}}}", "visit 2: $20.00, visit 3: $50.00"),
        (f"{{allow: $100, {YEAR}}}", "visit 2: $20.00, visit 3: $90.00"),
        # 70.00 are allowed a visit; of the third 10.00 are left: a copay of 10.00 and 60.00 that are not covered.
        (f"{{allow: $150, {YEAR}, counts: allowed}}", "visit 2: $20.00, visit 3: $70.00"),
    ],
)
def test_cliffs_at_limits_of_each_measure(limit: str, told: str) -> None:
    (cliff,) = found(limited(limit))
    assert steps(cliff) == f"{told} (limit 'one')"


def test_units_of_one_day_share_the_copay() -> None:
    """The second line of the visit owes no copay any more, so that both sides of the fourth unit are not the copay.

    Third unit: 20.00 of copay. Fourth: nothing is left of the day's three, 90.00.
    """
    (cliff,) = found(limited("{allow: 3 units, per: day}"))
    assert steps(cliff) == "unit 3: $20.00, unit 4: $90.00 (limit 'one')"


@pytest.mark.parametrize(
    "limit",
    [
        "{allow: 1 visit, per: day}",  # never bites
        f"{{allow: 0 visits, {YEAR}}}",  # there is no last visit within it
        f"{{allow: $40, {YEAR}}}",  # nor here: the first is cut
    ],
)
def test_no_cliff_for_limits_within_one_day(limit: str) -> None:
    assert found(limited(limit)) == []


def test_no_cliff_where_the_patient_pays_no_more_past_the_limit() -> None:
    """Behind the limit the next benefit asks for the same copay."""
    passing = f", limits: [{{allow: 3 visits, {YEAR}}}], when_exhausted: next"
    rules = rule_set(f"one: {{therapies: [massage]{passing}, {PAYS}}}", f"two: {{therapies: [massage], {PAYS}}}")
    assert found(rules) == []


def test_a_cliff_where_the_next_benefit_costs_more() -> None:
    passing = f", limits: [{{allow: 3 visits, {YEAR}}}], when_exhausted: next"
    dearer = "two: {therapies: [massage], in_network: {member_pays: [{copay: $35 per visit}]}}"
    (cliff,) = found(rule_set(f"one: {{therapies: [massage]{passing}, {PAYS}}}", dearer))
    assert steps(cliff) == "visit 3: $20.00, visit 4: $35.00 (limit 'one')"


PHASES = "in_network: {member_pays: [{through: 3 visits, steps: [nothing]}, {steps: [{copay: $30 per visit}]}]}"


def test_a_cliff_where_the_steps_change_with_the_visit_number() -> None:
    (cliff,) = found(rule_set(f"one: {{therapies: [massage], {PHASES}}}"))
    assert steps(cliff) == "visit 3: $0.00, visit 4: $30.00 (its steps change)"


@pytest.mark.parametrize(("allow", "phases"), [(3, 0), (4, 1)])
def test_no_cliff_at_a_phase_after_the_last_covered_visit(allow: int, phases: int) -> None:
    """Of three visits the fourth never comes; of four it does, at 30.00 after 0.00."""
    limit = f"limits: [{{allow: {allow} visits, per: benefit_period}}]"
    cliffs_found = found(rule_set(f"one: {{therapies: [massage], {limit}, {PHASES}}}"))
    assert ["its steps change" in cliff.finding.message for cliff in cliffs_found] == [False, *[True] * phases]


def test_no_cliff_where_the_next_visit_costs_less() -> None:
    falling = "{through: 3 visits, steps: [{copay: $30 per visit}]}, {steps: [nothing]}"
    assert found(rule_set(f"one: {{therapies: [massage], in_network: {{member_pays: [{falling}]}}}}")) == []


def test_cliffs_of_the_shipped_medicare_plan() -> None:
    """Not participating, acupuncture: 95 % of 70.00 = 66.50 are allowed, 20 % of it: 13.30.

    Up to 115 % of it, 76.48, may be billed: 9.98 more. The thirteenth visit in ninety days: 110.00.
    """
    told = [steps(cliff) for cliff in found(shipped(), "original-medicare-part-b")]
    assert "visit 12: $23.28, visit 13: $110.00 (limit 'ninety-days')" in told
