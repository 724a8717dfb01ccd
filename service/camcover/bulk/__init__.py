"""Many well-being plans at once: Arrow in, Arrow out, through the same kernel as a single request.

What comes in: record batches of `REQUEST_SCHEMA`, one plan in each row. What goes out: for each batch the plans'
totals, their lines, and the rows that cannot be priced, each with its reason (bulk/schema.py). The steps: `columns`
(words to numbers), `book` (rows for the kernel, by compiled code), the kernel, `answers` (numbers to columns). Rows
that batches cannot price are priced one by one, as single requests. The package knows nothing of the network.
"""

from typing import TYPE_CHECKING

from camcover.on_demand import on_demand

if TYPE_CHECKING:
    from camcover.bulk.estimate import BulkEstimator, BulkResult
    from camcover.bulk.schema import LINE_SCHEMA, PLAN_SCHEMA, REJECT_SCHEMA, REQUEST_SCHEMA

__all__ = [
    "LINE_SCHEMA",
    "PLAN_SCHEMA",
    "REJECT_SCHEMA",
    "REQUEST_SCHEMA",
    "BulkEstimator",
    "BulkResult",
]

__getattr__ = on_demand(__name__, __file__)
