"""Kernel, sixth part: what a line leaves uncovered, and who bears it: the member, or the provider.

Works on the ledger row `entry` of one line (docs/rule-language.md, section 4 "Not covered" and points 26, 29 and 41).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.engine.estimate import Reason
from camcover.engine.kernel.code_edits import is_miscoded
from camcover.engine.kernel.codes import (
    ADVANCE_NOTICE,
    DIAGNOSIS_DENIED,
    LIMIT_USED_UP,
    LOWER_COST_SHARE,
    Liability,
    LimitMeasure,
)
from camcover.engine.kernel.tables import ALL, NEVER, LineContext, RuleTables
from camcover.jit import compiled
from camcover.money import share

_DIAGNOSIS = int(Reason.DIAGNOSIS_NOT_COVERED)
_REQUIREMENT_MISSING = int(Reason.REQUIREMENT_MISSING)
_LIMIT_REACHED = int(Reason.LIMIT_REACHED)
_ATTESTATION = int(Reason.ATTESTATION_NOT_COVERED)
_HOLDS = int(Reason.NONE)
_BEFORE_COVERAGE = int(Reason.BEFORE_COVERAGE)
_AFTER_COVERAGE = int(Reason.AFTER_COVERAGE)
_MONEY_PLAN_PAID = int(LimitMeasure.MONEY_PLAN_PAID)
_MONEY_ALLOWED = int(LimitMeasure.MONEY_ALLOWED)

_PROVIDER = int(Liability.PROVIDER)
_BY_ATTESTATION = int(Liability.MEMBER_BY_ATTESTATION)
_ZERO = np.uint64(0)
_NOTICE = np.uint64(ADVANCE_NOTICE)
_USUALLY_ASSUMED = ALL ^ _NOTICE ^ np.uint64(LOWER_COST_SHARE)
_DIAGNOSIS_DENIED = np.uint64(DIAGNOSIS_DENIED)
_LIMIT_USED_UP = np.uint64(LIMIT_USED_UP)


@compiled
def attestations_of(request: Any, service: Any) -> np.uint64:
    """The attestations of a line, given or assumed.

    An advance notice is assumed apart from the others (point 29), a lower cost share never (point 43).
    """
    attestations = service["attestations"]
    if request["attested"] == 1:
        attestations |= _USUALLY_ASSUMED
    if request["notice_given"] == 1:
        attestations |= _NOTICE
    return attestations & ~service["lacking"]


@compiled
def leave_uncovered(rules: RuleTables, context: LineContext, charge: int, fee: int) -> None:
    """Bill `charge`, or with `not_covered_pays: allowed` at most `fee`, less the plan's discount (point 26).

    What is the provider's is written off instead (point 41).
    """
    service, entry = context.service, context.entry
    if is_miscoded(entry["reason"]):
        entry["liability"], entry["provider_owes"], entry["miscoded"] = _PROVIDER, charge, charge
        entry["written_off"] += charge
        return
    if (_denial(rules, context) & context.tier["liable"]) != _ZERO:
        if (context.tier["unless"] & context.attestations) == _ZERO:
            entry["liability"], entry["provider_owes"] = _PROVIDER, charge
            entry["written_off"] += charge
            return
        entry["liability"] = _BY_ATTESTATION
    base = min(charge, fee) if context.tier["pays_allowed"] == 1 else charge
    discount = NEVER
    if service["therapy"] >= 0:
        discount = _discount_on(rules, context, service["therapy"])
    if service["code"] >= 0:
        discount = min(discount, _discount_on(rules, context, service["code"]))
    if discount != NEVER:
        entry["discount"] = discount
        base -= share(base, rules.discounts[discount]["basis_points"])
    entry["not_covered"] += base
    entry["written_off"] += charge - base


@compiled
def _discount_on(rules: RuleTables, context: LineContext, service: int) -> int:
    """The row of the first discount that names a service and is to be had in the line's tier; NEVER = there is none."""
    if context.tier["discounts"] >= 0:
        return rules.tier_discounts[context.tier["discounts"] + service]
    return rules.matches[context.segment["matches"] + service]["discount"]


@compiled
def _denial(rules: RuleTables, context: LineContext) -> np.uint64:
    """The bits of `tiers.liable` that name the reason of a denial; 0: it is always the member's (point 41)."""
    entry = context.entry
    reason = entry["reason"]
    if entry["covered"] == 1:
        return _LIMIT_USED_UP
    if reason == _DIAGNOSIS:
        return _DIAGNOSIS_DENIED
    if reason == _REQUIREMENT_MISSING:
        return rules.requirements[entry["requirement"]]["attestation"]
    if reason == _ATTESTATION:
        return rules.criteria[entry["criteria"]]["attested"] & ~context.attestations
    if reason == _LIMIT_REACHED:
        limit = rules.limits[entry["limit"]]
        if limit["measure"] != _MONEY_PLAN_PAID and limit["measure"] != _MONEY_ALLOWED:
            return _LIMIT_USED_UP
    return _ZERO


@compiled
def outside_coverage(service: Any, day: int) -> int:
    """The reason of a line outside the member's coverage, else 0 (point 37)."""
    if day < service["covered_from"]:
        return _BEFORE_COVERAGE
    return _AFTER_COVERAGE if day > service["covered_to"] else _HOLDS


@compiled
def owe_charge(request: Any, service: Any, charge: int, entry: Any, reason: int) -> None:
    """The member owes the charge, or the typical charge where none is known: no rule of the plan says anything.

    On a date without terms (point 6) or outside coverage (point 37), and for a code that no catalog has (point 2).
    """
    entry["reason"] = reason
    if charge < 0:
        entry["assumed"] = 1
        charge = max(service["typical"][request["price"]], 0)
    entry["charge"], entry["not_covered"], entry["patient"] = charge, charge, charge
