"""Statements that cannot all be true are refused, with the place of the wrong one: docs/rule-language.md, point 30."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import InvalidRequest
from small_rules import SHARE_PLAN, estimate, question, tables

ITEM = question()["items"][0]
ONE_TIER = SHARE_PLAN.replace(
    "  out_of_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member}\n", ""
)
ONE_TIER = ONE_TIER.replace("    out_of_network: {member_pays: [deductible, {coinsurance: 50%}]}\n", "")
"""Every cent of the deductible counts toward the maximum."""


def sums(**used: int) -> list[dict[str, Any]]:
    return [{"accumulator": name, "used_cents": cents} for name, cents in used.items()]


def refusal(share: str = ONE_TIER, **others: Any) -> dict[str, str]:
    """What is refused of the small question with other fields, by path."""
    with pytest.raises(InvalidRequest) as caught:
        estimate(tables(share=share), question(**others))
    return {each.field: each.description for each in caught.value.violations}


def member(**used: int) -> dict[str, Any]:
    return {"id": "ana", "age": 40, "state": "WA", "accumulators": sums(**used)}


def test_a_family_sum_below_a_members_sum_is_refused() -> None:
    found = refusal(members=[member(deductible=6000)], family_accumulators=sums(deductible=5999))
    (path,) = found
    assert path == "family_accumulators[0].used_cents"
    assert "5999 cents of deductible used by the family, but 6000 by one member" in found[path]
    assert "6000 or more" in found[path]
    both = question(members=[member(deductible=6000)], family_accumulators=sums(deductible=6000))
    assert estimate(tables(share=ONE_TIER), both).lines[0].deductible_cents == 4000


def test_a_family_maximum_below_a_members_deductible_is_refused() -> None:
    """60.00 of a member's deductible are 60.00 of the family's maximum, too."""
    found = refusal(members=[member(deductible=6000)], family_accumulators=sums(oop_max=5999))
    assert (
        "5999 cents of oop_max used by the family, but 6000 by one member" in found["family_accumulators[0].used_cents"]
    )
    unknown = refusal(members=[member(deductible=6000)], family_accumulators=sums(no_such_sum=0))
    assert list(unknown) == ["family_accumulators[0].accumulator"]


def test_an_unstated_family_deductible_stays_within_the_stated_maximum() -> None:
    """Two members at 60.00 each would be 120.00, but the family's maximum holds 70.00 only.

    Three visits at 48.00: 40.00 to the deductible; 41.60, 9.60 and 9.60 to the maximum.
    """
    members = [member(deductible=6000), member(deductible=6000) | {"id": "ben"}]
    asked = question(members=members, items=[ITEM | {"member_id": "ana"}], family_accumulators=sums(oop_max=7000))
    after = estimate(tables(share=ONE_TIER), asked).use_after.family_accumulators
    assert {each.accumulator: each.used_cents for each in after} == {"deductible": 11000, "oop_max": 13080}


@pytest.mark.parametrize("of_family", [sums(dedutible=1), sums(dedutible=1, deductible=2)])
def test_an_unknown_accumulator_is_named_beside_other_contradictions(of_family: list[dict[str, Any]]) -> None:
    """A slip in the family's list is refused by its place; the words about contradictions pass over it."""
    found = refusal(members=[member(deductible=6000)], family_accumulators=of_family)
    assert next(iter(found)) == "family_accumulators[0].accumulator"
    assert "deductible" in found["family_accumulators[0].accumulator"]
    assert ("family_accumulators[1].used_cents" in found) == (len(of_family) > 1)
    found = refusal(members=[member(dedutible=1, deductible=6000)], family_accumulators=sums(deductible=6000))
    assert list(found) == ["members[0].accumulators[0].accumulator"]


def test_as_of_in_a_later_benefit_period_is_refused() -> None:
    item = ITEM | {"dates": ["2026-03-02"]}
    years = SHARE_PLAN.replace("benefit_period: calendar_year", "benefit_period: {starts: 07-01}")
    found = refusal(share=years, as_of="2026-07-01", items=[item])
    assert list(found) == ["as_of"]
    assert "2026-07-01" in found["as_of"]
    assert "2026-03-02" in found["as_of"]
    assert estimate(tables(share=years), question(as_of="2026-06-30", items=[item])).lines[0].covered


def test_a_deductible_above_its_unreached_maximum_is_refused() -> None:
    """4,000.00 of a deductible cannot be met where nothing counts toward the maximum yet; nor can the family's."""
    found = refusal(members=[member(deductible=6000, oop_max=5999)])
    (path,) = found
    assert path == "members[0].accumulators[0].used_cents"
    assert "6000 cents of deductible used, but only 5999 of oop_max, toward which all of it counts" in found[path]
    assert "0 to 5999" in found[path]
    family: dict[str, Any] = {"members": [{"id": "ana"}], "family_accumulators": sums(oop_max=0, deductible=1)}
    assert list(refusal(**family)) == ["family_accumulators[1].used_cents"]


def test_a_family_deductible_may_exceed_a_maximum_that_one_member_has_reached() -> None:
    """Ana's 70.00 count up to her maximum of 60.00; 10.00 more, of a tier without one, are the deductible's alone."""
    share = SHARE_PLAN.replace(
        "out_of_pocket_maximum: none, above_allowed: member}",
        "out_of_pocket_maximum: none, counts_toward: [oop_max], above_allowed: member}",
    ).replace("individual: $500.00", "individual: $60.00")
    reached = question(members=[{"id": "ana"}], family_accumulators=sums(deductible=7000, oop_max=6000))
    assert estimate(tables(share=share), reached).lines
    found = refusal(share, members=[{"id": "ana"}], family_accumulators=sums(deductible=7000, oop_max=5999))
    assert list(found) == ["family_accumulators[0].used_cents"]


def test_a_members_deductible_may_exceed_a_maximum_that_the_family_has_reached() -> None:
    """Once the family has 1,000.00, nothing more counts toward Ana's maximum, and her deductible may still grow."""
    ana = member(deductible=6000, oop_max=5999)
    reached = question(members=[ana], family_accumulators=sums(oop_max=100000))
    assert estimate(tables(share=ONE_TIER), reached).lines
    found = refusal(members=[ana], family_accumulators=sums(oop_max=99999))
    assert list(found) == ["members[0].accumulators[0].used_cents"]


def test_a_maximum_that_an_earlier_edition_had_may_be_reached() -> None:
    """Until 30 June the maximum is 50.00: 10.00 more of the deductible counted toward nothing."""
    first = ONE_TIER.replace("to: 2026-12-31", "to: 2026-06-30").replace("individual: $500.00", "individual: $50.00")
    rules = tables(share=first, later=ONE_TIER.replace("from: 2026-01-01", "from: 2026-07-01"))
    july = {"as_of": "2026-07-02", "items": [ITEM | {"dates": ["2026-07-02"]}]}
    assert estimate(rules, question(members=[member(deductible=6000, oop_max=5000)], **july)).lines
    with pytest.raises(InvalidRequest):
        estimate(rules, question(members=[member(deductible=6000, oop_max=4999)], **july))


@pytest.mark.parametrize(
    "share",
    [
        # Out of network the deductible is met without counting toward any maximum.
        SHARE_PLAN,
        ONE_TIER.replace("    cite: eoc p.2", "    counts_toward_out_of_pocket_maximum: no\n    cite: eoc p.2"),
        ONE_TIER.replace(
            "individual: $100.00, family: $200.00", "carryover: last_quarter, individual: $100.00, family: $200.00"
        ),
        ONE_TIER.replace("above_allowed: written_off}", "above_allowed: written_off, copay_feeds: [deductible]}"),
    ],
)
def test_a_deductible_met_from_elsewhere_may_exceed_the_maximum(share: str) -> None:
    """There the two sums say nothing of each other."""
    asked = question(members=[member(deductible=6000, oop_max=0)])
    assert estimate(tables(share=share), asked).lines[0].deductible_cents == 4000


def test_an_unstated_maximum_is_at_least_its_deductible() -> None:
    """60.00 of the deductible are 60.00 of the maximum: 41.60, 9.60 and 9.60 bring it to 120.80."""
    found = estimate(tables(share=ONE_TIER), question(members=[member(deductible=6000)]))
    after = {each.accumulator: each.used_cents for each in found.accumulators_after}
    assert after == {"deductible": 10000, "oop_max": 12080}


def test_an_unstated_family_maximum_is_at_least_its_deductible() -> None:
    """An aggregate deductible may be met by one member beyond that member's own maximum, which then is reached.

    130.00 of the family's deductible by a member whose maximum is 120.00: the family's maximum holds 130.00, too. The
    state after the lines can be stated in the next request.
    """
    share = ONE_TIER.replace(
        "individual: $100.00, family: $200.00, family_mode: embedded",
        "individual: $100.00, family: $200.00, family_mode: aggregate",
    ).replace("individual: $500.00, family: $1000.00", "individual: $120.00, family: $1000.00")
    members = [member(deductible=13000), {"id": "ben", "age": 40, "state": "WA"}]
    asked = question(members=members, items=[ITEM | {"member_id": "ana"}])
    after = estimate(tables(share=share), asked).use_after.family_accumulators
    assert {each.accumulator: each.used_cents for each in after} == {"deductible": 13000, "oop_max": 13000}
