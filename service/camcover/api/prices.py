"""Requests with the published prices of their providers: what is priced, kept and hashed from then on."""

from __future__ import annotations

from camcover.api.requests import estimate_request
from camcover.engine import Tables
from camcover.gen.camcover.v1 import request_pb2
from camcover.workflow.published_prices import PriceSource, names_provider, with_published_prices

__all__ = ["with_prices"]


def with_prices(
    tables: Tables, message: request_pb2.EstimatePlanRequest, source: PriceSource | None
) -> request_pb2.EstimatePlanRequest:
    """A valid message with the allowed amounts that `source` has of its providers; the same message if it names none.

    Raises `InvalidRequest`, `StoreUnavailable`.
    """
    if source is None or not any(map(names_provider, message.items)):
        return message
    found = with_published_prices(tables, estimate_request(message), source)
    priced = request_pb2.EstimatePlanRequest()
    priced.CopyFrom(message)
    for item, of_item in zip(priced.items, found.items, strict=True):
        for procedure, each in zip(item.procedures, of_item.procedures, strict=True):
            if each.allowed_cents is not None:
                procedure.allowed_cents, procedure.allowed_source = each.allowed_cents, each.allowed_source
    return priced
