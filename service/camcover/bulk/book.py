"""A batch of plans as rows for the kernel, laid out by compiled code.

What comes in: integer columns (bulk/coding.py). What goes out: rows of `requests`, `lines`, `given_sums`, and a status
for each plan: what is not READY cannot be taken this way and is asked as a single request is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from camcover.engine.asked import MAX_CENTS, MAX_LINES
from camcover.engine.request import FIRST_DATE, LAST_DATE
from camcover.engine.sums import period_on
from camcover.engine.tables import UNLIMITED, Array, RuleTables
from camcover.jit import compiled, compiled_entry, sources_digest

READY, ASIDE, CUTTABLE, CUT = 0, 1, 2, 3
"""Statuses of a plan. CUTTABLE asks for what READY does, and lets use so far be cut to the plan's bounds (then CUT)."""

_WRONG, _AS_GIVEN, _WAS_CUT = -1, 0, 1

UNKNOWN = -(2**62)
"""A sum that is listed without an amount."""

MAX_SESSIONS, MAX_EVERY_DAYS = 500, 366
"""As in protos/camcover/v1/request.proto."""

FIRST_DAY, LAST_DAY = FIRST_DATE.toordinal(), LAST_DATE.toordinal()

_NO_ROOM = -1
"""In place of the number of requests: an array was made too small."""

PLAN = np.dtype([
    ("first_segment", "i4"), ("segment_count", "i4"),
    ("sums", "i4"), ("slots", "i4"), ("visits", "i4"), ("rolling", "i4"), ("counts", "i4"),
])  # fmt: skip
"""What the layout must know of a plan: its segments, how wide its state is, and its first row of `counts`."""

COUNT = np.dtype([("top", "i8"), ("money", "i4")])
"""What it must know of a limit's slot: the most that a request may state as used, and whether that is cents."""

MAXIMUM = np.dtype([("self_only", "i8"), ("in_family", "i8"), ("family", "i8"), ("counted_toward", "i8")])
"""The most an accumulator may hold: of a member alone, of a member in a family, of the family; -1 = unlimited. Then the
accumulator toward which every cent of it counts, -1 = none (point 30)."""


class Facts(NamedTuple):
    """The tables of a release that the layout reads beside the kernel's.

    `references`: for a segment, its first row of `maxima`.
    """

    plans: Array
    references: NDArray[np.int32]
    maxima: Array
    counts: Array


class Book(NamedTuple):
    """A batch as integer columns; -1 = unknown.

    The first group has a cell for each plan, the second for each item, the third for each sum of members, the fourth
    for each of families, the last for each use of a limit; `*_of` are offsets into them.
    """

    plan: NDArray[np.int32]
    as_of: NDArray[np.int32]
    family: NDArray[np.int32]
    attested: NDArray[np.int32]
    status: NDArray[np.int32]
    items_of: NDArray[np.int32]
    sums_of: NDArray[np.int32]
    family_sums_of: NDArray[np.int32]
    uses_of: NDArray[np.int32]
    start: NDArray[np.int32]
    sessions: NDArray[np.int32]
    every: NDArray[np.int32]
    born: NDArray[np.int32]
    accumulator: NDArray[np.int32]
    used: NDArray[np.int64]
    late: NDArray[np.int64]
    family_accumulator: NDArray[np.int32]
    family_used: NDArray[np.int64]
    family_late: NDArray[np.int64]
    slot: NDArray[np.int32]
    units: NDArray[np.int64]
    cents: NDArray[np.int64]


@compiled
def _terms_on(rules: RuleTables, plan: Any, day: int) -> int:
    """The row of `segments` of a plan whose terms hold on `day`, in force or assumed (point 37); -1 = none."""
    last = plan["first_segment"] + plan["segment_count"] - 1
    for row in range(plan["first_segment"], last + 1):
        if rules.segments[row]["first_day"] <= day <= rules.segments[row]["last_day"]:
            return row
    return last if rules.segments[last]["last_day"] < day <= rules.segments[last]["last_assumed"] else -1


@compiled
def _first_terms(rules: RuleTables, plan: Any, lines: Array, first: int, count: int) -> int:
    """The segment of the first of a plan's lines whose date has terms.

    -1 = none has, or one lies before the first edition (point 37).
    """
    if lines[first]["day"] < rules.segments[plan["first_segment"]]["first_day"]:
        return -1
    for place in range(first, first + count):
        row = _terms_on(rules, plan, lines[place]["day"])
        if row >= 0:
            return row
    return -1


@compiled
def _period_of(rules: RuleTables, plan: Any, day: int) -> int:
    """The first day of the benefit period that holds `day`, by the segment in force or nearest to it (point 24)."""
    nearest, least = plan["first_segment"], UNLIMITED
    for row in range(plan["first_segment"], plan["first_segment"] + plan["segment_count"]):
        segment = rules.segments[row]
        away = max(segment["first_day"] - day, day - segment["last_day"], 0)
        if away < least:
            nearest, least = row, away
    return period_on(rules.segments[nearest], day)


@compiled
def _lay_out_lines(book: Book, row: int, lines: Array, sessions: NDArray[np.int32], first: int) -> None:
    """Write the lines of plan `row` from `first` on, in order of date and then as asked."""
    count = 0
    for item in range(book.items_of[row], book.items_of[row + 1]):
        for session in range(book.sessions[item]):
            day = book.start[item] + session * book.every[item]
            place = first + count
            while place > first and lines[place - 1]["day"] > day:
                lines[place]["day"], lines[place]["service"] = lines[place - 1]["day"], lines[place - 1]["service"]
                sessions[place] = sessions[place - 1]
                place -= 1
            lines[place]["day"], lines[place]["service"] = day, item
            sessions[place] = session + 1
            count += 1


@compiled
def _sound_lines(book: Book, row: int) -> int:
    """How many lines plan `row` has; 0 when its items' dates are not in number and bounds, or before a birth."""
    total = 0
    for item in range(book.items_of[row], book.items_of[row + 1]):
        start, sessions, every = book.start[item], book.sessions[item], book.every[item]
        if not 1 <= sessions <= MAX_SESSIONS or not 1 <= every <= MAX_EVERY_DAYS:
            return 0
        if start < FIRST_DAY or start + (sessions - 1) * every > LAST_DAY or book.born[item] > start:
            return 0
        total += sessions
    return total if total <= MAX_LINES else 0


@compiled
def _is_repeated(numbers: NDArray[np.int32], first: int, place: int) -> bool:
    """Whether what cell `place` names was named before, from cell `first` on."""
    for earlier in range(first, place):
        if numbers[earlier] == numbers[place]:
            return True
    return False


@compiled
def _put_sum(cell: Any, used: int, late: int, maximum: int, may_cut: bool) -> int:
    """Write a sum that is given; WRONG when it is out of bounds, WAS_CUT when cut to its maximum."""
    if used == UNKNOWN:
        return _AS_GIVEN
    top = maximum if maximum >= 0 else MAX_CENTS
    if not 0 <= late <= used <= MAX_CENTS or (used > top and not may_cut):
        return _WRONG
    cell["used"], cell["last_quarter"] = min(used, top), min(late, top)
    return _WAS_CUT if used > top else _AS_GIVEN


@compiled
def _put_sums(listed: Any, cells: tuple[int, int], maxima: Any, given: Array, first: int, may_cut: bool) -> int:
    """Write one owner's sums, `listed` in cells [from, to); WRONG when one is unknown, given twice or out of bounds.

    `listed`: accumulators, amounts used, of the last quarter; `maxima`: the most of each. Where use may be cut, a sum
    that is unknown to the plan is left out.
    """
    numbers, used, late = listed
    found = _AS_GIVEN
    for place in range(cells[0], cells[1]):
        number, became = numbers[place], _WAS_CUT if may_cut else _WRONG
        if number >= 0 and _is_repeated(numbers, cells[0], place):
            return _WRONG
        if number >= 0:
            became = _put_sum(given[first + number], used[place], late[place], maxima[number], may_cut)
        if became == _WRONG:
            return _WRONG
        found = max(found, became)
    return found


@compiled
def _lay_out_sums(
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
    if found == _WRONG or (not family and of_family[1] > of_family[0]):
        return _WRONG
    contradicts = _hold_to_maxima(book.accumulator, book.used, uses, own, tops, given, first)
    if family:
        _sum_up_family(count, maxima, reference, given, first)
        listed = book.family_accumulator, book.family_used, book.family_late
        became = _put_sums(listed, of_family, own["family"], given, first + count, may_cut)
        if became == _WRONG:
            return _WRONG
        found = max(found, became)
        contradicts |= _hold_to_maxima(
            book.family_accumulator, book.family_used, of_family, own, own["family"], given, first + count
        )
        for number in range(count):
            contradicts |= _cut_to(given[first + number], given[first + count + number]["used"])
    if contradicts:
        return _WAS_CUT if may_cut else _WRONG
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
    """Hold deductibles to the maxima toward which every cent of them counts (points 29 and 30).

    A maximum that is not stated is expected to be at least its deductible; a deductible beyond one that is stated, and
    not reached, is cut to it: gives whether there was one.
    """
    found = False
    for number in range(len(own)):
        maximum = own[number]["counted_toward"]
        if maximum < 0 or not _is_stated(numbers, used, cells, number):
            continue
        deductible, cell, top = given[first + number], given[first + maximum], tops[maximum]
        if not _is_stated(numbers, used, cells, maximum):
            least = deductible["used"] if top < 0 else min(deductible["used"], top)
            cell["used"] = max(cell["used"], least)
        elif cell["used"] != top:
            found |= _cut_to(deductible, cell["used"])
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
    for place in range(cells[0], cells[1]):
        if numbers[place] == number and used[place] != UNKNOWN:
            return True
    return False


@compiled
def _sum_up_family(count: int, maxima: Array, reference: int, given: Array, first: int) -> None:
    """A family's sum that is not given is the one member's, at most the family's maximum (point 29)."""
    for number in range(count):
        member, cell = given[first + number], given[first + count + number]
        maximum = maxima[reference + number]["family"]
        top = maximum if maximum >= 0 else UNLIMITED
        cell["used"], cell["last_quarter"] = min(member["used"], top), min(member["last_quarter"], top)


@compiled
def _lay_out_counts(book: Book, row: int, plan: Any, counts: Array, given: Array, first: int, may_cut: bool) -> int:
    """Write what a plan is said to have used of limits; WRONG when one is unknown, given twice or out of bounds.

    Where use may be cut, one that is unknown or counted in another measure is left out.
    """
    found = _AS_GIVEN
    for number in range(plan["slots"]):
        cell = given[first + number]
        cell["used"], cell["dated"], cell["first_event"], cell["event_count"] = 0, 0, 0, 0
    for place in range(book.uses_of[row], book.uses_of[row + 1]):
        slot = book.slot[place]
        if slot < 0 and not may_cut:
            return _WRONG
        if slot < 0:
            found = _WAS_CUT
            continue
        if _is_repeated(book.slot, book.uses_of[row], place):
            return _WRONG
        fact = counts[plan["counts"] + slot]
        used, other = book.units[place], book.cents[place]
        if fact["money"] == 1:
            used, other = other, used
        if used < 0 or ((other != 0 or used > fact["top"]) and not may_cut):
            return _WRONG
        if other != 0 or used > fact["top"]:
            found = _WAS_CUT
        given[first + slot]["used"] = 0 if other != 0 else min(used, fact["top"])
    return found


@compiled
def _lay_out_request(request: Any, plan: Any, first_line: int, lines: int, first_sum: int) -> None:
    """Write a plan's row of `requests`: the expected case, its state at the beginning of the shared arrays."""
    request["lines"], request["line_count"], request["ledger"] = first_line, lines, first_line
    request["behind"], request["maintenance"] = -1, 0
    request["segments"], request["segment_count"] = plan["first_segment"], plan["segment_count"]
    request["members"], request["given_sums"] = 1, first_sum
    request["given_visits"] = 0
    request["sums"], request["sum_count"], request["slots"] = 0, plan["sums"], 0
    request["slot_count"], request["visits"], request["visit_count"] = plan["slots"], 0, plan["visits"]
    request["events"], request["event_room"], request["tier_map"] = 0, lines * plan["rolling"], 0
    request["open_tier"], request["price"], request["in_force_only"] = 0, 1, 0


@compiled
def _lay_out(
    facts: Facts,
    rules: RuleTables,
    book: Book,
    requests: Array,
    lines: Array,
    sessions: Any,
    given: Array,
    given_counts: Array,
    first_count: int,
) -> tuple[int, int]:
    """Lay out every plan of a book that is READY or CUTTABLE; gives (rows of `lines`, rows of `requests`) written.

    What is not sound is set ASIDE; of what is CUTTABLE, what use so far was cut of is set CUT, the rest READY. The
    arrays have room for every line, sum and count; where one has not, nothing is written past its end, and
    (the plan's row, -1) is given. The first `first_count` rows of `given_counts` are zero, for plans that state no use
    of limits.
    """
    first_line, first_sum, written = 0, 0, 0
    for row in range(len(book.plan)):
        may_cut = book.status[row] == CUTTABLE
        if book.status[row] != READY and not may_cut:
            continue
        book.status[row] = ASIDE
        count = _sound_lines(book, row)
        if count == 0:
            continue
        plan = facts.plans[book.plan[row]]
        if (
            written >= len(requests)
            or first_line + count > min(len(lines), len(sessions))
            or first_sum + 2 * plan["sums"] > len(given)
            or first_count + plan["slots"] * (book.uses_of[row + 1] > book.uses_of[row]) > len(given_counts)
        ):
            return row, _NO_ROOM
        _lay_out_lines(book, row, lines, sessions, first_line)
        as_of = book.as_of[row] if book.as_of[row] >= 0 else lines[first_line]["day"]
        with_terms = _first_terms(rules, plan, lines, first_line, count)
        if with_terms < 0 or _period_of(rules, plan, as_of) > _period_of(rules, plan, lines[first_line]["day"]):
            continue
        segment = _terms_on(rules, plan, as_of)
        reference = facts.references[segment if segment >= 0 else with_terms]
        became = _lay_out_sums(book, row, plan["sums"], facts.maxima, reference, given, first_sum, may_cut)
        if became == _WRONG or (became == _WAS_CUT and not may_cut):
            continue
        counts = 0
        if book.uses_of[row + 1] > book.uses_of[row]:
            counts = first_count
            first_count += plan["slots"]
            of_limits = _lay_out_counts(book, row, plan, facts.counts, given_counts, counts, may_cut)
            if of_limits == _WRONG:
                continue
            became = max(became, of_limits)
        request = requests[written]
        _lay_out_request(request, plan, first_line, count, first_sum)
        request["given_period"] = _period_of(rules, plan, as_of)
        request["first_period"] = _period_of(rules, plan, lines[first_line]["day"])
        request["as_of"], request["family"], request["attested"] = as_of, book.family[row], book.attested[row]
        request["given_counts"] = counts
        book.status[row] = CUT if became == _WAS_CUT else READY
        first_line += count
        first_sum += 2 * plan["sums"]
        written += 1
    return first_line, written


def _entry(sources: str) -> Callable[..., tuple[int, int]]:
    """The layout as Python calls it; `sources`: their digest, by which its machine code is kept."""

    @compiled_entry
    def lay_out_book(
        facts: Facts,
        rules: RuleTables,
        book: Book,
        requests: Array,
        lines: Array,
        sessions: Any,
        given: Array,
        given_counts: Array,
        first_count: int,
    ) -> tuple[int, int]:
        if not sources:
            return 0, 0
        return _lay_out(facts, rules, book, requests, lines, sessions, given, given_counts, first_count)

    return lay_out_book


lay_out_book = _entry(sources_digest())
