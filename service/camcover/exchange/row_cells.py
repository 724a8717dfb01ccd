"""The cells of one row as values: what cannot be read is listed with file, line and column, and the row is not whole.

What comes in: a row of a delimited file. What goes out: values; None stands for a cell that could not be read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from camcover.exchange.cells import CellFault
from camcover.exchange.delimited import DelimitedFile, DelimitedRow
from camcover.exchange.notes import Unread, quoted

__all__ = ["RowCells", "fault_of"]

T = TypeVar("T")


class RowCells:
    """The cells of a row; `is_whole` until one of them is none, `line` its place in the file."""

    def __init__(self, file: DelimitedFile, row: DelimitedRow) -> None:
        """Faults are added to what could not be read of `file`."""
        self._file, self._row = file, row
        self.is_whole = True
        self.line = row.line

    def text(self, column: str) -> str:
        """A cell as it is."""
        return self._row.values[column]

    def get(self, column: str, read: Callable[[str], T]) -> T | None:
        """The value of a cell; None where `read` refuses it."""
        try:
            return read(self._row.values[column])
        except CellFault as fault:
            self._file.unread.append(fault_of(self._file, self._row, column, str(fault)))
            self.is_whole = False
            return None


def fault_of(file: DelimitedFile, row: DelimitedRow, column: str, expected: str) -> Unread:
    """What a cell holds in place of what was expected."""
    return Unread(file.name, row.line, f"column {column}", quoted(row.values[column]), expected)
