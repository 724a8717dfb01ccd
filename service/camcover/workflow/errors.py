"""What a use case can refuse; each class names the gRPC status that the service answers with.

CamcoverError
├── NoActiveRelease        FAILED_PRECONDITION
├── UnknownRelease         NOT_FOUND
├── UnknownPlan            NOT_FOUND
├── UnknownEstimate        NOT_FOUND
└── RequestIdReused        ALREADY_EXISTS

A request that cannot be priced is `engine.InvalidRequest` (INVALID_ARGUMENT, or NOT_FOUND for unknown plans and
therapies).
"""

from __future__ import annotations


class CamcoverError(Exception):
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
        hint = f"; did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
        super().__init__(f"no {self.kind} {name!r}{hint}")
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
