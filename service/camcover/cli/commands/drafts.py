"""`camcover drafts`: a change of rules that two people see, from its first file to its release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, ActingAs, ActiveFrom, DatabaseUrl, Paths, ReadingFormat, TableFormat

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Write a change of rules as a draft, have another person look at it, and publish it.",
)

Name = Annotated[
    str, typer.Argument(metavar="DRAFT", help="Its id, with or without drafts/ before it.", show_default=False)
]
Reason = Annotated[str, typer.Option(help="Why. The audit log keeps it.", show_default=False)]


@app.command("list")
@done_by("drafts:list_drafts")
def list_drafts(output: ReadingFormat = TableFormat.TEXT, database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """List the drafts, the newest first, each with its state."""


@app.command()
@done_by("drafts:show")
def show(draft: Name, output: ReadingFormat = TableFormat.TEXT, database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Show one draft: its state, the lines that it changes, and what was done and said."""


@app.command()
@done_by("drafts:new")
def new(
    title: Annotated[str, typer.Argument(help="What the change is about.", show_default=False)],
    actor: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Begin a draft on the active release, without a change. Its id goes to standard output."""


@app.command()
@done_by("drafts:edit")
def edit(
    draft: Name,
    paths: Paths,
    actor: ActingAs,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Do it only if the draft is still at this revision.")
    ] = None,
    is_rebased: Annotated[
        bool, typer.Option("--rebase", help="The draft changes the release that is active now, and no longer its base.")
    ] = False,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Save files: the draft is then what these paths hold, as a release of them would be.

    Give all rules, as to `rules publish`: what they no longer hold, the draft removes. Findings are printed; a draft
    may have errors, a proposal may not. `drafts export` writes the files of a draft to a folder.
    """


@app.command()
@done_by("drafts:export")
def export(
    draft: Name,
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False, show_default=False)],
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Write all files of a draft to a folder: those of its base with its changes."""


@app.command()
@done_by("drafts:submit")
def submit(
    draft: Name,
    actor: ActingAs,
    message: Annotated[str, typer.Option("--message", "-m", help="A word to the reviewer.")] = "",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Ask for a review. All rules are checked and tested first."""


@app.command()
@done_by("drafts:approve")
def approve(
    draft: Name,
    actor: ActingAs,
    revision: Annotated[int, typer.Option(min=1, help="The revision that you looked at.", show_default=False)],
    reason: Annotated[str, typer.Option(help="A word about it.")] = "",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Approve the files of a revision. Nobody approves what they wrote."""


@app.command()
@done_by("drafts:refuse")
def refuse(draft: Name, actor: ActingAs, reason: Reason, database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Send a draft back that was proposed or approved."""


@app.command()
@done_by("drafts:publish")
def publish(
    draft: Name,
    actor: ActingAs,
    reason: Reason,
    at: ActiveFrom = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Make an approved draft a release, and that release active: now, or at a time if its base is active then."""


@app.command()
@done_by("drafts:withdraw")
def withdraw(draft: Name, actor: ActingAs, reason: Reason, database_url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Give a draft up. It stays to be read."""
