"""The codes that stand in the columns of `engine/kernel/tables.py`: kinds of rows, periods, measures, faults.

The numbers are part of compiled files: `engine/compiling/stored_schema.py` recognises a file whose codes are others.
"""

from __future__ import annotations

from enum import IntEnum


class RuleKind(IntEnum):
    """What a row of `rules` is."""

    EXCLUSION = 0
    BENEFIT = 1


class StepKind(IntEnum):
    """What a row of `steps` does."""

    DEDUCTIBLE = 0
    COPAY_VISIT = 1
    COPAY_LINE = 2
    COPAY_UNIT = 3
    COINSURANCE_REMAINING = 4
    COINSURANCE_AFTER_DEDUCTIBLE = 5
    COINSURANCE_ALLOWED = 6
    COPAY_DAY = 7
    COPAY_BANDS = 8
    COPAY_FACILITY = 9


class StepBound(IntEnum):
    """How a row of `steps` is bounded (point 44).

    Not; a coinsurance with a least or a most; the copay and, in the row behind it, the coinsurance of a comparison.
    """

    NONE = 0
    BOUNDED = 1
    COPAY_OF_TWO = 2
    COINSURANCE_OF_TWO = 3


class LimitMeasure(IntEnum):
    """What a row of `limits` counts."""

    VISITS = 0
    VISITS_PLAN_PAID = 1
    UNITS = 2
    MONEY_PLAN_PAID = 3
    MONEY_ALLOWED = 4
    MINUTES = 5


class Period(IntEnum):
    """The period over which a row of `limits` counts.

    From FIRST_FROM_VISIT on it begins with a counted visit, from FIRST_WINDOW on it is a window.
    """

    DAY = 0
    WEEK = 1
    MONTH = 2
    BENEFIT_PERIOD = 3
    CALENDAR_YEAR = 4
    LIFETIME = 5
    QUARTER = 6
    DAYS_FROM_EPISODE = 7
    MONTHS_FROM_EPISODE = 8
    DAYS_FROM_FIRST_VISIT = 9
    MONTHS_FROM_FIRST_VISIT = 10
    ROLLING_DAYS = 11
    ROLLING_MONTHS = 12


FIRST_FROM_VISIT = Period.DAYS_FROM_FIRST_VISIT
"""From this code on a period begins with a visit that is counted; what is used of it is known by its first day."""

FIRST_WINDOW = Period.ROLLING_DAYS
"""From this code on a period is a window, which looks back from each date."""


class CountOwner(IntEnum):
    """Who or what has a count of its own under a row of `limits`."""

    MEMBER = 0
    FAMILY = 1
    EPISODE = 2
    CONDITION = 3


class Above(IntEnum):
    """Who owes charge - allowed."""

    WRITTEN_OFF = 0
    MEMBER = 1
    MEMBER_UP_TO = 2


class Liability(IntEnum):
    """Who bears what a line leaves uncovered (point 41).

    The member as ever; the provider; or the member because the attestation is there that `unless` names.
    """

    MEMBER = 0
    PROVIDER = 1
    MEMBER_BY_ATTESTATION = 2


LOWER_COST_SHARE, ADVANCE_NOTICE, DIAGNOSIS_DENIED, LIMIT_USED_UP = 1 << 60, 1 << 61, 1 << 62, 1 << 63
"""The bits of masks that are the same in every version: of two attestations, and of denials beside the attestations."""


SEVERAL = -2
"""In place of the one maximum that caps a tier's whole cost share: several do, or one that counts a part of it."""


class CappedPart(IntEnum):
    """A part of the cost share, in the order in which a cap leaves them (point 21)."""

    DEDUCTIBLE = 0
    COPAY = 1
    COINSURANCE = 2


DEDUCTIBLE_BIT, COPAY_BIT, COINSURANCE_BIT = (1 << part for part in CappedPart)
ALL_PARTS = DEDUCTIBLE_BIT | COPAY_BIT | COINSURANCE_BIT
"""The parts of a benefit's cost share that out-of-pocket maxima count, as bits of `counted_parts`."""


FIRST_BY_FACILITY = -2
"""From here down are the numbers of scopes of copays per day and facility (point 20)."""

SCOPES = 1 << 14
"""How far apart the numbers of one such scope are at two facilities."""


OF_THE_DAY = -1
"""In place of a therapy: what lines took of the maximum per day (point 45)."""


OF_THE_UNIT = -2
"""In place of a therapy: the highest practice expense of a unit (point 47)."""


class Fault(IntEnum):
    """Why the kernel could not adjudicate a request: a mistake of ours, never of the request."""

    NONE = 0
    NO_ROOM = 1
    """It needs more rows of `events` than were reserved."""
    UNKNOWN_PERIOD = 2
    """A limit's period has a code for which the kernel has no arithmetic."""
    UNKNOWN_STEP = 3
    """A step's kind has such a code."""
    UNKNOWN_MEASURE = 4
    """A limit's measure has such a code."""


class CarryoverRule(IntEnum):
    """What of the last quarter is credited to the next benefit period."""

    NONE = 0
    ALWAYS = 1
    IF_UNMET = 2
