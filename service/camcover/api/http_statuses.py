"""The status of HTTP for each status of gRPC, as the Connect protocol has it."""

from __future__ import annotations

from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

__all__ = ["http_status_of"]

_STATUSES = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}


def http_status_of(status: Status) -> int:
    """The status of HTTP for a status of gRPC."""
    found: int = _STATUSES.get(status.code, 500)
    return found
