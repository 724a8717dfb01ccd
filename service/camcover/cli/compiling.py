"""`camcover rules compile`, and compiled rules as other commands read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from camcover.cli.rules import checked_rules
from camcover.engine.compiling.compile import Tables, compile_rules
from camcover.engine.compiling.stored import UnreadableTables, is_stored, read_tables, write_tables
from camcover.rulebook.words import count

__all__ = ["compiled_rules", "refused_tables", "write"]


def compiled_rules(paths: list[Path]) -> Tables:
    """The rules under `paths` compiled, or those of one file that `rules compile` wrote.

    Shows what is wrong with them, and ends the program with status 1.
    """
    if len(paths) != 1 or not is_stored(paths[0]):
        return compile_rules(checked_rules(paths))
    with refused_tables():
        return read_tables(paths[0])


@contextmanager
def refused_tables() -> Iterator[None]:
    """Compiled rules that cannot be read inside are said on standard error, and end the program with status 1."""
    try:
        yield
    except (UnreadableTables, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def write(paths: list[Path], output: Path) -> None:
    """Write rule files as one compiled file, which `--rules` of other commands takes in place of the files."""
    rules = checked_rules(paths)
    if any(output.exists() and output.samefile(file) for file in map(rules.as_read, rules.texts)):
        typer.echo(f"{output} is one of the rule files; expected another file", err=True)
        raise typer.Exit(2)
    tables = compile_rules(rules)
    try:
        write_tables(tables, output)
    except OSError as error:
        typer.echo(f"{output}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{output}: {count(len(tables.plans), 'plan')}, release {tables.release}")
