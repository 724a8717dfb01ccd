"""Kernel, first part: what a line costs, by the fee tables (docs/rule-language.md, section 3).

Takes a line and the fee row of its tier; gives cents, -1 = unknown. Knows nothing of coverage.
"""

from __future__ import annotations

from typing import Any

from camcover.engine.tables import Above, RuleTables
from camcover.jit import compiled
from camcover.money import share

_WRITTEN_OFF = int(Above.WRITTEN_OFF)


@compiled
def listed_fee(rules: RuleTables, row: int, line: Any) -> int:
    """What fee row `row` names for the line's code, or for its therapy when it has no code; -1 = nothing."""
    service = line["code"] if line["code"] >= 0 else line["therapy"]
    if service < 0:
        return -1
    per_unit = rules.fee_cents[row, service]
    return -1 if per_unit < 0 else per_unit * line["units"]


@compiled
def fee(rules: RuleTables, row: int, line: Any, charge: int) -> int:
    """The allowed amount of fee row `row`, not capped; -1 when only an unknown charge could tell.

    Follows `P% of <tier>` to the row that names an amount, then takes the percentages on the way back, each half up.
    """
    depth = 0
    last = row
    amount = listed_fee(rules, last, line)
    while amount < 0 and rules.fee_otherwise[last]["of"] >= 0:
        last = rules.fee_otherwise[last]["of"]
        depth += 1
        amount = listed_fee(rules, last, line)
    if amount < 0:
        amount = charge
        if charge >= 0 and rules.fee_otherwise[last]["basis_points"] >= 0:
            amount = share(charge, rules.fee_otherwise[last]["basis_points"])
    if amount < 0:
        return -1
    for steps_back in range(depth - 1, -1, -1):
        here = row
        for _ in range(steps_back):
            here = rules.fee_otherwise[here]["of"]
        amount = share(amount, rules.fee_otherwise[here]["basis_points"])
    return amount


@compiled
def allowed_amount(rules: RuleTables, tier: Any, line: Any, charge: int) -> int:
    """The amount the request gives, else the fee table's, else the charge; not capped; -1 = unknown."""
    if line["allowed"] >= 0:
        return line["allowed"]
    if tier["fees"] < 0:
        return charge
    return fee(rules, tier["fees"], line, charge)


@compiled
def price(rules: RuleTables, tier: Any, line: Any) -> tuple[int, int, int]:
    """(charge, allowed amount, 1 when the charge is assumed) of a line (docs/rule-language.md, points 4 to 6)."""
    charge = line["charge"]
    allowed = allowed_amount(rules, tier, line, charge)
    assumed = 0
    if charge < 0:
        if allowed >= 0 and tier["above"] == _WRITTEN_OFF:
            charge = allowed
        else:
            charge = max(line["typical_charge"], 0)
            assumed = 1
            allowed = allowed_amount(rules, tier, line, charge)
    return charge, min(allowed, charge), assumed
