"""Records as JSON and back, by the types that their fields declare.

The bytes hold text and integers only: a record is written as the number of its class in a closed list.

Layout: `[texts, records, root]`. A text is written as its number in `texts`. A record is a list, `[class, value, ...]`;
where a field holds a record, it is written as the record's number in `records`. A record refers only to records before
it, and one that several places use is written once. A `Word`, the text that knows its place, is a record too; where a
text is expected it is a negative number, -1 for record 0.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import orjson

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.engine.compiling.sources import Rows
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.errors import CamcoverError
from camcover.money import BasisPoints, Cents
from camcover.rulebook.records import Place, Word

__all__ = ["ROOTS", "WrongRecords", "decode", "encode", "record_types"]

ROOTS: tuple[Any, ...] = (Vocabulary, PlanIndex, Mapping[str, PlanSummary])
"""What is stored. No class is made that they cannot reach by declared fields."""


class WrongRecords(CamcoverError):
    """The bytes are not records of the declared type; says what was found instead."""


class RecordField(NamedTuple):
    """A field of a record and its declared type."""

    name: str
    declared: Any


class _Codec(NamedTuple):
    """How values of one declared type are written and read."""

    write: Callable[[_Writer, Any], Any]
    read: Callable[[_RecordReader, Any], Any]


class _Layout(NamedTuple):
    """How records of one class are written and read."""

    number: int
    kind: type
    names: tuple[str, ...]
    codecs: tuple[_Codec, ...]


def encode(value: object, declared: Any) -> bytes:
    """A value of a declared type as bytes. Raises TypeError where it is not of that type."""
    writer = _Writer()
    root = _codec(declared).write(writer, value)
    return orjson.dumps([list(writer.texts), writer.records, root])


def decode(content: bytes, declared: Any) -> Any:
    """The value that `encode` wrote. Raises `WrongRecords` for bytes that hold anything else."""
    try:
        texts, records, root = _list(orjson.loads(content))
        reader = _RecordReader(_all_texts(texts))
        for each in _list(records):
            reader.add(each)
        return _codec(declared).read(reader, root)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise WrongRecords(f"expected records, found other data ({type(error).__name__})") from error


def record_types() -> Mapping[type, tuple[RecordField, ...]]:
    """The closed list of the classes that are ever made, each with the fields that are stored, in order."""
    return {layout.kind: _fields(layout.kind) for layout in _layouts().values()}


class _Writer:
    """Texts and records in the order in which they are first met."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.records: list[list[Any]] = []
        self._numbers: dict[int, int] = {}

    def text(self, value: object) -> int:
        """The number that stands for a text."""
        if type(value) is Word:
            return -1 - self.record(value)
        if type(value) is not str:
            raise TypeError(f"expected text, found {type(value).__name__}")
        return self.texts.setdefault(value, len(self.texts))

    def record(self, value: object) -> int:
        """The number of a record, which is written now if it is new."""
        number = self._numbers.get(id(value))
        if number is None:
            layout = _layouts()[type(value)]
            row = [layout.number]
            for name, codec in zip(layout.names, layout.codecs, strict=True):
                row.append(codec.write(self, str(value) if name == _WORD_TEXT else getattr(value, name)))
            number = self._numbers[id(value)] = len(self.records)
            self.records.append(row)
        return number


class _RecordReader:
    """The texts, and the records that were made so far."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.records: list[Any] = []

    def add(self, row: Any) -> None:
        """Make the next record."""
        layout = _by_number()[_exact(row[0], int)]
        codecs = layout.codecs
        if type(row) is not list or len(row) != 1 + len(codecs):
            raise WrongRecords(f"expected {len(codecs)} values of {layout.kind.__name__}, found {len(row) - 1}")
        values = [codec.read(self, value) for codec, value in zip(codecs, row[1:], strict=True)]
        self.records.append(layout.kind(*values))

    def text(self, number: Any) -> str:
        """The text, or the `Word`, of a number."""
        if type(number) is not int:
            raise WrongRecords(f"expected the number of a text, found {number!r}")
        if number >= 0:
            return self.texts[number]
        word = self.records[-1 - number]
        if type(word) is not Word:
            raise WrongRecords(f"expected a word, found {type(word).__name__}")
        return word


_WORD_TEXT = "(text)"
"""The one field of a record that is not read by its name: a `Word` is itself its text."""


def _fields(kind: type) -> tuple[RecordField, ...]:
    """The fields of a class that are stored: not those with a default factory, which hold what was worked out."""
    if kind is Word:
        return RecordField(_WORD_TEXT, str), RecordField("at", Place)
    hints = get_type_hints(kind)
    if is_dataclass(kind):
        names = [each.name for each in fields(kind) if each.default_factory is MISSING]
    else:
        names = list(getattr(kind, "_fields", ()))
    return tuple(RecordField(name, hints[name]) for name in names)


def _is_record(declared: Any) -> bool:
    """Whether a type is the class of a record."""
    return isinstance(declared, type) and (is_dataclass(declared) or hasattr(declared, "_fields") or declared is Word)


@cache
def _layouts() -> dict[type, _Layout]:
    """The layout of every class that the roots reach, by class; numbered in order of name."""
    found: dict[type, tuple[RecordField, ...]] = {Word: _fields(Word)}
    waiting = list(ROOTS)
    while waiting:
        declared = waiting.pop()
        if not _is_record(declared):
            waiting += [each for each in get_args(declared) if each is not Ellipsis]
        elif declared not in found:
            found[declared] = _fields(declared)
            waiting += [each.declared for each in found[declared]]
    ordered = sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
    return {
        kind: _Layout(
            number, kind, tuple(each.name for each in found[kind]), tuple(_codec(each.declared) for each in found[kind])
        )
        for number, kind in enumerate(ordered)
    }


@cache
def _by_number() -> tuple[_Layout, ...]:
    return tuple(_layouts().values())


@cache
def _codec(declared: Any) -> _Codec:
    """How values of a declared type are written and read. Raises TypeError for a type that cannot be stored."""
    origin = get_origin(declared)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(declared))
    if origin is tuple and get_args(declared)[-1] is not Ellipsis:
        return _fixed(tuple(map(_codec, get_args(declared))))
    if origin in (tuple, Sequence):
        return _sequence(_codec(get_args(declared)[0]))
    if origin in (dict, Mapping):
        return _mapping(*map(_codec, get_args(declared)))
    if origin is frozenset:
        return _set(_codec(get_args(declared)[0]))
    if origin is Rows:
        return _rows(_codec(get_args(declared)[0]))
    if _is_record(declared):
        return _record(frozenset((declared,)))
    if isinstance(declared, type) and issubclass(declared, Enum):
        return _word_of(declared)
    if declared in _PLAIN:
        return _PLAIN[declared]
    raise TypeError(f"{declared} cannot be stored")


def _exact(value: Any, kind: type) -> Any:
    """The value, which must be of exactly that class. Raises `WrongRecords`."""
    if type(value) is not kind:
        raise WrongRecords(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def _list(value: Any) -> list[Any]:
    found: list[Any] = _exact(value, list)
    return found


def _all_texts(values: Any) -> list[str]:
    return [_exact(value, str) for value in _list(values)]


def _plain(kind: type) -> _Codec:
    def read(_reader: _RecordReader, value: Any) -> Any:
        return value if type(value) is kind else _exact(value, kind)

    return _Codec(lambda _, value: _exact_to_write(value, kind), read)


def _exact_to_write(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


_PLAIN: dict[Any, _Codec] = {
    str: _Codec(lambda writer, value: writer.text(value), lambda reader, value: reader.text(value)),
    **dict.fromkeys((int, Cents, BasisPoints, OrdinalDay), _plain(int)),
    bool: _plain(bool),
    date: _Codec(
        lambda _, value: _exact_to_write(value, date).toordinal(),
        lambda _, value: date.fromordinal(_exact(value, int)),
    ),
}


def _word_of(kind: type[Enum]) -> _Codec:
    """A member of an enumeration, as its value."""
    members: dict[Any, Enum] = {each.value: each for each in kind}
    (value_type,) = {type(each.value) for each in kind}

    def read(_reader: _RecordReader, value: Any) -> Any:
        found = members.get(value) if type(value) is value_type else None
        if found is None:
            raise WrongRecords(f"expected a member of {kind.__name__}, found {value!r}")
        return found

    return _Codec(lambda _, member: _exact_to_write(member, kind).value, read)


def _record(kinds: frozenset[type]) -> _Codec:
    """A record of one of these classes, as its number."""

    def write(writer: _Writer, value: Any) -> int:
        if type(value) not in kinds:
            raise TypeError(f"expected {_names(kinds)}, found {type(value).__name__}")
        return writer.record(value)

    def read(reader: _RecordReader, number: Any) -> Any:
        if type(number) is not int or number < 0:
            raise WrongRecords(f"expected the number of a record, found {number!r}")
        found = reader.records[number]
        if type(found) not in kinds:
            raise WrongRecords(f"expected {_names(kinds)}, found {type(found).__name__}")
        return found

    return _Codec(write, read)


def _names(kinds: frozenset[type]) -> str:
    return " or ".join(sorted(each.__name__ for each in kinds))


def _one_of(declared: tuple[Any, ...]) -> _Codec:
    """A union: None as null; records of several classes by number; of several plain types, `[which, value]`."""
    kinds = tuple(each for each in declared if each is not types.NoneType)
    if len(kinds) == 1:
        inner = _codec(kinds[0])
    elif all(map(_is_record, kinds)):
        inner = _record(frozenset(kinds))
    else:
        inner = _tagged(kinds)
    return _optional(inner) if len(kinds) < len(declared) else inner


def _optional(inner: _Codec) -> _Codec:
    write_inner, read_inner = inner

    def write(writer: _Writer, value: Any) -> Any:
        return None if value is None else write_inner(writer, value)

    def read(reader: _RecordReader, value: Any) -> Any:
        return None if value is None else read_inner(reader, value)

    return _Codec(write, read)


def _tagged(kinds: tuple[Any, ...]) -> _Codec:
    """Values of plain types, each written with the place of its type."""
    codecs = tuple(map(_codec, kinds))

    def write(writer: _Writer, value: Any) -> list[Any]:
        place = kinds.index(str if type(value) is Word else type(value))
        return [place, codecs[place].write(writer, value)]

    def read(reader: _RecordReader, value: Any) -> Any:
        place, inner = _list(value)
        return codecs[range(len(codecs))[_exact(place, int)]].read(reader, inner)

    return _Codec(write, read)


def _sequence(inner: _Codec) -> _Codec:
    write_inner, read_inner = inner

    def write(writer: _Writer, values: Any) -> list[Any]:
        return [write_inner(writer, value) for value in values]

    def read(reader: _RecordReader, values: Any) -> tuple[Any, ...]:
        return tuple([read_inner(reader, value) for value in _list(values)])

    return _Codec(write, read)


def _fixed(inner: tuple[_Codec, ...]) -> _Codec:
    """A tuple of so many values, each of its own type."""

    def write(writer: _Writer, values: Any) -> list[Any]:
        return [codec.write(writer, value) for codec, value in zip(inner, values, strict=True)]

    def read(reader: _RecordReader, values: Any) -> tuple[Any, ...]:
        return tuple([codec.read(reader, value) for codec, value in zip(inner, _list(values), strict=True)])

    return _Codec(write, read)


def _mapping(keys: _Codec, values: _Codec) -> _Codec:
    """A mapping as `[key, value, key, value, ...]`, in its order."""

    def write(writer: _Writer, mapping: Any) -> list[Any]:
        pairs = ((keys.write(writer, key), values.write(writer, value)) for key, value in mapping.items())
        return [each for pair in pairs for each in pair]

    def read(reader: _RecordReader, flat: Any) -> dict[Any, Any]:
        parts = iter(_list(flat))
        found = {keys.read(reader, key): values.read(reader, value) for key, value in zip(parts, parts, strict=True)}
        if 2 * len(found) != len(flat):
            raise WrongRecords("expected different keys, found one twice")
        return found

    return _Codec(write, read)


def _set(inner: _Codec) -> _Codec:
    """A set of texts, sorted, so that the same set is the same bytes."""

    def write(writer: _Writer, values: Any) -> list[Any]:
        return [inner.write(writer, value) for value in sorted(values)]

    def read(reader: _RecordReader, values: Any) -> frozenset[Any]:
        return frozenset([inner.read(reader, value) for value in _list(values)])

    return _Codec(write, read)


def _rows(inner: _Codec) -> _Codec:
    """`Rows`, as its first row and its records."""

    def write(writer: _Writer, rows: Any) -> list[Any]:
        return [rows.first, [inner.write(writer, record) for _, record in rows.items()]]  # noqa: PERF102 - no dictionary

    def read(reader: _RecordReader, value: Any) -> Rows[Any]:
        first, records = _list(value)
        rows: Rows[Any] = Rows(_exact(first, int))
        for each in _list(records):
            rows.append(inner.read(reader, each))
        return rows

    return _Codec(write, read)
