"""Visits before an estimate that have a date: entries of one benefit and date are one visit (point 39).

What comes in: the `Scope` of a request. What goes out: a `DatedVisit` for each visit, and whether a limit counts it.
"""

from __future__ import annotations

from dataclasses import dataclass

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.asking.asked import Unsound
from camcover.engine.asking.scope import Scope
from camcover.engine.request import PriorVisit
from camcover.request_bounds import MAX_CENTS, MAX_UNITS
from camcover.rulebook.records import Counting, Limit


@dataclass(slots=True)
class DatedVisit:
    """A dated visit: its entries added up; of episode, condition, facility the first. `plan_paid` None: not given."""

    place: int
    episode: str = ""
    condition: str = ""
    units: int = 0
    copay_paid: int = 0
    coinsurance_paid: int = 0
    percentages: int = 0
    penalty_paid: int = 0
    plan_paid: int | None = None
    facility: str = ""


def dated_visits(scope: Scope, member: int) -> dict[tuple[str, OrdinalDay], DatedVisit]:
    """A member's visits by benefit and ordinal day, entries of one visit added up. Raises `Unsound`."""
    found: dict[tuple[str, OrdinalDay], DatedVisit] = {}
    for place, entry in enumerate(scope.use_of(member).prior_visits):
        day = ordinal_of(entry.date)
        if entry.benefit not in scope.plan.benefits or not 1 <= entry.units <= MAX_UNITS:
            raise Unsound
        if day > scope.first_day or any(not 0 <= cents <= MAX_CENTS for cents in paid_of_shares(entry)):
            raise Unsound
        visit = found.setdefault(
            (entry.benefit, day), DatedVisit(place, entry.episode, entry.condition, facility=entry.facility)
        )
        if entry.condition and entry.condition not in scope.plan.condition_masks:
            raise Unsound
        visit.units += entry.units
        visit.copay_paid += entry.copay_paid_cents
        visit.coinsurance_paid += entry.coinsurance_paid_cents
        visit.percentages += entry.percentage_cents
        visit.penalty_paid += entry.penalty_paid_cents
        if entry.plan_paid_cents is not None:
            if not 0 <= entry.plan_paid_cents <= MAX_CENTS:
                raise Unsound
            visit.plan_paid = (visit.plan_paid or 0) + entry.plan_paid_cents
    return found


def paid_of_shares(visit: PriorVisit) -> tuple[int, ...]:
    """What a dated visit says of its copay, coinsurance and penalty, cents."""
    return visit.copay_paid_cents, visit.coinsurance_paid_cents, visit.percentage_cents, visit.penalty_paid_cents


def counts_toward(limit: Limit, plan_paid: int | None) -> bool:
    """Whether a visit counts toward a limit of visits; `plan_paid`: what the plan paid of it, cents, None = unknown."""
    return limit.counts is not Counting.PLAN_PAID or plan_paid is None or plan_paid > 0
