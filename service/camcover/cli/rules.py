"""`camcover rules`: check, test, compile and format rule files, and print their JSON Schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.plans import Plans, known_plans
from camcover.cli.rerunning import Watch, ends_as
from camcover.engine import Tables, compile_rules
from camcover.engine.stored import UnreadableTables, is_stored, read_tables, write_tables
from camcover.rulebook import (
    Diagnostic,
    Loaded,
    Severity,
    as_github,
    as_json,
    as_text,
    find,
    format_text,
    json_schema,
    load,
    rule_text,
)
from camcover.rulebook.diagnostics import github_line
from camcover.rulebook.grammar import KINDS
from camcover.rulebook.narrowing import heads_of, narrowed
from camcover.rulebook.records import RuleSet
from camcover.rulebook.words import count
from camcover.workflow.rule_tests import Report, run_tests

app = typer.Typer(no_args_is_help=True, help="Payer rules: check, test, compare, publish, activate, roll back.")

Paths = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        help="Rule files and folders, any depth. Name the folder that holds the catalog, too.",
        show_default=False,
    ),
]


class OutputFormat(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


Format = Annotated[
    OutputFormat,
    typer.Option("--format", help="text for people, json for programs, github to annotate a pull request."),
]


class TableFormat(StrEnum):
    """How what is only read is shown."""

    TEXT = "text"
    JSON = "json"


ReadingFormat = Annotated[TableFormat, typer.Option("--format", help="text for people, json for programs.")]


def show(loaded: Loaded, output: OutputFormat, *, is_result: bool = False) -> None:
    """Print every diagnostic: json and github to standard output, text to standard error, unless it is the result."""
    if output is OutputFormat.JSON:
        sys.stdout.write(as_json(loaded.diagnostics))
    elif output is OutputFormat.GITHUB:
        sys.stdout.write(as_github(loaded.diagnostics))
    else:
        typer.echo(as_text(loaded.diagnostics, loaded.texts), err=not is_result, nl=False)


def loaded_rules(paths: list[Path], plans: Collection[str] | None = None) -> Loaded:
    """What is read under `paths`, or of it the plans named.

    Ends the program with status 2 when there is no such plan.
    """
    loaded = load(*paths)
    if not plans:
        return loaded
    heads = heads_of(loaded.texts)
    known = dict.fromkeys(head.id for head in heads.values() if head.kind in ("", "plan") and head.id)
    return narrowed(loaded, heads, known_plans(plans, known))


def checked_rules(
    paths: list[Path], output: OutputFormat = OutputFormat.TEXT, plans: Collection[str] | None = None
) -> RuleSet:
    """The rules under `paths`, or of them the plans named.

    Shows errors, and ends the program with status 1, when there are any.
    """
    loaded = loaded_rules(paths, plans)
    if loaded.rules is None:
        show(Loaded(None, loaded.errors, loaded.texts), output)
        raise typer.Exit(1)
    return loaded.rules


def compiled_rules(paths: list[Path]) -> Tables:
    """The rules under `paths` compiled, or those of one file that `rules compile` wrote.

    Shows what is wrong with them, and ends the program with status 1.
    """
    if len(paths) != 1 or not is_stored(paths[0]):
        return compile_rules(checked_rules(paths))
    try:
        return read_tables(paths[0])
    except (UnreadableTables, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def check(paths: Paths, output: Format = OutputFormat.TEXT, plan: Plans = None, watch: Watch = False) -> None:
    """Check rule files: every error and warning, each with its line and column.

    With --plan: those plans with what they refer to. Ends with status 1 when there is an error; warnings alone end
    with 0.
    """
    raise ends_as(lambda: _check(paths, output, plan), paths, watch=watch)


def _check(paths: list[Path], output: OutputFormat, plans: Collection[str] | None) -> int:
    """Check once; gives the status to end with."""
    loaded = loaded_rules(paths, plans)
    show(loaded, output, is_result=True)
    if output is OutputFormat.TEXT:
        warnings = len(loaded.diagnostics) - len(loaded.errors)
        typer.echo(
            f"{count(len(loaded.texts), 'file')}: {count(len(loaded.errors), 'error')}, {count(warnings, 'warning')}"
        )
    return 1 if loaded.errors else 0


@app.command("test")
def run(
    paths: Paths,
    output: Format = OutputFormat.TEXT,
    coverage: Annotated[bool, typer.Option(help="Also list what no test reaches.")] = True,
    plan: Plans = None,
    watch: Watch = False,
) -> None:
    """Run the tests that stand in plan files, and list the benefits, limits and criteria that no test reaches.

    With --plan: those of some plans, whatever is wrong with others. Ends with status 1 when a test fails or a file has
    an error; what is not reached fails nothing.
    """
    raise ends_as(lambda: _test(checked_rules(paths, output, plan), output, coverage=coverage), paths, watch=watch)


def _test(rules: RuleSet, output: OutputFormat, *, coverage: bool) -> int:
    """Run all tests once; gives the status to end with."""
    report = run_tests(compile_rules(rules), rules)
    if output is OutputFormat.JSON:
        typer.echo(json.dumps(_as_data(report), indent=2, ensure_ascii=False))
    elif output is OutputFormat.GITHUB:
        for result in report.failed:
            file, _, line = result.place.rpartition(":")
            text = f"{result.name}: {'; '.join(result.differences)}"
            typer.echo(github_line("error", file, line, "rule test", text), nl=False)
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


@app.command("compile")
def write(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.", show_default=False)],
) -> None:
    """Write rule files as one compiled file, which `--rules` of other commands takes in place of the files.

    It starts in well under a second whatever the number of plans, and holds in memory only what is used. Ends with
    status 1, and writes nothing, when a rule file has an error.
    """
    rules = checked_rules(paths)
    if any(output.exists() and output.samefile(file) for file in rules.texts):
        typer.echo(f"{output} is one of the rule files; expected another file", err=True)
        raise typer.Exit(2)
    tables = compile_rules(rules)
    try:
        write_tables(tables, output)
    except OSError as error:
        typer.echo(f"{output}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{output}: {count(len(tables.plans), 'plan')}, release {tables.release}")


@app.command()
def fmt(
    paths: Paths,
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if a file would change.")
    ] = False,
) -> None:
    """Write rule files in the one standard layout, comments kept.

    Other YAML files stay as they are. Ends with status 1 when a file cannot be read.
    """
    found = find(paths)
    texts = {file: rule_text(file) for file in found.files}
    unread = [*found.faults, *(text for text in texts.values() if isinstance(text, Diagnostic))]
    sys.stderr.write(as_text(unread, {}))
    changed = sum(_formatted(file, text, is_check=is_check) for file, text in texts.items() if isinstance(text, str))
    typer.echo(f"{count(changed, 'file')} {'would change' if is_check else 'changed'}")
    is_refused = any(each.severity is Severity.ERROR for each in unread)
    raise typer.Exit(1 if is_refused or (is_check and changed) else 0)


def _formatted(file: Path, text: str, *, is_check: bool) -> bool:
    """Write a file in the standard layout, unless this only checks; gives whether that is another than it has."""
    before = text.replace("\r\n", "\n").replace("\r", "\n")
    after = format_text(before)
    if before == after:
        return False
    typer.echo(f"{'would change' if is_check else 'changed'}: {file}")
    if not is_check:
        file.write_text(after, encoding="utf-8")
    return True


@app.command()
def schema(
    folder: Annotated[Path, typer.Argument(help="The folder to write <kind>.schema.json to.")] = Path("rules/schema"),
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if a file is not up to date.")
    ] = False,
) -> None:
    """Write the JSON Schema of the four kinds of file, by which editors complete and check them."""
    stale = 0
    for kind in KINDS:
        file = folder / f"{kind}.schema.json"
        text = json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        typer.echo(f"{'not up to date' if is_check else 'written'}: {file}")
        if not is_check:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    raise typer.Exit(1 if is_check and stale else 0)
