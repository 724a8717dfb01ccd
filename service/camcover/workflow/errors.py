"""What a use case can refuse; each class names the gRPC status that the service answers with.

CamcoverError
├── NoActiveRelease        FAILED_PRECONDITION
├── UnknownRelease         NOT_FOUND
├── UnknownPlan            NOT_FOUND
├── UnknownEstimate        NOT_FOUND
├── UnknownActivation      NOT_FOUND
├── RequestIdReused        ALREADY_EXISTS
├── EstimateNotKept        FAILED_PRECONDITION
├── RulesRefused           INVALID_ARGUMENT, each finding a field violation
├── BookRefused            INVALID_ARGUMENT
├── ReleaseUnusable        FAILED_PRECONDITION
├── NothingToReturnTo      FAILED_PRECONDITION
├── ActivationPast         FAILED_PRECONDITION
├── NotServed              FAILED_PRECONDITION
├── ActiveReleaseChanged   ABORTED
└── FourEyesNeeded         PERMISSION_DENIED

A request that cannot be priced is `engine.InvalidRequest` (INVALID_ARGUMENT, or NOT_FOUND for unknown plans and
therapies).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from camcover.portable import PortableError
from camcover.rulebook import meant


class CamcoverError(PortableError):
    """The root of all refusals."""


class NoActiveRelease(CamcoverError):
    """No rules are active yet."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("no release of the rules is active")


class NamedError(CamcoverError):
    """Something that was asked for by id does not exist; `nearest` are ids that do."""

    kind = "resource"

    def __init__(self, name: str, nearest: tuple[str, ...] = ()) -> None:
        """Name what is missing."""
        super().__init__(f"no {self.kind} {name!r}{meant(nearest)}")
        self.name = name
        self.nearest = nearest


class UnknownRelease(NamedError):
    """The release a request pins is not there."""

    kind = "release"


class UnknownPlan(NamedError):
    """There is no such payer plan."""

    kind = "plan"


class UnknownEstimate(NamedError):
    """There is no stored estimate of that name."""

    kind = "estimate"


class RequestIdReused(CamcoverError):
    """A request id came again with other content."""

    def __init__(self, request_id: str) -> None:
        """Name the id."""
        super().__init__(f"request_id {request_id!r} was used before with other content")
        self.request_id = request_id


class UnknownActivation(NamedError):
    """There is no decision of that number."""

    kind = "activation"


class EstimateNotKept(CamcoverError):
    """An estimate was kept as hashes only, or this version computes another."""


class Finding(NamedTuple):
    """One thing that is wrong with rule files: `file:line:column` and what."""

    place: str
    message: str


class RulesRefused(CamcoverError):
    """Rule files cannot be published: they have errors, or tests of theirs fail."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        """Keep everything that is wrong."""
        first, more = findings[0], len(findings) - 1
        super().__init__(f"{first.place}: {first.message}" + (f" (and {more} more)" if more else ""))
        self.findings = findings


class BookRefused(CamcoverError):
    """A book of business cannot be read, or none can be made; says why."""


class ReleaseUnusable(CamcoverError):
    """A stored release does not compile with this version."""

    def __init__(self, release: str, reason: str) -> None:
        """Name it, and say why."""
        super().__init__(f"release {release} cannot be used: {reason}")


class NothingToReturnTo(CamcoverError):
    """There is no release below the active one."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("no release was active before this one")


class NotServed(CamcoverError):
    """This service was started without what the call needs; says what."""


class ActivationPast(CamcoverError):
    """A decision cannot be called off, since it has taken effect or was called off before."""

    def __init__(self, number: int, what: str) -> None:
        """Say which, and what became of it."""
        super().__init__(f"activation {number} {what}")


class ActiveReleaseChanged(CamcoverError):
    """Another release is active than the caller believed."""

    def __init__(self, expected: str, found: str | None) -> None:
        """Say what is active."""
        super().__init__(f"expected {expected} to be active; found {found or 'none'}: look again, then decide")


class FourEyesNeeded(CamcoverError):
    """A release would be activated by the person who published it."""

    def __init__(self, release: str, author: str) -> None:
        """Say who may not."""
        super().__init__(f"{author} published {release}; somebody else has to activate it")


def moment(when: datetime) -> str:
    """A time of any zone as messages show it, in UTC to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
