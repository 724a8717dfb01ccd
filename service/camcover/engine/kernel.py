"""The kernel: one function that adjudicates lines, for one request and for a book of business alike.

What comes in: `RuleTables` and `Work` (engine/tables.py). What goes out: `work.ledger`, one row a line, and the running
state after the last line. No Python object, no string, no allocation for a line. Its parts: pricing, selection, usage,
sums, cost_share. Order on a covered line (docs/rule-language.md, section 4): eligible amount, steps, out-of-pocket cap,
penalty, money limit, what is above the allowed amount.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import add_months, civil, ordinal, period_start
from camcover.engine.cost_share import add_up_steps, balance_bill, cap, penalty, take_steps
from camcover.engine.estimate import Reason
from camcover.engine.pricing import price
from camcover.engine.selection import choose, is_exhausted, is_visit_admitted
from camcover.engine.sums import begin, clear, holds, post, roll, room
from camcover.engine.tables import NEVER, UNLIMITED, UNTOUCHED, LimitMeasure, RuleTables, Work
from camcover.engine.usage import use, used
from camcover.jit import compiled
from camcover.money import portion, share

_NONE = -1
_ZERO = np.uint64(0)
_ONE = np.uint64(1)

_HOLDS = int(Reason.NONE)
_NOT_IN_FORCE = int(Reason.NOT_IN_FORCE)
_REQUIREMENT_MISSING = int(Reason.REQUIREMENT_MISSING)
_LIMIT_REACHED = int(Reason.LIMIT_REACHED)

_VISITS = int(LimitMeasure.VISITS)
_VISITS_PLAN_PAID = int(LimitMeasure.VISITS_PLAN_PAID)
_UNITS = int(LimitMeasure.UNITS)
_MONEY_PLAN_PAID = int(LimitMeasure.MONEY_PLAN_PAID)
_MONEY_ALLOWED = int(LimitMeasure.MONEY_ALLOWED)


@compiled
def adjudicate(rules: RuleTables, work: Work, first: int, count: int) -> None:
    """Adjudicate requests [first, first + count) of `work`, each from its own state, lines in order of date."""
    for index in range(first, first + count):
        _adjudicate_request(rules, work, work.requests[index])


@compiled
def _adjudicate_request(rules: RuleTables, work: Work, request: Any) -> None:
    """Adjudicate the lines of one request; each sees what earlier lines left."""
    current = UNTOUCHED
    last_quarter = 0
    for index in range(request["lines"], request["lines"] + request["line_count"]):
        line, entry = work.lines[index], work.ledger[index]
        segment_index = _segment_on(rules, request, line["day"])
        entry["segment"] = segment_index
        if segment_index < 0:
            entry["reason"] = _NOT_IN_FORCE
            _price_without_plan(line, entry)
            continue
        segment = rules.segments[segment_index]
        start = period_start(line["day"], segment["period_month"], segment["period_day"])
        if start != current:
            _begin_period(rules, work, request, segment, current, start)
            current = start
            year, month, day = civil(start)
            last_quarter = add_months(ordinal(year + 1, month, day), -3)
        _adjudicate_line(rules, work, request, line, entry, segment_index, start, line["day"] >= last_quarter)


@compiled
def _segment_on(rules: RuleTables, request: Any, day: int) -> int:
    """The segment of the request's plan in force on `day`; -1 = none."""
    for index in range(request["segments"], request["segments"] + request["segment_count"]):
        if rules.segments[index]["first_day"] <= day <= rules.segments[index]["last_day"]:
            return index
    return _NONE


@compiled
def _begin_period(rules: RuleTables, work: Work, request: Any, segment: Any, current: int, start: int) -> None:
    """Set the sums for the benefit period of `start` (point 24); `current` is the one before, or UNTOUCHED."""
    given = period_start(request["as_of"], segment["period_month"], segment["period_day"])
    if start == given:
        begin(work, request)
        return
    before = current
    if current < given < start:
        begin(work, request)
        before = given
    elif current == UNTOUCHED:
        clear(work, request)
        return
    old = _segment_on(rules, request, start - 1)
    if old < 0:
        clear(work, request)
        return
    roll(rules, work, request, rules.segments[old], segment, before, start)


@compiled
def _adjudicate_line(
    rules: RuleTables, work: Work, request: Any, line: Any, entry: Any, segment_index: int, period: int, late: bool
) -> None:
    """Price a line, find the rule that decides it, and cover it or not."""
    segment = rules.segments[segment_index]
    tier = rules.tiers[segment["tiers"] + line["tier"]]
    entry["charge"], entry["fee"], entry["assumed"] = price(rules, tier, line)
    row, reason, criteria, limit = choose(rules, work, request, line, segment, segment_index)
    entry["rule"], entry["reason"], entry["criteria"], entry["limit"] = row, reason, criteria, limit
    entry["requirement"], entry["phase"], entry["discount"] = _NONE, _NONE, _NONE
    if reason == _HOLDS:
        rule = rules.rules[row]
        visits = _visits_of(work, request, line, rule, segment, period)
        admitted = is_visit_admitted(work, request, rule, line)
        entry["visit"] = visits["count"] if admitted else visits["count"] + 1
        _judge_requirements(rules, rule, line, entry)
        if entry["requirement"] == _NONE:
            entry["limit"] = is_exhausted(rules, work, request, rule, line, segment, admitted)
            if entry["limit"] == _NONE:
                _cover(rules, work, request, rule, line, entry, segment, tier, visits, admitted, late)
            else:
                entry["reason"] = _LIMIT_REACHED
    if entry["covered"] == 0:
        _leave_uncovered(rules, line, entry, segment, segment_index, entry["charge"], entry["fee"])
    elif entry["covered_units"] < line["units"]:
        charge = entry["charge"] - portion(entry["charge"], entry["covered_units"], line["units"])
        _leave_uncovered(rules, line, entry, segment, segment_index, charge, entry["fee"] - entry["allowed"])
    cost_share = entry["deductible"] + entry["copay"] + entry["coinsurance"]
    entry["patient"] = cost_share + entry["penalty"] + entry["balance_bill"] + entry["not_covered"]


@compiled
def _price_without_plan(line: Any, entry: Any) -> None:
    """Outside every edition the member owes the charge, or the typical charge where none is known (point 6)."""
    entry["assumed"] = 1 if line["charge"] < 0 else 0
    charge = max(line["typical_charge"], 0) if line["charge"] < 0 else line["charge"]
    entry["charge"], entry["not_covered"], entry["patient"] = charge, charge, charge
    entry["rule"], entry["criteria"], entry["limit"] = _NONE, _NONE, _NONE
    entry["requirement"], entry["phase"], entry["discount"] = _NONE, _NONE, _NONE


@compiled
def _visits_of(work: Work, request: Any, line: Any, rule: Any, segment: Any, period: int) -> Any:
    """The row of visits of (member, benefit), brought to the benefit period that begins on `period`."""
    visits = work.visits[request["visits"] + line["member"] * request["visit_count"] + rule["benefit"]]
    if visits["period"] != period:
        given = period_start(request["as_of"], segment["period_month"], segment["period_day"])
        visits["count"] = visits["initial"] if period == given else 0
        visits["period"] = period
    return visits


@compiled
def _judge_requirements(rules: RuleTables, rule: Any, line: Any, entry: Any) -> None:
    """Note the attestations that were asked for and are there; the first bare one missing refuses the line."""
    for row in range(rule["requirements"], rule["requirements"] + rule["requirement_count"]):
        requirement = rules.requirements[row]
        if entry["visit"] > requirement["after"]:
            if (requirement["attestation"] & line["attestations"]) != _ZERO:
                entry["attestations_used"] |= requirement["attestation"]
            elif requirement["penalty"] < 0:
                entry["requirement"] = row
                entry["reason"] = _REQUIREMENT_MISSING
                return


@compiled
def _cover(
    rules: RuleTables,
    work: Work,
    request: Any,
    rule: Any,
    line: Any,
    entry: Any,
    segment: Any,
    tier: Any,
    visits: Any,
    admitted: bool,
    late: bool,
) -> None:
    """Split a covered line between member and plan, post it to the accumulators and count it against its limits."""
    if not admitted:
        visits["count"] += 1
        visits["day"], visits["counted"], visits["copay_paid"] = line["day"], _ZERO, 0
    entry["covered"] = 1
    allowed_left, allowed_limit, paid_left, paid_limit = _cut_to_limits(
        rules, work, request, rule, line, entry, segment
    )
    charge = portion(entry["charge"], entry["covered_units"], line["units"])
    entry["allowed"] = portion(entry["fee"], entry["covered_units"], line["units"])
    eligible = entry["allowed"]
    if request["maintenance"] == 1:
        eligible = max(max(eligible, line["primary_allowed"]) - line["primary_paid"], 0)
    if eligible > allowed_left:
        entry["not_covered"] = eligible - allowed_left
        entry["reason"], entry["limit"] = _LIMIT_REACHED, allowed_limit
        eligible = allowed_left

    phase = _phase_of(rules, rule, line, entry)
    take_steps(rules, work, request, segment, phase, line, entry, visits, eligible)
    if tier["out_of_pocket"] >= 0 and rule["counts_out_of_pocket"] == 1:
        cap(rules, phase, entry, room(rules, work, request, segment, tier["out_of_pocket"], line["member"]))
    add_up_steps(rules, phase, entry, visits)

    plan_pays = eligible - entry["deductible"] - entry["copay"] - entry["coinsurance"]
    entry["penalty"] = penalty(rules, rule, line, entry["visit"], plan_pays)
    plan_pays -= entry["penalty"]
    if plan_pays > paid_left:
        entry["not_covered"] += plan_pays - paid_left
        entry["reason"], entry["limit"] = _LIMIT_REACHED, paid_limit
        plan_pays = paid_left
    entry["plan_paid"] = plan_pays
    entry["balance_bill"] = balance_bill(tier, charge, entry["allowed"])
    entry["written_off"] = charge - entry["allowed"] - entry["balance_bill"]

    counts = rule["counts_out_of_pocket"]
    post(rules, work, request, segment, tier, entry, phase["first"], phase["count"], line["member"], late, counts)
    _count_against_limits(rules, work, request, rule, line, entry, segment, visits, eligible)


@compiled
def _cut_to_limits(
    rules: RuleTables, work: Work, request: Any, rule: Any, line: Any, entry: Any, segment: Any
) -> tuple[int, int, int, int]:
    """Set `covered_units`; give the least left of the money limits and its row.

    Of allowed amounts, of what the plan pays.
    """
    units = line["units"]
    allowed_left, allowed_limit, paid_left, paid_limit = UNLIMITED, _NONE, UNLIMITED, _NONE
    for row in range(rule["limits"], rule["limits"] + rule["limit_count"]):
        limit = rules.limits[row]
        slot = work.slots[request["slots"] + line["member"] * request["slot_count"] + limit["slot"]]
        left = limit["allow"] - used(work, request, limit, slot, line["day"], segment)
        if (limit["beyond"] & line["attestations"]) != _ZERO:
            if left < _wanted(limit, line, entry):
                entry["attestations_used"] |= limit["beyond"]
            continue
        if limit["measure"] == _UNITS and left < units:
            units = left
            entry["limit"], entry["reason"] = row, _LIMIT_REACHED
        elif limit["measure"] == _MONEY_ALLOWED and left < allowed_left:
            allowed_left, allowed_limit = left, row
        elif limit["measure"] == _MONEY_PLAN_PAID and left < paid_left:
            paid_left, paid_limit = left, row
    entry["covered_units"] = units
    return allowed_left, allowed_limit, paid_left, paid_limit


@compiled
def _wanted(limit: Any, line: Any, entry: Any) -> int:
    """What a line wants of a limit at the most: one visit, its units, its allowed amount."""
    if limit["measure"] == _UNITS:
        return line["units"]
    if limit["measure"] == _MONEY_ALLOWED or limit["measure"] == _MONEY_PLAN_PAID:
        return entry["fee"]
    return 1


@compiled
def _phase_of(rules: RuleTables, rule: Any, line: Any, entry: Any) -> Any:
    """The phase of the line's tier that holds for the number of its visit."""
    phases = rules.rule_tiers[rule["tiers"] + line["tier"]]
    row = phases["first"]
    while rules.phases[row]["through"] < entry["visit"]:
        row += 1
    entry["phase"] = row
    return rules.phases[row]


@compiled
def _count_against_limits(
    rules: RuleTables,
    work: Work,
    request: Any,
    rule: Any,
    line: Any,
    entry: Any,
    segment: Any,
    visits: Any,
    eligible: int,
) -> None:
    """Count a covered line: its visit once against each visit limit, its units, its money."""
    for index in range(rule["limit_count"]):
        limit = rules.limits[rule["limits"] + index]
        slot = work.slots[request["slots"] + line["member"] * request["slot_count"] + limit["slot"]]
        used(work, request, limit, slot, line["day"], segment)
        measure = limit["measure"]
        amount = 0
        if measure == _UNITS:
            amount = entry["covered_units"]
        elif measure == _MONEY_ALLOWED:
            amount = eligible
        elif measure == _MONEY_PLAN_PAID:
            amount = entry["plan_paid"]
        elif not holds(visits["counted"], index) and (measure == _VISITS or entry["plan_paid"] > 0):
            amount = 1
            visits["counted"] |= _ONE << np.uint64(index)
        use(work, request, limit, slot, line["day"], amount)


@compiled
def _leave_uncovered(
    rules: RuleTables, line: Any, entry: Any, segment: Any, segment_index: int, charge: int, fee: int
) -> None:
    """Bill `charge`, or with `not_covered_pays: allowed` at most `fee`, less the plan's discount (point 26)."""
    base = min(charge, fee) if segment["pays_allowed"] == 1 else charge
    discount = NEVER
    if line["therapy"] >= 0:
        discount = rules.matches[segment_index, line["therapy"]]["discount"]
    if line["code"] >= 0:
        discount = min(discount, rules.matches[segment_index, line["code"]]["discount"])
    if discount != NEVER:
        entry["discount"] = discount
        base -= share(base, rules.discounts[discount]["basis_points"])
    entry["not_covered"] += base
    entry["written_off"] += charge - base
