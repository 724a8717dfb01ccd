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
def check(paths: Paths, output: Format = OutputFormat.TEXT, plan: Plans = None, watch: Watch = False) -> None:
    """Check rule files: every error and warning, each with its line and column.

    With --plan: those plans with what they refer to. Ends with status 1 when there is an error; warnings alone end
    with 0.
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
    """Run the tests that stand in plan files, and list the benefits, limits and criteria that no test reaches.

    With --plan: those of some plans, whatever is wrong with others. Ends with status 1 when a test fails or a file has
    an error; what is not reached fails nothing.
    """


@app.command("compile")
@done_by("compiling:write")
def write(
    paths: Paths,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.", show_default=False)],
) -> None:
    """Write rule files as one compiled file, which `--rules` of other commands takes in place of the files.

    It starts in well under a second whatever the number of plans, and holds in memory only what is used. Ends with
    status 1, and writes nothing, when a rule file has an error.
    """


@app.command()
@done_by("rules:fmt")
def fmt(
    paths: Paths,
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if a file would change.")
    ] = False,
) -> None:
    """Write rule files in the one standard layout, comments kept.

    Other YAML files stay as they are. Ends with status 1 when a file cannot be read.
    """


@app.command()
@done_by("rules:schema")
def schema(
    folder: Annotated[Path, typer.Argument(help="The folder to write <kind>.schema.json to.")] = Path("rules/schema"),
    is_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with status 1 if a file is not up to date.")
    ] = False,
) -> None:
    """Write the JSON Schema of the four kinds of file, by which editors complete and check them."""
