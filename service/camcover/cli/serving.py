"""`camcover serve`: the gRPC service over rule files or over the releases of a database, in one process or several."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from camcover.api.answering import CACHED_BYTES
from camcover.api.orphans import end_with_parent
from camcover.api.server import Settings
from camcover.api.telemetry import check_telemetry
from camcover.cli.logs import configure_logs
from camcover.cli.running import OFF, Options, run_server
from camcover.cli.sources import DEFAULT_DATABASE
from camcover.cli.workers import Supervisor
from camcover.store import Keeping
from camcover.store.database import IN_MEMORY

_LAST_PORT = 65_535

_GRACE_SECONDS = 5.0
"""How much longer than its drain a worker may take to end once its supervisor is gone."""


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
    database_url: Annotated[
        str,
        typer.Option(
            envvar="CAMCOVER_DATABASE_URL",
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
            help="A file of bearer tokens with their roles (`camcover token`); without it rules cannot be changed.",
        ),
    ] = None,
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
) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain.

    SIGHUP reads rule files and tokens anew: calls in flight end on the rules they began with, and rules with an error
    change nothing. Prints "listening on HOST:PORT" once calls are taken; logs JSON lines to standard error, without
    health data.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise typer.BadParameter(f"--listen {listen}: expected HOST:PORT with a port from 0 to {_LAST_PORT}")
    if not rules and database_url in (OFF, IN_MEMORY):
        raise typer.BadParameter("without --rules a database is needed, to take the active release from")
    if watch and (not rules or workers > 1):
        raise typer.BadParameter("--watch goes with --rules and one worker")
    if workers > 1 and database_url == IN_MEMORY:
        raise typer.BadParameter("several workers cannot share a database in memory")
    check_telemetry()
    writer = configure_logs()
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
    )
    options = Options(tuple(rules or ()), database_url, keep, tokens, settings, watches=watch)
    try:
        if workers > 1:
            raise typer.Exit(Supervisor(options, workers, announce).run(_work))
        raise typer.Exit(run_server(options, announce))
    finally:
        writer.close()


def _work(options: Options, on_ready: Callable[[], object]) -> int:
    """What each worker process does; gives its exit status."""
    writer = configure_logs()
    end_with_parent(options.settings.drain_seconds + _GRACE_SECONDS)
    try:
        return run_server(options, lambda _: on_ready())
    finally:
        writer.close()


def announce(address: str) -> None:
    """Say on standard output that calls are taken."""
    typer.echo(f"listening on {address}")
    sys.stdout.flush()
