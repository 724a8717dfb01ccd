"""A book of Parquet files in pieces, each of which a task prices by itself: on Spark, or wherever else tasks run.

What comes in: a file, or a folder of files, on this machine or in an object store. What goes out: for each level a
folder with one file for each piece. A task reads its row groups as Arrow and writes Parquet itself, so that rows go
through nothing else.

A task may run twice, or end half way. So it writes beside the result, below `_temporary`, under a name of its own, and
says what it wrote. `Job.commit` moves what one run of each task wrote to its place, and marks the folder as whole with
`_SUCCESS`. Spark, PyArrow and DuckDB do not read what begins with `_`.
"""

from __future__ import annotations

import posixpath
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from camcover.bulk.estimate import BulkEstimator, WrongColumns, check_columns, parts_of
from camcover.bulk.files import Counts
from camcover.bulk.output import ParquetPart, SamePlace, check_places
from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA
from camcover.bulk.sizes import BATCH_ROWS
from camcover.engine.compiling.compile import Tables

__all__ = ["PIECE_ROWS", "Folders", "Job", "Piece", "Written", "pieces_of", "price_piece"]

PIECE_ROWS = 131_072
"""How many rows a piece has at most, unless one row group has more."""

_TEMPORARY, _WHOLE, _ENDING = "_temporary", "_SUCCESS", ".parquet"


class Folders(NamedTuple):
    """Where results go, as paths or URIs of folders; None leaves a level out."""

    plans: str
    rejects: str
    lines: str | None = None

    def written(self) -> Iterator[tuple[str, pa.Schema]]:
        """Each folder that is written, with its columns."""
        yield self.plans, PLAN_SCHEMA
        yield self.rejects, REJECT_SCHEMA
        if self.lines is not None:
            yield self.lines, LINE_SCHEMA


@dataclass(frozen=True, slots=True)
class Piece:
    """Some row groups of one file; `first_row` counts from the first row of the whole book."""

    number: int
    uri: str
    row_groups: tuple[int, ...]
    first_row: int


class Written(NamedTuple):
    """What one run of a task wrote: files named `name` below the job's folders, for the piece `number`."""

    number: int
    name: str
    counts: Counts


def pieces_of(source: str, rows: int = PIECE_ROWS) -> tuple[Piece, ...]:
    """The pieces of a file, or of all `.parquet` files below a folder, in order of their paths.

    `source`: a path, or a URI that PyArrow knows (file, s3, gs, abfs, hdfs). Files and folders that begin with `_` or
    `.` are left out. Raises `WrongColumns`, FileNotFoundError without a file, OSError, pyarrow.ArrowException.
    """
    system, path = _located(source)
    pieces: list[Piece] = []
    first_row = 0
    for file in _files(system, path):
        with system.open_input_file(file) as opened:
            metadata = pq.read_metadata(opened)
        check_columns(metadata.schema.to_arrow_schema())
        groups: list[int] = []
        begun = first_row
        for group in range(metadata.num_row_groups):
            count = metadata.row_group(group).num_rows
            if groups and first_row + count - begun > rows:
                pieces.append(Piece(len(pieces), _uri(source, path, file), tuple(groups), begun))
                groups, begun = [], first_row
            groups.append(group)
            first_row += count
        if groups:
            pieces.append(Piece(len(pieces), _uri(source, path, file), tuple(groups), begun))
    return tuple(pieces)


def price_piece(piece: Piece, tables: Tables, release: str, job: Job) -> Written:
    """Price a piece, and write its part of each level below `_temporary`; nothing stays of it if that fails.

    Raises `WrongColumns`, OSError, pyarrow.ArrowException.
    """
    name = f"{piece.number:05}-{uuid.uuid4().hex}{_ENDING}"
    system, path = _located(piece.uri)
    estimator = BulkEstimator(tables, release, wants_lines=job.folders.lines is not None)
    plans = lines = rejected = 0
    first_row = piece.first_row
    with ExitStack() as stack:
        file = pq.ParquetFile(stack.enter_context(system.open_input_file(path)))
        names = [each for each in REQUEST_SCHEMA.names if each in file.schema_arrow.names]
        outputs = [stack.enter_context(job.open_part(folder, name, schema)) for folder, schema in job.folders.written()]
        batches = file.iter_batches(BATCH_ROWS, row_groups=list(piece.row_groups), columns=names)
        for part in chain.from_iterable(map(parts_of, batches)):
            result = estimator.estimate(part, first_row)
            first_row += part.num_rows
            for output, batch in zip(outputs, (result.plans, result.rejects, result.lines), strict=False):
                output.write(batch)
            plans += result.plans.num_rows
            lines += int(result.line_count)
            rejected += result.rejected_rows
        for output in outputs:
            output.finish()
    return Written(piece.number, name, Counts(plans, lines, rejected))


@dataclass(frozen=True, slots=True)
class Job:
    """The folders that one job fills. `name` sets what its tasks write apart from what other jobs write."""

    folders: Folders
    name: str

    @classmethod
    def begin(cls, source: str, folders: Folders) -> Job:
        """A job for folders that are absent, empty, or hold an earlier result.

        Raises `SamePlace` when a folder is the source, another folder or inside of one, or holds other files.
        """
        _check_apart(source, [folder for folder, _ in folders.written()])
        for folder, _ in folders.written():
            system, path = _located(folder)
            for found in system.get_file_info(fs.FileSelector(path, allow_not_found=True)):
                if not _is_ours(found.base_name):
                    raise SamePlace(
                        f"{folder} holds {found.base_name!r}; expected no folder, or one of an earlier result"
                    )
        return cls(folders, uuid.uuid4().hex)

    def open_part(self, folder: str, name: str, schema: pa.Schema) -> ParquetPart:
        """The file of this name that a task writes below a folder. Raises OSError."""
        system, path = _located(folder)
        own = self._own(path)
        system.create_dir(own, recursive=True)
        return ParquetPart(system, posixpath.join(own, name), schema)

    def _own(self, path: str) -> str:
        """Where this job's tasks write below a folder."""
        return posixpath.join(path, _TEMPORARY, self.name)

    def commit(self, written: Sequence[Written]) -> Counts:
        """Replace what the folders hold by what was written: one `Written` for each piece. Raises OSError.

        A folder without `_SUCCESS` is not whole: this ended half way.
        """
        for folder, _ in self.folders.written():
            system, path = _located(folder)
            system.create_dir(path, recursive=True)
            old = [each for each in system.get_file_info(fs.FileSelector(path)) if each.base_name != _TEMPORARY]
            for each in sorted(old, key=lambda each: each.base_name != _WHOLE):
                system.delete_file(each.path)
            for each in written:
                place = posixpath.join(path, f"part-{each.number:05}{_ENDING}")
                system.move(posixpath.join(self._own(path), each.name), place)
            with system.open_output_stream(posixpath.join(path, _WHOLE)):
                pass
        self.clear()
        return Counts(*(sum(each.counts[place] for each in written) for place in range(len(Counts._fields))))

    def clear(self) -> None:
        """Delete what tasks of this job wrote that is not part of the result. Raises OSError."""
        for folder, _ in self.folders.written():
            system, path = _located(folder)
            own, temporary = self._own(path), posixpath.join(path, _TEMPORARY)
            if _is_folder(system, own):
                system.delete_dir(own)
            if _is_folder(system, temporary) and _is_empty(system, temporary):
                system.delete_dir(temporary)


def _located(place: str) -> tuple[fs.FileSystem, str]:
    """The file system of a path or URI, and the path in it. Raises pyarrow.ArrowInvalid for an unknown scheme."""
    if "://" in place:
        system, path = fs.FileSystem.from_uri(place)
        return system, path.rstrip("/")
    return fs.LocalFileSystem(), Path(place).absolute().as_posix()


def _uri(source: str, root: str, file: str) -> str:
    """How a task finds a file below `root`, which `source` names."""
    if file == root:
        return source
    folder, mark, options = source.partition("?") if "://" in source else (source, "", "")
    return posixpath.join(folder, posixpath.relpath(file, root)) + mark + options


def _files(system: fs.FileSystem, path: str) -> list[str]:
    """The path itself if it is a file, else the Parquet files below it. Raises FileNotFoundError, `WrongColumns`."""
    info = system.get_file_info(path)
    if info.is_file:
        return [path]
    found = []
    for each in system.get_file_info(fs.FileSelector(path, recursive=True)):
        parts = posixpath.relpath(each.path, path).split("/")
        if not each.is_file or not each.path.endswith(_ENDING) or any(part[0] in "_." for part in parts):
            continue
        if any("=" in part for part in parts[:-1]):
            raise WrongColumns(f"{each.path} lies in a folder that holds a column; expected every column in the files")
        found.append(each.path)
    if not found:
        raise FileNotFoundError(f"no file that ends in {_ENDING} below {path}")
    return sorted(found)


def _check_apart(source: str, folders: Sequence[str]) -> None:
    """Raise `SamePlace` unless the source and the folders are apart from each other."""
    located = [_located(each) for each in (source, *folders)]
    if all(isinstance(system, fs.LocalFileSystem) for system, _ in located):
        check_places(Path(located[0][1]), [Path(path) for _, path in located[1:]])
        return
    for place, (system, path) in enumerate(located):
        for other_system, other in located[:place]:
            if system.equals(other_system) and (_is_inside(path, other) or _is_inside(other, path)):
                raise SamePlace(f"{path} and {other} are the same place, or one is in the other; expected two places")


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _is_ours(name: str) -> bool:
    """Whether a name in a folder of results is one that this module, or Spark, gives."""
    is_part = name.startswith("part-") and name.endswith(_ENDING)
    return is_part or name in (_TEMPORARY, _WHOLE) or (name.startswith(".") and name.endswith(".crc"))


def _is_folder(system: fs.FileSystem, path: str) -> bool:
    return bool(system.get_file_info(path).type == fs.FileType.Directory)


def _is_empty(system: fs.FileSystem, path: str) -> bool:
    return not system.get_file_info(fs.FileSelector(path))
