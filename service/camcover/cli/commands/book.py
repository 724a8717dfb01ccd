"""`camcover book`: a synthetic book of business."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, DatabaseUrl

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make a synthetic book of business, whose members are invented.")


@app.callback()
def book() -> None:
    """Make a synthetic book of business, whose members are invented."""


@app.command()
@done_by("book:generate")
def generate(
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUTPUT.parquet", help="The file to write, with one row for each member (docs/bulk.md)."
        ),
    ],
    rules: Annotated[
        str,
        typer.Option(metavar="RULES", help="The rules of the members' plans: a folder or file, or a release."),
    ],
    members: Annotated[int, typer.Option(min=1, max=1_000_000_000, help="How many rows to write.")] = 100_000,
    seed: Annotated[
        int, typer.Option(min=0, help="The number that starts the draw. The same rules and seed give the same book.")
    ] = 7,
    plan: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this plan. Repeat the option for several.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            help="The day from which services are planned, and on which the sums so far are true. By default the "
            "latest first day that the editions of most plans have in common.",
        ),
    ] = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Write a synthetic book of business for `bulk estimate` and `rules impact`.

    Every row is drawn at random from the rules; no real person stands behind it. How often something happens is chosen
    so that every rule is reached. It is not taken from a study. The same rules can price every row. Ends with status 1
    if a rule file has an error, and with status 2 if there is no such plan, or none in force on the date.
    """
