"""What a plan may ask of a member: role, status, and how long ago the member enrolled or first had a service."""

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
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class WaitingPeriod:
    """How long after a member's enrollment a benefit begins to apply.

    Of `YEAR`: how many benefit periods after the one in which the member first had the service (point 51); a file says
    the number of the first period in which it applies, `from_year: 2` for one.
    """

    length: int
    unit: WaitingUnit
