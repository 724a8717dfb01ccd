"""`camcover book`: a synthetic book of business."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from camcover.bulk.output import WholeFile
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.cli.progress import progress_bar
from camcover.cli.sources import DEFAULT_DATABASE, DatabaseUrl, rules_of
from camcover.rulebook import release_id
from camcover.workflow.synthetic_book import WrongBook, book_date, synthetic_book

app = typer.Typer(no_args_is_help=True, help="A synthetic book of business: members that no real person stands behind.")


@app.callback()
def book() -> None:
    """A synthetic book of business: members that no real person stands behind."""


@app.command()
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
    found = rules_of(rules, database_url)
    try:
        day = on.date() if on else book_date(found, plan or ())
        batches = synthetic_book(found, members, seed, day, plan or ())
        with WholeFile(output, REQUEST_SCHEMA) as file, progress_bar("members", members) as progress:
            done = 0
            for batch in batches:
                file.write(batch)
                done += batch.num_rows
                progress(done)
            file.finish()
    except WrongBook as error:
        typer.echo(f"{rules}: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"{output}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{output}: {members} synthetic members as of {day}, no real person; release {release_id(found.digest)}")
