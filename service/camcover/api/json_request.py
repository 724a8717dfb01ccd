"""A JSON text as a message: all that keeps it from being one, each with its path, what was found and what was expected.

What comes in: the text of a file, or of a call over HTTP. What goes out: the message, its fields named as in the .proto
or as protobuf's JSON names them. Protobuf's own reader says one thing at a time, in its own terms; it reads what has
passed here. Both take time and memory by the number of objects, which is bounded on the way.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, TypeAlias, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from camcover.api.outline import MOST_ENTRIES, outline_of, too_many
from camcover.engine import InvalidRequest, Violation
from camcover.engine.asking.words import MOST_SHOWN, first_of, repeated, shown, unknown_word
from camcover.refusals import Refusal

__all__ = ["message_of"]

AnyMessage = TypeVar("AnyMessage", bound=Message)

Described: TypeAlias = Any
"""A descriptor of a message or a field, of which protobuf has two classes."""

_BITS = {FieldDescriptor.CPPTYPE_INT32: 32, FieldDescriptor.CPPTYPE_INT64: 64}

_MOST_OBJECTS = 4 * MOST_ENTRIES
"""Objects of a text: entries of lists, and the single messages that stand in some of them."""

_DIGITS = re.compile(r"-?[0-9]{1,20}")

_BASE64 = re.compile(r"([A-Za-z0-9+/_-]{4})*([A-Za-z0-9+/_-]{2}(==)?|[A-Za-z0-9+/_-]{3}=?)?")


class _Object(dict[str, Any]):
    """A JSON object that keeps the names of its repeated keys."""

    __slots__ = ("doubled",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        times = Counter(key for key, _ in pairs) if len(self) < len(pairs) else {}
        self.doubled = sorted(key for key, number in times.items() if number > 1)


def _objects() -> Callable[[list[tuple[str, Any]]], _Object]:
    """What makes the objects of one text. Raises `InvalidRequest` beyond `_MOST_OBJECTS`."""
    numbers = count()

    def made(pairs: list[tuple[str, Any]]) -> _Object:
        if next(numbers) == _MOST_OBJECTS:
            raise _refused(f"JSON with more than {_MOST_OBJECTS} objects")
        return _Object(pairs)

    return made


def message_of(text: str, message: AnyMessage) -> AnyMessage:
    """`message`, filled from a JSON text. Raises `InvalidRequest` with what is wrong with the text (`first_of`)."""
    try:
        data = json.loads(text, object_pairs_hook=_objects())
    except json.JSONDecodeError as error:
        found = f"text that is not JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        raise _refused(found) from error
    except (ValueError, RecursionError) as error:
        raise _refused("JSON with a number that is too large, or with too many levels") from error
    violations = first_of(_message_violations("", data, message.DESCRIPTOR))
    if violations:
        raise InvalidRequest(violations)
    return json_format.ParseDict(data, message)


def _refused(found: str) -> InvalidRequest:
    return InvalidRequest((Violation("", found, "one JSON object", Refusal.INVALID_JSON),))


def _message_violations(path: str, data: Any, message: Described) -> Iterator[Violation]:
    """What keeps a value from being a message."""
    if not isinstance(data, _Object):
        yield _other_type(path, data, "an object")
        return
    by_name = _fields_by_name(message)
    for key in data.doubled:
        yield repeated(_below(path, key), key)
    for key, value in data.items():
        where = _below(path, key)
        if key not in by_name:
            yield unknown_word(where, Refusal.UNKNOWN_FIELD, key, (field.name for field in message.fields))
        elif value is not None:
            yield from _field_violations(where, value, by_name[key])


@cache
def _fields_by_name(message: Described) -> Mapping[str, Described]:
    """The fields of a type of message by both of their names; made once."""
    return {name: field for field in message.fields for name in (field.json_name, field.name)}


def _below(path: str, key: str) -> str:
    """The path of a key; that of its object where the key could be no field's name."""
    if not key.isidentifier() or len(key) > MOST_SHOWN:
        return path
    return f"{path}.{key}" if path else key


def _field_violations(path: str, value: Any, field: Described) -> Iterator[Violation]:
    """What keeps a value from being a field's."""
    if not field.is_repeated:
        yield from _value_violations(path, value, field)
    elif not isinstance(value, list):
        yield _other_type(path, value, "a list")
    elif len(value) > (most := outline_of(field.containing_type).fields[field.number].most):
        yield too_many(path, most)
    else:
        for place, each in enumerate(value):
            yield from _value_violations(f"{path}[{place}]", each, field)


def _value_violations(path: str, value: Any, field: Described) -> Iterator[Violation]:
    """What keeps a value from being one of a field's type."""
    if field.message_type is not None and field.message_type.full_name == Timestamp.DESCRIPTOR.full_name:
        yield from _time_violations(path, value)
    elif field.message_type is not None:
        yield from _message_violations(path, value, field.message_type)
    elif field.enum_type is not None:
        yield from _enum_violations(path, value, field.enum_type.values_by_name)
    elif field.cpp_type in _BITS:
        yield from _number_violations(path, value, _BITS[field.cpp_type])
    elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            yield _other_type(path, value, "true or false")
    elif not isinstance(value, str):
        yield _other_type(path, value, "text")
    elif any("\ud800" <= letter <= "\udfff" for letter in value):
        yield Violation(path, shown(value), "Unicode text without surrogates", Refusal.INVALID_TEXT)
    elif field.type == FieldDescriptor.TYPE_BYTES and not _BASE64.fullmatch(value):
        yield Violation(path, shown(value), "bytes in base64", Refusal.INVALID_TEXT)


def _time_violations(path: str, value: Any) -> Iterator[Violation]:
    """What keeps a value from being a moment."""
    if not isinstance(value, str):
        yield _other_type(path, value, "text")
        return
    try:
        Timestamp().FromJsonString(value)
    except ValueError:
        yield Violation(path, shown(value), "a time such as 2026-01-31T18:00:00Z", Refusal.INVALID_TEXT)


def _enum_violations(path: str, value: Any, names: Mapping[str, Any]) -> Iterator[Violation]:
    """What keeps a value from being a name of an enumeration; its numbers the .proto's rules judge."""
    if isinstance(value, str) and value not in names:
        yield unknown_word(path, Refusal.UNKNOWN_VALUE, value, names)
    elif not isinstance(value, str):
        yield from _number_violations(path, value, 32)


def _number_violations(path: str, value: Any, bits: int) -> Iterator[Violation]:
    """The fault of a value that is no whole number of `bits`. A text of digits is one: so protobuf writes 64 bits."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        yield _other_type(path, value, "a whole number")
    elif not -(1 << bits - 1) <= value < 1 << bits - 1:
        yield Violation(path, shown(value), f"a number of at most {bits} bits", Refusal.NUMBER_OUT_OF_RANGE)


def _other_type(path: str, value: Any, expected: str) -> Violation:
    """The violation for a value of another type than the field's."""
    kinds = {dict: "an object", list: "a list", type(None): "null", bool: "true" if value else "false"}
    name = next((name for kind, name in kinds.items() if isinstance(value, kind)), "")
    kind = "the text" if isinstance(value, str) else "the number"
    return Violation(path, name or f"{kind} {shown(value)}", expected, Refusal.INVALID_JSON)
