"""Kernel, first part: what a line costs, by the fee tables (docs/rule-language.md, section 3).

Takes a service and the fee table of its tier; gives cents, -1 = unknown. Of coverage it knows only what earlier lines
of the day took of a fee that lines share (point 45).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.engine.kernel.codes import OF_THE_DAY, OF_THE_UNIT, Above, Liability
from camcover.engine.kernel.tables import UNLIMITED, LineContext, RuleTables, Work
from camcover.engine.kernel.tiers import tier_of
from camcover.jit import compiled
from camcover.money import share

_WRITTEN_OFF = int(Above.WRITTEN_OFF)
_PROVIDER = int(Liability.PROVIDER)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)


@compiled
def _listed(rules: RuleTables, amounts: Any, service: Any) -> tuple[int, int]:
    """The amount that a fee table or a rate lists for the line's code, its therapy's visit, or its therapy alone.

    -1 = none; then 1 if it is the fee of a visit, which lines share.
    """
    number = service["code"] if service["code"] >= 0 else service["therapy"]
    if number < 0 or amounts["cents"] < 0:
        return -1, 0
    per_unit = rules.fee_cents[amounts["cents"] + number]
    if per_unit >= 0:
        return per_unit * service["units"], 0
    if amounts["visits"] >= 0:
        per_visit = rules.fee_cents[amounts["visits"] + service["therapy"]]
        if per_visit >= 0:
            return per_visit, 1
    return -1, 0


@compiled
def listed_fee(rules: RuleTables, row: int, service: Any) -> tuple[int, int]:
    """What fee table `row` lists for a line, by the rate that is used, else by itself; as `_listed`."""
    used = rate_of(rules, row, service)
    if used >= 0 and rules.fee_rates[used]["basis_points"] < 0:
        return _listed(rules, rules.fee_rates[used], service)
    return _listed(rules, rules.fee_tables[row], service)


@compiled
def rate_of(rules: RuleTables, row: int, service: Any) -> int:
    """The row of `fee_rates` that fee table `row` uses for a line (point 46); -1 = none."""
    table = rules.fee_tables[row]
    for place in range(table["rates"], table["rates"] + table["rate_count"]):
        rate = rules.fee_rates[place]
        if rate["asks_practitioner"] == 1 and not _is_among(rate["practitioners"], service["practitioner"]):
            continue
        if not _is_among(rate["settings"], service["setting"]):
            continue
        if rate["basis_points"] >= 0 or _listed(rules, rate, service)[0] >= 0:
            return place
    return -1


@compiled
def _is_among(mask: np.uint64, number: int) -> bool:
    """Whether a set holds a number; -1 is in none."""
    return number >= 0 and (mask >> np.uint64(number)) & _ONE != _ZERO


@compiled
def _at_rate(rules: RuleTables, row: int, service: Any, amount: int) -> int:
    """What fee table `row` gives a line of whatever it gives otherwise, where the rate used is a percentage."""
    if rules.fee_tables[row]["rate_count"] == 0:
        return amount
    used = rate_of(rules, row, service)
    if used < 0 or rules.fee_rates[used]["basis_points"] < 0:
        return amount
    return share(amount, rules.fee_rates[used]["basis_points"])


@compiled
def fee(rules: RuleTables, row: int, service: Any, charge: int, reduction: int) -> tuple[int, int]:
    """The allowed amount of fee table `row`, not capped; -1 when only an unknown charge could tell.

    Follows `P% of <tier>` to the table that names an amount, then takes the percentages on the way back, each half up.
    `reduction` comes off what the table itself lists. Then 1 where the amount is the fee of a visit.
    """
    depth = 0
    last = row
    amount, of_visit = listed_fee(rules, last, service)
    if amount >= 0:
        amount -= reduction
    while amount < 0 and rules.fee_tables[last]["of"] >= 0:
        last = rules.fee_tables[last]["of"]
        depth += 1
        amount, of_visit = listed_fee(rules, last, service)
    if amount < 0:
        amount = charge
        if charge >= 0 and rules.fee_tables[last]["basis_points"] >= 0:
            amount = share(charge, rules.fee_tables[last]["basis_points"])
    if amount < 0:
        return -1, 0
    amount = _at_rate(rules, last, service, amount)
    for steps_back in range(depth - 1, -1, -1):
        here = row
        for _ in range(steps_back):
            here = rules.fee_tables[here]["of"]
        amount = share(amount, rules.fee_tables[here]["basis_points"])
        amount = _at_rate(rules, here, service, amount)
    return amount, of_visit


@compiled
def allowed_amount(rules: RuleTables, tier: Any, service: Any, charge: int, reduction: int) -> tuple[int, int]:
    """The amount the request gives, else the fee table's, else the charge; not capped; -1 = unknown.

    Then 1 where it is the fee of a visit.
    """
    if service["allowed"] >= 0:
        return service["allowed"], 0
    if tier["fees"] < 0:
        return charge, 0
    return fee(rules, tier["fees"], service, charge, reduction)


@compiled
def price(rules: RuleTables, work: Work, context: LineContext, charge: int, typical: int) -> None:
    """Write charge, allowed amount (`fee`), `assumed` and `of_visit` (docs/rule-language.md, points 4 to 6 and 45).

    `charge` -1: unknown, then `typical` stands in for it where nothing else tells.
    """
    tier, service, entry = context.tier, context.service, context.entry
    alone, of_visit = allowed_amount(rules, tier, service, charge, 0)
    if charge < 0:
        if alone >= 0 and tier["above"] == _WRITTEN_OFF:
            charge = alone
        else:
            charge, entry["assumed"] = typical, 1
            alone, of_visit = allowed_amount(rules, tier, service, typical, 0)
    reduction = _reduction(rules, work, context)
    if reduction > 0:
        alone, of_visit = allowed_amount(rules, tier, service, charge, reduction)
    entry["charge"], entry["fee"] = charge, min(alone, charge)
    if service["allowed"] >= 0 or tier["fees"] < 0:
        return
    if of_visit == 1:
        entry["of_visit"] = 1
        left = alone - _taken(work, context, service["therapy"])
        entry["fee"] = max(min(entry["fee"], left), 0)
    per_day = rules.fee_tables[tier["fees"]]["per_day"]
    if per_day != UNLIMITED:
        left = per_day - _taken(work, context, OF_THE_DAY)
        entry["fee"] = max(min(entry["fee"], left), 0)


@compiled
def _reduction(rules: RuleTables, work: Work, context: LineContext) -> int:
    """What a line is allowed less for the other units of its day (point 47); notes its practice expense."""
    expense = _expense(rules, context.tier, context.service)
    if expense < 0:
        return 0
    context.entry["expense"] = expense
    basis_points = rules.fee_tables[context.tier["fees"]]["multiple"]
    of_each = expense - share(expense, basis_points)
    units = context.service["units"]
    if not _is_highest(rules, work, context, expense):
        return of_each * units
    before = min(_highest_before(work, context), expense)
    return before - share(before, basis_points) + of_each * (units - 1)


@compiled
def _expense(rules: RuleTables, tier: Any, service: Any) -> int:
    """The practice expense of a unit that is compared with others in a tier; -1 = it is not."""
    if service["allowed"] >= 0 or service["code"] < 0 or tier["fees"] < 0:
        return -1
    first = rules.fee_tables[tier["fees"]]["expenses"]
    if first < 0 or rules.fee_cents[first + service["code"]] < 0:
        return -1
    used = rate_of(rules, tier["fees"], service)
    if used >= 0 and rules.fee_rates[used]["basis_points"] < 0:
        return -1
    return rules.fee_cents[first + service["code"]]


@compiled
def _is_highest(rules: RuleTables, work: Work, context: LineContext, expense: int) -> bool:
    """Whether no line of the day has a unit with a higher practice expense, and no earlier one with the same."""
    for place in range(context.place - 1, -1, -1):
        if work.lines[context.request["lines"] + place]["day"] != context.line["day"]:
            break
        if _expense_at(rules, work, context, place) >= expense:
            return False
    for place in range(context.place + 1, context.request["line_count"]):
        if work.lines[context.request["lines"] + place]["day"] != context.line["day"]:
            break
        if _expense_at(rules, work, context, place) > expense:
            return False
    return True


@compiled
def _expense_at(rules: RuleTables, work: Work, context: LineContext, place: int) -> int:
    """The same of line `place` of the day, where it is the same member's in the same tier; else -1."""
    request, segment = context.request, context.segment
    service = work.services[work.lines[request["lines"] + place]["service"]]
    if service["member"] != context.service["member"]:
        return -1
    if tier_of(rules, work, request, segment, service["tier"], place) != context.tier_number:
        return -1
    return _expense(rules, context.tier, service)


@compiled
def _highest_before(work: Work, context: LineContext) -> int:
    """The highest practice expense of a unit of the day before the estimate, as the request states it."""
    request, highest = context.request, 0
    for row in range(request["given_fees"], request["given_fees"] + request["fee_count"]):
        given = work.given_fees[row]
        is_of_day = given["day"] == context.line["day"] and given["member"] == context.service["member"]
        if is_of_day and given["tier"] == context.tier_number and given["therapy"] == OF_THE_UNIT:
            highest = max(highest, given["used"])
    return highest


@compiled
def _taken(work: Work, context: LineContext, therapy: int) -> int:
    """What the member's earlier lines of the day in the tier took of a therapy's fee for a visit, or of the maximum."""
    request, day, member = context.request, context.line["day"], context.service["member"]
    total = 0
    for row in range(request["given_fees"], request["given_fees"] + request["fee_count"]):
        given = work.given_fees[row]
        is_of_day = given["day"] == day and given["member"] == member and given["tier"] == context.tier_number
        if is_of_day and given["therapy"] == therapy:
            total += given["used"]
    for place in range(context.place - 1, -1, -1):
        line, entry = work.lines[request["lines"] + place], work.ledger[request["ledger"] + place]
        if line["day"] != day:
            break
        service = work.services[line["service"]]
        is_beside = service["member"] == member and entry["tier"] == context.tier_number and service["allowed"] < 0
        is_of_visit = entry["of_visit"] == 1 and service["therapy"] == therapy
        if is_beside and (therapy == OF_THE_DAY or is_of_visit):
            total += _took(context, entry)
    return total


@compiled
def _took(context: LineContext, entry: Any) -> int:
    """What an earlier line of the day took: what it is allowed, or billed at the plan's fees (point 45)."""
    if context.tier["pays_allowed"] == 1 and entry["liability"] != _PROVIDER:
        return entry["fee"]
    return entry["allowed"]
