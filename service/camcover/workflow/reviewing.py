"""The review of rule files before publishing: what is wrong, what changes, which members are affected.

Plain files in, plain records out, so that another process may do the work.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from camcover.engine import compile_rules
from camcover.rulebook import Diagnostic, RuleSet, load_files, nearest, release_id
from camcover.rulebook.differences import Change, differences
from camcover.workflow.analysis import Analysis, analyze
from camcover.workflow.decision_tables import DecisionTable, TableQuery, decision_tables
from camcover.workflow.errors import UnknownPlan
from camcover.workflow.impact.records import Impact
from camcover.workflow.publishing import Prepared, prepare, sound
from camcover.workflow.rule_tests import TestResult, run_tests
from camcover.workflow.skeletons import MissingTests, cover

__all__ = [
    "SyntheticMembers",
    "Validation",
    "analyzed",
    "changes",
    "covered",
    "explained",
    "impact_on",
    "prepared",
    "validate_files",
]


class Validation(NamedTuple):
    """What was found in rule files, and how their tests went; `release` is empty where there are errors."""

    diagnostics: tuple[Diagnostic, ...]
    tests: tuple[TestResult, ...]
    release: str

    @property
    def is_publishable(self) -> bool:
        """Whether they could be published."""
        return bool(self.release) and not any(test.differences for test in self.tests)


def validate_files(files: Mapping[str, bytes]) -> Validation:
    """Check rule files, and run their tests where there is no error."""
    loaded = load_files(files)
    if loaded.rules is None:
        return Validation(loaded.diagnostics, (), "")
    report = run_tests(compile_rules(loaded.rules), loaded.rules)
    return Validation(loaded.diagnostics, report.results, release_id(loaded.rules.digest))


def prepared(files: Mapping[str, bytes]) -> Prepared:
    """What a release of the files is made of. Raises `RulesRefused`."""
    return prepare(load_files(files))


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Change, ...]:
    """What differs between two sets of rule files. Raises `RulesRefused`."""
    return differences(sound(load_files(before)), sound(load_files(after)))


def explained(files: Mapping[str, bytes], question: TableQuery) -> list[DecisionTable]:
    """What rule files decide about a therapy. Raises `RulesRefused`, `UnknownFact`, `TooManyCells`."""
    return decision_tables(sound(load_files(files)), question)


def analyzed(files: Mapping[str, bytes], plan_ids: Collection[str]) -> Analysis:
    """What is odd about the plans named, or about all. Raises `RulesRefused`, `UnknownPlan`."""
    return analyze(_with_plans(files, plan_ids), plan_ids)


def covered(files: Mapping[str, bytes], plan_ids: Collection[str]) -> MissingTests:
    """What no test of the plans named, or of all, reaches. Raises `RulesRefused`, `UnknownPlan`."""
    return cover(_with_plans(files, plan_ids), plan_ids)


def _with_plans(files: Mapping[str, bytes], plan_ids: Collection[str]) -> RuleSet:
    """The rules of files, which have these plans."""
    rules = sound(load_files(files))
    for each in plan_ids:
        if each not in rules.plans:
            error = UnknownPlan(each, nearest(each, rules.plans))
            error.field = "plan_ids"
            raise error
    return rules


class SyntheticMembers(NamedTuple):
    """A book to be made: how many members, from which seed."""

    members: int
    seed: int


def impact_on(
    book: bytes | SyntheticMembers, before: Mapping[str, bytes], after: Mapping[str, bytes], worst: int
) -> Impact:
    """What a change of rule files does to a book: a Parquet file's bytes, or one to be made from the rules before.

    Raises `RulesRefused`, `BookRefused`; ModuleNotFoundError where the extra `bulk` is not installed.
    """
    from camcover.workflow.impact import book_of_bytes  # noqa: PLC0415 - it needs PyArrow, which only an extra brings

    old, new = sound(load_files(before)), sound(load_files(after))
    if isinstance(book, SyntheticMembers):
        return book_of_bytes.impact_on_synthetic(book.members, book.seed, old, new, worst=worst)
    return book_of_bytes.impact_on_parquet(book, old, new, worst)
