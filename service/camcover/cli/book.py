"""`camcover book`: a synthetic book of business."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from camcover.bulk.output import WholeFile
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.cli.progress import progress_bar
from camcover.cli.sources import rules_of
from camcover.rulebook import release_id
from camcover.workflow.synthetic_book import WrongBook, book_date, synthetic_book


def generate(
    output: Path, rules: str, members: int, seed: int, plan: list[str] | None, on: datetime | None, database_url: str
) -> None:
    """Write a synthetic book of business for `bulk estimate` and `rules impact`."""
    found = rules_of(rules, database_url)
    try:
        day = on.date() if on else book_date(found, plan or ())
        batches = synthetic_book(found, members, seed, day, plans=plan or ())
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
