"""`camcover token`: a new bearer token, and the entry for the file of tokens that knows it by its hash."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from camcover.api.access import Role, new_token


def token(
    subject: Annotated[str, typer.Argument(help="Who will use it, as logs and the audit name them.")],
    role: Annotated[list[Role], typer.Option(help="What it allows; may be given several times.", show_default=False)],
) -> None:
    """Make a bearer token: printed once, here; the file that `serve --tokens` reads holds its hash alone.

    The token goes to standard error, the entry for the file to standard output:
    camcover token ana@payer.example --role rules.write >> tokens.toml
    """
    if not subject.strip():
        raise typer.BadParameter("expected a name", param_hint="SUBJECT")
    secret, digest = new_token()
    typer.echo(f"token of {subject}, shown only now: {secret}", err=True)
    roles = ", ".join(json.dumps(str(each)) for each in dict.fromkeys(role))
    typer.echo(f'[[token]]\nsubject = {json.dumps(subject)}\nroles = [{roles}]\nsha256 = "{digest}"\n')
