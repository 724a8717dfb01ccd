"""The payee of a plan's payment: the provider, or the member, who pays the provider first and claims it back.

What comes in: ledger rows. What goes out: cents that come back, line by line (docs/rule-language.md, section 4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from camcover.engine.kernel.tables import Array, RuleTables

__all__ = ["reimbursed"]


def reimbursed(rules: RuleTables, rows: Array, paid: NDArray[np.int64]) -> NDArray[np.int64]:
    """What of the `paid` cents of each line a plan pays to the member, by the tier in which it priced the line."""
    is_covered = rows["covered"] == 1
    tiers = np.where(is_covered, rules.segments["tiers"][rows["segment"]] + rows["tier"], 0)
    return np.where(is_covered & (rules.tiers["pays_member"][tiers] == 1), paid, 0).astype(np.int64)
