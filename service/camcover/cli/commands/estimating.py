"""`camcover estimate` and `camcover reproduce`: one estimate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, DatabaseUrl, EstimateFormat

__all__ = ["estimate", "reproduce"]


@done_by("estimating:estimate")
def estimate(
    request: Annotated[
        Path,
        typer.Argument(
            help="An EstimatePlanRequest as JSON, its fields named as in docs/api.md; - reads standard input.",
        ),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", exists=True, help="A rule file or folder; may be given several times."),
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="HOST:PORT of a running service to ask instead; without --rules.")
    ] = None,
    token: Annotated[
        str, typer.Option(envvar="CAMCOVER_TOKEN", help="A bearer token, where the service asks for one.")
    ] = "",
    tls: Annotated[
        bool, typer.Option("--tls", help="Ask over TLS a service whose certificate a public CA has signed.")
    ] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Ask over TLS a service whose certificate the CA of this PEM file has signed.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="A PEM file of your certificate, where the service asks for one.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Your certificate's private key, as PEM.")] = None,
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.JSON,
) -> None:
    """Price a well-being plan and print the estimate.

    Give either --rules or --server. Ends with status 1 when a rule file has an error or the service does not answer, 2
    when the request has an error; each is named with its place.
    """


@done_by("reproducing:reproduce")
def reproduce(
    name: Annotated[str, typer.Argument(help="The estimate's name: estimates/...", show_default=False)],
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.TABLE,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Compute an estimate once more from its request, by its own release, and hold it to what was answered.

    Ends with status 1 when it is not the same to the byte, or the request or the release is not kept.
    """
