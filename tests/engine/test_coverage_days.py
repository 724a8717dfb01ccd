"""A member's first and last day of coverage, worked by hand (docs/rule-language.md, point 37).

Charge 100.00, nothing written off; under `primary` the deductible of 200.00 first, then 20 %; `second` takes 10.00.
"""

from __future__ import annotations

from typing import Any

import pytest

from camcover.engine import Estimate, InvalidRequest, compile_rules
from camcover.engine.estimate import Adjustment, Reason
from camcover.money import Cents
from camcover.rulebook import load_texts
from camcover.workflow.coverage import check_coverage
from camcover.workflow.rule_tests import run_tests
from small_rules import CATALOG, estimate, tables, typed

PLAN = """\
format: camcover/1
kind: plan
id: primary
payer: {id: example, name: Example Health}
effective: {from: 2025-01-01, to: 2026-12-31}
illustrative: yes
accumulators:
  ded: {kind: deductible, individual: $200, family: $400}
tiers: {in: {deductible: ded, out_of_pocket_maximum: none, above_allowed: written_off}}
limits: {visits: {allow: 2 visits, per: calendar_year}}
benefits: {needles: {therapies: [acupuncture], limits: [visits], in: {member_pays: [deductible, {coinsurance: 20%}]}}}
discounts: [{therapies: [acupuncture], percent: 25%}]
otherwise: not_covered
"""
SECOND = """\
format: camcover/1
kind: plan
id: second
payer: {id: other, name: Other Health}
effective: {from: 2025-01-01}
illustrative: yes
tiers: {in: {deductible: none, out_of_pocket_maximum: none, above_allowed: written_off}}
benefits: {needles: {therapies: [acupuncture], in: {member_pays: [{copay: $10 per visit}]}}}
otherwise: not_covered
"""
RULES = tables(primary=PLAN, second=SECOND)
JULY = {"covered_from": "2026-03-01", "covered_to": "2026-07-15"}


def asked(*dates: str, item: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """Visits of a member of whom the deductible is stated as not used; `others` go to the member and the request."""
    member: dict[str, Any] = {"id": "ana", "age": 40, "state": "WA", "limit_usage": [{"limit": "visits", "used": 0}]}
    member["accumulators"] = [{"accumulator": "ded", "used_cents": 0}]
    member |= {name: others.pop(name) for name in ("membership", "secondary_membership") if name in others}
    visit = {"therapy": "acupuncture", "tier": "in", "charge_cents": 10_000, "dates": list(dates)} | (item or {})
    return {"plan_id": "primary", "members": [member], "items": [visit], "explain": True} | others


def told(found: Estimate) -> list[tuple[Reason, int]]:
    return [(line.reason, line.patient_cents) for line in found.lines]


def test_the_first_and_last_day_of_coverage_are_covered() -> None:
    """Of 1 March and 15 July the deductible takes 100 each; the days beside are the member's, without a discount."""
    days = ("2026-02-28", "2026-03-01", "2026-07-15", "2026-07-16")
    found = estimate(RULES, asked(*days, membership=JULY))
    assert told(found) == [
        (Reason.BEFORE_COVERAGE, 10_000),
        (Reason.NONE, 10_000),
        (Reason.NONE, 10_000),
        (Reason.AFTER_COVERAGE, 10_000),
    ]
    assert [line.amounts.deductible_cents for line in found.lines] == [0, 10_000, 10_000, 0]
    assert [line.adjustments for line in found.lines] == [
        (Adjustment("PR", "26", Cents(10_000)),),
        (Adjustment("PR", "1", Cents(10_000)),),
        (Adjustment("PR", "1", Cents(10_000)),),
        (Adjustment("PR", "27", Cents(10_000)),),
    ]
    assert [line.steps[0].text for line in (found.lines[0], found.lines[3])] == [
        "Your coverage begins on March 1, 2026, after this date, so nothing is covered.",
        "Your coverage ended on July 15, 2026, before this date, so nothing is covered.",
    ]
    (after,) = found.limits_after
    assert (found.accumulators_after[0].used_cents, after.used) == (20_000, 2)


def test_a_missing_day_of_coverage_sets_no_bound() -> None:
    """Without a last day December is covered: the deductible takes 100; nothing is assumed of it."""
    found = estimate(RULES, asked("2026-12-31", membership={"covered_from": "2026-03-01"}))
    assert told(found) == [(Reason.NONE, 10_000)]
    assert found.range.assumptions == ()
    assert found == estimate(RULES, asked("2026-12-31"))


def test_nothing_is_open_for_a_service_after_coverage() -> None:
    """Its tier, the sums and the use so far are not given; or it lies behind the last edition: 100 is certain."""
    request = asked("2026-08-03", membership=JULY)
    request["members"] = [{"id": "ana", "membership": JULY}]
    del request["items"][0]["tier"]
    found = estimate(RULES, request)
    assert told(found) == [(Reason.AFTER_COVERAGE, 10_000)]
    assert (found.range.low_cents, found.range.high_cents, found.range.assumptions) == (10_000, 10_000, ())
    beyond = estimate(RULES, asked("2026-07-01", "2027-02-01", membership=JULY))
    assert told(beyond) == [(Reason.NONE, 10_000), (Reason.AFTER_COVERAGE, 10_000)]
    assert (beyond.range.low_cents, beyond.range.assumptions) == (20_000, ())
    assert not beyond.lines[1].terms_assumed


def test_an_unknown_charge_outside_coverage_is_the_typical_one() -> None:
    """The catalog's 75, 110 or 150; the terms of the plan say nothing of it."""
    found = estimate(RULES, asked("2026-08-03", membership=JULY, item={"charge_cents": None}))
    assert told(found) == [(Reason.AFTER_COVERAGE, 11_000)]
    assert (found.range.low_cents, found.range.high_cents) == (7_500, 15_000)


def test_each_member_and_plan_has_its_own_days_of_coverage() -> None:
    """Ana's coverage under the primary ended: the second pays its 90 of 100. Ben's under the second did: 100, and 0."""
    member = asked("2026-08-03")["members"][0]
    members = [member | {"membership": JULY}, member | {"id": "ben", "secondary_membership": JULY}]
    items = [asked("2026-08-03")["items"][0] | {"member_id": each} for each in ("ana", "ben")]
    family = {"plan_id": "primary", "secondary_plan_id": "second", "members": members, "items": items}
    ana, ben = estimate(RULES, family).lines
    assert (ana.reason, ana.secondary_paid_cents, ana.patient_cents) == (Reason.AFTER_COVERAGE, 9_000, 1_000)
    assert (ben.reason, ben.secondary_paid_cents, ben.patient_cents) == (Reason.NONE, 0, 10_000)


def test_an_unknown_code_after_coverage_is_certain() -> None:
    """The charge of a code that no catalog has may be covered by nobody after coverage: 100 at the least."""
    code = {"therapy": "", "charge_cents": None, "procedures": [{"code": "99999", "charge_cents": 10_000}]}
    found = estimate(RULES, asked("2026-08-03", membership=JULY, item=code))
    assert told(found) == [(Reason.AFTER_COVERAGE, 10_000)]
    assert (found.range.low_cents, found.range.assumptions) == (10_000, ())


def test_check_coverage_reports_a_day_outside_coverage() -> None:
    found = check_coverage(RULES, typed(asked("2026-08-03", membership=JULY)))
    assert (found.covered, found.reason) == (False, Reason.AFTER_COVERAGE)
    assert found.message.text == "Your coverage ended on July 15, 2026, before this date, so nothing is covered."


@pytest.mark.parametrize(
    ("others", "field", "found"),
    [
        (
            {"membership": {"covered_from": "2026-07-02", "covered_to": "2026-07-01"}},
            "membership.covered_to",
            "2026-07-01",
        ),
        ({"secondary_membership": JULY}, "secondary_membership", "secondary_membership without a second plan"),
    ],
)
def test_contradictory_or_unused_days_of_coverage_are_refused(others: dict[str, Any], field: str, found: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        estimate(RULES, asked("2026-07-01", **others))
    (violation,) = refused.value.violations
    assert (violation.field, violation.found) == (f"members[0].{field}", found)


def test_tests_in_rule_files_take_days_of_coverage() -> None:
    """As `given` says: the visit in August is the member's, 100."""
    test = "tests: [{name: ended, given: {age: 40, state: WA, covered_to: 2026-07-15, therapy: acupuncture, tier: in, "
    test += "charge: $100, first: 2026-08-03}, expect: {patient: $100.00, last: {reason: AFTER_COVERAGE}}}]\n"
    assert failures(PLAN + test) == []


def failures(plan: str) -> list[str]:
    """The names of the tests of a plan that fail."""
    loaded = load_texts({"catalog.yaml": CATALOG, "plan.yaml": plan})
    assert loaded.rules is not None
    return [each.name for each in run_tests(compile_rules(loaded.rules), loaded.rules).failed]
