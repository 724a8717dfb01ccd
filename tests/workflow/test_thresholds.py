"""Bounds on an impact: how they are read, and when they are crossed."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.workflow.impact import Impact
from camcover.workflow.impact.comparing import impact
from camcover.workflow.thresholds import METRICS, BoundResult, WrongThreshold, judge, threshold
from small_rules import COPAY_PLAN, tables


@pytest.fixture(scope="module")
def found() -> Impact:
    """A copay of 20.00 becomes 30.00: one member of three has three visits, +30.00; two of another plan, no change.

    The plan pays 30.00 less. A fourth row names a plan that only the rules before have.
    """
    visits = {"therapy": "acupuncture", "code": "97810", "charge_cents": 8000, "start_date": date(2026, 3, 2)}
    plans = ("copay-plan", "share-plan", "share-plan", "third-plan")
    rows = [{"plan_id": plan, "items": [visits | {"sessions": 3}]} for plan in plans]
    before = tables(third=COPAY_PLAN.replace("id: copay-plan", "id: third-plan"))
    after = tables(copay=COPAY_PLAN.replace("copay: $20", "copay: $30"))
    return impact(before, after, [pa.RecordBatch.from_pylist(rows, schema=REQUEST_SCHEMA)])


@pytest.mark.parametrize(
    ("text", "shown", "is_crossed"),
    [
        ("patient_increase_p50 > 0", "$0.00", False),
        ("patient_increase_p90 >= 30.00", "$30.00", True),
        ("patient_increase_p95 > 30.00", "$30.00", False),
        ("patient_increase_p99>29.99", "$30.00", True),
        ("patient_increase_p999 > $29.9", "$30.00", True),
        ("patient_increase_max <= 30", "$30.00", True),
        ("patient_increase_mean > 10", "$10.00", False),
        ("patient_increase_mean >= 10", "$10.00", True),
        ("members_paying_more > 0", "1", True),
        ("members_paying_more_share > 33.33%", "33.33% (1 of 3)", True),
        ("members_paying_more_share > 33.34%", "33.33% (1 of 3)", False),
        ("members_paying_less < 1", "0", True),
        ("lines_no_longer_covered > 0", "0", False),
        ("members_no_longer_priced > 0", "1", True),
        ("patient_total_increase > 29", "$30.00", True),
        ("plan_paid_total_increase < -29.99", "-$30.00", True),
        ("plan_paid_total_increase > 0", "-$30.00", False),
    ],
)
def test_a_bound_is_crossed_or_kept(found: Impact, text: str, shown: str, is_crossed: bool) -> None:
    """A third of the members is above 33.33 % and below 33.34 %: nothing is rounded before it is compared."""
    assert judge(found, [threshold(text)]) == (BoundResult(text, shown, is_crossed),)


def test_every_metric_can_be_judged(found: Impact) -> None:
    """Of each metric one of the two comparisons holds."""
    for name in METRICS:
        value = "0%" if name.endswith("share") else "0"
        above, below = judge(found, [threshold(f"{name} > {value}"), threshold(f"{name} <= {value}")])
        assert above.is_crossed != below.is_crossed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient_increase_p98 > 5", "no metric 'patient_increase_p98'; did you mean 'patient_increase_p9"),
        ("members > 5", "expected one of patient_increase_p50, "),
        ("patient_increase_p99", "'patient_increase_p99' is not a bound; expected METRIC > VALUE"),
        ("patient_increase_p99 = 5", "is not a bound; expected METRIC > VALUE"),
        ("", "'' is not a bound"),
        ("patient_increase_p99 > 5%", "patient_increase_p99: found '5%', expected dollars such as 50.00"),
        ("patient_increase_p99 > 1,000", "found '1,000', expected dollars"),
        ("patient_increase_p99 > 0.005", "found '0.005', expected dollars"),
        ("members_paying_more > 5.5", "found '5.5', expected a whole number such as 100"),
        ("members_paying_more_share > 5", "found '5', expected a percentage such as 5%"),
    ],
)
def test_an_unreadable_bound_is_refused(text: str, said: str) -> None:
    with pytest.raises(WrongThreshold) as raised:
        threshold(text)
    assert said in str(raised.value)


def test_the_book_without_a_compared_member_crosses_no_increase() -> None:
    nothing = impact(tables(), tables(), [])
    texts = ["members_paying_more_share > 0%", "patient_increase_mean > 0", "patient_increase_p99 > 0"]
    assert [each.is_crossed for each in judge(nothing, list(map(threshold, texts)))] == [False] * 3
