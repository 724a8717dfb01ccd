"""Identities of docs/rule-language.md, section 6, that look at more than one estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from small_rules import SHARE_PLAN, estimate, question, tables

pytestmark = pytest.mark.usefixtures("guards")

ITEM = question()["items"][0]
DEDUCTIBLE, MAXIMUM = 10_000, 50_000
COINSURANCE = ["{coinsurance: 33.33%}", "{coinsurance: 20%, of: allowed}"]

steps = st.sampled_from(COINSURANCE).map(lambda share: ["deductible", "{copay: $15 per visit}", share])
orders = steps.flatmap(st.permutations).flatmap(lambda order: st.integers(1, 3).map(lambda count: order[:count]))
charges = st.lists(st.integers(0, 30_000), min_size=1, max_size=8)


def share_plan(order: list[str]) -> str:
    """share-plan with these steps in network."""
    return SHARE_PLAN.replace(
        "in_network: {member_pays: [deductible, {coinsurance: 20%}]}",
        f"in_network: {{member_pays: [{', '.join(order)}]}}",
    )


def asked(prices: list[int], first: int, used: Mapping[str, int], visits: int = 0) -> dict[str, Any]:
    """A line a day from 1 March + `first` on, each of its own charge, all of it allowed; sums so far as `used`."""
    days = [f"2026-03-{first + place + 1:02}" for place in range(len(prices))]
    items = [
        ITEM | {"procedures": [{"code": "97810", "charge_cents": price, "allowed_cents": price}], "dates": [day]}
        for price, day in zip(prices, days, strict=True)
    ]
    sums = [{"accumulator": name, "used_cents": cents} for name, cents in used.items()]
    member = {"id": "ana", "accumulators": sums, "limit_usage": [{"limit": "visits", "used": visits}]}
    return question(items=items, as_of=days[0], members=[member])


@given(orders, charges, st.integers(0, DEDUCTIBLE), st.integers(0, DEDUCTIBLE), st.integers(0, MAXIMUM))
def test_more_deductible_met_never_costs_more(
    order: list[str], prices: list[int], one: int, other: int, maximum: int
) -> None:
    """At most four visits, so that the plan's limit takes no part."""
    rules = tables(share=share_plan(order))
    low, high = sorted((one, other))
    prices = prices[:4]
    less = estimate(rules, asked(prices, 0, {"deductible": low, "oop_max": maximum}))
    more = estimate(rules, asked(prices, 0, {"deductible": high, "oop_max": maximum}))
    assert more.totals.patient_cents <= less.totals.patient_cents


@given(orders, charges, st.integers(0, DEDUCTIBLE), st.integers(0, MAXIMUM), st.data())
def test_a_request_split_in_two_costs_the_same(
    order: list[str], prices: list[int], deductible: int, maximum: int, data: st.DataObject
) -> None:
    """The second part begins with the sums and counts that the first one ends with."""
    assume(len(prices) > 1)
    cut = data.draw(st.integers(1, len(prices) - 1))
    rules = tables(share=share_plan(order))
    whole = estimate(rules, asked(prices, 0, {"deductible": deductible, "oop_max": maximum}))
    first = estimate(rules, asked(prices[:cut], 0, {"deductible": deductible, "oop_max": maximum}))
    carried = {each.accumulator: each.used_cents for each in first.accumulators_after}
    visits = next((each.used for each in first.limits_after if each.limit == "visits"), 0)
    second = estimate(rules, asked(prices[cut:], cut, carried, visits))
    assert [line.amounts for line in (*first.lines, *second.lines)] == [line.amounts for line in whole.lines]
    assert second.accumulators_after == whole.accumulators_after
