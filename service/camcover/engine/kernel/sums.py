"""Kernel, second part: accumulators. What is left of them, what a line adds, and how a new benefit period begins.

Running sums live in `work.sums`, one row for each (member, accumulator), the family after the last member
(docs/rule-language.md, section 4 "Accumulators" and points 21 to 24).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import civil, ordinal, period_start
from camcover.engine.kernel.codes import COINSURANCE_BIT, COPAY_BIT, DEDUCTIBLE_BIT, CarryoverRule
from camcover.engine.kernel.tables import LineContext, RuleTables, Work
from camcover.jit import compiled

_IF_UNMET = int(CarryoverRule.IF_UNMET)
_ZERO, _ONE = np.uint64(0), np.uint64(1)


@compiled
def period_on(segment: Any, day: int) -> int:
    """The first day of the benefit period that holds `day`, by the editions around a segment (point 24)."""
    return max(period_start(day, segment["period_month"], segment["period_day"]), segment["period_first"])


@compiled
def period_end(segment: Any, day: int) -> int:
    """The day behind the last one of the benefit period that holds `day`."""
    month, day_of_month = segment["period_month"], segment["period_day"]
    year, _, _ = civil(period_start(day, month, day_of_month))
    return min(ordinal(year + 1, month, day_of_month), segment["period_last"] + 1)


@compiled
def room(rules: RuleTables, work: Work, context: LineContext, accumulator: int, member: int) -> int:
    """Cents left of an accumulator for a member, never below 0 (point 22)."""
    return room_in(rules, work, context.request, context.segment, accumulator, member, context.service["incentive"])


@compiled
def room_in(
    rules: RuleTables, work: Work, request: Any, segment: Any, accumulator: int, member: int, incentive: int
) -> int:
    """The same under the amounts of any segment; `incentive`: whether the member has earned it."""
    definition = rules.accumulators[segment["accumulators"] + accumulator]
    used = work.sums[request["sums"] + member * request["sum_count"] + accumulator]["used"]
    if incentive == 1:
        used += definition["incentive"]
    if request["family"] == 0:
        return max(definition["self_only"] - used, 0)
    own = definition["individual"] - used
    family_row = request["sums"] + request["members"] * request["sum_count"] + accumulator
    group = definition["family"] - work.sums[family_row]["used"]
    if definition["aggregate"] == 1:
        return max(group, 0)
    return max(min(own, group), 0)


@compiled
def add(rules: RuleTables, work: Work, context: LineContext, accumulator: int, amount: int) -> None:
    """Add `amount`, cut to the room left, to the member's and the family's sum."""
    member = context.service["member"]
    taken = min(amount, room(rules, work, context, accumulator, member))
    _put(work, context, member, accumulator, taken)
    _put(work, context, context.request["members"], accumulator, taken)


@compiled
def _put(work: Work, context: LineContext, owner: int, accumulator: int, amount: int) -> None:
    """Add `amount` to one sum, and to its last quarter where the line lies in it."""
    row = work.sums[context.request["sums"] + owner * context.request["sum_count"] + accumulator]
    row["used"] += amount
    if context.line["day"] >= context.request["late_from"]:
        row["last_quarter"] += amount


@compiled
def holds(mask: np.uint64, index: int) -> bool:
    """Whether bit `index` of a mask is set."""
    return (mask >> np.uint64(index)) & _ONE != 0


@compiled
def _is_passed_over(rules: RuleTables, context: LineContext, target: int, counted: np.uint64, counts: bool) -> bool:
    """Whether `target` is passed over by a step or the copay: the same dollars count once (point 23).

    `counted`: the accumulators that receive that part in step (c); `counts`: the benefit counts the part toward maxima.
    """
    if not counts:
        return rules.accumulators[context.segment["accumulators"] + target]["out_of_pocket"] == 1
    return holds(counted, target)


@compiled
def _feed(
    rules: RuleTables,
    work: Work,
    context: LineContext,
    targets: np.uint64,
    amount: int,
    counted: np.uint64,
    counts: bool,
) -> None:
    """Add `amount` to each accumulator of the mask `targets` that is not passed over."""
    if targets == 0 or amount == 0:
        return
    for target in range(context.request["sum_count"]):
        if holds(targets, target) and not _is_passed_over(rules, context, target, counted, counts):
            add(rules, work, context, target, amount)


@compiled
def post(rules: RuleTables, work: Work, context: LineContext, phase: Any, parts: int) -> None:
    """Post a covered line's cost share, as it stands in its ledger row, to every accumulator (point 23).

    `parts`: the mask of those that the benefit counts toward out-of-pocket maxima.
    """
    entry, tier, first = context.entry, context.tier, context.segment["accumulators"]
    counted, counts = tier["counted_deductible"], parts & DEDUCTIBLE_BIT != 0
    for index in range(phase["count"]):
        accumulator = rules.steps[phase["first"] + index]["accumulator"]
        amount = entry["steps"][index]
        if accumulator >= 0 and amount > 0:
            if not _is_passed_over(rules, context, accumulator, counted, counts):
                add(rules, work, context, accumulator, amount)
            feeds = rules.accumulators[first + accumulator]["feeds"]
            _feed(rules, work, context, feeds, amount, counted, counts)
    _feed(rules, work, context, tier["copay_feeds"], entry["copay"], tier["counted_copay"], parts & COPAY_BIT != 0)
    if parts != 0:
        _post_to_maxima(rules, work, context, parts)


@compiled
def _post_to_maxima(rules: RuleTables, work: Work, context: LineContext, parts: int) -> None:
    """Step (c) of point 23: each part of the cost share to the accumulators that receive it, together."""
    entry, tier = context.entry, context.tier
    deductible = tier["counted_deductible"] if parts & DEDUCTIBLE_BIT else _ZERO
    copay = tier["counted_copay"] if parts & COPAY_BIT else _ZERO
    coinsurance = tier["counted_coinsurance"] if parts & COINSURANCE_BIT else _ZERO
    targets, total = deductible | copay | coinsurance, entry["deductible"] + entry["copay"] + entry["coinsurance"]
    if targets == 0 or total == 0:
        return
    is_whole = deductible == targets and copay == targets and coinsurance == targets
    for target in range(context.request["sum_count"]):
        if holds(targets, target):
            if is_whole:
                add(rules, work, context, target, total)
                continue
            amount = 0
            if holds(deductible, target):
                amount += entry["deductible"]
            if holds(copay, target):
                amount += entry["copay"]
            if holds(coinsurance, target):
                amount += entry["coinsurance"]
            if amount > 0:
                add(rules, work, context, target, amount)


@compiled
def begin(work: Work, request: Any) -> None:
    """Set every sum to what is given for the benefit period that holds `as_of`."""
    for index in range((request["members"] + 1) * request["sum_count"]):
        row = work.sums[request["sums"] + index]
        given = work.given_sums[request["given_sums"] + index]
        row["used"] = given["used"]
        row["last_quarter"] = given["last_quarter"]


@compiled
def clear(work: Work, request: Any) -> None:
    """Set every sum to zero."""
    for index in range((request["members"] + 1) * request["sum_count"]):
        row = work.sums[request["sums"] + index]
        row["used"] = 0
        row["last_quarter"] = 0


@compiled
def roll(rules: RuleTables, work: Work, request: Any, old: Any, new: Any, old_start: int, new_start: int) -> None:
    """Begin the benefit period of `new_start`.

    Its sums are zero, or the last quarter's credit where the old edition carries over (point 24).
    """
    adjacent = period_on(old, new_start - 1) == old_start
    width = request["sum_count"]
    for accumulator in range(width):
        before = rules.accumulators[old["accumulators"] + accumulator]
        after = rules.accumulators[new["accumulators"] + accumulator]
        carries = adjacent and before["carryover"] != 0 and after["present"] == 1
        for owner in range(request["members"] + 1):
            row = work.sums[request["sums"] + owner * width + accumulator]
            credit = row["last_quarter"] if carries else 0
            is_family = owner == request["members"]
            if credit > 0 and before["carryover"] == _IF_UNMET:
                if is_family:
                    met = row["used"] >= before["family"]
                else:
                    met = room_in(rules, work, request, old, accumulator, owner, 0) == 0
                if met:
                    credit = 0
            row["last_quarter"] = 0
            # The family's row comes last, so that members are judged by what the family had.
            row["used"] = min(credit, _maximum(after, request["family"] == 1, is_family))


@compiled
def _maximum(definition: Any, family_coverage: bool, is_family: bool) -> int:
    """The most a sum may hold: the family's, a member's embedded in it, or a member's alone."""
    if is_family or (family_coverage and definition["aggregate"] == 1):
        return definition["family"]
    if family_coverage:
        return min(definition["individual"], definition["family"])
    return definition["self_only"]
