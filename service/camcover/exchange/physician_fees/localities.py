"""CMS's table of geographic indices (`GPCI`) and its table of ZIP codes: localities, and in which one a ZIP code lies.

A table of localities is taken whole or not at all. Tables with invented rows are about, and a wrong index gives a wrong
amount that looks right: the number of localities must be that of the year, and none may stand there twice.
"""

from __future__ import annotations

import re
from pathlib import Path

from camcover.exchange.cells import CellFault, name_of
from camcover.exchange.delimited import StackedHeading, open_lines, open_rows
from camcover.exchange.notes import Unread, UnreadableFile, quoted
from camcover.exchange.physician_fees.records import Locality, ReadLocalities
from camcover.exchange.physician_fees.relative_values import units_of
from camcover.exchange.row_cells import RowCells

__all__ = ["LOCALITIES", "locality_of_zip", "read_localities"]

LOCALITIES = 109
"""How many localities Medicare has, as in 2025; `--localities` names another number."""

_CONTRACTOR, _STATE, _NUMBER, _NAME = (
    "medicare administrative contractor (mac)", "state", "locality number", "locality name",
)  # fmt: skip
_HEADING = StackedHeading("medicare administrative contractor")
_INDEX = re.compile(r"(20[0-9]{2}) (pw|pe|mp) gpci(?: \((with|without) 1\.0 floor\))?")


def read_localities(path: Path, expected: int = LOCALITIES) -> ReadLocalities:
    """All localities. Raises `UnreadableFile` where any part cannot be read, and OSError."""
    file = open_rows(path, (_CONTRACTOR, _STATE, _NUMBER, _NAME), encoding="latin-1", heading=_HEADING)
    found = [each for column in file.columns if (each := _INDEX.fullmatch(column)) and each[3] != "without"]
    columns = {each[2]: each[0] for each in found}
    years = {each[1] for each in found}
    if len(columns) != len(found) or columns.keys() != {"pw", "pe", "mp"} or len(years) != 1:
        told = ", ".join(column for column in file.columns if "gpci" in column) or "none"
        wanted = "the columns PW GPCI, PE GPCI and MP GPCI of one year"
        raise UnreadableFile([Unread(file.name, 1, "", f"the columns {quoted(told)}", wanted)])
    read = ReadLocalities(int(years.pop()))
    for row in file.rows():
        if row.values[_STATE] or row.values[_NUMBER]:
            place = _locality(RowCells(file, row), columns)
            if place is not None and _is_known(place, read.places):
                wrong = "a locality that no earlier row has"
                file.unread.append(Unread(file.name, row.line, "", quoted(place.key), wrong))
            elif place is not None:
                read.places.append(place)
    if file.unread:
        raise UnreadableFile(file.unread)
    if len(read.places) != expected:
        wanted = f"{expected}, one for each locality of the year"
        raise UnreadableFile([Unread(file.name, 0, "", f"{len(read.places)} localities", wanted)])
    read.file = (file.name, file.sha256)
    return read


def _is_known(place: Locality, places: list[Locality]) -> bool:
    """Whether a place is there, by its state or by its contractor."""
    return any(
        each.number == place.number and (each.state == place.state or each.contractor == place.contractor)
        for each in places
    )


def _locality(cells: RowCells, columns: dict[str, str]) -> Locality | None:
    """A locality of a row; None where a cell cannot be read."""
    contractor = cells.get(_CONTRACTOR, lambda text: _matching(text, "[0-9]{5}", "five digits"))
    state = cells.get(_STATE, lambda text: _matching(text, "[A-Z]{2}", "a state such as WA"))
    number = cells.get(_NUMBER, lambda text: _matching(text.zfill(2), "[0-9]{2}", "two digits"))
    name = cells.get(_NAME, name_of)
    work, expense, malpractice = (cells.get(columns[each], units_of) for each in ("pw", "pe", "mp"))
    if contractor is None or state is None or number is None or name is None:
        return None
    if work is None or expense is None or malpractice is None:
        return None
    return Locality(contractor, state, number, name.rstrip("*"), work, expense, malpractice)


def _matching(text: str, form: str, expected: str) -> str:
    if not re.fullmatch(form, text):
        raise CellFault(expected)
    return text


_ZIP_LINE = re.compile(
    r"(?P<state>[A-Z]{2})(?P<zip>[0-9]{5})(?P<contractor>[0-9]{5})(?P<number>[0-9]{2}).{6}(?P<four>[01])"
)


def locality_of_zip(path: Path, code: str, places: list[Locality]) -> tuple[Locality, tuple[str, str]]:
    """The locality of a ZIP code, and the table's name and SHA-256.

    Raises `UnreadableFile` where the code is not there, lies in two localities, or needs four more digits.
    """
    file = open_lines(path, encoding="latin-1")
    found: Locality | None = None
    for number, text in enumerate(file.lines(), start=1):
        line = _ZIP_LINE.match(text)
        if line is None and text.strip():
            wrong = Unread(file.name, number, "", quoted(text.rstrip()), "state, ZIP code, carrier and locality")
            raise UnreadableFile([wrong])
        if line is None or line["zip"] != code:
            continue
        key = f"contractor {line['contractor']}, locality {line['number']}"
        if line["four"] == "1":
            wanted = "a ZIP code that lies in one locality; name one with --locality"
            raise UnreadableFile(
                [Unread(file.name, number, f"ZIP code {code}", "the mark of four more digits", wanted)]
            )
        matching = [each for each in places if (each.contractor, each.number) == (line["contractor"], line["number"])]
        if len(matching) != 1 or (found is not None and found != matching[0]):
            wanted = "one locality of the table of indices"
            raise UnreadableFile([Unread(file.name, number, f"ZIP code {code}", key, wanted)])
        found = matching[0]
    if found is None:
        raise UnreadableFile([Unread(file.name, 0, f"ZIP code {code}", "no line", "a line of this ZIP code")])
    return found, (file.name, file.sha256)
