"""`camcover rules check`, `fmt` and `schema`: what needs no engine; and rules as other commands read them."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path

import typer

from camcover.cli.mending import mend
from camcover.cli.options import OutputFormat
from camcover.cli.plans import known_plans
from camcover.cli.rerunning import ends_as
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
from camcover.rulebook.grammar import KINDS
from camcover.rulebook.narrowing import heads_of, narrowed
from camcover.rulebook.records import RuleSet
from camcover.rulebook.words import count

__all__ = ["check", "checked_rules", "fmt", "loaded_rules", "schema", "show"]


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


def check(paths: list[Path], output: OutputFormat, plan: list[str] | None, watch: bool, fix: bool) -> None:
    """Check rule files: every error and warning, each with its line and column."""
    if fix and watch:
        typer.echo("--fix writes the files that --watch waits for; use one of them", err=True)
        raise typer.Exit(2)
    if fix:
        mend(loaded_rules(paths, plan))
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


def fmt(paths: list[Path], is_check: bool) -> None:
    """Write rule files in the one standard layout, comments kept."""
    found = find(paths)
    texts = {file: rule_text(file) for file in found.files}
    unread = [*found.faults, *(text for text in texts.values() if isinstance(text, Diagnostic))]
    sys.stderr.write(as_text(unread, {}))
    changed = sum(_formatted(file, text, is_check=is_check) for file, text in texts.items() if isinstance(text, str))
    typer.echo(f"{count(changed, 'file')} {'would change' if is_check else 'changed'}")
    is_refused = any(each.severity is Severity.ERROR for each in unread)
    raise typer.Exit(1 if is_refused or (is_check and changed) else 0)


def _formatted(file: Path, text: str, *, is_check: bool) -> bool:
    """Write a file in the standard layout, or only check it; gives whether the layout differs."""
    before = text.replace("\r\n", "\n").replace("\r", "\n")
    after = format_text(before)
    if before == after:
        return False
    typer.echo(f"{'would change' if is_check else 'changed'}: {file}")
    if not is_check:
        file.write_text(after, encoding="utf-8")
    return True


def schema(folder: Path, is_check: bool) -> None:
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
