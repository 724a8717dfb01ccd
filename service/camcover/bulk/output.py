"""A Parquet file that appears only when it is complete.

What comes in: record batches, or files that several threads made of them in memory (`encoded`). What goes out: the
file; no file if writing ended before `finish`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from camcover.bulk.joining import Joined
from camcover.errors import CamcoverError

_COMPRESSION = "lz4"
_WORDS = ("request_id", "plan_id", "rule_release", "tier", "benefit", "reason", "limit", "field", "source")


class SamePlace(CamcoverError):
    """Two files that a command reads or writes are the same; the message names them."""


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(path.name + ".part")


def check_places(source: Path, outputs: Iterable[Path]) -> None:
    """Raise `SamePlace` when an output would overwrite the input or another output, also by way of links.

    What lies inside of a folder that is another's place counts as that place.
    """
    written = list(outputs)
    for path in written:
        if any(_is_one_place(source, place) for place in (path, part_of(path))):
            raise SamePlace(f"{path} is the input or would overwrite it; expected another file")
    for path, other in combinations(written, 2):
        pairs = product((path, part_of(path)), (other, part_of(other)))
        if any(_is_one_place(one, another) for one, another in pairs):
            raise SamePlace(f"{path} and {other} are the same file; expected two files")


def _is_one_place(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or one of them into the folder that is the other."""
    if one.exists() and other.exists() and one.samefile(other):
        return True
    first, second = Path(os.path.realpath(one)), Path(os.path.realpath(other))
    return first == second or first in second.parents or second in first.parents


def _writer(where: str | pa.NativeFile, schema: pa.Schema, system: fs.FileSystem | None = None) -> pq.ParquetWriter:
    """What writes a Parquet file as this package writes all of them."""
    words = [name for name in schema.names if name in _WORDS]
    return pq.ParquetWriter(where, schema, filesystem=system, compression=_COMPRESSION, use_dictionary=words)


def encoded(schema: pa.Schema, batch: pa.RecordBatch | None = None) -> pa.Buffer:
    """A Parquet file in memory with a batch as its row group; without rows if there is none. Any thread may call it."""
    sink = pa.BufferOutputStream()
    with _writer(sink, schema) as writer:
        if batch is not None:
            writer.write_batch(batch)
    return sink.getvalue()


class ParquetPart:
    """Writes batches to a Parquet file, which is deleted at the end of the `with` block unless `finish` was called."""

    def __init__(self, system: fs.FileSystem, path: str, schema: pa.Schema) -> None:
        """Begin to write. Raises OSError where the file cannot be written."""
        self._system, self._path, self._is_whole = system, path, False
        self._writer = _writer(path, schema, system)

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if batch.num_rows:
            self._writer.write_batch(batch)

    def finish(self) -> None:
        """Everything is written."""
        self._is_whole = True

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        if not self._is_whole:
            with suppress(FileNotFoundError):
                self._system.delete_file(self._path)


class WholeFile(ParquetPart):
    """Writes batches beside `path`, and puts the file there at the end of the `with` block if `finish` was called."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin to write. Raises OSError where the folder cannot be written to."""
        super().__init__(fs.LocalFileSystem(), str(part_of(path)), schema)
        self._place = path

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        if self._is_whole:
            part_of(self._place).replace(self._place)


class JoinedFile:
    """As `WholeFile`, for files of `encoded` in place of batches: what is left to one thread is to copy bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin to write. Raises OSError where the folder cannot be written to."""
        self._place, self._is_whole = path, False
        self._file = part_of(path).open("wb")
        self._joined = Joined(self._file, encoded(schema))

    def __enter__(self) -> Self:
        return self

    def write(self, part: pa.Buffer) -> None:
        """Append the row groups of a file."""
        self._joined.write(part)

    def finish(self) -> None:
        """Everything is written."""
        self._joined.finish()
        self._is_whole = True

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._is_whole:
            part_of(self._place).replace(self._place)
        else:
            part_of(self._place).unlink(missing_ok=True)
