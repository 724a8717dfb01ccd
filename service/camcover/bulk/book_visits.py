"""The dated visits of a plan of a batch as counts, dated uses and visits, by compiled code.

docs/rule-language.md, point 39; `engine/asking/prior_use.py` reads them in a single request. A visit on the first date
of service goes on with the first lines; its plan is priced as a single request.
"""

from __future__ import annotations

from typing import Any

from camcover.bulk.book_columns import FIRST_DAY, WRONG, Book, GivenRows, LayoutTables
from camcover.bulk.book_days import nearest_to, period_of, terms_on
from camcover.engine.kernel.codes import FIRST_WINDOW, Period
from camcover.engine.kernel.tables import RuleTables
from camcover.engine.kernel.usage import period_key
from camcover.jit import compiled

_BENEFIT_PERIOD, _FIRST_WINDOW = int(Period.BENEFIT_PERIOD), int(FIRST_WINDOW)
_ADDED = -3
"""In place of the benefit of an entry that was added to an earlier one of the same visit."""
_NOT_GIVEN = -1


@compiled
def lay_out_visits(
    facts: LayoutTables,
    rules: RuleTables,
    book: Book,
    row: int,
    plan: Any,
    request: Any,
    first_day: int,
    given: GivenRows,
    first: tuple[int, int, int],
) -> int:
    """Write what a plan's dated visits use, by the periods of its request.

    `first`: its first rows of counts, events and visits, which are zero.

    Gives the number of rows of events; WRONG if a visit is not sound, or is one that only a single request may state.
    """
    counts, events, visits = first
    entries = range(book.visits_of[row], book.visits_of[row + 1])
    if not _add_up(facts, rules, book, row, plan, first_day):
        return WRONG
    for place in entries:
        if book.benefit[place] != _ADDED and period_of(rules, plan, book.visited[place]) == request["first_period"]:
            given.visits[visits + book.benefit[place]]["dated"] += 1
    written = 0
    for slot in range(plan["slots"]):
        fact, count = facts.counts[plan["counts"] + slot], given.counts[counts + slot]
        count["first_event"] = events + written
        for place in entries:
            amount = _amount(facts, book, place, slot)
            if amount == 0:
                continue
            if fact["period"] >= _FIRST_WINDOW:
                _put_event(given, events + written, count["first_event"], book.visited[place], amount)
                written += 1
            elif _is_first_period(rules, plan, request, fact, book.visited[place], first_day):
                count["dated"] += amount
        count["event_count"] = events + written - count["first_event"]
    return written


@compiled
def _add_up(facts: LayoutTables, rules: RuleTables, book: Book, row: int, plan: Any, first_day: int) -> bool:
    """Add entries of one benefit and date to the first of them, find the limits of each; gives whether all is sound.

    The book's own columns are changed.
    """
    for place in range(book.visits_of[row], book.visits_of[row + 1]):
        benefit, day = book.benefit[place], book.visited[place]
        if benefit < 0 or not FIRST_DAY <= day < first_day:
            return False
        segment = terms_on(rules, plan, day)
        if segment < 0:
            segment = nearest_to(rules, plan, day)
        book.limits_of_visit[place] = facts.benefits[segment] + benefit
        if facts.visit_limits[book.limits_of_visit[place]]["count"] < 0:
            return False
        for earlier in range(book.visits_of[row], place):
            if book.benefit[earlier] == benefit and book.visited[earlier] == day:
                book.visit_units[earlier] += book.visit_units[place]
                if book.plan_paid[place] != _NOT_GIVEN:
                    book.plan_paid[earlier] = max(book.plan_paid[earlier], 0) + book.plan_paid[place]
                book.benefit[place] = _ADDED
    return True


@compiled
def _amount(facts: LayoutTables, book: Book, place: int, slot: int) -> int:
    """What a visit uses of a slot: units, or one visit; none if the limit counts only what the plan paid for."""
    if book.benefit[place] == _ADDED:
        return 0
    limits = facts.visit_limits[book.limits_of_visit[place]]
    for number in range(limits["first"], limits["first"] + limits["count"]):
        limit = facts.limits[number]
        if limit["slot"] == slot:
            if limit["units"] == 1:
                units: int = book.visit_units[place]
                return units
            return 0 if limit["paid"] == 1 and book.plan_paid[place] == 0 else 1
    return 0


@compiled
def _put_event(given: GivenRows, place: int, first: int, day: int, amount: int) -> None:
    """Write a dated use behind those from `first` to before `place`, in order of date, then of amount."""
    events = given.events
    while place > first and (
        events[place - 1]["day"] > day or (events[place - 1]["day"] == day and events[place - 1]["amount"] > amount)
    ):
        events[place]["day"], events[place]["amount"] = events[place - 1]["day"], events[place - 1]["amount"]
        place -= 1
    events[place]["day"], events[place]["amount"] = day, amount


@compiled
def _is_first_period(rules: RuleTables, plan: Any, request: Any, fact: Any, day: int, first_day: int) -> bool:
    """Whether a day lies in the same period of a slot as the first date of service."""
    if fact["period"] == _BENEFIT_PERIOD:
        is_first: bool = period_of(rules, plan, day) == request["first_period"]
        return is_first
    return period_key(request, fact, 0, day) == period_key(request, fact, 0, first_day)
