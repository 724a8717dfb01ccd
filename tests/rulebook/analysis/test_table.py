"""Tables of decisions: their rows hold every cell once, and their words say what the rows hold."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import settings

from camcover.rulebook import RuleSet
from camcover.rulebook.analysis import cells
from camcover.rulebook.analysis.cells import Grid, LineFacts, grid_of
from camcover.rulebook.analysis.criteria import Subject
from camcover.rulebook.analysis.decisions import decide
from camcover.rulebook.analysis.diagnoses import TooManyCells
from camcover.rulebook.analysis.plans import analyse
from camcover.rulebook.analysis.services import service_of, services_of, stretches_of
from camcover.rulebook.analysis.table import rows_of
from camcover.rulebook.analysis.wording import AXES, axis_words
from cell_rules import PAYS, plans_of, rule_set, rules_of, shipped
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario

SOME = settings.default.max_examples // 10 if settings.default else 50
MOST_PLACES = 3_000


def assert_rows_hold_each_cell_once(grid: Grid) -> None:
    """Walk through all places of all axes, as no row does, and look for each in the rows."""
    rows = rows_of(grid)
    occur = {who.places for who in grid.whos}
    for places in product(*(range(len(axis)) for axis in grid.axes)):
        if places[4:] not in occur:
            continue
        holding = [row for row in rows if all(place in part for place, part in zip(places, row.box, strict=True))]
        assert len(holding) == 1
        fails = 0
        for axis, place in zip(grid.axes, places, strict=True):
            fails |= axis[place].fails
        decision = decide(grid, grid.first_failures(fails))
        assert (holding[0].outcome.verdict, holding[0].outcome.rules) == (decision.verdict, decision.rules)
        assert grid.first_failures(fails) in holding[0].patterns


def grids(rules: RuleSet) -> list[Grid]:
    return [
        grid_of(stretch, service, rules)
        for plan in plans_of(rules)
        for stretch in stretches_of(plan, rules)
        for service in services_of(stretch, rules)
    ]


def test_rows_of_the_shipped_rules_hold_each_cell_once_and_are_few() -> None:
    for grid in grids(shipped()):
        assert_rows_hold_each_cell_once(grid)
        assert len(rows_of(grid)) <= 7


@drawn(draw_scenario, examples=SOME)
def test_rows_of_drawn_rules_hold_each_cell_once(scenario: Scenario) -> None:
    for grid in grids(rules_of(scenario.documents)):
        size = 1
        for axis in grid.axes:
            size *= len(axis)
        if size <= MOST_PLACES:
            assert_rows_hold_each_cell_once(grid)


def words(rules: RuleSet, facts: LineFacts | None = None) -> list[tuple[str, dict[str, str]]]:
    """(reason, what each row says where something is told apart) for massage in the small plan."""
    stretch = stretches_of(rules.plans["plan"][0], rules)[0]
    grid = grid_of(stretch, service_of(stretch, "massage", ""), rules, facts)
    told = [axis for axis, classes in enumerate(grid.axes) if len(classes) > 1]
    return [
        (row.outcome.reason, {str(AXES[axis]): axis_words(grid, axis, row.box) for axis in told})
        for row in rows_of(grid)
    ]


@pytest.mark.parametrize(
    ("when", "subject", "covered", "refused"),
    [
        ("ages: {min: 18}", Subject.AGE, "18 or more", "17 or less or not known"),
        ("ages: {max: 17}", Subject.AGE, "17 or less", "18 or more or not known"),
        ("ages: {min: 12, max: 64}", Subject.AGE, "12 to 64", "11 or less or 65 or more or not known"),
        ("ages: {min: 0}", Subject.AGE, "any that is known", "not known"),
        ("practitioners: [acupuncturist]", Subject.PRACTITIONER, "acupuncturist", "massage-therapist or not known"),
        ("settings: [home]", Subject.SETTING, "home", "any but home"),
        ("states: [WA, OR]", Subject.STATE, "OR, WA", "any but OR, WA or not known"),
        ("conditions: [back-pain]", Subject.DIAGNOSIS, "back-pain", "not back-pain"),
        (
            "icd10: [M54, R51], not_conditions: [back-pain]",
            Subject.DIAGNOSIS,
            "M54 / R51, not back-pain",
            "not M54 / R51 or back-pain",
        ),
        ("licensed: required", Subject.LICENSE, "yes", "no"),
    ],
)
def test_words_of_each_criterion(when: str, subject: Subject, covered: str, refused: str) -> None:
    rules = rule_set(f"one: {{therapies: [massage], when: {{{when}}}, {PAYS}}}")
    first, *others = words(rules, LineFacts(tier="in_network"))
    assert first == ("", {str(subject): covered})
    assert [row[1] for row in others] == [{str(subject): refused}]


def test_a_known_state_makes_the_license_a_fact_of_the_practitioner() -> None:
    """Of the two practitioners Washington licenses the acupuncturist; of the other the catalog says nothing."""
    rules = rule_set(f"one: {{therapies: [massage], when: {{licensed: required}}, {PAYS}}}")
    assert words(rules, LineFacts(tier="in_network", state="WA")) == [
        ("", {"practitioner": "acupuncturist"}),
        ("UNLICENSED", {"practitioner": "massage-therapist or not known"}),
    ]
    assert words(rules, LineFacts(tier="in_network", practitioner="acupuncturist"))[1] == (
        "UNLICENSED",
        {"state": "AL or not known"},
    )


def test_a_service_with_too_many_cases_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_CELLS", 3)
    rules = rule_set(f"one: {{therapies: [massage], when: {{ages: {{min: 18}}, states: [WA]}}, {PAYS}}}")
    stretch = stretches_of(rules.plans["plan"][0], rules)[0]
    with pytest.raises(TooManyCells, match="more than 3 cases to tell apart"):
        grid_of(stretch, service_of(stretch, "massage", ""), rules).patterns()
    (each,) = analyse(rules.plans["plan"], rules)
    assert str(each.too_many) == "more than 3 cases to tell apart"
    assert [finding.kind for finding in each.findings(rules)] == ["gaps", "gaps"]  # those need no cells
