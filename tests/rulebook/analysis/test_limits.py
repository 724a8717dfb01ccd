"""Limits that never bite: by hand on small rules; on drawn rules no request makes the engine name one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from google.protobuf import json_format
from hypothesis import settings

from camcover.api.requests import estimate_request
from camcover.engine import EstimateRequest, InvalidRequest, Tables, compile_rules, evaluate_many
from camcover.engine.request import LimitUse, Procedure, UseSoFar
from camcover.gen.camcover.v1 import request_pb2
from camcover.money import Cents
from camcover.rulebook import RuleSet
from camcover.rulebook.analysis.decisions import Decided
from camcover.rulebook.analysis.plans import Analysed, analyse
from camcover.rulebook.records import Attestation
from cell_rules import PAYS, asked, plan_text, rule_set, rules_of, shipped
from oracle.drawn import drawn
from oracle.scenarios import Scenario, draw_scenario
from small_rules import under_one_plan

SOME = settings.default.max_examples // 4 if settings.default else 100


def idle(rules: RuleSet, edition: int = 0) -> dict[str, str]:
    """The limits of the small plan that never bite, and why."""
    found = analyse(rules.plans["plan"], rules)[edition].idle
    return {each.subject: each.message.partition("has no effect: ")[2] for each in found}


def limited(*limits: str, more: str = "", before: str = "") -> RuleSet:
    """A plan with one benefit of these limits."""
    return rule_set(f"one: {{therapies: [massage], limits: [{', '.join(limits)}]{more}, {PAYS}}}", before=before)


YEAR = "per: calendar_year}"

CASES = {
    # limits of one benefit, in order -> those that have no effect
    "a later limit that allows more": (["{id: a, allow: 12 visits, " + YEAR, "{id: b, allow: 20 visits, " + YEAR], "b"),
    "an earlier limit that allows more": (
        ["{id: a, allow: 20 visits, " + YEAR, "{id: b, allow: 12 visits, " + YEAR],
        "a",
    ),
    "as much, looked at later": (["{id: a, allow: 12 visits, " + YEAR, "{id: b, allow: 12 visits, " + YEAR], "b"),
    "as much over a longer time, looked at first": (
        ["{id: a, allow: 12 visits, " + YEAR, "{id: b, allow: 12 visits, per: month}"],
        "b",
    ),
    # Twelve in a month of twelve so far: the month's is looked at first and is used up too.
    "as much over a longer time, looked at later": (
        ["{id: b, allow: 12 visits, per: month}", "{id: a, allow: 12 visits, " + YEAR],
        "",
    ),
    # 4 a month are 48 a year at the most.
    "more than the months hold": (["{id: a, allow: 4 visits, per: month}", "{id: b, allow: 49 visits, " + YEAR], "b"),
    "what the months hold": (["{id: b, allow: 48 visits, " + YEAR, "{id: a, allow: 4 visits, per: month}"], ""),
    # Weeks lie across months: five or six begin or end in one.
    "weeks across months": (["{id: a, allow: 1 visit, per: week}", "{id: b, allow: 5 visits, per: month}"], ""),
    "more than days": (["{id: a, allow: 366 visits, " + YEAR], "a"),
    "fewer than days": (["{id: a, allow: 365 visits, " + YEAR], ""),
    "one a day": (["{id: a, allow: 1 visit, per: day}"], "a"),
    "one a visit": (["{id: a, allow: 1 visit, per: visit}"], "a"),
    "none a day": (["{id: a, allow: 0 visits, per: day}"], ""),
    "a visit has at least one unit": (["{id: a, allow: 10 units, " + YEAR, "{id: b, allow: 11 visits, " + YEAR], "b"),
    "a visit may have many units": (["{id: a, allow: 10 visits, " + YEAR, "{id: b, allow: 11 units, " + YEAR], ""),
    "the plan pays no more than it allows": (
        ["{id: a, allow: $500, " + YEAR[:-1] + ", counts: allowed}", "{id: b, allow: $500, " + YEAR],
        "b",
    ),
    "what is allowed may be more": (
        ["{id: a, allow: $500, " + YEAR, "{id: b, allow: $500, " + YEAR[:-1] + ", counts: allowed}"],
        "",
    ),
    "visits that the plan pays for are visits": (
        ["{id: a, allow: 9 visits, " + YEAR, "{id: b, allow: 10 visits, " + YEAR[:-1] + ", counts: plan_paid}"],
        "b",
    ),
    "visits may not be paid for": (
        ["{id: a, allow: 9 visits, " + YEAR[:-1] + ", counts: plan_paid}", "{id: b, allow: 10 visits, " + YEAR],
        "",
    ),
    "a soft limit lets more through": (
        ["{id: a, allow: 9 visits, " + YEAR[:-1] + ", beyond: referral}", "{id: b, allow: 10 visits, " + YEAR],
        "",
    ),
    "two soft limits by the same attestation": (
        [
            "{id: a, allow: 9 visits, " + YEAR[:-1] + ", beyond: referral}",
            "{id: b, allow: 10 visits, " + YEAR[:-1] + ", beyond: referral}",
        ],
        "b",
    ),
    "rolling months hold the calendar's": (
        ["{id: a, allow: 20 visits, per: rolling 12 months}", "{id: b, allow: 21 visits, " + YEAR],
        "b",
    ),
    "a calendar year does not hold rolling months": (
        ["{id: b, allow: 20 visits, " + YEAR, "{id: a, allow: 21 visits, per: rolling 12 months}"],
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_idle_limits_of_one_benefit(name: str) -> None:
    limits, expected = CASES[name]
    assert "".join(sorted(idle(limited(*limits)))) == expected


def test_a_soft_limit_is_idle_where_its_attestation_is_required() -> None:
    soft = "{id: a, allow: 5 visits, per: calendar_year, beyond: referral}"
    assert list(idle(limited(soft, more=", requires: [referral]"))) == ["a"]
    assert idle(limited(soft, more=", requires: [{referral: {penalty: 50%}}]")) == {}
    assert idle(limited(soft, more=", requires: [{referral: {after: 3 visits}}]")) == {}
    assert idle(limited(soft, more=", requires: [referral], when_exhausted: next")) == {}


def pooled(pool: str, one: str, other: str) -> RuleSet:
    """Two benefits that draw on a pool and have a limit of their own each."""
    return rule_set(
        f"one: {{therapies: [massage], limits: [{one}, pool], {PAYS}}}",
        f"other: {{therapies: [acupuncture], limits: [{other}, pool], {PAYS}}}",
        before=f"limits:\n  pool: {pool}\n",
    )


@pytest.mark.parametrize("allow", [23, 24, 100])
def test_a_pool_is_never_idle_since_a_request_may_state_its_use(allow: int) -> None:
    """A pool may be used by services of which the file says nothing: 99 of 100 visits, though its benefits have 24."""
    own = "{allow: 12 visits, per: calendar_year}"
    rules = pooled(f"{{allow: {allow} visits, per: calendar_year}}", own, own)
    assert idle(rules) == {}
    (analysed,) = analyse(rules.plans["plan"], rules)
    cell = next(each for each in analysed.cells if each.chain)
    request = asked(cell, [LimitUse("pool", used=allow)])
    assert {limit for _, limit in bitten(compile_rules(rules), [request])} == {"pool"}


def test_a_money_pool_behind_a_smaller_limit_is_not_idle() -> None:
    """The spine's $4000 are less than the $10,000 of all basic care, of which other care may have used $9960."""
    spine = "{id: spine, allow: $4000, per: benefit_period}"
    rules = limited(spine, "basic", before="limits:\n  basic: {allow: $10000, per: benefit_period}\n")
    assert idle(rules) == {}
    (analysed,) = analyse(rules.plans["plan"], rules)
    request = asked(next(each for each in analysed.cells if each.chain), [LimitUse("basic", used_cents=Cents(996_000))])
    assert {limit for _, limit in bitten(compile_rules(rules), [request])} == {"basic"}


def test_soft_pool_whose_attestation_is_asked_for_anyway_is_idle_at_any_use() -> None:
    pool = "limits:\n  pool: {allow: 5 visits, per: calendar_year, beyond: referral}\n"
    assert list(idle(limited("pool", more=", requires: [referral]", before=pool))) == ["pool"]
    assert idle(limited("pool", before=pool)) == {}


def test_an_own_limit_above_the_pool_is_idle() -> None:
    rules = pooled(
        "{allow: 10 visits, per: calendar_year}",
        "{allow: 10 visits, per: calendar_year}",
        "{allow: 11 visits, per: calendar_year}",
    )
    assert idle(rules) == {"other": "limit 'pool' allows at most 10 visits of a benefit in that time"}


def test_a_pool_of_dead_benefits_is_idle() -> None:
    pool = "limits:\n  pool: {allow: 5 visits, per: calendar_year}\n"
    dead = f"other: {{therapies: [massage], limits: [pool], {PAYS}}}"
    rules = rule_set(f"one: {{therapies: [massage], {PAYS}}}", dead, before=pool)
    assert idle(rules) == {"pool": "its benefit never applies"}
    assert idle(rule_set(f"one: {{therapies: [massage], {PAYS}}}", before=pool)) == {"pool": "no benefit uses it"}


def test_a_larger_limit_of_an_earlier_edition_keeps_a_lifetime_limit_alive() -> None:
    """Until 2026 eleven could pass in a lifetime: they are reached though only ten may be passed from 2027 on."""

    def benefit(*limits: str) -> str:
        return f"one: {{therapies: [massage], limits: [{', '.join(limits)}], {PAYS}}}"

    lifetime = "{id: a, allow: 11 visits, per: lifetime}"
    later = plan_text(benefit(lifetime, "{id: b, allow: 10 visits, per: lifetime}"))
    later = later.replace("from: 2026-01-01, to: 2026-12-31", "from: 2027-01-01")
    alone = rules_of({**rule_set(benefit(lifetime)).texts, "plan.yaml": later})
    assert list(idle(alone)) == ["a"]
    assert idle(rule_set(benefit(lifetime), later=later), edition=1) == {}


def test_idle_limits_of_the_shipped_rules() -> None:
    """One visit a day is what the language calls a visit."""
    rules = shipped()
    found = {
        (str(each.plan.heading.id), name)
        for editions in rules.plans.values()
        for each in analyse(editions, rules)
        for name in each.idle_ids
    }
    assert found == {("nw-carpenters", "acupuncture-a-day"), ("nw-carpenters", "massage-a-day")}


# A search for requests that make such a limit bite


def bitten(tables: Tables, requests: list[EstimateRequest]) -> Iterator[tuple[date, str]]:
    """(date, limit) of every line that a limit refused or cut."""
    for found in evaluate_many(tables, requests):
        if not isinstance(found, InvalidRequest):
            yield from ((line.date, line.limit) for line in found.lines if line.limit)


def unused(request: EstimateRequest) -> EstimateRequest:
    """The request without any use of limits before it: what is stated need not be what the plan could have counted."""
    alone = under_one_plan(request)
    members = (member._replace(use=UseSoFar(accumulators=member.use.accumulators)) for member in alone.members)
    return alone._replace(members=tuple(members))


def crowded(cell: Decided, units: int, charge: int, attested: bool) -> EstimateRequest:
    """Sessions on every day of four hundred from the first, with or without every attestation."""
    request = asked(cell)
    (item,) = request.items
    last = cell.grid.stretch.plan.heading.effective.end
    days = [item.dates[0] + timedelta(days=number) for number in range(400)]
    dates = tuple(day for day in days if last is None or day <= last)
    procedures = tuple(Procedure(each.code, units, Cents(charge)) for each in item.procedures)
    item = item._replace(
        dates=dates,
        procedures=procedures,
        charge_cents=None if procedures else Cents(charge),
        attestations=tuple(Attestation) if attested else (),
    )
    return request._replace(items=(item,), assume_requirements=False)


def together(cells: list[Decided]) -> EstimateRequest:
    """Some services on the same days of one request, of the facts of the first."""
    requests = [crowded(cell, 1, 50_00, attested=True) for cell in cells]
    items = tuple(request.items[0] for request in requests)
    return requests[0]._replace(items=items)


def searched(each: Analysed) -> Iterator[EstimateRequest]:
    """Requests that use each benefit as much as they can."""
    for cell in each.cells:
        if cell.chain and any(str(limit.id) in each.idle_ids for benefit in cell.chain for limit in benefit.limits):
            for units, charge, attested in ((1, 50_00, True), (1, 50_00, False), (3, 200_00, True), (2, 900_00, False)):
                yield crowded(cell, units, charge, attested)
    by_benefit = {str(cell.chain[0].id): cell for cell in each.cells if cell.chain}
    cells = list(by_benefit.values())[:4]
    if cells:
        yield together(cells)


@drawn(draw_scenario, examples=SOME)
def test_no_request_reaches_an_idle_limit(scenario: Scenario) -> None:
    rules = rules_of(scenario.documents)
    tables = compile_rules(rules)
    message = json_format.ParseDict(scenario.request, request_pb2.EstimatePlanRequest())
    # Facts that are not given are not assumed: taken one by one they may hold together what no line can.
    drawn = unused(estimate_request(message))._replace(assume_requirements=False)
    for plan_id, editions in rules.plans.items():
        for each in analyse(editions, rules):
            requests = [*list(searched(each))[-17:], drawn._replace(plan_id=plan_id)]
            period = each.plan.heading.effective
            named = {limit for day, limit in bitten(tables, requests) if period.holds(day)}
            assert named.isdisjoint(each.idle_ids), each.idle


def test_a_search_reaches_the_other_limits() -> None:
    """The search is no idle one: of limits of which neither hinders the other it makes both bite."""
    rules = limited("{id: a, allow: 3 visits, per: month}", "{id: b, allow: 20 visits, per: calendar_year}")
    (each,) = analyse(rules.plans["plan"], rules)
    cells = [cell for cell in each.cells if cell.chain]
    named = {limit for _, limit in bitten(compile_rules(rules), [crowded(cells[0], 1, 50_00, attested=True)])}
    assert (each.idle_ids, named) == (set(), {"a", "b"})
