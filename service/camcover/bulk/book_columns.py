"""A batch of plans as integer columns, and the facts of a release that their layout needs.

`bulk/coding.py` makes these records, and `bulk/book.py` lays them out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camcover.engine.kernel.tables import Array
from camcover.engine.request import FIRST_DATE, LAST_DATE

READY, FALLBACK, CUTTABLE, CUT = 0, 1, 2, 3
"""Statuses of a plan. CUTTABLE asks for what READY does, and lets use so far be cut to the plan's bounds (then CUT)."""

WRONG, AS_GIVEN, WAS_CUT = -1, 0, 1
"""What a part of the use so far came to: refused, as it is given, or cut."""

UNKNOWN = -(2**62)
"""A sum that is listed without an amount."""

FIRST_DAY, LAST_DAY = FIRST_DATE.toordinal(), LAST_DATE.toordinal()

PLAN = np.dtype([
    ("first_segment", "i4"), ("segment_count", "i4"),
    ("sums", "i4"), ("slots", "i4"), ("visits", "i4"), ("rolling", "i4"), ("counts", "i4"),
])  # fmt: skip
"""What the layout must know of a plan: its segments, how wide its state is, and its first row of `counts`."""

COUNT = np.dtype([("top", "i8"), ("money", "i4"), ("period", "i4"), ("length", "i4")])
"""What it must know of a limit's slot: the most that a request may state as used, whether that is cents, and over which
period it counts, as in the kernel's `LIMIT`."""

VISIT_LIMITS = np.dtype([("first", "i4"), ("count", "i4")])
"""The rows of `VISIT_LIMIT` of a benefit; the count is -1 where only the single-request path can count its visits."""

VISIT_LIMIT = np.dtype([("slot", "i4"), ("units", "i4"), ("paid", "i4")])
"""A limit that counts a benefit's visits: its slot, whether by units, whether only those that the plan paid for."""

MAXIMUM = np.dtype([("self_only", "i8"), ("in_family", "i8"), ("family", "i8"), ("counted_toward", "u8")])
"""The most an accumulator may hold: of a member alone, of a member in a family, of the family; -1 = unlimited. Then the
maxima toward each of which every cent of it counts, as a mask (point 30)."""


class LayoutTables(NamedTuple):
    """The tables of a release that the layout reads beside the kernel's.

    `references`: for a segment, its first row of `maxima`; `benefits`: its first row of `visit_limits`, which has one
    for each benefit.
    """

    plans: Array
    references: NDArray[np.int32]
    maxima: Array
    counts: Array
    benefits: NDArray[np.int32]
    visit_limits: Array
    limits: Array


class GivenRows(NamedTuple):
    """What plans have before their lines, as rows of the kernel's arrays.

    The first rows of counts and visits are zero, for plans that state nothing of them.
    """

    sums: Array
    counts: Array
    events: Array
    visits: Array


class Book(NamedTuple):
    """A batch as integer columns; -1 = unknown.

    The first group has a cell for each plan, the second for each item, the third for each sum of members, the fourth
    for each of families, the next for each use of a limit, the last for each dated visit; `*_of` are offsets into them.
    """

    plan: NDArray[np.int32]
    as_of: NDArray[np.int32]
    family: NDArray[np.int32]
    attested: NDArray[np.int32]
    status: NDArray[np.int32]
    items_of: NDArray[np.int32]
    sums_of: NDArray[np.int32]
    family_sums_of: NDArray[np.int32]
    uses_of: NDArray[np.int32]
    start: NDArray[np.int32]
    sessions: NDArray[np.int32]
    every: NDArray[np.int32]
    born: NDArray[np.int32]
    accumulator: NDArray[np.int32]
    used: NDArray[np.int64]
    late: NDArray[np.int64]
    family_accumulator: NDArray[np.int32]
    family_used: NDArray[np.int64]
    family_late: NDArray[np.int64]
    slot: NDArray[np.int32]
    units: NDArray[np.int64]
    cents: NDArray[np.int64]
    visits_of: NDArray[np.int32]
    benefit: NDArray[np.int32]
    visited: NDArray[np.int32]
    visit_units: NDArray[np.int64]
    plan_paid: NDArray[np.int64]
    limits_of_visit: NDArray[np.int32]
