"""An estimate of a running service."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import grpc
import typer
from grpc_status import rpc_status

from camcover.cli.answers import complain
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub

__all__ = ["ask", "channel_to"]

_CALL_SECONDS = 30
"""How long `--server` waits for an answer."""


def channel_to(
    server: str, ca: Path | None, certificate: Path | None, key: Path | None, *, is_encrypted: bool
) -> grpc.Channel:
    """A channel to HOST:PORT: over TLS where `is_encrypted` or one of the PEM files is given.

    `ca` signs the service's certificate, in place of the public ones. Ends the program with status 2 when a file cannot
    be read.
    """
    if (certificate is None) != (key is None):
        raise typer.BadParameter("give both --tls-certificate and --tls-key, or neither")
    if not is_encrypted and ca is None and certificate is None:
        return grpc.insecure_channel(server)
    return grpc.secure_channel(server, grpc.ssl_channel_credentials(*map(_content, (ca, key, certificate))))


def _content(file: Path | None) -> bytes | None:
    """The bytes of a file, where there is one. Ends the program with status 2 when it cannot be read."""
    try:
        return None if file is None else file.read_bytes()
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def ask(
    server: str, channel: grpc.Channel, message: request_pb2.EstimatePlanRequest, token: str = ""
) -> estimate_pb2.Estimate:
    """The answer of a running service. Ends the program with status 1 when there is none, 2 when it refuses."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    try:
        call = EstimateServiceStub(channel).EstimatePlan
        answer: estimate_pb2.Estimate = call(message, timeout=_CALL_SECONDS, metadata=metadata)
    except grpc.RpcError as error:
        # A failed call raises itself; the stubs' type does not say so.
        status = rpc_status.from_call(cast("grpc.Call", error))
        if status is None:
            typer.echo(f"{server}: {error.code().name}: {error.details()}", err=True)
            raise typer.Exit(1) from error
        complain(status)
        raise typer.Exit(2) from error
    return answer
