"""A money limit that hands on what it cuts of a line, worked by hand (point 16).

A line is what the plan allows. The fund pays first; what is left goes to the benefit behind it.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate
from small_rules import estimate, tables

PLAN = """\
format: camcover/1
kind: plan
id: p
payer: {id: example, name: Example Health}
effective: {from: 2026-01-01}
illustrative: yes
accumulators:
  deductible: {kind: deductible, individual: $500, family_mode: embedded}
  maximum: {kind: out_of_pocket_maximum, individual: MAXIMUM, family_mode: embedded}
tiers:
  in: {deductible: deductible, out_of_pocket_maximum: maximum, above_allowed: written_off}
benefits:
  fund:
    therapies: [acupuncture]
    limits: [{id: fund, allow: $10000, per: PERIOD, straddle: next COUNTS}]
    when_exhausted: next
    in: {member_pays: FIRST}
  behind:
    therapies: [acupuncture]
    TERMS
    in: {member_pays: [deductible, {coinsurance: 10%}]}
otherwise: not_covered
"""


def asked(*lines: int, left: int = 4_000, met: int = 50_000, **others: Any) -> Estimate:
    """One visit with a line of each of these amounts, cents; `left` of the fund, `met` of the deductible."""
    words = {"FIRST": "[nothing]", "COUNTS": "", "    TERMS\n": "", "MAXIMUM": "$5000", "PERIOD": "benefit_period"}
    words |= {word: others.pop(word) for word in ("FIRST", "COUNTS", "MAXIMUM", "PERIOD") if word in others}
    if "TERMS" in others:
        words["    TERMS\n"] = f"    {others.pop('TERMS')}\n"
    text = PLAN
    for word, written in words.items():
        text = text.replace(word, written)
    units = others.pop("units", 1)
    procedures = [{"code": "97810", "charge_cents": cents, "units": units} for cents in lines]
    visit = {"therapy": "acupuncture", "tier": "in", "dates": ["2026-03-02"], "procedures": procedures}
    used = [{"accumulator": "deductible", "used_cents": met}, {"accumulator": "maximum", "used_cents": met}]
    member: dict[str, Any] = {"id": "ana", "age": 44, "state": "WA", "accumulators": used}
    member["limit_usage"] = [{"limit": "fund", "used_cents": 1_000_000 - left}]
    request = {"plan_id": "p", "members": [member], "items": [visit], "explain": True}
    return estimate(tables(p=text), request | others)


def shares(found: Estimate) -> list[tuple[int, int, int, int]]:
    """(deductible, coinsurance, plan paid, not covered) of each line."""
    names = ("deductible_cents", "coinsurance_cents", "plan_paid_cents", "not_covered_cents")
    return [tuple(getattr(line, name) for name in names) for line in found.lines]


@pytest.mark.parametrize(
    ("lines", "others", "expected"),
    [
        # 9,960 of 10,000 paid, visit 90: the fund 40; of the other 50 the member 10 % = 5, the plan 45.
        ([9_000], {}, [(0, 500, 8_500, 0)]),
        # Nothing of the deductible is met: the 50 are the deductible.
        ([9_000], {"met": 0}, [(5_000, 0, 4_000, 0)]),
        # The next line of the visit is all the second benefit's: 10 % of 100.
        ([9_000, 10_000], {}, [(0, 500, 8_500, 0), (0, 1_000, 9_000, 0)]),
        # The fund's own coinsurance first: 20 % of 90 = 18, the fund would pay 72 and has 40; of the other 32 3.20.
        ([9_000], {"FIRST": "[{coinsurance: 20%}]"}, [(0, 2_120, 6_880, 0)]),
        # By allowed amounts: 40 enter its steps, 20 % = 8, the plan 32; of the other 50 5, the plan 45.
        ([9_000], {"FIRST": "[{coinsurance: 20%}]", "COUNTS": ", counts: allowed"}, [(0, 1_300, 7_700, 0)]),
        # The maximum has room for 2: of 5 2.
        ([9_000], {"MAXIMUM": "$502"}, [(0, 200, 8_800, 0)]),
        # The second benefit's own limit of 30 cuts the rest: 10 % of 50 = 5, the plan 30, 15 are the member's.
        ([9_000], {"TERMS": "limits: [{id: own, allow: $30, per: benefit_period}]"}, [(0, 500, 7_000, 1_500)]),
        # Both benefits' limits are over windows, so that the line is a dated use of each.
        (
            [9_000, 10_000],
            {"PERIOD": "rolling 12 months", "TERMS": "limits: [{id: own, allow: $60, per: rolling 30 days}]"},
            [(0, 500, 8_500, 0), (0, 1_000, 1_500, 7_500)],
        ),
        # A rest is handed on once: no third benefit.
        (
            [9_000],
            {"TERMS": "{limits: [{id: own, allow: $30, per: benefit_period, straddle: next}], when_exhausted: next}"},
            [(0, 500, 7_000, 1_500)],
        ),
    ],
)
def test_the_rest_of_a_line_goes_to_the_next_benefit(
    lines: list[int], others: dict[str, Any], expected: list[tuple[int, ...]]
) -> None:
    if others.get("TERMS", "").startswith("{"):
        others = others | {"TERMS": others["TERMS"].strip("{}").replace("], when", "]\n    when")}
    assert shares(asked(*lines, **others)) == expected


def test_the_rest_is_not_covered_where_no_benefit_takes_it() -> None:
    """Without an authorization the second benefit covers nothing: 50 are the member's, for the fund's limit."""
    found = asked(9_000, TERMS="requires: [prior_authorization]", requirements="REQUIREMENTS_AS_ATTESTED")
    assert shares(found) == [(0, 0, 4_000, 5_000)]
    (line,) = found.lines
    assert (line.benefit, line.rest_benefit, line.covered, line.reason.name, line.limit) == (
        *("fund", "", True, "LIMIT_REACHED", "fund"),
    )
    told = "You have reached that limit with this service, so $50.00 is not covered."
    assert any(step.text.endswith(told) for step in line.steps)


def test_a_unit_limit_refuses_the_rest_instead_of_splitting_it() -> None:
    """Two units; the second benefit has one left: it refuses the rest of 50. With two left it takes it."""
    for left, expected in ((1, (0, 0, 4_000, 5_000)), (2, (0, 500, 8_500, 0))):
        terms = f"limits: [{{id: own, allow: {left} units, per: benefit_period}}]"
        assert shares(asked(9_000, units=2, TERMS=terms)) == [expected]


def test_the_explanation_follows_the_rest_to_the_next_benefit() -> None:
    (line,) = asked(9_000).lines
    assert (line.benefit, line.rest_benefit, line.reason.name, line.patient_cents) == ("fund", "behind", "NONE", 500)
    told, reached = [step.text for step in line.steps], "You have reached that limit with this service."
    assert told[2:] == [
        "You pay nothing of the allowed amount.",
        "The plan pays $40.00.",
        f"The plan covers $10,000.00 in a benefit period. {reached} The benefit behind takes over $50.00 of it.",
        "You pay nothing toward your deductible: it is met, or nothing is left to pay.",
        "You pay coinsurance of $5.00: 10% of what is left.",
        "The plan pays $45.00.",
    ]
    assert sum(each.amount_cents for each in line.adjustments) == 500


def test_the_state_after_the_estimate_holds_both_visits() -> None:
    """The fund paid 40 of the visit, the second benefit 45."""
    (use,) = asked(9_000).use_after.use
    assert {each.benefit: each.plan_paid_cents for each in use.prior_visits} == {"fund": 4_000, "behind": 4_500}
    assert [(each.limit, each.used_cents) for each in use.limit_usage] == [("fund", 1_000_000)]


def test_the_second_benefits_penalty_applies_to_the_rest() -> None:
    """Half of the 45 that the second benefit would pay, by the code of its authorization."""
    terms = "requires: [{prior_authorization: {penalty: 50%}}]"
    (line,) = asked(9_000, TERMS=terms, requirements="REQUIREMENTS_AS_ATTESTED").lines
    assert (line.penalty_cents, line.plan_paid_cents) == (2_250, 6_250)
    assert {each.reason_code: each.amount_cents for each in line.adjustments} == {"2": 500, "197": 2_250}
