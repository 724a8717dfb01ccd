"""The kernel's arrays for one thread: they grow as requests are laid out in them, and are used again and again.

What comes in: rows as plain integers, appended by `asking/layout.py`. What goes out: the ledger and the running state
as plain integers. A workspace belongs to one thread; nothing in it outlives the next `clear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter, is_not
from struct import Struct
from typing import Any, NamedTuple, TypeVar

import numpy as np

from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.call import Addresses, addresses_of, run
from camcover.engine.kernel.tables import WORK_DTYPES, Array, RuleTables, Work
from camcover.money import Cents

_Record = TypeVar("_Record", bound=tuple[Any, ...])

WRITTEN = ("requests", "sums", "slots", "visits", "events", "ledger", "rests")
"""The arrays of `Work` that the kernel writes."""

_CODES = {"i4": "i", "i8": "q", "u8": "Q"}
_FIRST_ROWS = 256
_GROWTH = 2
"""An array that is too small is made this many times as long as it must be."""
_KEPT_ROWS = 65_536
"""Arrays that grew beyond this are given back when they are cleared."""


def row_format(dtype: np.dtype[np.void], *, without: str = "") -> str:
    """The `struct` codes of a row; the column `without` is passed over."""
    codes = "<"
    for name in dtype.names or ():
        column = dtype[name]
        base, shape = column.subdtype or (column, ())
        codes += f"{column.itemsize}x" if name == without else _CODES[base.str[1:]] * int(np.prod(shape, dtype=int))
    return codes


_REQUEST_GIVEN = Struct(row_format(columns.REQUEST)[: -len(columns.KERNEL_COLUMNS)])
_REQUEST_KERNEL = bytes(columns.REQUEST.itemsize - _REQUEST_GIVEN.size)
_PATIENT = Struct("<q")
_SERVICE_ROW = Struct(row_format(columns.SERVICE))
_LEDGER_ROW = Struct(row_format(columns.LEDGER, without="steps"))


class LedgerRow(NamedTuple):
    """A row of `LEDGER` without its steps."""

    segment: int
    covered: int
    reason: int
    rule: int
    criteria: int
    requirement: int
    limit: int
    phase: int
    discount: int
    visit: int
    covered_units: int
    assumed: int
    tier: int
    terms_assumed: int
    liability: int
    of_visit: int
    handing: int
    units_left: int
    attestations_used: int
    charge: Cents
    allowed: Cents
    deductible: Cents
    copay: Cents
    coinsurance: Cents
    penalty: Cents
    balance_bill: Cents
    not_covered: Cents
    written_off: Cents
    plan_paid: Cents
    patient: Cents
    fee: Cents
    capped: Cents
    capped_by: int
    miscoded: Cents
    provider_owes: Cents
    expense: Cents
    handed: Cents


def assert_row(row: type[Any], dtype: np.dtype[np.void], *, without: str = "", **named: Sequence[str]) -> None:
    """Raise AssertionError unless the fields of a named tuple are the columns of `dtype`, in order.

    `without`: a column that it leaves out; `named`: what it calls a column otherwise, or the parts of one.
    """
    expected = [field for name in dtype.names or () if name != without for field in named.get(name, (name,))]
    if list(row._fields) != expected:
        raise AssertionError(f"the fields of {row.__name__} are {row._fields}, expected {expected}")


def maker_of(record: type[_Record]) -> Callable[[Iterable[Any]], _Record]:
    """As the `_make` of a named tuple, without a call of Python: for records that come by the dozen.

    How many values there are is not compared. Where they are columns of an array, `assert_row` has done it.
    """
    return partial(tuple.__new__, record)


assert_row(LedgerRow, columns.LEDGER, without="steps")

_make_ledger_row = maker_of(LedgerRow)


def new_rows(rows: int, dtype: np.dtype[Any]) -> Array:
    """Memory for the kernel: rows as they are, at least one. Tests put guards around each."""
    return np.empty(max(rows, 1), dtype)


class Space:
    """One growing array: its rows, how many of them are in use, and its bytes."""

    __slots__ = ("array", "buffer", "dtype", "rows", "size", "used")

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        """Begin with room for a request of some hundred lines."""
        self.dtype, self.size, self.used = dtype, dtype.itemsize, 0
        self._give(new_rows(_FIRST_ROWS, dtype))

    def _give(self, array: Array) -> None:
        """Make `array` the one in use."""
        self.array, self.rows = array, len(array)
        self.buffer = array.view(np.uint8).data.cast("B")

    def clear(self) -> None:
        """Forget every row; give much memory back."""
        self.used = 0
        if self.rows > _KEPT_ROWS:
            self._give(new_rows(_FIRST_ROWS, self.dtype))

    def reserve(self, rows: int) -> int:
        """Take rows into use, as they are; gives the first."""
        first = self.used
        self.used = used = first + rows
        if used > self.rows:
            self.ensure(used)
        return first

    def borrow(self, rows: int) -> int:
        """Have room for rows behind those in use, without taking them; gives the first."""
        if self.used + rows > self.rows:
            self.ensure(self.used + rows)
        return self.used

    def ensure(self, rows: int) -> None:
        """Have room for that many rows in all, keeping what is there."""
        if rows > self.rows:
            grown = new_rows(_GROWTH * rows, self.dtype)
            grown[: self.rows] = self.array
            self._give(grown)

    def append(self, content: bytes | bytearray) -> int:
        """Append rows given as bytes; gives the first."""
        length, first = len(content), self.used
        self.used = used = first + length // self.size
        if used > self.rows:
            self.ensure(used)
        start = first * self.size
        self.buffer[start : start + length] = content
        return first

    def span(self, first: int, rows: int) -> memoryview:
        """The bytes of rows."""
        return self.buffer[first * self.size : (first + rows) * self.size]


_rows_used: Callable[[Space], int] = attrgetter("used")


class Workspace:
    """The arrays of `Work`, each a `Space`, and their addresses behind those of the rules."""

    requests: Space
    services: Space
    lines: Space
    given_sums: Space
    given_counts: Space
    given_events: Space
    given_visits: Space
    given_fees: Space
    given_codes: Space
    behind: Space
    tier_maps: Space
    sums: Space
    slots: Space
    visits: Space
    events: Space
    ledger: Space
    rests: Space

    def __init__(self) -> None:
        """Make every array."""
        for name, dtype in WORK_DTYPES.items():
            setattr(self, name, Space(dtype))
        self._spaces = tuple(getattr(self, name) for name in Work._fields)
        self._known: list[object] = []
        self._addresses = Addresses(np.zeros(0, dtype=np.int64), 0)

    def clear(self) -> None:
        """Forget every row."""
        for space in self._spaces:
            if space.used:
                space.clear()

    def look_behind(self, ledger: Space) -> None:
        """Let requests here read `ledger` as their primary plan's."""
        self.behind = ledger
        self._spaces = tuple(getattr(self, name) for name in Work._fields)

    def append_request(self, values: tuple[int, ...]) -> int:
        """Append a request by all columns but the kernel's own; gives its row."""
        return self.requests.append(_REQUEST_GIVEN.pack(*values) + _REQUEST_KERNEL)

    def append_service(self, values: tuple[int, ...]) -> int:
        """Append a service by its columns; gives its row."""
        return self.services.append(_SERVICE_ROW.pack(*values))

    def marks(self) -> tuple[int, ...]:
        """How many rows of each array are in use."""
        return tuple(map(_rows_used, self._spaces))

    def back_to(self, marks: tuple[int, ...]) -> None:
        """Forget the rows that were taken into use since."""
        for space, used in zip(self._spaces, marks, strict=True):
            space.used = used

    def run(self, rules: RuleTables, first: int = 0) -> None:
        """Adjudicate every request in it from row `first` on. Raises `KernelFault`."""
        arrays: list[object] = [rules, *[space.array for space in self._spaces]]
        if any(map(is_not, arrays, self._known)) or not self._known:
            self._known = arrays
            self._addresses = addresses_of(rules, self.work)
        run(rules, self, first, self.requests.used - first, self._addresses)

    @property
    def work(self) -> Work:
        """The arrays, whole."""
        return Work(*(space.array for space in self._spaces))

    def ledger_rows(self, first: int, rows: int) -> list[LedgerRow]:
        """Rows of the ledger as integers."""
        return list(map(_make_ledger_row, _LEDGER_ROW.iter_unpack(self.ledger.span(first, rows))))

    def patient(self, request: int) -> int:
        """What the patient pays of all lines of a request, cents."""
        (cents,) = _PATIENT.unpack_from(self.requests.buffer, (request + 1) * self.requests.size - _PATIENT.size)
        return cents

    def rest_row(self, row: int) -> LedgerRow:
        """A row of what limits handed on, as integers."""
        (found,) = _LEDGER_ROW.iter_unpack(self.rests.span(row, 1))
        return LedgerRow._make(found)
