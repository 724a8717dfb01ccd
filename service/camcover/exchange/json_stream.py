"""A JSON file read value by value, in flat memory, whatever its size and whatever its bytes are.

What comes in: a file, plain or as `.gz`. What goes out: the fields of its objects one by one, of which the caller takes
a value (`value`), goes into it (`fields`, `items`) or passes it over (`skip`). A file that is no JSON, is cut off, or
goes beyond a bound raises `UnreadableFile`. Numbers are `int` or `Decimal`, never `float`.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import ijson
from ijson.common import JSONError
from ijson.utils import sendable_list

from camcover.exchange.notes import Unread, UnreadableFile

__all__ = ["JsonStream"]

MOST_BYTES = 1 << 40
"""The largest file that is read, decompressed."""

LONGEST_TEXT = 1 << 20
"""Bytes without a new text, number, bracket or brace."""

MOST_LEVELS = 30
MOST_VALUES = 2_000_000
"""Values within one that is taken as a whole."""

_CHUNK = 1 << 16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING = frozenset({"start_map", "start_array"})
_CLOSING = frozenset({"end_map", "end_array"})

Event = tuple[str, Any]


class JsonStream:
    """An open JSON file. What a method yields must be taken or skipped before the next one is asked for."""

    def __init__(self, path: Path, *, most: int = MOST_BYTES) -> None:
        """`most`: the bytes that it may have."""
        self.name = path.name
        self.sha256 = ""
        self._path, self._most = path, most
        self._size = 0
        self._events = self._read()
        self._next: Event | None = None

    def fields(self) -> Iterator[str]:
        """The names of the next object's fields; nothing where the next value is none, which is then passed over.

        Raises `UnreadableFile` where two fields have one name.
        """
        if self._peek()[0] != "start_map":
            self.skip()
            return
        self._take()
        known: set[str] = set()
        while (found := self._take())[0] != "end_map":
            if found[1] in known:
                raise self.refused(f"two fields {found[1][:80]!r} in one object", "each name only once in an object")
            known.add(found[1])
            yield found[1]

    def items(self) -> Iterator[int]:
        """The numbers of the next list's values, from 1; nothing where the next value is none, which is passed over."""
        if not self.is_list():
            self.skip()
            return
        self._take()
        number = 0
        while self._peek()[0] != "end_array":
            number += 1
            yield number
        self._take()

    def is_list(self) -> bool:
        """Whether the next value is a list."""
        return self._peek()[0] == "start_array"

    def skip(self) -> None:
        """Pass over the next value."""
        level, events = 0, self._events
        event = self._take()[0]
        while True:
            if event in _OPENING:
                level += 1
                if level > MOST_LEVELS:
                    raise self.refused("more levels", f"at most {MOST_LEVELS}")
            elif event in _CLOSING:
                level -= 1
            if not level:
                return
            event = next(events)[0]

    def value(self) -> Any:
        """The next value: a text, a number, a truth value, None, a list or a mapping.

        Raises `UnreadableFile` where two fields have one name.
        """
        return self._value(self._take(), MOST_LEVELS, [MOST_VALUES])

    def _value(self, found: Event, levels: int, values: list[int]) -> Any:
        """The value that begins with an event; `values`: how many more it may have."""
        event, content = found
        values[0] -= 1
        if event not in _OPENING:
            return content
        if not levels or values[0] < 0:
            raise self.refused("an entry with more levels or values", f"at most {MOST_LEVELS} and {MOST_VALUES:,}")
        if event == "start_array":
            listed = []
            while (found := self._take())[0] != "end_array":
                listed.append(self._value(found, levels - 1, values))
            return listed
        mapping: dict[str, Any] = {}
        while (found := self._take())[0] != "end_map":
            if found[1] in mapping:
                raise self.refused(f"two fields {found[1][:80]!r} in one object", "each name only once in an object")
            mapping[found[1]] = self._value(self._take(), levels - 1, values)
        return mapping

    def _peek(self) -> Event:
        """The next event, which stays."""
        if self._next is None:
            self._next = self._take()
        return self._next

    def end(self) -> None:
        """Read to the end, after which `sha256` holds; raises `UnreadableFile` where anything else follows."""
        with suppress(StopIteration):
            next(self._events)
            raise self.refused("more text after the end", "one JSON value")

    def refused(self, found: str, expected: str) -> UnreadableFile:
        """The error of a file that gives nothing at all, with about where it was found."""
        return UnreadableFile([Unread(self.name, 0, f"before byte {self._size:,}", found, expected)])

    def _take(self) -> Event:
        """The next event."""
        if self._next is not None:
            found, self._next = self._next, None
            return found
        try:
            return next(self._events)
        except StopIteration:
            raise self.refused("the end", "more of a JSON value") from None

    def _read(self) -> Iterator[Event]:
        """The events of the file."""
        found: list[Event] = sendable_list()
        parser = ijson.basic_parse_coro(found)
        silent = 0
        try:
            for chunk in self._chunks():
                parser.send(chunk)
                silent = 0 if found else silent + len(chunk)
                if silent > LONGEST_TEXT:
                    raise self.refused("a longer text", f"texts of at most {LONGEST_TEXT:,} bytes")
                yield from found
                found.clear()
            parser.close()
            yield from found
        except (JSONError, SystemError, ValueError) as error:
            # The parser raises SystemError for a whole number of more digits than Python converts.
            raise self.refused("no JSON, or JSON that is cut off", "a whole JSON file in UTF-8") from error

    def _chunks(self) -> Iterator[bytes]:
        """The bytes of the file, without a byte order mark."""
        digest = hashlib.sha256()
        is_compressed = self._path.suffix == ".gz"
        with self._path.open("rb") as stored, gzip.GzipFile(fileobj=stored) if is_compressed else stored as file:
            while True:
                try:
                    chunk = file.read(_CHUNK)
                except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                    raise self.refused("compressed data that is cut off or damaged", "a whole .gz file") from error
                if not chunk:
                    break
                is_first = not self._size
                digest.update(chunk)
                self._size += len(chunk)
                if self._size > self._most:
                    raise self.refused("more bytes", f"a file of at most {self._most:,} bytes")
                yield chunk.removeprefix(_BYTE_ORDER_MARK) if is_first else chunk
        self.sha256 = digest.hexdigest()
