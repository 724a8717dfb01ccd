"""`camcover rules publish` and what follows it: activate, roll back, look, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import (
    DEFAULT_DATABASE,
    ActingAs,
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
    typer.Argument(metavar="RELEASE", help="Its id, the beginning of one, active, or latest.", show_default=False),
]
Expected = Annotated[
    str | None,
    typer.Option(help="Do it only if this release is the active one now: nobody else decided meanwhile."),
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
    """Keep rule files as an immutable release; nothing becomes active by it.

    Refused, with status 1 and everything that is wrong, when check or test fail. The same files are the same release.
    """


@done_by("releases:activate")
def activate(
    release: Name,
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why; the release's message if it is not given.")] = "",
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="From when on, as 2026-12-31T18:00 (this machine's zone) or 2026-12-31T18:00-08:00."
        ),
    ] = None,
    expect: Expected = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Make a release the active one, now or at a time; every service on this database follows within two seconds."""


@done_by("releases:rollback")
def rollback(
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why.")] = "rolled back",
    expect: Expected = None,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Return to the release that was active before the present one; again and again, as far as there are any."""


@done_by("releases:cancel")
def cancel(
    number: Annotated[int, typer.Argument(help="The number that `rules history` shows.", show_default=False)],
    actor: ActingAs,
    reason: Annotated[str, typer.Option(help="Why.")] = "called off",
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Call off a scheduled activation before its time."""


@done_by("releases:list_releases")
def list_releases(
    words: Annotated[str, typer.Option("--filter", help="Only those whose id, author or message contains this.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 20,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """The releases, newest first, the active one marked."""


@done_by("releases:show")
def show(
    release: Name = ACTIVE,
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """One release: who published it, when it was active, and its files."""


@done_by("releases:history")
def history(
    output: ReadingFormat = TableFormat.TEXT,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """What was active when, by whose decision, and what is scheduled."""


@done_by("releases:export")
def export(
    release: Name,
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", file_okay=False, show_default=False)],
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Write a release's files to a folder, byte for byte as they were published."""


@done_by("releases:four_eyes")
def four_eyes(
    switch: Annotated[Switch, typer.Argument(show_default=False)],
    actor: ActingAs,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Say whether a release may be activated by the person who published it. Rolling back is always allowed.

    It takes two people to switch this off.
    """
