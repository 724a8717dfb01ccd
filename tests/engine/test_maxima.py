"""Several maxima at once, maxima that count without capping, and parts of the cost share: points 21, 23, 29 and 30."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from small_rules import SHARE_PLAN, estimate, question, tables

ITEM = question()["items"][0]
TWO_MAXIMA = (
    SHARE_PLAN.replace(
        "tiers:\n", "  all_max: {kind: out_of_pocket_maximum, individual: $600.00, cite: eoc p.1}\ntiers:\n"
    )
    .replace("oop_max, above_allowed: written_off}", "oop_max, MORE, above_allowed: written_off}")
    .replace("  out_of_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member}\n", "")
    .replace("    out_of_network: {member_pays: [deductible, {coinsurance: 50%}]}\n", "")
    .replace("MORE", "counts_toward: [all_max], capped_by: [all_max]")
)
"""A deductible of 100.00 and 20 % in the one tier, under two maxima: 500.00 and 600.00."""
RULES = tables(share=TWO_MAXIMA)


def member(**used: int) -> dict[str, Any]:
    """A member who used sums as given, and nothing of the limit."""
    sums = [{"accumulator": name, "used_cents": cents} for name, cents in used.items()]
    return {
        "id": "ana",
        "age": 40,
        "state": "WA",
        "accumulators": sums,
        "limit_usage": [{"limit": "visits", "used": 0}],
    }


def asked(**used: int) -> Estimate:
    return estimate(RULES, question(members=[member(**used)]))


def after(found: Estimate) -> dict[str, int]:
    return {each.accumulator: each.used_cents for each in found.accumulators_after}


def refusal(**used: int) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        asked(**used)
    return {each.field: each.description for each in caught.value.violations}


def test_a_deductible_is_bounded_by_each_maximum_it_counts_toward() -> None:
    """60.00 of the deductible are 60.00 of both; of two that have less, the lesser bounds it."""
    (described,) = refusal(deductible=6000, oop_max=7000, all_max=5999).values()
    assert "6000 cents of deductible used, but only 5999 of all_max" in described
    (described,) = refusal(deductible=6000, oop_max=5000, all_max=5999).values()
    assert "but only 5000 of oop_max" in described
    assert "0 to 5000" in described


def test_unstated_maxima_are_at_least_their_deductible() -> None:
    """60.00, then 41.60 + 9.60 + 9.60: 120.80; 130.80 where 70.00 are stated."""
    assert after(asked(deductible=6000)) == {"deductible": 10000, "oop_max": 12080, "all_max": 12080}
    assert after(asked(deductible=6000, oop_max=7000)) == {"deductible": 10000, "oop_max": 13080, "all_max": 12080}


def test_the_explanation_names_the_maximum_that_caps() -> None:
    """9.60 are due. 2.00 of all_max are left: 7.60 fall away; 5.00 are left of both: 4.60."""

    def told(**used: int) -> list[str]:
        lines = question(members=[member(**used)], explain=True, items=[ITEM | {"dates": ["2026-03-02"]}])
        return [step.text for step in estimate(RULES, lines).lines[0].steps if "reached" in step.text]

    assert told(deductible=10000, oop_max=49500, all_max=59800) == [
        "You have reached your out-of-pocket maximum (all max). The plan pays $7.60 of your share."
    ]
    assert told(deductible=10000, oop_max=49500, all_max=59500) == [
        (
            "You have reached your out-of-pocket maximums (out-of-pocket maximum and all max). "
            "The plan pays $4.60 of your share."
        )
    ]


def test_the_range_covers_one_open_maximum_of_two() -> None:
    """all_max holds the 60.00 of the deductible, or is met: 60.80, or nothing."""
    found = asked(deductible=6000, oop_max=6000).range
    assert (found.low_cents, found.expected_cents, found.high_cents) == (0, 6080, 6080)


def test_the_range_covers_an_open_deductible_under_two_maxima() -> None:
    """Met: 3 x 9.60 = 28.80. Nothing of it: 48.00 + 48.00 + 4.00 + 20 % of 44.00 = 108.80."""
    found = asked(oop_max=0, all_max=0).range
    assert (found.low_cents, found.high_cents) == (2880, 10880)


UNCOUNTED = """\
format: camcover/1
kind: plan
id: uncounted
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $100}
  most: {kind: out_of_pocket_maximum, individual: $50}
tiers:
  counts: {deductible: deductible, counts_toward: [most], above_allowed: written_off}
  caps: {deductible: none, capped_by: [most], above_allowed: written_off}
  beside: {deductible: deductible, above_allowed: written_off}
benefits:
  hands:
    therapies: [acupuncture]
    counts: {member_pays: [deductible]}
    caps: {member_pays: [{copay: $40}]}
    beside: {member_pays: [deductible]}
otherwise: not_covered
"""


def test_a_maximum_may_cap_lines_that_do_not_count_toward_it() -> None:
    """Deductible open: a visit of 48.00, then three with a copay of 40.00 that the maximum of 50.00 caps.

    Nothing of it used: 48.00, and 2.00 are left for each: 54.00. Met: 0, and 40.00 each: 120.00.
    """
    visit = {"therapy": "acupuncture", "charge_cents": 4800, "practitioner": "acupuncturist"}
    items = [
        visit | {"tier": "counts", "dates": ["2026-03-02"]},
        visit | {"tier": "caps", "dates": ["2026-03-03", "2026-03-04", "2026-03-05"]},
    ]
    rules = tables(uncounted=UNCOUNTED)

    def total(**used: int) -> Estimate:
        sums = [{"accumulator": name, "used_cents": cents} for name, cents in used.items()]
        return estimate(rules, {"plan_id": "uncounted", "members": [{"accumulators": sums}], "items": items})

    assert total(deductible=0, most=0).totals.patient_cents == 5400
    assert total(deductible=10000, most=0).totals.patient_cents == 12000
    found = total(most=0).range
    assert found.low_cents <= 5400
    assert found.high_cents >= 12000


PARTS = """\
format: camcover/1
kind: plan
id: parts
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $50, feeds: [total]}
  coinsurance: {kind: out_of_pocket_maximum, individual: $10, counts: [coinsurance], feeds: [total]}
  copays: {kind: out_of_pocket_maximum, individual: $25, counts: [copay]}
  total: {kind: out_of_pocket_maximum, individual: $500}
tiers:
  network:
    deductible: deductible
    out_of_pocket_maximum: coinsurance
    counts_toward: [copays]
    capped_by: [copays]
    copay_feeds: [total]
    above_allowed: written_off
benefits:
  hands: {therapies: [acupuncture], network: {member_pays: [deductible, {copay: $20}, {coinsurance: 20%}]}}
otherwise: not_covered
"""


def test_each_part_counts_once_where_several_maxima_lead_to_one_accumulator() -> None:
    """Charge 100.00: 50.00 deductible, 20.00 copay, 20 % of 30.00 = 6.00; then 20.00 and 20 % of 80.00 = 16.00.

    Of the second visit 5.00 of the copay and 4.00 of the coinsurance are left. The total receives the deductible from
    its `feeds`, copays from `copay_feeds`, coinsurance from that maximum's `feeds`, each once: 76.00 + 9.00 = 85.00.
    """
    item = {"therapy": "acupuncture", "charge_cents": 10000, "tier": "network", "dates": ["2026-03-02", "2026-03-03"]}
    found = estimate(tables(parts=PARTS), {"plan_id": "parts", "items": [item]})
    assert [line.patient_cents for line in found.lines] == [7600, 900]
    assert after(found) == {"deductible": 5000, "coinsurance": 1000, "copays": 2500, "total": 8500}


ONE_MAXIMUM = """\
format: camcover/1
kind: plan
id: one
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $100, feeds: [most]}
  most: {kind: out_of_pocket_maximum, individual: $500}
tiers:
  network: {deductible: deductible, out_of_pocket_maximum: most, above_allowed: written_off}
benefits:
  hands:
    therapies: [acupuncture]
    counts_toward_out_of_pocket_maximum: COUNTED
    network: {member_pays: [deductible, {copay: $20}, {coinsurance: 20%}]}
otherwise: not_covered
"""


@pytest.mark.parametrize(
    ("counted", "left", "shares", "sums"),
    [
        # 100 + 20 + 20% of 180 = 36. What is counted of it is cut to the room of 50, coinsurance first.
        ("yes", 5000, (5000, 0, 0), {"deductible": 5000, "most": 50000}),
        ("no", 5000, (10000, 2000, 3600), {"deductible": 10000, "most": 45000}),
        ("[deductible]", 5000, (5000, 2000, 3600), {"deductible": 5000, "most": 50000}),
        ("[copay]", 5000, (10000, 2000, 3600), {"deductible": 10000, "most": 47000}),
        ("[copay]", 1500, (10000, 1500, 3600), {"deductible": 10000, "most": 50000}),
        ("[coinsurance]", 3000, (10000, 2000, 3000), {"deductible": 10000, "most": 50000}),
        ("[copay, coinsurance]", 5000, (10000, 2000, 3000), {"deductible": 10000, "most": 50000}),
        ("[deductible, copay, coinsurance]", 5000, (5000, 0, 0), {"deductible": 5000, "most": 50000}),
    ],
)
def test_a_benefit_may_count_a_part_of_its_cost_share(
    counted: str, left: int, shares: tuple[int, int, int], sums: dict[str, int]
) -> None:
    """One visit of 300.00 under a maximum of 500.00, which the deductible feeds, too: that adds nothing (point 23)."""
    rules = tables(one=ONE_MAXIMUM.replace("COUNTED", counted))
    item = {"therapy": "acupuncture", "charge_cents": 30000, "tier": "network", "dates": ["2026-03-02"]}
    person = member(most=50000 - left, deductible=0) | {"limit_usage": []}
    found = estimate(rules, {"plan_id": "one", "members": [person], "items": [item]})
    (line,) = found.lines
    assert (line.deductible_cents, line.copay_cents, line.coinsurance_cents) == shares
    assert after(found) == sums


def test_the_range_where_a_maximum_cuts_the_deductible_and_not_the_copay_behind_it() -> None:
    """A visit of 110.00. The deductible leaves 10.00 of it to the copay of 20.00, and coinsurance counts.

    Nothing used: 100.00, 10.00, and no coinsurance of nothing. Both sums at their most: the copay of 20.00. The maximum
    reached without the deductible: the deductible is cut, and the copay stays 10.00, which is less than both ends.
    """
    plan = ONE_MAXIMUM.replace(", feeds: [most]", "").replace("COUNTED", "[deductible, coinsurance]")
    rules = tables(one=plan)
    item = {"therapy": "acupuncture", "charge_cents": 11000, "tier": "network", "dates": ["2026-03-02"]}

    def priced(**used: int) -> Estimate:
        return estimate(rules, {"plan_id": "one", "members": [member(**used) | {"limit_usage": []}], "items": [item]})

    paid = [priced(deductible=cents, most=most).totals.patient_cents for cents, most in BOTH_SUMS]
    assert paid == [11000, 2000, 1000]
    bounds = priced().range
    assert bounds.low_cents <= 1000
    assert bounds.high_cents >= 11000


BOTH_SUMS = ((0, 0), (10000, 50000), (0, 50000))

THREE_AMOUNTS = PARTS.replace("individual: $500}", "self_only: $80, individual: $90, family: $100}").replace(
    "out_of_pocket_maximum: coinsurance\n", "out_of_pocket_maximum: total\n"
)
"""A maximum of 80.00 alone, of 90.00 for each member of a family, of 100.00 for all of them."""


@pytest.mark.parametrize(
    ("coverage", "people", "patient", "maxima"),
    [
        # 76.00 of 80.00, then 4.00.
        ("COVERAGE_SELF_ONLY", ["ana"], [7600, 400], [8000]),
        # 76.00 of 90.00; then 5.00 of the copay, which its own maximum leaves, and 9.00 of the coinsurance: 14.00.
        ("COVERAGE_FAMILY", ["ana"], [7600, 1400], [9000, 10000]),
        # The second is another's: 24.00 of the family's 100.00 are left.
        ("COVERAGE_FAMILY", ["ana", "ben"], [7600, 2400], [9000, 9000, 10000]),
    ],
)
def test_self_only_individual_and_family_amounts_of_a_maximum(
    coverage: str, people: list[str], patient: list[int], maxima: list[int]
) -> None:
    visit = {"therapy": "acupuncture", "charge_cents": 10000, "tier": "network"}
    items = [visit | {"member_id": people[0], "dates": ["2026-03-02"]}]
    items += [visit | {"member_id": people[-1], "dates": ["2026-03-03"]}]
    members = [{"id": name} for name in people]
    asked = {"plan_id": "parts", "coverage": coverage, "members": members, "items": items}
    found = estimate(tables(parts=THREE_AMOUNTS), asked)
    assert [line.patient_cents for line in found.lines] == patient
    assert [each.maximum_cents for each in found.accumulators_after if each.accumulator == "total"] == maxima
