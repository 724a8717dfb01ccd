"""What tests leave out, and the tests to begin with: the checker takes them, and they reach what they are for."""

from __future__ import annotations

from datetime import date

import pytest
from google.protobuf import json_format
from hypothesis import settings

from camcover.api.requests import estimate_request
from camcover.engine import compile_rules
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook import Loaded, RuleSet, as_text, load_texts
from camcover.rulebook.analysis import cells
from camcover.workflow.reached import Reach
from camcover.workflow.requests_of_tests import request_of_test
from camcover.workflow.rule_tests import run_tests
from camcover.workflow.skeletons import MissingTests, cover
from cell_rules import PAYS, rule_set, rules_of, shipped
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from small_rules import TEXTS, under_one_plan

BEFORE_ANY_REVIEW = date(2026, 11, 24)
SOME = settings.default.max_examples // 10 if settings.default else 50


def with_skeletons(rules: RuleSet, texts: dict[str, str], coverage: MissingTests) -> Loaded:
    """The rule files with the skeletons added below the tests they have."""
    added = dict(texts)
    for each in coverage.missing:
        if each.test:
            name = rules.plans[each.unreached.plan][each.unreached.edition].heading.at.file
            added[name] += each.test if "\ntests:\n" in added[name] else f"tests:\n{each.test}"
    return load_texts(added, today=BEFORE_ANY_REVIEW)


def faultless(loaded: Loaded) -> RuleSet:
    """The rules of files of which there is nothing to say."""
    assert loaded.diagnostics == (), as_text(loaded.diagnostics, loaded.texts)
    assert loaded.rules is not None
    return loaded.rules


def unreached(rules: RuleSet) -> set[tuple[str, int, str, str]]:
    """(plan, edition, what, where) of everything that no test reaches."""
    report = run_tests(compile_rules(rules), rules)
    return {(each.plan, each.edition, *each.mark) for each in report.unreached}


def test_shipped_rules_lack_little_and_their_skeletons_reach_it() -> None:
    rules = shipped()
    coverage = cover(rules)
    assert 0 < len(coverage.missing) < 20
    assert all(each.test for each in coverage.missing)
    assert unreached(faultless(with_skeletons(rules, dict(rules.texts), coverage))) == set()


def test_skeletons_reach_everything_in_the_shipped_rules() -> None:
    """Of the plans without any of their tests every benefit, exclusion, limit and criterion is missing and found."""
    texts = {name: text.partition("\ntests:\n")[0] + "\n" for name, text in shipped().texts.items()}
    rules = rules_of(texts)
    coverage = cover(rules)
    assert len(coverage.missing) == coverage.reachable > 500
    assert all(each.test for each in coverage.missing)
    assert unreached(faultless(with_skeletons(rules, texts, coverage))) == set()


@drawn(draw_scenario, examples=SOME)
def test_skeletons_of_drawn_rules_reach_what_they_are_for(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    coverage = cover(rules)
    added = with_skeletons(rules, scenario.documents, coverage).rules
    assert added is not None
    left = {(each.unreached, each.test) for each in coverage.missing if not each.test}
    assert unreached(added) == {(each.plan, each.edition, *each.mark) for each, _ in left}


@drawn(draw_scenario, examples=SOME * 2)
def test_no_drawn_request_reaches_a_rule_named_unreachable(scenario: Scenario) -> None:
    """Facts that are not given fail: assumed, each for itself, they may hold where no line's facts do (point 40)."""
    rules = rules_of(scenario.documents)
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    request = under_one_plan(estimate_request(message))._replace(assume_requirements=False)
    missing = cover(rules, [scenario.request["plan_id"]]).missing
    never = {each.unreached.mark for each in missing if each.why.startswith("no line reaches it")}
    assert never.isdisjoint(Reach(compile_rules(rules), rules).of_request(request))


def test_a_limit_whose_use_no_test_states_is_not_named_unreachable() -> None:
    """Five visits for back pain reach it, but `used` of a test names no condition."""
    limit = "when: {conditions: [back-pain]}, limits: [{allow: 4 visits, per: condition}], when_exhausted: next"
    rules = rule_set(f"one: {{therapies: [massage], {limit}, {PAYS}}}", f"two: {{therapies: [massage], {PAYS}}}")
    told = {each.unreached.what: each.why for each in cover(rules).missing if not each.test}
    why = (
        "no drafted line reaches it: a limit of the plan counts per episode or condition, and a test cannot state what "
        "was used of such a limit; write a test whose visits use the limit up"
    )
    assert told == {"limit 'one'": why}


def test_a_skeleton_is_printed_as_yaml() -> None:
    coverage = cover(rules_of(TEXTS), ["share-plan"])
    limit = next(each for each in coverage.missing if each.unreached.what == "limit 'visits'")
    assert limit.test == (
        "  - name: reaches limit 'visits' of share.yaml:20\n"
        "    given: {age: 40, state: AK, used: {visits: 4 visits}, therapy: acupuncture, practitioner: acupuncturist, "
        "setting: office, tier: in_network, diagnoses: [M54.5], charge: $110.00, first: 2026-01-01}\n"
        "    expect:\n"
        "      patient: $0.00  # work this out from the plan's own document\n"
    )


def test_a_rule_that_no_request_reaches_is_named_with_the_reason() -> None:
    """The criteria of a benefit that stands behind one for everybody never turn a line away."""
    rules = rule_set(
        f"all: {{therapies: [massage], {PAYS}, out_of_network: {{member_pays: [nothing]}}}}",
        f"some: {{therapies: [massage], when: {{states: [WA]}}, {PAYS}}}",
    )
    told = {each.unreached.what: (bool(each.test), each.why) for each in cover(rules).missing}
    never = "no line reaches it: earlier rules take all of its lines, or another reason always comes first"
    assert told == {"benefit 'all'": (True, ""), "benefit 'some'": (False, never), "criterion states": (False, never)}


def test_a_skeleton_reaches_a_limit_behind_a_used_up_benefit() -> None:
    """To reach the second benefit and its limit the first's three visits are stated as used."""
    own = "limits: [{allow: 3 visits, per: calendar_year}], when_exhausted: next"
    rules = rule_set(
        f"one: {{therapies: [massage], {own}, {PAYS}}}",
        f"two: {{therapies: [massage], limits: [{{allow: 5 visits, per: month}}], {PAYS}}}",
    )
    given_of = {each.unreached.what: each.given for each in cover(rules).missing}
    reached = given_of["limit 'two'"]
    assert reached is not None
    assert reached.used == {"one": 3, "two": 5}


def test_limit_for_some_tiers_is_reached_in_one_of_them() -> None:
    """Both tiers cover alike, so that one line stands for both; the limit counts in the second only."""
    limit = "limits: [{allow: 3 visits, per: month, tiers: [out_of_network]}], when_exhausted: next"
    rules = rule_set(
        f"one: {{therapies: [massage], {limit}, {PAYS}, out_of_network: {{member_pays: [nothing]}}}}",
        f"two: {{therapies: [massage], {PAYS}, out_of_network: {{member_pays: [nothing]}}}}",
    )
    given_of = {each.unreached.what: each.given for each in cover(rules).missing}
    for what in ("limit 'one'", "benefit 'two'"):
        given = given_of[what]
        assert given is not None
        assert (given.items[0].tier, given.used) == ("out_of_network", {"one": 3})


def test_benefit_that_refuses_what_a_limit_hands_on_is_not_reached() -> None:
    """No visit in the network ends with the second benefit, which covers other tiers only: the limit is told."""
    fund = "limits: [{allow: $10, per: month, straddle: next}], when_exhausted: next"
    rules = rule_set(
        f"one: {{therapies: [massage], {fund}, {PAYS}}}",
        "two: {therapies: [massage], out_of_network: {member_pays: [nothing]}}",
    )
    given = next(each.given for each in cover(rules).missing if each.unreached.what == "benefit 'one'")
    assert given is not None
    ((plan,),) = rules.plans.values()
    reached = Reach(compile_rules(rules), rules).of_request(request_of_test(plan, given))
    assert {what for what, _ in reached} == {"limit 'one'", "benefit 'one'"}


def test_a_skeleton_reaches_a_criterion_behind_a_used_up_benefit() -> None:
    """Only when the first benefit's visits are used up is the second judged, which fails by state before the third."""
    rules = rule_set(
        f"one: {{therapies: [massage], limits: [{{allow: 3 visits, per: month}}], when_exhausted: next, {PAYS}}}",
        f"two: {{therapies: [massage], when: {{states: [WA]}}, {PAYS}}}",
        f"three: {{therapies: [massage], {PAYS}}}",
    )
    reached = next(each.given for each in cover(rules).missing if each.unreached.what == "criterion states")
    assert reached is not None
    assert (reached.used, reached.state != "WA") == ({"one": 3}, True)


def test_a_skeleton_reaches_a_soft_limit_without_its_attestation() -> None:
    soft = "limits: [{allow: 3 visits, per: month, beyond: referral}], requires: [plan_of_care]"
    coverage = cover(rule_set(f"one: {{therapies: [massage], {soft}, {PAYS}}}"))
    reached = next(each.given for each in coverage.missing if each.unreached.what == "limit 'one'")
    assert reached is not None
    assert not reached.assume_requirements
    assert "plan_of_care" in reached.items[0].attestations
    assert "referral" not in reached.items[0].attestations


def test_a_plan_too_large_to_analyse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rule_set(f"one: {{therapies: [massage], when: {{ages: {{min: 18}}, states: [WA]}}, {PAYS}}}")
    monkeypatch.setattr(cells, "MOST_CELLS", 3)
    assert {each.why for each in cover(rules).missing} == {"not examined completely: more than 3 cases to tell apart"}
