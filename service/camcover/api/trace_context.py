"""Which trace a call belongs to: that of its caller, by `traceparent` (W3C Trace Context), or one of its own.

Its ids are random; nothing else that a caller sends about a trace is read (`tracestate`, `baggage`), since that may
hold anything.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["TraceContext", "trace_of"]

_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<rest>-.*)?"
)

_TRACE_BYTES = 16

_SAMPLED = 1


class TraceContext(NamedTuple):
    """The id of a trace, hexadecimal; the span that the caller is in, empty without one; whether it is kept there."""

    trace_id: str
    parent_id: str = ""
    is_sampled: bool = False


def trace_of(metadata: Iterable[tuple[str, str | bytes]]) -> TraceContext:
    """The trace that a call's metadata names; a new one where they name none, or more than one."""
    given = [value for key, value in metadata if key == "traceparent"]
    found = _TRACEPARENT.fullmatch(given[0]) if len(given) == 1 and isinstance(given[0], str) else None
    if found is None or not _is_known(found):
        return TraceContext(secrets.token_hex(_TRACE_BYTES))
    return TraceContext(found["trace"], found["parent"], bool(int(found["flags"], 16) & _SAMPLED))


def _is_known(found: re.Match[str]) -> bool:
    """Whether it is as the recommendation has it: no id of zeros, no version 255, nothing behind version 0."""
    if not (found["trace"].strip("0") and found["parent"].strip("0")) or found["version"] == "ff":
        return False
    return found["version"] != "00" or found["rest"] is None
