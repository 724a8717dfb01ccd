"""Plans written after real benefit texts, beside the shipped catalog: nothing to say about them, every test passes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from camcover.engine import compile_rules
from camcover.rulebook import as_text, format_text, load_texts
from camcover.workflow.rule_tests import run_tests

PLANS = Path(__file__).parent / "plans"
CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "cam-core.yaml"
TODAY = date(2026, 6, 1)


@pytest.mark.parametrize("folder", sorted(each.name for each in PLANS.iterdir()))
def test_the_tests_of_the_plan_pass(folder: str) -> None:
    files = [CATALOG, *sorted((PLANS / folder).glob("*.yaml"))]
    loaded = load_texts({file.name: file.read_text(encoding="utf-8") for file in files}, TODAY)
    assert loaded.diagnostics == (), as_text(loaded.diagnostics, loaded.texts)
    assert [name for name, text in loaded.texts.items() if format_text(text) != text] == []
    assert loaded.rules is not None
    report = run_tests(compile_rules(loaded.rules), loaded.rules)
    assert report.results
    assert [(each.name, each.differences) for each in report.failed] == []
