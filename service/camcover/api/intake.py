"""Parsing a call's message: its size and its number of entries are bounded before it is parsed.

What comes in: the bytes of one message, whoever sent them. What goes out: the message, or a refusal with what was found
and what was expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from camcover.api.errors import Refused, invalid
from camcover.api.outline import Malformed, outline_of
from camcover.engine import Violation
from camcover.refusals import Refusal

__all__ = ["SMALL_BYTES", "Intake", "Reader", "intakes_of", "unreadable"]

SMALL_BYTES = 8 << 10
"""A message up to this size is read, validated and priced where it arrives; a larger one in a thread."""

ESTIMATE_BYTES = 4 << 20
"""One request for an estimate: with every list at its bound, and words of 20 letters, it has 2 MiB."""

QUESTION_BYTES = 64 << 10
"""A request that holds no lists."""

_UNCOUNTED_BYTES = 1 << 10
"""So few bytes hold no more records than one list may have."""

_ESTIMATES = {
    "EstimatePlan",
    "StreamEstimates",
    "ComparePlans",
    "OptimizePlan",
    "CheckCoverage",
    "ReadEligibility",
    "ExplainGoodFaithEstimate",
}
_WHOLE = {
    "BatchEstimatePlans",
    "ValidateRules",
    "PublishRelease",
    "DiffReleases",
    "AnalyzeImpact",
    "CreateDraft",
    "SaveDraft",
    "CheckDraft",
}


class Reader(Protocol):
    """Reads the messages of one method."""

    def message(self, data: bytes | None) -> Message:
        """The message. Raises `Refused`; None stands for a call that ended without one."""


class Intake:
    """Reads the messages of one method."""

    def __init__(self, method: MethodDescriptor, most_bytes: int) -> None:
        """Bound messages by the kind of method; `most_bytes` is the most for any method."""
        own = ESTIMATE_BYTES if method.name in _ESTIMATES else QUESTION_BYTES
        self._most = most_bytes if method.name in _WHOLE else min(own, most_bytes)
        self._name = method.input_type.full_name
        self._class = GetMessageClass(method.input_type)
        self._outline = outline_of(method.input_type)

    @property
    def most_bytes(self) -> int:
        """How large a message may be."""
        return self._most

    def empty(self) -> Message:
        """A message of the method's type in which nothing is set."""
        return self._class()

    def refuse_above(self, byte_count: int) -> None:
        """Raise `Refused` (INVALID_ARGUMENT) where a message of so many bytes is too large."""
        if byte_count > self._most:
            found, expected = f"a message of {byte_count} bytes", f"at most {self._most} bytes"
            raise unreadable(found, expected, Refusal.MESSAGE_TOO_LARGE)

    def message(self, data: bytes | None) -> Message:
        """The message. Raises `Refused` (INVALID_ARGUMENT); None stands for a call that ended without one."""
        if data is None:
            raise unreadable("no message", f"one message {self._name}", Refusal.MISSING_VALUE)
        self.refuse_above(len(data))
        try:
            excess = self._outline.excess(data) if len(data) > _UNCOUNTED_BYTES else None
            if excess is None:
                return self._class.FromString(data)
        except (Malformed, DecodeError):
            found, expected = f"{len(data)} bytes that are not a protobuf message", f"a message {self._name}"
            raise unreadable(found, expected, Refusal.MALFORMED_MESSAGE) from None
        raise invalid(excess)


def intakes_of(services: Iterable[ServiceDescriptor], most_bytes: int) -> dict[str, Intake]:
    """An intake for each method, by its gRPC path."""
    return {
        f"/{service.full_name}/{method.name}": Intake(method, most_bytes)
        for service in services
        for method in service.methods
    }


def unreadable(found: str, expected: str, refusal: Refusal) -> Refused:
    """The exception for a message that cannot be read as a whole."""
    return invalid(Violation("", found, expected, refusal))
