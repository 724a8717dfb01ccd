"""Values as JSON and back, by their declared types: texts, numbers, words, containers, references to records.

What comes in: a declared type. What goes out: a `Codec`, which writes and reads values of exactly that type. Records
themselves are written and read by `record_codec`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, Protocol, Union, get_args, get_origin

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.sources import Rows
from camcover.errors import CamcoverError
from camcover.money import BasisPoints, Cents
from camcover.rulebook.records import Word

__all__ = ["Codec", "RecordReader", "RecordWriter", "WrongRecords", "codec_of", "exact", "exact_list", "is_record"]


class WrongRecords(CamcoverError):
    """The bytes are not records of the declared type; says what was found instead."""


class RecordWriter(Protocol):
    """Gives texts and records their numbers."""

    def text(self, value: object) -> int:
        """The number of a text, or of a `Word`."""

    def record(self, value: object) -> int:
        """The number of a record."""


class RecordReader(Protocol):
    """Knows texts and records by their numbers; `records` in order."""

    records: list[Any]

    def text(self, number: Any) -> str:
        """The text, or the `Word`, of a number."""


class Codec(NamedTuple):
    """How values of one declared type are written and read."""

    write: Callable[[RecordWriter, Any], Any]
    read: Callable[[RecordReader, Any], Any]


def is_record(declared: Any) -> bool:
    """Whether a type is the class of a record."""
    return isinstance(declared, type) and (is_dataclass(declared) or hasattr(declared, "_fields") or declared is Word)


@cache
def codec_of(declared: Any) -> Codec:
    """How values of a declared type are written and read. Raises TypeError for a type that cannot be stored."""
    origin = get_origin(declared)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(declared))
    if origin is tuple and get_args(declared)[-1] is not Ellipsis:
        return _fixed(tuple(map(codec_of, get_args(declared))))
    if origin in (tuple, Sequence):
        return _sequence(codec_of(get_args(declared)[0]))
    if origin in (dict, Mapping):
        return _mapping(*map(codec_of, get_args(declared)))
    if origin is frozenset:
        return _set(codec_of(get_args(declared)[0]))
    if origin is Rows:
        return _rows(codec_of(get_args(declared)[0]))
    if is_record(declared):
        return _record(frozenset((declared,)))
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _word_of(declared)
    if declared in _PLAIN:
        return _PLAIN[declared]
    raise TypeError(f"{declared} cannot be stored")


def exact(value: Any, kind: type) -> Any:
    """The value, which must be of exactly that class. Raises `WrongRecords`."""
    if type(value) is not kind:
        raise WrongRecords(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def exact_list(value: Any) -> list[Any]:
    """The value, which must be a list. Raises `WrongRecords`."""
    found: list[Any] = exact(value, list)
    return found


def _plain(kind: type) -> Codec:
    def read(_reader: RecordReader, value: Any) -> Any:
        return value if type(value) is kind else exact(value, kind)

    return Codec(lambda _, value: _exact_to_write(value, kind), read)


def _exact_to_write(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


_PLAIN: dict[Any, Codec] = {
    str: Codec(lambda writer, value: writer.text(value), lambda reader, value: reader.text(value)),
    **dict.fromkeys((int, Cents, BasisPoints, OrdinalDay), _plain(int)),
    bool: _plain(bool),
    date: Codec(
        lambda _, value: _exact_to_write(value, date).toordinal(),
        lambda _, value: date.fromordinal(exact(value, int)),
    ),
}


def _word_of(kind: type[Enum]) -> Codec:
    """A member of an enumeration, as its value."""
    members: dict[Any, Enum] = {each.value: each for each in kind}
    (value_type,) = {type(each.value) for each in kind}

    def read(_reader: RecordReader, value: Any) -> Any:
        found = members.get(value) if type(value) is value_type else None
        if found is None:
            raise WrongRecords(f"expected a member of {kind.__name__}, found {value!r}")
        return found

    return Codec(lambda _, member: _exact_to_write(member, kind).value, read)


def _record(kinds: frozenset[type]) -> Codec:
    """A record of one of these classes, as its number."""

    def write(writer: RecordWriter, value: Any) -> int:
        if type(value) not in kinds:
            raise TypeError(f"expected {_names(kinds)}, found {type(value).__name__}")
        return writer.record(value)

    def read(reader: RecordReader, number: Any) -> Any:
        if type(number) is not int or number < 0:
            raise WrongRecords(f"expected the number of a record, found {number!r}")
        found = reader.records[number]
        if type(found) not in kinds:
            raise WrongRecords(f"expected {_names(kinds)}, found {type(found).__name__}")
        return found

    return Codec(write, read)


def _names(kinds: frozenset[type]) -> str:
    return " or ".join(sorted(each.__name__ for each in kinds))


def _one_of(declared: tuple[Any, ...]) -> Codec:
    """A union: None as null; records of several classes by number; of several plain types, `[which, value]`."""
    kinds = tuple(each for each in declared if each is not types.NoneType)
    if len(kinds) == 1:
        inner = codec_of(kinds[0])
    elif all(map(is_record, kinds)):
        inner = _record(frozenset(kinds))
    else:
        inner = _tagged(kinds)
    return _optional(inner) if len(kinds) < len(declared) else inner


def _optional(inner: Codec) -> Codec:
    write_inner, read_inner = inner

    def write(writer: RecordWriter, value: Any) -> Any:
        return None if value is None else write_inner(writer, value)

    def read(reader: RecordReader, value: Any) -> Any:
        return None if value is None else read_inner(reader, value)

    return Codec(write, read)


def _tagged(kinds: tuple[Any, ...]) -> Codec:
    """Values of plain types, each written with the place of its type."""
    codecs = tuple(map(codec_of, kinds))

    def write(writer: RecordWriter, value: Any) -> list[Any]:
        place = kinds.index(str if type(value) is Word else type(value))
        return [place, codecs[place].write(writer, value)]

    def read(reader: RecordReader, value: Any) -> Any:
        place, inner = exact_list(value)
        return codecs[range(len(codecs))[exact(place, int)]].read(reader, inner)

    return Codec(write, read)


def _sequence(inner: Codec) -> Codec:
    write_inner, read_inner = inner

    def write(writer: RecordWriter, values: Any) -> list[Any]:
        return [write_inner(writer, value) for value in values]

    def read(reader: RecordReader, values: Any) -> tuple[Any, ...]:
        return tuple([read_inner(reader, value) for value in exact_list(values)])

    return Codec(write, read)


def _fixed(inner: tuple[Codec, ...]) -> Codec:
    """A tuple of so many values, each of its own type."""

    def write(writer: RecordWriter, values: Any) -> list[Any]:
        return [codec.write(writer, value) for codec, value in zip(inner, values, strict=True)]

    def read(reader: RecordReader, values: Any) -> tuple[Any, ...]:
        return tuple([codec.read(reader, value) for codec, value in zip(inner, exact_list(values), strict=True)])

    return Codec(write, read)


def _mapping(keys: Codec, values: Codec) -> Codec:
    """A mapping as `[key, value, key, value, ...]`, in its order."""

    def write(writer: RecordWriter, mapping: Any) -> list[Any]:
        pairs = ((keys.write(writer, key), values.write(writer, value)) for key, value in mapping.items())
        return [each for pair in pairs for each in pair]

    def read(reader: RecordReader, flat: Any) -> dict[Any, Any]:
        parts = iter(exact_list(flat))
        found = {keys.read(reader, key): values.read(reader, value) for key, value in zip(parts, parts, strict=True)}
        if 2 * len(found) != len(flat):
            raise WrongRecords("expected different keys, found one twice")
        return found

    return Codec(write, read)


def _set(inner: Codec) -> Codec:
    """A set of texts, sorted, so that the same set is the same bytes."""

    def write(writer: RecordWriter, values: Any) -> list[Any]:
        return [inner.write(writer, value) for value in sorted(values)]

    def read(reader: RecordReader, values: Any) -> frozenset[Any]:
        return frozenset([inner.read(reader, value) for value in exact_list(values)])

    return Codec(write, read)


def _rows(inner: Codec) -> Codec:
    """`Rows`, as its first row and its records."""

    def write(writer: RecordWriter, rows: Any) -> list[Any]:
        return [rows.first, [inner.write(writer, record) for _, record in rows.items()]]  # noqa: PERF102 - no dictionary

    def read(reader: RecordReader, value: Any) -> Rows[Any]:
        first, records = exact_list(value)
        rows: Rows[Any] = Rows(exact(first, int))
        for each in exact_list(records):
            rows.append(inner.read(reader, each))
        return rows

    return Codec(write, read)
