"""Requests by their descriptors, and the ways in which their bytes and their JSON are spoilt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from fuzz.words import NUMBERS, TEXTS_OF_REQUESTS

__all__ = ["change_fields", "fill", "spoil_bytes", "spoil_json"]

_Descriptor: TypeAlias = Any
"""Of a field or a message; protobuf has two implementations, which share no type."""

_DEEPEST = 6
_SIGNED = {FieldDescriptor.CPPTYPE_INT32: 31, FieldDescriptor.CPPTYPE_INT64: 63}
_UNSIGNED = {FieldDescriptor.CPPTYPE_UINT32: 32, FieldDescriptor.CPPTYPE_UINT64: 64}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fill(random: Random, message: Message, depth: int = 0) -> Message:
    """`message` with some of its fields set to values that are known to rules, or at the edge."""
    for field in message.DESCRIPTOR.fields:
        if random.random() < (0.6 if depth == 0 else 0.35):
            _set(random, message, field, depth)
    return message


def change_fields(random: Random, message: Message) -> None:
    """Set anew, clear or fill up some fields, anywhere in `message`."""
    for _ in range(random.randint(1, 4)):
        inside = random.choice([*_messages(message)])
        fields: Sequence[_Descriptor] = inside.DESCRIPTOR.fields
        if not fields:
            continue
        field = random.choice(fields)
        if random.random() < 0.25:
            inside.ClearField(field.name)
        else:
            _set(random, inside, field, depth=2)


def _messages(message: Message) -> Iterator[Message]:
    """The message and all that are set inside it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for each in value if field.is_repeated else [value]:
            yield from _messages(each)


def _set(random: Random, message: Message, field: _Descriptor, depth: int) -> None:
    """Give one field a value; a repeated one a few more."""
    held = getattr(message, field.name)
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        _put_entry(random, held, inner)
    elif inner is not None:
        for _ in range(random.randint(1, 3) if field.is_repeated else 1):
            each = held.add() if field.is_repeated else held
            each.SetInParent()
            if depth < _DEEPEST:
                fill(random, each, depth + 1)
    elif field.is_repeated:
        held.extend(_scalar(random, field) for _ in range(random.choice((1, 1, 2, 3, 200))))
    else:
        setattr(message, field.name, _scalar(random, field))


def _put_entry(random: Random, held: Any, entry: _Descriptor) -> None:
    """One more entry of a map."""
    key = _scalar(random, entry.fields_by_name["key"])
    value = entry.fields_by_name["value"]
    if value.message_type is not None:
        fill(random, held[key], _DEEPEST)
    else:
        held[key] = _scalar(random, value)


def _scalar(random: Random, field: _Descriptor) -> Any:
    """A value that the field can hold."""
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        text = random.choice(TEXTS_OF_REQUESTS)
        return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return random.random() < 0.5
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return random.choice([*(each.number for each in field.enum_type.values), 99, -1, 2**31 - 1])
    if kind in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
        return random.choice((0.0, -0.0, 1.5, 1e300, float("nan"), float("inf")))
    number = random.choice(NUMBERS)
    if kind in _SIGNED:
        return number if -(2 ** _SIGNED[kind]) <= number < 2 ** _SIGNED[kind] else 40
    return number if 0 <= number < 2 ** _UNSIGNED[kind] else 40


class _Part(NamedTuple):
    """A field in bytes: from its tag, from its content, to its end."""

    start: int
    content: int
    end: int
    wire_type: int


def spoil_bytes(random: Random, data: bytes) -> bytes:
    """A message's bytes with one to three faults, most of which know where fields begin and end."""
    for _ in range(random.randint(1, 3)):
        data = _spoilt_once(random, data)
    return data


def _spoilt_once(random: Random, data: bytes) -> bytes:
    parts = _parts(data)
    if parts and random.random() < 0.5:
        return _spoilt_field(random, data, random.choice(parts))
    at = random.randrange(len(data) + 1)
    match random.randrange(6):
        case 0:
            return data[:at]
        case 1:
            return data + _varint(random.choice((99 << 3, 2**29 - 1 << 3 | _BYTES, 0, 19_000 << 3))) + b"\x01"
        case 2:
            return data + _nested(random.choice((20, 99, 101, 3_000)), data[:1] or b"\x0a")
        case 3:
            return data + b"\x0b" * random.choice((1, 100, 10_000)) + b"\x0c" * random.choice((0, 1, 100))
        case 4:
            return data[:at] + b"\xff" * random.choice((9, 10, 11)) + b"\x7f" + data[at:]
    flipped = bytearray(data or b"\0")
    flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
    return bytes(flipped)


def _spoilt_field(random: Random, data: bytes, part: _Part) -> bytes:
    """The message with one field left out, repeated, or of another type, length or content."""
    before, tag, field, after = data[: part.start], data[part.start], data[part.start : part.end], data[part.end :]
    way = random.randrange(6 if part.wire_type == _BYTES else 3)
    match way:
        case 0:
            return before + after
        case 1:
            return before + field * random.choice((2, 3, 300)) + after
        case 2:
            return before + bytes([tag & 0xF8 | random.randrange(8)]) + field[1:] + after
        case 3:
            wrong = bytes([random.choice((0, 1, 0x7F, 0x80, 0xFF))])
            return data[: part.content - 1] + wrong + data[part.content :]
        case 4:
            inner = spoil_bytes(random, data[part.content : part.end])
        case _:
            inner = random.choice((b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"\xc0\x80", b"x" * 70_000))
    return before + bytes([tag]) + _varint(len(inner)) + inner + after


def _parts(data: bytes) -> list[_Part]:
    """The fields of a message, as far as it can be read."""
    found: list[_Part] = []
    at = 0
    while at < len(data):
        start = at
        tag, at = _read_varint(data, at)
        kind, content = tag & 7, at
        if kind == _BYTES:
            length, content = _read_varint(data, at)
            at = content + length
        elif kind == _VARINT:
            _, at = _read_varint(data, at)
        elif kind in {_FIXED64, _FIXED32}:
            at += 8 if kind == _FIXED64 else 4
        else:
            break
        if at > len(data):
            break
        found.append(_Part(start, content, at, kind))
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            break
    return value, at


def _varint(value: int) -> bytes:
    """A number as the wire has it."""
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _nested(depth: int, tag: bytes) -> bytes:
    """A field inside itself, so many times."""
    data = b""
    for _ in range(depth):
        data = bytes([tag[0] & 0xF8 | _BYTES]) + _varint(len(data)) + data
    return data


_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e300, 2**64, "", "1", "1.0", "NaN", "x", [], {}, [[]], [None], [{}], {"": None}),
    *({"@type": "type.googleapis.com/x"}, "a\0b", "\ud800", "2026-03-02", "x" * 5_000),
)


def spoil_json(random: Random, data: Any) -> bytes:
    """JSON with one to three faults of its tree, and now and then one of its text."""
    tree = json.loads(json.dumps(data))
    for _ in range(random.randint(1, 3)):
        tree = _other_tree(random, tree)
    text = json.dumps(tree, allow_nan=True).encode()
    if random.random() < 0.35:
        text = _other_text(random, text)
    return text


def _other_tree(random: Random, tree: Any) -> Any:
    """The tree with one place of it changed."""
    places = [*_places(tree)]
    if not places or random.random() < 0.05:
        return deepcopy(random.choice(_ODD_VALUES))
    holder, key = random.choice(places)
    way = random.choice(("value", "value", "key", "drop", "wrap", "many"))
    if way == "value":
        # A copy: a later fault may change it, and the lists among them would then hold themselves.
        holder[key] = deepcopy(random.choice((*_ODD_VALUES, *NUMBERS, *TEXTS_OF_REQUESTS)))
    elif way == "drop":
        del holder[key]
    elif way == "wrap":
        holder[key] = random.choice(([holder[key]], {"value": holder[key]}))
    elif way == "many":
        holder[key] = [holder[key]] * random.choice((2, 30, 300))
    elif isinstance(holder, dict):
        holder[random.choice((key.upper(), f"{key} ", f"_{key}", key.replace("_", ""), "", "__proto__"))] = holder[key]
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a tree by what holds it."""
    if isinstance(tree, dict | list):
        for key, value in [*(tree.items() if isinstance(tree, dict) else enumerate(tree))]:
            yield tree, key
            yield from _places(value)


def _other_text(random: Random, text: bytes) -> bytes:
    """Text that is hardly JSON any more."""
    at = random.randrange(len(text) + 1)
    odd = (b"\xff", b"\xef\xbb\xbf", b"\\ud800", b"NaN", b"1e999", b"9" * 5_000, b'"a":1,', b"//", b"\0", b",", b'"')
    way = random.randrange(4)
    if way == 0:
        return text[:at]
    if way == 1:
        return text[:at] + random.choice(odd) + text[at:]
    if way == 2:
        opened = random.choice((b"[", b'{"a":'))
        return opened * random.choice((100, 1_100, 20_000))
    return text[:-1] + b"," + text[1:] if text[:1] == b"{" else text * 2
