"""`camcover rules publish` and what follows it: activate, roll back, look, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import (
    DEFAULT_DATABASE,
    ActingAs,
    ActiveFrom,
    DatabaseUrl,
    Paths,
    ReadingFormat,
    Switch,
    TableFormat,
)
from camcover.workflow.release_names import ACTIVE

__all__ = ["register"]

Name = Annotated[
    str,
    typer.Argument(metavar="RELEASE", help="Its id, the beginning of its id, active, or latest.", show_default=False),
]
Expected = Annotated[
    str | None,
    typer.Option(help="Do it only if this release is still the active one."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `camcover rules`."""
    for command in (publish, activate, rollback, cancel, show, history, export):
        app.command()(command)
    app.command("list")(list_releases)
    app.command("four-eyes")(four_eyes)


@done_by("releases:publish")
def publish(
    paths: Paths,
    message: Annotated[str, typer.Option("--message", "-m", help="What changed and why.", show_default=False)],
    author: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Store rule files as a release, which never changes. It does not become active.

    If check or test fails, nothing is stored, every error is printed, and the status is 1. The same files are the same
    release.
    """


@done_by("releases:activate")
def activate(
    release: Name,
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why. Without it, the message of the release.")] = "",
    at: ActiveFrom = None,
    expect: Expected = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Make a release the active one, now or at a time. Every service on this database follows within two seconds."""


@done_by("releases:rollback")
def rollback(
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why.")] = "rolled back",
    expect: Expected = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Return to the release that was active before. Repeat it to go further back."""


@done_by("releases:cancel")
def cancel(
    number: Annotated[int, typer.Argument(help="The number of the activation in `rules history`.", show_default=False)],
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why.")] = "called off",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Call off a scheduled activation before its time."""


@done_by("releases:list_releases")
def list_releases(
    words: Annotated[
        str, typer.Option("--filter", help="Only releases whose id, author or message contains this.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many releases to list at most, the newest first.")] = 20,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """List the releases, the newest first. The active one is marked."""


@done_by("releases:show")
def show(
    release: Name = ACTIVE,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Show one release: who published it, when it was active, and its files."""


@done_by("releases:history")
def history(
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Show which release was active when, who decided it, and what is scheduled."""


@done_by("releases:export")
def export(
    release: Name,
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False, show_default=False)],
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Write the files of a release to a folder, byte for byte as they were published."""


@done_by("releases:four_eyes")
def four_eyes(
    switch: Annotated[Switch, typer.Argument(show_default=False)],
    actor: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Switch four eyes on or off. While on, nobody may activate a release that they published themselves.

    Rolling back is always allowed. It takes two people to switch this off.
    """
