"""The tests of some plans as staff look at them: how each went, what none reaches, and a test to begin with for it.

What comes in: the files of these plans. What goes out: a `PlanTests`. Where the files have errors no test is run; the
tests are then named as far as their file can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from camcover.engine import compile_rules
from camcover.engine.telling.citing import rule_place
from camcover.rulebook import Diagnostic, load_files, nearest
from camcover.rulebook.nodes import BYTE_ORDER_MARK, Listing, Scalar, Table, parse
from camcover.workflow.draft_checks import concerned, files_of_plans, plans_in
from camcover.workflow.errors import UnknownPlan
from camcover.workflow.rule_tests import TestResult, run_tests
from camcover.workflow.skeletons import Missing, missing_tests

__all__ = ["DraftPlans", "PlanTests", "WaitingTest", "plans_of_draft", "tests_of"]

MOST_AT_ONCE = 8
"""Plans whose tests are run together without being chosen."""


class WaitingTest(NamedTuple):
    """A test that is not run: its plan, name and place."""

    plan: str
    name: str
    place: str


class PlanTests(NamedTuple):
    """How the tests went, and what they leave out of `reachable` things; `waiting` where there are `errors`."""

    results: tuple[TestResult, ...] = ()
    missing: tuple[Missing, ...] = ()
    reachable: int = 0
    errors: tuple[Diagnostic, ...] = ()
    waiting: tuple[WaitingTest, ...] = ()

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that did not pass."""
        return tuple(each for each in self.results if each.differences)

    @property
    def passed(self) -> tuple[TestResult, ...]:
        """The tests that passed."""
        return tuple(each for each in self.results if not each.differences)


class DraftPlans(NamedTuple):
    """The plans that a draft's changes concern, and those of them whose tests are to be run, with their files."""

    concerned: tuple[str, ...]
    chosen: tuple[str, ...]
    files: Mapping[str, bytes]


def plans_of_draft(before: Mapping[str, bytes], after: Mapping[str, bytes], plan_id: str) -> DraftPlans:
    """The plan named of a draft; without a name all that its changes concern, if they are few, else none.

    Raises `UnknownPlan`.
    """
    names = concerned(before, after)
    found = plans_in({name: after[name] for name in names})
    if plan_id:
        known = plans_in(after)
        if plan_id not in known:
            raise UnknownPlan(plan_id, nearest(plan_id, known))
        chosen: tuple[str, ...] = (plan_id,)
    else:
        chosen = found if len(found) <= MOST_AT_ONCE else ()
    return DraftPlans(found, chosen, files_of_plans(after, chosen) if chosen else {})


def tests_of(files: Mapping[str, bytes], plan_ids: Collection[str]) -> PlanTests:
    """How the tests of plans go; `files` has their files, and what these name."""
    loaded = load_files(files)
    if loaded.rules is None:
        waiting = (each for name in sorted(loaded.texts) for each in _waiting(name, loaded.texts[name], plan_ids))
        return PlanTests(errors=loaded.errors, waiting=tuple(waiting))
    tables = compile_rules(loaded.rules)
    report = run_tests(tables, loaded.rules, plan_ids)
    missing = missing_tests(tables, loaded.rules, report)
    return PlanTests(report.results, missing.missing, missing.reachable)


def _waiting(file: str, text: str, plan_ids: Collection[str]) -> Iterator[WaitingTest]:
    """The tests that a file of one of the plans names, in their order."""
    document, _ = parse(text.removeprefix(BYTE_ORDER_MARK), file)
    plan, tests = (document.get("id"), document.get("tests")) if isinstance(document, Table) else (None, None)
    if not isinstance(plan, Scalar) or plan.text not in plan_ids or not isinstance(tests, Listing):
        return
    for each in tests.items:
        name = each.get("name") if isinstance(each, Table) else None
        yield WaitingTest(plan.text, name.text if isinstance(name, Scalar) else "without a name", rule_place(each.at))
