"""Short paths to methods, for callers without a client of the Connect protocol. JSON only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from starlette.requests import Request

from camcover.api.errors import refuse, refused
from camcover.http.calls import Ask, read_content_type
from camcover.http.exchange import Exchange
from camcover.http.replies import JSON
from camcover.refusals import Refusal

__all__ = ["ALIASES", "CONTENT_TYPES", "Alias", "asker", "in_address"]


_WORDS: Mapping[str, bool] = {"true": True, "false": False}
"""How an address writes what JSON has words for."""

CONTENT_TYPES = (JSON,)
"""What the body of a short path may be."""


class Alias(NamedTuple):
    """A path with the method of HTTP that it takes, and the method that answers.

    `field`: the field that the part of the path in braces gives, after `prefix`; it is empty where the path has none.
    """

    verb: str
    path: str
    method: str
    field: str = ""
    prefix: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether the path stands for its field, empty: it has no part in braces that gives it."""
        return bool(self.field) and "{" not in self.path


def _of(service: str, method: str) -> str:
    return f"/camcover.v1.{service}/{method}"


ALIASES = (
    Alias("POST", "/v1/estimates", _of("EstimateService", "EstimatePlan")),
    # By POST, because an address must not hold the id of a member.
    Alias("POST", "/v1/estimates/search", _of("EstimateService", "ListEstimates")),
    Alias("GET", "/v1/estimates/{id}", _of("EstimateService", "GetEstimate"), "name", "estimates/"),
    Alias("DELETE", "/v1/estimates/{id}", _of("EstimateService", "DeleteEstimate"), "name", "estimates/"),
    Alias("POST", "/v1/batches", _of("EstimateService", "BatchEstimatePlans")),
    Alias("POST", "/v1/compare", _of("EstimateService", "ComparePlans")),
    Alias("POST", "/v1/optimize", _of("EstimateService", "OptimizePlan")),
    Alias("POST", "/v1/coverage", _of("EstimateService", "CheckCoverage")),
    Alias("POST", "/v1/eligibility", _of("EstimateService", "ReadEligibility")),
    Alias("GET", "/v1/plans", _of("CatalogService", "ListPlans")),
    Alias("GET", "/v1/plans/{id}", _of("CatalogService", "GetPlan"), "plan_id"),
    Alias("GET", "/v1/therapies", _of("CatalogService", "ListTherapies")),
    Alias("GET", "/v1/conditions", _of("CatalogService", "ListConditions")),
    Alias("GET", "/v1/practitioners", _of("CatalogService", "ListPractitioners")),
    Alias("GET", "/v1/releases", _of("RuleService", "ListReleases")),
    Alias("POST", "/v1/releases", _of("RuleService", "PublishRelease")),
    Alias("GET", "/v1/releases/active", _of("RuleService", "GetRelease"), "release"),
    Alias("GET", "/v1/releases/{id}", _of("RuleService", "GetRelease"), "release"),
    Alias("GET", "/v1/releases/{id}/diff", _of("RuleService", "DiffReleases"), "after_release"),
    Alias("POST", "/v1/activations", _of("RuleService", "ActivateRelease")),
    Alias("POST", "/v1/validations", _of("RuleService", "ValidateRules")),
    Alias("POST", "/v1/diffs", _of("RuleService", "DiffReleases")),
    Alias("POST", "/v1/impacts", _of("RuleService", "AnalyzeImpact")),
)
"""A path of words stands before one in braces that would take it as well."""


def asker(alias: Alias, message: Descriptor) -> Ask:
    """What reads a request for a short path; `message` is what the method takes."""

    def ask(request: Request, exchange: Exchange) -> None:
        if alias.verb == "POST":
            read_content_type(request.headers, exchange, CONTENT_TYPES)
            return
        exchange.is_json = True
        exchange.take(json.dumps(_fields(request, alias, message)).encode())

    return ask


def in_address(alias: Alias, message: Descriptor) -> Iterable[FieldDescriptor]:
    """The fields that are parameters of an address: those of one value that is no message, but for that of the path."""
    return (
        each
        for each in message.fields
        if each.message_type is None and not each.is_repeated and each.name != alias.field
    )


def _fields(request: Request, alias: Alias, message: Descriptor) -> Mapping[str, str | bool]:
    """The fields of a message in an address: parameters by their names in the .proto, and the part of the path."""
    given = request.query_params.multi_items()
    if alias.field:
        given.append((alias.field, "" if alias.is_empty else alias.prefix + request.path_params["id"]))
    texts = dict(given)
    if len(texts) < len(given):
        refuse(refused(Refusal.INVALID_HEADER, "found a parameter twice; expected each parameter only once"))
    switches = {each.name for each in message.fields if each.cpp_type == FieldDescriptor.CPPTYPE_BOOL}
    return {name: _WORDS.get(text, text) if name in switches else text for name, text in texts.items()}
