"""Refusals small enough for every client: their details are bounded, and say how many are left out.

A status with its details travels in the trailers of a call, of which clients take 8 KiB (gRPC's own bound, beyond which
they report RESOURCE_EXHAUSTED in place of the status).
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from camcover.refusals import Refusal

__all__ = ["bounded_status"]

MOST_BYTES = 4_300
"""A whole status, its message included; in base64, as trailers carry it, 5.6 KiB."""

MOST_MESSAGE_BYTES = 500
"""The message, which trailers carry once more, each byte as up to three."""

MOST_TEXT_BYTES = 1_000
"""One field or description of a violation."""

_PACKED_BYTES = 80
"""The name of a detail's type, and its lengths."""

_REST_BYTES = 100
"""Room for the violation that says how many others are left out."""


def bounded_status(code: int, message: str, details: Sequence[Message]) -> Status:
    """A status with its details packed: as many of them as fit.

    Of violations the first ones are given, and last one without a field that says how many are not.
    """
    status = Status(code=code, message=_cut(message, MOST_MESSAGE_BYTES))
    # The reason is always told, so its bytes are counted first.
    ordered = sorted(details, key=_rank)
    kept = _first([detail for detail in ordered if _rank(detail)], (MOST_BYTES - status.ByteSize()) // 2)
    room = MOST_BYTES - status.ByteSize() - sum(map(_size, kept))
    fields = [_shortened(each, room - _PACKED_BYTES) for each in ordered if isinstance(each, BadRequest)]
    for detail in (*fields, *sorted(kept, key=_rank, reverse=True)):
        status.details.add().Pack(detail)
    return status


def _rank(detail: Message) -> int:
    """The order in which details get room: the reason first, violations last."""
    if isinstance(detail, BadRequest):
        return 0
    return 1 if isinstance(detail, ErrorInfo) else 2


def _first(details: Sequence[Message], room: int) -> list[Message]:
    """The first details that fit into so many bytes."""
    kept: list[Message] = []
    for detail in details:
        room -= _size(detail)
        if room < 0:
            break
        kept.append(detail)
    return kept


def _size(detail: Message) -> int:
    """About how many bytes a detail takes once it is packed."""
    return detail.ByteSize() + _PACKED_BYTES


def _shortened(detail: BadRequest, room: int) -> BadRequest:
    """The first violations that fit into `room` bytes, and one more with the number of the others."""
    if detail.ByteSize() <= room and all(len(each.description) < MOST_TEXT_BYTES for each in detail.field_violations):
        return detail
    shortened = BadRequest()
    room -= _REST_BYTES
    for place, each in enumerate(detail.field_violations):
        violation = BadRequest.FieldViolation()
        violation.CopyFrom(each)
        violation.field = _cut(each.field, MOST_TEXT_BYTES)
        violation.description = _cut(each.description, MOST_TEXT_BYTES)
        # Its tag and its length take up to four bytes.
        room -= violation.ByteSize() + 4
        if room < 0:
            shortened.field_violations.append(_left_out(detail, place))
            break
        shortened.field_violations.append(violation)
    return shortened


def _left_out(detail: BadRequest, listed: int) -> BadRequest.FieldViolation:
    """The violation that counts those after the first `listed`; of a list that was given up, more than those."""
    kind = Refusal.MORE_VIOLATIONS.name
    is_given_up = detail.field_violations[-1].reason == kind
    left = len(detail.field_violations) - listed - is_given_up
    said = f"{'more than ' * is_given_up}{left} more violations are not listed here"
    return BadRequest.FieldViolation(description=said, reason=kind)


def _cut(text: str, most_bytes: int) -> str:
    """The beginning of a text, in at most so many bytes of UTF-8."""
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    return data[: most_bytes - 3].decode(errors="ignore") + "…"
