"""A copay by bands of what the plan allows for a line (point 19), by Medicaid's figures of 2012, worked by hand."""

from __future__ import annotations

import pytest

from camcover.engine import Estimate
from one_visit import one_visit, plan_paying

BANDS = (
    "{copay_by_allowed: [{up_to: $10, copay: $0.65}, {up_to: $25, copay: $1.30}, {up_to: $50, copay: $2.55}, "
    "{copay: $3.80}]}"
)


def asked(*lines: int, pays: str = BANDS, maximum: str = "$100") -> Estimate:
    """One visit with a line of each of these amounts, cents."""
    return one_visit(plan_paying(pays, "$15", maximum), *lines)


@pytest.mark.parametrize(
    ("cents", "copay"),
    [
        *[(40, 40), (1_000, 65), (1_001, 130), (2_000, 130), (2_500, 130), (4_500, 255), (5_000, 255)],
        *[(5_001, 380), (9_000, 380)],
    ],
)
def test_the_allowed_amount_selects_the_band(cents: int, copay: int) -> None:
    assert [line.copay_cents for line in asked(cents).lines] == [copay]


def test_each_line_of_a_visit_pays_its_own_band() -> None:
    assert [line.copay_cents for line in asked(2_000, 9_000).lines] == [130, 380]


def test_after_a_deductible_the_whole_allowed_amount_selects_the_band() -> None:
    """Of 20 15 are the deductible; the band is that of 20: 1.30 of the 5 that are left."""
    (line,) = asked(2_000, pays=f"deductible, {BANDS}").lines
    assert (line.deductible_cents, line.copay_cents, line.plan_paid_cents) == (1_500, 130, 370)


def test_the_maximum_cuts_a_banded_copay_as_a_copay() -> None:
    found = asked(9_000, 9_000, maximum="$5")
    assert [line.copay_cents for line in found.lines] == [380, 120]
    assert found.accumulators_after[1].used_cents == 500


def test_banded_copays_in_words() -> None:
    up_to = ["$0.65 where the plan allows up to $10.00", "$1.30 where the plan allows up to $25.00"]
    asked_for = f"{', '.join(up_to)}, and $2.55 where the plan allows up to $50.00; $3.80 copay per service above that"
    assert asked(2_000).lines[0].steps[2].text == f"You pay a copay of $1.30 (the plan asks for {asked_for})."
