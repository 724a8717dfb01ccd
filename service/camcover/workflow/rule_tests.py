"""Runs the tests in rule files, shows the differences, and lists what no test reaches.

What comes in: compiled rules. What goes out: a `Report`. Section 9 of docs/rule-language.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from camcover.engine.compiling.compile import Tables
from camcover.engine.estimate import AccountAfter, Estimate, Line, Reason
from camcover.engine.evaluate import adjudicate_many
from camcover.engine.request import InvalidRequest
from camcover.engine.telling.citing import rule_place
from camcover.engine.telling.reading import read_estimate
from camcover.money import dollars
from camcover.rulebook.grammar.cases import TOTALS
from camcover.rulebook.records import Plan, RuleSet, TestCase, TestExpect
from camcover.workflow.marks import Mark, marks_of
from camcover.workflow.reached import Reach
from camcover.workflow.requests_of_tests import request_of_test

__all__ = ["Report", "TestResult", "Unreached", "run_tests"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of one test: its place in the file, and the differences (none: it passed)."""

    __test__ = False

    plan: str
    name: str
    place: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreached:
    """Something of a plan that no test of it reaches: its name, its place, and the first edition that has it.

    A benefit, an exclusion, a limit or a criterion.
    """

    plan: str
    what: str
    place: str
    edition: int

    @property
    def mark(self) -> Mark:
        """The same without the plan."""
        return self.what, self.place


@dataclass(frozen=True, slots=True)
class Report:
    """All tests of a rule set, and what they leave out; `reached` of `reachable` things are reached."""

    results: tuple[TestResult, ...]
    unreached: tuple[Unreached, ...]
    reachable: int

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that did not pass."""
        return tuple(result for result in self.results if result.differences)

    @property
    def reached(self) -> int:
        """How many benefits, exclusions, limits and criteria some test reaches."""
        return self.reachable - len(self.unreached)

    def as_read(self, rules: RuleSet) -> Report:
        """The same, its places with the paths under which the files of `rules` were read."""
        return Report(
            tuple(replace(each, place=rules.as_read(each.place)) for each in self.results),
            tuple(replace(each, place=rules.as_read(each.place)) for each in self.unreached),
            self.reachable,
        )


def run_tests(tables: Tables, rules: RuleSet, plan_ids: Collection[str] = ()) -> Report:
    """Run every test of the plans named, or of all; `tables` are the compiled `rules`.

    What a test reaches counts for every edition of its plan: its dates may run into the next one.
    """
    results: list[TestResult] = []
    unreached: list[Unreached] = []
    reachable = 0
    reach = Reach(tables, rules)
    for plan_id, editions in rules.plans.items():
        if plan_ids and plan_id not in plan_ids:
            continue
        reached: set[Mark] = set()
        for plan in editions:
            results += [_run(tables, reach, plan, test, reached=reached) for test in plan.tests]
        marks: dict[Mark, int] = {}
        for edition, plan in enumerate(editions):
            for mark in marks_of(rules, plan):
                marks.setdefault(mark, edition)
        reachable += len(marks)
        unreached += [Unreached(plan_id, *mark, edition) for mark, edition in marks.items() if mark not in reached]
    return Report(tuple(results), tuple(unreached), reachable)


def _run(tables: Tables, reach: Reach, plan: Plan, test: TestCase, *, reached: set[Mark]) -> TestResult:
    """Adjudicate a test's services and compare; adds to `reached`."""
    place, name = rule_place(test.at), str(plan.heading.id)
    (found,) = adjudicate_many(tables, [request_of_test(plan, test.given)])
    if isinstance(found, InvalidRequest):
        wrong = tuple(f"{each.field}: {each.description}" for each in found.violations)
        return TestResult(name, test.name, place, wrong)
    reached.update(reach.of(found))
    estimate = read_estimate(tables, found.question, found.answer)
    return TestResult(name, test.name, place, tuple(_differences(estimate, test.expect)))


def _differences(estimate: Estimate, expect: TestExpect) -> Iterator[str]:
    """Every statement of the test that does not hold."""
    totals = estimate.totals
    for name in TOTALS:
        yield from _amount(name, getattr(expect, name), getattr(totals, f"{name}_cents"))
    if expect.each is not None:
        yield from _each(expect.each, [line.patient_cents for line in estimate.lines])
    visits = {(line.member_id, line.date, line.benefit) for line in estimate.lines if line.covered}
    if expect.covered is not None and expect.covered != len(visits):
        yield f"covered: expected {expect.covered} visits, got {len(visits)}"
    for number, stated in expect.lines.items():
        yield from _line(estimate.lines, number, stated)
    sums = {
        after.accumulator: after.used_cents
        for after in estimate.accumulators_after
        if _is_first(estimate, after.member_id)
    }
    for name, cents in expect.after.items():
        yield from _amount(f"after.{name}", cents, sums.get(name, 0))
    held = {each.account: each.balance_cents for each in reversed(estimate.accounts_after) if _is_held(estimate, each)}
    for name, cents in expect.balances.items():
        yield from _amount(f"balances.{name}", cents, held.get(name, 0))


def _is_held(estimate: Estimate, after: AccountAfter) -> bool:
    """Whether an account is the first member's, or the family's."""
    return after.member_id in ("", estimate.use_after.member_ids[0])


def _is_first(estimate: Estimate, member_id: str) -> bool:
    """Whether an id is the first member's, whose sums come first."""
    return bool(estimate.accumulators_after) and member_id == estimate.accumulators_after[0].member_id


def _amount(name: str, expected: int | None, got: int) -> Iterator[str]:
    if expected is not None and expected != got:
        yield f"{name}: expected {dollars(expected)}, got {dollars(got)}"


def _each(expected: Sequence[int | None], got: Sequence[int]) -> Iterator[str]:
    """Line by line; `...` stands for as many of the amount before it as fit."""
    stated = list(expected)
    if None in stated:
        place = stated.index(None)
        repeated = [stated[place - 1]] * (len(got) - len(stated) + 1) if place else []
        stated = [*stated[:place], *repeated, *stated[place + 1 :]]
    if len(stated) != len(got):
        yield f"each: expected {len(stated)} lines, got {len(got)}"
        return
    for number, (amount, actual) in enumerate(zip(stated, got, strict=True), start=1):
        yield from _amount(f"each, line {number}", amount, actual)


def _line(lines: Sequence[Line], number: int, stated: object) -> Iterator[str]:
    """The statements about one line; -1 is the last."""
    if not -len(lines) <= number < len(lines):
        yield f"line {number + 1}: there are only {len(lines)} lines"
        return
    line = lines[number]
    name = "last" if number == -1 else f"line {number + 1}"
    for key, expected in dict(stated).items() if isinstance(stated, dict) else ():
        if key in ("covered", "benefit"):
            got: object = getattr(line, key)
        elif key == "reason":
            got = "" if line.reason is Reason.NONE else line.reason.name
        else:
            yield from _amount(f"{name}.{key}", expected, getattr(line, f"{key}_cents"))
            continue
        if got != expected:
            yield f"{name}.{key}: expected {_shown(expected)}, got {_shown(got)}"


def _shown(value: object) -> str:
    """A value as a rule file writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "nothing"
