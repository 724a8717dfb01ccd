"""`camcover rules analyze` and `cover`: what is odd about rules, and what their tests leave out.

Each reads one source of rules (a path, or a release) and ends with 2 when the question has an error.
"""

from __future__ import annotations

import json
from typing import Any

import typer

from camcover.cli.options import OutputFormat, TableFormat, listed_in
from camcover.cli.plans import known_plans
from camcover.cli.sources import rules_of
from camcover.rulebook.diagnostics import github_line
from camcover.rulebook.hints import with_hint
from camcover.workflow.analysis import Analysis, FindingKind, analyze
from camcover.workflow.skeletons import MissingTests, cover
from camcover.workflow.witnesses import request_data

__all__ = ["analyze_rules", "cover_rules"]


def analyze_rules(source: str, plan: list[str] | None, fail_on: str, output: OutputFormat, database_url: str) -> None:
    """Find gaps, overlaps, dead benefits, limits that never bite, and cost-share cliffs; nothing is sampled."""
    kinds = _kinds(fail_on)
    rules = rules_of(source, database_url)
    analysis = analyze(rules, known_plans(plan, rules.plans))
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_as_data(analysis), indent=2, ensure_ascii=False))
    elif output is OutputFormat.GITHUB:
        _annotate(analysis)
    else:
        _show(analysis)
    raise typer.Exit(1 if analysis.of(kinds) else 0)


def _kinds(fail_on: str) -> set[FindingKind]:
    """The kinds of findings that a list names."""
    words = listed_in(fail_on)
    unknown = [word for word in words if word not in set(FindingKind)]
    if unknown:
        raise typer.BadParameter(with_hint(f"no kind of finding {unknown[0]!r}", unknown[0], FindingKind))
    return {FindingKind(word) for word in words}


def _as_data(analysis: Analysis) -> dict[str, Any]:
    """The analysis for programs."""
    return {
        "findings": [
            {
                "kind": str(found.kind),
                "plan": found.plan,
                "place": found.place,
                "subject": found.subject,
                "message": found.message,
                "request": None if found.request is None else request_data(found.request),
            }
            for found in analysis.findings
        ],
        "left_out": list(analysis.left_out),
    }


def _annotate(analysis: Analysis) -> None:
    """The analysis as annotations of a pull request."""
    for found in analysis.for_people():
        file, _, line = found.place.rpartition(":")
        text, title = f"{found.plan}: {found.message}", f"rule analysis ({found.kind})"
        typer.echo(github_line("warning", file, line, title, text=text), nl=False)
    for words in analysis.left_out:
        typer.echo(f"::warning title=rule analysis::{words}")


def _show(analysis: Analysis) -> None:
    """The analysis for people; what can be run stands behind the overlaps."""
    for found in analysis.for_people():
        typer.echo(f"{found.place}: {found.kind}: {found.plan}: {found.message}")
        if found.kind is FindingKind.OVERLAPS and found.request is not None:
            typer.echo(f"    for example {json.dumps(request_data(found.request), ensure_ascii=False)}")
    for words in analysis.left_out:
        typer.echo(f"{words}: not looked at")
    counts = (f"{kind}: {len(analysis.of({kind}))}" for kind in FindingKind)
    typer.echo(", ".join(counts))


def cover_rules(source: str, plan: list[str] | None, output: TableFormat, database_url: str) -> None:
    """List what no test in the plan files reaches, and print the beginning of a test for each."""
    rules = rules_of(source, database_url)
    coverage = cover(rules, known_plans(plan, rules.plans))
    if output is TableFormat.JSON:
        typer.echo(json.dumps(_coverage_data(coverage), indent=2, ensure_ascii=False))
        return
    for each in coverage.missing:
        typer.echo(f"{each.unreached.place}: {each.unreached.plan}: {each.unreached.what}")
        typer.echo(each.test or f"  {each.why}\n")
    typer.echo(f"{len(coverage.missing)} of {coverage.reachable} benefits, exclusions, limits and criteria not reached")


def _coverage_data(coverage: MissingTests) -> dict[str, Any]:
    """What is missing, for programs."""
    return {
        "missing": [
            {
                "plan": each.unreached.plan,
                "what": each.unreached.what,
                "place": each.unreached.place,
                "test": each.test or None,
                "why": each.why or None,
            }
            for each in coverage.missing
        ],
        "reachable": coverage.reachable,
    }
