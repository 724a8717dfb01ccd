"""Records as the bytes of messages: for each kind of message a function, generated from its descriptor.

What comes in: tuples, whose values are named like the fields of a message. What goes out: the bytes that protobuf's
deterministic serialisation gives for that message, without a message being made. A field that is added to the .proto
and to the record is written without a word here; one that is added to the .proto alone is an error at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

__all__ = ["Writer", "as_it_is", "remembering", "writer"]

Writer: TypeAlias = Callable[[Any], bytes]
"""Gives the content of a message: its fields, without the tag and the length that it has inside of another."""

_MOST_VALUES = 4_096
"""Values of one field, and records of one kind, whose bytes are remembered."""

_VARINT, _BYTES = 0, 2
"""Wire types."""

_NUMBERS = frozenset((
    FieldDescriptor.TYPE_BOOL,
    FieldDescriptor.TYPE_ENUM,
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT32,
    FieldDescriptor.TYPE_UINT64,
))  # fmt: skip


def as_it_is(content: bytes) -> bytes:
    """Write a message whose content is at hand."""
    return content


def remembering(write: Writer) -> Writer:
    """The same writer for records of which the same come again and again; their values must be hashable."""
    return lru_cache(_MOST_VALUES)(write)


def writer(message: type[Message], names: Sequence[str], without: Sequence[str] = (), **parts: Writer) -> Writer:
    """A writer of tuples that have a value for each of `names`, which are fields of `message`.

    None and, where the .proto does not tell it from absence, zero are left out. A date is written as ISO 8601. `parts`
    write the fields that are messages; `without` are the fields that no record has. Raises `AssertionError` where
    fields, names and parts do not belong together.
    """
    fields: Mapping[str, Any] = message.DESCRIPTOR.fields_by_name
    if {*names, *without} != set(fields) or len(names) + len(without) != len(fields):
        differing = sorted({*names, *without} ^ set(fields)) or "some twice"
        raise AssertionError(f"{message.DESCRIPTOR.full_name} and its record have different fields: {differing}")
    if {name for name in names if fields[name].message_type is not None} != set(parts):
        raise AssertionError(f"{message.DESCRIPTOR.full_name} needs a writer for each message inside of it")
    used: dict[str, Any] = {"join": b"".join, "length": _LENGTHS, "nothing": b""}
    ordered = sorted((fields[name] for name in names), key=lambda field: field.number)
    written = [_expression(field, names.index(field.name), parts, used) for field in ordered]
    values = "".join(f"v{place}, " for place in range(len(names)))
    source = f"def write(record):\n    {values}= record\n    return join(({', '.join(written)},))\n"
    # The text holds numbers and the names above, nothing from outside: as `namedtuple` makes its own functions.
    exec(source, used)  # noqa: S102
    return used["write"]  # type: ignore[no-any-return]


def _expression(field: FieldDescriptor, place: int, parts: dict[str, Writer], used: dict[str, Any]) -> str:
    """The text of what writes a field from the value `v{place}`; what it needs is put into `used`."""
    value, tag, known = f"v{place}", f"tag{place}", f"known{place}"
    if field.message_type is None:
        used[known] = _values_of(field)
        if field.is_repeated:
            return f"join([{known}[each] for each in {value}]) if {value} else nothing"
        return f"{known}[{value}] if {value}{' is not None' if field.has_presence else ''} else nothing"
    used[known], used[tag] = parts[field.name], _tag(field, _BYTES)
    if field.is_repeated:
        whole = f"{tag} + length[len(content)] + content"
        return f"join([{whole} for content in map({known}, {value})]) if {value} else nothing"
    return f"{tag} + length[len(content := {known}({value}))] + content if {value} is not None else nothing"


class _Values(dict[Any, bytes]):
    """The bytes of values of one field, its tag with them: worked out when a value is first asked for."""

    def __init__(self, tag: bytes, encode: Writer) -> None:
        """Know nothing yet."""
        super().__init__()
        self._tag, self._encode = tag, encode

    def __missing__(self, value: Any) -> bytes:
        """Work it out, and begin anew where too many are known."""
        if len(self) >= _MOST_VALUES:
            self.clear()
        found = self[value] = self._tag + self._encode(value)
        return found


def _values_of(field: FieldDescriptor) -> _Values:
    """The values of a scalar field."""
    if field.type in _NUMBERS and not field.is_repeated:
        return _Values(_tag(field, _VARINT), _varint)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _Values(_tag(field, _BYTES), _text)
    raise AssertionError(f"{field.full_name} is of a type that no writer knows")


def _tag(field: FieldDescriptor, wire_type: int) -> bytes:
    return _varint(field.number << 3 | wire_type)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow. A negative number has 64 bits."""
    number &= 2**64 - 1
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _text(value: str | date) -> bytes:
    content = (value.isoformat() if isinstance(value, date) else value).encode()
    return _varint(len(content)) + content


_LENGTHS = _Values(b"", _varint)
"""The lengths of messages."""
