"""Dated visits of a batch as columns of numbers: benefits, days, units, and what the plan paid for them.

What comes in: a record batch, and the plan of each row. What goes out: `VisitColumns`. A row with an unknown benefit,
an amount out of bounds, a visit of an episode, condition or facility, or with use of limits beside its visits, is
priced as a single request.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from camcover.bulk.book_columns import FALLBACK, FIRST_DAY, LAST_DAY
from camcover.bulk.columns import Ints, coded, days, fields_of, integers, lists
from camcover.bulk.plan_words import PlanWords
from camcover.request_bounds import CENTS, UNITS

_PAID = ("copay_paid_cents", "coinsurance_paid_cents", "percentage_cents", "penalty_paid_cents")
"""Of what the member paid for a visit only the bounds are checked: it is used only if the visit goes on."""
_NOT_GIVEN = -1


class VisitColumns(NamedTuple):
    """The columns of dated visits of a `Book`."""

    visits_of: Ints
    benefit: Ints
    visited: Ints
    visit_units: Ints
    plan_paid: Ints
    limits_of_visit: Ints


def visit_columns(batch: pa.RecordBatch, words: PlanWords, plan: Ints, status: Ints) -> VisitColumns:
    """The dated visits of a batch; sets FALLBACK."""
    visits = lists(batch["prior_visits"])
    owner, field = visits.owners(), fields_of(visits.values)
    benefit = words.pairwise(
        "benefit", coded(field("benefit")), plan[owner], lambda index, word: index.benefits.get(word, -1)
    )
    day, units = days(field("date"), null=0), integers(field("units"), null=1)
    paid = integers(field("plan_paid_cents"), null=_NOT_GIVEN)
    wrong = (benefit < 0) | (day < FIRST_DAY) | (day > LAST_DAY) | UNITS.is_outside(units)
    wrong |= CENTS.is_outside(paid) & field("plan_paid_cents").is_valid().to_numpy(zero_copy_only=False)
    for name in _PAID:
        wrong |= CENTS.is_outside(integers(field(name), null=0))
    for name in ("episode", "condition", "facility"):
        wrong |= coded(field(name)).numbers(len, null=0) > 0
    status[owner[wrong]] = FALLBACK
    # A count that is stated may hold the dated visits: both are read together.
    status[(np.diff(visits.offsets) > 0) & (np.diff(lists(batch["limit_usage"]).offsets) > 0)] = FALLBACK
    return VisitColumns(
        visits.offsets.astype(np.int32),
        benefit.astype(np.int32),
        np.where(wrong, 0, day).astype(np.int32),
        units.astype(np.int64),
        paid.astype(np.int64),
        np.zeros(len(owner), dtype=np.int32),
    )
