"""Open facts give a range: the least and the most of complete adjudications, and a sentence for each assumption."""

from __future__ import annotations

from typing import Any

import pytest

from small_rules import estimate, question, tables

RULES = tables()
ITEM = question()["items"][0]
MEMBER = question()["members"][0] | {"limit_usage": [{"limit": "visits", "used": 0}]}
NOTHING_USED = [{"id": "ana", "accumulators": [{"accumulator": "oop_max", "used_cents": 0}]}]


def bounds(**others: Any) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """((low, expected, high), assumptions) of the small question with other fields in place of its own."""
    found = estimate(RULES, question(**({"members": [MEMBER]} | others))).range
    return (found.low_cents, found.expected_cents, found.high_cents), found.assumptions


def test_nothing_open_nothing_assumed() -> None:
    assert bounds() == ((6080, 6080, 6080), ())


def test_an_open_deductible() -> None:
    """Low: met, 3 x 9.60 = 28.80. Expected and high: none of it met, 100.00 + 20 % of 44.00 = 108.80."""
    used = [{"accumulator": "oop_max", "used_cents": 0}]
    amounts, assumptions = bounds(members=[MEMBER | {"accumulators": used}])
    assert amounts == (2880, 10880, 10880)
    assert len(assumptions) == 1
    assert "applied to deductible is not known: $0.00 is expected; the range goes up to $100.00" in assumptions[0]


def test_an_open_tier() -> None:
    """In network 60.80. Out of it 36.00 is allowed: 36.00 to the deductible; 4.00 + 50 % of 32.00; 18.00: 74.00.

    With 3 x 44.00 above the allowed amount 206.00.
    """
    amounts, assumptions = bounds(items=[{key: value for key, value in ITEM.items() if key != "tier"}])
    assert amounts == (6080, 6080, 20600)
    assert assumptions == (
        "The provider's network is not given: in_network is expected; the range holds every tier of the plan.",
    )


def test_an_open_price() -> None:
    """A line without a code is 80 % of its charge in network: 60.00, 88.00 and 120.00 of 75.00, 110.00 and 150.00.

    The deductible is met: 20 % = 12.00, 17.60, 24.00.
    """
    used = [{"accumulator": "deductible", "used_cents": 10000}, {"accumulator": "oop_max", "used_cents": 10000}]
    item = ITEM | {"procedures": [], "dates": ["2026-03-02"]}
    amounts, assumptions = bounds(members=[MEMBER | {"accumulators": used}], items=[item])
    assert amounts == (1200, 1760, 2400)
    assert assumptions[0].startswith("The charge for acupuncture is not known")


def test_an_attestation_that_is_assumed() -> None:
    """With the referral 3 x 20.00; without it 3 x 80.00."""
    amounts, _ = bounds(plan_id="copay-plan", members=NOTHING_USED)
    assert amounts == (6000, 6000, 24000)
    answer = estimate(RULES, question(plan_id="copay-plan", members=NOTHING_USED))
    (prerequisite,) = answer.prerequisites
    assert (prerequisite.attestation, prerequisite.benefit, prerequisite.item_index) == ("referral", "hands", 0)
    assert "a referral" in prerequisite.text
    assert prerequisite.rule.startswith("copay.yaml:")


def test_an_attestation_that_is_given_or_said_to_be_missing() -> None:
    given = [ITEM | {"attestations": ["referral"]}]
    assert bounds(plan_id="copay-plan", members=NOTHING_USED, items=given) == ((6000, 6000, 6000), ())
    missing: dict[str, Any] = {
        "plan_id": "copay-plan",
        "members": NOTHING_USED,
        "requirements": "REQUIREMENTS_AS_ATTESTED",
    }
    assert bounds(**missing)[0] == (24000, 24000, 24000)


@pytest.mark.parametrize("open_fact", ["deductible", "tier"])
def test_open_facts_combine(open_fact: str) -> None:
    """Both open: the least is in network with the deductible met, 28.80; the most out of network with none of it met.

    That is 100.00 + 50 % of 8.00 = 104.00 of the 108.00 allowed, and 3 x 44.00 above it = 236.00. Each alone lies
    within.
    """
    used = {"accumulators": [{"accumulator": "oop_max", "used_cents": 0}]}
    no_tier = {key: value for key, value in ITEM.items() if key != "tier"}
    both, _ = bounds(members=[MEMBER | used], items=[no_tier])
    assert (both[0], both[2]) == (2880, 23600)
    alone, _ = bounds(**({"members": [MEMBER | used]} if open_fact == "deductible" else {"items": [no_tier]}))
    assert both[0] <= alone[0] <= alone[2] <= both[2]
