"""Pay first, claim back: what is due at the time of service and what comes back (rule-language.md, section 4)."""

from __future__ import annotations

from typing import Any

import pytest

from camcover.api.catalog_servicer import _describe
from camcover.engine.estimate import Line
from camcover.gen.camcover.v1.catalog_service_pb2 import PlanEdition
from camcover.money import Cents
from camcover.workflow.coverage import check_coverage
from small_rules import COPAY_PLAN, SHARE_PLAN, estimate, question, tables, typed

NONE = Cents(0)
WRITTEN_OFF = "above_allowed: written_off"
BACK, COPAY_BACK = (
    plan.replace(WRITTEN_OFF, f"{WRITTEN_OFF}, payment_to: member") for plan in (SHARE_PLAN, COPAY_PLAN)
)


def money(line: Line) -> tuple[int, int, int, int]:
    """(Plan paid, patient, due at the time of service, reimbursed)."""
    return line.plan_paid_cents, line.patient_cents, line.due_at_service_cents, line.reimbursed_cents


def lines(share: str, **asked: Any) -> tuple[Line, ...]:
    return estimate(tables(share=share), question(**asked)).lines


def test_the_plan_pays_the_provider_by_default() -> None:
    """First visit: 48.00 of 80.00 allowed, 40.00 + 20 % of 8.00 = 41.60 the patient's, 6.40 by the plan."""
    assert BACK != SHARE_PLAN
    assert money(lines(SHARE_PLAN)[0]) == (640, 4_160, 4_160, 0)
    assert lines(SHARE_PLAN.replace(WRITTEN_OFF, f"{WRITTEN_OFF}, payment_to: provider")) == lines(SHARE_PLAN)


def test_the_plans_payment_comes_back_in_a_tier_that_pays_the_member() -> None:
    """The contract's 32.00 are not due: 48.00 at the desk, of which 6.40 come back; then 9.60 + 38.40 = 48.00."""
    found, later = lines(BACK), (3_840, 960, 4_800, 3_840)
    assert [money(line) for line in found] == [(640, 4_160, 4_800, 640), later, later]
    others = [line._replace(due_at_service_cents=Cents(0), reimbursed_cents=Cents(0)) for line in found]
    assert others == [
        each._replace(due_at_service_cents=Cents(0), reimbursed_cents=Cents(0)) for each in lines(SHARE_PLAN)
    ]


def test_an_uncovered_line_brings_nothing_back() -> None:
    """No benefit names reiki: 80.00 are due, and stay."""
    item = question()["items"][0] | {"therapy": "reiki", "procedures": [], "charge_cents": 8_000}
    (line, *_) = lines(BACK, items=[item])
    assert (line.covered, money(line)) == (False, (0, 8_000, 8_000, 0))


def test_totals_of_due_at_service_and_reimbursement_add_up() -> None:
    """Three visits: 41.60 + 9.60 + 9.60 = 60.80 borne, 6.40 + 2 x 38.40 = 83.20 back, 144.00 at the desk."""
    totals = estimate(tables(share=BACK), question()).totals
    assert (totals.patient_cents, totals.reimbursed_cents, totals.due_at_service_cents) == (6_080, 8_320, 14_400)


@pytest.mark.parametrize(
    ("share", "copay", "back"),
    [(SHARE_PLAN, COPAY_PLAN, 0), (BACK, COPAY_PLAN, 640), (SHARE_PLAN, COPAY_BACK, 2_800), (BACK, COPAY_BACK, 3_440)],
)
def test_each_of_two_plans_pays_by_its_own_tier(share: str, copay: str, back: int) -> None:
    """Behind 6.40 the second plan pays 48.00 - 20.00 = 28.00 of the 41.60 that are left: 13.60 are borne."""
    (line, *_) = estimate(tables(share=share, copay=copay), question(secondary_plan_id="copay-plan")).lines
    assert (line.plan_paid_cents, line.secondary_paid_cents, line.patient_cents) == (640, 2_800, 1_360)
    assert (line.due_at_service_cents, line.reimbursed_cents) == (1_360 + back, back)


def test_a_patient_is_told_what_to_pay_first() -> None:
    """The last sentence of a line, with the place of the tier that says so."""
    steps = lines(BACK, explain=True)[0].steps
    assert steps[-1].text == (
        "You pay the provider $48.00 at the time of service. Later $6.40 comes back to you, so your cost is $41.60."
    )
    assert steps[-1].amount_cents == 640
    assert not any("comes back" in step.text for step in lines(SHARE_PLAN, explain=True)[0].steps)


def test_check_coverage_names_the_payee() -> None:
    terms = check_coverage(tables(share=BACK), typed(question())).terms
    words = "the member pays the provider at the time of service and claims back what the plan pays"
    assert [(each.tier, each.payment.text if each.payment else "") for each in terms] == [
        ("in_network", words),
        ("out_of_network", ""),
    ]


def test_the_catalog_names_the_tiers() -> None:
    message = PlanEdition()
    _describe(message, tables(share=BACK).plans["share-plan"].editions[0])
    assert list(message.reimbursing_tiers) == ["in_network"]
