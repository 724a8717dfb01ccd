"""By which plan, edition and dates the use before an estimate is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.request import AccumulatorUse, EstimateRequest, Membership, UseSoFar
from camcover.rulebook.records import Plan


class Scope(NamedTuple):
    """The plan, edition and dates by which prior use is read; `edition`: the place of the one whose amounts hold."""

    plan: PlanIndex
    edition: int
    request: EstimateRequest
    secondary: bool
    as_of: OrdinalDay
    first_day: OrdinalDay

    def membership_of(self, member: int) -> Membership:
        """How the plan covers a member."""
        person = self.request.members[member]
        return person.secondary_membership if self.secondary else person.membership

    def use_of(self, member: int) -> UseSoFar:
        """What a member used under this plan."""
        person = self.request.members[member]
        return person.secondary_use if self.secondary else person.use

    @property
    def family_sums(self) -> tuple[AccumulatorUse, ...]:
        """The family's sums under this plan."""
        return self.request.secondary_family_accumulators if self.secondary else self.request.family_accumulators

    @property
    def editions(self) -> Iterator[Plan]:
        """The edition whose amounts hold, then all."""
        yield self.plan.editions[self.edition]
        yield from self.plan.editions
