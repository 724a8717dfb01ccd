"""Short paths to methods, for callers without a client of the Connect protocol. JSON only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from starlette.requests import Request

from camcover.api.errors import refuse, refused
from camcover.http.calls import Ask, read_content_type
from camcover.http.exchange import Exchange
from camcover.http.replies import JSON
from camcover.refusals import Refusal

__all__ = ["ALIASES", "CONTENT_TYPES", "Alias", "asker"]


CONTENT_TYPES = (JSON,)
"""What the body of a short path may be."""


class Alias(NamedTuple):
    """A path with the method of HTTP that it takes, and the method that answers.

    `field`: the field that the part of the path in braces gives, and what stands before it there.
    """

    verb: str
    path: str
    method: str
    field: str = ""
    prefix: str = ""


def _of(service: str, method: str) -> str:
    return f"/camcover.v1.{service}/{method}"


ALIASES = (
    Alias("POST", "/v1/estimates", _of("EstimateService", "EstimatePlan")),
    Alias("GET", "/v1/estimates/{id}", _of("EstimateService", "GetEstimate"), "name", "estimates/"),
    Alias("POST", "/v1/batches", _of("EstimateService", "BatchEstimatePlans")),
    Alias("POST", "/v1/compare", _of("EstimateService", "ComparePlans")),
    Alias("POST", "/v1/coverage", _of("EstimateService", "CheckCoverage")),
    Alias("GET", "/v1/plans", _of("CatalogService", "ListPlans")),
    Alias("GET", "/v1/plans/{id}", _of("CatalogService", "GetPlan"), "plan_id"),
    Alias("GET", "/v1/therapies", _of("CatalogService", "ListTherapies")),
    Alias("GET", "/v1/conditions", _of("CatalogService", "ListConditions")),
    Alias("GET", "/v1/practitioners", _of("CatalogService", "ListPractitioners")),
)


def asker(alias: Alias) -> Ask:
    """What reads a request for a short path."""

    def ask(request: Request, exchange: Exchange) -> None:
        if alias.verb == "POST":
            read_content_type(request.headers, exchange, CONTENT_TYPES)
            return
        exchange.is_json = True
        exchange.take(json.dumps(_fields(request, alias)).encode())

    return ask


def _fields(request: Request, alias: Alias) -> Mapping[str, str]:
    """The fields of a message in an address: parameters by their names in the .proto, and the part of the path."""
    given = request.query_params.multi_items()
    if alias.field:
        given.append((alias.field, alias.prefix + request.path_params["id"]))
    fields = dict(given)
    if len(fields) < len(given):
        refuse(refused(Refusal.INVALID_HEADER, "found a parameter twice; expected each once"))
    return fields
