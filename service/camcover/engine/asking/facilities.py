"""Facilities that services and dated visits name, as numbers: what copays per day and facility go by (point 20).

What comes in: a request. What goes out: what each name takes off the number of a scope of copays, so that the visits of
one scope and facility share a number.
"""

from __future__ import annotations

from collections.abc import Mapping

from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.kernel.codes import FIRST_BY_FACILITY, SCOPES
from camcover.engine.request import EstimateRequest

__all__ = ["facilities_of", "facility_of", "scope_at"]


def facilities_of(index: PlanIndex, request: EstimateRequest) -> Mapping[str, int]:
    """What each name takes off a scope's number; none of a plan that does not ask."""
    if not index.has_copays_by_facility:
        return {}
    uses = (use for member in request.members for use in (member.use, member.secondary_use))
    visited = [visit.facility for use in uses for visit in use.prior_visits]
    names = dict.fromkeys(["", *(item.facility for item in request.items), *visited])
    return {name: number * SCOPES for number, name in enumerate(names)}


def scope_at(scope: int, facilities: Mapping[str, int], facility: str) -> int:
    """The number of a benefit's scope of copays at a facility; the scope's own where they go by the day alone."""
    return scope - facilities.get(facility, 0) if scope <= FIRST_BY_FACILITY else scope


def facility_of(scope: int, facilities: Mapping[str, int]) -> str:
    """The facility of a visit by the number of its scope; empty where it has none."""
    place = (FIRST_BY_FACILITY - scope) // SCOPES if scope <= FIRST_BY_FACILITY else 0
    return list(facilities)[place] if place else ""
