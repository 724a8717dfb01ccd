"""A Parquet file that appears only when it is complete.

What comes in: record batches. What goes out: the file; no file if writing ended before `finish`.
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

from camcover.errors import CamcoverError

_COMPRESSION = "lz4"
_WORDS = ("request_id", "plan_id", "rule_release", "tier", "benefit", "reason", "limit", "field")


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


class ParquetPart:
    """Writes batches to a Parquet file, which is deleted at the end of the `with` block unless `finish` was called."""

    def __init__(self, system: fs.FileSystem, path: str, schema: pa.Schema) -> None:
        """Begin to write. Raises OSError where the file cannot be written."""
        words = [name for name in schema.names if name in _WORDS]
        self._system, self._path, self._is_whole = system, path, False
        self._writer = pq.ParquetWriter(path, schema, filesystem=system, compression=_COMPRESSION, use_dictionary=words)

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
