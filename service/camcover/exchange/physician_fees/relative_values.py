"""CMS's relative value file (`PPRRVU`): what comes in is the CSV, what goes out are the values of the codes asked for.

Columns are found by their names, which are spread over four rows, because CMS inserts columns from year to year.
Descriptions of codes are not read: they are the American Medical Association's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from camcover.exchange.cells import CellFault
from camcover.exchange.delimited import StackedHeading, open_rows
from camcover.exchange.notes import Unread, UnreadableFile, quoted
from camcover.exchange.physician_fees.records import ReadValues, RelativeValues
from camcover.exchange.row_cells import RowCells, fault_of

__all__ = ["read_values", "units_of"]

_CODE, _MODIFIER, _STATUS, _WORK = "hcpcs", "mod", "status code", "work rvu"
_OFFICE, _NO_OFFICE = "non-fac pe rvu", "non-fac na indicator"
_FACILITY, _NO_FACILITY = "facility pe rvu", "facility na indicator"
_MALPRACTICE, _MULTIPLE, _FACTOR = "mp rvu", "mult proc", "conv factor"
_NEEDED = (
    _CODE, _MODIFIER, _STATUS, _WORK, _OFFICE, _NO_OFFICE, _FACILITY, _NO_FACILITY, _MALPRACTICE, _MULTIPLE, _FACTOR,
)  # fmt: skip
_HEADING = StackedHeading("hcpcs", rows=4)
_TITLE = re.compile(r"(20[0-9]{2}) National Physician Fee Schedule Relative Value File.*")
_UNITS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,4})?|\.[0-9]{1,4}")
_STATUS_LETTER = re.compile(r"[A-Z]")
_THERAPY_REDUCTION = "5"


def read_values(path: Path, codes: Collection[str]) -> ReadValues:
    """The values of codes. Raises `UnreadableFile`, and OSError where the file cannot be read."""
    file = open_rows(path, _NEEDED, encoding="latin-1", heading=_HEADING)
    title = next((found for each in file.titles if (found := _TITLE.fullmatch(each))), None)
    if title is None:
        told = quoted(file.titles[0]) if file.titles else "no title"
        expected = "a title such as 2026 National Physician Fee Schedule Relative Value File"
        raise UnreadableFile([Unread(file.name, 1, "", told, expected)])
    read = ReadValues(int(title[1]), title[0])
    for row in file.rows():
        cells = RowCells(file, row)
        code = cells.text(_CODE)
        if code not in codes:
            continue
        if cells.text(_MODIFIER):
            read.modified.add(code)
        elif code in read.values:
            file.unread.append(fault_of(file, row, _CODE, "a code that no earlier row has"))
        elif (values := _values(cells, code)) is not None:
            read.values[code] = values
    read.unread, read.file = file.unread, (file.name, file.sha256)
    return read


def units_of(text: str) -> Decimal:
    """Relative value units, an index or a conversion factor, such as `0.74`."""
    if not _UNITS.fullmatch(text):
        raise CellFault("a number such as 0.74")
    return Decimal(text)


def _status(text: str) -> str:
    if not _STATUS_LETTER.fullmatch(text):
        raise CellFault("a letter such as A")
    return text


def _values(cells: RowCells, code: str) -> RelativeValues | None:
    """The values of a row; None where a cell cannot be read."""
    status = cells.get(_STATUS, _status)
    work, office, facility, malpractice, factor = (
        cells.get(column, units_of) for column in (_WORK, _OFFICE, _FACILITY, _MALPRACTICE, _FACTOR)
    )
    if status is None or work is None or malpractice is None or factor is None or not cells.is_whole:
        return None
    return RelativeValues(
        code,
        cells.line,
        status,
        work,
        None if cells.text(_NO_OFFICE) == "NA" else office,
        None if cells.text(_NO_FACILITY) == "NA" else facility,
        malpractice,
        factor,
        cells.text(_MULTIPLE) == _THERAPY_REDUCTION,
    )
