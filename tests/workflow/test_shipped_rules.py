"""The rules that come with the project: no error, no warning, in the standard layout, every test in them passes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from camcover.engine import compile_rules
from camcover.rulebook import Loaded, as_text, format_text, load
from camcover.workflow.rule_tests import Report, run_tests

RULES = Path(__file__).resolve().parents[2] / "rules"
BEFORE_ANY_REVIEW = date(2026, 11, 24)


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load(RULES, today=BEFORE_ANY_REVIEW)


@pytest.fixture(scope="module")
def report(loaded: Loaded) -> Report:
    """All tests of the rule files, run."""
    assert loaded.rules is not None
    return run_tests(compile_rules(loaded.rules), loaded.rules)


def test_shipped_rules_have_no_diagnostics(loaded: Loaded) -> None:
    assert loaded.diagnostics == (), as_text(loaded.diagnostics, loaded.texts)


def test_shipped_rules_have_the_standard_layout(loaded: Loaded) -> None:
    assert [name for name, text in loaded.texts.items() if format_text(text) != text] == []


def test_tests_of_shipped_rules_pass(report: Report) -> None:
    assert [(each.plan, each.name, each.differences) for each in report.failed] == []
    assert len(report.results) >= 200


def test_every_plan_has_tests(report: Report, loaded: Loaded) -> None:
    assert loaded.rules is not None
    assert {each.plan for each in report.results} == set(loaded.rules.plans)


def test_every_figure_of_a_public_plan_is_cited(loaded: Loaded) -> None:
    assert loaded.rules is not None
    public = [plan for editions in loaded.rules.plans.values() for plan in editions if not plan.heading.illustrative]
    assert public
    for plan in public:
        for group in (plan.benefits.values(), plan.exclusions, plan.accumulators.values()):
            assert all(each.cite for each in group)


def test_every_file_names_its_schema(loaded: Loaded) -> None:
    for name, text in loaded.texts.items():
        first, second = text.splitlines()[0], Path(name).parent
        target = second / first.removeprefix("# yaml-language-server: $schema=")
        assert target.resolve().parent == RULES / "schema", name
        assert target.is_file(), name
