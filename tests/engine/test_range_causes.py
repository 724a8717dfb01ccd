"""Each end of a range has its causes, each with what it is worth by itself."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import InvalidRequest
from camcover.engine.causes import RangeCause
from camcover.engine.evaluate import causes_of_range
from engine.test_ranges import ITEM, MEMBER, NOTHING_USED, OOP_ONLY
from small_rules import COPAY_PLAN, SHARE_PLAN, estimate, question, tables, typed

RULES = tables()
Told = list[tuple[str, str, int | None]]


def told(causes: tuple[RangeCause, ...]) -> Told:
    """Causes as (kind, word, worth)."""
    return [(each.kind.value, each.word, each.worth_cents) for each in causes]


def ends(rules: Any = RULES, **others: Any) -> tuple[Told, Told]:
    """What leads to the least and to the most of the small question with other fields in place of its own."""
    found = causes_of_range(rules, typed(question(**({"members": [MEMBER]} | others))))
    assert found.is_reached
    return told(found.low), told(found.high)


def without(*names: str) -> dict[str, Any]:
    """The item without some of its facts."""
    return {key: value for key, value in ITEM.items() if key not in names}


def test_a_complete_request_has_no_causes() -> None:
    assert ends() == ([], [])


def test_a_deductible_that_may_be_met() -> None:
    """Met, the visits cost 28.80 in place of 108.80: 80.00 less. None of it met is what is expected."""
    assert ends(members=[MEMBER | {"accumulators": OOP_ONLY}]) == ([("deductible-met", "", -8_000)], [])


def test_another_network() -> None:
    """206.00 in place of 60.80: 145.20 more."""
    assert ends(items=[without("tier")]) == ([], [("network", "out_of_network", 14_520)])


def test_each_end_has_its_own_causes() -> None:
    """In network 108.80 with nothing met, 28.80 with all. Out of it 236.00 with nothing met: 127.20 more."""
    found = ends(members=[MEMBER | {"accumulators": OOP_ONLY}], items=[without("tier")])
    assert found == ([("deductible-met", "", -8_000)], [("network", "out_of_network", 12_720)])


def test_prices_at_both_ends() -> None:
    """12.00, 17.60 and 24.00, as in test_ranges.py."""
    used = [{"accumulator": "deductible", "used_cents": 10000}, {"accumulator": "oop_max", "used_cents": 10000}]
    item = ITEM | {"procedures": [], "dates": ["2026-03-02"]}
    found = ends(members=[MEMBER | {"accumulators": used}], items=[item])
    assert found == ([("low-prices", "", -560)], [("high-prices", "", 640)])


def test_an_approval_that_may_be_missing() -> None:
    """240.00 in place of 60.00."""
    found = ends(plan_id="copay-plan", members=NOTHING_USED)
    assert found == ([], [("without", "referral", 18_000)])


def test_a_limit_that_may_be_used_up() -> None:
    """All four visits are used: 240.00 in place of 60.80."""
    found = causes_of_range(RULES, typed(question()))
    assert told(found.high) == [("used", "visits", 17_920)]
    (used,) = found.high
    assert used.number == 4
    assert used.limit is not None
    assert used.limit.id == "visits"


def test_facts_that_each_lead_there_are_all_told() -> None:
    """Each of them leaves the visits uncovered: 240.00 in place of 60.80. Both together are no dearer."""
    found = causes_of_range(RULES, typed(question(members=[MEMBER], items=[without("diagnoses", "practitioner")])))
    assert [(each.kind.value, each.items, each.worth_cents) for each in found.high] == [
        ("diagnosis", (0,), 17_920),
        ("practitioner", (0,), 17_920),
    ]
    assert found.low == ()


EITHER = COPAY_PLAN.replace(
    """  hands:
    therapies: [acupuncture, massage]
    requires: [referral]
""",
    """  referred:
    therapies: [acupuncture, massage]
    when: {attested: [referral]}
    in_network: {member_pays: [{copay: $20 per visit}]}
    cite: eoc p.2
  hands:
    therapies: [acupuncture, massage]
    when: {attested: [prior_authorization]}
""",
)


def test_what_moves_the_cost_only_together_has_no_worth_of_its_own() -> None:
    """Either approval is enough for 20.00 a visit. Without both the visits are not covered."""
    rules = tables(copay=EITHER)
    asked: dict[str, Any] = {"plan_id": "copay-plan", "members": NOTHING_USED}
    assert estimate(rules, question(**asked)).range[:3] == (6_000, 6_000, 24_000)
    low, high = ends(rules, **asked)
    assert low == []
    assert sorted(high) == [("without", "prior_authorization", None), ("without", "referral", None)]


def test_a_copay_that_falls_away_leaves_a_cent_of_the_deductible() -> None:
    """48.00 of 100.00 is the expected cost of a visit. With one cent left of the deductible, no copay is due: 0.01."""
    waived = SHARE_PLAN.replace(
        "[deductible, {coinsurance: 20%}]", "[deductible, {copay: $30, waived_with_deductible: yes}]"
    )
    item = ITEM | {"dates": ["2026-03-02"]}
    found = causes_of_range(
        tables(share=waived), typed(question(members=[MEMBER | {"accumulators": OOP_ONLY}], items=[item]))
    )
    assert told(found.low) == [("deductible-left", "", None)]
    assert found.low[0].number == 1
    assert found.high == ()


def test_a_code_that_no_catalog_has_may_cost_nothing() -> None:
    """As expected it costs its charge of 80.00, three times."""
    item = ITEM | {"therapy": "", "procedures": [{"code": "99999", "charge_cents": 8000}]}
    assert ends(items=[item]) == ([("unknown-codes", "", -24_000)], [])


def test_a_range_that_no_case_reaches_tells_what_each_moves() -> None:
    """As in test_ranges.py, 40.00 of a family's deductible are left, and 51.20 are expected of two visits.

    With a deductible of one's own met, one visit costs 20 % of 48.00: twice 9.60 = 19.20, so 32.00 less. Nothing leads
    to the most.
    """
    members = [MEMBER | {"id": name, "accumulators": OOP_ONLY} for name in ("ana", "ben")]
    items = [ITEM | {"member_id": name, "dates": ["2026-03-02"]} for name in ("ana", "ben")]
    family = [*OOP_ONLY, {"accumulator": "deductible", "used_cents": 16000}]
    found = causes_of_range(RULES, typed(question(members=members, items=items, family_accumulators=family)))
    assert not found.is_reached
    assert told(found.low) == [("deductible-met", "", -3_200)]
    assert found.high == ()


def test_a_wrong_request_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="plan"):
        causes_of_range(RULES, typed(question(plan_id="nobodys")))
