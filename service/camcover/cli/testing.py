"""`camcover rules test`: the tests that stand in plan files."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from camcover.cli.options import OutputFormat
from camcover.cli.rerunning import ends_as
from camcover.cli.rules import checked_rules
from camcover.engine import compile_rules
from camcover.rulebook.diagnostics import github_line
from camcover.rulebook.records import RuleSet
from camcover.rulebook.words import count
from camcover.workflow.rule_tests import Report, run_tests

__all__ = ["run"]


def run(paths: list[Path], output: OutputFormat, coverage: bool, plan: list[str] | None, watch: bool) -> None:
    """Run the tests that stand in plan files, and list the benefits, limits and criteria that no test reaches."""
    raise ends_as(lambda: _test(checked_rules(paths, output, plan), output, coverage=coverage), paths, watch=watch)


def _test(rules: RuleSet, output: OutputFormat, *, coverage: bool) -> int:
    """Run all tests once; gives the status to end with."""
    report = run_tests(compile_rules(rules), rules).as_read(rules)
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_as_data(report), indent=2, ensure_ascii=False))
    elif output is OutputFormat.GITHUB:
        for result in report.failed:
            file, _, line = result.place.rpartition(":")
            text = f"{result.name}: {'; '.join(result.differences)}"
            typer.echo(github_line("error", file, line, "rule test", text=text), nl=False)
    else:
        _show_report(report, coverage=coverage)
    return 1 if report.failed else 0


def _show_report(report: Report, *, coverage: bool) -> None:
    """The report for people."""
    for result in report.failed:
        typer.echo(f"{result.place}: FAILED: {result.plan}: {result.name}")
        for difference in result.differences:
            typer.echo(f"    {difference}")
    if coverage:
        for each in report.unreached:
            typer.echo(f"{each.place}: not reached: {each.plan}: {each.what}")
    failed = len(report.failed)
    typer.echo(f"{count(len(report.results), 'test')}: {len(report.results) - failed} passed, {failed} failed")
    typer.echo(f"{report.reached} of {report.reachable} benefits, exclusions, limits and criteria reached")


def _as_data(report: Report) -> dict[str, object]:
    """The report for programs."""
    return {
        "tests": [
            {
                "plan": each.plan,
                "name": each.name,
                "place": each.place,
                "passed": not each.differences,
                "differences": each.differences,
            }
            for each in report.results
        ],
        "unreached": [{"plan": each.plan, "what": each.what, "place": each.place} for each in report.unreached],
        "reached": report.reached,
        "reachable": report.reachable,
    }
