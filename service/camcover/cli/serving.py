"""`camcover serve`: the gRPC service over a folder of rules."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from camcover.api.server import Server, Settings
from camcover.cli.rules import compiled_rules
from camcover.engine import Tables
from camcover.store import EstimateStore, open_store
from camcover.workflow.rules_in_force import RulesInForce


def serve(
    rules: Annotated[
        list[Path], typer.Option("--rules", exists=True, help="A rule file or folder; may be given several times.")
    ],
    listen: Annotated[
        str, typer.Option(help="HOST:PORT to listen on; port 0 takes a free one and prints it.")
    ] = "127.0.0.1:50051",
    database: Annotated[
        str, typer.Option(help="Where estimates are kept, as a database URL; sqlite:// is memory, off keeps none.")
    ] = "sqlite:///camcover.sqlite",
    max_calls: Annotated[
        int, typer.Option(min=1, help="Calls at once; more are refused with the time to try again.")
    ] = 256,
    max_message_mib: Annotated[int, typer.Option(min=1, max=256, help="The largest request, MiB.")] = 16,
    drain_seconds: Annotated[
        float, typer.Option(min=0, help="How long calls in flight may take to end on SIGTERM.")
    ] = 20.0,
) -> None:
    """Serve estimates over gRPC until SIGTERM or SIGINT, then drain.

    Prints "listening on HOST:PORT" once calls are taken; logs JSON lines to standard error, without health data.
    """
    configure_logs()
    settings = Settings(listen, max_message_mib << 20, max_calls, drain_seconds)
    tables = compiled_rules(rules)
    try:
        store = open_store(database)
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        typer.echo(f"cannot open the database {database}: {reason}", err=True)
        raise typer.Exit(1) from error
    try:
        asyncio.run(_serve(tables, store, settings))
    finally:
        store.close()


async def _serve(tables: Tables, store: EstimateStore, settings: Settings) -> None:
    """Start, announce the address, and wait for the end."""
    server = Server(RulesInForce(tables), store, settings)
    try:
        port = await server.start()
    except RuntimeError as error:
        said = f"cannot listen on {settings.listen}: is it taken, or not an address of this machine?"
        typer.echo(said, err=True)
        raise typer.Exit(1) from error
    typer.echo(f"listening on {settings.listen.rpartition(':')[0]}:{port}")
    sys.stdout.flush()
    await server.wait()


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
