"""By what the use so far of a request is read: the plan, its edition, the dates, the episodes.

What comes in: a request, and a plan that it names. What goes out: `Scope`, and in it the place of each count of a limit
(docs/rule-language.md, points 39 and 49).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from camcover.calendar import OrdinalDay
from camcover.engine.asking.episodes import Episodes
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.request import AccumulatorUse, EstimateRequest, Membership, UseSoFar
from camcover.rulebook.records import CountedFor, Plan

__all__ = ["Scope"]


class Scope(NamedTuple):
    """The plan, edition and dates by which prior use is read; `edition`: the place of the one whose amounts hold."""

    plan: PlanIndex
    edition: int
    request: EstimateRequest
    secondary: bool
    as_of: OrdinalDay
    first_day: OrdinalDay
    episodes: Episodes
    facilities: Mapping[str, int]

    def place_of(self, slot: int, member: int, episode: str) -> int:
        """The place of a slot's count among a member's (`PriorUse`). Raises KeyError for an unknown episode."""
        if not episode or self.plan.slot_limits[slot].counted_for is not CountedFor.EPISODE:
            return slot
        return slot + len(self.plan.slots) * (1 + self.episodes.row(member, episode) - self.episodes.members)

    def row_of(self, place: int, member: int) -> int:
        """The row of counts of such a place."""
        later, _ = divmod(place, len(self.plan.slots))
        return member if later == 0 else self.episodes.members + later - 1

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
