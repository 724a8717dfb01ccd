"""`camcover token`: a new bearer token."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.api.credentials import Role
from camcover.cli.declaring import done_by

__all__ = ["token"]


@done_by("tokens:token")
def token(
    subject: Annotated[str, typer.Argument(help="Who will use it. The log and the audit log show this name.")],
    role: Annotated[
        list[Role], typer.Option(help="What it allows. Repeat the option for several.", show_default=False)
    ],
    payer: Annotated[
        list[str] | None,
        typer.Option(
            help="With rules.write, it may change only the rules of this payer. Repeat the option for several."
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends: after 90d, 12w or 1y, or at a time such as 2026-12-31T18:00."),
    ] = None,
) -> None:
    """Make a bearer token, and its entry for the file of `serve --tokens`. The entry holds only its hash.

    The token is printed once, to standard error. The entry goes to standard output:
    camcover token ana@payer.example --role rules.write >> tokens.toml
    """
