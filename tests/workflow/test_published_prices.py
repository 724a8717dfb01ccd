"""Prices that payers publish by provider, looked up for requests: what is asked, what is found, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from camcover.languages import language
from camcover.money import Cents
from camcover.rulebook.records import Setting
from camcover.store.prices import AskedPrice, PublishedPrice
from camcover.workflow.pricing import PricedPlan, price
from camcover.workflow.published_prices import with_published_prices
from small_rules import FEES, SHARE_PLAN, question, tables, typed

NPI, TIN = "1234567893", "12-3456789"
SOURCE = "Example Health, as of 2026-02-01: rates.json.gz (SHA-256 0123456789abcdef)"
ITEM: dict[str, Any] = question()["items"][0] | {"provider": NPI}
MEMBERS = [each | {"limit_usage": [{"limit": "visits"}]} for each in question()["members"]]
"""The one member, with no visit so far."""


class Listed:
    """Has the prices of some codes, and keeps what it was asked."""

    def __init__(self, prices: Mapping[str, int]) -> None:
        """Nothing is asked yet."""
        self.prices, self.asked = prices, list[AskedPrice]()

    def price(self, asked: AskedPrice) -> PublishedPrice | None:
        """The price of the code, whoever is asked about."""
        self.asked.append(asked)
        cents = self.prices.get(asked.code)
        return None if cents is None else PublishedPrice(Cents(cents), SOURCE)


def priced(source: Listed, *items: Mapping[str, Any], **others: Any) -> PricedPlan:
    """The answer to the question with these items."""
    asked = typed(question(items=list(items), members=MEMBERS, explain=True) | others)
    return price(tables(), with_published_prices(tables(), asked, source))


def asked_of(item: Mapping[str, Any], rules: Mapping[str, str] | None = None, **others: Any) -> list[AskedPrice]:
    """What the source is asked for an item."""
    source = Listed({})
    with_published_prices(tables(**(rules or {})), typed(question(items=[item]) | others), source)
    return source.asked


def codes(*codes: str | Mapping[str, Any]) -> dict[str, Any]:
    """The item with other codes."""
    listed = [{"code": each} if isinstance(each, str) else dict(each) for each in codes]
    return ITEM | {"procedures": [{"charge_cents": 8000} | each for each in listed]}


def test_the_price_is_what_the_plan_allows() -> None:
    """50.00 in place of the fee file's 48.00. First visit: 40.00 of the deductible + 20 % of 10.00; then 10.00 each."""
    answer = priced(Listed({"97810": 5000}), ITEM).estimate
    assert [line.patient_cents for line in answer.lines] == [4200, 1000, 1000]
    assert [line.allowed_cents for line in answer.lines] == [5000] * 3
    assert (answer.totals.plan_paid_cents, answer.totals.written_off_cents) == (8800, 9000)
    assert answer.range.low_cents == answer.range.high_cents == 6200


def test_the_estimate_cites_where_the_price_comes_from() -> None:
    """Once for the code, and in the first step of each line."""
    answer = priced(Listed({"97810": 5000}), ITEM | {"tax_number": TIN}).estimate
    cited = [each for each in answer.citations if each.title == SOURCE]
    assert [(each.place, each.url, each.rule) for each in cited] == [(f"97810, NPI {NPI}, TIN {TIN}", "", "")]
    for line in answer.lines:
        assert line.steps[0].text == "The charge is $80.00. The plan allows $50.00."
        assert (line.steps[0].citation, line.steps[0].rule) == (SOURCE, "")
        assert line.steps[1].citation == "Evidence of coverage, p.2"


def test_a_price_is_for_a_unit() -> None:
    """97811 costs 36.50 a unit, 73.00 for two; behind 50.00 of 97810 in a plan whose deductible is met."""
    member = {"id": "ana", "accumulators": [{"accumulator": "deductible", "used_cents": 10000}]}
    item = codes("97810", {"code": "97811", "units": 2}) | {"dates": ["2026-03-02"]}
    answer = priced(Listed({"97810": 5000, "97811": 3650}), item, members=[member]).estimate
    assert [(line.code, line.allowed_cents, line.patient_cents) for line in answer.lines] == [
        ("97810", 5000, 1000),
        ("97811", 7300, 1460),
    ]


def test_a_code_without_a_price_has_the_fee_of_its_plan_and_that_is_told() -> None:
    """97811 has 36.00 in the fee file."""
    item = codes("97810", "97811") | {"dates": ["2026-03-02"]}
    answer = priced(Listed({"97810": 5000}), item)
    assert [line.allowed_cents for line in answer.estimate.lines] == [5000, 3600]
    told = [each.text for each in answer.estimate.range.assumptions]
    expected = "Item 1: we do not have one price of this provider for 97811. "
    assert told[-1] == f"{expected}We use the amount that the plan usually allows."
    assert not any("97810" in each for each in told)
    assert "assumptions" in [each.id for each in answer.notices]
    assert [each.place for each in answer.estimate.citations if each.title == SOURCE] == [f"97810, NPI {NPI}"]
    assert answer.estimate.lines[1].steps[0].citation != SOURCE


def test_that_no_code_has_a_price_is_told_once() -> None:
    """Two codes of one visit and one of another provider, without a file of prices, and with one that lacks them."""
    items = [codes("97810", "97811"), codes("97810") | {"provider": "1003000126"}]
    expected = "We have no published prices of the providers who are named. We use the amounts that the plan usually"
    for source in (None, Listed({})):
        asked = with_published_prices(tables(), typed(question(items=items, members=MEMBERS)), source)
        told = price(tables(), asked).estimate.range.assumptions
        assert [each.text for each in told if each.id.startswith("assumed-no-pub")] == [f"{expected} allows."]


def test_an_item_without_a_code_has_no_price_and_that_is_told() -> None:
    item = {**ITEM, "procedures": [], "charge_cents": 8000}
    source = Listed({"97810": 5000})
    told = [each.text for each in priced(source, item).estimate.range.assumptions]
    expected = "Item 1: prices of providers are known for codes, and you gave no code. "
    assert told == [f"{expected}We use the amount that the plan usually allows."]
    assert source.asked == []


def test_a_tax_number_of_zeros_names_nobody_and_that_is_told() -> None:
    source = Listed({"97810": 5000})
    told = priced(source, codes("97810") | {"provider": "", "tax_number": "00-0000000"}).estimate.range.assumptions
    assert [each.id for each in told] == ["assumed-no-published-price"]
    assert source.asked == []


def test_without_a_source_nothing_is_looked_up_and_that_is_told() -> None:
    asked = typed(question(items=[ITEM], members=MEMBERS))
    assert with_published_prices(tables(), asked, None) == asked
    answer = price(tables(), asked).estimate
    assert answer.totals.patient_cents == 6080
    assert [each.id for each in answer.range.assumptions] == ["assumed-no-published-price"]


def test_a_request_without_providers_is_not_touched() -> None:
    source, asked = Listed({"97810": 5000}), typed(question(members=MEMBERS))
    assert with_published_prices(tables(), asked, source) is asked
    assert source.asked == []
    assert price(tables(), asked).estimate.range.assumptions == ()


def test_an_amount_that_the_request_gives_stands_and_its_source_is_cited() -> None:
    """45.00 from the caller's own letter. Of the item's own amount no source is given."""
    own = {"code": "97810", "allowed_cents": 4500, "allowed_source": "A letter of May"}
    source = Listed({"97810": 5000})
    answer = priced(source, codes(own), codes("97810") | {"allowed_cents": 4400, "dates": ["2026-04-01"]}).estimate
    assert [line.allowed_cents for line in answer.lines] == [4500, 4500, 4500, 4400]
    assert source.asked == []
    assert [each.title for each in answer.citations if each.place.startswith("97810")] == ["A letter of May"]
    assert answer.range.assumptions == ()


def test_an_uncovered_line_keeps_the_source_of_its_own_steps() -> None:
    """Massage is excluded, and costs its charge: no step says what is allowed."""
    item = ITEM | {"therapy": "massage", "procedures": [{"code": "97124", "charge_cents": 8000}]}
    answer = priced(Listed({"97124": 5000}), item).estimate
    assert [line.patient_cents for line in answer.lines] == [8000] * 3
    assert all(step.citation != SOURCE for line in answer.lines for step in line.steps)


def test_what_is_asked() -> None:
    """The day is the last of the item; the place of service and the modifiers say where and what is billed."""
    modified = codes({"code": "97810", "modifiers": ["AT", "GA"]}) | {"place_of_service": "12", "tax_number": TIN}
    expected = AskedPrice(
        fees="fees",
        tier="in_network",
        code="97810",
        npi=1234567893,
        tin=123456789,
        setting=Setting.HOME,
        modifiers=frozenset({"AT", "GA"}),
        day=date(2026, 3, 16),
    )
    assert asked_of(modified) == [expected]
    (plain,) = asked_of({**ITEM, "provider": "", "tax_number": TIN})
    assert (plain.npi, plain.tin, plain.setting, plain.modifiers) == (0, 123456789, Setting.OFFICE, frozenset())


@pytest.mark.parametrize(
    ("item", "others"),
    [
        (ITEM | {"tier": ""}, {}),
        (ITEM | {"allowed_cents": 4000}, {}),
        (codes({"code": "97810", "minutes": 30}), {}),
        (ITEM, {"plan_id": "no-such-plan"}),
        (ITEM | {"dates": ["2020-01-01"]}, {}),
        ({**ITEM, "provider": ""}, {}),
    ],
    ids=["no tier", "amount of the session", "minutes", "unknown plan", "before the plan", "no provider"],
)
def test_when_nothing_is_asked(item: dict[str, Any], others: dict[str, Any]) -> None:
    assert asked_of(item, **others) == []


def test_a_plan_of_another_fee_file_from_summer_on_has_no_price_across_the_change() -> None:
    """A price is of one fee file: on dates of both editions none is asked, on dates of one its own."""
    first = SHARE_PLAN.replace("to: 2026-12-31", "to: 2026-06-30")
    second = SHARE_PLAN.replace("from: 2026-01-01", "from: 2026-07-01").replace("fees: fees", "fees: other")
    rules = {"share": first, "second": second, "other": FEES.replace("id: fees", "id: other")}
    across = ITEM | {"dates": ["2026-06-29", "2026-07-06"]}
    assert asked_of(across, rules) == []
    assert [each.fees for each in asked_of(ITEM | {"dates": ["2026-07-06"]}, rules)] == ["other"]
    assert [each.fees for each in asked_of(ITEM | {"dates": ["2026-06-29"]}, rules)] == ["fees"]


def test_an_amount_beyond_what_a_request_may_give_is_no_price() -> None:
    """10,000,000.00 a unit is within bounds for one unit, and beyond them for two."""
    source, item = Listed({"97810": 1_000_000_000}), codes({"code": "97810", "units": 2})
    asked = with_published_prices(tables(), typed(question(items=[item])), source)
    assert asked.items[0].procedures[0].allowed_cents is None


def test_the_words_are_there_in_spanish() -> None:
    told = priced(Listed({}), ITEM).estimate.range.assumptions[-1]
    expected = "Atención 1: no tenemos un solo precio de este proveedor para 97810. "
    assert language("es").text(told) == f"{expected}Usamos la cantidad que el plan suele permitir."
