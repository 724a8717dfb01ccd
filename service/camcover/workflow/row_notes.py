"""What is worth a look beside each row of a decision table: cliffs, gaps, and what no test of the plan reaches.

What comes in: rules and the question of a table. What goes out: the tables, each row with its `RowNotes`. The cliffs
are those of `rules analyze`, priced for a line of the row itself; the tests are those of the plan's files, by the cells
in which their lines lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from camcover.engine import InvalidRequest, Tables, compile_rules
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.telling.citing import rule_place
from camcover.rulebook import RuleSet, load_files
from camcover.rulebook.analysis.cells import Grid
from camcover.rulebook.analysis.decisions import Decided, Verdict, decide
from camcover.rulebook.analysis.plans import Analysed, analyse
from camcover.rulebook.analysis.row_gaps import RowGap, gaps_of
from camcover.rulebook.analysis.table import Row
from camcover.rulebook.analysis.wording import AXES
from camcover.workflow.cliffs import CliffStep, cliffs
from camcover.workflow.decision_tables import DecisionTable, TableQuery, UnknownFact, WorkedTable, worked_tables
from camcover.workflow.draft_checks import files_of_plans, plans_in
from camcover.workflow.publishing import sound
from camcover.workflow.requests_of_tests import request_of_test
from camcover.workflow.rule_tests import run_tests
from camcover.workflow.turned_away import AskedLine, asked_lines

__all__ = ["NotedTable", "ReachingTest", "RowCliff", "RowNotes", "noted", "noted_tables"]


class RowCliff(NamedTuple):
    """A step after which the next visit costs the patient more: what they pay on either side, cents; `rule`: where."""

    step: CliffStep
    before_cents: int
    after_cents: int
    rule: str


class ReachingTest(NamedTuple):
    """A test of a plan's file: its name and place."""

    name: str
    place: str


class RowNotes(NamedTuple):
    """What stands beside a row. `tests`: those with a line in it; `unreached`: its limits that no test reaches."""

    cliffs: tuple[RowCliff, ...] = ()
    gaps: tuple[RowGap, ...] = ()
    tests: tuple[ReachingTest, ...] = ()
    unreached: tuple[str, ...] = ()


class NotedTable(NamedTuple):
    """A table, and the notes on each of its cases."""

    table: DecisionTable
    notes: tuple[RowNotes, ...]


def noted(files: Mapping[str, bytes], question: TableQuery) -> list[NotedTable]:
    """The tables of one plan of rule files. Raises `RulesRefused`, `UnknownFact`, `TooManyCells`."""
    known = plans_in(files)
    if question.plan_id not in known:
        raise UnknownFact("plan", question.plan_id, known)
    return noted_tables(sound(load_files(files_of_plans(files, (question.plan_id,)))), question)


def noted_tables(rules: RuleSet, question: TableQuery) -> list[NotedTable]:
    """The tables that answer a question, with notes. Raises `UnknownFact`, `TooManyCells`."""
    worked, tables = worked_tables(rules, question), compile_rules(rules)
    editions = analyse(rules.plans[question.plan_id], rules)
    lines = list(_test_lines(tables, rules, question.plan_id))
    unreached = {each.mark for each in run_tests(tables, rules, (question.plan_id,)).unreached}
    found: list[NotedTable] = []
    for each in worked:
        plan = each.grid.stretch.plan
        edition = next(one for one in editions if one.plan is plan)
        gaps, tests = gaps_of(each.grid, each.rows), _tests_by_row(each, lines)
        found.append(
            NotedTable(
                each.table,
                tuple(
                    RowNotes(
                        cliffs=tuple(_cliffs(tables, rules, _of_row(edition, each.grid, row))),
                        gaps=gaps[place],
                        tests=tests[place],
                        unreached=tuple(
                            limit.limit for limit in case.limits if (f"limit '{limit.limit}'", limit.rule) in unreached
                        ),
                    )
                    for place, (row, case) in enumerate(zip(each.rows, each.table.cases, strict=True))
                ),
            )
        )
    return found


def _of_row(edition: Analysed, grid: Grid, row: Row) -> Analysed:
    """An analysed edition with the covered lines of one row alone."""
    lines = row.patterns.items() if row.outcome.verdict is Verdict.BENEFIT else ()
    cells = [Decided(grid, pattern, line, decide(grid, pattern, edition.endless)) for pattern, line in lines]
    return replace(edition, cells=cells)


def _cliffs(tables: Tables, rules: RuleSet, edition: Analysed) -> Iterator[RowCliff]:
    """The cliffs of the lines of an edition."""
    for each in cliffs(tables, rules, edition):
        yield RowCliff(each.step, each.before_cents, each.after_cents, rule_place(each.finding.at))


def _test_lines(tables: Tables, rules: RuleSet, plan_id: str) -> Iterator[tuple[ReachingTest, AskedLine]]:
    """The lines of all tests of a plan that were priced, in each edition on whose days they are."""
    editions = rules.plans[plan_id]
    for plan in editions:
        for test in plan.tests:
            (found,) = adjudicate_many(tables, [request_of_test(plan, test.given)])
            if isinstance(found, InvalidRequest):
                continue
            told = ReachingTest(test.name, rule_place(test.at))
            yield from ((told, line) for edition in editions for line in asked_lines(rules, edition, found))


def _tests_by_row(
    worked: WorkedTable, lines: Iterable[tuple[ReachingTest, AskedLine]]
) -> list[tuple[ReachingTest, ...]]:
    """The tests that have a line in each row."""
    grid, found = worked.grid, [dict[ReachingTest, None]() for _ in worked.rows]
    for test, line in lines:
        asked = line.grid
        if asked.stretch != grid.stretch or asked.service.therapy != grid.service.therapy:
            continue
        if not set(asked.service.codes) <= set(worked.table.codes):
            continue
        for row, reached in zip(worked.rows, found, strict=True):
            if _lies_in(line, grid, row):
                reached[test] = None
    return [tuple(each) for each in found]


def _lies_in(line: AskedLine, grid: Grid, row: Row) -> bool:
    """Whether the facts given of a line are those of a row, and the engine decided it as the row says."""
    parts = zip(AXES, grid.places_of(line.fails), row.box, strict=True)
    if not all(subject in line.taken_on or place in chosen for subject, place, chosen in parts):
        return False
    rules = [grid.service.rules[number] for number in row.outcome.rules]
    return line.reason == row.outcome.reason and (line.rule in rules if line.rule is not None else not rules)
