"""What the engine refuses by itself, whoever calls: the path, what was found, what was expected."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format

from camcover.api.requests import estimate_request
from camcover.engine import InvalidRequest, Tables, evaluate
from camcover.gen.camcover.v1 import request_pb2
from small_rules import CATALOG, COPAY_PLAN, SHARE_PLAN, estimate, question, tables

ITEM = question()["items"][0]
MEMBER = question()["members"][0]
ROLLING = SHARE_PLAN.replace("4 visits, per: calendar_year", "4 visits, per: rolling 30 days")
MONEY = COPAY_PLAN.replace("requires:", "limits: [{id: budget, allow: $100, per: benefit_period}]\n    requires:")
TWO_THERAPIES = CATALOG.replace('["97124"]', '["97124", "97811"]')


@pytest.fixture(scope="module")
def rules() -> Tables:
    """The small rules with a rolling limit, a money limit, and a code that belongs to two therapies."""
    return tables(share=ROLLING, copay=MONEY, catalog=TWO_THERAPIES)


def item(**others: Any) -> dict[str, Any]:
    return {"items": [ITEM | others]}


def member(**others: Any) -> dict[str, Any]:
    return {"members": [MEMBER | others]}


def uses(name: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return member(**{name: list(entries)})


DEDUCTIBLE = {"accumulator": "deductible", "used_cents": 100}
VISIT = {"benefit": "needles", "date": "2026-02-20"}


@pytest.mark.parametrize(
    ("changed", "violations"),
    [
        ({"items": []}, {"items": "found no item; expected at least one"}),
        (item(procedures=[{"code": "97810", "units": 1001}]), {"items[0].procedures[0].units": "expected 1 to 1000"}),
        (
            item(procedures=[{"code": "97810"}, {"code": "97811"}], charge_cents=1, allowed_cents=1),
            {
                "items[0].charge_cents": "2 procedures; expected an amount for each procedure",
                "items[0].allowed_cents": "found one amount for 2 procedures",
            },
        ),
        (item(procedures=[], charge_cents=-1), {"items[0].charge_cents": "-1 cents; expected 0 to 1000000000"}),
        (
            item(procedures=[{"code": "97810", "allowed_cents": 10**9 + 1}]),
            {"items[0].procedures[0].allowed_cents": "expected 0 to 1000000000"},
        ),
        (
            item(therapy="", procedures=[{"code": "97811", "charge_cents": 1}]),
            {"items[0].procedures[0].code": "is billed for acupuncture and for massage; expected the therapy of"},
        ),
        (
            item(therapy="", procedures=[{"code": "97899"}]),
            {"items[0].procedures[0].charge_cents": "no charge for code '97899', which is not in the catalog"},
        ),
        ({"members": [{"id": str(number)} for number in range(13)]}, {"members": "13 members; expected 1 to 12"}),
        (member(age=131), {"members[0].age": "131 years; expected 0 to 130"}),
        (
            uses("accumulators", DEDUCTIBLE, DEDUCTIBLE),
            {"members[0].accumulators[1].accumulator": "found 'deductible' a second time; expected each value"},
        ),
        (
            uses("accumulators", DEDUCTIBLE | {"last_quarter_cents": 101}),
            {"members[0].accumulators[0].last_quarter_cents": "101 cents; expected 0 to 100, which is used_cents"},
        ),
        (
            uses("limit_usage", {"limit": "visits", "used": 1}, {"limit": "visits", "used": 1}),
            {"members[0].limit_usage[1].limit": "found 'visits' a second time; expected each value only once"},
        ),
        (
            uses("limit_usage", {"limit": "visits", "used_cents": 1}),
            {"members[0].limit_usage[0]": "found used_cents with 1; expected used, because limit visits counts visits"},
        ),
        (
            {"plan_id": "copay-plan", "members": [{"limit_usage": [{"limit": "budget", "used": 1}]}]},
            {"members[0].limit_usage[0]": "found used with 1; expected used_cents, because limit budget counts cents"},
        ),
        (
            {"plan_id": "copay-plan", "members": [{"limit_usage": [{"limit": "budget", "used_cents": 10001}]}]},
            {"members[0].limit_usage[0].used_cents": "expected 0 to 10000"},
        ),
        (
            uses("benefit_visits", {"benefit": "needles", "visits": 1}, {"benefit": "needles", "visits": 2}),
            {"members[0].benefit_visits[1].benefit": "found 'needles' a second time"},
        ),
        (
            uses("benefit_visits", {"benefit": "needles", "visits": 1001}),
            {"members[0].benefit_visits[0].visits": "1001 visits; expected 0 to 1000"},
        ),
        (uses("prior_visits", VISIT | {"benefit": "needle"}), {"members[0].prior_visits[0].benefit": "'needles'"}),
        (uses("prior_visits", VISIT | {"units": 1001}), {"members[0].prior_visits[0].units": "expected 1 to 1000"}),
        (item(therapy="Needles"), {"items[0].therapy": "'Needles', which is an alias of acupuncture; expected the id"}),
        (
            item(therapy="Acupuncture"),
            {"items[0].therapy": "massage, reiki; did you mean 'acupuncture'?"},
        ),
        (item(tier="In Network"), {"items[0].tier": "did you mean 'in_network'?"}),
        (
            item(procedures=[{"code": "97812"}]),
            {
                "items[0].procedures[0].charge_cents": (
                    "found no charge for code '97812', which is not in the catalog; expected a charge"
                )
            },
        ),
        (
            item(procedures=[{"code": "97124"}]),
            {
                "items[0].procedures[0].code": (
                    "found code 97124, which is billed for massage and not for acupuncture; expected a code of"
                )
            },
        ),
        (
            item(dates=["2026-03-02", "2026-03-09", "2026-03-02"]),
            {"items[0].dates[2]": "2026-03-02 a second time"},
        ),
        (
            item(sessions=2, every_days=7),
            {
                "items[0].sessions": "found sessions together with dates; expected dates alone, or start_date",
                "items[0].every_days": "found every_days together with dates",
            },
        ),
        (
            item(secondary_tier="in_network") | {"coordination": "COORDINATION_NON_DUPLICATION"},
            {
                "items[0].secondary_tier": "expected a secondary_plan_id, or this field left out",
                "coordination": "without a second",
            },
        ),
        (item(secondary_tier="in_network"), {"items[0].secondary_tier": "found secondary_tier without a second plan"}),
        ({"coordination": "COORDINATION_STANDARD"}, {"coordination": "found coordination without a second plan"}),
        (uses("secondary_accumulators", DEDUCTIBLE), {"members[0].secondary_accumulators": "without a second plan"}),
        (
            uses("secondary_limit_usage", {"limit": "visits"}),
            {"members[0].secondary_limit_usage": "found secondary_limit_usage without a second plan"},
        ),
        (
            uses("secondary_benefit_visits", {"benefit": "needles"}),
            {"members[0].secondary_benefit_visits": "found secondary_benefit_visits without a second plan"},
        ),
        (uses("secondary_prior_visits", VISIT), {"members[0].secondary_prior_visits": "without a second plan"}),
        (
            {"coverage": "COVERAGE_FAMILY", "secondary_family_accumulators": [DEDUCTIBLE]},
            {"secondary_family_accumulators": "found secondary_family_accumulators without a second plan"},
        ),
        (
            uses("accumulators", {"accumulator": "deductible", "last_quarter_cents": 5}),
            {"members[0].accumulators[0].last_quarter_cents": "found last_quarter_cents without used_cents"},
        ),
        (
            uses("prior_visits", VISIT | {"date": "2026-03-03"}),
            {"members[0].prior_visits[0].date": "expected a date on or before 2026-03-02, the first date of service"},
        ),
    ],
)
def test_refused_with_every_violation(rules: Tables, changed: dict[str, Any], violations: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        estimate(rules, question(**changed))
    found = {each.field: each.description for each in caught.value.violations}
    assert set(found) == set(violations), found
    assert all(said in found[field] for field, said in violations.items()), found


def test_a_service_without_dates_is_refused(rules: Tables) -> None:
    message = json_format.ParseDict(question(), request_pb2.EstimatePlanRequest())
    request = estimate_request(message)
    undated = request._replace(items=(*request.items, request.items[0]._replace(dates=())))
    with pytest.raises(InvalidRequest) as caught:
        evaluate(rules, undated)
    assert [each.field for each in caught.value.violations] == ["items[1].dates"]


def test_visits_before_the_estimate_count_in_a_rolling_window(rules: Tables) -> None:
    """Four visits in any 30 days, three of them before the estimate: 6, 20 and 27 February.

    2 March is the fourth. On 9 March the first lies 31 days back: the fourth again. On 16 March 20 and 27 February, 2
    and 9 March are within 30 days: refused.
    """
    visits = [VISIT | {"date": day} for day in ("2026-02-06", "2026-02-20", "2026-02-27")]
    lines = estimate(rules, question(**uses("prior_visits", *visits))).lines
    assert [line.covered for line in lines] == [True, True, False]
    assert lines[2].limit == "visits"
