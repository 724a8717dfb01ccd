"""Two published cost shares of one service, of which nobody says which holds (docs/rule-language.md, point 43)."""

from __future__ import annotations

from typing import Any

from camcover.engine import Estimate
from one_visit import one_visit, plan_paying

HIGHER = plan_paying("{copay: $40}", "$0")
TWO = HIGHER.replace(
    "  needles:",
    "  needles-lower: {therapies: [acupuncture], when: {attested: [lower_cost_share]}, in: {member_pays: [LOWER]}}\n"
    "  needles:",
)


def asked(lower: str = "nothing", **others: Any) -> Estimate:
    """A visit of 100.00 under a plan with the lower cost share and, behind it, 40.00; `used` of the maximum is 0."""
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10000, "dates": ["2026-03-02"]}
    if "attestations" in others:
        others["items"] = [visit | {"attestations": others.pop("attestations")}]
    return one_visit(TWO.replace("LOWER", lower), 10000, **others)


def bounds(found: Estimate) -> tuple[int, int, int]:
    """Low, expected and high, cents."""
    return found.range.low_cents, found.range.expected_cents, found.range.high_cents


def test_the_higher_one_is_expected_and_the_range_has_both() -> None:
    found = asked()
    assert bounds(found) == (0, 4000, 4000)
    assert [line.benefit for line in found.lines] == ["needles"]
    assert found.prerequisites == ()


def test_the_estimate_says_so() -> None:
    (said,) = [each for each in asked().range.assumptions if each.id == "assumed-higher-cost-share"]
    assert said.text == (
        "The plan publishes a lower and a higher cost share for acupuncture, and does not say when the lower one "
        "holds. We expect the higher one. The range covers both."
    )


def test_the_lower_one_holds_once_the_plan_has_said_so() -> None:
    found = asked(attestations=["lower_cost_share"])
    assert bounds(found) == (0, 0, 0)


def test_nothing_is_open_with_requirements_as_attested() -> None:
    found = asked(requirements="REQUIREMENTS_AS_ATTESTED")
    assert bounds(found) == (4000, 4000, 4000)


def test_a_percentage_and_a_copay_are_two_cost_shares_like_others() -> None:
    """15% of 100.00 is 15.00, up to 40.00."""
    found = asked("{coinsurance: 15%}")
    assert bounds(found) == (1500, 4000, 4000)


def test_open_sums_do_not_hide_it() -> None:
    """Of the maximum of 1,000.00 anything may be used: then the visit may cost nothing, and never more than 40.00."""
    found = asked("{coinsurance: 15%}", member={"accumulators": []})
    assert bounds(found) == (0, 4000, 4000)


def test_a_requirement_is_never_assumed_to_be_met_by_it() -> None:
    needed = HIGHER.replace("therapies: [acupuncture],", "therapies: [acupuncture], requires: [lower_cost_share],")
    found = one_visit(needed, 10000)
    assert bounds(found) == (4000, 10000, 10000)
