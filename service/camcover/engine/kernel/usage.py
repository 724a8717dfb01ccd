"""Kernel, third part: limits. How much of a limit is used on a day, in its period or its rolling window.

Counts live in `work.slots`, one row for each (member, limit); uses under rolling limits are events in a list by date
(docs/rule-language.md, section 4 "Limits" and points 14 to 17).
"""

from __future__ import annotations

from typing import Any

from camcover.calendar import add_months, civil, month_index, week_index
from camcover.engine.kernel.codes import FIRST_WINDOW, Fault, Period
from camcover.engine.kernel.tables import UNTOUCHED, LineContext, Work
from camcover.jit import compiled

_DAY = int(Period.DAY)
_WEEK = int(Period.WEEK)
_MONTH = int(Period.MONTH)
_QUARTER = int(Period.QUARTER)
_CALENDAR_YEAR = int(Period.CALENDAR_YEAR)
_BENEFIT_PERIOD = int(Period.BENEFIT_PERIOD)
_LIFETIME = int(Period.LIFETIME)
_FIRST_WINDOW = int(FIRST_WINDOW)
_ROLLING_DAYS = int(Period.ROLLING_DAYS)
_ROLLING_MONTHS = int(Period.ROLLING_MONTHS)
_UNKNOWN_PERIOD = int(Fault.UNKNOWN_PERIOD)
_NO_EVENT = -1
_ROLLING = -1
"""The key of a window: no period, but touched."""


@compiled
def begin_counts(work: Work, request: Any) -> None:
    """Set every count to untouched, its window to the dated uses that the request gives."""
    request["event_count"] = 0
    for index in range(request["members"] * request["slot_count"]):
        slot = work.slots[request["slots"] + index]
        given = work.given_counts[request["given_counts"] + index]
        slot["used"], slot["key"], slot["day"] = 0, UNTOUCHED, UNTOUCHED
        slot["head"], slot["tail"] = _NO_EVENT, _NO_EVENT
        for row in range(given["first_event"], given["first_event"] + given["event_count"]):
            _append(work, request, slot, work.given_events[row]["day"], work.given_events[row]["amount"])


@compiled
def period_key(request: Any, period: int, day: int) -> int:
    """A number that two days share when they lie in the same period; a lifetime is always 0.

    A benefit period has its key in the request. A code without arithmetic here is a fault of the request.
    """
    if period == _DAY:
        return day
    if period == _WEEK:
        return week_index(day)
    if period == _MONTH:
        return month_index(day)
    if period == _QUARTER:
        return month_index(day) // 3
    if period == _CALENDAR_YEAR:
        return civil(day)[0]
    if period != _LIFETIME:
        request["fault"] = _UNKNOWN_PERIOD
    return 0


@compiled
def _place_of(context: LineContext, limit: Any) -> int:
    """The place of (member, limit slot) among the request's; all members count where the first one does."""
    member = 0 if limit["of_family"] == 1 else context.service["member"]
    return member * context.request["slot_count"] + limit["slot"]


@compiled
def used(work: Work, context: LineContext, limit: Any) -> int:
    """What counts against `limit` on the line's day, bringing its slot to that day's period or window."""
    request, day = context.request, context.line["day"]
    place = _place_of(context, limit)
    slot = work.slots[request["slots"] + place]
    if slot["day"] == day:
        return slot["used"]
    slot["day"] = day
    period = limit["period"]
    if period >= _FIRST_WINDOW:
        return _used_in_window(work, request, limit, slot, day)
    key = request["period"] if period == _BENEFIT_PERIOD else period_key(request, period, day)
    if slot["key"] != key:
        slot["key"] = key
        slot["used"] = _used_before(work, request, period, key, work.given_counts[request["given_counts"] + place])
    return slot["used"]


@compiled
def _used_before(work: Work, request: Any, period: int, key: int, given: Any) -> int:
    """What the request gives as used in the period `key`: what it states as of `as_of`, and dated visits besides."""
    stated, first = request["given_period"], request["first_period"]
    if period != _BENEFIT_PERIOD:
        stated = period_key(request, period, request["as_of"])
        first = period_key(request, period, work.lines[request["lines"]]["day"])
    return (given["used"] if key == stated else 0) + (given["dated"] if key == first else 0)


@compiled
def _used_in_window(work: Work, request: Any, limit: Any, slot: Any, day: int) -> int:
    """Drop the events that have left the window (day - length, day], and give the sum of the rest."""
    slot["key"] = _ROLLING
    before = day
    if limit["period"] == _ROLLING_DAYS:
        before = day - limit["length"]
    elif limit["period"] == _ROLLING_MONTHS:
        before = add_months(day, -limit["length"])
    else:
        request["fault"] = _UNKNOWN_PERIOD
    head = slot["head"]
    while head != _NO_EVENT and work.events[head]["day"] <= before:
        slot["used"] -= work.events[head]["amount"]
        head = work.events[head]["next"]
    slot["head"] = head
    return slot["used"]


@compiled
def use(work: Work, context: LineContext, limit: Any, amount: int) -> None:
    """Count `amount` (visits, units or cents) of the line in hand, after `used` has brought the slot to its day."""
    request = context.request
    slot = work.slots[request["slots"] + _place_of(context, limit)]
    if limit["period"] >= _FIRST_WINDOW:
        if amount != 0:
            _append(work, request, slot, context.line["day"], amount)
    else:
        slot["used"] += amount


@compiled
def _append(work: Work, request: Any, slot: Any, day: int, amount: int) -> None:
    """Add a dated use at the end of a slot's list. Beyond the request's room nothing is written, only counted."""
    count = request["event_count"]
    request["event_count"] = count + 1
    if count >= request["event_room"]:
        return
    event = request["events"] + count
    work.events[event]["day"] = day
    work.events[event]["amount"] = amount
    work.events[event]["next"] = _NO_EVENT
    if slot["head"] == _NO_EVENT:
        slot["head"] = event
    else:
        work.events[slot["tail"]]["next"] = event
    slot["tail"] = event
    slot["used"] += amount
