"""Kernel, first part: what a line costs, by the fee tables (docs/rule-language.md, section 3).

Takes a service and the fee table of its tier; gives cents, -1 = unknown. Knows nothing of coverage.
"""

from __future__ import annotations

from typing import Any

from camcover.engine.kernel.codes import Above
from camcover.engine.kernel.tables import RuleTables
from camcover.jit import compiled
from camcover.money import share

_WRITTEN_OFF = int(Above.WRITTEN_OFF)


@compiled
def listed_fee(rules: RuleTables, row: int, service: Any) -> int:
    """What fee table `row` lists for the line's code, or for its therapy when it has no code; -1 = nothing."""
    number = service["code"] if service["code"] >= 0 else service["therapy"]
    if number < 0:
        return -1
    per_unit = rules.fee_cents[rules.fee_tables[row]["cents"] + number]
    return -1 if per_unit < 0 else per_unit * service["units"]


@compiled
def fee(rules: RuleTables, row: int, service: Any, charge: int) -> int:
    """The allowed amount of fee table `row`, not capped; -1 when only an unknown charge could tell.

    Follows `P% of <tier>` to the table that names an amount, then takes the percentages on the way back, each half up.
    """
    depth = 0
    last = row
    amount = listed_fee(rules, last, service)
    while amount < 0 and rules.fee_tables[last]["of"] >= 0:
        last = rules.fee_tables[last]["of"]
        depth += 1
        amount = listed_fee(rules, last, service)
    if amount < 0:
        amount = charge
        if charge >= 0 and rules.fee_tables[last]["basis_points"] >= 0:
            amount = share(charge, rules.fee_tables[last]["basis_points"])
    if amount < 0:
        return -1
    for steps_back in range(depth - 1, -1, -1):
        here = row
        for _ in range(steps_back):
            here = rules.fee_tables[here]["of"]
        amount = share(amount, rules.fee_tables[here]["basis_points"])
    return amount


@compiled
def allowed_amount(rules: RuleTables, tier: Any, service: Any, charge: int) -> int:
    """The amount the request gives, else the fee table's, else the charge; not capped; -1 = unknown."""
    if service["allowed"] >= 0:
        return service["allowed"]
    if tier["fees"] < 0:
        return charge
    return fee(rules, tier["fees"], service, charge)


@compiled
def price(rules: RuleTables, tier: Any, service: Any, charge: int, typical: int) -> tuple[int, int, int]:
    """(charge, allowed amount, 1 when the charge is assumed) of a line (docs/rule-language.md, points 4 to 6).

    `charge` -1: unknown, then `typical` stands in for it where nothing else tells.
    """
    allowed = allowed_amount(rules, tier, service, charge)
    if charge >= 0:
        return charge, min(allowed, charge), 0
    if allowed >= 0 and tier["above"] == _WRITTEN_OFF:
        return allowed, allowed, 0
    return typical, min(allowed_amount(rules, tier, service, typical), typical), 1
