"""A thin client of Camcover: estimates, the catalog and the rules, over gRPC, with errors as exceptions of a type.

The messages of the contract are in `camcover_client.messages`. The clients add deadlines, retries, a request id for
each estimate, bounds of messages, and the token.
"""

from camcover_client.clients import AsyncClient, Client, Settings
from camcover_client.errors import (
    Aborted,
    AlreadyExists,
    CamcoverError,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    Missing,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Violation,
    error_of,
)
from camcover_client.reasons import Reason

__all__ = [
    "Aborted",
    "AlreadyExists",
    "AsyncClient",
    "CamcoverError",
    "Client",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "Missing",
    "NotFound",
    "PermissionDenied",
    "Reason",
    "ResourceExhausted",
    "Settings",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "error_of",
]
