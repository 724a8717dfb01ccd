"""Parquet files that several threads made in memory, joined to one file without being read or encoded again.

What comes in: files of the same columns, in order. What goes out: one file with their row groups: byte by byte the one
that a single writer would have made. A file consists of a mark, row groups, a footer, the length of the footer, and the
mark. The footer (Thrift's compact protocol) says at which byte a row group and each of its columns begins, so only that
has to change when a row group stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Joined"]

_MARK, _LENGTH = b"PAR1", 4
_BOOLEANS, _ONE_BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 12
_MANY = 15
"""A list of that many elements or more says how many in a number of its own."""

_ROW_GROUP = (4,)
_PLACES = ((*_ROW_GROUP, 5), (*_ROW_GROUP, 1, 3, 9), (*_ROW_GROUP, 1, 3, 11))
"""What names a byte: `file_offset` of a row group; `data_page_offset` and `dictionary_page_offset` of a column."""
_ORDINAL = (*_ROW_GROUP, 7)

Path = tuple[int, ...]
"""The numbers of fields, from the outermost structure on."""


class Joined:
    """Writes files to one file, one behind the other."""

    def __init__(self, file: BinaryIO, empty: pa.Buffer) -> None:
        """Begin to write; `empty`: a file of the same columns without rows."""
        self._file, self._place, self._row_groups = file, len(_MARK), 0
        self._metadata = pq.read_metadata(pa.BufferReader(empty))
        file.write(_MARK)

    def write(self, part: pa.Buffer) -> None:
        """Append the row groups of a file."""
        data = memoryview(part)
        end = len(data) - len(_MARK) - _LENGTH
        begin = end - int.from_bytes(data[end : end + _LENGTH], "little")
        by = dict.fromkeys(_PLACES, self._place - len(_MARK)) | {_ORDINAL: self._row_groups}
        footer = _Footer(bytes(data[begin:end]), by).moved()
        framed = _MARK + footer + len(footer).to_bytes(_LENGTH, "little") + _MARK
        metadata = pq.read_metadata(pa.BufferReader(framed))
        self._metadata.append_row_groups(metadata)
        self._file.write(data[len(_MARK) : begin])
        self._place += begin - len(_MARK)
        self._row_groups += metadata.num_row_groups

    def finish(self) -> None:
        """Write the footer of the whole."""
        sink = pa.BufferOutputStream()
        self._metadata.write_metadata_file(sink)
        self._file.write(memoryview(sink.getvalue())[len(_MARK) :])


class _Footer:
    """A footer whose numbers at some paths are raised; everything else is copied as it is."""

    def __init__(self, data: bytes, by: Mapping[Path, int]) -> None:
        self._data, self._by = data, by
        self._place = self._copied = 0
        self._moved = bytearray()

    def moved(self) -> bytes:
        """The footer with raised numbers."""
        self._structure(())
        return bytes(self._moved + self._data[self._copied :])

    def _byte(self) -> int:
        """Read a byte."""
        self._place += 1
        return self._data[self._place - 1]

    def _number(self) -> int:
        """Read a number of seven bits a byte, the lowest first."""
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def _structure(self, path: Path) -> None:
        """Pass over fields, each with its type and how far its number is from the one before, up to a zero."""
        field = 0
        while head := self._byte():
            field += head >> 4
            self._value(head & 0x0F, (*path, field))

    def _value(self, kind: int, path: Path) -> None:
        """Pass over a value; the elements of a list have the path of the list."""
        if kind in _INTEGERS:
            self._integer(path)
        elif kind == _STRUCT:
            self._structure(path)
        elif kind in _LISTS:
            head = self._byte()
            count = head >> 4 if head >> 4 < _MANY else self._number()
            for _ in range(count):
                self._value(_ONE_BYTE if head & 0x0F in _BOOLEANS else head & 0x0F, path)
        elif kind == _BINARY:
            length = self._number()
            self._place += length
        elif kind not in _BOOLEANS:
            self._place += {_ONE_BYTE: 1, _DOUBLE: 8}[kind]

    def _integer(self, path: Path) -> None:
        """Pass over a number, or raise it. The lowest bit is the sign; none of those that are raised is negative."""
        begin, number = self._place, self._number()
        if path in self._by:
            self._moved += self._data[self._copied : begin] + _in_sevens(number + 2 * self._by[path])
            self._copied = self._place


def _in_sevens(number: int) -> bytes:
    """A number of seven bits a byte."""
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
