"""The running state after a request's last line: sums, counts of limits, visits, dated uses.

What comes in: the bytes of its rows in a `Workspace`, which are copied. What goes out: the rows as plain integers,
unpacked when somebody reads them: a ledger alone does not need them.
"""

from __future__ import annotations

from functools import cached_property
from struct import Struct
from typing import NamedTuple

from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.workspace import assert_row, maker_of, row_format
from camcover.money import Cents

__all__ = ["RunningState", "SlotRow", "SumRow", "VisitsRow"]

_SUM_ROW = Struct(row_format(columns.SUM))
_SLOT_ROW = Struct(row_format(columns.SLOT))
_VISITS_ROW = Struct(row_format(columns.VISITS))
_EVENT_ROW = Struct(row_format(columns.EVENT))


class SumRow(NamedTuple):
    """A row of `SUM`: a running sum, and what of it was applied in the last three months of the period, cents."""

    used: Cents
    last_quarter: Cents


class SlotRow(NamedTuple):
    """A row of `SLOT`."""

    used: int
    key: int
    day: int
    head: int
    tail: int


class VisitsRow(NamedTuple):
    """A row of `VISITS`; `number` is its `count`."""

    counted: int
    copay_paid: int
    number: int
    period: int
    day: int
    coinsurance_paid: int
    percentages: int
    penalty_paid: int
    copay_scope: int


assert_row(SumRow, columns.SUM)
assert_row(SlotRow, columns.SLOT)
assert_row(VisitsRow, columns.VISITS, count=("number",))


_make_slot, _make_visits = maker_of(SlotRow), maker_of(VisitsRow)


class RunningState:
    """The rows of one request, members first; counts of limits by owner, then slot."""

    def __init__(
        self, sums: memoryview, slots: memoryview, visits: memoryview, events: memoryview, first_event: int
    ) -> None:
        """Copy the bytes; `first_event`: the row of the array where `events` begin."""
        self._sums, self._slots, self._visits = bytes(sums), bytes(slots), bytes(visits)
        self._events, self._first_event = bytes(events), first_event

    @cached_property
    def sums(self) -> list[SumRow]:
        """The running sums."""
        return list(map(SumRow._make, _SUM_ROW.iter_unpack(self._sums)))

    @cached_property
    def slots(self) -> list[SlotRow]:
        """The running counts."""
        return list(map(_make_slot, _SLOT_ROW.iter_unpack(self._slots)))

    @cached_property
    def visits(self) -> list[VisitsRow]:
        """The visits."""
        return list(map(_make_visits, _VISITS_ROW.iter_unpack(self._visits)))

    def dated_uses(self, slot: int) -> list[tuple[int, int]]:
        """The (ordinal day, amount) of each use that a rolling limit's slot still holds, by its place in `slots`."""
        head, first = self.slots[slot].head, self._first_event
        found: list[tuple[int, int]] = []
        while head >= 0:
            day, head, amount = self._dated[head - first]
            found.append((day, amount))
        return found

    @cached_property
    def _dated(self) -> list[tuple[int, int, int]]:
        """The rows of `EVENT`, those that no slot has taken included."""
        return list(_EVENT_ROW.iter_unpack(self._events))
