"""Open facts give a range: the least and the most of complete adjudications, and a sentence for each assumption."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine.estimate import Adjustment, Reason
from camcover.money import Cents
from small_rules import COPAY_PLAN, SHARE_PLAN, estimate, question, tables

RULES = tables()
ITEM = question()["items"][0]
MEMBER = question()["members"][0] | {"limit_usage": [{"limit": "visits", "used": 0}]}
NOTHING_USED = [{"id": "ana", "accumulators": [{"accumulator": "oop_max", "used_cents": 0}]}]


def bounds(**others: Any) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    """((low, expected, high), assumptions) of the small question with other fields in place of its own."""
    found = estimate(RULES, question(**({"members": [MEMBER]} | others))).range
    return (found.low_cents, found.expected_cents, found.high_cents), tuple(each.text for each in found.assumptions)


def test_a_complete_request_has_no_range_and_no_assumption() -> None:
    assert bounds() == ((6080, 6080, 6080), ())


def test_the_range_covers_an_open_deductible() -> None:
    """Low: met, 3 x 9.60 = 28.80. Expected and high: none of it met, 100.00 + 20 % of 44.00 = 108.80."""
    used = [{"accumulator": "oop_max", "used_cents": 0}]
    amounts, assumptions = bounds(members=[MEMBER | {"accumulators": used}])
    assert amounts == (2880, 10880, 10880)
    assert len(assumptions) == 1
    assert assumptions[0] == (
        "We do not know how much member ana has paid toward the deductible. We expect nothing so far. The range goes "
        "up to $100.00."
    )


def test_the_range_covers_an_open_tier() -> None:
    """In network 60.80. Out of it 36.00 is allowed: 36.00 to the deductible; 4.00 + 50 % of 32.00; 18.00: 74.00.

    With 3 x 44.00 above the allowed amount 206.00.
    """
    amounts, assumptions = bounds(items=[{key: value for key, value in ITEM.items() if key != "tier"}])
    assert amounts == (6080, 6080, 20600)
    assert assumptions == (
        "You did not give the provider's network. We expect in network. The range covers every network of the plan.",
    )


def test_the_range_covers_an_open_price() -> None:
    """A line without a code is 80 % of its charge in network: 60.00, 88.00 and 120.00 of 75.00, 110.00 and 150.00.

    The deductible is met: 20 % = 12.00, 17.60, 24.00.
    """
    used = [{"accumulator": "deductible", "used_cents": 10000}, {"accumulator": "oop_max", "used_cents": 10000}]
    item = ITEM | {"procedures": [], "dates": ["2026-03-02"]}
    amounts, assumptions = bounds(members=[MEMBER | {"accumulators": used}], items=[item])
    assert amounts == (1200, 1760, 2400)
    assert assumptions[0].startswith("The charge for acupuncture is not known")


def test_the_range_covers_an_assumed_attestation() -> None:
    """With the referral 3 x 20.00; without it 3 x 80.00."""
    amounts, _ = bounds(plan_id="copay-plan", members=NOTHING_USED)
    assert amounts == (6000, 6000, 24000)
    answer = estimate(RULES, question(plan_id="copay-plan", members=NOTHING_USED))
    (prerequisite,) = answer.prerequisites
    assert (prerequisite.attestation, prerequisite.benefit, prerequisite.item_index) == ("referral", "hands", 0)
    assert "a referral" in prerequisite.text
    assert prerequisite.rule.startswith("copay.yaml:")


def test_a_given_or_denied_attestation_is_not_open() -> None:
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


WAIVED = SHARE_PLAN.replace(
    "[deductible, {coinsurance: 20%}]", "[deductible, {copay: $30, waived_with_deductible: yes}]"
)
DISCOUNTED = COPAY_PLAN.replace(
    "requires: [referral]", "limits: [{id: dozen, allow: 12 visits, per: benefit_period, cite: eoc p.3}]"
)
OOP_ONLY = [{"accumulator": "oop_max", "used_cents": 0}]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # 48.00 allowed: all of it to the deductible. With one cent of it left the copay falls away: 0.01 is the least.
        (["2026-03-02"], (1, 4800, 4800)),
        # The least: one cent and a copay. Expected: 48.00, 48.00. The most: the same, since a copay is less than 48.00.
        (["2026-03-02", "2026-03-09"], (3001, 9600, 9600)),
        # 100.00 of deductible end in the third visit, on 4.00. The most: they end with the second, 96.00 + 30.00.
        (["2026-03-02", "2026-03-09", "2026-03-16"], (6001, 10000, 12600)),
    ],
)
def test_the_range_covers_a_copay_waived_with_the_deductible(dates: list[str], expected: tuple[int, int, int]) -> None:
    """What is left of the deductible decides; neither end of it gives the least."""
    item = ITEM | {"dates": dates}
    found = estimate(tables(share=WAIVED), question(members=[MEMBER | {"accumulators": OOP_ONLY}], items=[item])).range
    assert (found.low_cents, found.expected_cents, found.high_cents) == expected


@pytest.mark.parametrize(
    ("sessions", "copay", "discount", "expected"),
    [
        # Three visits at 20.00; all twelve used before: three charges of 80.00.
        (3, "$20", "", (6000, 6000, 24000)),
        # The thirteenth is the member's in any case: 12 x 20.00 + 80.00.
        (13, "$20", "", (32000, 32000, 104000)),
        # Half off what is not covered: 40.00 is less than the 48.00 that the copay takes.
        (3, "$50", "discounts: [{therapies: [acupuncture], percent: 50%, cite: eoc p.9}]\n", (12000, 14400, 14400)),
        # Twelve covered and one not, against none covered.
        (13, "$20", "discounts: [{therapies: [acupuncture], percent: 50%, cite: eoc p.9}]\n", (28000, 28000, 52000)),
    ],
)
def test_the_range_covers_the_unknown_use_of_a_limit(
    sessions: int, copay: str, discount: str, expected: tuple[int, int, int]
) -> None:
    text = DISCOUNTED.replace("$20 per visit", f"{copay} per visit").replace("sources:", f"{discount}sources:")
    item = ITEM | {"dates": [], "start_date": "2026-03-02", "sessions": sessions}
    found = estimate(tables(copay=text), question(plan_id="copay-plan", members=NOTHING_USED, items=[item])).range
    assert (found.low_cents, found.expected_cents, found.high_cents) == expected
    (assumption,) = found.assumptions
    assert assumption.text == (
        "The plan covers 12 visits in a benefit period (dozen). You gave no earlier use of this limit, so we expect "
        "none. The range goes up to all of it."
    )


def test_the_range_covers_a_familys_open_sums() -> None:
    """Nothing met: 48.00 of each member's visit goes to a deductible. All met: 20 % of 48.00 each."""
    members = [MEMBER | {"id": name, "accumulators": OOP_ONLY} for name in ("ana", "ben")]
    items = [ITEM | {"member_id": name, "dates": ["2026-03-02"]} for name in ("ana", "ben")]
    amounts, _ = bounds(members=members, items=items, family_accumulators=OOP_ONLY)
    assert amounts == (1920, 9600, 9600)


def test_a_members_open_sum_is_at_most_the_familys() -> None:
    """Of the family 160.00 of 200.00 are met: Ana's visit takes the last 40.00 of it, if she has any of hers left.

    What one member saves may be dearer to another, so that the range is widened to the charges, and says so.
    """
    members = [MEMBER | {"id": name, "accumulators": OOP_ONLY} for name in ("ana", "ben")]
    items = [ITEM | {"member_id": name, "dates": ["2026-03-02"]} for name in ("ana", "ben")]
    family = [*OOP_ONLY, {"accumulator": "deductible", "used_cents": 16000}]
    amounts, assumptions = bounds(members=members, items=items, family_accumulators=family)
    assert amounts == (0, 4000 + 160 + 960, 16000)
    assert assumptions[-1].startswith("Too many facts are unknown to try every case.")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("diagnoses", "only for back pain. You gave no diagnosis"),
        ("practitioner", "only from acupuncturist. You gave no practitioner"),
    ],
)
def test_the_range_covers_a_missing_fact(missing: str, sentence: str) -> None:
    """Assumed to hold: 60.80; not so: three charges of 80.00. As attested it fails, and may still hold."""
    item = {name: value for name, value in ITEM.items() if name != missing}
    assert bounds(items=[item]) == (
        (6080, 6080, 24000),
        (f"Item 1: the plan covers this service {sentence}, so we assume that it fits.",),
    )
    amounts, _ = bounds(items=[item], requirements="REQUIREMENTS_AS_ATTESTED")
    assert amounts == (6080, 24000, 24000)


def test_a_refusal_for_a_missing_fact_says_that_it_is_missing() -> None:
    item = {name: value for name, value in ITEM.items() if name != "diagnoses"}
    asked = question(members=[MEMBER], items=[item], requirements="REQUIREMENTS_AS_ATTESTED", explain=True)
    texts = [step.text for step in estimate(RULES, asked).lines[0].steps]
    assert "The plan covers this service only for certain diagnoses. No diagnosis was given." in texts


def test_the_range_covers_an_unknown_code() -> None:
    """60.80 as ever, and 3 x 50.00 for the code: at the least nothing of it. X12: the code is invalid."""
    item = ITEM | {"procedures": [*ITEM["procedures"], {"code": "99999", "charge_cents": 5000}]}
    amounts, assumptions = bounds(items=[item])
    assert amounts == (6080, 21080, 21080)
    assert "the code 99999 is not in our catalog" in assumptions[0]
    line = estimate(RULES, question(members=[MEMBER], items=[item])).lines[1]
    assert (line.reason, line.therapy, line.code, line.patient_cents) == (Reason.UNKNOWN_CODE, "", "99999", 5000)
    assert line.adjustments == (Adjustment("PR", "181", Cents(5000)),)


def test_sums_of_an_earlier_benefit_period_make_all_sums_open() -> None:
    """Sums of December 2025: what was applied since is open. The least: the maximum is met. The most: 100.00 + 8.80."""
    sums = [{"accumulator": "deductible", "used_cents": 6000}, {"accumulator": "oop_max", "used_cents": 6000}]
    amounts, assumptions = bounds(members=[MEMBER | {"accumulators": sums}], as_of="2025-12-31")
    assert amounts == (0, 10880, 10880)
    assert "from December 31, 2025, in an earlier benefit period" in assumptions[0]


def test_assumptions_name_lines_before_as_of_and_repeated_services() -> None:
    early, _ = bounds(as_of="2026-03-10")
    assert early == (6080, 6080, 6080)
    assert bounds(as_of="2026-03-10")[1] == (
        "Item 1 has services before March 10, 2026. We assume that the sums of that day do not count them yet.",
    )
    twice = [ITEM | {"dates": ["2026-03-02"]}, ITEM | {"dates": ["2026-03-02"]}]
    assert bounds(items=twice)[1] == (
        "Items 1 and 2 are alike and share March 2, 2026. Each is priced as a service of its own.",
    )
