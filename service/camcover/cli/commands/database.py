"""`camcover db` and `camcover audit`: the database's tables, how long estimates stay, and what was done."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, ActingAs, DatabaseUrl

__all__ = ["app", "audit"]

app = typer.Typer(no_args_is_help=True, help="Bring the database up to date, and remove what is old.")
audit = typer.Typer(no_args_is_help=True, help="Show and verify the log of what was done to rules and data.")


@app.command()
@done_by("database:upgrade")
def upgrade(database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Bring the database up to the tables of this version. Its content stays. With SQLite, any command does this."""


@app.command()
@done_by("database:downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help="The revision to go back to. With base, nothing is left.")],
    is_meant: Annotated[bool, typer.Option("--yes", help="Confirm that what only later tables hold is lost.")] = False,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Take the database back to the tables of an earlier version. What only later tables hold is lost."""


@app.command()
@done_by("database:status")
def status(database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Show the revision of the database, and the one that this version needs. Ends with status 1 if they differ."""


@app.command()
@done_by("database:prune")
def prune(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="The age in days, weeks or years: 400d, 60w, 2y.")],
    actor: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Delete older estimates, and request ids whose time is over. Releases and the audit log stay."""


@audit.command()
@done_by("database:verify")
def verify(
    known: Annotated[
        str, typer.Option(metavar="HASH", help="A last hash that you noted earlier. The log must still hold it.")
    ] = "",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Check the log, and compare releases, files, compiled rules, decisions, settings and drafts with it.

    Ends with status 1 at the first difference. If somebody writes all tables and the whole log anew, only a hash that
    was noted elsewhere shows it: note the hash that this prints. The log has no entries about estimates, so a change of
    an estimate is not found.
    """


@audit.command()
@done_by("database:log")
def log(
    after: Annotated[int, typer.Option(min=0, help="Only entries after this number.")] = 0,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Print every entry as a line of JSON, in order."""
