"""Coordination of benefits: what a secondary plan pays of each line, and what is then written off.

What comes in: the ledgers of both plans for the same lines. What goes out: cents, line by line (docs/rule-language.md,
section 7 and point 28; NAIC model regulation 120; Medicare as secondary: 42 CFR 411.33(a) and 424.55(b); Medicaid: 42
CFR 447.15).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camcover.engine.kernel.codes import Above
from camcover.engine.kernel.tables import Array, RuleTables
from camcover.engine.kernel.workspace import LedgerRow
from camcover.engine.request import Coordination
from camcover.money import Cents

CentsByLine = NDArray[np.int64]

_NO_CEILING = -1
CUT_IN_ORDER = ("balance_bill", "not_covered", "coinsurance", "copay", "penalty", "deductible")
"""The shares of a line that what the patient no longer owes comes off, in order (point 28)."""


class Settled(NamedTuple):
    """Each line after both plans, cents: what the secondary pays, and what a contract writes off of the rest."""

    secondary_paid: CentsByLine
    forgiven: CentsByLine


def settle(method: Coordination, rules: RuleTables, primary: Array, secondary: Array) -> Settled:
    """Settle lines by the ledgers of both plans; the secondary never pays more than the patient owes the primary."""
    paid = _secondary_paid(method, primary, secondary)
    owed = primary["patient"] - paid
    ceiling = _ceiling(rules, secondary)
    if method is Coordination.MEDICARE_SECONDARY:
        ceiling = np.where(ceiling >= 0, ceiling, _ceiling(rules, primary))
    else:
        ceiling = np.maximum(ceiling, _ceiling(rules, primary))
    most = np.where(ceiling >= 0, np.maximum(ceiling - primary["plan_paid"] - paid, 0), owed)
    if method is Coordination.MEDICAID:
        own_share = secondary["deductible"] + secondary["copay"] + secondary["coinsurance"]
        most = np.where(secondary["covered"] == 1, np.minimum(most, own_share), most)
    return Settled(paid, (owed - np.minimum(owed, most)).astype(np.int64))


def _secondary_paid(method: Coordination, primary: Array, secondary: Array) -> CentsByLine:
    """CentsByLine the secondary pays of each line."""
    paid = primary["plan_paid"]
    alone = secondary["plan_paid"]
    allowable_left = np.maximum(primary["allowed"], secondary["allowed"]) - paid
    match method:
        case Coordination.STANDARD:
            due = np.minimum(alone, allowable_left)
        case Coordination.NON_DUPLICATION | Coordination.MEDICAID:
            due = alone - paid
        case Coordination.MAINTENANCE_OF_BENEFITS:
            # The kernel already started the secondary's steps at what the primary left.
            due = alone
        case Coordination.MEDICARE_SECONDARY:
            due = np.minimum(np.minimum(primary["charge"] - paid, alone), allowable_left)
    due = np.minimum(np.maximum(due, 0), primary["patient"])
    return np.where(secondary["covered"] == 1, due, 0).astype(np.int64)


def _ceiling(rules: RuleTables, rows: Array) -> CentsByLine:
    """The most that a plan's contract lets the provider collect of each line; -1 where no contract says so."""
    tiers = np.where(rows["covered"] == 1, rules.segments["tiers"][rows["segment"]] + rows["tier"], 0)
    has_contract = (rows["covered"] == 1) & (rules.tiers["above"][tiers] == int(Above.WRITTEN_OFF))
    return np.where(has_contract, rows["charge"] - rows["written_off"], _NO_CEILING).astype(np.int64)


def without_forgiven(row: LedgerRow, cents: int) -> LedgerRow:
    """A primary's ledger row after `cents` of the patient's shares were written off."""
    shares: dict[str, Cents] = {}
    left = cents
    for name in CUT_IN_ORDER:
        cut = min(left, getattr(row, name))
        shares[name] = Cents(getattr(row, name) - cut)
        left -= cut
    return row._replace(**shares, written_off=Cents(row.written_off + cents), patient=Cents(row.patient - cents))
