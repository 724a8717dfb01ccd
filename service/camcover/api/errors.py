"""Refusals as gRPC statuses with machine-readable details of google.rpc.

What comes in: violations and the exceptions of `workflow` and `engine`. What goes out: `google.rpc.Status`: its code is
that of the kind of refusal, its details BadRequest, ResourceInfo or RetryInfo, and an ErrorInfo with the kind's name.
INTERNAL never carries more than an incident number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status

from camcover.api.bounding import bounded_status
from camcover.engine import InvalidRequest, Violation
from camcover.engine.asking.words import shown
from camcover.errors import CamcoverError
from camcover.refusals import DOMAIN, Refusal
from camcover.store import StoreUnavailable
from camcover.workflow.errors import (
    BookRefused,
    EstimateErased,
    NamedError,
    RequestIdReused,
    RulesRefused,
    UseCaseError,
)

__all__ = [
    "RETRY_AFTER_SECONDS",
    "Refused",
    "asked_in",
    "bad_request",
    "ending",
    "invalid",
    "issuer_away",
    "overloaded",
    "reason_of",
    "refuse",
    "refused",
    "status_of",
    "timed_out",
    "too_fast",
]

RETRY_AFTER_SECONDS = 1
"""After how long to try again what cannot be done now, where nothing else is said."""

_NOT_FOUND = "NOT_FOUND"

_INFO = ErrorInfo.DESCRIPTOR


class Refused(CamcoverError):
    """A call that ends with a status; raised inside `api` only."""

    def __init__(self, status: Status) -> None:
        """Keep the status to send."""
        super().__init__(status.message)
        self.status = status

    @property
    def reason(self) -> str:
        """The name of the kind of refusal."""
        return reason_of(self.status)


def reason_of(status: Status) -> str:
    """The name of the kind of refusal of a status; empty where it has none."""
    return next((ErrorInfo.FromString(each.value).reason for each in status.details if each.Is(_INFO)), "")


def refuse(status: Status) -> NoReturn:
    """Raise `Refused`."""
    raise Refused(status)


@contextmanager
def asked_in(field: str) -> Iterator[None]:
    """Adds the path of the field whose id does not exist."""
    try:
        yield
    except NamedError as error:
        error.field = field
        raise


def bad_request(violations: Sequence[Violation]) -> Status:
    """INVALID_ARGUMENT with every violation.

    NOT_FOUND when all that is wrong is things that do not exist, as plans and therapies.
    """
    kinds = {each.refusal for each in violations} - {Refusal.MORE_VIOLATIONS}
    kind = violations[0].refusal if len(kinds) == 1 else Refusal.INVALID_REQUEST
    is_missing = all(each.status == _NOT_FOUND for each in kinds)
    fields = BadRequest(field_violations=[_field(each.field, each.description, each.refusal) for each in violations])
    missing = [
        _resource(each.refusal, each.unknown, each.nearest) for each in violations if each.refusal.status == _NOT_FOUND
    ]
    # A rule about the message as a whole has no field.
    first = ": ".join(filter(None, (violations[0].field, violations[0].description)))
    status = refused(kind, first + _how_many_more(violations), [fields, *missing])
    status.code = Code.NOT_FOUND if is_missing else Code.INVALID_ARGUMENT
    return status


def invalid(*violations: Violation) -> Refused:
    """The exception for a request with violations, with the status of `bad_request`."""
    return Refused(bad_request(violations))


def _how_many_more(violations: Sequence[Violation]) -> str:
    """How many more violations there are; where they were no longer counted, that there are more."""
    is_given_up = violations[-1].refusal is Refusal.MORE_VIOLATIONS
    more = len(violations) - 1 - is_given_up
    return f" (and {'more than ' * is_given_up}{more} more)" if more else ""


def status_of(error: Exception) -> Status | None:
    """The status of a refusal; None for any other exception, which is a fault of ours."""
    match error:
        case Refused():
            return error.status
        case InvalidRequest():
            return bad_request(error.violations)
        case NamedError():
            kind, name = error.refusal, error.name
            found = f"{kind.thing} {shown(name)}"
            return bad_request([Violation(error.field, found, f"an existing {kind.thing}", kind, name, error.nearest)])
        case StoreUnavailable():
            return refused(Refusal.STORE_UNAVAILABLE, f"{error}; try again later", [_retry()])
        case RulesRefused():
            fields = [_field(each.place, each.message, error.refusal) for each in error.findings]
            return refused(error.refusal, str(error), [BadRequest(field_violations=fields)])
        case BookRefused():
            return refused(error.refusal, f"{error.field}: {error}", _details(error))
        case UseCaseError():
            return refused(error.refusal, str(error), _details(error))
    return None


def _details(error: UseCaseError) -> Iterator[Message]:
    """The field at fault, if any; the estimate that was erased, or the request whose id was used before."""
    if error.field:
        yield BadRequest(field_violations=[_field(error.field, str(error), error.refusal)])
    if isinstance(error, EstimateErased):
        yield ResourceInfo(resource_type="estimate", resource_name=error.name, description=str(error))
    if isinstance(error, RequestIdReused):
        yield ResourceInfo(resource_type="request", resource_name=error.request_id, description=str(error))


def overloaded(retry_after_seconds: int, what: str = "too many calls at once") -> Status:
    """RESOURCE_EXHAUSTED with the time to wait before a retry; `what` names the bound."""
    return refused(Refusal.OVERLOADED, f"{what}; try again later", [_retry(retry_after_seconds)])


def too_fast(retry_after_seconds: float, said: str) -> Status:
    """RESOURCE_EXHAUSTED by the rate of a caller, with the time to wait before a retry."""
    return refused(Refusal.RATE_EXCEEDED, f"{said}; try again later", [_retry(retry_after_seconds)])


def ending() -> Status:
    """UNAVAILABLE: this server drains, and takes nothing new."""
    return refused(Refusal.SERVER_ENDING, "this server is shutting down; try again on a new connection", [_retry()])


def issuer_away() -> Status:
    """UNAVAILABLE: the keys that could judge the call's token cannot be had now."""
    return refused(Refusal.ISSUER_UNAVAILABLE, "the identity provider cannot be reached; try again later", [_retry()])


def timed_out(what: str) -> Status:
    """DEADLINE_EXCEEDED by a limit of the server's own, which the message names."""
    return refused(Refusal.TIMED_OUT, what)


def internal(incident: str) -> Status:
    """INTERNAL: only the incident number under which the fault is logged leaves the service."""
    said = f"internal error; incident {incident}"
    return refused(Refusal.INTERNAL_FAULT, said, metadata={"incident": incident})


def refused(
    kind: Refusal, message: str, details: Iterable[Message] = (), metadata: Mapping[str, str] | None = None
) -> Status:
    """The status of a kind of refusal: its details, as many as trailers can carry, its ErrorInfo among them.

    `metadata` is the ErrorInfo's.
    """
    info = ErrorInfo(reason=kind.name, domain=DOMAIN, metadata=metadata)
    return bounded_status(Code.Value(kind.status), message, [*details, info])


def _retry(seconds: float = RETRY_AFTER_SECONDS) -> RetryInfo:
    """The time to wait, to the millisecond above."""
    return RetryInfo(retry_delay=timedelta(milliseconds=math.ceil(seconds * 1000)))


def _field(path: str, description: str, kind: Refusal) -> BadRequest.FieldViolation:
    return BadRequest.FieldViolation(field=path, description=description, reason=kind.name)


def _resource(kind: Refusal, name: str, nearest: Iterable[str]) -> ResourceInfo:
    """The thing that does not exist, and similar ids."""
    words = " or ".join(nearest)
    said = f"did you mean {words}?" if words else ""
    return ResourceInfo(resource_type=kind.thing, resource_name=name, description=said)
