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
            help="A rule file, a folder of them, or one file that `rules compile` wrote. Repeat the option for "
            "several. Without it, the active release of the database answers, and each release that becomes "
            "active later.",
        ),
    ] = None,
    listen: Annotated[
        str, typer.Option(help="The HOST:PORT of gRPC. Port 0 takes a free port and prints it.")
    ] = "127.0.0.1:50051",
    http: Annotated[
        str,
        typer.Option(
            help="The HOST:PORT of HTTP, which is served besides: JSON by the Connect protocol, short paths, "
            "health, metrics. Port 0 takes a free port and prints it.",
        ),
    ] = "",
    http_origins: Annotated[
        str,
        typer.Option(
            help="The origins whose pages may call over HTTP, such as https://portal.example, separated by commas.",
        ),
    ] = "",
    http_plain: Annotated[
        bool,
        typer.Option(
            "--http-plain",
            help="Leave HTTP unencrypted even with --tls-certificate, because a proxy or a mesh encrypts it.",
        ),
    ] = False,
    pages: Annotated[
        bool | None,
        typer.Option(
            help="Serve pages for patients over HTTP. They ask for no sign-in. Without this option they are "
            "served unless --tokens or --oidc-issuer is given.",
        ),
    ] = None,
    staff_pages: Annotated[
        bool,
        typer.Option(
            help="Serve pages for staff over HTTP, at /staff/. They need a database whose active release answers, "
            "and --tokens or an identity provider, by which staff sign in.",
        ),
    ] = True,
    impact_book: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A Parquet file of members over which the pages for staff show what a change of rules does. They "
            "have invented members in any case.",
        ),
    ] = None,
    page_frames: Annotated[
        str,
        typer.Option(
            help="The origins whose pages may show /embed in a frame, separated by commas.",
        ),
    ] = "",
    help_phone: Annotated[str, typer.Option(help="The phone number for help that pages show.")] = "",
    page_saves: Annotated[
        int,
        typer.Option(
            min=0,
            max=30,
            help="How many days pages keep a plan of care whose reader asks for it, under an address that is hard to "
            "guess; 0 for never.",
        ),
    ] = 0,
    database_url: Annotated[
        str,
        typer.Option(
            help="The database of releases and estimates: sqlite:///FILE, "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME, sqlite:// for one in memory, or off for none.",
        ),
    ] = DEFAULT_DATABASE,
    keep: Annotated[
        Keeping,
        typer.Option(
            help="What is stored of an estimate: its request and answer (full), hashes of both, or nothing (off)."
        ),
    ] = Keeping.FULL,
    prices: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Prices that payers publish by provider, a file of `camcover prices import`. They are looked up for "
            "services whose provider a request names.",
        ),
    ] = None,
    tokens: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A file of bearer tokens and client certificates with their roles (see `camcover token`). "
            "Without it nobody can change rules.",
        ),
    ] = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            help="Encrypt both ports with this certificate: a PEM file with its chain. It is read again when it "
            "changes."
        ),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="The certificate's private key, as PEM without a password.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="Take only clients with a certificate that a CA in this PEM file has signed.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen unencrypted on an address that other machines reach.")
    ] = False,
    oidc_issuer: Annotated[
        str | None,
        typer.Option(
            help="The URL of an identity provider, as in `iss`. Its access tokens are taken besides those of --tokens."
        ),
    ] = None,
    oidc_audience: Annotated[
        str | None, typer.Option(help="The audience by which its access tokens name this service.")
    ] = None,
    oidc_scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE=ROLE",
            help="The role that a scope gives. Repeat the option for several. Without it, a scope gives the role "
            "of the same name.",
        ),
    ] = None,
    oidc_algorithm: Annotated[
        list[SigningAlgorithm] | None,
        typer.Option(
            help="An algorithm by which the provider may sign. Repeat the option for several. Without it: RS256 "
            "and ES256."
        ),
    ] = None,
    oidc_subject_claim: Annotated[
        str, typer.Option(help="The claim that names the caller: in logs, in the audit log, and for four eyes.")
    ] = "sub",
    oidc_payers_claim: Annotated[
        str | None,
        typer.Option(
            help="The claim that lists the payers whose rules the caller may change. Without it, a caller may "
            "change the rules of all payers."
        ),
    ] = None,
    oidc_leeway_seconds: Annotated[
        int, typer.Option(min=0, max=300, help="How many seconds the provider's clock may differ from this machine's.")
    ] = LEEWAY_SECONDS,
    oidc_client_id: Annotated[
        str | None,
        typer.Option(
            help="The client by which staff sign in at the provider, in a browser (authorization code flow with PKCE)."
        ),
    ] = None,
    oidc_client_secret_file: Annotated[
        Path | None,
        typer.Option(help="The file with that client's secret. Without it, the client is a public one."),
    ] = None,
    oidc_origin: Annotated[
        str | None,
        typer.Option(
            metavar="ORIGIN",
            help="The origin of the pages for staff as browsers see it. The provider leads people back to "
            "ORIGIN/staff/sign-in/callback.",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Read the rule files again whenever one is saved. For development.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="How many processes share the port. One for each core is a good number.")
    ] = 1,
    max_calls: Annotated[
        int,
        typer.Option(
            min=1, help="Calls at once in one process. Further calls are refused, and told when to try again."
        ),
    ] = 256,
    max_calls_per_caller: Annotated[
        int,
        typer.Option(
            min=1,
            help="Calls at once of one caller in one process. A caller is the subject of a token, or an address "
            "where no tokens are used.",
        ),
    ] = 128,
    max_rate_per_caller: Annotated[
        float, typer.Option(min=0, help="Calls a second of one caller in one process, on average. 0 means no bound.")
    ] = 0.0,
    burst_per_caller: Annotated[
        int, typer.Option(min=1, help="How many calls one caller may make at once before that rate holds.")
    ] = 100,
    max_streams: Annotated[
        int, typer.Option(min=1, help="Streams of estimates at once in one process, and as many calls that only watch.")
    ] = 256,
    max_streams_per_caller: Annotated[
        int, typer.Option(min=1, help="Streams of estimates at once of one caller, and as many calls that only watch.")
    ] = 64,
    stream_idle_seconds: Annotated[
        float, typer.Option(min=1, help="Seconds after which a stream ends that sends nothing or reads no answer.")
    ] = 300.0,
    connection_age_seconds: Annotated[
        int,
        typer.Option(min=60, help="Seconds after which a connection is asked to end. Five minutes later it is ended."),
    ] = 3600,
    max_message_mib: Annotated[int, typer.Option(min=1, max=256, help="The largest request, in MiB.")] = 16,
    estimate_cache_mib: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_536,
            help="The memory for answers in one process, in MiB. A question that was answered before is not "
            "priced again.",
        ),
    ] = CACHED_BYTES >> 20,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds that running calls have to end after SIGTERM.")
    ] = 20.0,
    reflection: Annotated[
        bool, typer.Option(help="Let clients ask which services and methods there are, without a token.")
    ] = True,
    config: ConfigFile = None,
) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain.

    An address that other machines reach needs --tls-certificate and --tls-key. SIGHUP reads rule files and tokens
    again: running calls end by the rules with which they began, and rules with an error change nothing. Once calls are
    taken, "listening on HOST:PORT" is printed, and "http on HOST:PORT" if HTTP is served. The log goes to standard
    error as lines of JSON. It holds no health data.
    """
