"""Kernel, second part: accumulators. What is left of them, what a line adds, and how a new benefit period begins.

Running sums live in `work.sums`, one row for each (member, accumulator), the family after the last member
(docs/rule-language.md, section 4 "Accumulators" and points 21 to 24).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import period_start
from camcover.engine.tables import CarryoverRule, RuleTables, Work
from camcover.jit import compiled

_IF_UNMET = int(CarryoverRule.IF_UNMET)
_ONE = np.uint64(1)


@compiled
def room(rules: RuleTables, work: Work, request: Any, segment: Any, accumulator: int, member: int) -> int:
    """Cents left of an accumulator for a member, never below 0 (point 22)."""
    definition = rules.accumulators[segment["accumulators"] + accumulator]
    own = definition["individual"] - work.sums[request["sums"] + member * request["sum_count"] + accumulator]["used"]
    if request["family"] == 0:
        return max(own, 0)
    family_row = request["sums"] + request["members"] * request["sum_count"] + accumulator
    group = definition["family"] - work.sums[family_row]["used"]
    if definition["aggregate"] == 1:
        return max(group, 0)
    return max(min(own, group), 0)


@compiled
def add(
    rules: RuleTables, work: Work, request: Any, segment: Any, accumulator: int, member: int, amount: int, late: bool
) -> None:
    """Add `amount`, cut to the room left, to the member's and the family's sum; `late`: in the last quarter."""
    taken = min(amount, room(rules, work, request, segment, accumulator, member))
    for owner in (member, request["members"]):
        row = work.sums[request["sums"] + owner * request["sum_count"] + accumulator]
        row["used"] += taken
        if late:
            row["last_quarter"] += taken


@compiled
def holds(mask: np.uint64, index: int) -> bool:
    """Whether bit `index` of a mask is set."""
    return (mask >> np.uint64(index)) & _ONE != 0


@compiled
def is_passed_over(rules: RuleTables, segment: Any, tier: Any, target: int, counts_out_of_pocket: int) -> bool:
    """Whether a feed to `target` is passed over: the same dollars count once in an out-of-pocket maximum (point 23)."""
    first = segment["accumulators"]
    if counts_out_of_pocket == 0:
        return rules.accumulators[first + target]["out_of_pocket"] == 1
    maximum = tier["out_of_pocket"]
    return maximum >= 0 and (maximum == target or holds(rules.accumulators[first + maximum]["feeds"], target))


@compiled
def feed(
    rules: RuleTables,
    work: Work,
    request: Any,
    segment: Any,
    tier: Any,
    targets: np.uint64,
    member: int,
    amount: int,
    late: bool,
    counts_out_of_pocket: int,
) -> None:
    """Add `amount` to each accumulator of the mask `targets` that is not passed over."""
    if targets == 0 or amount == 0:
        return
    for target in range(request["sum_count"]):
        if holds(targets, target) and not is_passed_over(rules, segment, tier, target, counts_out_of_pocket):
            add(rules, work, request, segment, target, member, amount, late)


@compiled
def post(
    rules: RuleTables,
    work: Work,
    request: Any,
    segment: Any,
    tier: Any,
    entry: Any,
    first_step: int,
    step_count: int,
    member: int,
    late: bool,
    counts_out_of_pocket: int,
) -> None:
    """Post a covered line's cost share, as it stands in the ledger row `entry`, to every accumulator (point 23)."""
    first = segment["accumulators"]
    for index in range(step_count):
        accumulator = rules.steps[first_step + index]["accumulator"]
        amount = entry["steps"][index]
        if accumulator >= 0 and amount > 0:
            add(rules, work, request, segment, accumulator, member, amount, late)
            targets = rules.accumulators[first + accumulator]["feeds"]
            feed(rules, work, request, segment, tier, targets, member, amount, late, counts_out_of_pocket)
    feed(rules, work, request, segment, tier, tier["copay_feeds"], member, entry["copay"], late, counts_out_of_pocket)
    maximum = tier["out_of_pocket"]
    if maximum >= 0 and counts_out_of_pocket == 1:
        total = entry["deductible"] + entry["copay"] + entry["coinsurance"]
        add(rules, work, request, segment, maximum, member, total, late)
        targets = rules.accumulators[first + maximum]["feeds"]
        for target in range(request["sum_count"]):
            if holds(targets, target):
                add(rules, work, request, segment, target, member, total, late)


@compiled
def begin(work: Work, request: Any) -> None:
    """Set every sum to what the request gives for the benefit period that holds `as_of`."""
    for index in range((request["members"] + 1) * request["sum_count"]):
        row = work.sums[request["sums"] + index]
        row["used"] = row["initial"]
        row["last_quarter"] = row["initial_last_quarter"]


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
    adjacent = period_start(new_start - 1, new["period_month"], new["period_day"]) == old_start
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
                    met = room(rules, work, request, old, accumulator, owner) == 0
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
    return definition["individual"]
