"""`camcover rules`: check, test, compile and format rule files, and print their JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import Format, OutputFormat, Paths, Plans, Watch

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Payer rules: check, test, compare, publish, activate, roll back.")


@app.command()
@done_by("rules:check")
def check(
    paths: Paths,
    output: Format = OutputFormat.TEXT,
    plan: Plans = None,
    watch: Watch = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="First correct what needs no thought, such as a word that is nearly right.")
    ] = False,
) -> None:
    """Check rule files, and print every error and warning with its line and column.

    With --plan, only those plans and what they refer to are checked. Ends with status 1 if there is an error, and with
    status 0 if there are only warnings. With --fix a file is written completely or not at all.
    """


@app.command("test")
@done_by("testing:run")
def run(
    paths: Paths,
    output: Format = OutputFormat.TEXT,
    coverage: Annotated[bool, typer.Option(help="Also list what no test reaches.")] = True,
    plan: Plans = None,
    watch: Watch = False,
) -> None:
    """Run the tests in plan files, and list the benefits, limits and criteria that no test reaches.

    With --plan, only the tests of those plans run, whatever is wrong with others. Ends with status 1 if a test fails or
    a file has an error. A rule that no test reaches is no failure.
    """


@app.command("compile")
@done_by("compiling:write")
def write(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.", show_default=False)],
) -> None:
    """Compile rule files into one file, which `--rules` of other commands takes in their place.

    Commands read it in well under a second, whatever the number of plans, and load only what they use. If a rule file
    has an error, nothing is written and the status is 1.
    """


@app.command()
@done_by("rules:fmt")
def fmt(
    paths: Paths,
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing. End with status 1 if a file would change.")
    ] = False,
) -> None:
    """Write rule files in the standard layout. Comments stay.

    Other YAML files are not changed. Ends with status 1 if a file cannot be read.
    """


@app.command()
@done_by("rules:schema")
def schema(
    folder: Annotated[Path, typer.Argument(help="The folder to write <kind>.schema.json to.")] = Path("rules/schema"),
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing. End with status 1 if a file is out of date.")
    ] = False,
) -> None:
    """Write a JSON Schema for each kind of rule file. Editors complete and check rule files by it."""
