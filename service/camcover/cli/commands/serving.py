"""`camcover serve`: the gRPC service over rule files or over the releases of a database, in one process or several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camcover.api.credentials import LEEWAY_SECONDS, SigningAlgorithm
from camcover.api.defaults import CACHED_BYTES
from camcover.cli.declaring import done_by
from camcover.cli.options import DEFAULT_DATABASE
from camcover.cli.settings import ConfigFile
from camcover.store import Keeping

__all__ = ["serve"]


@done_by("serving:serve")
def serve(
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules",
            exists=True,
            help="A rule file or folder, several times if need be; or one file that `rules compile` wrote. Without it "
            "the active release of the database answers, and each that becomes active later.",
        ),
    ] = None,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one and prints it.")
    ] = "127.0.0.1:50051",
    http: Annotated[
        str,
        typer.Option(
            help="HOST:PORT to serve HTTP on as well: JSON by the Connect protocol, short paths, health, metrics. Port "
            "0 takes a free one and prints it.",
        ),
    ] = "",
    http_origins: Annotated[
        str,
        typer.Option(
            help="Whose pages may call over HTTP: origins, such as https://portal.example, with commas between them.",
        ),
    ] = "",
    http_plain: Annotated[
        bool,
        typer.Option(
            "--http-plain", help="Do not encrypt HTTP, though --tls-certificate is given: a proxy or a mesh does."
        ),
    ] = False,
    pages: Annotated[
        bool | None,
        typer.Option(
            help="Serve pages for patients on the port of HTTP, without a sign-in. By default where neither tokens nor "
            "an identity provider are asked for.",
        ),
    ] = None,
    staff_pages: Annotated[
        bool,
        typer.Option(
            help="Serve pages for staff under /staff/ on the port of HTTP, where the database's active release answers "
            "and --tokens or an identity provider say who may sign in.",
        ),
    ] = True,
    page_frames: Annotated[
        str,
        typer.Option(
            help="Whose pages may show /embed in a frame: origins with commas between them.",
        ),
    ] = "",
    help_phone: Annotated[str, typer.Option(help="The phone number that pages name for help.")] = "",
    database_url: Annotated[
        str,
        typer.Option(
            help="Where releases and estimates are kept: sqlite:///FILE, postgresql+psycopg://USER:PASSWORD@HOST/NAME, "
            "sqlite:// for memory, off for nowhere.",
        ),
    ] = DEFAULT_DATABASE,
    keep: Annotated[
        Keeping, typer.Option(help="What is kept of an estimate: request and answer, hashes of them, or nothing.")
    ] = Keeping.FULL,
    tokens: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file of bearer tokens and client certificates with their roles (`camcover token`); without it "
            "rules cannot be changed.",
        ),
    ] = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            help="Encrypt both ports: a PEM file of the certificate and its chain, read again when it changes."
        ),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="The certificate's private key, as PEM without a password.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="Every client needs a certificate that one of this PEM file has signed.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen unencrypted where other machines reach a port.")
    ] = False,
    oidc_issuer: Annotated[
        str | None,
        typer.Option(help="The URL of an identity provider, as in `iss`: its access tokens count beside --tokens."),
    ] = None,
    oidc_audience: Annotated[
        str | None, typer.Option(help="The audience that its access tokens have for this service.")
    ] = None,
    oidc_scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE=ROLE",
            help="The role that a scope gives; several times if need be. Without it scopes are named as the roles.",
        ),
    ] = None,
    oidc_algorithm: Annotated[
        list[SigningAlgorithm] | None,
        typer.Option(help="An algorithm by which it signs; several times if need be. Without it RS256 and ES256."),
    ] = None,
    oidc_subject_claim: Annotated[
        str, typer.Option(help="The claim that names the caller, in logs, the audit and for four eyes.")
    ] = "sub",
    oidc_payers_claim: Annotated[
        str | None,
        typer.Option(help="The claim that lists the payers whose rules the caller may change. Without it that is all."),
    ] = None,
    oidc_leeway_seconds: Annotated[
        int, typer.Option(min=0, max=300, help="How much its clock may differ from this machine's.")
    ] = LEEWAY_SECONDS,
    watch: Annotated[
        bool, typer.Option("--watch", help="Read the rule files anew whenever one is saved; for development.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes that share the port; one for each core is a good number.")
    ] = 1,
    max_calls: Annotated[
        int, typer.Option(min=1, help="Calls at once in a process; more are refused with the time to try again.")
    ] = 256,
    max_calls_per_caller: Annotated[
        int,
        typer.Option(min=1, help="Calls at once of one caller: a token's subject, or an address where no tokens are."),
    ] = 128,
    max_rate_per_caller: Annotated[
        float, typer.Option(min=0, help="Calls a second of one caller in a process, on average; 0 for no bound.")
    ] = 0.0,
    burst_per_caller: Annotated[int, typer.Option(min=1, help="So many of them at once.")] = 100,
    max_streams: Annotated[
        int, typer.Option(min=1, help="Streams of estimates at once in a process, and as many calls that only watch.")
    ] = 256,
    max_streams_per_caller: Annotated[int, typer.Option(min=1, help="The same of one caller.")] = 64,
    stream_idle_seconds: Annotated[
        float, typer.Option(min=1, help="A stream ends that sends nothing, or reads no answer, for so long.")
    ] = 300.0,
    connection_age_seconds: Annotated[
        int, typer.Option(min=60, help="After so long a connection is asked to end, and ended five minutes later.")
    ] = 3600,
    max_message_mib: Annotated[int, typer.Option(min=1, max=256, help="The largest request, MiB.")] = 16,
    estimate_cache_mib: Annotated[
        int,
        typer.Option(min=0, max=65_536, help="Answers a process holds, MiB; the same question is priced once."),
    ] = CACHED_BYTES >> 20,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="How long calls in flight may take to end on SIGTERM.")
    ] = 20.0,
    reflection: Annotated[
        bool, typer.Option(help="Whether clients may ask which services and methods there are, without a token.")
    ] = True,
    config: ConfigFile = None,
) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain.

    An address that other machines reach needs --tls-certificate and --tls-key. SIGHUP reads rule files and tokens anew:
    calls in flight end on the rules they began with, and rules with an error change nothing. Prints "listening on
    HOST:PORT" once calls are taken, and "http on HOST:PORT" after it where HTTP is served; logs JSON lines to standard
    error, without health data.
    """
