"""What leads to an end of a range, as data: which open fact or approval, and what it is worth by itself."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from camcover.money import Cents
from camcover.rulebook.records import Limit

__all__ = ["CauseKind", "RangeCause", "RangeCauses"]


class CauseKind(Enum):
    """What may be otherwise than expected."""

    NETWORK = "network"
    SECOND_NETWORK = "second-network"
    TERMS = "terms"
    """The plan's last terms do not go on."""

    LOW_PRICES = "low-prices"
    HIGH_PRICES = "high-prices"
    DEDUCTIBLE_MET = "deductible-met"
    MAXIMUM_MET = "maximum-met"
    DEDUCTIBLE_LEFT = "deductible-left"
    PRACTITIONER = "practitioner"
    STATE = "state"
    AGE = "age"
    DIAGNOSIS = "diagnosis"
    MEMBERSHIP = "membership"
    FIRST_SERVICE = "first-service"
    WITHOUT = "without"
    """An attestation is missing."""

    LOWER_COST_SHARE = "lower-cost-share"
    USED = "used"
    INCENTIVE = "incentive"
    NO_BALANCE = "no-balance"
    UNKNOWN_CODES = "unknown-codes"


class RangeCause(NamedTuple):
    """Something that is not as expected: of which items, what is so instead, and what it is worth by itself, cents.

    `items`: empty where it is of no item, or of all. `word`: the tier, practitioner, state, attestation; `number`: the
    age in years, what is used of a limit in its own measure, cents left of a deductible; `limit`: of what is used.
    `worth_cents` is above 0 where the patient pays more; None: it moves the total only together with other causes.
    """

    kind: CauseKind
    items: tuple[int, ...] = ()
    word: str = ""
    number: int = 0
    limit: Limit | None = None
    worth_cents: Cents | None = None


class RangeCauses(NamedTuple):
    """What leads to the least and to the most, the greatest worth first; empty where an end is the expected cost.

    `is_reached`: whether a case is at each end; else each list is what alone moves the total that way.
    """

    low: tuple[RangeCause, ...] = ()
    high: tuple[RangeCause, ...] = ()
    is_reached: bool = True
