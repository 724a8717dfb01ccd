"""The kernel: one function that adjudicates lines, for one request and for a book of business alike.

What comes in: `RuleTables` and `Work` (`tables`). What goes out: `work.ledger`, one row for each line, and the running
state after the last line. It uses no Python object and no string, and allocates nothing. Its parts: pricing, selection,
limits, usage, sums, cost_share, uncovered. Order on a covered line (docs/rule-language.md, section 4): eligible amount,
steps, out-of-pocket cap, penalty, money limit, the part above the allowed amount.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import add_months
from camcover.engine.estimate import Reason
from camcover.engine.kernel.code_edits import add_miscoded, edit_codes
from camcover.engine.kernel.codes import ALL_PARTS, FIRST_BY_FACILITY, Fault, LimitMeasure
from camcover.engine.kernel.cost_share import add_up_steps, balance_bill, cap, cap_by_several, penalty, take_steps
from camcover.engine.kernel.limits import (
    count_against_limits,
    cut_to_limits,
    is_exhausted,
    is_split,
    is_visit_admitted,
    visit_number,
)
from camcover.engine.kernel.pricing import price
from camcover.engine.kernel.selection import choose, phase_of
from camcover.engine.kernel.sums import begin, clear, period_end, period_on, post, roll, room
from camcover.engine.kernel.tables import UNTOUCHED, LineContext, RuleTables, Work
from camcover.engine.kernel.tiers import tier_of
from camcover.engine.kernel.uncovered import attestations_of, leave_uncovered, outside_coverage, owe_charge
from camcover.engine.kernel.usage import begin_counts
from camcover.jit import compiled
from camcover.money import portion

_NONE = -1
_ZERO = np.uint64(0)
_ONE = np.uint64(1)

_HOLDS = int(Reason.NONE)
_NOT_IN_FORCE = int(Reason.NOT_IN_FORCE)
_REQUIREMENT_MISSING = int(Reason.REQUIREMENT_MISSING)
_LIMIT_REACHED = int(Reason.LIMIT_REACHED)
_UNKNOWN_CODE = int(Reason.UNKNOWN_CODE)

_VISITS = int(LimitMeasure.VISITS)
_VISITS_PLAN_PAID = int(LimitMeasure.VISITS_PLAN_PAID)
_UNITS = int(LimitMeasure.UNITS)
_MONEY_PLAN_PAID = int(LimitMeasure.MONEY_PLAN_PAID)
_MONEY_ALLOWED = int(LimitMeasure.MONEY_ALLOWED)

_WHOLE, _REST = False, True
"""Whether a line is in hand, or what a limit cut of it."""

_NO_FAULT = int(Fault.NONE)
_NO_ROOM = int(Fault.NO_ROOM)
_UNKNOWN_MEASURE = int(Fault.UNKNOWN_MEASURE)


@compiled
def adjudicate(rules: RuleTables, work: Work, first: int, count: int) -> int:
    """Adjudicate requests [first, first + count) of `work`, each from its own state, lines in order of date.

    Gives how many of them have a fault (`Fault`): their ledger is wrong.
    """
    faults = 0
    for index in range(first, first + count):
        request = work.requests[index]
        _adjudicate_request(rules, work, request)
        if request["fault"] == _NO_FAULT and request["event_count"] > request["event_room"]:
            request["fault"] = _NO_ROOM
        if request["fault"] != _NO_FAULT:
            faults += 1
    return faults


@compiled
def _adjudicate_request(rules: RuleTables, work: Work, request: Any) -> None:
    """Adjudicate the lines of one request; each sees what earlier lines left."""
    _begin_request(work, request)
    for index in range(request["line_count"]):
        line = work.lines[request["lines"] + index]
        entry = work.ledger[request["ledger"] + index]
        _begin_entry(entry)
        _find_segment(rules, work, request, line["day"])
        service = work.services[line["service"]]
        charge = service["charge"]
        if request["behind"] >= 0:
            charge = work.behind[request["behind"] + index]["charge"]
        outside = outside_coverage(service, line["day"])
        if request["segment"] < 0:
            entry["tier"] = service["tier"]
            owe_charge(request, service, charge, entry, _NOT_IN_FORCE if outside == _HOLDS else outside)
            request["patient"] += entry["patient"]
            continue
        entry["segment"] = request["segment"]
        segment = rules.segments[request["segment"]]
        tier = tier_of(rules, work, request, segment, service["tier"], index)
        entry["tier"] = tier
        if outside != _HOLDS:
            owe_charge(request, service, charge, entry, outside)
            request["patient"] += entry["patient"]
            continue
        entry["terms_assumed"] = 1 if line["day"] > segment["last_day"] else 0
        if service["therapy"] < 0:
            owe_charge(request, service, charge, entry, _UNKNOWN_CODE)
            request["patient"] += entry["patient"]
            continue
        attestations = attestations_of(request, service)
        context = LineContext(
            request, line, service, entry, segment, rules.tiers[segment["tiers"] + tier], tier, attestations, index,
            _WHOLE,
        )  # fmt: skip
        _adjudicate_line(rules, work, context, charge)
        request["patient"] += entry["patient"]


@compiled
def _begin_request(work: Work, request: Any) -> None:
    """Set the running state to its beginning: nothing counted, no benefit period yet."""
    request["segment"], request["period"], request["period_end"] = _NONE, UNTOUCHED, UNTOUCHED
    request["late_from"], request["patient"], request["fault"] = UNTOUCHED, 0, _NO_FAULT
    begin(work, request)
    begin_counts(work, request)
    for index in range(request["members"] * request["visit_count"]):
        visits, given = work.visits[request["visits"] + index], work.given_visits[request["given_visits"] + index]
        visits["period"], visits["count"] = UNTOUCHED, 0
        visits["day"], visits["counted"], visits["copay_paid"] = given["day"], given["counted"], given["copay_paid"]
        visits["coinsurance_paid"], visits["percentages"] = given["coinsurance_paid"], given["percentages"]
        visits["penalty_paid"], visits["copay_scope"] = given["penalty_paid"], given["copay_scope"]


@compiled
def _begin_entry(entry: Any) -> None:
    """A row of the ledger with nothing in it yet."""
    entry["segment"], entry["rule"], entry["criteria"], entry["requirement"] = _NONE, _NONE, _NONE, _NONE
    entry["limit"], entry["phase"], entry["discount"] = _NONE, _NONE, _NONE
    entry["covered"], entry["reason"], entry["visit"], entry["covered_units"], entry["assumed"] = 0, 0, 0, 0, 0
    entry["tier"], entry["terms_assumed"], entry["liability"], entry["of_visit"] = _NONE, 0, 0, 0
    entry["attestations_used"] = _ZERO
    entry["allowed"], entry["deductible"], entry["copay"], entry["coinsurance"] = 0, 0, 0, 0
    entry["penalty"], entry["balance_bill"], entry["not_covered"], entry["written_off"] = 0, 0, 0, 0
    entry["plan_paid"], entry["fee"], entry["capped"], entry["provider_owes"], entry["expense"] = 0, 0, 0, 0, 0
    entry["handed"], entry["handing"] = 0, _NONE
    entry["capped_by"], entry["units_left"], entry["miscoded"] = _ZERO, 0, 0


@compiled
def _find_segment(rules: RuleTables, work: Work, request: Any, day: int) -> None:
    """Bring `request` to the segment and the benefit period that hold `day`; segment -1 = the day has no terms."""
    current = request["segment"]
    if current >= 0 and day <= rules.segments[current]["last_day"] and day < request["period_end"]:
        return
    request["segment"] = _segment_on(rules, request, day)
    if request["segment"] < 0:
        return
    segment = rules.segments[request["segment"]]
    start = period_on(segment, day)
    request["period_end"] = period_end(segment, day)
    if start != request["period"]:
        _begin_period(rules, work, request, segment, start)
        request["period"] = start
        request["late_from"] = add_months(request["period_end"], -3)


@compiled
def _segment_on(rules: RuleTables, request: Any, day: int) -> int:
    """The segment of the request's plan whose terms hold on `day`, in force or assumed (point 37); -1 = none."""
    last = request["segments"] + request["segment_count"] - 1
    for index in range(request["segments"], last + 1):
        if rules.segments[index]["first_day"] <= day <= rules.segments[index]["last_day"]:
            return index
    goes_on = rules.segments[last]["last_day"] < day <= rules.segments[last]["last_assumed"]
    return last if goes_on and request["in_force_only"] == 0 else _NONE


@compiled
def _begin_period(rules: RuleTables, work: Work, request: Any, segment: Any, start: int) -> None:
    """Set the sums for the benefit period of `start` (point 24)."""
    given, before = request["given_period"], request["period"]
    if before == UNTOUCHED:
        # The sums are those stated, of the period that holds `as_of`.
        if start < given:
            clear(work, request)
        if start <= given:
            return
        before = given
    elif before < given <= start:
        begin(work, request)
        if start == given:
            return
        before = given
    old = _segment_on(rules, request, start - 1)
    if old < 0:
        clear(work, request)
        return
    roll(rules, work, request, rules.segments[old], segment, before, start)


@compiled
def _adjudicate_line(rules: RuleTables, work: Work, context: LineContext, charge: int) -> None:
    """Price a line, find the rule that decides it, and cover it or not; `charge` -1 = unknown."""
    request, service, entry = context.request, context.service, context.entry
    typical = max(service["typical"][request["price"]], 0)
    price(rules, work, context, charge, typical)
    billed, entry["units_left"] = entry["charge"], service["units"]
    part, behind = context, _NONE
    # One loop, so that what it holds is compiled once: the line, and then what a limit hands on of it.
    while True:
        row, reason, criteria, limit = choose(rules, work, part, behind)
        found = part.entry
        found["rule"], found["reason"], found["criteria"], found["limit"] = row, reason, criteria, limit
        if reason == _HOLDS:
            _judge_and_cover(rules, work, part, rules.rules[row])
        if part.is_rest or entry["handed"] == 0:
            break
        rest, behind = work.rests[request["rests"] + context.place], row
        _begin_rest(entry, rest)
        part = LineContext(
            request, context.line, service, rest, context.segment, context.tier, context.tier_number,
            context.attestations, context.place, _REST,
        )  # fmt: skip
    if entry["handed"] > 0:
        _add_rest(entry, part.entry)
    if entry["covered"] == 0:
        leave_uncovered(rules, context, entry["charge"], entry["fee"])
    elif entry["covered_units"] < entry["units_left"]:
        left = entry["charge"] - portion(entry["charge"], entry["covered_units"], entry["units_left"])
        leave_uncovered(rules, context, left, entry["fee"] - entry["allowed"])
    if entry["units_left"] < service["units"]:
        add_miscoded(context, billed)
    cost_share = entry["deductible"] + entry["copay"] + entry["coinsurance"]
    entry["patient"] = cost_share + entry["penalty"] + entry["balance_bill"] + entry["not_covered"]


@compiled
def _begin_rest(entry: Any, rest: Any) -> None:
    """The row of what a limit handed on of a line, as if it were a line: its charge and allowed amount (point 16)."""
    _begin_entry(rest)
    rest["segment"], rest["tier"], rest["terms_assumed"] = entry["segment"], entry["tier"], entry["terms_assumed"]
    rest["charge"], rest["fee"], rest["units_left"] = entry["handed"], entry["handed"], entry["covered_units"]


@compiled
def _add_rest(entry: Any, rest: Any) -> None:
    """Add what became of the rest to the line's own row; what no benefit covers of it is the member's."""
    if rest["covered"] == 0:
        entry["not_covered"] += entry["handed"]
        entry["reason"], entry["limit"] = _LIMIT_REACHED, entry["handing"]
        return
    entry["deductible"] += rest["deductible"]
    entry["copay"] += rest["copay"]
    entry["coinsurance"] += rest["coinsurance"]
    entry["penalty"] += rest["penalty"]
    entry["not_covered"] += rest["not_covered"]
    entry["plan_paid"] += rest["plan_paid"]
    if rest["reason"] != _HOLDS:
        entry["reason"], entry["limit"] = rest["reason"], rest["limit"]


@compiled
def _judge_and_cover(rules: RuleTables, work: Work, context: LineContext, rule: Any) -> None:
    """Judge the requirements and the limits of the benefit chosen; cover the line when both let it through."""
    entry = context.entry
    visits = _visits_of(work, context, rule)
    admitted = is_visit_admitted(work, context, rule)
    entry["visit"] = visits["count"] if admitted else visits["count"] + 1
    _judge_requirements(rules, work, context, rule)
    if entry["requirement"] != _NONE:
        entry["reason"] = _REQUIREMENT_MISSING
        return
    has_edits = not context.is_rest and context.tier["edits"] >= 0 and context.service["code"] >= 0
    if has_edits and edit_codes(rules, work, context) == 0:
        return
    entry["limit"] = is_exhausted(rules, work, context, rule, admitted)
    if context.is_rest and entry["limit"] == _NONE:
        entry["limit"] = is_split(rules, work, context, rule)
    if entry["limit"] != _NONE:
        entry["reason"] = _LIMIT_REACHED
        return
    if not admitted:
        visits["count"] += 1
        visits["day"], visits["counted"], visits["copay_paid"] = context.line["day"], _ZERO, 0
        visits["coinsurance_paid"], visits["percentages"], visits["penalty_paid"] = 0, 0, 0
        visits["copay_scope"] = rule["copay_scope"]
        if rule["copay_scope"] <= FIRST_BY_FACILITY:
            visits["copay_scope"] -= context.service["facility"]
    _cover(rules, work, context, rule, visits)


@compiled
def _visits_of(work: Work, context: LineContext, rule: Any) -> Any:
    """The row of visits of (member, benefit), brought to the benefit period in hand."""
    request = context.request
    place = context.service["member"] * request["visit_count"] + rule["benefit"]
    visits = work.visits[request["visits"] + place]
    if visits["period"] != request["period"]:
        given = work.given_visits[request["given_visits"] + place]
        visits["count"] = given["used"] if request["period"] == request["given_period"] else 0
        if request["period"] == request["first_period"]:
            visits["count"] += given["dated"]
        visits["period"] = request["period"]
    return visits


@compiled
def _judge_requirements(rules: RuleTables, work: Work, context: LineContext, rule: Any) -> None:
    """Note the attestations that were asked for and are there, and the first bare one that is missing."""
    entry = context.entry
    if rule["policy"] >= 0:
        entry["attestations_used"] |= rules.criteria[rule["policy"]]["attested"]
    if rule["criteria"] >= 0:
        entry["attestations_used"] |= rules.criteria[rule["criteria"]]["attested"]
    for row in range(rule["requirements"], rule["requirements"] + rule["requirement_count"]):
        requirement = rules.requirements[row]
        if visit_number(rules, work, context, rule, requirement["limit"]) > requirement["after"]:
            if (requirement["attestation"] & context.attestations) != _ZERO:
                entry["attestations_used"] |= requirement["attestation"]
            elif requirement["penalty"] < 0:
                entry["requirement"] = row
                return


@compiled
def _cover(rules: RuleTables, work: Work, context: LineContext, rule: Any, visits: Any) -> None:
    """Split a covered line between member and plan, post it to the accumulators and count it against its limits."""
    request, entry, tier = context.request, context.entry, context.tier
    entry["covered"] = 1
    allowed_left, allowed_limit, paid_left, paid_limit = cut_to_limits(rules, work, context, rule)
    charge, allowed = entry["charge"], entry["fee"]
    if entry["covered_units"] < entry["units_left"]:
        charge = portion(charge, entry["covered_units"], entry["units_left"])
        allowed = portion(allowed, entry["covered_units"], entry["units_left"])
    entry["allowed"] = allowed
    eligible = allowed
    if request["maintenance"] == 1 and not context.is_rest:
        primary = work.behind[request["behind"] + context.place]
        eligible = max(max(eligible, primary["allowed"]) - primary["plan_paid"], 0)
    if eligible > allowed_left:
        _cut(rules, context, eligible - allowed_left, allowed_limit)
        eligible = allowed_left

    phase = phase_of(rules, work, context, rule)
    take_steps(rules, work, context, phase, visits, eligible)
    parts = rule["counted_parts"]
    if tier["out_of_pocket"] >= 0 and parts == ALL_PARTS:
        cap(rules, phase, entry, room(rules, work, context, tier["out_of_pocket"], context.service["member"]))
    elif tier["out_of_pocket"] != _NONE and parts != 0:
        cap_by_several(rules, work, context, phase, parts)
    add_up_steps(rules, phase, entry, visits)

    plan_pays = eligible - entry["deductible"] - entry["copay"] - entry["coinsurance"]
    entry["penalty"] = penalty(rules, work, context, rule, visits, plan_pays)
    plan_pays -= entry["penalty"]
    if plan_pays > paid_left:
        _cut(rules, context, plan_pays - paid_left, paid_limit)
        plan_pays = paid_left
    entry["plan_paid"] = plan_pays
    entry["balance_bill"] = balance_bill(tier, charge, allowed)
    entry["written_off"] = charge - allowed - entry["balance_bill"]

    post(rules, work, context, phase, parts)
    count_against_limits(rules, work, context, rule, visits, eligible)


@compiled
def _cut(rules: RuleTables, context: LineContext, cents: int, row: int) -> None:
    """Note what the money limit in `row` cut: handed on to the next benefit, or the member's (point 16)."""
    entry = context.entry
    if rules.limits[row]["hands_on"] == 1 and not context.is_rest:
        entry["handed"] += cents
        entry["handing"] = row
        return
    entry["not_covered"] += cents
    entry["reason"], entry["limit"] = _LIMIT_REACHED, row
