"""Refusals of the service as exceptions: a class for each status, with the reason, the violations, the time to wait.

What comes in: an error of gRPC, or a `google.rpc.Status` inside an answer. What goes out: a `CamcoverError`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import grpc
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status

__all__ = [
    "Aborted",
    "AlreadyExists",
    "CamcoverError",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "Missing",
    "NotFound",
    "PermissionDenied",
    "ResourceExhausted",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "error_of",
    "raised_by",
]

_DETAILS = "grpc-status-details-bin"
_DOMAIN = "camcover"


class Violation(NamedTuple):
    """One field that is wrong: its path (`items[2].tier`), what was found and expected, the reason.

    A violation without a field is about the request as a whole.
    """

    field: str
    description: str
    reason: str


class Missing(NamedTuple):
    """Something that does not exist: its kind (`plan`), its id, and what was perhaps meant, in words."""

    kind: str
    name: str
    suggestion: str


class CamcoverError(Exception):
    """A call that failed.

    `code`: its status, by the name of gRPC. `reason`: the name of the kind of refusal (`Reason`); empty where the
    service did not answer. `retry_after`: seconds to wait before another try; None: the service does not say.
    `incident`: the number under which the service logged a fault of its own.
    """

    def __init__(self, code: str, message: str, details: tuple[Any, ...] = ()) -> None:
        """Take the status of a call, and the details that are known here."""
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message = code, message
        self.reason = self.incident = ""
        self.violations: tuple[Violation, ...] = ()
        self.missing: tuple[Missing, ...] = ()
        self.retry_after: float | None = None
        for each in details:
            self._take(each)

    def _take(self, detail: Any) -> None:
        """Read a detail; one of another kind is passed over."""
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo.FromString(detail.value)
            if info.domain == _DOMAIN:
                self.reason, self.incident = info.reason, info.metadata.get("incident", "")
        elif detail.Is(BadRequest.DESCRIPTOR):
            fields = BadRequest.FromString(detail.value).field_violations
            self.violations += tuple(Violation(each.field, each.description, each.reason) for each in fields)
        elif detail.Is(ResourceInfo.DESCRIPTOR):
            found = ResourceInfo.FromString(detail.value)
            self.missing += (Missing(found.resource_type, found.resource_name, found.description),)
        elif detail.Is(RetryInfo.DESCRIPTOR):
            delay = RetryInfo.FromString(detail.value).retry_delay
            self.retry_after = delay.seconds + delay.nanos / 1e9


class InvalidArgument(CamcoverError):
    """The request is wrong; `violations` names each field."""


class NotFound(CamcoverError):
    """Something that the request names does not exist; `missing` names it."""


class AlreadyExists(CamcoverError):
    """The request id was used before, with other content."""


class FailedPrecondition(CamcoverError):
    """The service cannot answer this now, and another try does not help; `reason` says why."""


class Aborted(CamcoverError):
    """Something changed meanwhile: look again, then decide."""


class Unauthenticated(CamcoverError):
    """The service does not know the caller, or the token has expired."""


class PermissionDenied(CamcoverError):
    """The caller may not do this."""


class ResourceExhausted(CamcoverError):
    """Too many calls, or too large a message; `retry_after` says when to try again."""


class Unavailable(CamcoverError):
    """The service cannot be reached, is ending, or its database is away; tries were made already."""


class DeadlineExceeded(CamcoverError):
    """The answer took too long."""


class Unimplemented(CamcoverError):
    """The service has no such method: it is older than this client."""


class Internal(CamcoverError):
    """A fault of the service; `incident` is its number in the log."""


_CLASSES: dict[str, type[CamcoverError]] = {
    "INVALID_ARGUMENT": InvalidArgument,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "FAILED_PRECONDITION": FailedPrecondition,
    "ABORTED": Aborted,
    "UNAUTHENTICATED": Unauthenticated,
    "PERMISSION_DENIED": PermissionDenied,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "UNIMPLEMENTED": Unimplemented,
    "INTERNAL": Internal,
}


def error_of(status: Status) -> CamcoverError:
    """The error of one request of a batch, a stream or a comparison, which failed while others did not."""
    code = Code.Name(status.code)
    return _CLASSES.get(code, CamcoverError)(code, status.message, tuple(status.details))


def raised_by(error: grpc.RpcError) -> CamcoverError:
    """The error of a call that failed."""
    failed: Any = error  # what is raised is a call, too, which its type does not say
    for key, value in failed.trailing_metadata() or ():
        if key == _DETAILS:
            return error_of(Status.FromString(value))
    code = failed.code().name
    return _CLASSES.get(code, CamcoverError)(code, failed.details() or "")
