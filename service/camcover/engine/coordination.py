"""Coordination of benefits: what a secondary plan pays of each line behind the primary.

What comes in: the ledgers of both plans for the same lines. What goes out: cents the secondary pays, line by line
(docs/rule-language.md, section 7 and point 28; Medicare as secondary: 42 CFR 411.33(a)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camcover.engine.request import Coordination
from camcover.engine.tables import Array


def secondary_paid(method: Coordination, primary: Array, secondary: Array) -> NDArray[np.int64]:
    """Cents the secondary pays of each line, never more than the patient owes under the primary."""
    paid = primary["plan_paid"]
    alone = secondary["plan_paid"]
    allowable_left = np.maximum(primary["allowed"], secondary["allowed"]) - paid
    match method:
        case Coordination.STANDARD:
            due = np.minimum(alone, allowable_left)
        case Coordination.NON_DUPLICATION:
            due = alone - paid
        case Coordination.MAINTENANCE_OF_BENEFITS:
            # The kernel already started the secondary's steps at what the primary left.
            due = alone
        case Coordination.MEDICARE_SECONDARY:
            due = np.minimum(np.minimum(primary["charge"] - paid, alone), allowable_left)
    due = np.minimum(np.maximum(due, 0), primary["patient"])
    return np.where(secondary["covered"] == 1, due, 0).astype(np.int64)
