"""`camcover estimate` and `camcover reproduce`: one estimate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE, DatabaseUrl, EstimateFormat, ProviderPrices

__all__ = ["estimate", "reproduce"]


@done_by("estimating:estimate")
def estimate(
    request: Annotated[
        Path,
        typer.Argument(
            help="A JSON file with an EstimatePlanRequest (docs/api.md names its fields), or - for standard input.",
        ),
    ],
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", exists=True, help="A rule file or folder. Repeat the option for several."),
    ] = None,
    server: Annotated[str | None, typer.Option(help="Ask a running service at HOST:PORT, in place of --rules.")] = None,
    token: Annotated[
        str, typer.Option(envvar="CAMCOVER_TOKEN", help="A bearer token, if the service asks for one.")
    ] = "",
    tls: Annotated[
        bool, typer.Option("--tls", help="Use TLS. A public CA has signed the certificate of the service.")
    ] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Use TLS. The CA in this PEM file has signed the certificate of the service.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Your own certificate as a PEM file, if the service asks for one.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Your certificate's private key, as PEM.")] = None,
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.JSON,
    prices: ProviderPrices = None,
) -> None:
    """Price a well-being plan and print the estimate.

    Give either --rules or --server. Ends with status 1 if a rule file has an error or the service does not answer, and
    with status 2 if the request has an error. Each error is printed with its place.
    """


@done_by("reproducing:reproduce")
def reproduce(
    name: Annotated[str, typer.Argument(help="The estimate's name: estimates/...", show_default=False)],
    output: Annotated[
        EstimateFormat, typer.Option("--format", help="json for programs, table for people.")
    ] = EstimateFormat.TABLE,
    database_url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Compute a stored estimate again, from its own request and release, and compare it with the stored answer.

    Ends with status 1 if they differ in any byte, or if the request or the release was not kept.
    """
