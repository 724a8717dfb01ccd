"""Kernel, fifth part: what the member and the plan pay of a covered line.

Works on the ledger row `entry` of one line: the steps in file order, the out-of-pocket cap, penalties, the money limit
and what is above the allowed amount (docs/rule-language.md, section 4 and points 12, 16, 19 to 25, 44).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.engine.kernel.codes import (
    COINSURANCE_BIT,
    COPAY_BIT,
    DEDUCTIBLE_BIT,
    Above,
    CappedPart,
    Fault,
    StepBound,
    StepKind,
)
from camcover.engine.kernel.limits import visit_number
from camcover.engine.kernel.sums import holds, room
from camcover.engine.kernel.tables import UNLIMITED, LineContext, RuleTables, Work
from camcover.jit import compiled
from camcover.money import share

_DEDUCTIBLE = int(StepKind.DEDUCTIBLE)
_COPAY_VISIT = int(StepKind.COPAY_VISIT)
_COPAY_LINE = int(StepKind.COPAY_LINE)
_COPAY_UNIT = int(StepKind.COPAY_UNIT)
_COPAY_DAY = int(StepKind.COPAY_DAY)
_COPAY_FACILITY = int(StepKind.COPAY_FACILITY)
_COPAY_BANDS = int(StepKind.COPAY_BANDS)
_COINSURANCE_REMAINING = int(StepKind.COINSURANCE_REMAINING)
_COINSURANCE_AFTER_DEDUCTIBLE = int(StepKind.COINSURANCE_AFTER_DEDUCTIBLE)
_COINSURANCE_ALLOWED = int(StepKind.COINSURANCE_ALLOWED)
_UNKNOWN_STEP = int(Fault.UNKNOWN_STEP)
_MEMBER = int(Above.MEMBER)
_MEMBER_UP_TO = int(Above.MEMBER_UP_TO)
_NEVER = -1
_UNBOUNDED = int(StepBound.NONE)
_COPAY_OF_TWO = int(StepBound.COPAY_OF_TWO)
_COINSURANCE_OF_TWO = int(StepBound.COINSURANCE_OF_TWO)
_NO_BOUND = 0
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_OF_DEDUCTIBLE, _OF_COPAY, _OF_COINSURANCE = (
    int(CappedPart.DEDUCTIBLE),
    int(CappedPart.COPAY),
    int(CappedPart.COINSURANCE),
)


@compiled
def is_copay(kind: int) -> bool:
    """Whether a step kind is one of the copays."""
    return kind in (_COPAY_VISIT, _COPAY_LINE, _COPAY_UNIT, _COPAY_DAY, _COPAY_BANDS, _COPAY_FACILITY)


@compiled
def is_coinsurance(kind: int) -> bool:
    """Whether a step kind is one of the coinsurances."""
    return kind in (_COINSURANCE_REMAINING, _COINSURANCE_AFTER_DEDUCTIBLE, _COINSURANCE_ALLOWED)


@compiled
def take_steps(rules: RuleTables, work: Work, context: LineContext, phase: Any, visits: Any, eligible: int) -> None:
    """Take each step of `phase` off what is left of `eligible`; the amounts go to `entry["steps"]`, not yet capped.

    A step whose kind is none of these takes nothing, and is a fault of the request.
    """
    entry = context.entry
    remaining = eligible
    deductible = 0
    for index in range(phase["count"]):
        step = rules.steps[phase["first"] + index]
        kind = step["kind"]
        if kind == _DEDUCTIBLE:
            amount = _deductible_left(rules, work, context, phase, index)
            amount = min(amount, remaining)
            deductible += amount
        elif is_copay(kind):
            amount = _copay(rules, work, context, step, visits, eligible)
            if step["waived"] == 1 and deductible > 0:
                amount = 0
        elif is_coinsurance(kind):
            amount = share(_base_of(kind, eligible, deductible, remaining), step["basis_points"])
        else:
            amount = 0
            context.request["fault"] = _UNKNOWN_STEP
        amount = min(amount, remaining)
        if step["bound"] != _UNBOUNDED:
            amount = _bounded(step, entry, visits, index, amount, remaining)
            remaining -= _moved(step, entry, index)
        entry["steps"][index] = amount
        remaining -= amount


@compiled
def _copay(rules: RuleTables, work: Work, context: LineContext, step: Any, visits: Any, eligible: int) -> int:
    """What a copay asks for on a line, before it is cut to what is left (points 19 and 20)."""
    kind = step["kind"]
    if kind == _COPAY_VISIT:
        return max(step["cents"] - visits["copay_paid"], 0)
    if kind == _COPAY_UNIT:
        return step["cents"] * context.entry["covered_units"]
    if kind in (_COPAY_DAY, _COPAY_FACILITY):
        return max(step["cents"] - _paid_of_day(work, context, visits["copay_scope"]), 0)
    return _banded(rules, step, eligible) if kind == _COPAY_BANDS else step["cents"]


@compiled
def _banded(rules: RuleTables, step: Any, eligible: int) -> int:
    """The copay of the first band that holds the eligible amount (point 19)."""
    for row in range(step["bands"], step["bands"] + step["band_count"]):
        if eligible <= rules.copay_bands[row]["up_to"]:
            return rules.copay_bands[row]["cents"]
    return 0


@compiled
def _paid_of_day(work: Work, context: LineContext, scope: int) -> int:
    """What the member's visits of the day under benefits of one scope paid of their copays per day (point 20)."""
    request, paid = context.request, 0
    first = request["visits"] + context.service["member"] * request["visit_count"]
    for row in range(first, first + request["visit_count"]):
        visits = work.visits[row]
        if visits["day"] == context.line["day"] and visits["copay_scope"] == scope:
            paid += visits["copay_paid"]
    return paid


@compiled
def _base_of(kind: int, eligible: int, deductible: int, remaining: int) -> int:
    """What a coinsurance is a percentage of."""
    if kind == _COINSURANCE_REMAINING:
        return remaining
    return eligible - deductible if kind == _COINSURANCE_AFTER_DEDUCTIBLE else eligible


@compiled
def _bounded(step: Any, entry: Any, visits: Any, index: int, percentage: int, remaining: int) -> int:
    """What a step with a least or a most takes (point 44); of two that are compared what it takes itself.

    The copay of two waits for the coinsurance behind it, which decides, and then writes what the copay takes.
    """
    if step["bound"] == _COPAY_OF_TWO:
        return 0
    paid = visits["coinsurance_paid"]
    if step["bound"] == _COINSURANCE_OF_TWO:
        paid += visits["copay_paid"]
    amount = percentage
    if step["least_per"] == _COPAY_VISIT:
        amount = max(percentage - max(paid - visits["percentages"], 0), 0)
    by_percentage = amount
    visits["percentages"] += percentage
    if step["least_per"] != _NO_BOUND:
        amount = max(amount, _fixed(step["least_per"], step["least"], paid, entry))
    if step["most_per"] != _NO_BOUND:
        amount = min(amount, _fixed(step["most_per"], step["most"], paid, entry))
    if step["bound"] == _COINSURANCE_OF_TWO and amount != by_percentage:
        entry["steps"][index - 1] = min(amount, remaining)
        return 0
    return min(amount, remaining)


@compiled
def _fixed(per: int, cents: int, paid: int, entry: Any) -> int:
    """A least or a most on a line: what earlier lines of the visit have left of it, all of it, or by the units."""
    if per == _COPAY_VISIT:
        return max(cents - paid, 0)
    if per == _COPAY_UNIT:
        return cents * entry["covered_units"]
    return cents


@compiled
def _moved(step: Any, entry: Any, index: int) -> int:
    """What the copay of two takes, once the coinsurance behind it has decided."""
    return entry["steps"][index - 1] if step["bound"] == _COINSURANCE_OF_TWO else 0


@compiled
def _deductible_left(rules: RuleTables, work: Work, context: LineContext, phase: Any, index: int) -> int:
    """What is left of the deductible of step `index`, less what earlier steps of this line took of the same one."""
    accumulator = rules.steps[phase["first"] + index]["accumulator"]
    if accumulator < 0:
        return 0
    left = room(rules, work, context, accumulator, context.service["member"])
    for earlier in range(index):
        if rules.steps[phase["first"] + earlier]["accumulator"] == accumulator:
            left -= context.entry["steps"][earlier]
    return max(left, 0)


@compiled
def cap(rules: RuleTables, phase: Any, entry: Any, limit: int) -> None:
    """Cut the steps to `limit` cents in all.

    Coinsurance first, then copay, then deductibles from the last (point 21). A step of an unknown kind took nothing.
    """
    excess = -limit
    for index in range(phase["count"]):
        excess += entry["steps"][index]
    if excess <= 0:
        return
    entry["capped"] = excess
    for part in range(_OF_COINSURANCE, -1, -1):
        for index in range(phase["count"] - 1, -1, -1):
            kind = rules.steps[phase["first"] + index]["kind"]
            if excess > 0 and _part_of(kind) == part:
                cut = min(excess, entry["steps"][index])
                entry["steps"][index] -= cut
                excess -= cut


@compiled
def cap_by_several(rules: RuleTables, work: Work, context: LineContext, phase: Any, parts: int) -> None:
    """Cut each step to what the maxima that cap it leave; `parts`: the mask of those that the benefit counts.

    Deductibles first, then copay, then coinsurance (point 21).
    """
    for part in range(_OF_COINSURANCE + 1):
        for index in range(phase["count"]):
            if _part_of(rules.steps[phase["first"] + index]["kind"]) == part:
                _cut_step(rules, work, context, phase, parts, part, index)


@compiled
def _cut_step(
    rules: RuleTables, work: Work, context: LineContext, phase: Any, parts: int, part: int, index: int
) -> None:
    """Cut step `index`, of part `part`, to the smallest room of the maxima that cap it; note which maximum cut."""
    entry, amount = context.entry, context.entry["steps"][index]
    least, cutting = UNLIMITED, _ZERO
    capping = _capping(context.tier, parts, part)
    for maximum in range(context.request["sum_count"]):
        if holds(capping, maximum):
            left = room(rules, work, context, maximum, context.service["member"])
            left = max(left - _counted_before(rules, context, phase, maximum, parts, part, index), 0)
            if left < least:
                least, cutting = left, _ZERO
            if left == least:
                cutting |= _ONE << np.uint64(maximum)
    if amount > least:
        entry["capped"] += amount - least
        entry["capped_by"] |= cutting
        entry["steps"][index] = least


@compiled
def _counted_before(
    rules: RuleTables, context: LineContext, phase: Any, maximum: int, parts: int, part: int, index: int
) -> int:
    """What a maximum counts of the line's parts before step `index`, of part `part`, as cut."""
    total = 0
    for other in range(phase["count"]):
        its_part = _part_of(rules.steps[phase["first"] + other]["kind"])
        is_before = its_part < part or (its_part == part and other < index)
        if is_before and holds(_capping(context.tier, parts, its_part), maximum):
            total += context.entry["steps"][other]
    return total


@compiled
def _part_of(kind: int) -> int:
    """The part of the cost share that a kind of step is; never one of an unknown kind."""
    if is_coinsurance(kind):
        return _OF_COINSURANCE
    if is_copay(kind):
        return _OF_COPAY
    return _OF_DEDUCTIBLE if kind == _DEDUCTIBLE else _NEVER


@compiled
def _capping(tier: Any, parts: int, part: int) -> np.uint64:
    """The maxima that cap a part in a tier, as a mask; none cap a part that the benefit does not count."""
    if part == _OF_DEDUCTIBLE:
        return tier["capped_deductible"] if parts & DEDUCTIBLE_BIT else _ZERO
    if part == _OF_COPAY:
        return tier["capped_copay"] if parts & COPAY_BIT else _ZERO
    return tier["capped_coinsurance"] if parts & COINSURANCE_BIT else _ZERO


@compiled
def add_up_steps(rules: RuleTables, phase: Any, entry: Any, visits: Any) -> None:
    """Write deductible, copay and coinsurance from the steps; remember what was paid of a copay per visit or day."""
    for index in range(phase["count"]):
        kind = rules.steps[phase["first"] + index]["kind"]
        amount = entry["steps"][index]
        if kind == _DEDUCTIBLE:
            entry["deductible"] += amount
        elif is_copay(kind):
            entry["copay"] += amount
            if kind in (_COPAY_VISIT, _COPAY_DAY, _COPAY_FACILITY):
                visits["copay_paid"] += amount
        elif is_coinsurance(kind):
            entry["coinsurance"] += amount
            if rules.steps[phase["first"] + index]["bound"] != _UNBOUNDED:
                visits["coinsurance_paid"] += amount


@compiled
def penalty(rules: RuleTables, work: Work, context: LineContext, rule: Any, visits: Any, plan_pays: int) -> int:
    """What missing attestations with a penalty take off what the plan would pay, one after the other (point 12).

    A penalty in dollars is taken once a visit, so the amount taken is remembered.
    """
    left = plan_pays
    for row in range(rule["requirements"], rule["requirements"] + rule["requirement_count"]):
        requirement = rules.requirements[row]
        missing = (requirement["attestation"] & context.attestations) == _ZERO
        is_asked = visit_number(rules, work, context, rule, requirement["limit"]) > requirement["after"]
        if missing and requirement["penalty"] >= 0 and is_asked:
            taken = share(left, requirement["penalty"])
            if requirement["cents"] >= 0:
                taken = min(left, max(requirement["cents"] - visits["penalty_paid"], 0))
                visits["penalty_paid"] += taken
            left -= taken
    return plan_pays - left


@compiled
def balance_bill(tier: Any, charge: int, allowed: int) -> int:
    """The member's part of charge - allowed; the rest is written off (point 25)."""
    if tier["above"] == _MEMBER:
        return charge - allowed
    if tier["above"] == _MEMBER_UP_TO:
        return min(charge - allowed, max(share(allowed, tier["above_cap"]) - allowed, 0))
    return 0
