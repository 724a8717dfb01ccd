"""Refusals as gRPC statuses with machine-readable details (google.rpc: BadRequest, ResourceInfo, RetryInfo).

What comes in: violations and the exceptions of `workflow` and `engine`. What goes out: `google.rpc.Status`. INTERNAL
never carries more than an incident number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status

from camcover.api.bounding import bounded_status
from camcover.engine import InvalidRequest, Violation
from camcover.portable import PortableError
from camcover.store import StoreUnavailable
from camcover.workflow.errors import (
    ActiveReleaseChanged,
    BookRefused,
    CamcoverError,
    FourEyesNeeded,
    NamedError,
    RequestIdReused,
    RulesRefused,
)

__all__ = [
    "DETAILS_KEY",
    "Refused",
    "bad_request",
    "ending",
    "overloaded",
    "refuse",
    "status_code",
    "status_of",
    "timed_out",
]

DETAILS_KEY = "grpc-status-details-bin"
"""The trailing metadata in which clients look for the whole Status."""

RETRY_AFTER_SECONDS = 1
"""When to try again where the database cannot be used now."""

_CODES: dict[type[CamcoverError], int] = {
    ActiveReleaseChanged: Code.ABORTED,
    FourEyesNeeded: Code.PERMISSION_DENIED,
}
"""The statuses of refusals that have no details; of all others it is FAILED_PRECONDITION."""

_NOT_FOUND_KINDS = {"plan", "therapy"}
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Refused(PortableError):
    """A call that ends with a status; raised inside `api` only."""

    def __init__(self, status: Status) -> None:
        """Keep the status to send."""
        super().__init__(status.message)
        self.status = status


def refuse(status: Status) -> NoReturn:
    """Raise `Refused`."""
    raise Refused(status)


def status_code(status: Status) -> grpc.StatusCode:
    """The status's code as gRPC's enumeration."""
    return _STATUS_CODES[status.code]


def bad_request(violations: Sequence[Violation]) -> Status:
    """INVALID_ARGUMENT with every violation.

    NOT_FOUND when all that is wrong is plans and therapies that do not exist.
    """
    is_missing = all(violation.kind in _NOT_FOUND_KINDS for violation in violations)
    fields = BadRequest(
        field_violations=[
            BadRequest.FieldViolation(field=each.field, description=each.description) for each in violations
        ]
    )
    missing = [
        ResourceInfo(resource_type=each.kind, resource_name=each.unknown, description=_meant(each.nearest))
        for each in violations
        if each.kind in _NOT_FOUND_KINDS
    ]
    # A rule about the message as a whole has no field.
    first = ": ".join(filter(None, violations[0][:2]))
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return _status(Code.NOT_FOUND if is_missing else Code.INVALID_ARGUMENT, first + more, [fields, *missing])


def status_of(error: Exception) -> Status | None:
    """The status of a refusal; None for an exception that is none, that is, for a fault of ours."""
    match error:
        case Refused():
            return error.status
        case InvalidRequest():
            return bad_request(error.violations)
        case NamedError():
            info = ResourceInfo(resource_type=error.kind, resource_name=error.name, description=_meant(error.nearest))
            return _status(Code.NOT_FOUND, str(error), [info])
        case StoreUnavailable():
            retry = RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_SECONDS))
            return _status(Code.UNAVAILABLE, f"{error}: try again later", [retry])
        case RequestIdReused():
            info = ResourceInfo(resource_type="request", resource_name=error.request_id, description=str(error))
            return _status(Code.ALREADY_EXISTS, str(error), [info])
        case RulesRefused():
            fields = [BadRequest.FieldViolation(field=each.place, description=each.message) for each in error.findings]
            return _status(Code.INVALID_ARGUMENT, str(error), [BadRequest(field_violations=fields)])
        case BookRefused():
            return bad_request([Violation("book", str(error))])
        case CamcoverError():
            return _status(_CODES.get(type(error), Code.FAILED_PRECONDITION), str(error))
    return None


def overloaded(retry_after_seconds: int, what: str = "too many calls at once") -> Status:
    """RESOURCE_EXHAUSTED with the time after which to try again; `what` there is too much of."""
    retry = RetryInfo(retry_delay=Duration(seconds=retry_after_seconds))
    return _status(Code.RESOURCE_EXHAUSTED, f"{what}; try again later", [retry])


def ending(retry_after_seconds: int) -> Status:
    """UNAVAILABLE: this server drains, and takes nothing new."""
    retry = RetryInfo(retry_delay=Duration(seconds=retry_after_seconds))
    return _status(Code.UNAVAILABLE, "this server is ending; try again, on a new connection", [retry])


def timed_out(what: str) -> Status:
    """DEADLINE_EXCEEDED: the server's own patience has ended; says with what."""
    return _status(Code.DEADLINE_EXCEEDED, what)


def internal(incident: str) -> Status:
    """INTERNAL: nothing of the fault leaves the service but the number under which it is logged."""
    return _status(Code.INTERNAL, f"internal error; incident {incident}")


def _meant(nearest: Iterable[str]) -> str:
    """The ids that were perhaps meant."""
    words = list(nearest)
    return f"did you mean {' or '.join(words)}?" if words else ""


def _status(code: int, message: str, details: Sequence[Message] = ()) -> Status:
    """A status with its details packed, as many as trailers can carry."""
    return bounded_status(code, message, details)
