"""Kernel, third part: limits. How much of a limit is used on a day, in its period or its rolling window.

Counts live in `work.slots`, one row for each (member, limit); uses under rolling limits are events in a list by date
(docs/rule-language.md, section 4 "Limits" and points 14 to 17).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import add_months, civil, month_index, week_index
from camcover.engine.kernel.codes import FIRST_FROM_VISIT, FIRST_WINDOW, CountOwner, Fault, Period
from camcover.engine.kernel.tables import UNTOUCHED, LineContext, RuleTables, Work
from camcover.jit import compiled

_DAY = int(Period.DAY)
_WEEK = int(Period.WEEK)
_MONTH = int(Period.MONTH)
_QUARTER = int(Period.QUARTER)
_CALENDAR_YEAR = int(Period.CALENDAR_YEAR)
_BENEFIT_PERIOD = int(Period.BENEFIT_PERIOD)
_LIFETIME = int(Period.LIFETIME)
_DAYS_FROM_EPISODE = int(Period.DAYS_FROM_EPISODE)
_MONTHS_FROM_EPISODE = int(Period.MONTHS_FROM_EPISODE)
_DAYS_FROM_FIRST_VISIT = int(Period.DAYS_FROM_FIRST_VISIT)
_OF_FAMILY = int(CountOwner.FAMILY)
_OF_EPISODE = int(CountOwner.EPISODE)
_OF_CONDITION = int(CountOwner.CONDITION)
_FIRST_FROM_VISIT = int(FIRST_FROM_VISIT)
_FIRST_WINDOW = int(FIRST_WINDOW)
_ROLLING_DAYS = int(Period.ROLLING_DAYS)
_ROLLING_MONTHS = int(Period.ROLLING_MONTHS)
_UNKNOWN_PERIOD = int(Fault.UNKNOWN_PERIOD)
_NO_EVENT = -1
_NONE_BEGUN = 0
_ZERO = np.uint64(0)
_ROLLING = -1
"""The key of a window: no period, but touched."""


@compiled
def begin_counts(work: Work, request: Any) -> None:
    """Set every count to untouched, its window to the dated uses that the request gives."""
    request["event_count"] = 0
    for index in range(request["owners"] * request["slot_count"]):
        slot = work.slots[request["slots"] + index]
        given = work.given_counts[request["given_counts"] + index]
        slot["used"], slot["key"], slot["day"] = 0, UNTOUCHED, UNTOUCHED
        slot["head"], slot["tail"] = _NO_EVENT, _NO_EVENT
        for row in range(given["first_event"], given["first_event"] + given["event_count"]):
            _append(work, request, slot, work.given_events[row]["day"], work.given_events[row]["amount"])


@compiled
def period_key(request: Any, limit: Any, began: int, day: int) -> int:
    """A number that two days share when they lie in the same period of a limit; a lifetime is always 0.

    `began`: the first day of the line's episode. A benefit period has its key in the request. A code without arithmetic
    here is a fault of the request.
    """
    period = limit["period"]
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
    if period == _DAYS_FROM_EPISODE:
        return (day - began) // limit["length"] if day >= began else -1
    if period == _MONTHS_FROM_EPISODE:
        months = month_index(day) - month_index(began)
        if day < add_months(began, months):
            months -= 1
        return months // limit["length"] if day >= began else -1
    if period != _LIFETIME:
        request["fault"] = _UNKNOWN_PERIOD
    return 0


@compiled
def _place_of(rules: RuleTables, context: LineContext, limit: Any) -> int:
    """The place of (owner, limit slot) among the request's; all members count where the first one does."""
    owner, slot = context.service["member"], limit["slot"]
    if limit["owner"] == _OF_FAMILY:
        owner = 0
    elif limit["owner"] == _OF_EPISODE:
        owner = context.service["episode"]
    elif limit["owner"] == _OF_CONDITION:
        for row in range(limit["conditions"], limit["conditions"] + limit["condition_count"]):
            condition = rules.limit_conditions[row]
            if (context.service["diagnoses"] & condition["diagnoses"]) != _ZERO:
                slot = condition["slot"]
                break
    return owner * context.request["slot_count"] + slot


@compiled
def used(rules: RuleTables, work: Work, context: LineContext, limit: Any) -> int:
    """What counts against `limit` on the line's day, bringing its slot to that day's period or window."""
    request, day = context.request, context.line["day"]
    place = _place_of(rules, context, limit)
    slot = work.slots[request["slots"] + place]
    if slot["day"] == day:
        return slot["used"]
    slot["day"] = day
    period = limit["period"]
    if period >= _FIRST_WINDOW:
        return _used_in_window(work, request, limit, slot, day)
    given = work.given_counts[request["given_counts"] + place]
    if period >= _FIRST_FROM_VISIT:
        return _used_since_first_visit(limit, slot, given, day)
    began = context.service["began"]
    key = request["period"] if period == _BENEFIT_PERIOD else period_key(request, limit, began, day)
    if slot["key"] != key:
        slot["key"] = key
        slot["used"] = _used_before(work, request, limit, began, key, given)
    return slot["used"]


@compiled
def _used_since_first_visit(limit: Any, slot: Any, given: Any, day: int) -> int:
    """What is used in the time that began with a counted visit, where it is not over on `day` (point 49)."""
    if slot["key"] == UNTOUCHED:
        slot["key"], slot["used"] = given["dated"], given["used"]
    begun = slot["key"]
    if begun != _NONE_BEGUN:
        days = limit["period"] == _DAYS_FROM_FIRST_VISIT
        end = begun + limit["length"] if days else add_months(begun, limit["length"])
        if day >= end:
            slot["key"], slot["used"] = _NONE_BEGUN, 0
    return slot["used"]


@compiled
def _used_before(work: Work, request: Any, limit: Any, began: int, key: int, given: Any) -> int:
    """What the request gives as used in the period `key`: what it states as of `as_of`, and dated visits besides."""
    stated, first = request["given_period"], request["first_period"]
    if limit["period"] != _BENEFIT_PERIOD:
        stated = period_key(request, limit, began, request["as_of"])
        first = period_key(request, limit, began, work.lines[request["lines"]]["day"])
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
def use(rules: RuleTables, work: Work, context: LineContext, limit: Any, amount: int) -> None:
    """Count `amount` (visits, units or cents) of the line in hand, after `used` has brought the slot to its day."""
    request = context.request
    slot = work.slots[request["slots"] + _place_of(rules, context, limit)]
    if limit["period"] >= _FIRST_WINDOW:
        if amount != 0:
            _append(work, request, slot, context.line["day"], amount)
        return
    if limit["period"] >= _FIRST_FROM_VISIT and slot["key"] == _NONE_BEGUN and amount != 0:
        slot["key"] = context.line["day"]
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
