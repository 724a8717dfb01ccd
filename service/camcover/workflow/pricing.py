"""Price well-being plans: the engine's estimate with the name, dates, release and disclosures around it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeAlias
from uuid import uuid4

from camcover.engine import Estimate, EstimateRequest, InvalidRequest, Tables, evaluate_many
from camcover.workflow.notices import Notice, notices
from camcover.workflow.published_prices import with_sources_told

__all__ = ["PricedPlan", "Rank", "expiry", "new_name", "price", "price_again", "price_many", "rank", "under_plans"]

Rank: TypeAlias = tuple[bool, int, str]
"""Whether a plan could not be priced, what the patient pays in cents, its id."""

VALID_DAYS = 30
"""How long an estimate may be shown: sums so far and rules change."""


class PricedPlan(NamedTuple):
    """An estimate as it is handed out. `created_at` is in UTC; `expires_on` is the last day to show it."""

    name: str
    rule_release: str
    created_at: datetime
    expires_on: date
    estimate: Estimate
    notices: tuple[Notice, ...]


def new_name() -> str:
    """A name for an estimate that no other has."""
    return f"estimates/{uuid4()}"


def expiry(created_at: datetime) -> date:
    """The last day to show an estimate."""
    return created_at.date() + timedelta(days=VALID_DAYS)


def price(tables: Tables, request: EstimateRequest) -> PricedPlan:
    """Price one request. Raises `InvalidRequest`."""
    (result,) = price_many(tables, [request])
    if isinstance(result, InvalidRequest):
        raise result
    return result


def price_many(tables: Tables, requests: Sequence[EstimateRequest]) -> list[PricedPlan | InvalidRequest]:
    """Price many requests through one call of the kernel, answers in order."""
    now = datetime.now(UTC)
    return [
        result if isinstance(result, InvalidRequest) else _priced(tables, request, result, (new_name(), now))
        for request, result in zip(requests, evaluate_many(tables, requests), strict=True)
    ]


def price_again(tables: Tables, request: EstimateRequest, name: str, created_at: datetime) -> PricedPlan:
    """The estimate of that name and time once more, by the rules of its release. Raises `InvalidRequest`."""
    (result,) = evaluate_many(tables, [request])
    if isinstance(result, InvalidRequest):
        raise result
    return _priced(tables, request, result, (name, created_at))


def under_plans(tables: Tables, requests: Sequence[EstimateRequest]) -> list[tuple[str, PricedPlan | InvalidRequest]]:
    """Requests that compare plans, each with the id of its plan, in their order."""
    return [(each.plan_id, priced) for each, priced in zip(requests, price_many(tables, requests), strict=True)]


def rank(result: tuple[str, PricedPlan | InvalidRequest]) -> Rank:
    """Where a plan stands in a comparison: the cheapest for the patient first, those that cannot be priced last."""
    plan_id, priced = result
    if isinstance(priced, InvalidRequest):
        return True, 0, plan_id
    return False, priced.estimate.totals.patient_cents, plan_id


def _priced(tables: Tables, request: EstimateRequest, estimate: Estimate, stamp: tuple[str, datetime]) -> PricedPlan:
    """Put the frame around an estimate: its name and time, and what is told beside its figures."""
    name, created_at = stamp
    estimate = with_sources_told(request, estimate)
    return PricedPlan(
        name=name,
        rule_release=tables.release,
        created_at=created_at,
        expires_on=expiry(created_at),
        estimate=estimate,
        notices=notices(estimate, may_balance_bill=_may_balance_bill(tables, estimate)),
    )


def _may_balance_bill(tables: Tables, estimate: Estimate) -> bool:
    """Whether some line's tier leaves what is above the allowed amount to the member."""
    tiers = tables.plans[estimate.plan_id].billing_tiers
    return bool(tiers) and not tiers.isdisjoint([line.tier for line in estimate.lines])
