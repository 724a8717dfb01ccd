"""The lesser and the greater of two steps, coinsurance with a least and a most, worked by hand (point 44).

The sums stand beside the numbers. A line is what the plan allows; nothing else is taken off but where a test says so.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from camcover.engine.estimate import Line
from camcover.workflow.coverage import check_coverage
from one_visit import one_visit, plan_paying
from small_rules import tables, typed

LESSER = "{lesser_of: [{copay: $20}, {coinsurance: 50%}]}"
GREATER = "{greater_of: [{copay: $20}, {coinsurance: 50%}]}"


def asked(pays: str, *lines: int, maximum: str = "$1000", **others: Any) -> Estimate:
    """One visit with a line of each of these amounts, cents; sums as given, else none."""
    return one_visit(plan_paying(pays, "$10", maximum), *lines, **others)


def shares(found: Estimate) -> list[tuple[int, int]]:
    """(copay, coinsurance) of each line."""
    return [(line.copay_cents, line.coinsurance_cents) for line in found.lines]


@pytest.mark.parametrize(
    ("pays", "lines", "expected"),
    [
        # A published chiropractic benefit, 20 or 50 %, whichever is less: of 34 17, of 30 15, of 60 20.
        (LESSER, [3_400], [(0, 1_700)]),
        (LESSER, [3_000], [(0, 1_500)]),
        (LESSER, [6_000], [(2_000, 0)]),
        # Both come to 20: a coinsurance. The order in the file does not matter.
        (LESSER, [4_000], [(0, 2_000)]),
        ("{lesser_of: [{coinsurance: 50%}, {copay: $20}]}", [6_000], [(2_000, 0)]),
        # Two lines of a visit: 15, then what is left of 20; 5, then 15; together the lesser of 20 and 50 %.
        (LESSER, [3_000, 3_000], [(0, 1_500), (500, 0)]),
        (LESSER, [1_000, 6_000], [(0, 500), (1_500, 0)]),
        (LESSER, [6_000, 1_000], [(2_000, 0), (0, 0)]),
        # The greater: 20 of 34, 30 of 60, and never more than the line: 12 of 12.
        (GREATER, [3_400], [(2_000, 0)]),
        (GREATER, [6_000], [(0, 3_000)]),
        (GREATER, [1_200], [(1_200, 0)]),
        # 10 of 10 (5 above its half), then max(20 - 10, 30 - 5) = 25: 50 % of 70. The other way round 30, then 5.
        (GREATER, [1_000, 6_000], [(1_000, 0), (0, 2_500)]),
        (GREATER, [6_000, 1_000], [(0, 3_000), (0, 500)]),
        # 10 of 10, then 8 of 8, of the 20 2 are left: max(2, 4 - (18 - 9)) = 2. The fourth: 2 - (20 - 13) < 0.
        (GREATER, [1_000, 800, 800, 400], [(1_000, 0), (800, 0), (200, 0), (0, 0)]),
        # Per line each line by itself; the base may be what the plan allows.
        (LESSER.replace("$20", "$20 per line"), [3_000, 6_000], [(0, 1_500), (2_000, 0)]),
        (GREATER.replace("$20", "$20 per line"), [3_000, 6_000], [(2_000, 0), (0, 3_000)]),
        ("deductible, {lesser_of: [{copay: $20}, {coinsurance: 50%, of: allowed}]}", [3_400], [(0, 1_700)]),
        ("deductible, {lesser_of: [{copay: $20}, {coinsurance: 50%}]}", [3_400], [(0, 1_200)]),
        # 35 %, at most 150 a visit: 105, then 45 of 70. At least 20: 10.50 of 30 is raised to 20.
        ("{coinsurance: 35%, at_most: $150 per visit}", [30_000, 20_000], [(0, 10_500), (0, 4_500)]),
        ("{coinsurance: 35%, at_least: $20 per visit}", [3_000], [(0, 2_000)]),
        # 20 of 30 (9.50 above), then max(0, 35 - 9.50) = 25.50: 45.50, 35 % of 130.
        ("{coinsurance: 35%, at_least: $20 per visit}", [3_000, 10_000], [(0, 2_000), (0, 2_550)]),
        # Between 20 and 30 a visit: 20, then 10 of 25.50, then nothing.
        ("{coinsurance: 35%, at_least: $20, at_most: $30}", [3_000, 10_000, 9_000], [(0, 2_000), (0, 1_000), (0, 0)]),
        # A least per line and a most per visit: 10, 10, then 5 of 10.
        ("{coinsurance: 10%, at_least: $10 per line, at_most: $25}", [5_000] * 3, [(0, 1_000), (0, 1_000), (0, 500)]),
        # A copay, and apart from it a coinsurance of the rest with its own most: 20 and 4 of 8, then 1 and 6.
        ("{copay: $20}, {coinsurance: 10%, at_most: $10}", [10_000, 6_000], [(2_000, 800), (0, 200)]),
    ],
)
def test_bounds_per_visit_run_over_the_lines_of_the_visit(
    pays: str, lines: list[int], expected: list[tuple[int, int]]
) -> None:
    assert shares(asked(pays, *lines)) == expected


def test_bounds_per_unit_are_multiplied_by_units() -> None:
    """Two units of 50.00: 10 % is 10.00; at most 4.00 a unit 8.00, at least 7.00 a unit 14.00; 6.00 or 10 %: 12, 10."""
    for pays, expected in (
        ("{coinsurance: 10%, at_most: $4 per unit}", (0, 800)),
        ("{coinsurance: 10%, at_least: $7 per unit}", (0, 1_400)),
        ("{greater_of: [{copay: $6 per unit}, {coinsurance: 10%}]}", (1_200, 0)),
        ("{lesser_of: [{copay: $6 per unit}, {coinsurance: 10%}]}", (0, 1_000)),
    ):
        assert shares(asked(pays, 10_000, units=2)) == [expected]


def test_an_amount_cut_by_the_maximum_is_not_remembered_as_paid() -> None:
    """15.00 left of the maximum: of 20.00 due 15.00 are paid; nothing more, for nothing more is left."""
    for pays, expected in ((LESSER, [(1_500, 0), (0, 0)]), (GREATER, [(0, 1_500), (0, 0)])):
        found = asked(pays, 6_000, 6_000, maximum="$15")
        assert shares(found) == expected
        assert [line.plan_paid_cents for line in found.lines] == [4_500, 6_000]


def test_adjustments_name_copay_or_coinsurance_as_decided() -> None:
    """X12: 3 a copay, 2 a coinsurance."""
    for cents, code in ((6_000, "3"), (3_000, "2")):
        (line,) = asked(LESSER, cents).lines
        assert [each.reason_code for each in line.adjustments] == [code]


def test_a_visit_begun_before_the_estimate_goes_on() -> None:
    """5 of the 20 were paid: 15 are left. Of 10 paid 5 were above the percentage: max(20 - 10, 30 - 5) = 25."""
    visit = {"benefit": "needles", "date": "2026-03-02"}
    before: dict[str, Any] = {"prior_visits": [visit | {"coinsurance_paid_cents": 500, "percentage_cents": 500}]}
    assert shares(asked(LESSER, 6_000, member=before)) == [(1_500, 0)]
    before = {"prior_visits": [visit | {"copay_paid_cents": 1_000, "percentage_cents": 500}]}
    assert shares(asked(GREATER, 6_000, member=before)) == [(0, 2_500)]


def test_the_state_after_the_estimate_holds_what_was_paid() -> None:
    """10 of 10, half of it above the percentage: the next request knows."""
    (use,) = asked(GREATER, 1_000).use_after.use
    (visit,) = use.prior_visits
    assert (visit.copay_paid_cents, visit.coinsurance_paid_cents, visit.percentage_cents) == (1_000, 0, 500)
    (use,) = asked("{coinsurance: 35%, at_least: $20}", 3_000).use_after.use
    (visit,) = use.prior_visits
    assert (visit.copay_paid_cents, visit.coinsurance_paid_cents, visit.percentage_cents) == (0, 2_000, 1_050)
    # A coinsurance without bounds has nothing to tell.
    (use,) = asked("{coinsurance: 35%}", 3_000).use_after.use
    assert use.prior_visits[0][5:8] == (0, 0, 0)


@pytest.mark.parametrize(
    ("pays", "explained", "terms"),
    [
        (
            LESSER,
            "You pay $17.00: the lesser of $20.00 copay per visit and 50% of what is left.",
            "the lesser of $20.00 copay per visit and 50% of what is left",
        ),
        (
            "{coinsurance: 35%, at_least: $5 per line, at_most: $10}",
            "You pay coinsurance of $10.00: 35% of what is left, at least $5.00 per service, at most $10.00 per visit.",
            "35% of what is left, at least $5.00 per service, at most $10.00 per visit",
        ),
    ],
)
def test_bounds_in_words(pays: str, explained: str, terms: str) -> None:
    line: Line = asked(pays, 3_400).lines[0]
    assert line.steps[2].text == explained
    item = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"]}
    answer = check_coverage(tables(p=plan_paying(pays, "$10")), typed({"plan_id": "p", "items": [item]}))
    assert [each.text for each in answer.terms[0].member_pays] == [terms]


def test_the_range_covers_an_open_deductible() -> None:
    """Of 34.00 with the deductible of 10.00 open: 10 + 12 = 22 expected; met 17, the least."""
    found = asked(f"deductible, {LESSER}", 3_400, member={"accumulators": []})
    assert (found.range.low_cents, found.range.expected_cents, found.range.high_cents) == (0, 2_200, 2_200)
