"""A priced plan as a message that is made field by field: what the bytes that the service writes are held to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from camcover.api.sentences import worded_data
from camcover.engine.estimate import AccumulatorAfter, Estimate, LimitAfter, Line
from camcover.engine.request import AccountBalance, AccumulatorUse, PriorVisit
from camcover.gen.camcover.v1 import estimate_pb2
from camcover.languages import Language, language
from camcover.workflow.pricing import PricedPlan

Data = dict[str, Any]

MAY_BE_ZERO = {
    AccumulatorAfter: "maximum_cents",
    AccumulatorUse: "used_cents",
    PriorVisit: "plan_paid_cents",
    AccountBalance: "balance_cents",
}
"""Fields whose zero differs from absence."""


def message_by_hand(priced: PricedPlan, request_id: str, tag: str = "") -> estimate_pb2.Estimate:
    """The message."""
    estimate, spoken = priced.estimate, language(tag)
    sentences = [worded_data(each, spoken) for each in estimate.range.assumptions]
    low, expected, high = estimate.range[:3]
    message = estimate_pb2.Estimate(
        name=priced.name,
        request_id=request_id,
        plan_id=estimate.plan_id,
        rule_release=priced.rule_release,
        currency_code="USD",
        expires_on=priced.expires_on.isoformat(),
        lines=[_line(each, spoken) for each in estimate.lines],
        items=_all(estimate.items),
        totals=_data(estimate.totals),
        accumulators_after=_all(estimate.accumulators_after),
        secondary_accumulators_after=_all(estimate.secondary_accumulators_after),
        limits_after=map(_limit, estimate.limits_after),
        accounts_after=_all(estimate.accounts_after),
        use_after=_use_after(estimate),
        months=_all(estimate.months),
        range={
            "low_cents": low,
            "expected_cents": expected,
            "high_cents": high,
            "assumptions": [each["text"] for each in sentences],
            "assumption_sentences": sentences,
        },
        prerequisites=[_worded(each, spoken) for each in estimate.prerequisites],
        notices=[
            {"id": each.id, "text": spoken.text(each.message), "citation": each.citation} for each in priced.notices
        ],
        citations=_all(estimate.citations),
        language=spoken.tag,
    )
    message.created_at.FromDatetime(priced.created_at)
    return message


def _data(record: Any) -> Data:
    """The fields of a record that are not zero, and those whose zero says something."""
    kept = MAY_BE_ZERO.get(type(record))
    data = {name: value for name, value in record._asdict().items() if value or (name == kept and value is not None)}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in data.items()}


def _all(records: Iterable[Any]) -> list[Data]:
    return list(map(_data, records))


def _worded(record: Any, spoken: Language) -> Data:
    """A record with its message in words."""
    data = _data(record)
    return data | worded_data(data.pop("message"), spoken)


def _line(line: Line, spoken: Language) -> Data:
    return _data(line) | {
        "adjustments": _all(line.adjustments),
        "secondary_adjustments": _all(line.secondary_adjustments),
        "account_payments": _all(line.account_payments),
        "steps": [_worded(each, spoken) for each in line.steps],
    }


def _limit(after: LimitAfter) -> Data:
    data = _data(after)
    if data.pop("money", False):
        return {{"used": "used_cents", "allowed": "allowed_cents"}.get(name, name): data[name] for name in data}
    return data


def _use_after(estimate: Estimate) -> Data:
    after = estimate.use_after
    members = []
    for place, member_id in enumerate(after.member_ids):
        member: Data = {"id": member_id, "account_balances": _all(after.account_balances[place])}
        member |= {name: _all(uses) for name, uses in after.use[place]._asdict().items()}
        if after.secondary_use:
            member |= {f"secondary_{name}": _all(uses) for name, uses in after.secondary_use[place]._asdict().items()}
        if after.episodes:
            begun = after.episodes[place]
            member["episodes"] = [
                {"episode": each.episode, "start_date": each.started_on.isoformat()} for each in begun
            ]
        members.append(member)
    return {
        "as_of": after.as_of.isoformat(),
        "members": members,
        "family_accumulators": _all(after.family_accumulators),
        "secondary_family_accumulators": _all(after.secondary_family_accumulators),
        "family_account_balances": _all(after.family_account_balances),
    }
