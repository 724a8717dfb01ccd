"""The cheapest ways to the same care: as worked out by hand, and as pricing every way finds them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings

from camcover.api.requests import estimate_request
from camcover.cli.compiling import compiled_rules
from camcover.engine import EstimateRequest, InvalidRequest, Tables, evaluate
from camcover.engine.asking.claim import as_far_as_known
from camcover.engine.evaluate import adjudicate_many
from camcover.gen.camcover.v1 import request_pb2
from camcover.rulebook.records import Setting
from camcover.workflow.care_choices import CareChange, MayChange, choices_of
from camcover.workflow.cheaper_ways import CheaperWays, cheaper_ways
from camcover.workflow.trades import cost_as_planned, cost_of, remarks_on, trades_of
from oracle.strategies import Scenario, scenarios
from oracle.test_agreement import read
from small_rules import SHARE_PLAN, question, tables, typed

ITEM = question()["items"][0]
NOTHING_USED = [{"accumulator": name, "used_cents": 0} for name in ("deductible", "oop_max")]
DOCS, RULES = (Path(__file__).parents[2] / name for name in ("docs", "rules"))
MOST_WAYS = 300
"""Ways of a drawn request, about, that are priced one by one."""

UNCHANGED = SHARE_PLAN.replace(", to: 2026-12-31", "")


@pytest.fixture(scope="module")
def rules() -> Tables:
    """The small rules, the plan without an end."""
    return tables(share=UNCHANGED)


def asked(*items: dict[str, Any], **others: Any) -> EstimateRequest:
    """A request for items of acupuncture; nothing is used so far."""
    member = {"id": "ana", "age": 40, "state": "WA", "accumulators": NOTHING_USED}
    return typed(question(items=[ITEM | each for each in items], members=[member], **others))


def by_price(found: CheaperWays) -> dict[CareChange, int]:
    return {each.kinds: each.patient_cents for each in found.ways}


def priced_one_by_one(rules: Tables, request: EstimateRequest, may: MayChange) -> dict[CareChange, int]:
    """What the search has to find, by brute force: every way is priced by itself."""
    first = min(day for item in request.items for day in item.dates)
    plain = as_far_as_known(request, rules.vocabulary)._replace(as_of=request.as_of or first)
    every = [choices_of(rules, plain, place, may) for place in range(len(plain.items))]
    least: dict[CareChange, int] = {}
    ways = list(product(*every))
    answers = adjudicate_many(rules, [plain._replace(items=tuple(each.item for each in way)) for way in ways])
    for way, answered in zip(ways, answers, strict=True):
        if isinstance(answered, InvalidRequest):
            continue
        kinds = CareChange.NONE
        for choice in way:
            kinds |= choice.kinds
        cents = answered.answer.patient_cents
        least[kinds] = min(cents, least.get(kinds, cents))
    return {
        kinds: cents
        for kinds, cents in least.items()
        if kinds and all(cents < other for fewer, other in least.items() if fewer != kinds and fewer & kinds == fewer)
    }


def test_another_network_costs_less_as_worked_out_by_hand(rules: Tables) -> None:
    """Charge 80.00. Out of network 75 % of 48.00 = 36.00 is allowed, and the other 44.00 is billed.

    Three visits out of network: 100.00 of the deductible + half of the other 8.00 = 104.00, and 3 x 44.00 = 132.00 are
    billed: 236.00. In network: 100.00 + 20 % of the other 44.00 = 108.80. So 127.20 less.
    """
    request = asked({"tier": "out_of_network"})
    found = cheaper_ways(rules, request, MayChange(tiers=("in_network", "out_of_network")))
    assert found.patient_cents == 23_600
    assert by_price(found) == {CareChange.TIER: 10_880}
    assert found.is_proven
    (way,) = found.ways
    assert [each.message.text for each in trades_of(way)] == [
        "acupuncture: 3 visits to a provider of another network (in network)"
    ]
    assert cost_of(found, way).text == "You would pay $108.80, which is $127.20 less."
    assert evaluate(rules, way.request).totals.patient_cents == 10_880
    assert remarks_on(found, request) == ()


def test_visits_move_across_the_turn_of_the_year_to_a_limit_that_is_not_used_up(rules: Tables) -> None:
    """Four visits a year are covered. Five in December: 100.00 + 20 % of 92.00 = 118.40, and the charge of the fifth.

    The fifth from 1 January on: its allowed 48.00 go to a new deductible. 166.40 in place of 198.40. The row of visits
    then begins on 4 December, 2 days later than planned. Had more visits moved, each would cost 48.00 up to the next
    100.00, in place of 9.60.
    """
    days = [f"2026-12-{day:02}" for day in (2, 9, 16, 23, 30)]
    request = asked({"dates": days}, as_of="2026-12-01")
    found = cheaper_ways(rules, request, MayChange(latest=date(2027, 2, 28)))
    assert found.patient_cents == 19_840
    assert by_price(found) == {CareChange.DATES: 16_640}
    (way,) = found.ways
    assert [str(day) for day in way.choices[0].item.dates] == [
        "2026-12-04",
        "2026-12-11",
        "2026-12-18",
        "2026-12-25",
        "2027-01-01",
    ]
    assert [each.message.text for each in trades_of(way)] == [
        "acupuncture: all visits 2 days later, the first on December 4, 2026"
    ]


def test_earlier_is_found_as_well_and_the_fewest_changes_and_shortest_move_win(rules: Tables) -> None:
    """A visit on 2 January, 2027, the deductible of 2026 met by another one: one day before the turn it costs 9.60.

    The first costs 100.00 + 20 % of 20.00 = 104.00, since its charge of 150.00 has an allowed amount of 120.00.
    """
    priced = {"procedures": [{"code": "97810", "charge_cents": 15_000, "allowed_cents": 12_000}]}
    request = asked(priced | {"dates": ["2026-12-01"]}, {"dates": ["2027-01-02"]}, as_of="2026-12-01")
    found = cheaper_ways(rules, request, MayChange(tiers=("out_of_network",), earliest=date(2026, 12, 1)))
    assert (found.patient_cents, by_price(found)) == (10_400 + 4_800, {CareChange.DATES: 10_400 + 960})
    (way,) = found.ways
    assert [str(day) for day in way.choices[1].item.dates] == ["2026-12-31"]
    assert [each.message.text for each in trades_of(way)] == [
        "acupuncture: all visits 2 days earlier, the first on December 31, 2026"
    ]
    assert [each.text for each in remarks_on(found, request)] == [
        "acupuncture: only other dates were tried. The price in your request holds for this provider."
    ]


def test_nothing_cheaper_is_said(rules: Tables) -> None:
    found = cheaper_ways(rules, asked({}), MayChange(tiers=("out_of_network",), settings=("home",)))
    assert found.ways == ()
    assert [each.text for each in remarks_on(found, asked({}))] == ["No cheaper way to the same care was found."]


def test_practitioner_and_setting_are_told(rules: Tables) -> None:
    """A massage therapist's acupuncture is not covered, nor is it at home: only both changes together help."""
    text = UNCHANGED.replace("practitioners: [acupuncturist]", "practitioners: [acupuncturist], settings: [office]")
    rules = tables(share=text)
    request = asked({"practitioner": "massage-therapist", "setting": "home", "facility": "north"})
    found = cheaper_ways(rules, request, MayChange(practitioners=("acupuncturist",), settings=("office",)))
    assert (found.patient_cents, by_price(found)) == (24_000, {CareChange.PRACTITIONER | CareChange.SETTING: 10_880})
    (way,) = found.ways
    assert [each.message.text for each in trades_of(way)] == [
        "acupuncture: 3 visits to another kind of practitioner (acupuncturist)",
        "acupuncture: 3 visits in another place (office)",
    ]
    assert way.choices[0].item.facility == ""


def test_choices_are_the_shortest_move_for_each_number_of_visits_before_the_turn(rules: Tables) -> None:
    """Visits on 10, 20, 30 December; at most until 20 January: 0 and 2, 12 and 22 days later; all after needs 22."""
    request = asked({"dates": ["2026-12-10", "2026-12-20", "2026-12-30"]}, as_of="2026-12-10")
    moves = [each.days for each in choices_of(rules, request, 0, MayChange(latest=date(2027, 1, 20)))]
    assert moves == [0, 2, 12]
    assert [each.days for each in choices_of(rules, request, 0, MayChange(latest=date(2027, 1, 21)))] == [0, 2, 12, 22]
    assert [each.days for each in choices_of(rules, request, 0, MayChange(earliest=date(2026, 1, 1)))] == [0]


def test_a_bound_that_is_reached_is_said_and_what_was_found_stands(rules: Tables) -> None:
    days = [[f"2026-12-{day:02}", f"2026-12-{day + 8:02}"] for day in (1, 2, 3)]
    request = asked(*({"tier": "out_of_network", "dates": each} for each in days), as_of="2026-12-01")
    may = MayChange(tiers=("in_network",), latest=date(2027, 3, 1))
    cut = cheaper_ways(rules, request, may, most_priced=6)
    assert (cut.priced, cut.is_proven) == (6, False)
    assert "The search stopped after 6 ways were priced. There may be cheaper ones." in [
        each.text for each in remarks_on(cut, request)
    ]
    whole = cheaper_ways(rules, request, may)
    assert whole.is_proven
    assert all(evaluate(rules, each.request).totals.patient_cents == each.patient_cents for each in cut.ways)
    assert by_price(whole) == priced_one_by_one(rules, request, may)
    assert min(by_price(whole).values()) <= min(by_price(cut).values())


def test_services_one_after_the_other_are_found_with_fewer_prices_than_there_are_ways(rules: Tables) -> None:
    """Four courses, one after the other, 81 ways: the first costs more elsewhere than the best way does in all."""
    items = [{"dates": [f"2026-{month:02}-02"]} for month in (2, 4, 6, 8)]
    request = asked(*items, as_of="2026-02-02")
    may = MayChange(tiers=("out_of_network",), settings=("home",))
    found = cheaper_ways(rules, request, may)
    ways = prod(len(choices_of(rules, request, place, may)) for place in range(4))
    assert ways == 4**4
    assert found.priced < ways
    assert by_price(found) == priced_one_by_one(rules, request, may) == {}


def test_the_documented_example_costs_what_the_page_says() -> None:
    """Twelve visits a year at 30.00, others at the charge of 120.00: 360 + 2 x 120 = 600; 14 x 30 = 420."""
    shipped = compiled_rules([RULES / "catalog", RULES / "payers" / "cascade-silver"])
    message = json_format.Parse((DOCS / "examples" / "december.json").read_text(), request_pb2.EstimatePlanRequest())
    found = cheaper_ways(shipped, estimate_request(message), MayChange(latest=date(2027, 3, 31)))
    (way,) = found.ways
    assert (found.patient_cents, way.patient_cents) == (60_000, 42_000)
    page = (DOCS / "optimizing.md").read_text(encoding="utf-8")
    for told in (cost_as_planned(found), cost_of(found, way), *(each.message for each in trades_of(way))):
        assert told.text in page


@given(scenarios())
@settings(max_examples=5)
def test_the_search_finds_what_pricing_every_way_finds(scenario: Scenario) -> None:
    """Under drawn rules of every construct, for drawn requests; where there are many ways, less may change."""
    rules, request = read(scenario)
    days = [day for item in request.items for day in item.dates]
    may = MayChange(
        tiers=tuple(rules.plans[request.plan_id].tiers),
        practitioners=tuple(rules.vocabulary.practitioners)[:1],
        settings=(str(Setting.TELEHEALTH),),
        earliest=min(days) - timedelta(days=20),
        latest=max(days) + timedelta(days=40),
    )
    first = as_far_as_known(request, rules.vocabulary)._replace(as_of=request.as_of or min(days))
    for fewer in (may, may._replace(settings=()), may._replace(settings=(), practitioners=()), MayChange(may.tiers)):
        may = fewer
        if prod(len(choices_of(rules, first, place, may)) for place in range(len(request.items))) <= MOST_WAYS:
            break
    found = cheaper_ways(rules, request, may)
    assert found.is_proven
    assert by_price(found) == priced_one_by_one(rules, request, may)
    assert all(evaluate(rules, each.request).totals.patient_cents == each.patient_cents for each in found.ways)


@pytest.mark.parametrize(
    ("may", "field", "said"),
    [
        (MayChange(tiers=("in_netwrk",)), "tiers[0]", "tier 'in_netwrk'"),
        (MayChange(practitioners=("acupuncturist", "x")), "practitioners[1]", "practitioner 'x'"),
        (MayChange(settings=("ofice",)), "settings[0]", "setting 'ofice'"),
        (MayChange(earliest=date(2026, 3, 1), latest=date(2026, 2, 1)), "latest", "2026-02-01"),
    ],
)
def test_what_may_change_and_does_not_exist_is_refused(rules: Tables, may: MayChange, field: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        cheaper_ways(rules, asked({}), may)
    assert [(each.field, each.found) for each in refused.value.violations] == [(field, said)]


def test_a_faulty_request_is_refused_as_it_is_elsewhere(rules: Tables) -> None:
    with pytest.raises(InvalidRequest, match="plan_id"):
        cheaper_ways(rules, asked({})._replace(plan_id="none"), MayChange(tiers=("in_network",)))
