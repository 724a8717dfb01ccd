"""`camcover book`: a synthetic book of business."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, DatabaseUrl

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="A synthetic book of business: members that no real person stands behind.")


@app.callback()
def book() -> None:
    """A synthetic book of business: members that no real person stands behind."""


@app.command()
@done_by("book:generate")
def generate(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT.parquet", help="Gets one row a member; docs/bulk.md.")],
    rules: Annotated[
        str,
        typer.Option(metavar="RULES", help="A folder or file of rules, or a release: the members' plans."),
    ],
    members: Annotated[int, typer.Option(min=1, max=1_000_000_000, help="How many rows.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="The same rules and seed give the same book.")] = 7,
    plan: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this plan; repeat for several.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            formats=["%Y-%m-%d"],
            help="The day that sums so far are true of, from which services are planned; by default the first day of "
            "the editions that most plans have in common, the latest.",
        ),
    ] = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Write a synthetic book of business for `bulk estimate` and `rules impact`.

    Everything in it is drawn at random from the rules: no real person stands behind a row, and how often something
    happens is chosen to reach every rule, not taken from a study. The rules it is made from can price every row. Ends
    with status 1 when a rule file has an error, 2 when there is no such plan, or none in force on the date.
    """
