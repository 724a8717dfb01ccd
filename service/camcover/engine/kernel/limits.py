"""Kernel: what the limits of a benefit let through of a line, what they leave, and what they count of it.

How much of a limit is used stands in usage.py (docs/rule-language.md, section 4 "Limits" and points 10 to 16, 43).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import completed_years
from camcover.engine.estimate import Reason
from camcover.engine.kernel.codes import Fault, LimitMeasure
from camcover.engine.kernel.sums import holds
from camcover.engine.kernel.tables import UNLIMITED, LineContext, RuleTables, Work
from camcover.engine.kernel.usage import use, used
from camcover.jit import compiled

_LIMIT_REACHED = int(Reason.LIMIT_REACHED)

_VISITS = int(LimitMeasure.VISITS)
_VISITS_PLAN_PAID = int(LimitMeasure.VISITS_PLAN_PAID)
_UNITS = int(LimitMeasure.UNITS)
_MINUTES = int(LimitMeasure.MINUTES)
_MONEY_PLAN_PAID = int(LimitMeasure.MONEY_PLAN_PAID)
_MONEY_ALLOWED = int(LimitMeasure.MONEY_ALLOWED)
_UNKNOWN_MEASURE = int(Fault.UNKNOWN_MEASURE)

_NONE = -1
_ZERO = np.uint64(0)
_ONE = np.uint64(1)


@compiled
def age_of(context: LineContext) -> int:
    """The member's completed years on the line's day; -1 = not given."""
    service = context.service
    return completed_years(service["born"], context.line["day"]) if service["born"] > 0 else service["age"]


@compiled
def allowed_by(rules: RuleTables, limit: Any, context: LineContext) -> int:
    """What a limit allows at the member's age; at one that is not given its first entry, where that is assumed."""
    for row in range(limit["ages"], limit["ages"] + limit["age_count"]):
        entry, age = rules.age_allowances[row], age_of(context)
        if (age < 0 and context.request["attested"] == 1) or (age >= 0 and entry["age_min"] <= age <= entry["age_max"]):
            return entry["allow"]
    return limit["allow"]


@compiled
def is_outside(limit: Any, context: LineContext) -> bool:
    """Whether a limit is for other tiers than the line's."""
    return not holds(limit["tiers"], context.tier_number)


@compiled
def is_left_out(limit: Any, context: LineContext) -> bool:
    """Whether a limit leaves out the line in context, for its tier or for what is attested (point 43)."""
    is_excepted = limit["excepts"] != _ZERO and (limit["excepts"] & ~context.attestations) == _ZERO
    return is_outside(limit, context) or is_excepted


@compiled
def is_visit_admitted(work: Work, context: LineContext, rule: Any) -> bool:
    """Whether an earlier line of the same visit (member, benefit, date) was covered."""
    place = context.service["member"] * context.request["visit_count"] + rule["benefit"]
    return work.visits[context.request["visits"] + place]["day"] == context.line["day"]


@compiled
def visit_number(rules: RuleTables, work: Work, context: LineContext, rule: Any, place: int) -> int:
    """The number of the line's visit under its benefit, or of those that the limit in `place` counts (point 13)."""
    if place < 0:
        return context.entry["visit"]
    limit = rules.limits[rule["limits"] + place]
    number = used(rules, work, context, limit)
    if is_left_out(limit, context):
        return number
    visits = work.visits[
        context.request["visits"] + context.service["member"] * context.request["visit_count"] + rule["benefit"]
    ]
    is_counted = visits["day"] == context.line["day"] and holds(visits["counted"], place)
    return number if is_counted else number + 1


@compiled
def is_exhausted(rules: RuleTables, work: Work, context: LineContext, rule: Any, visit_admitted: bool) -> int:
    """The first row of `rules.limits` of `rule` with nothing left and no way past it; -1 = none."""
    for row in range(rule["limits"], rule["limits"] + rule["limit_count"]):
        limit = rules.limits[row]
        by_visit = limit["measure"] == _VISITS or limit["measure"] == _VISITS_PLAN_PAID
        if by_visit and visit_admitted:
            continue
        if (limit["beyond"] & context.attestations) != _ZERO or is_left_out(limit, context):
            continue
        least = max(context.service["minutes"], 1) if limit["measure"] == _MINUTES else 1
        if allowed_by(rules, limit, context) - used(rules, work, context, limit) < least:
            return row
    return _NONE


@compiled
def is_split(rules: RuleTables, work: Work, context: LineContext, rule: Any) -> int:
    """The first row of `rules.limits` of a unit or hour limit that leaves fewer units than are in hand; -1 = none."""
    for row in range(rule["limits"], rule["limits"] + rule["limit_count"]):
        limit = rules.limits[row]
        by_unit = limit["measure"] == _UNITS or limit["measure"] == _MINUTES
        if not by_unit or (limit["beyond"] & context.attestations) != _ZERO:
            continue
        left = allowed_by(rules, limit, context) - used(rules, work, context, limit)
        if left < _wanted(limit, context) and not is_left_out(limit, context):
            return row
    return _NONE


@compiled
def cut_to_limits(rules: RuleTables, work: Work, context: LineContext, rule: Any) -> tuple[int, int, int, int]:
    """Set `covered_units`; give the least that money limits leave, and the rows of `limits` that say so.

    (of the allowed amount, row, of what the plan pays, row)
    """
    entry, units = context.entry, context.entry["units_left"]
    allowed_left, allowed_limit, paid_left, paid_limit = UNLIMITED, _NONE, UNLIMITED, _NONE
    for row in range(rule["limits"], rule["limits"] + rule["limit_count"]):
        limit = rules.limits[row]
        left = allowed_by(rules, limit, context) - used(rules, work, context, limit)
        if is_outside(limit, context):
            continue
        if is_left_out(limit, context):
            if left < _wanted(limit, context):
                entry["attestations_used"] |= limit["excepts"]
            continue
        if (limit["beyond"] & context.attestations) != _ZERO:
            if left < _wanted(limit, context):
                entry["attestations_used"] |= limit["beyond"]
            continue
        whole = _units_left(limit, context, left, units)
        if whole < units:
            units = whole
            entry["limit"], entry["reason"] = row, _LIMIT_REACHED
        elif limit["measure"] == _MONEY_ALLOWED and left < allowed_left:
            allowed_left, allowed_limit = left, row
        elif limit["measure"] == _MONEY_PLAN_PAID and left < paid_left:
            paid_left, paid_limit = left, row
    entry["covered_units"] = units
    return allowed_left, allowed_limit, paid_left, paid_limit


@compiled
def _units_left(limit: Any, context: LineContext, left: int, units: int) -> int:
    """How many of `units` a limit of units or hours lets pass that has `left`, whole ones; of another limit all."""
    if limit["measure"] == _UNITS:
        return min(left, units)
    if limit["measure"] == _MINUTES and context.service["minutes"] > 0:
        return min(left // context.service["minutes"], units)
    return units


@compiled
def _wanted(limit: Any, context: LineContext) -> int:
    """What a line wants of a limit at the most: one visit, its units, its allowed amount."""
    measure = limit["measure"]
    if measure == _UNITS:
        return context.entry["units_left"]
    if measure == _MINUTES:
        return context.entry["units_left"] * context.service["minutes"]
    if measure in (_MONEY_ALLOWED, _MONEY_PLAN_PAID):
        return context.entry["fee"]
    if measure not in (_VISITS, _VISITS_PLAN_PAID):
        context.request["fault"] = _UNKNOWN_MEASURE
    return 1


@compiled
def count_against_limits(
    rules: RuleTables, work: Work, context: LineContext, rule: Any, visits: Any, eligible: int
) -> None:
    """Count a covered line: its visit once against each visit limit, its units, its money.

    A measure that is none of these is a fault of the request.
    """
    for index in range(rule["limit_count"]):
        limit = rules.limits[rule["limits"] + index]
        measure = limit["measure"]
        amount = 0
        if is_left_out(limit, context):
            # Of a visit the first covered line decides (point 43).
            visits["counted"] |= _ONE << np.uint64(index)
            continue
        if measure == _UNITS:
            amount = context.entry["covered_units"]
        elif measure == _MINUTES:
            amount = context.entry["covered_units"] * context.service["minutes"]
        elif measure == _MONEY_ALLOWED:
            amount = eligible
        elif measure == _MONEY_PLAN_PAID:
            amount = context.entry["plan_paid"]
        elif measure in (_VISITS, _VISITS_PLAN_PAID):
            if not holds(visits["counted"], index) and (measure == _VISITS or context.entry["plan_paid"] > 0):
                amount = 1
                visits["counted"] |= _ONE << np.uint64(index)
        else:
            context.request["fault"] = _UNKNOWN_MEASURE
        use(rules, work, context, limit, amount)
