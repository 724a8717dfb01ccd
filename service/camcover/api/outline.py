"""The number of entries of each list in a message, counted on its bytes before it is parsed.

Two bytes of a message may become a record of a hundred and more, so that the size of a message does not bound what it
takes to read it. What does is the number of its records, which the .proto bounds: `max_items` of each list.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from camcover.engine import Violation
from camcover.errors import CamcoverError
from camcover.gen.buf.validate import validate_pb2
from camcover.refusals import Refusal

__all__ = ["Malformed", "Outline", "outline_of", "too_many"]

MOST_REPEATS = 100
"""How often a single field may stand (the last one holds), and all fields together that this version does not know."""

MOST_ENTRIES = 100_000
"""Entries of all lists of a message together, since lists stand in lists; 12 members with full lists have 40,000."""

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10
_UNKNOWN = 0


class Malformed(CamcoverError):
    """Bytes that are not a protobuf message."""


class _Field(NamedTuple):
    """A field's name, the most entries it may have, and the outline of the message in it, if it holds one."""

    name: str
    most: int
    inside: Outline | None
    is_list: bool = False


_OTHER = _Field("unknown fields", MOST_REPEATS, None)


class Outline:
    """The bounds of one type of message, and of those inside."""

    def __init__(self, descriptor: Descriptor) -> None:
        """Read the bounds from the .proto."""
        self.fields = {field.number: _field(field) for field in descriptor.fields}

    @property
    def has_lists(self) -> bool:
        """Whether there is a list in it, at any depth; a message without takes no more than its own bytes suggest."""
        return any(field.is_list or field.inside is not None for field in self.fields.values())

    def excess(self, data: bytes) -> Violation | None:
        """The first list with more entries than the .proto allows. Raises `Malformed`."""
        try:
            return _excess(self, data, (0, len(data)), "", left=[MOST_ENTRIES])
        except IndexError:
            raise Malformed from None


def _excess(outline: Outline, data: bytes, part: tuple[int, int], path: str, *, left: list[int]) -> Violation | None:
    """The same for a part of the bytes; `left` holds how many more entries the whole message may have."""
    seen: dict[int, int] = {}
    at, end = part
    while at < end:
        tag, at = _varint(data, at)
        number = tag >> 3 if tag >> 3 in outline.fields else _UNKNOWN
        field = outline.fields.get(number, _OTHER)
        begin, at = _skipped(data, tag & 7, at)
        if at > end:
            raise Malformed
        place = seen.get(number, 0)
        if place == field.most:
            return too_many(path + field.name, field.most)
        seen[number] = place + 1
        left[0] -= field.is_list
        if left[0] < 0:
            found, expected = f"more than {MOST_ENTRIES} list entries in the message", f"at most {MOST_ENTRIES}"
            return Violation(path + field.name, found, expected, Refusal.COUNT_OUT_OF_RANGE)
        if field.inside is not None and tag & 7 == _LENGTH:
            within = f"{path}{field.name}[{place}]." if field.is_list else f"{path}{field.name}."
            excess = _excess(field.inside, data, (begin, at), within, left=left)
            if excess is not None:
                return excess
    return None


def too_many(path: str, most: int) -> Violation:
    """The violation for a list with more entries than it may have."""
    return Violation(path, f"more than {most} entries", f"at most {most}", Refusal.COUNT_OUT_OF_RANGE)


@cache
def outline_of(descriptor: Descriptor) -> Outline:
    """The outline of a type of message; made once."""
    return Outline(descriptor)


def _field(field: FieldDescriptor) -> _Field:
    outline = outline_of(field.message_type) if field.message_type is not None else None
    inside = outline if outline is not None and outline.has_lists else None
    if field.is_repeated:
        rules: Any = field.GetOptions().Extensions[validate_pb2.field]  # type: ignore[index]
        bound = rules.repeated
        if not bound.HasField("max_items"):
            raise AssertionError(f"{field.full_name} has no max_items")
        return _Field(field.name, bound.max_items, inside, is_list=True)
    # If a field of one message comes twice, the two messages are merged, and the lists of the second follow.
    return _Field(field.name, MOST_REPEATS if outline is None else 1, inside)


def _skipped(data: bytes, wire: int, at: int) -> tuple[int, int]:
    """Where a value begins, and where it ends."""
    if wire == _LENGTH:
        length, at = _varint(data, at)
        return at, at + length
    if wire == _VARINT:
        return at, _varint(data, at)[1]
    if wire == _EIGHT_BYTES:
        return at, at + 8
    if wire == _FOUR_BYTES:
        return at, at + 4
    # proto3 has no groups.
    raise Malformed


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, last = byte & 0x7F, at + _LONGEST_VARINT
    for shift in range(7, 70, 7):
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        if at == last:
            break
    raise Malformed
