"""Published prices of the providers that a book names, put into its rows before they are priced.

What comes in: batches of `REQUEST_SCHEMA`, and a `PriceSource`. What goes out: the same rows with the `allowed_cents`
that were found, by the rules of a single request.
"""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from camcover.bulk.columns import Ints, coded, fields_of, integers, lists
from camcover.bulk.schema import ITEM_FIELDS
from camcover.bulk.singly import request_of
from camcover.engine import InvalidRequest, Tables
from camcover.engine.request import PlannedService
from camcover.workflow.published_prices import PriceSource, with_published_prices

__all__ = ["BookPrices"]

_ALLOWED = next(place for place, field in enumerate(ITEM_FIELDS) if field.name == "allowed_cents")


class BookPrices:
    """Looks prices up. Several threads may use it. `named`, `found`: items that name a provider, that have a price."""

    def __init__(self, tables: Tables, source: PriceSource) -> None:
        """Look up in `source`, by the fee files of the plans of `tables`."""
        self._tables, self._source = tables, source
        self._lock = threading.Lock()
        self.named = self.found = 0

    def completed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A sound batch with the allowed amounts of its providers.

        A row that cannot be priced stays as it is, so that it is refused later. Raises `StoreUnavailable`.
        """
        items = lists(batch["items"])
        field = fields_of(items.values)
        named = _is_given(field("provider")) | _is_given(field("tax_number"))
        if not named.any():
            return batch
        allowed = integers(field("allowed_cents"), null=-1).copy()
        before = allowed.copy()
        for row in np.unique(items.owners()[named]).tolist():
            for place, cents in enumerate(self._prices_of(batch.slice(row, 1))):
                allowed[items.offsets[row] + place] = cents
        with self._lock:
            self.named += int(named.sum())
            self.found += int((allowed != before).sum())
        columns = items.values.flatten()
        columns[_ALLOWED] = pc.if_else(pa.array(allowed != before), pa.array(allowed), columns[_ALLOWED])
        values = pa.StructArray.from_arrays(columns, fields=ITEM_FIELDS, mask=items.values.is_null())
        offsets = pa.array(items.offsets.astype(np.int32))
        made = pa.ListArray.from_arrays(offsets, values)
        return batch.set_column(batch.schema.get_field_index("items"), batch.schema.field("items"), made)

    def _prices_of(self, row: pa.RecordBatch) -> list[int]:
        """What is allowed for each item of a row, cents; nothing for a row that is no request."""
        (data,) = row.to_pylist()
        try:
            asked = request_of(data)
        except (InvalidRequest, OverflowError, ValueError):
            return []
        return list(map(_allowed_of, with_published_prices(self._tables, asked, self._source).items))


def _is_given(column: pa.Array) -> Ints:
    """Where a text is given."""
    found: Ints = coded(column).numbers(len, null=0) > 0
    return found


def _allowed_of(service: PlannedService) -> int:
    """What is allowed for a service of a row, which has at most one code; -1 where nothing is said."""
    given = [service.allowed_cents, *(each.allowed_cents for each in service.procedures)]
    return next((each for each in given if each is not None), -1)
