"""What may stand at a place of a rule file that is being typed."""

from __future__ import annotations

import pytest

from camcover.workflow.completing import completions
from small_rules import COPAY_PLAN, SHARE_PLAN, TEXTS

FILES = {name: text.encode() for name, text in TEXTS.items()}


def offered(text: str) -> set[str]:
    """What is offered at the mark `^` of a text."""
    before, _, behind = text.partition("^")
    line = before.count("\n") + 1
    return {each.text for each in completions(FILES, before + behind, line, len(before.rpartition("\n")[2]) + 1)}


def at(place: str, text: str = COPAY_PLAN, instead: str = "") -> set[str]:
    """What is offered in a plan in place of a text that it has."""
    assert place in text
    return offered(text.replace(place, f"{instead}^", 1))


@pytest.mark.parametrize(
    ("found", "expected", "not_expected"),
    [
        (at("acupuncture, massage]"), {"acupuncture", "massage", "reiki"}, {"back-pain", "copay-plan"}),
        (at("massage]\n", instead="reiki, "), {"acupuncture"}, {"requires"}),
        (at("referral]"), {"referral", "prior_authorization"}, {"acupuncture"}),
        (at("copay: $20"), {"copay", "coinsurance", "deductible"}, {"member_pays", "therapies"}),
        (at("member_pays"), {"member_pays"}, {"copay"}),
        (at("requires: [referral]"), {"requires", "limits", "when", "cite"}, {"id"}),
        (at("oop_max, above"), {"oop_max"}, {"hands"}),
        (at("yes\naccu"), {"yes", "no"}, set()),
        (at("fees\nill"), {"fees"}, {"copay-plan"}),
        (at("plan\nid"), {"plan", "catalog", "fees", "policy"}, set()),
        (at("benefits:\n"), {"benefits", "exclusions", "tiers"}, {"copay"}),
        (at("back-pain], prac", SHARE_PLAN), {"back-pain", "headache"}, {"acupuncture"}),
        (at("practitioners: [acupuncturist]}", SHARE_PLAN), {"practitioners", "ages"}, {"back-pain"}),
        (at("reason: not_a_benefit", SHARE_PLAN), {"reason", "when", "cite"}, {"member_pays"}),
    ],
)
def test_what_fits_is_offered(found: set[str], expected: set[str], not_expected: set[str]) -> None:
    assert expected <= found
    assert not found & not_expected


def test_lists_by_dashes_and_nested_blocks() -> None:
    text = "kind: plan\nbenefits:\n  hands:\n    therapies:\n      - ^\n"
    assert {"acupuncture", "massage", "reiki"} <= offered(text)
    text = "kind: plan\nbenefits:\n  hands:\n    in_network:\n      member_pays:\n        - ^\n"
    assert {"deductible", "nothing", "copay"} <= offered(text)
    text = "kind: plan\nbenefits:\n  hands:\n    in_network:\n      member_pays:\n      - copay: $1\n        ^\n"
    assert {"waived_with_deductible", "coinsurance"} <= offered(text)
    assert "therapies" not in offered(text)


@pytest.mark.parametrize(
    "text", ["^", "kin^", "kind: ^", "kind: nothing\n^", "]}^", "kind: plan\nx: {[^", "kind: plan\n  - - ^"]
)
def test_any_text_may_be_typed(text: str) -> None:
    assert offered(text) is not None


def test_a_place_outside_has_nothing() -> None:
    assert completions(FILES, COPAY_PLAN, 0, 1) == completions(FILES, COPAY_PLAN, 10_000, 1) == ()
