"""Records as JSON and back, by the types that their fields declare.

The bytes hold text and integers only: a record is written as the number of its class in a closed list.

Layout: `[texts, records, root]`. A text is written as its number in `texts`. A record is a list, `[class, value, ...]`;
where a field holds a record, it is written as the record's number in `records`. A record refers only to records before
it, and one that several places use is written once. A `Word`, the text that knows its place, is a record too; where a
text is expected it is a negative number, -1 for record 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

import orjson

from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.plan_summary import PlanSummary
from camcover.engine.compiling.value_codecs import Codec, WrongRecords, codec_of, exact, exact_list, is_record
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.rulebook.records import Place, Word

__all__ = ["ROOTS", "WrongRecords", "decode", "encode", "record_types"]

ROOTS: tuple[Any, ...] = (Vocabulary, PlanIndex, Mapping[str, PlanSummary])
"""What is stored. No class is made that they cannot reach by declared fields."""


class RecordField(NamedTuple):
    """A field of a record and its declared type."""

    name: str
    declared: Any


class _Layout(NamedTuple):
    """How records of one class are written and read."""

    number: int
    kind: type
    names: tuple[str, ...]
    codecs: tuple[Codec, ...]


def encode(value: object, declared: Any) -> bytes:
    """A value of a declared type as bytes. Raises TypeError where it is not of that type."""
    writer = _Writer()
    root = codec_of(declared).write(writer, value)
    return orjson.dumps([list(writer.texts), writer.records, root])


def decode(content: bytes, declared: Any) -> Any:
    """The value that `encode` wrote. Raises `WrongRecords` for bytes that hold anything else."""
    try:
        texts, records, root = exact_list(orjson.loads(content))
        reader = _Reader([exact(each, str) for each in exact_list(texts)])
        for each in exact_list(records):
            reader.add(each)
        return codec_of(declared).read(reader, root)
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


class _Reader:
    """The texts, and the records that were made so far."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.records: list[Any] = []

    def add(self, row: Any) -> None:
        """Make the next record."""
        layout = _by_number()[exact(row[0], int)]
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
    """The stored fields of a class. Fields with a default factory are not stored: they hold derived values."""
    if kind is Word:
        return RecordField(_WORD_TEXT, str), RecordField("at", Place)
    hints = get_type_hints(kind)
    if is_dataclass(kind):
        names = [each.name for each in fields(kind) if each.default_factory is MISSING]
    else:
        names = list(getattr(kind, "_fields", ()))
    return tuple(RecordField(name, hints[name]) for name in names)


@cache
def _layouts() -> dict[type, _Layout]:
    """The layout of every class that the roots reach, by class; numbered in order of name."""
    found: dict[type, tuple[RecordField, ...]] = {Word: _fields(Word)}
    waiting = list(ROOTS)
    while waiting:
        declared = waiting.pop()
        if not is_record(declared):
            waiting += [each for each in get_args(declared) if each is not Ellipsis]
        elif declared not in found:
            found[declared] = _fields(declared)
            waiting += [each.declared for each in found[declared]]
    ordered = sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
    return {
        kind: _Layout(
            number,
            kind,
            tuple(each.name for each in found[kind]),
            tuple(codec_of(each.declared) for each in found[kind]),
        )
        for number, kind in enumerate(ordered)
    }


@cache
def _by_number() -> tuple[_Layout, ...]:
    return tuple(_layouts().values())
