"""What tests ask of a server beyond its services: health, and the status of a call that was refused.

The types of these two libraries name neither the methods of the stub nor the error of an asynchronous call.
"""

from __future__ import annotations

from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_status import rpc_status


def health_stub(channel: grpc.aio.Channel) -> Any:
    """The stub of `grpc.health.v1.Health`."""
    return health_pb2_grpc.HealthStub(channel)


def status_of(error: Any) -> Any:
    """The `google.rpc.Status` of a refused call; None where it has none."""
    return rpc_status.from_call(error)
