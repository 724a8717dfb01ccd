"""By which terms, and in which benefit period, a day of a book is read (docs/rule-language.md, points 24 and 37)."""

from __future__ import annotations

from typing import Any

from camcover.engine.kernel.sums import period_on
from camcover.engine.kernel.tables import UNLIMITED, RuleTables
from camcover.jit import compiled


@compiled
def terms_on(rules: RuleTables, plan: Any, day: int) -> int:
    """The row of `segments` of a plan's terms on `day`, in force or assumed (point 37); -1 = none."""
    last = plan["first_segment"] + plan["segment_count"] - 1
    for row in range(plan["first_segment"], last + 1):
        if rules.segments[row]["first_day"] <= day <= rules.segments[row]["last_day"]:
            return row
    return last if rules.segments[last]["last_day"] < day <= rules.segments[last]["last_assumed"] else -1


@compiled
def nearest_to(rules: RuleTables, plan: Any, day: int) -> int:
    """The row of `segments` in force on `day`, else the one fewest days away, of two the earlier."""
    nearest: int = plan["first_segment"]
    least = UNLIMITED
    for row in range(plan["first_segment"], plan["first_segment"] + plan["segment_count"]):
        segment = rules.segments[row]
        away = max(segment["first_day"] - day, day - segment["last_day"], 0)
        if away < least:
            nearest, least = row, away
    return nearest


@compiled
def period_of(rules: RuleTables, plan: Any, day: int) -> int:
    """The first day of the benefit period that holds `day`, by the segment in force or nearest to it (point 24)."""
    return period_on(rules.segments[nearest_to(rules, plan, day)], day)
