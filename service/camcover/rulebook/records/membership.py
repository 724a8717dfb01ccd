"""What a plan may ask of a member: role, status, and how long ago the member enrolled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MemberRole(StrEnum):
    """What a member is under a plan: the closed vocabulary of the `role` criterion."""

    SUBSCRIBER = "subscriber"
    SPOUSE = "spouse"
    CHILD = "child"


class MemberStatus(StrEnum):
    """How a member came to be under a plan: the closed vocabulary of the `status` criterion."""

    ACTIVE = "active"
    RETIREE = "retiree"


class WaitingUnit(StrEnum):
    """What a waiting period is counted in."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class WaitingPeriod:
    """How long after a member's enrollment a benefit begins to apply."""

    length: int
    unit: WaitingUnit
