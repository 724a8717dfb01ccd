"""Cost shares as steps, and what they come to for one visit."""

from __future__ import annotations

import pytest

from camcover.exchange.shares import Combined, CostShare
from camcover.money import BasisPoints, percent
from camcover.rulebook.words import written

BOTH = "[{copay: $30 per visit}, {coinsurance: 20%}]"


@pytest.mark.parametrize(
    ("share", "steps", "cents"),
    [
        (CostShare(), ("nothing",), 0),
        (CostShare(3000), ("copay: $30 per visit",), 3000),
        (CostShare(3000, after=True), ("deductible", "copay: $30 per visit"), 8000),
        (CostShare(3000, before=True), ("copay: $30 per visit", "deductible"), 8000),
        # 50.00, then 12.5% of the other 50.00.
        (CostShare(None, 1250, after=True), ("deductible", "coinsurance: 12.5%"), 5625),
        # A copay of 30.00, then 20% of the other 70.00.
        (CostShare(3000, 2000), ("copay: $30 per visit", "coinsurance: 20%"), 4400),
        (CostShare(3000, 2000, combined=Combined.LESSER), (f"lesser_of: {BOTH}",), 2000),
        (CostShare(3000, 2000, combined=Combined.GREATER), (f"greater_of: {BOTH}",), 3000),
        (CostShare(3050, per_day=True), ("copay: $30.50 per day",), 3050),
    ],
)  # fmt: skip
def test_steps_and_amounts(share: CostShare, steps: tuple[str, ...], cents: int) -> None:
    """Of 100.00, with 50.00 of the deductible left."""
    assert share.steps == steps
    assert share.of_visit(10000, 5000) == cents


def test_amounts_as_rule_files_write_them() -> None:
    assert [written(each) for each in (0, 950, 125000)] == ["$0", "$9.50", "$1250"]
    assert [percent(BasisPoints(each)) for each in (0, 2000, 1250, 1225)] == ["0%", "20%", "12.5%", "12.25%"]
