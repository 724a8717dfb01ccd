"""Published prices of the providers that a book names, put into its rows before they are priced.

What comes in: batches of `REQUEST_SCHEMA`, and a `PriceSource`. What goes out: the same rows with the `allowed_cents`
that were found, by the rules of a single request, and rows that cite them.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from camcover.bulk.columns import Ints, coded, fields_of, integers, lists
from camcover.bulk.files import Completed
from camcover.bulk.schema import ITEM_FIELDS, SOURCE_SCHEMA
from camcover.bulk.singly import request_of
from camcover.engine import InvalidRequest, Tables
from camcover.engine.request import PlannedService
from camcover.workflow.published_prices import PriceSource, with_published_prices

__all__ = ["BookPrices"]


class _Price(NamedTuple):
    """What is allowed for an item, cents, -1 = nothing is said; its code; where that comes from, empty = not told."""

    cents: int
    code: str = ""
    source: str = ""


_ALLOWED = next(place for place, field in enumerate(ITEM_FIELDS) if field.name == "allowed_cents")


class BookPrices:
    """Looks prices up. Several threads may use it. `named`, `found`: items that name a provider, that have a price."""

    def __init__(self, tables: Tables, source: PriceSource) -> None:
        """Look up in `source`, by the fee files of the plans of `tables`."""
        self._tables, self._source = tables, source
        self._lock = threading.Lock()
        self.named = self.found = 0

    def completed(self, batch: pa.RecordBatch, first_row: int) -> Completed:
        """A sound batch with the allowed amounts of its providers; `first_row`: the number of its first row.

        A row that cannot be priced stays as it is, so that it is refused later. Raises `StoreUnavailable`.
        """
        items = lists(batch["items"])
        field = fields_of(items.values)
        named = _is_given(field("provider")) | _is_given(field("tax_number"))
        if not named.any():
            return Completed(batch, _sources([]))
        allowed = integers(field("allowed_cents"), null=-1).copy()
        before = allowed.copy()
        cited = []
        for row in np.unique(items.owners()[named]).tolist():
            (data,) = batch.slice(row, 1).to_pylist()
            for place, price in enumerate(self._prices_of(data)):
                allowed[items.offsets[row] + place] = price.cents
                if price.source:
                    cited.append(_source(data, place, price) | {"row": first_row + row})
        with self._lock:
            self.named += int(named.sum())
            self.found += int((allowed != before).sum())
        columns = items.values.flatten()
        columns[_ALLOWED] = pc.if_else(pa.array(allowed != before), pa.array(allowed), columns[_ALLOWED])
        values = pa.StructArray.from_arrays(columns, fields=ITEM_FIELDS, mask=items.values.is_null())
        offsets = pa.array(items.offsets.astype(np.int32))
        made = pa.ListArray.from_arrays(offsets, values)
        done = batch.set_column(batch.schema.get_field_index("items"), batch.schema.field("items"), made)
        return Completed(done, _sources(cited))

    def _prices_of(self, row: dict[str, Any]) -> list[_Price]:
        """What is allowed for each item of a row; nothing for a row that is no request."""
        try:
            asked = request_of(row)
        except (InvalidRequest, OverflowError, ValueError):
            return []
        return list(map(_price_of, with_published_prices(self._tables, asked, self._source).items))


def _source(row: dict[str, Any], place: int, price: _Price) -> dict[str, Any]:
    """A row of `SOURCE_SCHEMA` without its number, for an item of a row."""
    item = row["items"][place]
    given = {"request_id": row["request_id"], "provider": item["provider"], "tax_number": item["tax_number"]}
    return given | {"item_index": place, "code": price.code, "allowed_cents": price.cents, "source": price.source}


def _sources(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=SOURCE_SCHEMA)


def _is_given(column: pa.Array) -> Ints:
    """Where a text is given."""
    found: Ints = coded(column).numbers(len, null=0) > 0
    return found


def _price_of(service: PlannedService) -> _Price:
    """What is allowed for a service of a row, which has at most one code."""
    if service.allowed_cents is not None:
        return _Price(service.allowed_cents)
    given = (each for each in service.procedures if each.allowed_cents is not None)
    return next((_Price(each.allowed_cents or 0, each.code, each.allowed_source) for each in given), _Price(-1))
