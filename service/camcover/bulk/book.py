"""A batch of plans as rows for the kernel, laid out by compiled code.

What comes in: integer columns (bulk/coding.py). What goes out: rows of `requests`, `lines`, `given_sums`, and a status
for each plan. A plan that is not READY is priced as a single request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camcover.bulk.book_columns import (
    AS_GIVEN,
    CUT,
    CUTTABLE,
    FALLBACK,
    FIRST_DAY,
    LAST_DAY,
    READY,
    WAS_CUT,
    WRONG,
    Book,
    GivenRows,
    LayoutTables,
)
from camcover.bulk.book_days import period_of, terms_on
from camcover.bulk.book_sums import is_repeated, lay_out_sums
from camcover.bulk.book_visits import lay_out_visits
from camcover.engine.kernel.tables import Array, RuleTables
from camcover.jit import compiled, compiled_entry, sources_digest
from camcover.request_bounds import MAX_EVERY_DAYS, MAX_LINES, MAX_SESSIONS

_NO_ROOM = -1
"""In place of the number of requests: an array was made too small."""


@compiled
def _first_terms(rules: RuleTables, plan: Any, lines: Array, first: int, count: int) -> int:
    """The segment of the first of a plan's lines whose date has terms.

    -1 = none has, or one lies before the first edition (point 37).
    """
    if lines[first]["day"] < rules.segments[plan["first_segment"]]["first_day"]:
        return -1
    for place in range(first, first + count):
        row = terms_on(rules, plan, lines[place]["day"])
        if row >= 0:
            return row
    return -1


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
def _lay_out_counts(book: Book, row: int, plan: Any, counts: Array, given: Array, first: int, may_cut: bool) -> int:
    """Write a plan's stated use of limits; WRONG if a limit is unknown, given twice or out of bounds.

    Where use may be cut, a limit that is unknown or has another measure is left out.
    """
    found = AS_GIVEN
    for number in range(plan["slots"]):
        cell = given[first + number]
        cell["used"], cell["dated"], cell["first_event"], cell["event_count"] = 0, 0, 0, 0
    for place in range(book.uses_of[row], book.uses_of[row + 1]):
        slot = book.slot[place]
        if slot < 0 and not may_cut:
            return WRONG
        if slot < 0:
            found = WAS_CUT
            continue
        if is_repeated(book.slot, book.uses_of[row], place):
            return WRONG
        fact = counts[plan["counts"] + slot]
        used, other = book.units[place], book.cents[place]
        if fact["money"] == 1:
            used, other = other, used
        if used < 0 or ((other != 0 or used > fact["top"]) and not may_cut):
            return WRONG
        if other != 0 or used > fact["top"]:
            found = WAS_CUT
        given[first + slot]["used"] = 0 if other != 0 else min(used, fact["top"])
    return found


@compiled
def _lay_out_use(
    facts: LayoutTables,
    rules: RuleTables,
    book: Book,
    row: int,
    plan: Any,
    request: Any,
    first_day: int,
    given: GivenRows,
    first: tuple[int, int, int],
    may_cut: bool,
) -> tuple[int, int]:
    """Write what a plan states of limits or of dated visits, from the rows `first` of counts, events and visits on.

    Gives what became of it, and how many rows of events there are.
    """
    uses, dated = book.uses_of[row + 1] - book.uses_of[row], book.visits_of[row + 1] - book.visits_of[row]
    if uses > 0:
        request["given_counts"] = first[0]
        return _lay_out_counts(book, row, plan, facts.counts, given.counts, first[0], may_cut), 0
    if dated > 0:
        request["given_counts"], request["given_visits"] = first[0], first[2]
        events = lay_out_visits(facts, rules, book, row, plan, request, first_day, given, first)
        if events == WRONG:
            return WRONG, 0
        request["event_room"] += events
        return AS_GIVEN, events
    return AS_GIVEN, 0


@compiled
def _lay_out_request(request: Any, plan: Any, first_line: int, lines: int, first_sum: int) -> None:
    """Write a plan's row of `requests`: the expected case, its state at the beginning of the shared arrays."""
    request["lines"], request["line_count"], request["ledger"] = first_line, lines, first_line
    request["behind"], request["maintenance"] = -1, 0
    request["segments"], request["segment_count"] = plan["first_segment"], plan["segment_count"]
    request["members"], request["owners"], request["given_sums"] = 1, 1, first_sum
    request["given_counts"], request["given_visits"], request["given_fees"], request["fee_count"] = 0, 0, 0, 0
    request["given_codes"], request["code_count"] = 0, 0
    request["sums"], request["sum_count"], request["slots"] = 0, plan["sums"], 0
    request["slot_count"], request["visits"], request["visit_count"] = plan["slots"], 0, plan["visits"]
    request["events"], request["event_room"], request["tier_map"] = 0, lines * plan["rolling"], 0
    request["open_tier"], request["price"], request["in_force_only"], request["rests"] = 0, 1, 0, -1


@compiled
def _lay_out(
    facts: LayoutTables,
    rules: RuleTables,
    book: Book,
    requests: Array,
    lines: Array,
    sessions: Any,
    given: GivenRows,
    zeros: tuple[int, int],
) -> tuple[int, int]:
    """Lay out every plan of a book that is READY or CUTTABLE; gives (rows of `lines`, rows of `requests`) written.

    A plan with a fault is set to FALLBACK. Of the CUTTABLE plans, those whose use so far was cut are set to CUT, and
    the others to READY. The arrays have room for every line, sum and count. If one has not, nothing is written past its
    end, and the result is (the plan's row, -1). `zeros`: how many rows of counts and visits are zero, for plans that
    state none.
    """
    first_line, first_sum, written = 0, 0, 0
    (first_count, first_visit), first_event = zeros, 0
    for row in range(len(book.plan)):
        may_cut = book.status[row] == CUTTABLE
        if book.status[row] != READY and not may_cut:
            continue
        book.status[row] = FALLBACK
        count = _sound_lines(book, row)
        if count == 0:
            continue
        plan = facts.plans[book.plan[row]]
        uses, dated = book.uses_of[row + 1] - book.uses_of[row], book.visits_of[row + 1] - book.visits_of[row]
        next_count, next_visit = (
            first_count + plan["slots"] * (uses + dated > 0),
            first_visit + plan["visits"] * (dated > 0),
        )
        if (
            written >= len(requests)
            or first_line + count > min(len(lines), len(sessions))
            or first_sum + 2 * plan["sums"] > len(given.sums)
            or next_count > len(given.counts)
            or next_visit > len(given.visits)
            or first_event + dated * plan["rolling"] > len(given.events)
        ):
            return row, _NO_ROOM
        _lay_out_lines(book, row, lines, sessions, first_line)
        first_day = lines[first_line]["day"]
        as_of = book.as_of[row] if book.as_of[row] >= 0 else first_day
        with_terms = _first_terms(rules, plan, lines, first_line, count)
        given_period, first_period = period_of(rules, plan, as_of), period_of(rules, plan, first_day)
        if with_terms < 0 or given_period > first_period:
            continue
        segment = terms_on(rules, plan, as_of)
        reference = facts.references[segment if segment >= 0 else with_terms]
        became = lay_out_sums(book, row, plan["sums"], facts.maxima, reference, given.sums, first_sum, may_cut)
        if became == WRONG or (became == WAS_CUT and not may_cut):
            continue
        request = requests[written]
        _lay_out_request(request, plan, first_line, count, first_sum)
        request["given_period"], request["first_period"] = given_period, first_period
        request["as_of"], request["family"], request["attested"] = as_of, book.family[row], book.attested[row]
        request["notice_given"] = book.attested[row]
        of_use, events = _lay_out_use(
            facts, rules, book, row, plan, request, first_day, given,
            (first_count, first_event, first_visit), may_cut,
        )  # fmt: skip
        first_count, first_visit = next_count, next_visit
        if of_use == WRONG:
            continue
        became = max(became, of_use)
        first_event += events
        book.status[row] = CUT if became == WAS_CUT else READY
        first_line += count
        first_sum += 2 * plan["sums"]
        written += 1
    return first_line, written


def _entry(sources: str) -> Callable[..., tuple[int, int]]:
    """The layout as Python calls it; `sources`: their digest, by which its machine code is kept."""

    @compiled_entry
    def lay_out_book(
        facts: LayoutTables,
        rules: RuleTables,
        book: Book,
        requests: Array,
        lines: Array,
        sessions: Any,
        given: GivenRows,
        zeros: tuple[int, int],
    ) -> tuple[int, int]:
        if not sources:
            return 0, 0
        return _lay_out(facts, rules, book, requests, lines, sessions, given, zeros)

    return lay_out_book


lay_out_book = _entry(sources_digest())
