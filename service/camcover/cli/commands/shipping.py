"""`camcover shipped`: where the files are that come with the package; and `--version`."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.cli.declaring import done_by, work_of
from camcover.shipped import Shipped

__all__ = ["Version", "show_shipped"]


@done_by("shipping:show_shipped")
def show_shipped(
    what: Annotated[
        Shipped, typer.Argument(help="rules: the shipped rule files. protos: the .proto files, for clients.")
    ],
) -> None:
    """Print the folder of the shipped rules, or of the .proto files.

    Give it to any command that takes rules: camcover estimate request.json --rules "$(camcover shipped rules)". Copy
    the folder before you change a file in it.
    """


def _show_version(is_wanted: bool) -> None:
    """Print the version, and end, when it is asked for."""
    if is_wanted:
        work_of("shipping:show_version")()
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
]
