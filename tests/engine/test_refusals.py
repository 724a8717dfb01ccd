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
        ({"items": []}, {"items": "a plan needs at least one service"}),
        (item(procedures=[{"code": "97810", "units": 1001}]), {"items[0].procedures[0].units": "expected 1 to 1000"}),
        (
            item(procedures=[{"code": "97810"}, {"code": "97811"}], charge_cents=1, allowed_cents=1),
            {
                "items[0].charge_cents": "several procedures: give the amount of each instead",
                "items[0].allowed_cents": "several procedures",
            },
        ),
        (item(procedures=[], charge_cents=-1), {"items[0].charge_cents": "-1 cents; expected 0 to 1000000000"}),
        (
            item(procedures=[{"code": "97810", "allowed_cents": 10**9 + 1}]),
            {"items[0].procedures[0].allowed_cents": "expected 0 to 1000000000"},
        ),
        (
            item(therapy="", procedures=[{"code": "97811", "charge_cents": 1}]),
            {"items[0].procedures[0].code": "code 97811 belongs to acupuncture and massage: name the therapy"},
        ),
        (
            item(therapy="", procedures=[{"code": "97899"}]),
            {"items[0].procedures[0].charge_cents": "no edition of the catalog has the code 97899"},
        ),
        ({"members": [{"id": str(number)} for number in range(13)]}, {"members": "13 members; expected 1 to 12"}),
        (member(age=131), {"members[0].age": "131 years; expected 0 to 130"}),
        (uses("accumulators", DEDUCTIBLE, DEDUCTIBLE), {"members[0].accumulators[1].accumulator": "given twice"}),
        (
            uses("accumulators", DEDUCTIBLE | {"last_quarter_cents": 101}),
            {"members[0].accumulators[0].last_quarter_cents": "101 cents; expected 0 to the 100 used in all"},
        ),
        (
            uses("limit_usage", {"limit": "visits", "used": 1}, {"limit": "visits", "used": 1}),
            {"members[0].limit_usage[1].limit": "visits is given twice"},
        ),
        (
            uses("limit_usage", {"limit": "visits", "used_cents": 1}),
            {"members[0].limit_usage[0]": "limit visits counts visits (used)"},
        ),
        (
            {"plan_id": "copay-plan", "members": [{"limit_usage": [{"limit": "budget", "used": 1}]}]},
            {"members[0].limit_usage[0]": "limit budget counts cents (used_cents)"},
        ),
        (
            {"plan_id": "copay-plan", "members": [{"limit_usage": [{"limit": "budget", "used_cents": 10001}]}]},
            {"members[0].limit_usage[0].used_cents": "expected 0 to 10000"},
        ),
        (
            uses("benefit_visits", {"benefit": "needles", "visits": 1}, {"benefit": "needles", "visits": 2}),
            {"members[0].benefit_visits[1].benefit": "needles is given twice"},
        ),
        (
            uses("benefit_visits", {"benefit": "needles", "visits": 1001}),
            {"members[0].benefit_visits[0].visits": "1001 visits; expected 0 to 1000"},
        ),
        (uses("prior_visits", VISIT | {"benefit": "needle"}), {"members[0].prior_visits[0].benefit": "'needles'"}),
        (uses("prior_visits", VISIT | {"units": 1001}), {"members[0].prior_visits[0].units": "expected 1 to 1000"}),
        (
            uses("prior_visits", VISIT | {"date": "2026-03-03"}),
            {"members[0].prior_visits[0].date": "2026-03-03 lies after the first date of service, 2026-03-02"},
        ),
    ],
)
def test_refused_with_every_violation(rules: Tables, changed: dict[str, Any], violations: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        estimate(rules, question(**changed))
    found = {each.field: each.description for each in caught.value.violations}
    assert set(found) == set(violations), found
    assert all(said in found[field] for field, said in violations.items()), found


def test_a_service_without_dates(rules: Tables) -> None:
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
