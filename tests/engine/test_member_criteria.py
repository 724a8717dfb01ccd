"""Role, status and waiting period as criteria, worked by hand (docs/rule-language.md, section 4 and point 40).

Charge 100.00. Under `plan` the subscriber pays 10.00, a retiree 25.00, anybody else 40.00 from two months after
enrollment on.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest
from camcover.engine.estimate import Adjustment, Reason
from camcover.money import Cents
from camcover.rulebook import load_texts
from camcover.rulebook.analysis.cells import LineFacts
from camcover.workflow.decision_tables import TableQuery, decision_tables
from small_rules import CATALOG, estimate, tables

HEADING = """\
format: camcover/1
kind: plan
id: plan
payer: {id: example, name: Example Health}
effective: {from: 2025-01-01}
illustrative: yes
tiers: {in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}}
otherwise: not_covered
benefits:
"""
NEEDLES = "therapies: [acupuncture], in: {member_pays: [{copay: $%d per visit}]}"
PLAN = f"""{HEADING}\
  own: {{when: {{member: {{role: [subscriber]}}}}, {NEEDLES % 10}}}
  retired: {{when: {{member: {{role: [spouse, child], status: [retiree]}}}}, {NEEDLES % 25}}}
  others: {{when: {{member: {{status: [active]}}}}, waiting_period: 2 months, {NEEDLES % 40}}}
"""
WAITING = f"{HEADING}  needles: {{waiting_period: LENGTH, {NEEDLES % 40}}}\n"
CHILD = f"{HEADING}  needles: {{{NEEDLES % 40}}}\n"
CHILD += "exclusions: [{therapies: [acupuncture], when: {member: {role: [child]}}}]\n"
RULES = tables(plan=PLAN)


def asked(plan: str, membership: dict[str, str], *dates: str, **others: Any) -> Estimate:
    """Visits of a member; `others` go to the request."""
    member = {"id": "ana", "age": 40, "state": "WA", "membership": membership}
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": list(dates or ("2026-03-15",))}
    request = {"plan_id": "plan", "members": [member], "items": [visit], "explain": True} | others
    return estimate(RULES if plan is PLAN else tables(plan=plan), request)


def bounds(found: Estimate) -> tuple[int, int, int]:
    return found.range.low_cents, found.range.expected_cents, found.range.high_cents


@pytest.mark.parametrize(
    ("membership", "patient", "reason"),
    [
        ({"role": "subscriber"}, 1_000, Reason.NONE),
        ({"role": "subscriber", "status": "retiree"}, 1_000, Reason.NONE),
        ({"role": "spouse", "status": "retiree"}, 2_500, Reason.NONE),
        # Enrolled on 15 January: covered from 15 March on, not on the day after it less one month.
        ({"role": "spouse", "status": "active", "enrolled_on": "2026-01-15"}, 4_000, Reason.NONE),
        # The reason is that of the first benefit that matches.
        ({"role": "child", "status": "active", "enrolled_on": "2026-01-16"}, 10_000, Reason.MEMBER_ROLE),
    ],
)
def test_role_and_status_select_the_benefit(membership: dict[str, str], patient: int, reason: Reason) -> None:
    found = asked(PLAN, membership)
    (line,) = found.lines
    assert (line.patient_cents, line.reason, bounds(found)) == (patient, reason, (patient, patient, patient))


def test_an_unknown_role_or_status_is_assumed_and_widens_the_range() -> None:
    """Expected: the subscriber, 10. A retiree's spouse pays 25, others 40, or all 100 within two months."""
    found = asked(PLAN, {})
    assert bounds(found) == (1_000, 1_000, 10_000)
    told = "Item 1: the plan covers this service only for the subscriber. You gave no role under the plan, so we assume"
    assert [each.text for each in found.range.assumptions] == [f"{told} that it fits."]
    spouse = asked(PLAN, {"role": "spouse"})
    assert bounds(spouse) == (2_500, 2_500, 10_000)
    told = "Item 1: the plan covers this service only for retirees. You gave no status under the plan, so we assume"
    assert [each.text for each in spouse.range.assumptions] == [f"{told} that it fits."]
    active = asked(PLAN, {"role": "spouse", "status": "active"})
    assert bounds(active) == (4_000, 4_000, 10_000)
    told = "Item 1: the plan covers this service only from 2 months after enrollment on. You gave no day of enrollment,"
    assert [each.text for each in active.range.assumptions] == [f"{told} so we assume that it fits."]


@pytest.mark.parametrize(
    ("membership", "expected"),
    [({}, (1_000, 1_000, 10_000)), ({"role": "spouse", "status": "active"}, (4_000, 4_000, 10_000))],
)
def test_an_open_fact_widens_the_range_beside_a_second_plan_that_is_over(
    membership: dict[str, str], expected: tuple[int, int, int]
) -> None:
    """Role, status and enrollment are open under the first plan; the second covers nobody since January."""
    over = {"covered_to": "2026-01-31"}
    member = {"id": "ana", "age": 40, "state": "WA", "membership": membership, "secondary_membership": over}
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": ["2026-03-15"]}
    request = {"plan_id": "plan", "secondary_plan_id": "second", "members": [member], "items": [visit]}
    second = CHILD.replace("id: plan\n", "id: second\n")
    assert bounds(estimate(tables(plan=PLAN, second=second), request)) == expected


def test_an_unknown_role_or_status_fails_where_nothing_is_assumed() -> None:
    """As attested: 100, whether or not the facts would hold; the range goes down to 10, 25 and 40."""
    found = asked(PLAN, {}, requirements="REQUIREMENTS_AS_ATTESTED")
    (line,) = found.lines
    assert (line.reason, bounds(found)) == (Reason.MEMBER_ROLE, (1_000, 10_000, 10_000))
    text = "The plan covers this service only for the subscriber. The member's role was not given."
    assert line.steps[1].text == text


@pytest.mark.parametrize(
    ("length", "enrolled", "last_waited", "first_covered"),
    [
        ("60 days", "2026-01-01", "2026-03-01", "2026-03-02"),  # 31 + 28 days are 1 March, day 60 the next
        ("1 month", "2026-01-31", "2026-02-27", "2026-02-28"),  # the end of the month is clipped
        ("12 months", "2025-03-15", "2026-03-14", "2026-03-15"),
    ],
)
def test_a_waiting_period_ends_to_the_day(length: str, enrolled: str, last_waited: str, first_covered: str) -> None:
    """The last day of waiting costs 100, the first day after it 40; X12 says that the waiting period is not met."""
    found = asked(WAITING.replace("LENGTH", length), {"enrolled_on": enrolled}, last_waited, first_covered)
    assert [(line.reason, line.patient_cents) for line in found.lines] == [
        (Reason.WAITING_PERIOD, 10_000),
        (Reason.NONE, 4_000),
    ]
    assert found.lines[0].adjustments == (Adjustment("PR", "179", Cents(10_000)),)
    words = f"The plan covers this service only from {length} after the member's enrollment on."
    assert found.lines[0].steps[1].text == words


def test_the_range_covers_an_enrollment_between_two_visits() -> None:
    """Two visits, a month apart: 40 + 40, 100 + 40, or 100 + 100. With the first one covered the second one is."""
    found = asked(WAITING.replace("LENGTH", "2 months"), {}, "2026-03-15", "2026-04-15")
    assert bounds(found) == (8_000, 8_000, 20_000)


def test_an_exclusion_may_name_a_role() -> None:
    """A child's 100; a spouse's 40; of whom nothing is known an exclusion is not assumed, and stands in the range."""
    assert bounds(asked(CHILD, {"role": "child"})) == (10_000, 10_000, 10_000)
    assert bounds(asked(CHILD, {"role": "spouse"})) == (4_000, 4_000, 4_000)
    assert bounds(asked(CHILD, {})) == (4_000, 4_000, 10_000)


def test_each_plan_reads_its_own_membership() -> None:
    """The subscriber's 10 under the first plan; the second pays them for a child, not for a spouse."""
    second = PLAN.replace("id: plan", "id: second").replace("role: [subscriber]", "role: [child]")
    rules = tables(plan=PLAN, second=second)
    member = {"age": 40, "membership": {"role": "subscriber"}, "secondary_membership": {"role": "child"}}
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": ["2026-03-15"]}
    request = {"plan_id": "plan", "secondary_plan_id": "second", "members": [member], "items": [visit]}
    assert bounds(estimate(rules, request)) == (0, 0, 0)
    member["secondary_membership"] = {"role": "spouse", "status": "active", "enrolled_on": "2026-03-01"}
    assert bounds(estimate(rules, request)) == (1_000, 1_000, 1_000)
    member["secondary_membership"] = {"role": "spouse"}
    assert bounds(estimate(rules, request)) == (0, 0, 1_000)


def test_a_policy_may_require_a_role_and_a_status() -> None:
    """Its status fails first: 100 for an active member, told with code 177 (eligibility requirements)."""
    policy = "format: camcover/1\nkind: policy\nid: retired\neffective: {from: 2024-01-01}\nillustrative: yes\n"
    policy += "when: {member: {role: [subscriber, spouse], status: [retiree]}}\n"
    plan = f"{HEADING}  needles: {{policy: retired, {NEEDLES % 40}}}\n"
    rules = tables(plan=plan, policy=policy)
    member = {"age": 40, "membership": {"role": "spouse", "status": "active"}}
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": ["2026-03-15"]}
    request = {"plan_id": "plan", "members": [member], "items": [visit], "explain": True}
    (line,) = estimate(rules, request).lines
    assert (line.reason, line.adjustments) == (Reason.MEMBER_STATUS, (Adjustment("PR", "177", Cents(10_000)),))
    assert line.steps[1].text == "The plan covers this service only for retirees."


def test_an_enrollment_after_the_first_day_of_coverage_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(PLAN, {"enrolled_on": "2026-01-02", "covered_from": "2026-01-01"})
    (violation,) = refused.value.violations
    assert (violation.field, violation.found) == ("members[0].membership.enrolled_on", "2026-01-02")


def test_decision_tables_have_rows_by_role_and_status() -> None:
    loaded = load_texts({"catalog.yaml": CATALOG, "plan.yaml": PLAN})
    assert loaded.rules is not None
    (table,) = decision_tables(loaded.rules, TableQuery("plan", "acupuncture", code="97810"))
    told = [(case.when, case.benefits, case.reason) for case in table.cases]
    assert ({"role": "subscriber", "status": "any", "waiting period": "any"}, ("own",), "") in told
    known = TableQuery("plan", "acupuncture", code="97810", facts=LineFacts(role="child", status="active"))
    (table,) = decision_tables(loaded.rules, known)
    assert [(case.when, case.benefits, case.reason) for case in table.cases] == [
        ({"waiting period": "2 months over"}, ("others",), ""),
        ({"waiting period": "2 months not over"}, (), "MEMBER_ROLE"),
    ]
