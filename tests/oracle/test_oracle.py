"""The oracle against amounts worked out by hand from docs/rule-language.md; the arithmetic stands beside each."""

from __future__ import annotations

import pytest

from .adjudication import adjudicate
from .drawn import drawn
from .examples import benefit, column, estimate, plan, sums
from .scenarios import Scenario, draw_scenario

TWO_CODES = {"procedures": [{"code": "97810", "charge_cents": 7000}, {"code": "97811", "charge_cents": 5000}]}


def test_a_copay_per_visit_runs_over_the_lines_of_the_visit() -> None:
    """Allowed 48.00 and 36.00; a copay of 60.00: 48.00 on the first line, the remaining 12.00 on the second.

    The plan pays 0 and 36 - 12 = 24.00; written off 70 - 48 = 22.00 and 50 - 36 = 14.00.
    """
    result = estimate([plan(benefit("[copay: $60]"))], [TWO_CODES | {"dates": ["2026-03-02"]}])
    assert column(result, "copay", "plan_paid", "written_off") == [(4800, 0, 2200), (1200, 2400, 1400)]
    assert sums(result)["1", "oop_max"] == 6000


def test_deductible_coinsurance_and_the_cap_in_that_order() -> None:
    """Massage at 85.00; deductible 100.00, coinsurance 33.33 %, out-of-pocket maximum 200.00 of which 90.00 are used.

    Line 1: deductible 85.00. Room 110.00, so uncut; 25.00 of room left.
    Line 2: deductible 15.00; 33.33 % of 70.00 = 23.331 -> 23.33; share 38.33, cut by 13.33 to 25.00: coinsurance 10.00.
    Line 3: nothing left of the maximum: 33.33 % of 85.00 = 28.3305 -> 28.33 all cut, the plan pays 85.00.
    """
    item = {"therapy": "massage", "charge_cents": 10000, "start_date": "2026-03-02", "sessions": 3}
    used = [{"id": "a", "accumulators": [{"accumulator": "oop_max", "used_cents": 9000}]}]
    result = estimate([plan(benefit("[deductible, coinsurance: 33.33%]"))], [item], members=used)
    assert column(result, "deductible", "coinsurance", "plan_paid") == [(8500, 0, 0), (1500, 1000, 6000), (0, 0, 8500)]
    assert sums(result) == {("a", "deductible"): 10000, ("a", "oop_max"): 20000}


def test_an_embedded_family_deductible_ends_with_the_familys() -> None:
    """Individual 100.00, family 150.00: a pays 85 + 15; b has min(100, 150 - 100) = 50.00 left, c nothing."""
    items = [
        {"member_id": who, "therapy": "massage", "charge_cents": 8500, "dates": [f"2026-03-{day:02}"]}
        for day, who in ((1, "a"), (2, "a"), (3, "b"), (4, "c"))
    ]
    members = [{"id": each} for each in "abc"]
    result = estimate([plan(benefit("[deductible]"))], items, members=members)
    assert column(result, "deductible") == [8500, 1500, 5000, 0]
    assert sums(result)["", "deductible"] == 15000


def test_an_exhausted_limit_leaves_the_allowed_amount_less_the_discount() -> None:
    """Two visits a month. The third of March: base min(100.00, 85.00), less 12.5 % = 10.625 -> 10.63: 74.37 owed.

    Written off 100.00 - 74.37 = 25.63. April begins with a new count. The limit's use before counts in its own month.
    """
    terms = plan(
        benefit("nothing", "limits: [{allow: 2 visits, per: month}]")
        + "not_covered_pays: allowed\ndiscounts: [{therapies: [massage], percent: 12.5%}]"
    )
    item = {
        "therapy": "massage",
        "charge_cents": 10000,
        "dates": ["2026-03-09", "2026-03-02", "2026-04-01", "2026-03-16"],
    }
    used = [{"limit_usage": [{"limit": "care", "used": 2}]}]
    result = estimate([terms], [item], members=used, as_of="2026-02-28")
    assert column(result, "reason") == ["", "", "LIMIT_REACHED", ""]
    assert column(result, "not_covered", "written_off")[2] == (7437, 2563)
    result = estimate([terms], [item], members=used, as_of="2026-03-01")
    assert column(result, "reason") == ["LIMIT_REACHED"] * 3 + [""]


def test_a_unit_limit_splits_a_line() -> None:
    """Five units of 97811 at 36.00 = 180.00, charge 200.01; three units left.

    Covered: 3/5 of 200.01 = 120.006 -> 120.01, 3/5 of 180.00 = 108.00. Copay 10.00 per covered unit = 30.00; plan
    78.00. Written off 120.01 - 108.00 = 12.01. The other two units are the member's: 200.01 - 120.01 = 80.00.
    """
    item = {"procedures": [{"code": "97811", "units": 5, "charge_cents": 20001}], "dates": ["2026-03-02", "2026-03-03"]}
    terms = plan(benefit("[copay: $10 per unit]", "limits: [{allow: 3 units, per: lifetime}]"))
    result = estimate([terms], [item])
    names = ("covered", "reason", "covered_units", "allowed", "copay", "plan_paid", "written_off", "not_covered")
    assert column(result, *names) == [
        (True, "LIMIT_REACHED", 3, 10800, 3000, 7800, 1201, 8000),
        (False, "LIMIT_REACHED", 0, 0, 0, 0, 0, 20001),
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # 100.00 of payments: 68.00 on the first line, 32.00 of 68.00 on the second: 36.00 cut. Coinsurance 17.00 each.
        ("plan_paid", [(1700, 6800, 0, ""), (1700, 3200, 3600, "LIMIT_REACHED"), (0, 0, 8500, "LIMIT_REACHED")]),
        # 100.00 of allowed amounts: 85.00, then only 15.00 are eligible: 20 % = 3.00, the plan 12.00; 70.00 not
        # covered.
        ("allowed", [(1700, 6800, 0, ""), (300, 1200, 7000, "LIMIT_REACHED"), (0, 0, 8500, "LIMIT_REACHED")]),
    ],
)
def test_a_money_limit_cuts_the_line_that_straddles_it(counts: str, expected: list[tuple[int, int, int, str]]) -> None:
    """Massage at 85.00 under a limit of $100 for the calendar year, coinsurance 20 %."""
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 3}
    limit = f"limits: [{{allow: $100, per: calendar_year, counts: {counts}}}]"
    result = estimate([plan(benefit("[coinsurance: 20%]", limit))], [item])
    assert column(result, "coinsurance", "plan_paid", "not_covered", "reason") == expected


@pytest.mark.parametrize("allow", ["4 visits", "4 units", "$100"])
def test_a_pool_that_is_named_twice_counts_once(allow: str) -> None:
    """Six visits of one unit at 25.00, all paid by the plan: four are covered."""
    terms = plan(benefit("nothing", "limits: [pool, pool]") + f"limits: {{pool: {{allow: {allow}, per: lifetime}}}}\n")
    item = {"therapy": "massage", "charge_cents": 2500, "start_date": "2026-03-02", "sessions": 6}
    assert column(estimate([terms], [item]), "covered") == [True] * 4 + [False] * 2


def test_a_rolling_window_clips_the_end_of_the_month() -> None:
    """One visit in a rolling month. 31 March minus a month is 28 February, which is outside (28 Feb < d <= 31 March).

    On 28 March the edge is 28 February too; a visit of 1 March is inside on both days.
    """
    terms = plan(benefit("nothing", "limits: [{allow: 1 visit, per: rolling 1 month}]"))

    def reasons(before: str) -> list[str]:
        member = {"prior_visits": [{"benefit": "care", "date": before}]}
        item = {"therapy": "massage", "charge_cents": 8500, "dates": ["2026-03-28", "2026-03-31"]}
        return column(estimate([terms], [item], members=[member]), "reason")

    # The visit of 28 March, once covered, blocks 31 March.
    assert reasons("2026-02-28") == ["", "LIMIT_REACHED"]
    assert reasons("2026-03-01") == ["LIMIT_REACHED", "LIMIT_REACHED"]


def test_a_fee_chain_an_assumed_charge_and_the_limiting_charge() -> None:
    """Out of network, no charge known: the typical 110.01 is divided as 55.01 and 55.00 over the two lines.

    97810: 66.67 % of 48.00 = 32.0016 -> 32.00; 97811: 66.67 % of 36.00 = 24.0012 -> 24.00. Coinsurance 50 %.
    Up to 115 %: 36.80 - 32.00 = 4.80 billed, 55.01 - 36.80 = 18.21 written off; 27.60 - 24.00 = 3.60 and 27.40.
    In network the known allowed amount of 48.00 is the charge, since what is above it is written off.
    """
    terms = plan(benefit("[coinsurance: 50%]"))
    bare = {"procedures": [{"code": "97810"}, {"code": "97811"}], "dates": ["2026-03-02"]}
    result = estimate([terms], [bare | {"tier": "out_of_network"}])
    names = ("charge", "allowed", "coinsurance", "balance_bill", "written_off")
    assert column(result, *names) == [(5501, 3200, 1600, 480, 1821), (5500, 2400, 1200, 360, 2740)]
    assert column(estimate([terms], [bare]), *names)[0] == (4800, 4800, 2400, 0, 0)


def test_penalties_apply_one_after_the_other_and_from_their_visit_on() -> None:
    """Massage at 85.00, copay 10.00: the plan would pay 75.00. Referral: 50 % of 75.00 = 37.50 on every visit.

    Prior authorization after 1 visit: 33.33 % of the remaining 37.50 = 12.49875 -> 12.50 from visit 2 on.
    Attested or assumed, none of it. Penalties do not count toward the maximum.
    """
    requires = "requires: [referral: {penalty: 50%}, prior_authorization: {penalty: 33.33%, after: 1 visit}]"
    terms = plan(benefit("[copay: $10]", requires))
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 2}
    strict = {"requirements": "REQUIREMENTS_AS_ATTESTED"}
    result = estimate([terms], [item], **strict)
    assert column(result, "penalty", "plan_paid") == [(3750, 3750), (5000, 2500)]
    assert sums(result)["1", "oop_max"] == 2000
    assert column(estimate([terms], [item | {"attestations": ["referral"]}], **strict), "penalty") == [0, 2500]
    assert column(estimate([terms], [item]), "penalty") == [0, 0]


def test_a_plan_year_carries_its_last_quarter_over() -> None:
    """Plan year from 1 July. 60.00 used by 10 May, of it 20.00 since 1 April; 25.00 more on 1 June: 85.00, unmet.

    In July 20.00 + 25.00 = 45.00 count as used: deductible min(85.00, 100.00 - 45.00) = 55.00.
    Had 80.00 been used, June takes 20.00, the deductible is met, and July starts from zero: 85.00.
    """
    carrying = """
accumulators:
  deductible: {kind: deductible, individual: $100, carryover: last_quarter_if_unmet}
  oop_max: {kind: out_of_pocket_maximum, individual: $2000}
benefit_period: {starts: 07-01}
"""
    terms = plan(carrying + benefit("[deductible]"))
    items = [
        {"allowed_cents": 2500, "charge_cents": 2500, "dates": ["2026-06-01"]},
        {"therapy": "massage", "charge_cents": 8500, "dates": ["2026-07-01"]},
    ]

    def deductibles(used: int) -> list[int]:
        sum_so_far = {"accumulator": "deductible", "used_cents": used, "last_quarter_cents": 2000}
        members = [{"accumulators": [sum_so_far]}]
        return column(estimate([terms], items, members=members, as_of="2026-05-10"), "deductible")

    assert deductibles(6000) == [2500, 5500]
    assert deductibles(8000) == [2000, 8500]


def test_an_exhausted_benefit_passes_on_to_the_next() -> None:
    """Two visits under `first`, then one under `second`, then LIMIT_REACHED, which the last exhausted one decides."""
    terms = plan("""
benefits:
  first:
    therapies: [massage]
    limits: [{allow: 2 visits, per: benefit_period}]
    when_exhausted: next
    in_network: {member_pays: nothing}
  second:
    codes: ["97124"]
    therapies: [massage]
    limits: [{allow: 1 visit, per: benefit_period}]
    when_exhausted: next
    in_network: {member_pays: [{copay: $20}]}
""")
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 4}
    assert column(estimate([terms], [item]), "benefit", "copay", "reason") == [
        ("first", 0, ""),
        ("first", 0, ""),
        ("second", 2000, ""),
        ("second", 0, "LIMIT_REACHED"),
    ]


def test_feeds_count_the_same_dollars_once() -> None:
    """Deductible 85.00 feeds oon_deductible and oop_max; oop_max is the tier's own maximum, so only the share feeds it.

    Second line: deductible 15.00, then copay 40.00, which feeds oon_deductible (room 110 - 85 - 15 = 10.00).
    oop_max: 85 + 55 = 140.00, and as much in oon_max, whose maximum is 120.00.
    """
    terms = plan(
        """
accumulators:
  deductible: {kind: deductible, individual: $100, feeds: [oon_deductible, oop_max]}
  oon_deductible: {kind: deductible, individual: $110}
  oop_max: {kind: out_of_pocket_maximum, individual: $200, feeds: [oon_max]}
  oon_max: {kind: out_of_pocket_maximum, individual: $120}
tiers:
  in_network:
    {deductible: deductible, out_of_pocket_maximum: oop_max, above_allowed: written_off, copay_feeds: [oon_deductible]}
"""
        + benefit("[deductible, copay: $40]")
    )
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 2}
    after = sums(estimate([terms], [item]))
    names = ("deductible", "oon_deductible", "oop_max", "oon_max")
    assert [after["1", name] for name in names] == [10000, 11000, 14000, 12000]


def test_several_maxima_cap_what_they_count() -> None:
    """85.00: deductible 60.00, copay 10.00, 20 % of 15.00 = 3.00. `coins` knows the 3.00, `all` has room for 72.00.

    The deductible and the copay leave 2.00 of `all`: coinsurance 2.00, which is all that `coins` receives. Next day
    copay 10.00 and 20 % of 75.00 = 15.00, of which `all` leaves nothing.
    """
    terms = plan(
        """
accumulators:
  deductible: {kind: deductible, individual: $60}
  coins: {kind: out_of_pocket_maximum, individual: $5, counts: [coinsurance]}
  all: {kind: out_of_pocket_maximum, individual: $72, feeds: [coins]}
tiers:
  in_network:
    {deductible: deductible, out_of_pocket_maximum: coins, counts_toward: [all], capped_by: [all],
     above_allowed: written_off}
"""
        + benefit("[deductible, copay: $10, coinsurance: 20%]")
    )
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 2}
    result = estimate([terms], [item])
    assert column(result, "deductible", "copay", "coinsurance") == [(6000, 1000, 200), (0, 0, 0)]
    assert sums(result) == {("1", "deductible"): 6000, ("1", "coins"): 200, ("1", "all"): 7200}


@pytest.mark.parametrize(
    ("method", "paid"),
    [
        # E = 85.00, P = 85.00 - 45.00 = 40.00, N = 80 % of 85.00 = 68.00. min(68.00, 85.00 - 40.00) = 45.00.
        ("COORDINATION_STANDARD", 4500),
        # 68.00 - 40.00 = 28.00.
        ("COORDINATION_NON_DUPLICATION", 2800),
        # 80 % of 85.00 - 40.00 = 36.00.
        ("COORDINATION_MAINTENANCE_OF_BENEFITS", 3600),
        # min(100.00 - 40.00, 68.00, 45.00) = 45.00.
        ("COORDINATION_MEDICARE_SECONDARY", 4500),
    ],
)
def test_each_method_of_coordination(method: str, paid: int) -> None:
    """Massage at 85.00 of 100.00 charged: the first plan takes a copay of 45.00, the second coinsurance of 20 %."""
    plans = [plan(benefit("[copay: $45]")), plan(benefit("[coinsurance: 20%]"), "second")]
    item = {"therapy": "massage", "charge_cents": 10000, "dates": ["2026-03-02"]}
    result = estimate(plans, [item], secondary_plan_id="second", coordination=method)
    assert column(result, "plan_paid", "secondary_paid", "patient", "written_off") == [(4000, paid, 4500 - paid, 1500)]


def test_the_first_failed_criterion_is_the_reason() -> None:
    """Born on 29 February 2008: 17 until 28 February 2026, 18 from 1 March on. The order is diagnosis, age, licence."""
    when = "when: {licensed: required, ages: {min: 18}, conditions: [chronic-low-back-pain]}"
    terms = plan(benefit("nothing", when))
    known = {"charge_cents": 100, "diagnoses": ["m5450"], "practitioner": "acupuncturist", "state": "WA"}
    member = {"birth_date": "2008-02-29"}

    def reason(day: str, **changes: object) -> str:
        result = estimate([terms], [known | {"dates": [day]} | changes], members=[member])
        return str(column(result, "reason")[0])

    assert reason("2026-02-28") == "AGE"
    assert reason("2026-03-01") == ""
    assert reason("2026-02-28", diagnoses=["M54.5"]) == "DIAGNOSIS_NOT_COVERED"
    assert reason("2026-03-01", diagnoses=[], conditions=["chronic-low-back-pain"]) == ""
    assert reason("2026-03-01", state="AL") == "UNLICENSED"
    assert reason("2026-03-01", practitioner="physician") == "UNLICENSED"
    assert reason("2025-12-31") == "NOT_IN_FORCE"


def test_soft_limits_and_parts_by_visit_number() -> None:
    """One visit free, then 20.00; a soft limit of two visits lets the third through with its attestation only."""
    steps = "[{through: 1 visit, steps: [nothing]}, {steps: [copay: $20]}]"
    limit = "limits: [{allow: 2 visits, per: benefit_period, beyond: improvement_documented}]"
    terms = plan(benefit(steps, limit))
    item = {"therapy": "massage", "charge_cents": 8500, "start_date": "2026-03-02", "sessions": 3}
    strict = {"requirements": "REQUIREMENTS_AS_ATTESTED"}
    assert column(estimate([terms], [item], **strict), "copay", "reason")[1:] == [(2000, ""), (0, "LIMIT_REACHED")]
    attested = item | {"attestations": ["improvement_documented"]}
    assert column(estimate([terms], [attested], **strict), "copay") == [0, 2000, 2000]


def test_a_visit_of_the_first_date_that_is_stated_has_its_number_already() -> None:
    """Point 39: one visit is stated, the dated one, which goes on that day. The next one is the second, free, too."""
    terms = plan(benefit("[{through: 2 visits, steps: [nothing]}, {steps: [copay: $20]}]"))
    item = {"therapy": "massage", "charge_cents": 8500, "dates": ["2026-03-02", "2026-03-09", "2026-03-16"]}
    member = {
        "id": "a",
        "prior_visits": [{"benefit": "care", "date": "2026-03-02"}],
        "benefit_visits": [{"benefit": "care", "visits": 1}],
    }
    assert column(estimate([terms], [item], members=[member]), "copay") == [0, 0, 2000]


def test_an_aggregate_deductible_and_a_second_edition() -> None:
    """Aggregate 150.00 for the family: a takes 85.00, b 65.00, though each has an individual amount of 100.00.

    The edition of May raises the family amount to 160.00 and keeps the sum: 10.00 are left.
    """
    first = plan(
        "accumulators: {deductible: {kind: deductible, individual: $100, family: $150, family_mode: aggregate}}\n"
        "tiers: {in_network: {deductible: deductible, out_of_pocket_maximum: none, above_allowed: member}}\n"
        + benefit("[deductible]")
    )
    second = first | {"effective": {"from": "2026-05-01"}}
    second["accumulators"] = {"deductible": first["accumulators"]["deductible"] | {"family": "$160"}}
    first["effective"] = {"from": "2026-01-01", "to": "2026-04-30"}
    days = (("a", "2026-03-01"), ("b", "2026-03-02"), ("a", "2026-04-30"), ("b", "2026-05-01"))
    items = [{"member_id": who, "therapy": "massage", "charge_cents": 8500, "dates": [day]} for who, day in days]
    result = estimate([first, second], items, members=[{"id": "a"}, {"id": "b"}])
    assert column(result, "deductible") == [8500, 6500, 0, 1000]


@drawn(draw_scenario, examples=60)
def test_generated_scenarios_are_adjudicated_the_same_in_any_order_of_files(scenario: Scenario) -> None:
    """Section 1: a rule set is its files, whatever their order; the identities are asserted line by line on the way."""
    documents = scenario.parsed
    result = adjudicate(documents, scenario.request)
    assert result == adjudicate(documents[::-1], scenario.request)
    dates = [line["date"] for line in result["lines"]]
    assert dates == sorted(dates)
