"""`camcover db` and `camcover audit`: the database's tables, how long estimates stay, and what was done."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, ActingAs, DatabaseUrl

__all__ = ["app", "audit"]

app = typer.Typer(no_args_is_help=True, help="The database: bring it up to date, take out what is old.")
audit = typer.Typer(no_args_is_help=True, help="What was done to rules and data: show it, verify it.")


@app.command()
@done_by("database:upgrade")
def upgrade(database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Bring the database up to this version's tables; what it holds stays. SQLite is brought up by any command."""


@app.command()
@done_by("database:downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help="The revision to go back to; base: nothing is left.")],
    is_meant: Annotated[
        bool, typer.Option("--yes", help="What later tables hold is lost: say that this is meant.")
    ] = False,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Take the database back to the tables of an earlier version; what only later ones hold is lost."""


@app.command()
@done_by("database:status")
def status(database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """The revision that is found, and the one that this version needs; ends with status 1 where they differ."""


@app.command()
@done_by("database:prune")
def prune(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="An age in days, weeks or years: 400d, 60w, 2y.")],
    actor: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Take out estimates that are older, and request ids past their time. Releases and the audit log stay."""


@audit.command()
@done_by("database:verify")
def verify(
    known: Annotated[
        str, typer.Option(metavar="HASH", help="A last hash noted earlier, which must still stand in the log.")
    ] = "",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Check the log, and hold releases, files, compiled rules, decisions and settings to it.

    Ends with status 1 at the first thing that is not as it was written. A database whose tables and log were all
    written anew shows only by a hash that was noted elsewhere: note the one that this prints. Estimates are in no
    entry, so nothing here tells of a change of one.
    """


@audit.command()
@done_by("database:log")
def log(
    after: Annotated[int, typer.Option(min=0, help="Only entries behind this number.")] = 0,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Every entry as a line of JSON, in order."""
