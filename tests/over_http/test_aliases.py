"""Short paths: the answers of their methods, for callers without a client of the Connect protocol."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.http.aliases import ALIASES
from over_http.refusals import fields_in, reason_in
from small_rules import question


def moment_left_out(data: dict[str, Any]) -> dict[str, Any]:
    """An estimate's data but for what is of the moment."""
    return {name: value for name, value in data.items() if name not in {"name", "created_at", "expires_on"}}


async def test_an_estimate_by_its_short_path(kept: Any) -> None:
    answer = await kept.post("/v1/estimates", question())
    assert answer.json()["totals"]["patient_cents"] == 6080
    long = await kept.post("EstimateService/EstimatePlan", question())
    assert moment_left_out(answer.json()) == moment_left_out(long.json())
    again = await kept.client.get(f"/v1/{answer.json()['name']}")
    assert (again.json(), again.headers["cache-control"]) == (answer.json(), "no-store")


async def test_stored_estimates_are_searched_and_erased(kept: Any) -> None:
    name = (await kept.post("/v1/estimates", question())).json()["name"]
    found = (await kept.post("/v1/estimates/search", {"member_id": "ana"})).json()["estimates"]
    assert [each["name"] for each in found] == [name]
    assert (await kept.post("/v1/estimates/search", {"member_id": "bob"})).json()["estimates"] == []
    assert (await kept.client.options(f"/v1/{name}")).headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    erased = await kept.client.delete(f"/v1/{name}")
    assert (erased.status_code, erased.json()["name"]) == (200, name)
    assert (await kept.client.get(f"/v1/{name}")).status_code == 404
    assert (await kept.client.delete("/v1/estimates/no-name")).status_code == 400


async def test_batch_comparison_and_coverage(both: Any) -> None:
    batch = await both.post("/v1/batches", {"requests": [question()]})
    assert batch.json()["results"][0]["estimate"]["totals"]["patient_cents"] == 6080
    compared = await both.post("/v1/compare", {"request": question(), "plan_ids": ["share-plan"]})
    assert compared.json()["comparisons"][0]["estimate"]["totals"]["patient_cents"] == 6080
    service = question()["items"][0]
    elsewhere = {"request": question(items=[service | {"tier": "out_of_network"}]), "tiers": ["in_network"]}
    assert [each["patient_cents"] for each in (await both.post("/v1/optimize", elsewhere)).json()["ways"]] == [6080]
    covered = await both.post("/v1/coverage", {"plan_id": "copay-plan", "service": service})
    assert covered.json()["covered"] is True


async def test_the_catalog_by_its_short_paths(both: Any) -> None:
    for name, method in (
        ("plans", "ListPlans"),
        ("therapies", "ListTherapies"),
        ("conditions", "ListConditions"),
        ("practitioners", "ListPractitioners"),
    ):
        short = await both.client.get(f"/v1/{name}")
        assert short.json() == (await both.post(f"CatalogService/{method}", {})).json()
        assert short.json()[name]
    plan = await both.client.get("/v1/plans/copay-plan")
    assert plan.json()["plan"]["id"] == "copay-plan"


async def test_pages_by_parameters(both: Any) -> None:
    first = (await both.client.get("/v1/plans", params={"page_size": "1"})).json()
    assert [each["id"] for each in first["plans"]] == ["copay-plan"]
    query = {"page_size": "1", "page_token": first["next_page_token"]}
    second = (await both.client.get("/v1/plans", params=query)).json()
    assert ([each["id"] for each in second["plans"]], second["next_page_token"]) == (["share-plan"], "")
    found = (await both.client.get("/v1/plans", params={"filter": "SHARE"})).json()
    assert [each["id"] for each in found["plans"]] == ["share-plan"]


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/v1/plans/no", 404, "UNKNOWN_PLAN"),
        ("/v1/plans/share-plan?plan_id=copay-plan", 400, "INVALID_HEADER"),
        ("/v1/plans?filter=a&filter=b", 400, "INVALID_HEADER"),
        ("/v1/plans?page_size=many", 400, "INVALID_JSON"),
        ("/v1/plans?page_size=-1", 400, "NUMBER_OUT_OF_RANGE"),
        ("/v1/plans?size=1", 400, "UNKNOWN_FIELD"),
        ("/v1/plans?filter=a%0Ab", 400, "CONTROL_CHARACTER"),
        ("/v1/estimates/no-name", 400, "INVALID_TEXT"),
        ("/v1/estimates/00000000-0000-0000-0000-000000000000", 404, "UNKNOWN_ESTIMATE"),
        ("/v1/nothing", 404, "UNKNOWN_PATH"),
    ],
)
async def test_addresses_that_are_refused(both: Any, path: str, status: int, reason: str) -> None:
    refused = await both.client.get(path)
    assert (refused.status_code, reason_in(refused)) == (status, reason)


async def test_methods_of_http_and_content_types_of_short_paths(both: Any) -> None:
    for alias in ALIASES:
        path = alias.path.replace("{id}", "copay-plan")
        allowed = (await both.client.options(path)).headers["allow"]
        other = await both.client.request("PUT", path)
        assert (other.status_code, other.headers["allow"], reason_in(other)) == (405, allowed, "WRONG_HTTP_METHOD")
        assert alias.verb in allowed
        if alias.verb == "POST":
            kind = {"content-type": "application/proto"}
            refused = await both.client.post(path, content=b"", headers=kind)
            assert (refused.status_code, refused.headers["accept-post"]) == (415, "application/json")
    wrong = await both.post("/v1/estimates", question(plan_id=""))
    assert list(fields_in(wrong)) == ["plan_id"]


async def test_roles_of_short_paths(serve: Any, access: Any) -> None:
    async with serve(access) as both:
        assert (await both.client.get("/v1/plans")).status_code == 401
        staff = {"authorization": "Bearer rita"}
        assert (await both.client.get("/v1/plans", headers=staff)).status_code == 200
        assert (await both.post("/v1/estimates", question(), **staff)).status_code == 403


async def test_a_catalog_that_is_unchanged_is_not_sent_again(both: Any) -> None:
    """The tag is of the answer: another page has another, and new rules would have."""
    first = await both.client.get("/v1/plans")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    assert (await both.client.head("/v1/plans")).headers["etag"] == tag
    assert (await both.client.get("/v1/plans", params={"page_size": 1})).headers["etag"] != tag
    for wanted in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await both.client.get("/v1/plans", headers={"if-none-match": wanted})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-type" not in again.headers
    other = await both.client.get("/v1/plans", headers={"if-none-match": '"other"'})
    assert (other.status_code, other.json()) == (200, first.json())
    plain = await both.client.get("/v1/plans", headers={"accept-encoding": "identity"})
    assert plain.headers["etag"] == tag
    query = {"encoding": "json", "message": "{}"}
    connect = await both.client.get("/camcover.v1.CatalogService/ListPlans", params=query)
    assert (connect.headers["etag"], connect.json()) == (tag, first.json())
    posted = await both.post("CatalogService/ListPlans", {})
    assert "etag" not in posted.headers
