"""Kernel, further part: codes of one day held to each other (docs/rule-language.md, point 48).

What comes in: a line that its benefit covers, in a tier with code edits. What goes out: the units that the other lines
of the member's day leave of it; none: the reason why.
"""

from __future__ import annotations

import numpy as np

from camcover.engine.estimate import Reason
from camcover.engine.kernel.selection import is_listed
from camcover.engine.kernel.tables import LineContext, RuleTables, Work
from camcover.jit import compiled
from camcover.money import portion

_HOLDS = int(Reason.NONE)
_BESIDE = int(Reason.CODE_NOT_PAID_BESIDE)
_ALONE = int(Reason.ADD_ON_ALONE)
_UNITS = int(Reason.UNITS_PER_DAY)
_ZERO = np.uint64(0)


@compiled
def edit_codes(rules: RuleTables, work: Work, context: LineContext) -> int:
    """Cut a line to the units that the codes of its day leave; gives 0, with the reason written, where they leave none.

    What is cut off `charge` and `fee` is given back by `add_miscoded`.
    """
    entry, service = context.entry, context.service
    edit = rules.code_edits[context.tier["edits"] + service["code"]]
    others = edit["never_count"]
    if (edit["unless"] & service["attestations"]) == _ZERO:
        others += edit["other_count"]
    if others > 0 and _covered_units(rules, work, context, edit["others"], others) > 0:
        entry["reason"] = _BESIDE
        return 0
    if edit["first_count"] > 0 and _covered_units(rules, work, context, edit["own"] + 1, edit["first_count"]) == 0:
        entry["reason"] = _ALONE
        return 0
    if edit["units"] >= 0:
        left = edit["units"] - _covered_units(rules, work, context, edit["own"], 1)
        if left <= 0:
            entry["reason"] = _UNITS
            return 0
        if left < service["units"]:
            entry["units_left"] = left
            entry["charge"] = portion(entry["charge"], left, service["units"])
            entry["fee"] = portion(entry["fee"], left, service["units"])
    return entry["units_left"]


@compiled
def _covered_units(rules: RuleTables, work: Work, context: LineContext, first: int, count: int) -> int:
    """The units of some codes that the plan has covered for the member on the date of the line."""
    request, day, member = context.request, context.line["day"], context.service["member"]
    units = 0
    for row in range(request["given_codes"], request["given_codes"] + request["code_count"]):
        given = work.given_codes[row]
        if given["day"] == day and given["member"] == member and is_listed(rules, first, count, given["code"]):
            units += given["units"]
    for place in range(context.place - 1, -1, -1):
        line, entry = work.lines[request["lines"] + place], work.ledger[request["ledger"] + place]
        if line["day"] != day:
            break
        service = work.services[line["service"]]
        if entry["covered"] == 1 and service["member"] == member and is_listed(rules, first, count, service["code"]):
            units += entry["covered_units"]
    return units


@compiled
def is_miscoded(reason: int) -> bool:
    """Whether a line is refused for the codes of its day, which is always the provider's."""
    return reason in (_BESIDE, _ALONE, _UNITS)


@compiled
def add_miscoded(context: LineContext, charge: int) -> None:
    """Give a line back its whole `charge`: what was cut off it is the provider's."""
    entry = context.entry
    entry["miscoded"] = charge - entry["charge"]
    entry["charge"] = charge
    entry["written_off"] += entry["miscoded"]
    entry["provider_owes"] += entry["miscoded"]
    if entry["reason"] == _HOLDS:
        entry["reason"] = _UNITS
