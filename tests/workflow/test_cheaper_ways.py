"""The cheapest ways to the same care: as worked out by hand, and as pricing every way finds them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.cli.compiling import compiled_rules
from camcover.engine import Estimate, EstimateRequest, InvalidRequest, Tables, evaluate, evaluate_many
from camcover.engine.asking.claim import as_far_as_known
from camcover.gen.camcover.v1 import request_pb2
from camcover.money import Cents
from camcover.rulebook.records import Setting
from camcover.workflow import care_choices
from camcover.workflow.care_choices import CareChange, MayChange, SelfPayPrice, ServiceChoice, choices_of
from camcover.workflow.cheaper_ways import CheaperWay, CheaperWays, WaySearch, cheaper_ways
from camcover.workflow.trades import cost_as_planned, cost_of, remarks_on, trades_of
from oracle.drawn import assume, drawn
from oracle.scenarios import Scenario, draw_scenario
from oracle.test_agreement import read
from small_rules import SHARE_PLAN, question, tables, typed

ITEM = question()["items"][0]
NOTHING_USED = [{"accumulator": name, "used_cents": 0} for name in ("deductible", "oop_max")]
DOCS, RULES = (Path(__file__).parents[2] / name for name in ("docs", "rules"))
MOST_WAYS = 150
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
    answers = evaluate_many(rules, [plain._replace(items=tuple(each.item for each in way)) for way in ways])
    for way, answered in zip(ways, answers, strict=True):
        if isinstance(answered, InvalidRequest):
            continue
        kinds = CareChange.NONE
        for choice in way:
            kinds |= choice.kinds
        cents = paying_oneself(rules, plain, way, answered)
        least[kinds] = min(cents, least.get(kinds, cents))
    return {
        kinds: cents
        for kinds, cents in least.items()
        if kinds and all(cents < other for fewer, other in least.items() if fewer != kinds and fewer & kinds == fewer)
    }


def paying_oneself(rules: Tables, request: EstimateRequest, way: tuple[ServiceChoice, ...], answer: Estimate) -> int:
    """A way's cents: visits with no covered line leave the plan if they cost more there than without it."""
    items, paid = [], 0
    for place, choice in enumerate(way):
        kept = []
        for day in choice.item.dates:
            lines = [line for line in answer.lines if (line.item_index, line.date) == (place, day)]
            owed, is_covered = sum(line.not_covered_cents for line in lines), any(line.covered for line in lines)
            if choice.self_pay_cents is None or is_covered or owed <= choice.self_pay_cents:
                kept.append(day)
            else:
                paid += choice.self_pay_cents
        items += [choice.item._replace(dates=tuple(kept))] if kept else []
    if not items:
        return paid
    return (
        paid + evaluate(rules, request._replace(items=tuple(items))).totals.patient_cents
        if paid
        else (answer.totals.patient_cents)
    )


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
    assert asked_again(rules, way) == 10_880
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


def asked_again(rules: Tables, way: CheaperWay) -> int:
    """What the plan's part of a way and its self-paid visits come to, cents."""
    plan = 0 if way.request is None else evaluate(rules, way.request).totals.patient_cents
    return plan + sum(way.choices[item].self_pay_cents or 0 for item, _ in way.paid_oneself)


def test_visits_that_are_not_covered_are_paid_without_the_plan(rules: Tables) -> None:
    """Four visits a year are covered: 100.00 + 20 % of 92.00 = 118.40. The fifth and the sixth are charged 80.00 each.

    At a self-pay price of 65.00 they are 15.00 less each.
    """
    days = [f"2026-03-{day:02}" for day in (2, 9, 16, 23, 30)] + ["2026-04-06"]
    request = asked({"dates": days})
    found = cheaper_ways(rules, request, MayChange(self_pay=(SelfPayPrice(0, Cents(6_500)),)))
    assert found.patient_cents == 11_840 + 2 * 8_000
    assert by_price(found) == {CareChange.SELF_PAY: 11_840 + 2 * 6_500}
    (way,) = found.ways
    assert way.paid_oneself == ((0, date(2026, 3, 30)), (0, date(2026, 4, 6)))
    assert [each.message.text for each in trades_of(way)] == [
        "acupuncture: 2 visits that the plan does not cover, paid without the plan at $65.00 each"
    ]
    assert asked_again(rules, way) == way.patient_cents
    assert cheaper_ways(rules, request, MayChange(self_pay=(SelfPayPrice(0, Cents(8_000)),))).ways == ()


def test_care_that_is_not_covered_at_all_leaves_nothing_to_ask(rules: Tables) -> None:
    """Massage is excluded: its charge of 90.00. Elsewhere the self-pay price is not to be had."""
    request = asked(
        {"therapy": "massage", "practitioner": "", "dates": ["2026-03-02"], "procedures": [], "charge_cents": 9_000}
    )
    may = MayChange(tiers=("out_of_network",), self_pay=(SelfPayPrice(0, Cents(7_000)),))
    found = cheaper_ways(rules, request, may)
    (way,) = found.ways
    assert (way.patient_cents, way.kinds, way.request) == (7_000, CareChange.SELF_PAY, None)
    assert by_price(found) == priced_one_by_one(rules, request, may)


def test_the_order_of_two_services_counts_under_a_limit() -> None:
    """One visit a year is covered. Acupuncture is charged 120.00 and has 48.00 allowed, massage is charged 60.00.

    Massage first: its 60.00 go to the deductible, and acupuncture is 120.00: 180.00. The other way around 48.00 and
    60.00 = 108.00. Both on one day are one visit: 100.00 + 20 % of the other 8.00 = 101.60.
    """
    text = UNCHANGED.replace("allow: 4 visits", "allow: 1 visit").replace("[acupuncture]", "[acupuncture, massage]")
    text = text.replace(", practitioners: [acupuncturist]", "").replace(
        "  - {therapies: [massage]", "  - {therapies: [reiki]"
    )
    rules = tables(share=text)
    needles = {"dates": ["2026-03-10"], "procedures": [{"code": "97810", "charge_cents": 12_000}]}
    hands = {"therapy": "massage", "practitioner": "", "dates": ["2026-03-02"], "procedures": [], "charge_cents": 6_000}
    request = asked(needles, hands, as_of="2026-03-01")
    latest = date(2026, 3, 31)
    assert cheaper_ways(rules, request, MayChange(latest=latest)).ways == ()
    found = cheaper_ways(rules, request, MayChange(latest=latest, order=True))
    assert found.patient_cents == 18_000
    (way,) = found.ways
    assert (way.patient_cents, way.kinds) == (10_160, CareChange.DATES)
    assert by_price(found) == priced_one_by_one(rules, request, MayChange(latest=latest, order=True))


def test_only_those_who_offer_a_therapy_are_tried(rules: Tables) -> None:
    """By the catalog acupuncturists offer acupuncture; for massage it names nobody, so that anybody may."""
    may = MayChange(practitioners=("acupuncturist", "massage-therapist"))
    hands = {"therapy": "massage", "practitioner": "acupuncturist", "procedures": []}
    request = asked({}, hands, as_of="2026-03-02")
    tried = [{each.item.practitioner for each in choices_of(rules, request, place, may)} for place in range(2)]
    assert tried == [{"acupuncturist"}, {"acupuncturist", "massage-therapist"}]


def test_an_order_is_where_another_service_begins_or_just_beside_it(rules: Tables) -> None:
    """10 and 20 March beside 2 to 5 March: 8 days earlier; just behind, 4 earlier; just before, 19 earlier."""
    request = asked(
        {"dates": ["2026-03-10", "2026-03-20"]}, {"dates": ["2026-03-02", "2026-03-05"]}, as_of="2026-02-01"
    )
    may = MayChange(earliest=date(2026, 2, 1), order=True)
    assert [each.days for each in choices_of(rules, request, 0, may)] == [0, -4, -8, -19]
    assert [each.days for each in choices_of(rules, request, 0, may._replace(earliest=date(2026, 3, 1)))] == [0, -4, -8]


def test_a_search_goes_step_by_step(rules: Tables) -> None:
    """Each step prices what it may at once; the answer is the same as of one step."""
    request = asked({"tier": "out_of_network"}, {"tier": "out_of_network", "dates": ["2026-06-01"]})
    may = MayChange(tiers=("in_network",), settings=("home",))
    present = Cents(evaluate(rules, request).totals.patient_cents)
    search = WaySearch(rules, request, present, may, at_once=2)
    priced, steps = 1, 0
    while search.advance():
        steps += 1
        assert priced + 2 <= search.found().priced < priced + 4
        priced = search.found().priced
    assert steps > 2
    assert search.found() == cheaper_ways(rules, request, may)
    assert not search.advance()


def test_more_choices_than_can_be_held_are_refused(rules: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    may = MayChange(tiers=("out_of_network",), settings=("home",))
    monkeypatch.setattr(care_choices, "MOST_CHOICES", 3)
    with pytest.raises(InvalidRequest, match=r"4 choices .* expected at most 3 choices"):
        cheaper_ways(rules, asked({}), may)


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
    assert all(asked_again(rules, each) == each.patient_cents for each in cut.ways)
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


def test_turns_are_found_over_days_without_an_edition() -> None:
    """No terms hold in May; from June on an edition with other benefit periods covers the second visit."""
    late = UNCHANGED.replace("from: 2026-01-01", "from: 2026-06-01").replace(
        "calendar_year\nfees", "{starts: 04-01}\nfees"
    )
    plan = tables(share=SHARE_PLAN.replace("to: 2026-12-31", "to: 2026-04-30"), late=late)
    request = asked({"dates": ["2026-04-28"]}, {"dates": ["2026-05-20"]}, as_of="2026-04-27")
    may = MayChange(latest=date(2026, 7, 1))
    found = cheaper_ways(plan, request, may)
    assert by_price(found) == priced_one_by_one(plan, request, may)
    (way,) = found.ways
    assert way.request is not None
    assert way.request.items[1].dates == (date(2026, 6, 1),)


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


def number_of_ways(rules: Tables, request: EstimateRequest, may: MayChange) -> int:
    return prod(len(choices_of(rules, request, place, may)) for place in range(len(request.items)))


@drawn(draw_scenario, examples=5)
def test_the_search_finds_what_pricing_every_way_finds(scenario: Scenario) -> None:
    """Under drawn rules of every construct, for drawn requests; where there are many ways, less may change."""
    rules, request = read(scenario)
    request = request._replace(items=request.items[:3])
    assume(not isinstance(evaluate_many(rules, [request])[0], InvalidRequest))
    days = [day for item in request.items for day in item.dates]
    may = MayChange(
        tiers=tuple(rules.plans[request.plan_id].tiers),
        practitioners=tuple(rules.vocabulary.practitioners)[:1],
        settings=(str(Setting.TELEHEALTH),),
        earliest=min(days) - timedelta(days=20),
        latest=max(days) + timedelta(days=40),
        order=True,
        self_pay=(SelfPayPrice(0, Cents(2_000)),),
    )
    first = as_far_as_known(request, rules.vocabulary)._replace(as_of=request.as_of or min(days))
    fewest = may._replace(settings=(), practitioners=())
    less = (may, may._replace(settings=()), fewest, fewest._replace(order=False), MayChange(may.tiers))
    fitting = [each for each in less if number_of_ways(rules, first, each) <= MOST_WAYS]
    assume(bool(fitting))
    may = fitting[0]
    found = cheaper_ways(rules, request, may)
    assert found.is_proven
    assert by_price(found) == priced_one_by_one(rules, request, may)
    assert all(asked_again(rules, each) == each.patient_cents for each in found.ways)


@pytest.mark.parametrize(
    ("may", "field", "said"),
    [
        (MayChange(tiers=("in_netwrk",)), "tiers[0]", "tier 'in_netwrk'"),
        (MayChange(practitioners=("acupuncturist", "x")), "practitioners[1]", "practitioner 'x'"),
        (MayChange(settings=("ofice",)), "settings[0]", "setting 'ofice'"),
        (MayChange(earliest=date(2026, 3, 1), latest=date(2026, 2, 1)), "latest", "2026-02-01"),
        (MayChange(self_pay=(SelfPayPrice(1, Cents(1)),)), "self_pay[0].item_index", "1"),
        (MayChange(self_pay=(SelfPayPrice(0, Cents(1)),) * 2), "self_pay[1].item_index", "'0' a second time"),
        (MayChange(self_pay=(SelfPayPrice(0, Cents(-1)),)), "self_pay[0].price_cents", "-1"),
    ],
)
def test_what_may_change_and_does_not_exist_is_refused(rules: Tables, may: MayChange, field: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        cheaper_ways(rules, asked({}), may)
    assert [(each.field, each.found) for each in refused.value.violations] == [(field, said)]


def test_a_faulty_request_is_refused_as_it_is_elsewhere(rules: Tables) -> None:
    with pytest.raises(InvalidRequest, match="plan_id"):
        cheaper_ways(rules, asked({})._replace(plan_id="none"), MayChange(tiers=("in_network",)))
