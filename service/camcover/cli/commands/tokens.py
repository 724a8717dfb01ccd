"""`camcover token`: a new bearer token."""

from __future__ import annotations

from typing import Annotated

import typer

from camcover.api.credentials import Role
from camcover.cli.declaring import done_by

__all__ = ["token"]


@done_by("tokens:token")
def token(
    subject: Annotated[str, typer.Argument(help="Who will use it, as logs and the audit name them.")],
    role: Annotated[list[Role], typer.Option(help="What it allows; may be given several times.", show_default=False)],
    payer: Annotated[
        list[str] | None,
        typer.Option(help="With rules.write: only rules of this payer may be changed; may be given several times."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it ends: in 90d, 12w or 1y; or a time such as 2026-12-31T18:00."),
    ] = None,
) -> None:
    """Make a bearer token: printed once, here; the file that `serve --tokens` reads holds its hash alone.

    The token goes to standard error, the entry for the file to standard output:
    camcover token ana@payer.example --role rules.write >> tokens.toml
    """
