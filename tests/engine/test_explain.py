"""Each step of a line in words, with its amount, the place of its rule and its source."""

from __future__ import annotations

from typing import Any

import pytest

from small_rules import COPAY_PLAN, SHARE_PLAN, estimate, question, tables

ITEM = question()["items"][0]
MEMBER = question()["members"][0]


def steps(share: str = SHARE_PLAN, copay: str = COPAY_PLAN, **others: Any) -> list[list[tuple[str, int]]]:
    """(text, cents) of every step of every line."""
    answer = estimate(tables(share=share, copay=copay), question(explain=True, **others))
    return [[(step.text, step.amount_cents) for step in line.steps] for line in answer.lines]


def line_of(text: str, words: str) -> str:
    """`file:line` of the first line of share.yaml that holds `words`."""
    number = next(place for place, line in enumerate(text.splitlines(), 1) if words in line)
    return f"share.yaml:{number}"


def one(**others: Any) -> dict[str, Any]:
    """One session of the small question's item, with other fields in place of its own."""
    return {"items": [ITEM | {"dates": ["2026-03-02"]} | others]}


def test_a_covered_line_is_explained_step_by_step() -> None:
    first = steps()[0]
    texts = [text for text, _ in first]
    assert texts[0] == "The charge is $80.00. The plan allows $48.00."
    assert texts[1] == "The plan covers this service. The benefit is needles."
    assert ("You pay $40.00 toward your deductible.", 4000) in first
    assert ("You pay coinsurance of $1.60: 20% of what is left.", 160) in first
    assert ("The plan pays $6.40.", 640) in first
    assert ("The provider may not bill you the other $32.00.", 3200) in first


def test_every_step_names_its_rule_and_its_source() -> None:
    answer = estimate(tables(), question(explain=True))
    by_text = {step.text: step for step in answer.lines[0].steps}
    deductible = next(step for text, step in by_text.items() if "toward your deductible" in text)
    assert deductible.citation == "Evidence of coverage, p.1"
    coinsurance = next(step for text, step in by_text.items() if "coinsurance" in text)
    assert coinsurance.rule == line_of(SHARE_PLAN, "in_network: {member_pays:")
    assert coinsurance.citation == "Evidence of coverage, p.2"
    price = answer.lines[0].steps[0]
    assert (price.rule.split(":")[0], price.citation) == ("fees.yaml", "illustrative figures")


def test_a_met_deductible_is_explained() -> None:
    assert ("You pay nothing toward your deductible: it is met, or nothing is left to pay.", 0) in steps()[1]


def test_the_cap_by_the_out_of_pocket_maximum_is_explained() -> None:
    """495.00 of 500.00 used, the deductible met: of 9.60 only 5.00."""
    used = [{"accumulator": "deductible", "used_cents": 10000}, {"accumulator": "oop_max", "used_cents": 49500}]
    told = steps(members=[MEMBER | {"accumulators": used}], **one())[0]
    assert ("You pay coinsurance of $5.00: 20% of what is left.", 500) in told
    assert ("You have reached your out-of-pocket maximum. The plan pays $4.60 of your share.", -460) in told


def test_a_balance_bill_out_of_network_is_explained() -> None:
    """75 % of 48.00 = 36.00 is allowed; 44.00 above it is the member's."""
    told = steps(**one(tier="out_of_network"))[0]
    assert any("$44.00" in text and cents == 4400 for text, cents in told)


def test_a_copay_and_a_missing_referral_are_explained() -> None:
    assert ("You pay a copay of $20.00 (the plan asks for $20.00 copay per visit).", 2000) in steps(
        plan_id="copay-plan", members=[]
    )[0]
    told = steps(plan_id="copay-plan", members=[], requirements="REQUIREMENTS_AS_ATTESTED")[0]
    assert any("a referral" in text for text, _ in told)
    assert ("You pay $80.00.", 8000) in told


def test_a_penalty_is_explained() -> None:
    """Half of what the plan pays, 28.00, is lost without the referral: 14.00."""
    copay = COPAY_PLAN.replace("requires: [referral]", "requires: [{referral: {penalty: 50%}}]")
    told = steps(copay=copay, plan_id="copay-plan", members=[], requirements="REQUIREMENTS_AS_ATTESTED")[0]
    assert any("a referral" in text and cents == 1400 for text, cents in told)


def test_a_used_up_limit_is_explained() -> None:
    told = steps(members=[MEMBER | {"limit_usage": [{"limit": "visits", "used": 4}]}])[0]
    assert any("4 visits in a calendar year" in text for text, _ in told)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (one(therapy="massage", procedures=[], charge_cents=9000), "The plan excludes this service: not a benefit."),
        (one(therapy="reiki", procedures=[], charge_cents=9000), "None of its benefits lists it"),
        (one(diagnoses=["G44.1"]), "only for certain diagnoses"),
        (one(practitioner="massage-therapist"), "only from certain practitioners"),
        (one(dates=["2026-12-31", "2028-01-04"]), "for this date are not known"),
    ],
)
def test_each_reason_of_an_uncovered_line_is_explained(others: dict[str, Any], words: str) -> None:
    assert any(words in text for text, _ in steps(**others)[-1])


@pytest.mark.parametrize(
    ("when", "asked", "words"),
    [
        ("settings: [home]", {}, "only in certain places"),
        ("states: [OR]", {}, "only in certain states"),
        ("ages: {min: 65}", {}, "only at certain ages"),
        ("licensed: required", {"state": "AL"}, "The state does not license this practitioner"),
    ],
)
def test_other_failed_criteria_are_explained(when: str, asked: dict[str, Any], words: str) -> None:
    share = SHARE_PLAN.replace("{conditions: [back-pain], practitioners: [acupuncturist]}", f"{{{when}}}")
    told = steps(share=share, **one(**asked))[0]
    assert any(words in text for text, _ in told)


def test_an_uncovered_tier_is_explained() -> None:
    terms = "out_of_network: {member_pays: [deductible, {coinsurance: 50%}]}"
    share = SHARE_PLAN.replace(terms, "out_of_network: not_covered")
    told = steps(share=share, **one(tier="out_of_network"))[0]
    assert any("from a provider in this network" in text for text, _ in told)


def test_an_assumed_charge_is_named_as_assumed() -> None:
    told = steps(**one(procedures=[]))[0]
    assert told[0][0].startswith("The charge is not known. We use the typical cash price, $110.00.")


def test_the_payment_of_a_second_plan_is_explained() -> None:
    told = steps(secondary_plan_id="copay-plan", **one())[0]
    assert told[-1] == ("Your second plan pays $28.00 of what is left.", 2800)
