"""Prices by provider in the service: looked up for what callers ask, and kept with the estimate."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from camcover.api.answering import Answering
from camcover.api.estimate_servicer import EstimateServicer
from camcover.api.reproducing import reproduced
from camcover.engine import InvalidRequest
from camcover.gen.camcover.v1 import estimate_service_pb2, good_faith_pb2, request_pb2
from camcover.money import Cents
from camcover.store import Keeping, KeptEstimates, NoStore, StoreUnavailable, open_database
from camcover.store.errors import UnavailableReason
from camcover.store.prices import AskedPrice, PublishedPrice
from camcover.workflow.rules_in_force import RulesInForce
from databases import new_sqlite_database
from fhir_packets import amounts, good_faith_bundle, resources
from small_rules import SHARE_PLAN, estimate_in, question, tables, typed

ITEM = question()["items"][0] | {"provider": "1234567893"}
ASKED = question(items=[ITEM])
"""At 50.00: 40.00 of the deductible + 20 % of 10.00, then 10.00 twice, 62.00. At the fee file's 48.00: 60.80."""


class OnePrice:
    """Has one price, of the fee file `fees` in one tier; its owner may change it, or take it away."""

    def __init__(self, cents: int) -> None:
        """It is there."""
        self.cents, self.is_there, self.fees = cents, True, "fees"
        self.threads: set[threading.Thread] = set()

    def current(self) -> OnePrice:
        """Itself."""
        return self

    def price(self, asked: AskedPrice) -> PublishedPrice | None:
        """The price."""
        self.threads.add(threading.current_thread())
        if not self.is_there:
            raise StoreUnavailable(UnavailableReason.NO_PRICES)
        is_known = (asked.fees, asked.tier) == (self.fees, "in_network")
        return PublishedPrice(Cents(self.cents), f"rates of {self.cents}") if is_known else None


def message(**others: Any) -> request_pb2.EstimatePlanRequest:
    """The question with its provider."""
    return json_format.ParseDict(ASKED | others, request_pb2.EstimatePlanRequest())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptEstimates]:
    """Estimates kept whole."""
    database = open_database(new_sqlite_database(tmp_path / "kept.sqlite"))
    yield KeptEstimates(database)
    database.close()


async def test_an_estimate_is_computed_again_after_the_price_has_changed(kept: KeptEstimates) -> None:
    """What was found is kept with the request; a service without any prices gives the same bytes again."""
    answered = estimate_in(await Answering(RulesInForce(tables(), prices=OnePrice(5000)), kept).one(message()))
    assert answered.totals.patient_cents == 6200
    assert "rates of 5000" in [each.title for each in answered.citations]
    stored = kept.by_name(answered.name)
    assert stored is not None
    assert stored.request is not None
    for prices in (OnePrice(6000), None):
        assert reproduced(RulesInForce(tables(), prices=prices), stored, stored.request) == answered
    procedure = request_pb2.EstimatePlanRequest.FromString(stored.request).items[0].procedures[0]
    assert (procedure.allowed_cents, procedure.allowed_source) == (5000, "rates of 5000")


async def test_the_same_request_id_gives_the_first_answer_whatever_is_published_since(kept: KeptEstimates) -> None:
    """At 60.00: 40.00 + 20 % of 20.00, then 12.00 twice, 68.00."""
    asked = message(request_id="a")
    first = await Answering(RulesInForce(tables(), prices=OnePrice(5000)), kept).one(asked)
    later = Answering(RulesInForce(tables(), prices=OnePrice(6000)), kept)
    assert await later.one(asked) == first
    assert estimate_in(await later.one(message(request_id="b"))).totals.patient_cents == 6800
    other = await later.one(message(request_id="a", explain=True))
    assert isinstance(other, Status)
    assert other.code == Code.ALREADY_EXISTS
    assert asked == message(request_id="a")


async def test_of_hashes_the_first_answer_is_given_again_while_the_price_is_the_same(tmp_path: Path) -> None:
    """With another price it cannot be made, and is refused."""
    database = open_database(new_sqlite_database(tmp_path / "hashes.sqlite"))
    store, asked = KeptEstimates(database, Keeping.HASHES), message(request_id="a")
    first = await Answering(RulesInForce(tables(), prices=OnePrice(5000)), store).one(asked)
    assert isinstance(first, bytes)
    assert await Answering(RulesInForce(tables(), prices=OnePrice(5000)), store).one(asked) == first
    refused = await Answering(RulesInForce(tables(), prices=OnePrice(6000)), store).one(asked)
    assert isinstance(refused, Status)
    assert refused.code == Code.FAILED_PRECONDITION
    database.close()


async def test_an_answer_at_hand_is_kept_with_its_price(kept: KeptEstimates) -> None:
    answering = Answering(RulesInForce(tables(), prices=OnePrice(5000)), kept)
    for number in range(2):
        answered = estimate_in(await answering.one(message(request_id=f"r{number}")))
        stored = kept.by_name(answered.name)
        assert stored is not None
        assert reproduced(RulesInForce(tables()), stored, stored.request or b"") == answered
    assert answering.counts()[:2] == (1, 1)


async def test_an_answer_at_hand_is_of_the_prices_of_now(kept: KeptEstimates) -> None:
    """62.00, and 68.00 at 60.00; at 50.00 again the first answer is at hand."""
    prices = OnePrice(5000)
    answering = Answering(RulesInForce(tables(), prices=prices), kept)
    told = []
    for prices.cents in (5000, 6000, 5000):
        told.append(estimate_in(await answering.one(message())).totals.patient_cents)
    assert (told, answering.counts()[:2]) == ([6200, 6800, 6200], (1, 2))


async def test_prices_are_looked_up_beside_the_event_loop(kept: KeptEstimates) -> None:
    """By all methods that look any up."""
    prices = OnePrice(5000)
    rules = RulesInForce(tables(), prices=prices)
    await Answering(rules, kept).one(message())
    servicer = EstimateServicer(rules, NoStore())
    compare = estimate_service_pb2.ComparePlansRequest(request=message(), plan_ids=["share-plan"])
    await servicer.ComparePlans(compare, None)  # type: ignore[arg-type]
    optimize = estimate_service_pb2.OptimizePlanRequest(request=message(), tiers=["out_of_network"])
    await servicer.OptimizePlan(optimize, None)  # type: ignore[arg-type]
    explain = good_faith_pb2.ExplainGoodFaithEstimateRequest(
        plan_id="share-plan", tier="in_network", bundle=json.dumps(good_faith_bundle()).encode()
    )
    await servicer.ExplainGoodFaithEstimate(explain, None)  # type: ignore[arg-type]
    assert prices.threads
    assert threading.current_thread() not in prices.threads


async def test_a_file_that_can_be_read_no_more_refuses_what_needs_it(kept: KeptEstimates) -> None:
    prices = OnePrice(5000)
    prices.is_there = False
    answering = Answering(RulesInForce(tables(), prices=prices), kept)
    refused = await answering.one(message())
    assert isinstance(refused, Status)
    assert (refused.code, refused.message) == (Code.UNAVAILABLE, "the file of prices cannot be read; try again later")
    plain = await answering.one(json_format.ParseDict(question(), request_pb2.EstimatePlanRequest()))
    assert estimate_in(plain).totals.patient_cents == 6080


async def test_each_plan_of_a_comparison_has_the_prices_of_its_fee_file() -> None:
    """The share plan 62.00; its twin without a fee file allows the charge, 80.00: 40.00 + 8.00, then 16.00 twice."""
    twin = SHARE_PLAN.replace("id: share-plan", "id: twin-plan").replace("fees: fees\n", "")
    servicer = EstimateServicer(RulesInForce(tables(twin=twin), prices=OnePrice(5000)), NoStore())
    plan_ids = ["share-plan", "twin-plan"]
    asked = estimate_service_pb2.ComparePlansRequest(request=message(), plan_ids=plan_ids)
    answer = estimate_service_pb2.ComparePlansResponse.FromString(await servicer.ComparePlans(asked, None))  # type: ignore[arg-type]
    found = {each.plan_id: each.estimate.totals.patient_cents for each in answer.comparisons}
    assert found == {"share-plan": 6200, "twin-plan": 8000}


async def test_a_search_for_cheaper_ways_begins_with_the_price() -> None:
    servicer = EstimateServicer(RulesInForce(tables(), prices=OnePrice(5000)), NoStore())
    asked = estimate_service_pb2.OptimizePlanRequest(request=message(), tiers=["out_of_network"])
    answer = await servicer.OptimizePlan(asked, None)  # type: ignore[arg-type]
    assert (answer.patient_cents, list(answer.ways)) == (6200, [])
    assert [each.message_id for each in answer.remarks] == ["ways-none", "ways-price-kept"]
    assert [(each.place, each.title) for each in answer.citations] == [("97810, NPI 1234567893", "rates of 5000")]


async def test_a_way_cites_the_prices_of_what_the_plan_is_asked() -> None:
    """The first visits are the plan's four; the item of April has none left, costs its charge, and is paid at 70.00."""
    item = message().items[0]
    four = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"]
    asked = message()
    item.dates[:] = four
    asked.items[0].CopyFrom(item)
    other = asked.items.add()
    other.CopyFrom(item)
    other.dates[:], other.provider, other.tax_number = ["2026-04-06"], "", "12-3456789"
    servicer = EstimateServicer(RulesInForce(tables(), prices=OnePrice(5000)), NoStore())
    price = estimate_service_pb2.SelfPayPrice(item_index=1, price_cents=7000)
    answer = await servicer.OptimizePlan(
        estimate_service_pb2.OptimizePlanRequest(request=asked, self_pay=[price]),
        None,  # type: ignore[arg-type]
    )
    (way,) = answer.ways
    assert [each.place for each in answer.citations] == ["97810, NPI 1234567893", "97810, TIN 12-3456789"]
    assert [each.place for each in way.citations] == ["97810, NPI 1234567893"]
    assert list(way.items[1].self_paid_dates) == ["2026-04-06"]


async def test_a_search_says_that_there_is_no_price_of_a_provider() -> None:
    """Neither in a file that lacks it, nor where there is no file: the care costs 60.80, as the fee file has it."""
    elsewhere = OnePrice(5000)
    elsewhere.fees = "other-fees"
    for prices in (elsewhere, None):
        servicer = EstimateServicer(RulesInForce(tables(), prices=prices), NoStore())
        answer = await servicer.OptimizePlan(estimate_service_pb2.OptimizePlanRequest(request=message()), None)  # type: ignore[arg-type]
        assert (answer.patient_cents, [each.message_id for each in answer.remarks]) == (
            6080,
            ["ways-none", "assumed-no-published-price"],
        )


async def test_a_good_faith_estimate_is_explained_by_the_prices_of_its_provider() -> None:
    """A unit at 45.00: 45.00 and 2 x 45.00 a visit, 135.00; the massage of 90.00 is excluded.

    First 100.00 of deductible and 20 % of 35.00, 107.00; then 20 % of 135.00, 27.00: 224.00 in all. The id of the
    packet is made from the amounts, too.
    """
    asked = good_faith_pb2.ExplainGoodFaithEstimateRequest(
        plan_id="share-plan", tier="in_network", bundle=json.dumps(good_faith_bundle()).encode()
    )
    packets = []
    for prices in (OnePrice(4500), None):
        servicer = EstimateServicer(RulesInForce(tables(), prices=prices), NoStore())
        answer = await servicer.ExplainGoodFaithEstimate(asked, None)  # type: ignore[arg-type]
        packets.append(resources(answer.packet)["aeob"])
    told, without = (amounts(each, "total")["memberliability"] for each in packets)
    assert (str(told), str(without)) == ("224.00", "218.00")
    assert "rates of 4500" in json.dumps(packets[0]["processNote"])
    assert "We have no published prices of the providers who are named" in json.dumps(packets[1]["processNote"])
    assert packets[0]["id"] != packets[1]["id"]


@pytest.mark.parametrize(
    ("item", "field", "found"),
    [
        (
            {"provider": "1234567890"},
            "items[0].provider",
            "found '1234567890', whose last digit does not check the oth",
        ),
        (
            {"procedures": [{"code": "97810", "allowed_source": "a letter"}]},
            "items[0].procedures[0].allowed_source",
            "found allowed_source without allowed_cents; expected both, or none of them",
        ),
    ],
)
def test_what_the_rules_of_the_proto_cannot_see(item: dict[str, Any], field: str, found: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        typed(ASKED | {"items": [ITEM | item]})
    (violation,) = caught.value.violations
    assert violation.field == field
    assert violation.description.startswith(found)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"provider": "12345"}, "items[0].provider: found '12345'; expected an NPI of ten digits such as 1234567893"),
        ({"tax_number": "123"}, "items[0].tax_number: found '123'; expected a tax number such as 12-3456789"),
    ],
)
def test_the_forms_of_numbers(item: dict[str, str], said: str, rules: Path, run: Any) -> None:
    result = run("estimate", "-", "--rules", rules, stdin=json.dumps(ASKED | {"items": [ITEM | item]}))
    assert result.exit_code == 2
    assert said in result.stderr
