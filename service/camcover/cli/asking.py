"""An estimate of a running service."""

from __future__ import annotations

from typing import cast

import grpc
import typer
from grpc_status import rpc_status

from camcover.cli.answers import complain
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.gen.camcover.v1.estimate_service_pb2_grpc import EstimateServiceStub

__all__ = ["ask"]

_CALL_SECONDS = 30
"""How long `--server` waits for an answer."""


def ask(server: str, message: request_pb2.EstimatePlanRequest, token: str = "") -> estimate_pb2.Estimate:
    """The answer of a running service. Ends the program with status 1 when there is none, 2 when it refuses."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    with grpc.insecure_channel(server) as channel:
        try:
            call = EstimateServiceStub(channel).EstimatePlan
            answer: estimate_pb2.Estimate = call(message, timeout=_CALL_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            # What a call raises is the call itself, which the stubs' type does not say.
            status = rpc_status.from_call(cast("grpc.Call", error))
            if status is None:
                typer.echo(f"{server}: {error.code().name}: {error.details()}", err=True)
                raise typer.Exit(1) from error
            complain(status)
            raise typer.Exit(2) from error
    return answer
