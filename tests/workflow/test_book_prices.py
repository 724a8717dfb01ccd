"""Published prices of the providers of a book: the same as of single requests, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from camcover.bulk import REQUEST_SCHEMA, BulkEstimator
from camcover.bulk.estimate import sound_batch
from camcover.money import Cents
from camcover.store import StoreUnavailable
from camcover.store.errors import UnavailableReason
from camcover.store.prices import AskedPrice, PublishedPrice
from camcover.workflow.book_prices import BookPrices
from small_rules import tables

NPI, OTHER_NPI = "1234567893", "1003000126"
ITEM: dict[str, Any] = {
    "therapy": "acupuncture",
    "code": "97810",
    "charge_cents": 8000,
    "practitioner": "acupuncturist",
    "tier": "in_network",
    "diagnoses": ["M54.50"],
    "start_date": date(2026, 3, 2),
    "sessions": 3,
}


class OneProvider:
    """Has prices of one provider: 50.00 a unit."""

    def price(self, asked: AskedPrice) -> PublishedPrice | None:
        """The price."""
        return PublishedPrice(Cents(5000), "rates") if asked.npi == int(NPI) else None


class Broken:
    """A file that can be read no more."""

    def price(self, asked: AskedPrice) -> PublishedPrice | None:  # noqa: ARG002 - whatever is asked
        """None."""
        raise StoreUnavailable(UnavailableReason.NO_PRICES)


def book(*rows: Sequence[dict[str, Any] | None] | None) -> pa.RecordBatch:
    """A batch of rows with these items; 60.00 of the deductible of 100.00 are used."""
    sums = [{"accumulator": "deductible", "used_cents": 6000}]
    plan = {"plan_id": "share-plan", "age": 40, "state": "WA", "accumulators": sums}
    return pa.RecordBatch.from_pylist([plan | {"items": items} for items in rows], schema=REQUEST_SCHEMA)


def allowed(batch: pa.RecordBatch) -> list[list[int | None]]:
    """What is allowed for each item."""
    return [[each["allowed_cents"] if each else None for each in items or ()] for items in batch["items"].to_pylist()]


def test_items_get_the_price_of_their_provider() -> None:
    """One of 50.00, one of a provider without a price, one without a provider, and one whose amount is stated."""
    own, other = ITEM | {"provider": NPI}, ITEM | {"provider": OTHER_NPI}
    prices = BookPrices(tables(), OneProvider())
    rows: list[list[dict[str, Any]] | None] = [
        [ITEM],
        [other, own],
        [],
        None,
        [own | {"allowed_cents": 4400}],
        [own | {"units": 2}],
    ]
    done, cited = prices.completed(book(*rows), 100)
    assert allowed(done) == [[None], [None, 5000], [], [], [4400], [10_000]]
    assert (prices.named, prices.found) == (4, 2)
    assert done.schema == REQUEST_SCHEMA
    done.validate(full=True)
    told = ("row", "item_index", "code", "provider", "tax_number", "allowed_cents", "source")
    assert [tuple(each[name] for name in told) for each in cited.to_pylist()] == [
        (101, 1, "97810", NPI, None, 5000, "rates"),
        (105, 0, "97810", NPI, None, 10_000, "rates"),
    ]


def test_priced_rows_cost_what_single_requests_cost() -> None:
    """40.00 of the deductible + 20 % of 10.00, then 10.00 twice: 62.00; at the fee file's 48.00 60.80."""
    done = BookPrices(tables(), OneProvider()).completed(book([ITEM], [ITEM | {"provider": NPI}]), 0).batch
    found = BulkEstimator(tables(), "r").estimate(done)
    assert found.plans["patient_cents"].to_pylist() == [6080, 6200]
    assert found.rejected_rows == 0


def test_a_slice_of_a_book_is_completed_as_the_book() -> None:
    whole = book([ITEM], [ITEM | {"provider": NPI}], [ITEM | {"provider": NPI}, ITEM])
    done = BookPrices(tables(), OneProvider()).completed(sound_batch(whole.slice(1, 2)), 0).batch
    assert allowed(done) == [[5000], [5000, None]]


def test_a_book_without_providers_is_not_touched() -> None:
    batch = book([ITEM], None)
    assert BookPrices(tables(), Broken()).completed(batch, 0).batch is batch


@pytest.mark.parametrize(
    "wrong", [{"provider": "1234567890"}, {"allowed_cents": -5}, {"setting": "moon"}, {"start_date": None}]
)
def test_rows_that_are_no_request_are_refused_as_they_are(wrong: dict[str, Any]) -> None:
    batch = book([ITEM | {"provider": NPI} | wrong], [ITEM | {"provider": NPI}])
    done = BookPrices(tables(), OneProvider()).completed(batch, 0).batch
    assert done["items"][0] == batch["items"][0]
    assert allowed(done)[1] == [5000]
    refused = BulkEstimator(tables(), "r").estimate(done).rejects
    assert refused == BulkEstimator(tables(), "r").estimate(batch).rejects
    assert refused["row"].to_pylist() == [0]


def test_an_item_that_is_null_stays_null() -> None:
    done = BookPrices(tables(), OneProvider()).completed(book([None, ITEM | {"provider": NPI}]), 0).batch
    assert done["items"].to_pylist()[0][0] is None


def test_a_file_that_can_be_read_no_more_ends_it() -> None:
    with pytest.raises(StoreUnavailable):
        BookPrices(tables(), Broken()).completed(book([ITEM | {"provider": NPI}]), 0)
