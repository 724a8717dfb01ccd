"""Rows of delimited text (CSV, tab-separated), within bounds, whatever the bytes are.

What comes in: a file, plain or as `.gz`. What goes out: each row with the number of its first line and its values by
column, and an `Unread` for each row that is no such row: other columns, bytes of another encoding, a line that is too
long, a quote that is never closed. A file without the needed columns, that is too large, or that cannot be
decompressed raises `UnreadableFile`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from camcover.exchange.notes import Unread, UnreadableFile, quoted

__all__ = ["MOST_BYTES", "DelimitedFile", "DelimitedRow", "OpenLines", "StackedHeading", "open_lines", "open_rows"]

MOST_BYTES = 2 << 30
"""The largest file that is read, decompressed; the whole benefit file of the exchanges has some 300 MB."""

LONGEST_LINE = 1 << 20
"""Bytes of one line; the rows of CMS's files have some tens of thousands."""

MOST_LETTERS_OF_A_CELL = 100_000
MOST_TITLE_ROWS = 40
_REPLACED = "\ufffd"


class DelimitedRow(NamedTuple):
    """A row: the number of its first line, and its values by the name of the column, in lower case."""

    line: int
    values: dict[str, str]


class StackedHeading(NamedTuple):
    """A heading below rows of titles.

    `begins`: how the first cell of its last row begins, in lower case. `rows`: over how many rows the name of a column
    is spread.
    """

    begins: str
    rows: int = 1


@dataclass(slots=True)
class DelimitedFile:
    """An open file of rows; `titles`: the texts of the rows above a `StackedHeading`."""

    name: str
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    _rows: Iterator[DelimitedRow]
    _progress: OpenLines

    def rows(self) -> Iterator[DelimitedRow]:
        """The rows in order; those that cannot be read are left out, and stand in `unread`."""
        return self._rows

    @property
    def unread(self) -> list[Unread]:
        """What could not be read so far; whoever reads cells adds to it."""
        return self._progress.unread

    @property
    def sha256(self) -> str:
        """Of the file's bytes (decompressed), hex, once all rows are read; else empty."""
        return self._progress.sha256


def open_rows(
    path: Path,
    needed: Sequence[str],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
    most: int = MOST_BYTES,
    heading: StackedHeading | None = None,
) -> DelimitedFile:
    """Open a file of rows; column names do not depend on case, and the first of two equal ones counts.

    `heading`: where it is not the first row. `needed`: columns without which nothing is read. `most`: the bytes that
    it may have. Raises `UnreadableFile` at once for a heading that does not have them, and while reading for a file
    that is too large or cut off; OSError where it cannot be opened.
    """
    progress = open_lines(path, encoding=encoding, most=most)
    lines = progress.lines()
    reader = (
        csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)
        if delimiter == "\t"
        else csv.reader(lines, delimiter=delimiter, strict=True)
    )
    csv.field_size_limit(MOST_LETTERS_OF_A_CELL)
    titles: list[str] = []
    if heading is None:
        names = [each.strip().lower() for each in _heading(path.name, reader)]
    else:
        names = _stacked(path.name, reader, heading, titles)
    missing = [each for each in needed if each not in names]
    if missing:
        found = ", ".join(names[:8]) or "no column"
        expected = f"a heading with the columns {', '.join(missing)}"
        raise UnreadableFile([Unread(path.name, 1, "", f"the columns {quoted(found)}", expected)])
    columns = tuple(dict.fromkeys(names))
    return DelimitedFile(path.name, columns, tuple(titles), _rows(reader, progress, names), progress)


def open_lines(path: Path, *, encoding: str = "utf-8-sig", most: int = MOST_BYTES) -> OpenLines:
    """A file of lines, of which `lines()` gives the texts; see `open_rows`."""
    return OpenLines(path.name, encoding, path, most)


@dataclass(slots=True)
class OpenLines:
    """How far a file is read: the number of lines, what is wrong in those not yet taken, what could not be read."""

    name: str
    encoding: str
    path: Path
    most: int
    number: int = 0
    wrong: Unread | None = None
    unread: list[Unread] = field(default_factory=list)
    sha256: str = ""

    def lines(self) -> Iterator[str]:
        """The lines in order, each with its end.

        Raises `UnreadableFile` where the file is too large or cannot be decompressed, and OSError.
        """
        return _lines(self)

    def take_wrong(self) -> Unread | None:
        """What was wrong in the lines since the last call."""
        wrong, self.wrong = self.wrong, None
        return wrong

    def decoded(self, line: bytes) -> str:
        """A line as text; what is no text is remembered, and marks stand in its place."""
        encoding = "utf-8" if self.number > 1 and self.encoding == "utf-8-sig" else self.encoding
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            found = f"the bytes {line[error.start : error.start + 4].hex(' ')}"
            self.wrong = self.wrong or Unread(self.name, self.number, "", found, f"text in {self.encoding}")
            text = line.decode(encoding, errors="replace")
        if "\0" in text:
            self.wrong = self.wrong or Unread(self.name, self.number, "", "a zero byte", "text")
            text = text.replace("\0", _REPLACED)
        return text


def _heading(name: str, reader: Iterator[list[str]]) -> list[str]:
    """The first row; raises `UnreadableFile` where there is none."""
    try:
        return next(reader)
    except StopIteration:
        raise UnreadableFile([Unread(name, 0, "", "no line", "a heading with the names of columns")]) from None
    except csv.Error as error:
        raise UnreadableFile([Unread(name, 1, "", str(error), "a heading with the names of columns")]) from error


def _stacked(name: str, reader: Iterator[list[str]], heading: StackedHeading, titles: list[str]) -> list[str]:
    """The names of a heading below titles, which are put into `titles`."""
    rows: deque[list[str]] = deque(maxlen=heading.rows)
    try:
        for cells in islice(reader, MOST_TITLE_ROWS):
            rows.append([" ".join(each.split()) for each in cells])
            if rows[-1] and rows[-1][0].lower().startswith(heading.begins):
                return [
                    " ".join(row[place] for row in rows if place < len(row) and row[place]).lower()
                    for place in range(len(rows[-1]))
                ]
            titles.extend(each for each in rows[-1] if each)
    except csv.Error as error:
        raise UnreadableFile([Unread(name, 0, "", str(error), "a heading with the names of columns")]) from error
    expected = f"a heading in the first {MOST_TITLE_ROWS} rows that begins with {quoted(heading.begins)}"
    raise UnreadableFile([Unread(name, 0, "", "no heading", expected)])


def _rows(reader: Iterator[list[str]], progress: OpenLines, names: Sequence[str]) -> Iterator[DelimitedRow]:
    """The rows behind the heading."""
    name, unread = progress.name, progress.unread
    progress.take_wrong()
    while True:
        first = progress.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            progress.take_wrong()
            unread.append(Unread(name, first, "", str(error), "a row of delimited text"))
            continue
        wrong = progress.take_wrong()
        if wrong is not None:
            unread.append(wrong)
        elif len(cells) == len(names):
            values: dict[str, str] = {}
            for column, cell in zip(names, cells, strict=True):
                values.setdefault(column, cell.strip())
            yield DelimitedRow(first, values)
        elif cells:
            unread.append(Unread(name, first, "", f"{len(cells)} values", f"{len(names)}, one a column"))


def _lines(progress: OpenLines) -> Iterator[str]:
    """The lines of a file as text."""
    path, most = progress.path, progress.most
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stored, gzip.GzipFile(fileobj=stored) if path.suffix == ".gz" else stored as file:
        while True:
            line = _line(file, progress)
            if not line:
                break
            progress.number += 1
            size += len(line)
            digest.update(line)
            if len(line) > LONGEST_LINE or size > most:
                expected = f"a file of at most {most:,} bytes, with lines of at most {LONGEST_LINE:,}"
                raise UnreadableFile([Unread(progress.name, progress.number, "", "more bytes", expected)])
            yield progress.decoded(line)
    progress.sha256 = digest.hexdigest()


def _line(file: BufferedIOBase, progress: OpenLines) -> bytes:
    """The next line; empty at the end."""
    try:
        return file.readline(LONGEST_LINE + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found = "compressed data that is cut off or damaged"
        raise UnreadableFile([Unread(progress.name, progress.number + 1, "", found, "a whole .gz file")]) from error
