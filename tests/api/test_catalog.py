"""CatalogService: what a request may name, by id, in pages, filtered."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from camcover.gen.camcover.v1 import catalog_service_pb2 as messages


async def test_therapies_by_id(service: Any) -> None:
    answer = await service.catalog.ListTherapies(messages.ListTherapiesRequest())
    assert [each.id for each in answer.therapies] == ["acupuncture", "massage", "reiki"]
    first = answer.therapies[0]
    assert (first.name, list(first.aliases), list(first.codes)) == ("Acupuncture", ["needles"], ["97810", "97811"])
    charge = first.typical_charge
    assert (charge.low_cents, charge.typical_cents, charge.high_cents) == (7500, 11000, 15000)
    assert not answer.therapies[2].HasField("typical_charge")
    assert answer.next_page_token == ""


async def test_pages_follow_each_other(service: Any) -> None:
    found: list[str] = []
    token = ""
    for _ in range(3):
        page = await service.catalog.ListTherapies(messages.ListTherapiesRequest(page_size=1, page_token=token))
        found += [each.id for each in page.therapies]
        token = page.next_page_token
    assert (found, token) == (["acupuncture", "massage", "reiki"], "")


@pytest.mark.parametrize(
    ("text", "expected"), [("NEEDLE", ["acupuncture"]), ("97124", ["massage"]), ("a", ["acupuncture", "massage"])]
)
async def test_a_filter_looks_at_names_and_codes(service: Any, text: str, expected: list[str]) -> None:
    answer = await service.catalog.ListTherapies(messages.ListTherapiesRequest(filter=text))
    assert [each.id for each in answer.therapies] == expected


async def test_conditions_and_practitioners(service: Any) -> None:
    conditions = await service.catalog.ListConditions(messages.ListConditionsRequest(filter="g44"))
    assert [(each.id, list(each.icd10)) for each in conditions.conditions] == [("headache", ["G44", "R51"])]
    people = (await service.catalog.ListPractitioners(messages.ListPractitionersRequest())).practitioners
    assert [each.id for each in people] == ["acupuncturist", "massage-therapist"]
    assert people[0].taxonomy == "171100000X"
    assert "AL" not in people[0].licensed_states
    assert "WA" in people[0].licensed_states


async def test_plans_in_short_and_whole(service: Any) -> None:
    plans = (await service.catalog.ListPlans(messages.ListPlansRequest(filter="example health"))).plans
    assert [(each.id, each.payer_name) for each in plans] == [
        ("copay-plan", "Example Health"),
        ("share-plan", "Example Health"),
    ]
    assert not plans[1].editions[0].tiers
    whole = (await service.catalog.GetPlan(messages.GetPlanRequest(plan_id="share-plan"))).plan
    edition = whole.editions[0]
    assert (edition.effective_from, edition.effective_to) == ("2026-01-01", "2026-12-31")
    assert list(edition.tiers) == ["in_network", "out_of_network"]
    sums = {each.id: (each.kind, each.individual_cents, each.family_cents) for each in edition.accumulators}
    assert sums == {
        "deductible": ("deductible", 10000, 20000),
        "oop_max": ("out_of_pocket_maximum", 50000, 100000),
    }
    (maximum,) = (each for each in edition.accumulators if each.id == "oop_max")
    assert not maximum.HasField("self_only_cents")
    assert list(maximum.counts) == ["deductible", "copay", "coinsurance"]
    assert (list(maximum.counted_tiers), list(maximum.capped_tiers)) == (["in_network"], ["in_network"])
    assert [(each.id, each.text) for each in edition.limits] == [("visits", "4 visits in a calendar year")]
    assert [(each.id, list(each.therapies)) for each in edition.benefits] == [("needles", ["acupuncture"])]


@pytest.mark.parametrize(
    ("method", "request_", "code", "said"),
    [
        ("GetPlan", messages.GetPlanRequest(plan_id="share"), "NOT_FOUND", "found plan 'share'"),
        ("GetPlan", messages.GetPlanRequest(), "INVALID_ARGUMENT", "plan_id"),
        ("ListPlans", messages.ListPlansRequest(page_size=-1), "INVALID_ARGUMENT", "page_size"),
        ("ListPlans", messages.ListPlansRequest(page_token="?"), "INVALID_ARGUMENT", "page_token"),
        ("ListPlans", messages.ListPlansRequest(page_token="_w=="), "INVALID_ARGUMENT", "page_token"),
        ("ListPlans", messages.ListPlansRequest(page_token="ä"), "INVALID_ARGUMENT", "page_token"),
    ],
)
async def test_refusals(service: Any, method: str, request_: Any, code: str, said: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(service.catalog, method)(request_)
    assert caught.value.code().name == code
    assert said in str(caught.value.details())
