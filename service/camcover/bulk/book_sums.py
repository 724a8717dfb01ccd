"""The sums of a plan of a batch as rows of `given_sums`, by compiled code (docs/rule-language.md, points 29 and 30)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from camcover.bulk.book_columns import AS_GIVEN, UNKNOWN, WAS_CUT, WRONG, Book
from camcover.engine.kernel.sums import holds
from camcover.engine.kernel.tables import UNLIMITED, Array
from camcover.jit import compiled
from camcover.request_bounds import MAX_CENTS


@compiled
def is_repeated(numbers: NDArray[np.int32], first: int, place: int) -> bool:
    """Whether what cell `place` names was named before, from cell `first` on."""
    found = False
    for earlier in range(first, place):
        found |= numbers[earlier] == numbers[place]
    return found


@compiled
def _put_sum(cell: Any, used: int, late: int, maximum: int, may_cut: bool) -> int:
    """Write a sum that is given; WRONG when it is out of bounds or in part, WAS_CUT when cut to its maximum."""
    if used == UNKNOWN:
        return AS_GIVEN if late == 0 else WRONG
    top = maximum if maximum >= 0 else MAX_CENTS
    if not 0 <= late <= used <= MAX_CENTS or (used > top and not may_cut):
        return WRONG
    cell["used"], cell["last_quarter"] = min(used, top), min(late, top)
    return WAS_CUT if used > top else AS_GIVEN


@compiled
def _put_sums(listed: Any, cells: tuple[int, int], maxima: Any, given: Array, first: int, may_cut: bool) -> int:
    """Write one owner's sums, `listed` in cells [from, to); WRONG when one is unknown, given twice or out of bounds.

    `listed`: accumulators, amounts used, of the last quarter; `maxima`: the most of each. Where use may be cut, a sum
    that is unknown to the plan is left out.
    """
    numbers, used, late = listed
    found = AS_GIVEN
    for place in range(cells[0], cells[1]):
        number, became = numbers[place], WAS_CUT if may_cut else WRONG
        if number >= 0 and is_repeated(numbers, cells[0], place):
            return WRONG
        if number >= 0:
            became = _put_sum(given[first + number], used[place], late[place], maxima[number], may_cut)
        if became == WRONG:
            return WRONG
        found = max(found, became)
    return found


@compiled
def lay_out_sums(
    book: Book, row: int, count: int, maxima: Array, reference: int, given: Array, first: int, may_cut: bool
) -> int:
    """Write a plan's sums; WRONG when one of them is unknown to the plan, given twice, out of bounds, contradictory."""
    for cell in given[first : first + 2 * count]:
        cell["used"], cell["last_quarter"] = 0, 0
    uses = book.sums_of[row], book.sums_of[row + 1]
    of_family = book.family_sums_of[row], book.family_sums_of[row + 1]
    own = maxima[reference : reference + count]
    family = book.family[row] == 1
    tops = own["in_family"] if family else own["self_only"]
    found = _put_sums((book.accumulator, book.used, book.late), uses, tops, given, first, may_cut)
    if found == WRONG or (not family and of_family[1] > of_family[0]):
        return WRONG
    contradicts = _hold_to_maxima(book.accumulator, book.used, uses, own, tops, given, first)
    if family:
        _sum_up_family(count, maxima, reference, given, first)
        listed = book.family_accumulator, book.family_used, book.family_late
        became = _put_sums(listed, of_family, own["family"], given, first + count, may_cut)
        if became == WRONG:
            return WRONG
        found = max(found, became)
        contradicts |= _hold_to_maxima(
            book.family_accumulator, book.family_used, of_family, own, own["family"], given, first + count
        )
        for number in range(count):
            contradicts |= _cut_to(given[first + number], given[first + count + number]["used"])
    if contradicts:
        return WAS_CUT if may_cut else WRONG
    return found


@compiled
def _hold_to_maxima(
    numbers: NDArray[np.int32],
    used: NDArray[np.int64],
    cells: tuple[int, int],
    own: Array,
    tops: Any,
    given: Array,
    first: int,
) -> bool:
    """Bound deductibles by the maxima that every cent of them counts toward (points 29 and 30).

    A maximum that is not stated is expected to be at least its deductible. If a maximum is stated and not reached, a
    larger deductible is cut to it; the result says whether one was cut.
    """
    found = False
    for number in range(len(own)):
        counted = own[number]["counted_toward"]
        if counted == 0 or not _is_stated(numbers, used, cells, number):
            continue
        # First what is stated cuts the deductible, then the deductible as cut raises what is not stated.
        for maximum in range(len(own)):
            cell = given[first + maximum]
            is_stated = holds(counted, maximum) and _is_stated(numbers, used, cells, maximum)
            if is_stated and cell["used"] != tops[maximum]:
                found |= _cut_to(given[first + number], cell["used"])
        for maximum in range(len(own)):
            if holds(counted, maximum) and not _is_stated(numbers, used, cells, maximum):
                cell, deductible, top = given[first + maximum], given[first + number]["used"], tops[maximum]
                cell["used"] = max(cell["used"], deductible if top < 0 else min(deductible, top))
    return found


@compiled
def _cut_to(cell: Any, most: int) -> bool:
    """Cut a sum to the most that it may be; gives whether it was more."""
    if cell["used"] <= most:
        return False
    cell["used"] = most
    cell["last_quarter"] = min(cell["last_quarter"], most)
    return True


@compiled
def _is_stated(numbers: NDArray[np.int32], used: NDArray[np.int64], cells: tuple[int, int], number: int) -> bool:
    """Whether one of the listed sums is that of an accumulator, and has an amount."""
    found = False
    for place in range(cells[0], cells[1]):
        found |= numbers[place] == number and used[place] != UNKNOWN
    return found


@compiled
def _sum_up_family(count: int, maxima: Array, reference: int, given: Array, first: int) -> None:
    """A family's sum that is not given is the one member's, at most the family's maximum (point 29)."""
    for number in range(count):
        member, cell = given[first + number], given[first + count + number]
        maximum = maxima[reference + number]["family"]
        top = maximum if maximum >= 0 else UNLIMITED
        cell["used"], cell["last_quarter"] = min(member["used"], top), min(member["last_quarter"], top)
