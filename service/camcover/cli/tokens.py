"""`camcover token`: a new bearer token, and the entry for the file of tokens that knows it by its hash."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import typer

from camcover.api.credentials import Role, new_token
from camcover.cli.times import age, future_time


def token(subject: str, role: list[Role], payer: list[str] | None, expires: str | None) -> None:
    """Make a bearer token: printed once, here; the file that `serve --tokens` reads holds its hash alone."""
    if not subject.strip():
        raise typer.BadParameter(f"found {subject!r}; expected a name", param_hint="SUBJECT")
    ends = _end(expires) if expires else None
    secret, digest = new_token()
    typer.echo(f"token of {subject}, shown only now: {secret}", err=True)
    roles = ", ".join(json.dumps(str(each)) for each in dict.fromkeys(role))
    entry = f'[[token]]\nsubject = {json.dumps(subject)}\nroles = [{roles}]\nsha256 = "{digest}"\n'
    if payer:
        entry += f"payers = [{', '.join(json.dumps(each) for each in dict.fromkeys(payer))}]\n"
    typer.echo(entry + (f"expires = {ends:%Y-%m-%dT%H:%M:%SZ}\n" if ends else ""))


def _end(text: str) -> datetime:
    """The end of a token, in UTC. Raises typer.BadParameter."""
    life = age(text)
    when = future_time(text, "--expires", "have no end") if life is None else datetime.now(UTC) + life
    return when.astimezone(UTC)
