"""`camcover claim`: a provider's claim as a request."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from camcover.api.json_request import message_of
from camcover.api.validation import validate
from camcover.cli.answers import refusals_told
from camcover.cli.x12_files import x12_text
from camcover.exchange.claims.reading import claim_of_file, read_claims
from camcover.exchange.notes import UnreadableFile
from camcover.gen.camcover.v1 import request_pb2


def claim(file: Path, plan: str, tier: str, number: int) -> None:
    """Print the request that a claim states; tell on standard error what of the claim is not in it."""
    text = x12_text(file)
    try:
        found = claim_of_file(read_claims(text, plan, tier, str(file)), number, str(file))
    except UnreadableFile as error:
        for each in error.unread:
            typer.echo(str(each), err=True)
        raise typer.Exit(1) from error
    for each in found.unread:
        typer.echo(str(each), err=True)
    with refusals_told():
        validate(message_of(json.dumps(found.fields), request_pb2.EstimatePlanRequest()))
    typer.echo(json.dumps(found.fields, indent=2, ensure_ascii=False))
