"""A request that asks to explain its range is told what leads to each end, in words and as data; no other is."""

from __future__ import annotations

from typing import Any

from camcover.api.contract import as_of_contract
from camcover.api.estimates import estimate_message
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.workflow.pricing import price, price_again
from engine.test_range_causes import EITHER, without
from engine.test_ranges import MEMBER, NOTHING_USED, OOP_ONLY
from small_rules import estimate, question, tables, typed

RULES = tables()
BEFORE = 16
"""The contract before ranges were explained."""


def ends(rules: Any = RULES, language: str = "", **others: Any) -> estimate_pb2.Range:
    """The range of the small question with other fields in place of its own."""
    asked = question(**({"members": [MEMBER], "explain_range": True} | others))
    return estimate_message(price(rules, typed(asked)), "", language).range


def test_each_end_has_its_causes() -> None:
    """As in test_range_causes.py: 28.80 with the deductible met, 80.00 less; 236.00 out of network, 127.20 more."""
    found = ends(members=[MEMBER | {"accumulators": OOP_ONLY}], items=[without("tier")])
    assert (found.low_cents, found.expected_cents, found.high_cents) == (2_880, 10_880, 23_600)
    (low,), (high,) = found.low_causes, found.high_causes
    assert (low.message_id, low.text, low.worth_cents) == (
        "range-cause-deductible-met",
        "Your deductible is already met",
        -8_000,
    )
    assert list(low.item_indexes) == []
    assert high.message_id == "range-cause-network"
    assert high.text == "acupuncture: from another network, out of network"
    assert high.worth_cents == 12_720
    assert list(high.item_indexes) == [0]
    care, tier = high.arguments
    assert [care.name, *(each.label for each in care.all_of.items)] == ["therapies", "acupuncture"]
    assert (tier.name, tier.label) == ("tier", "out_of_network")
    assert not found.is_widened


def test_causes_are_told_in_the_language_of_the_request() -> None:
    """240.00 in place of 60.00 without the referral."""
    (cause,) = ends(language="es", plan_id="copay-plan", members=NOTHING_USED).high_causes
    assert (cause.text, cause.worth_cents) == ("acupuntura sin una remisión de un médico", 18_000)


def test_what_moves_the_cost_only_together_has_no_worth() -> None:
    """Without both approvals the visits cost 240.00 in place of 60.00; either is enough."""
    found = ends(tables(copay=EITHER), plan_id="copay-plan", members=NOTHING_USED)
    assert not found.low_causes
    assert len(found.high_causes) == 2
    assert not any(each.HasField("worth_cents") for each in found.high_causes)


def test_a_range_wider_than_any_case_says_so() -> None:
    """As in test_range_causes.py: 32.00 less with a deductible of one's own met."""
    item = question()["items"][0] | {"dates": ["2026-03-02"]}
    found = ends(
        members=[MEMBER | {"id": name, "accumulators": OOP_ONLY} for name in ("ana", "ben")],
        items=[item | {"member_id": name} for name in ("ana", "ben")],
        family_accumulators=[*OOP_ONLY, {"accumulator": "deductible", "used_cents": 16_000}],
    )
    assert found.is_widened
    assert [each.worth_cents for each in found.low_causes] == [-3_200]


def test_one_amount_has_no_causes() -> None:
    found = ends()
    assert found.low_cents == found.high_cents
    assert not found.low_causes
    assert not found.high_causes


def test_the_rest_of_an_answer_stays_as_it_was() -> None:
    """Without the flag nothing of it is there; with it nothing else differs, so that an older answer compares."""
    asked = question(members=[MEMBER], items=[without("tier", "practitioner")])
    plain = price(RULES, typed(asked))
    assert plain.estimate.range.causes is None
    explained = price_again(RULES, typed(asked | {"explain_range": True}), plain.name, plain.created_at)
    assert explained.estimate.range[:4] == plain.estimate.range[:4]
    message, before = estimate_message(explained, ""), estimate_message(plain, "")
    assert message.range.high_causes
    assert as_of_contract(message, BEFORE) == before
    names = {field.name for field, _ in before.range.ListFields()}
    assert names <= {"low_cents", "expected_cents", "high_cents", "assumptions", "assumption_sentences"}


def test_a_stored_request_keeps_the_wish() -> None:
    """The typed request has it, too."""
    assert typed(question(explain_range=True)).explain_range
    assert not typed(question()).explain_range
    assert estimate(RULES, question(explain_range=True)).range.causes is not None
