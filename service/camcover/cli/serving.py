"""`camcover serve`: the gRPC service over rules, in one process or several on one port."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.api.server import Server, Settings
from camcover.cli.reloading import Reloader
from camcover.cli.rules import compiled_rules
from camcover.cli.workers import Supervisor, cannot_listen
from camcover.engine import Tables
from camcover.store import EstimateStore, open_store
from camcover.workflow.rules_in_force import RulesInForce

_LAST_PORT = 65_535


def serve(
    rules: Annotated[
        list[Path],
        typer.Option(
            "--rules",
            exists=True,
            help="A rule file or folder, several times if need be; or one file that `rules compile` wrote.",
        ),
    ],
    listen: Annotated[
        str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one and prints it.")
    ] = "127.0.0.1:50051",
    database: Annotated[
        str, typer.Option(help="Where estimates are kept, as a database URL; sqlite:// is memory, off keeps none.")
    ] = "sqlite:///camcover.sqlite",
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes that share the port; one for each core is a good number.")
    ] = 1,
    max_calls: Annotated[
        int, typer.Option(min=1, help="Calls at once in a process; more are refused with the time to try again.")
    ] = 256,
    max_message_mib: Annotated[int, typer.Option(min=1, max=256, help="The largest request, MiB.")] = 16,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="How long calls in flight may take to end on SIGTERM.")
    ] = 20.0,
) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain.

    SIGHUP reads the rules anew: calls in flight end on the rules they began with, and rules with an error change
    nothing. Prints "listening on HOST:PORT" once calls are taken; logs JSON lines to standard error, without health
    data.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _LAST_PORT:
        raise typer.BadParameter(f"--listen {listen}: expected HOST:PORT with a port from 0 to {_LAST_PORT}")
    configure_logs()
    settings = Settings(listen, max_message_mib << 20, max_calls, drain_seconds, shares_port=workers > 1)
    if workers > 1:
        if database == "sqlite://":
            raise typer.BadParameter("several workers cannot share a database in memory")
        tables = compiled_rules(rules)
        raise typer.Exit(Supervisor(rules, settings, workers, announce).run(tables, database, _work))
    raise typer.Exit(run_server(compiled_rules(rules), rules, database, settings))


def _work(rules: Path, database: str, settings: Settings, on_ready: Callable[[], object]) -> int:
    """What each worker process does; gives its exit status."""
    configure_logs()
    return run_server(compiled_rules([rules]), [rules], database, settings, lambda _: on_ready())


def announce(address: str) -> None:
    """Say on standard output that calls are taken."""
    typer.echo(f"listening on {address}")
    sys.stdout.flush()


def run_server(
    tables: Tables, rules: list[Path], database: str, settings: Settings, on_ready: Callable[[str], object] = announce
) -> int:
    """Serve `tables`, reading `rules` anew on SIGHUP; `on_ready` gets the address. Gives the exit status."""
    try:
        store = open_store(database)
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        typer.echo(f"cannot open the database {database}: {reason}", err=True)
        return 1
    try:
        return asyncio.run(_serve(RulesInForce(tables), Reloader(rules), store, settings, on_ready))
    finally:
        store.close()


async def _serve(
    rules: RulesInForce,
    reloader: Reloader,
    store: EstimateStore,
    settings: Settings,
    on_ready: Callable[[str], object],
) -> int:
    """Start, announce the address, and wait for the end."""
    server = Server(rules, store, settings)
    try:
        port = await server.start()
    except RuntimeError:
        typer.echo(cannot_listen(settings.listen), err=True)
        return 1
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reloader.ask, rules)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    on_ready(f"{settings.listen.rpartition(':')[0]}:{port}")
    await server.wait()
    await reloader.stop()
    return 0


def configure_logs() -> None:
    """JSON lines on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
