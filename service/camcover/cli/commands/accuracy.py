"""`camcover accuracy`: how right estimates were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import TableFormat

__all__ = ["accuracy"]


@done_by("accuracy:accuracy")
def accuracy(
    files: Annotated[list[Path], typer.Argument(help="X12 835 files.", show_default=False)],
    estimates: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file with estimates as JSON, one a line. Repeat the option for several.", show_default=False
        ),
    ] = None,
    database_url: Annotated[
        str, typer.Option(help="The database in which a service keeps estimates, in place of --estimates.")
    ] = "",
    subject: Annotated[
        str, typer.Option(help="Whose estimates of the database: a caller's subject; anyone where there are no tokens.")
    ] = "anyone",
    output: Annotated[
        TableFormat, typer.Option("--format", help="text for people, json for programs.")
    ] = TableFormat.TEXT,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Also write the report as a page with charts.", show_default=False),
    ] = None,
) -> None:
    """Compare estimates with what payers decided, and say what explains the differences.

    Lines are matched by request id and claim number, else by member, date and code. What was not read goes to standard
    error. Ends with status 1 if a file cannot be read, or if no line of any file was estimated.
    """
