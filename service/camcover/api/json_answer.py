"""A message as JSON data: the .proto's field names, every field that may be zero written, cents as numbers.

Protobuf's own JSON writes 64-bit numbers as text, for the sake of JavaScript; ours stay far below 2**53. Whoever reads
protobuf's JSON reads this form, too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import orjson
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

__all__ = ["as_data", "as_json"]

Convert: TypeAlias = Callable[[Any], Any]


class _JsonField(NamedTuple):
    """How to write a field; `convert` is None if JSON has the value as it is."""

    name: str
    value_of: Callable[[Any], Any]
    has_presence: bool
    is_repeated: bool
    convert: Convert | None


def as_json(message: Message) -> bytes:
    """A message as JSON text."""
    return orjson.dumps(as_data(message))


def as_data(message: Message) -> dict[str, Any]:
    """A message as JSON data."""
    data: dict[str, Any] = {}
    for name, value_of, has_presence, is_repeated, convert in _fields(message.DESCRIPTOR):
        if has_presence and not message.HasField(name):
            continue
        value = value_of(message)
        if is_repeated:
            data[name] = list(value) if convert is None else [convert(each) for each in value]
        else:
            data[name] = value if convert is None else convert(value)
    return data


@cache
def _fields(message: Descriptor) -> tuple[_JsonField, ...]:
    """The fields of a type of message, looked up once."""
    return tuple(
        _JsonField(each.name, attrgetter(each.name), each.has_presence, each.is_repeated, _converter(each))
        for each in message.fields
    )


def _converter(field: Any) -> Convert | None:
    """The function that turns one value into JSON; `field` is its descriptor (protobuf has two classes)."""
    if field.message_type is not None:
        is_well_known = field.message_type.full_name.startswith("google.protobuf.")
        return json_format.MessageToDict if is_well_known else as_data
    if field.enum_type is not None:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    return _base64 if field.type == FieldDescriptor.TYPE_BYTES else None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
