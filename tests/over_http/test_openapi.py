"""The OpenAPI document: valid, whole, and true of what is sent and answered."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from camcover.http.aliases import ALIASES
from camcover.http.fhir import METADATA, SUBMIT
from exchange.answers import EXAMPLE
from small_rules import question

ROOT = Path(__file__).resolve().parents[2]


async def document(both: Any) -> dict[str, Any]:
    """The document as it is served."""
    answer = await both.client.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    found: dict[str, Any] = answer.json()
    return found


def validator(contract: dict[str, Any], name: str) -> Draft202012Validator:
    """What judges JSON by one of the document's schemas."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": contract["components"]})


async def test_the_document_is_valid(both: Any) -> None:
    contract = await document(both)
    assert contract["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(contract).iter_errors()) == []
    for schema in contract["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_every_path_and_method_stands_in_it(both: Any) -> None:
    contract = await document(both)
    expected = {
        *both.server.methods,
        *(each.path for each in ALIASES),
        "/livez",
        "/readyz",
        "/metrics",
        SUBMIT,
        METADATA,
    }
    assert set(contract["paths"]) == expected
    for path, item in contract["paths"].items():
        allowed = (await both.client.options(path.replace("{id}", "x"))).headers["allow"].split(", ")
        assert {name.upper() for name in item} == set(allowed) - {"HEAD", "OPTIONS"}
    names = [one["operationId"] for item in contract["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))


async def test_comments_and_bounds_of_the_proto_stand_in_it(both: Any) -> None:
    contract = await document(both)
    schemas = contract["components"]["schemas"]
    plan = schemas["EstimatePlanRequest"]["properties"]["plan_id"]
    assert (plan["type"], plan["minLength"], plan["maxLength"]) == ("string", 1, 128)
    assert schemas["EstimatePlanRequest"]["required"] == ["plan_id", "items"]
    assert schemas["EstimatePlanRequest"]["additionalProperties"] is False
    requests = schemas["BatchEstimatePlansRequest"]["properties"]["requests"]
    assert (requests["minItems"], requests["maxItems"]) == (1, 1000)
    assert schemas["Coverage"]["enum"][0] == "COVERAGE_UNSPECIFIED"
    post = contract["paths"]["/v1/estimates"]["post"]
    assert post["description"].startswith("Prices one well-being plan under one payer plan.")
    assert contract["tags"][0]["description"].startswith("What is covered, and what the patient pays.")
    undescribed = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        if not name.startswith("google.") and name not in {"Health", "Refusal"}
        for field, one in schema.get("properties", {}).items()
        if not one.get("description")
    ]
    assert undescribed == []


async def test_requests_and_answers_keep_the_schemas(both: Any) -> None:
    contract = await document(both)
    cases = [
        ("/v1/estimates", "EstimatePlanRequest", "Estimate", question(explain=True)),
        ("/v1/batches", "BatchEstimatePlansRequest", "BatchEstimatePlansResponse", {"requests": [question()]}),
        (
            "/v1/compare",
            "ComparePlansRequest",
            "ComparePlansResponse",
            {"request": question(), "plan_ids": ["share-plan", "no"]},
        ),
        (
            "/v1/optimize",
            "OptimizePlanRequest",
            "OptimizePlanResponse",
            {"request": question(items=[question()["items"][0] | {"tier": "out_of_network"}]), "tiers": ["in_network"]},
        ),
        (
            "/v1/coverage",
            "CheckCoverageRequest",
            "CheckCoverageResponse",
            {"plan_id": "copay-plan", "service": question()["items"][0]},
        ),
        (
            "/v1/eligibility",
            "ReadEligibilityRequest",
            "ReadEligibilityResponse",
            {"plan_id": "share-plan", "content": b64encode(EXAMPLE.encode()).decode()},
        ),
    ]
    for path, asked, answered, request in cases:
        assert list(validator(contract, asked).iter_errors(request)) == []
        answer = await both.post(path, request)
        assert list(validator(contract, answered).iter_errors(answer.json())) == [], path
    for path, answered in (("/v1/plans/share-plan", "GetPlanResponse"), ("/v1/therapies", "ListTherapiesResponse")):
        answer = await both.client.get(path)
        assert list(validator(contract, answered).iter_errors(answer.json())) == [], path
    shipped = json.loads((ROOT / "docs" / "examples" / "request.json").read_text(encoding="utf-8"))
    assert list(validator(contract, "EstimatePlanRequest").iter_errors(shipped)) == []
    refused = await both.post("/v1/estimates", {})
    assert list(validator(contract, "Refusal").iter_errors(refused.json())) == []
    ready = await both.client.get("/readyz")
    assert list(validator(contract, "Health").iter_errors(ready.json())) == []


@pytest.mark.parametrize(
    "changed",
    [{"plan_id": ""}, {"items": []}, {"as_of": "02.03.2026"}, {"coverage": "COVERAGE_OF_ALL"}, {"plam": "x"}],
)
async def test_what_a_schema_refuses_the_service_refuses(both: Any, changed: dict[str, Any]) -> None:
    contract = await document(both)
    assert list(validator(contract, "EstimatePlanRequest").iter_errors(question(**changed)))
    assert (await both.post("/v1/estimates", question(**changed))).status_code == 400


async def test_a_request_may_hold_empty_fields_that_stand_for_none(both: Any) -> None:
    contract = await document(both)
    request = question(as_of="", rule_release="", language="", request_id="")
    assert list(validator(contract, "EstimatePlanRequest").iter_errors(request)) == []
    assert (await both.post("/v1/estimates", request)).status_code == 200


async def test_the_document_is_tagged(both: Any) -> None:
    tag = (await both.client.get("/openapi.json")).headers["etag"]
    assert (await both.client.get("/openapi.json", headers={"if-none-match": tag})).status_code == 304
