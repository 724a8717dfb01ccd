"""`camcover serve`: the gRPC service over rule files or over the releases of a database, in one process or several."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from camcover.api.credentials import SigningAlgorithm
from camcover.api.orphans import end_with_parent
from camcover.api.server import Settings
from camcover.api.telemetry import check_telemetry
from camcover.cli.logs import configure_logs
from camcover.cli.options import listed_in
from camcover.cli.price_files import opened_prices
from camcover.cli.running import OFF, HttpOptions, ServerOptions, guards, run_server
from camcover.cli.securing import certificate_files, check_plain_text, oidc_settings, plain_ports, sign_in_client
from camcover.cli.workers import Supervisor
from camcover.extras import ExtraMissing, how_to_install, is_installed
from camcover.store import Keeping
from camcover.store.database import IN_MEMORY

_LAST_PORT = 65_535

_PHONE = re.compile(r"[0-9+() -]{3,30}")

_GRACE_SECONDS = 5.0
"""How much longer than its drain a worker may take to end once its supervisor is gone."""


def prepared(
    rules: list[Path] | None,
    listen: str,
    http: str,
    http_origins: str,
    http_plain: bool,
    pages: bool | None,
    staff_pages: bool,
    impact_book: Path | None,
    page_frames: str,
    help_phone: str,
    page_saves: int,
    database_url: str,
    keep: Keeping,
    prices: Path | None,
    tokens: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    insecure: bool,
    oidc_issuer: str | None,
    oidc_audience: str | None,
    oidc_scope: list[str] | None,
    oidc_algorithm: list[SigningAlgorithm] | None,
    oidc_subject_claim: str,
    oidc_payers_claim: str | None,
    oidc_leeway_seconds: int,
    oidc_client_id: str | None,
    oidc_client_secret_file: Path | None,
    oidc_origin: str | None,
    watch: bool,
    workers: int,
    max_calls: int,
    max_calls_per_caller: int,
    max_rate_per_caller: float,
    burst_per_caller: int,
    max_streams: int,
    max_streams_per_caller: int,
    stream_idle_seconds: float,
    connection_age_seconds: int,
    max_message_mib: int,
    estimate_cache_mib: int,
    drain_seconds: float,
    reflection: bool,
    config: Path | None,  # noqa: ARG001 - the others have come from it
) -> tuple[ServerOptions, int]:
    """How to serve by these settings, and in how many processes. Nothing is opened.

    Raises typer.BadParameter for settings that do not go together, `ExtraMissing`.
    """
    check_address("--listen", listen)
    # Pages ask for no token. A service that asks for tokens serves them only if --pages says so.
    has_pages = pages if pages is not None else bool(http) and tokens is None and oidc_issuer is None
    served = _http_options(
        http, http_origins, page_frames, help_phone, pages=has_pages, staff_pages=staff_pages, page_saves=page_saves
    )
    if impact_book is not None:
        if served is None or not staff_pages:
            raise typer.BadParameter("--impact-book needs --http with pages for staff")
        served = replace(served, impact_book=impact_book.resolve())
    if page_saves and (not has_pages or database_url == OFF or keep is not Keeping.FULL):
        raise typer.BadParameter("--page-saves needs --http with pages, a --database-url, and --keep full")
    if not rules and database_url in (OFF, IN_MEMORY):
        raise typer.BadParameter("give --rules, or a --database-url whose active release is served")
    if watch and (not rules or workers > 1):
        raise typer.BadParameter("--watch needs --rules and one worker")
    if workers > 1 and database_url == IN_MEMORY:
        raise typer.BadParameter("several workers cannot share a database in memory; use a file or PostgreSQL")
    certificates = certificate_files(tls_certificate, tls_key, tls_client_ca)
    plain = plain_ports(listen, http, encrypts=certificates is not None, http_plain=http_plain)
    check_plain_text(plain, is_insecure=insecure)
    oidc = oidc_settings(
        oidc_issuer,
        oidc_audience,
        oidc_scope,
        algorithms=oidc_algorithm,
        subject_claim=oidc_subject_claim,
        payers_claim=oidc_payers_claim,
        leeway_seconds=oidc_leeway_seconds,
        sign_in=sign_in_client(oidc_client_id, oidc_client_secret_file, oidc_origin),
    )
    served = served and replace(served, is_plain="--http" in plain)
    check_telemetry()
    settings = Settings(
        listen,
        max_message_mib << 20,
        max_calls,
        max_calls_per_caller,
        max_streams,
        max_streams_per_caller,
        stream_idle_seconds,
        connection_age_seconds,
        drain_seconds,
        shares_port=workers > 1,
        cached_estimate_bytes=estimate_cache_mib << 20,
        maximum_rate_of_caller=max_rate_per_caller,
        burst_of_caller=burst_per_caller,
        reflects=reflection,
    )
    return ServerOptions(
        tuple(rules or ()),
        database_url,
        keep,
        tokens,
        settings,
        certificates=certificates,
        oidc=oidc,
        watches=watch,
        http=served,
        prices=prices,
    ), workers


def _takes_settings(work: Callable[..., None]) -> Callable[..., None]:
    """Let the work of a command have the parameters of `prepared`."""
    given = wraps(prepared)(work)
    given.__doc__, given.__annotations__ = work.__doc__, prepared.__annotations__ | {"return": "None"}
    return given


@_takes_settings
def serve(**settings: Any) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain."""
    options, workers = prepared(**settings)
    writer = configure_logs()
    try:
        if workers > 1:
            # Each worker would find the same wrong, again and again.
            guards(options)
            _check_prices(options)
            raise typer.Exit(Supervisor(options, workers, announce).run(_work))
        raise typer.Exit(run_server(options, announce))
    finally:
        writer.close()


@_takes_settings
def check(**settings: Any) -> None:
    """Say what would keep a service with these settings from starting.

    Reads the files of callers, certificates and prices.
    """
    options, _ = prepared(**settings)
    guards(options)
    _check_prices(options)
    typer.echo("settings can be used")


def _check_prices(options: ServerOptions) -> None:
    """End the program with status 2 where the file of prices is none."""
    if options.prices is not None:
        opened_prices(options.prices).close()


def _http_options(
    http: str, http_origins: str, page_frames: str, help_phone: str, *, pages: bool, staff_pages: bool, page_saves: int
) -> HttpOptions | None:
    """What is served over HTTP, None where nothing is. Raises typer.BadParameter, `ExtraMissing`."""
    if not http:
        for option, given in (
            ("--http-origins", http_origins),
            ("--pages", pages),
            ("--page-frames", page_frames),
            ("--help-phone", help_phone),
        ):
            if given:
                raise typer.BadParameter(f"{option} needs --http")
        return None
    check_address("--http", http)
    if not is_installed("http"):
        raise ExtraMissing(f"--http is given, and {how_to_install('http')}")
    if help_phone and not _PHONE.fullmatch(help_phone):
        raise typer.BadParameter(f"--help-phone {help_phone}: expected digits, spaces and + - ( )")
    origins, frames = _origins("--http-origins", http_origins), _origins("--page-frames", page_frames)
    return HttpOptions(
        http, origins, pages=pages, staff_pages=staff_pages, frames=frames, help_phone=help_phone, page_saves=page_saves
    )


def _work(options: ServerOptions, on_ready: Callable[[], object]) -> int:
    """What each worker process does; gives its exit status."""
    writer = configure_logs()
    end_with_parent(options.settings.drain_seconds + _GRACE_SECONDS)
    try:
        return run_server(options, lambda *_: on_ready())
    finally:
        _remove_what_a_killed_supervisor_left(options.folder)
        writer.close()


def _remove_what_a_killed_supervisor_left(folder: Path | None) -> None:
    """Remove the workers' folder once the supervisor, which does so when it ends in order, is gone.

    Another worker that still drains keeps the rules that it has mapped.
    """
    supervisor = multiprocessing.parent_process()
    if folder is not None and supervisor is not None and not supervisor.is_alive():
        shutil.rmtree(folder, ignore_errors=True)


def _origins(option: str, text: str) -> tuple[str, ...]:
    """The origins of a list with commas. Raises typer.BadParameter."""
    from camcover.http.origins import is_origin  # noqa: PLC0415 - it imports Starlette, which only an extra brings

    found = listed_in(text)
    for each in found:
        if not is_origin(each):
            said = "expected an origin as browsers write it, such as https://portal.example"
            raise typer.BadParameter(f"{option} {each}: {said}")
    return found


def check_address(option: str, address: str) -> None:
    """Refuse what is no HOST:PORT. Raises typer.BadParameter."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise typer.BadParameter(f"{option} {address}: expected HOST:PORT with a port from 0 to {_LAST_PORT}")


def announce(address: str, http: str = "") -> None:
    """Say on standard output that calls are taken, and where over HTTP, if anywhere."""
    typer.echo(f"listening on {address}")
    if http:
        typer.echo(f"http on {http}")
    sys.stdout.flush()
