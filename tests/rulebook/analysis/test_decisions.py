"""The decision of every cell is what the compiled kernel decides for a line of it, and every line is in its cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import settings

from camcover.api.requests import estimate_request
from camcover.calendar import ordinal_of
from camcover.engine import EstimateRequest, compile_rules, evaluate
from camcover.engine.asking import claim
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS
from camcover.engine.estimate import Reason
from camcover.engine.request import LimitUse
from camcover.gen.camcover.v1 import request_pb2
from camcover.money import Cents
from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.cells import UNKNOWN_AGE, CellLine, LineFacts, grid_of
from camcover.rulebook.analysis.criteria import condition_entries
from camcover.rulebook.analysis.decisions import Decided, Verdict, decide, decided
from camcover.rulebook.analysis.services import Stretch, service_of, services_of, stretches_of
from camcover.rulebook.records import FROM_FIRST_VISIT, Benefit, CountedFor, Measure, Setting
from camcover.workflow.turned_away import waited_on
from camcover.workflow.witnesses import attested
from cell_rules import PAYS, asked, decided_by, expected, plans_of, rule_set, rules_of, said, shipped
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario

NAMED = {CountedFor.EPISODE, CountedFor.CONDITION}
MOST_CELLS = 400
"""Cells of a drawn rule set that are priced."""

SOME = settings.default.max_examples // 4 if settings.default else 100


def all_cells(rules: RuleSet) -> list[Decided]:
    return [cell for plan in plans_of(rules) for cell in decided(plan, rules)]


def assert_kernel_agrees(rules: RuleSet, cells: list[Decided]) -> None:
    """Each cell's benefit and reason, and who follows in turn when the benefits before are used up."""
    tables = compile_rules(rules)
    for cell in cells:
        line, wanted = said(tables, asked(cell)), expected(cell)
        # A cell is one line: an add-on without its first code has its benefit, and a reason that no cell knows.
        wanted = (wanted[0], line.reason.name) if line.reason is Reason.ADD_ON_ALONE else wanted
        assert decided_by(line) == wanted, cell.line
        # A count stands for the limit as one edition has it: plans with several are left out of what follows.
        if len(rules.plans[cell.grid.stretch.plan.heading.id]) > 1:
            continue
        for place in range(1, len(cell.chain)):
            uses = used_of(cell.chain[:place], cell.line)
            names = {use.limit for use in uses or ()}
            behind = [each for each in cell.chain if not names & {str(limit.id) for limit in each.limits}]
            if uses is not None and behind == list(cell.chain[place:]):
                assert said(tables, asked(cell, uses)).benefit == cell.chain[place].id, (cell.line, uses)


def used_of(benefits: tuple[Benefit, ...], line: CellLine) -> list[LimitUse] | None:
    """Use that ends each benefit for a line, of a hard limit; None where one has none."""
    uses: dict[str, LimitUse] = {}
    for benefit in benefits:
        hard = (each for each in benefit.limits if each.beyond is None and not each.excepts)
        # A cell names no episode, condition or first visit, which use of a limit counted by them is stated of.
        bare = (each for each in hard if each.counted_for not in NAMED and each.per.kind not in FROM_FIRST_VISIT)
        limit = next((each for each in bare if not each.tiers or line.tier in each.tiers), None)
        if limit is None:
            return None
        name, allow, is_money = str(limit.id), limit.allow_at(line.age), limit.measure is Measure.MONEY
        uses[name] = LimitUse(name, used_cents=Cents(allow)) if is_money else LimitUse(name, used=allow)
    return list(uses.values())


def test_kernel_agrees_on_every_cell_of_the_shipped_rules() -> None:
    rules = shipped()
    cells = all_cells(rules)
    assert len(cells) > 900
    assert_kernel_agrees(rules, cells)


@drawn(draw_scenario, examples=SOME)
def test_kernel_agrees_on_the_cells_of_drawn_rules(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    cells = all_cells(rules)
    assert_kernel_agrees(rules, cells[:: max(1, len(cells) // MOST_CELLS)])


def known_facts(
    rules: RuleSet, stretch: Stretch, request: EstimateRequest, item: int, *, day: date, period: int
) -> LineFacts:
    """All that a request says of one of its items; `period`: the first day of the benefit period."""
    service = request.items[item]
    member = next((each for each in request.members if each.id == service.member_id), request.members[0])
    entries = condition_entries(rules, stretch.first, service.conditions)
    return LineFacts(
        tier=service.tier or str(next(iter(stretch.plan.tiers))),
        diagnoses=(*service.diagnoses, *entries),
        setting=str(service.setting or Setting.OFFICE),
        age=UNKNOWN_AGE if member.age is None else member.age,
        practitioner=service.practitioner,
        state=service.state or member.state,
        attestations=tuple(map(str, service.attestations)),
        role=member.membership.role,
        status=member.membership.status,
        waited=waited_on(
            stretch.plan,
            member.membership.enrolled_on,
            day.toordinal(),
            first_service=service.first_service,
            period=period,
        ),
    )


OF_NO_RULE = (Reason.UNKNOWN_CODE, Reason.BEFORE_COVERAGE, Reason.AFTER_COVERAGE)
"""Reasons that are settled before any rule is looked at: no cell has them."""


@drawn(draw_scenario, examples=SOME * 2)
def test_kernel_agrees_on_drawn_lines_and_each_has_the_pattern_of_a_cell(scenario: Scenario) -> None:
    """A line that the cells were not made from: decided from its facts as the kernel does, and not unlike all cells."""
    rules = rules_of(scenario.documents)
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    tables = compile_rules(rules)
    request = attested(estimate_request(message), ())  # the facts that are not given fail their criteria
    request = claim.as_far_as_known(request, tables.vocabulary)
    ages = {member.id for member in request.members if member.birth_date is None}
    for line in evaluate(tables, request).lines:
        stretch = stretch_on(rules, request.plan_id, line.date)
        if stretch is None or line.member_id not in ages or line.reason in OF_NO_RULE:
            continue
        service = service_of(stretch, line.therapy, line.code)
        period = tables.plans[request.plan_id].period_of(ordinal_of(line.date))
        facts = known_facts(rules, stretch, request, line.item_index, day=line.date, period=period)
        mask = claim.attested(request.items[line.item_index], line.line, tables.vocabulary).given
        facts = replace(facts, attestations=tuple(str(each) for each, bit in ATTESTATION_BITS.items() if mask & bit))
        known = grid_of(stretch, service, rules, facts)
        (pattern,) = known.patterns()
        cell = Decided(known, pattern, next(iter(known.patterns().values())), decide(known, pattern))
        says = {str(benefit.id) for benefit in cell.chain} or {expected(cell)[0]}
        assert line.benefit in says, (line, cell.line)
        if cell.decision.verdict is not Verdict.BENEFIT:
            assert line.reason.name == cell.reason, (line, cell.line)
        whole = next(
            each for each in services_of(stretch, rules) if each.therapy == line.therapy and line.code in each.codes
        )
        if facts.tier in stretch.plan.tiers:  # an edition that names its tiers anew has no cells of the old ones
            assert pattern in grid_of(stretch, whole, rules).patterns()


def stretch_on(rules: RuleSet, plan_id: str, day: date) -> Any:
    stretches = [each for plan in rules.plans[plan_id] for each in stretches_of(plan, rules)]
    return next((each for each in stretches if each.holds(day)), None)


@pytest.mark.parametrize(
    ("age", "benefit", "reason"),
    [(17, "young", ""), (18, "old", ""), (64, "old", ""), (65, "young", "AGE"), (UNKNOWN_AGE, "young", "AGE")],
)
def test_ages_are_divided_at_their_bounds(age: int, benefit: str, reason: str) -> None:
    rules = rule_set(
        f"young: {{therapies: [massage], when: {{ages: {{max: 17}}}}, {PAYS}}}",
        f"old: {{therapies: [massage], when: {{ages: {{min: 18, max: 64}}}}, {PAYS}}}",
    )
    assert only(rules, LineFacts(tier="in_network", age=age)) == (benefit, reason)


@pytest.mark.parametrize(
    ("diagnoses", "reason"),
    [
        (("M54.50",), ""),  # begins with M54.5
        (("m5450",), ""),
        (("M54",), "DIAGNOSIS_NOT_COVERED"),  # shorter than the prefix
        (("M54.50", "G44.1"), "DIAGNOSIS_NOT_COVERED"),  # a headache beside it
        ((), "DIAGNOSIS_NOT_COVERED"),
    ],
)
def test_diagnoses_are_divided_by_prefix(diagnoses: tuple[str, ...], reason: str) -> None:
    when = "when: {conditions: [back-pain], not_conditions: [headache]}"
    rules = rule_set(f"needles: {{therapies: [massage], {when}, {PAYS}}}")
    assert only(rules, LineFacts(tier="in_network", diagnoses=diagnoses)) == ("needles", reason)


@pytest.mark.parametrize(
    ("practitioner", "state", "reason"),
    [
        ("acupuncturist", "WA", ""),
        ("acupuncturist", "AL", "UNLICENSED"),  # the catalog says that Alabama does not license
        ("acupuncturist", "", "UNLICENSED"),
        ("massage-therapist", "WA", "UNLICENSED"),  # no entry: no state regulates them
        ("", "WA", "UNLICENSED"),
    ],
)
def test_states_are_divided_by_license(practitioner: str, state: str, reason: str) -> None:
    rules = rule_set(f"needles: {{therapies: [massage], when: {{licensed: required}}, {PAYS}}}")
    assert only(rules, LineFacts(tier="in_network", practitioner=practitioner, state=state)) == ("needles", reason)


def only(rules: RuleSet, facts: LineFacts) -> tuple[str, str]:
    """What is decided of massage, where the facts leave one case."""
    stretch = stretches_of(rules.plans["plan"][0], rules)[0]
    grid = grid_of(stretch, service_of(stretch, "massage", ""), rules, facts)
    ((pattern, line),) = grid.patterns().items()
    return expected(Decided(grid, pattern, line, decide(grid, pattern)))


def test_the_policys_criteria_fail_before_the_benefits_own() -> None:
    heading = "format: camcover/1\nkind: policy\nid: p\neffective: {from: 2024-01-01}\nillustrative: yes\n"
    policy = f"{heading}when: {{states: [WA]}}\n"
    when = "policy: p, when: {settings: [home], icd10: [M54]}"
    rules = rule_set(f"needles: {{therapies: [massage], {when}, {PAYS}}}", policy=policy)
    everything_wrong = LineFacts(tier="in_network", state="OR", setting="office", diagnoses=("G44.1",))
    assert only(rules, everything_wrong) == ("needles", "STATE")
    wrong_diagnosis = replace(everything_wrong, state="WA")
    assert only(rules, wrong_diagnosis) == ("needles", "DIAGNOSIS_NOT_COVERED")
    assert only(rules, replace(wrong_diagnosis, diagnoses=("M54.2",))) == ("needles", "SETTING_NOT_COVERED")


def test_exclusions_come_first_and_exhausted_benefits_pass_on() -> None:
    limit = "limits: [{allow: 3 visits, per: benefit_period}], when_exhausted: next"
    rules = rule_set(
        f"one: {{therapies: [massage], {limit}, {PAYS}}}",
        f"two: {{therapies: [massage], {PAYS}}}",
        after="exclusions: [{therapies: [massage], when: {states: [WA]}, reason: not_here}]\n",
    )
    cells = [cell for cell in all_cells(rules) if cell.grid.service.therapy == "massage"]
    in_network = {(cell.line.state == "WA", cell.line.tier): cell for cell in cells}
    assert in_network[True, "in_network"].reason == "EXCLUDED"
    assert [benefit.id for benefit in in_network[False, "in_network"].chain] == ["one", "two"]
    assert in_network[False, "out_of_network"].reason == "TIER_NOT_COVERED"
