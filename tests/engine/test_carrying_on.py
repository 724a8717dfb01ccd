"""Carrying on: a request split anywhere, its state carried over, changes no cent (docs/rule-language.md, point 42)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from google.protobuf import json_format

from camcover.api.estimates import estimate_message
from camcover.api.requests import estimate_request
from camcover.calendar import ordinal_of
from camcover.engine import InvalidRequest, Tables, compile_rules
from camcover.gen.camcover.v1 import estimate_pb2, request_pb2
from camcover.rulebook import load_texts
from camcover.workflow.pricing import price
from oracle.dice import Dice
from oracle.drawn import assume, drawn
from oracle.random_request import session_dates
from oracle.scenarios import Scenario, draw_scenario
from small_rules import SHARE_PLAN, question, tables

Json = dict[str, Any]

LISTS = ("accumulators", "limit_usage", "benefit_visits", "prior_visits", "fee_usage", "code_usage")
USE = (*LISTS, *(f"secondary_{name}" for name in LISTS), "account_balances")


def answer(rules: Tables, asked: Json) -> estimate_pb2.Estimate:
    """The message that answers a request's fields. Raises `InvalidRequest`."""
    request = estimate_request(json_format.ParseDict(asked, request_pb2.EstimatePlanRequest()))
    return estimate_message(price(rules, request), "")


def in_sessions(asked: Json) -> list[Json]:
    """The sessions of a request, each an item of its own, in order of adjudication."""
    dated = [(day, item) for item in asked["items"] for day in sorted(session_dates(item))]
    dated.sort(key=lambda each: each[0])
    return [
        {key: value for key, value in item.items() if key not in {"dates", "start_date", "sessions", "every_days"}}
        | {"dates": [day.isoformat()]}
        for day, item in dated
    ]


def carried_on(asked: Json, items: list[Json], found: estimate_pb2.Estimate) -> Json:
    """The request for `items` that states what `found` says was used."""
    after = json_format.MessageToDict(found.use_after, preserving_proto_field_name=True)
    facts = {member["id"]: member for member in asked["members"]}
    members = [
        {key: value for key, value in facts[member["id"]].items() if key not in USE} | member
        for member in after["members"]
    ]
    stated = {key: value for key, value in after.items() if key != "members"}
    family = {"family_accumulators", "secondary_family_accumulators", "family_account_balances"}
    return (
        {key: value for key, value in asked.items() if key not in family}
        | stated
        | {
            "members": members,
            "items": items,
        }
    )


def cents(found: estimate_pb2.Estimate) -> list[tuple[int, ...]]:
    """What each line costs, and who pays it."""
    return [
        (
            line.plan_paid_cents,
            line.secondary_paid_cents,
            line.patient_cents,
            line.account_paid_cents,
            line.written_off_cents,
            line.deductible_cents,
            line.reason,
        )
        for line in found.lines
    ]


def split_in_two(rules: Tables, asked: Json, place: int) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The lines' cents of one request for all sessions, and of two requests with the state carried over."""
    items = in_sessions(asked)
    whole = answer(rules, asked | {"items": items})
    first = answer(rules, asked | {"items": items[:place]})
    # Codes that wait may stand in another order than the sessions (sessions of one day are then judged as one).
    order = [line.item_index for line in whole.lines]
    if order != sorted(order):
        return [], []
    rest = answer(rules, carried_on(asked, items[place:], first))
    return cents(whole), cents(first) + cents(rest)


def has_terms(rules: Tables, asked: Json, first: int, end: int) -> bool:
    """Whether the plan has terms for some of the sessions [first, end)."""
    plan, in_force_only = rules.plans[asked["plan_id"]], asked.get("terms") == "TERMS_IN_FORCE_ONLY"
    days = [ordinal_of(date.fromisoformat(item["dates"][0])) for item in in_sessions(asked)[first:end]]
    return any(plan.terms_on(day, in_force_only=in_force_only) for day in days)


def is_reduced_within(scenario: Scenario, place: int) -> bool:
    """Whether a split at a place lies within a day whose units may be reduced together (point 47)."""
    before, after = in_sessions(scenario.request)[place - 1 : place + 1]
    tables = (table for each in scenario.parsed if each["kind"] == "fees" for table in each["tiers"].values())
    return before["dates"] == after["dates"] and any("practice_expense" in table for table in tables)


@drawn(lambda dice: (draw_scenario(dice), dice))
def test_a_split_request_costs_the_same(example: tuple[Scenario, Dice]) -> None:
    """Split at a drawn place. A part none of whose dates has terms is refused on its own (point 37): not drawn."""
    scenario, dice = example
    loaded = load_texts(scenario.documents)
    assert loaded.rules is not None
    rules, asked = compile_rules(loaded.rules), scenario.request
    count = len(in_sessions(asked))
    assume(count > 1)
    place = dice.number(1, count - 1)
    assume(not is_reduced_within(scenario, place))
    assume(not any("minutes" in each for item in asked["items"] for each in item.get("procedures", [])))
    assume(has_terms(rules, asked, 0, place) and has_terms(rules, asked, place, count))
    whole, parts = split_in_two(rules, asked, place)
    assert parts == whole


def test_the_state_equals_what_the_lines_left() -> None:
    """Three visits at 48.00: deductible 60 + 40 = 100; maximum 60 + 41.60 + 2 x 9.60 = 120.80; three of four visits."""
    found = answer(tables(), question())
    after = json_format.MessageToDict(found.use_after, preserving_proto_field_name=True)
    assert after["as_of"] == "2026-03-16"
    (member,) = after["members"]
    assert member["accumulators"] == [
        {"accumulator": "deductible", "used_cents": "10000"},
        {"accumulator": "oop_max", "used_cents": "12080"},
    ]
    assert member["limit_usage"] == [{"limit": "visits", "used": "3"}]
    assert member["benefit_visits"] == [{"benefit": "needles", "visits": 3}]
    assert member["prior_visits"] == [
        {"benefit": "needles", "date": "2026-03-16", "units": 1, "plan_paid_cents": "3840"}
    ]


def test_a_visit_goes_on_in_the_next_request() -> None:
    """A copay of 20.00 a visit: the second line of the visit, asked in a request of its own, pays none."""
    share = SHARE_PLAN.replace("[deductible, {coinsurance: 20%}]", "[{copay: $20 per visit}]")
    assert share != SHARE_PLAN
    line = question()["items"][0] | {"dates": ["2026-03-02"]}
    asked = question(items=[line, line | {"procedures": [{"code": "97811", "charge_cents": 6_000}]}])
    whole, parts = split_in_two(tables(share=share), asked, 1)
    assert parts == whole
    assert [patient for _, _, patient, *_ in parts] == [2_000, 0]


def test_a_visit_of_two_entries_goes_on_as_it_is_counted() -> None:
    """One entry says that the plan paid nothing: a limit of what it paid for has not counted the visit, nor later."""
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: rolling 30 days, counts: plan_paid")
    share = share.replace("[deductible, {coinsurance: 20%}]", "[{copay: $48 per line}]")
    line = question()["items"][0] | {"dates": ["2026-03-02"]}
    entry = {"benefit": "needles", "date": "2026-03-02"}
    member = question()["members"][0] | {"prior_visits": [entry, entry | {"plan_paid_cents": 0}]}
    asked = question(items=[line, line | {"dates": ["2026-03-09"]}], members=[member])
    whole, parts = split_in_two(tables(share=share), asked, 1)
    assert parts == whole
    assert [patient for _, _, patient, *_ in parts] == [4_800, 4_800]


@pytest.mark.parametrize("per", ["week", "rolling 7 days", "7 days from first_visit", "7 days from episode"])
def test_a_limit_goes_on_before_as_of(per: str) -> None:
    """Two visits a week: that of 4 March is not covered and costs its charge, though the state is as of 13 March."""
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", f"2 visits, per: {per}")
    item = question()["items"][0] | {"dates": ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-16"]}
    asked = question(items=[item], as_of="2026-03-13")
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 960, 8_000, 960]


def test_an_account_goes_on_before_as_of() -> None:
    """50.00 a week: 41.60 of the visit of 2 March, 8.40 of 9.60 two days later; 3.00 are stated for the third week."""
    account = "accounts:\n  card: {individual: $50, per: week, pays: [deductible, coinsurance]}\nbenefits:\n"
    item = question()["items"][0] | {"dates": ["2026-03-02", "2026-03-04", "2026-03-16"]}
    member = question()["members"][0] | {"account_balances": [{"account": "card", "balance_cents": 300}]}
    asked = question(items=[item], members=[member], as_of="2026-03-17")
    for place in (1, 2):
        whole, parts = split_in_two(tables(share=SHARE_PLAN.replace("benefits:\n", account)), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [0, 120, 660]


def test_a_visit_goes_on_under_the_episode_of_its_first_line() -> None:
    """The visit of 2 March is one of the episode without a name, though its second line is for the back.

    The back has its own visit on 9 March: 20 % of 48.00.
    """
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: episode")
    line = question()["items"][0] | {"dates": ["2026-03-02"]}
    back = line | {"episode": "back"}
    asked = question(items=[line, back, back | {"dates": ["2026-03-09"]}, line | {"dates": ["2026-03-16"]}])
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 960, 960, 8_000]


def test_a_visit_that_a_limit_per_condition_leaves_out_goes_on_uncounted() -> None:
    """Rehabilitation is attested, so the limit counts no visit: its state is 0 beside the dated visit of the last day.

    The deductible of 100.00 has 60.00 used: 40.00 + 20 % of 8.00 = 41.60, then 20 % of 48.00 = 9.60 each.
    """
    share = SHARE_PLAN.replace("per: calendar_year", "per: condition, except: {attested: [rehabilitation]}")
    item = question()["items"][0] | {"attestations": ["rehabilitation"]}
    whole, parts = split_in_two(tables(share=share), question(items=[item]), 1)
    assert parts == whole
    assert [patient for _, _, patient, *_ in parts] == [4_160, 960, 960]


def test_a_visit_goes_on_under_its_condition_beside_a_limit_that_leaves_it_out() -> None:
    """One limit leaves out the attested visit, the other counts it for the back: 1 of 2 visits.

    The request states that none is used for no condition in particular, and the state says so again. 40.00 of the
    deductible are left: 40.00 + 20 % of 8.00 = 41.60. 20 % of 48.00 are 9.60. The third visit costs the charge.
    """
    both = "[{id: visits, allow: 2 visits, per: condition}, {id: other, allow: 4 visits, per: calendar_year, EXCEPT}]"
    both = both.replace("EXCEPT", "for: condition, except: {attested: [rehabilitation]}")
    share = SHARE_PLAN.replace("[{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]", both)
    item = question()["items"][0] | {"attestations": ["rehabilitation"]}
    unused = [{"limit": "visits", "used": 0}]
    member = question()["members"][0] | {"limit_usage": unused}
    for place in (1, 2):
        whole, parts = split_in_two(tables(share=share), question(items=[item], members=[member]), place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 960, 8_000]


def test_a_visit_of_which_the_plan_pays_nothing_goes_on_under_its_condition() -> None:
    """48.00 of the deductible are left, so the plan pays nothing of the first visit, and one limit does not count it.

    The other limit counts it for the back: 1 of 2 units. The request states that none is used for no condition in
    particular. 20 % of 48.00 are 9.60 for the second visit, and the third costs the charge.
    """
    both = "[{id: visits, allow: 2 units, per: condition}, {id: paid, allow: 4 visits, per: condition, COUNTS}]"
    share = SHARE_PLAN.replace(
        "[{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]",
        both.replace("COUNTS", "counts: plan_paid"),
    )
    used = [{"accumulator": name, "used_cents": 5_200} for name in ("deductible", "oop_max")]
    unused = [{"limit": "visits", "used": 0}]
    member = question()["members"][0] | {"accumulators": used, "limit_usage": unused}
    for place in (1, 2):
        whole, parts = split_in_two(tables(share=share), question(members=[member]), place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_800, 960, 8_000]


def test_a_visit_goes_on_under_the_condition_of_its_first_line() -> None:
    """The visit of 2 March is counted for the headache. Its second line, for the back, does not count it again.

    The back has its own visit on 9 March: 20 % of 48.00. That of the headache is used up on 16 March.
    """
    share = SHARE_PLAN.replace("[back-pain]", "[back-pain, headache]")
    share = share.replace("4 visits, per: calendar_year", "1 visit, per: condition")
    back = question()["items"][0] | {"dates": ["2026-03-02"]}
    head = back | {"diagnoses": ["G44.2"]}
    asked = question(items=[head, back, back | {"dates": ["2026-03-09"]}, head | {"dates": ["2026-03-16"]}])
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 960, 960, 8_000]


def test_a_visit_goes_on_under_the_episode_for_which_the_plan_paid() -> None:
    """48.00 of the deductible are left, so the plan pays nothing of the first line. The visit counts for the back.

    The episode without a name has its visit on 9 March. That of the back is used up on 16 March.
    """
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: episode, counts: plan_paid")
    line = question()["items"][0] | {"dates": ["2026-03-02"]}
    back = line | {"episode": "back"}
    used = [{"accumulator": name, "used_cents": 5_200} for name in ("deductible", "oop_max")]
    member = question()["members"][0] | {"accumulators": used}
    items = [line, back, line | {"dates": ["2026-03-09"]}, back | {"dates": ["2026-03-16"]}]
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), question(items=items, members=[member]), place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_800, 960, 960, 8_000]


def test_visits_of_two_benefits_go_on_under_the_condition_of_each() -> None:
    """One limit of two visits for each condition: the needles' is for the back, those of reiki for the headache.

    Reiki is allowed 80 % of 50.00, of which 20 % are 8.00. On 16 March its visits are used up.
    """
    share = SHARE_PLAN.replace("[back-pain]", "[back-pain, headache]").replace(
        "limits: [{id: visits, allow: 4 visits, per: calendar_year, cite: eoc p.3}]", "limits: [pool]"
    )
    reiki = (
        "limits:\n  pool: {allow: 2 visits, per: condition}\nbenefits:\n  energy:\n    therapies: [reiki]\n"
        "    when: {conditions: [headache, back-pain]}\n    limits: [pool]\n"
        "    in_network: {member_pays: [{coinsurance: 20%}]}\n"
    )
    needles = question()["items"][0] | {"dates": ["2026-03-02"], "diagnoses": ["M54.50", "G44.2"]}
    energy = {"therapy": "reiki", "charge_cents": 5_000, "tier": "in_network", "diagnoses": ["G44.2"]}
    asked = question(items=[needles, energy | {"dates": ["2026-03-02", "2026-03-09", "2026-03-16"]}])
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share.replace("benefits:\n", reiki)), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 800, 800, 5_000]


def test_a_day_of_a_rolling_limit_beyond_what_can_be_stated_goes_on() -> None:
    """11 lines of 1,000 units, of which 1 is allowed: a request states 10,000 of them. Nothing is left on 9 March.

    A day beyond the allowance is attested, so the limit lets every line through, and counts it.
    """
    soft = "1 unit, per: rolling 30 days, beyond: improvement_documented"
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", soft)
    line = question()["items"][0] | {"procedures": [{"code": "97810", "charge_cents": 8_000, "units": 1_000}]}
    day = line | {"dates": ["2026-03-02"], "attestations": ["improvement_documented"]}
    asked = question(items=[*[day] * 11, line | {"dates": ["2026-03-09"]}], requirements="REQUIREMENTS_AS_ATTESTED")
    whole, parts = split_in_two(tables(share=share), asked, 11)
    assert parts == whole
    assert parts[11][2] == 8_000


def test_use_on_a_day_of_an_episode_that_begins_later_goes_on() -> None:
    """What is stated of 2 March lies before the unnamed episode, which begins on 16 March and has a visit of its own.

    One visit in two months of an episode. The knee's cost 41.60 and 80.00, the unnamed episode's 9.60 and 80.00.
    """
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: 2 months from episode")
    line = question()["items"][0]
    knee = line | {"episode": "knee", "dates": ["2026-03-02", "2026-03-09"]}
    member = question()["members"][0] | {"limit_usage": [{"limit": "visits", "used": 1, "date": "2026-03-02"}]}
    none = line | {"dates": ["2026-03-16", "2026-03-23"]}
    asked = question(items=[knee, none], members=[member], as_of="2026-03-30")
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 8_000, 960, 8_000]


def test_a_visits_own_limit_goes_on_before_as_of() -> None:
    """$60.00 a visit: the first of two lines of 9 March uses 48.00, the second 12.00 and leaves 36.00 of its 48.00.

    40.00 of the deductible and 20 % of 8.00; then 20 % of 12.00, and 36.00. As of 30 March no visit is going on.
    """
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "$60, per: visit, counts: allowed")
    line = question()["items"][0] | {"dates": ["2026-03-09"]}
    asked = question(items=[line, line], as_of="2026-03-30")
    whole, parts = split_in_two(tables(share=share), asked, 1)
    assert parts == whole
    assert [patient for _, _, patient, *_ in parts] == [4_160, 3_840]


RAISED = (
    SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: lifetime").replace(
        "to: 2026-12-31", "to: 2026-06-30"
    ),
    SHARE_PLAN.replace("4 visits, per: calendar_year", "3 visits, per: lifetime").replace(
        "from: 2026-01-01", "from: 2026-07-01"
    ),
)
"""One visit in a lifetime; three from July on."""


def raised() -> Tables:
    """The rules whose second edition allows more visits of a lifetime."""
    return tables(share=RAISED[0], later=RAISED[1])


def test_use_beyond_an_edition_goes_on_under_one_that_allows_more() -> None:
    """Two visits lie before. March: one is allowed, 80.00. July: a third is, 40.00 + 20 % of 8.00; a fourth is not."""
    before = [{"benefit": "needles", "date": "2026-01-05"}, {"benefit": "needles", "date": "2026-02-02"}]
    member = question()["members"][0] | {"prior_visits": before}
    line = question()["items"][0]
    asked = question(members=[member], items=[line | {"dates": ["2026-03-02", "2026-07-06", "2026-07-13"]}])
    for place in (1, 2):
        whole, parts = split_in_two(raised(), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [8_000, 4_160, 8_000]


def test_as_much_may_be_stated_as_any_edition_allows() -> None:
    """As of March, where one visit of a lifetime is allowed: three, as from July on; not four."""
    line = question()["items"][0] | {"dates": ["2026-03-02", "2026-07-06"]}

    def asked(used: int) -> Json:
        member = question()["members"][0] | {"limit_usage": [{"limit": "visits", "used": used}]}
        return question(members=[member], items=[line])

    for used, july in ((1, 4_160), (2, 4_160), (3, 8_000)):
        assert [each.patient_cents for each in answer(raised(), asked(used)).lines] == [8_000, july]
    with pytest.raises(InvalidRequest) as refused:
        answer(raised(), asked(4))
    (violation,) = refused.value.violations
    assert (violation.field, violation.expected) == ("members[0].limit_usage[0].used", "0 to 3")


def test_the_range_takes_in_as_much_use_as_any_edition_allows() -> None:
    """Nothing is stated of the limit: none may be used, 41.60 + 9.60; or all three, 80.00 each."""
    line = question()["items"][0] | {"dates": ["2026-07-06", "2026-07-13"]}
    found = answer(raised(), question(items=[line]))
    assert (found.range.low_cents, found.range.high_cents) == (5_120, 16_000)


@pytest.mark.parametrize(
    ("as_of", "back_begins", "back_again"), [("03-02", "03-09", "03-16"), ("05-30", "06-02", "06-09")]
)
def test_a_count_of_an_episode_that_has_not_begun_goes_on(as_of: str, back_begins: str, back_again: str) -> None:
    """One visit in each two months of an episode. That stated for the back lies before its claim, and counts nowhere.

    The two visits of the other episode cost 40.00 of the deductible and 20 % of 8.00, and 80.00 that are not covered;
    those of the back 20 % of 48.00, and 80.00.
    """
    share = SHARE_PLAN.replace("4 visits, per: calendar_year", "1 visit, per: 2 months from episode")
    line = question()["items"][0]
    back = line | {"episode": "back", "dates": [f"2026-{back_begins}", f"2026-{back_again}"]}
    stated = {"limit": "visits", "used": 1, "episode": "back"}
    member = question()["members"][0] | {"limit_usage": [stated]}
    asked = question(
        items=[line | {"dates": ["2026-03-02", "2026-03-09"]}, back], members=[member], as_of=f"2026-{as_of}"
    )
    for place in (1, 2, 3):
        whole, parts = split_in_two(tables(share=share), asked, place)
        assert parts == whole
        assert [patient for _, _, patient, *_ in parts] == [4_160, 8_000, 960, 8_000]
