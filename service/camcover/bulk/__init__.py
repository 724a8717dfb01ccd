"""Many well-being plans at once: Arrow in, Arrow out, through the same kernel as one request.

What comes in: record batches of `REQUEST_SCHEMA`, one row a plan. What goes out: for each batch the plans' totals,
their lines, and the rows that cannot be priced, each with its reason (bulk/schema.py). The way: `columns` (words become
numbers), `book` (rows for the kernel, compiled), the kernel, `answers` (numbers become columns); rows that say more
than the fast way takes are asked one by one, as a single request is. It knows nothing of the network.
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
