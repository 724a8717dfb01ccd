"""What a member used of limits and visits before the estimate, in a plan's numbers (docs/rule-language.md, point 39).

What `prior_use.py` reads from a request, `given.py` lays out, and `telling/carrying.py` goes on from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

ALL_COUNTED = 2**64 - 1
"""A visit that counts against every limit of its benefit."""


class Count(NamedTuple):
    """Use of a limit: in the period that holds `as_of`, and beyond that in the period of the first date of service."""

    stated: int = 0
    dated: int = 0


class Visits(NamedTuple):
    """Visits under a benefit: in the benefit period of `as_of`, and beyond that in the one of the first date.

    `begun`: the ordinal day of a visit that goes on with the first lines, 0 = none; of it the mask of the limits that
    count it, and cents of copay paid; then as in `VISITS`.
    """

    stated: int = 0
    dated: int = 0
    begun: int = 0
    counted: int = 0
    copay_paid: int = 0
    coinsurance_paid: int = 0
    percentages: int = 0
    penalty_paid: int = 0
    copay_scope: int = -1


class Conflict(NamedTuple):
    """A statement that contradicts another: the member, the list, the place there; found and expected."""

    member: int
    field: str
    place: int
    found: str
    expected: str


@dataclass(slots=True)
class PriorUse:
    """What a member used: counts, and dated uses of rolling limits, by place; visits by benefit.

    The place of a slot's count is the slot; of the episode in row N behind the members it is N + 1 times all slots on.
    Of a limit from the first visit on `Count.dated` is the day on which its time began.
    """

    counts: dict[int, Count] = field(default_factory=dict)
    events: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    visits: dict[int, Visits] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
