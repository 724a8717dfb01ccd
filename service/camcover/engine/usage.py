"""Kernel, third part: limits. How much of a limit is used on a day, in its period or its rolling window.

Counts live in `work.slots`, one row for each (member, limit); uses under rolling limits are events in a list by date
(docs/rule-language.md, section 4 "Limits" and points 14 to 17).
"""

from __future__ import annotations

from typing import Any

from camcover.calendar import add_months, civil, month_index, period_start, week_index
from camcover.engine.tables import Period, Work
from camcover.jit import compiled

_DAY = int(Period.DAY)
_WEEK = int(Period.WEEK)
_MONTH = int(Period.MONTH)
_BENEFIT_PERIOD = int(Period.BENEFIT_PERIOD)
_CALENDAR_YEAR = int(Period.CALENDAR_YEAR)
_ROLLING_DAYS = int(Period.ROLLING_DAYS)
_NO_EVENT = -1
_ROLLING = -1
"""The key of a window: no period, but touched."""


@compiled
def period_key(period: int, day: int, segment: Any) -> int:
    """A number that two days share when they lie in the same period; a lifetime is always 0."""
    if period == _DAY:
        return day
    if period == _WEEK:
        return week_index(day)
    if period == _MONTH:
        return month_index(day)
    if period == _BENEFIT_PERIOD:
        return period_start(day, segment["period_month"], segment["period_day"])
    if period == _CALENDAR_YEAR:
        return civil(day)[0]
    return 0


@compiled
def used(work: Work, request: Any, limit: Any, slot: Any, day: int, segment: Any) -> int:
    """What counts against `limit` on `day`, bringing `slot` to that day's period or window. Days never go back."""
    if limit["period"] >= _ROLLING_DAYS:
        return _used_in_window(work, limit, slot, day)
    key = period_key(limit["period"], day, segment)
    if slot["key"] != key:
        slot["key"] = key
        slot["used"] = slot["initial"] if key == period_key(limit["period"], request["as_of"], segment) else 0
    return slot["used"]


@compiled
def _used_in_window(work: Work, limit: Any, slot: Any, day: int) -> int:
    """Drop the events that have left the window (day - length, day], and give the sum of the rest."""
    rolls_by_days = limit["period"] == _ROLLING_DAYS
    slot["key"] = _ROLLING
    before = day - limit["length"] if rolls_by_days else add_months(day, -limit["length"])
    head = slot["head"]
    while head != _NO_EVENT and work.events[head]["day"] <= before:
        slot["used"] -= work.events[head]["amount"]
        head = work.events[head]["next"]
    slot["head"] = head
    return slot["used"]


@compiled
def use(work: Work, request: Any, limit: Any, slot: Any, day: int, amount: int) -> None:
    """Count `amount` (visits, units or cents) on `day`, after `used` has brought the slot to that day."""
    slot["used"] += amount
    if limit["period"] < _ROLLING_DAYS or amount == 0:
        return
    event = request["events"] + request["event_count"]
    request["event_count"] += 1
    work.events[event]["day"] = day
    work.events[event]["amount"] = amount
    work.events[event]["next"] = _NO_EVENT
    if slot["head"] == _NO_EVENT:
        slot["head"] = event
    else:
        work.events[slot["tail"]]["next"] = event
    slot["tail"] = event
