"""Editions by day: the one in force, its days and benefit periods, and what a plan's edition says of a tier.

What comes in: records. What goes out: what `compile` lays out of them, segment by segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TypeVar

from camcover.calendar import LAST_DAY, OrdinalDay, ordinal_of
from camcover.engine.compiling.segments import PeriodRun
from camcover.engine.compiling.slots import counted_limits
from camcover.rulebook.records import (
    ROLLING,
    AboveAllowedKind,
    CountedFor,
    Effective,
    Fees,
    NotCoveredPays,
    Plan,
    Policy,
)

Edition = TypeVar("Edition", Policy, Fees)


def days_of(effective: Effective) -> tuple[OrdinalDay, OrdinalDay]:
    """An effective range as ordinal days, inclusive."""
    return ordinal_of(effective.start), LAST_DAY if effective.end is None else ordinal_of(effective.end)


def edition_on(editions: Sequence[Edition], day: OrdinalDay) -> Edition:
    """The edition in force on an ordinal day; `rulebook` has made sure that there is one."""
    return next(edition for edition in editions if edition.heading.effective.holds(date.fromordinal(day)))


def period_runs(editions: Sequence[Plan]) -> list[PeriodRun]:
    """The benefit periods of each edition; one that changes them ends the period before it (point 24)."""
    runs: list[PeriodRun] = []
    for same, group in groupby(editions, key=lambda plan: plan.benefit_period):
        members = list(group)
        first = days_of(members[0].heading.effective)[0] if runs else OrdinalDay(1)
        if runs:
            runs = [replace(each, last=min(each.last, OrdinalDay(first - 1))) for each in runs]
        runs += [PeriodRun(same.month, same.day, first, LAST_DAY)] * len(members)
    return runs


def owed_in(plan: Plan, tier: str) -> NotCoveredPays:
    """What a member owes in a tier for what is not covered."""
    own = plan.tiers[tier].not_covered_pays if tier in plan.tiers else None
    return plan.not_covered_pays if own is None else own


def most_rolling(editions: Sequence[Plan]) -> int:
    """The most limits over a rolling window that one line of a plan may count against, in any edition.

    They are the limits of one benefit, or of two where a limit hands on what it cuts, which it does once (point 16).
    """
    benefits = (benefit for plan in editions for benefit in plan.benefits.values())
    most = max((sum(each.per.kind in ROLLING for each in counted_limits(benefit)) for benefit in benefits), default=0)
    return 2 * most if hands_on(editions) else most


def counts_episodes(editions: Iterable[Plan]) -> bool:
    """Whether some limit counts each episode by itself (point 49)."""
    benefits = (benefit for plan in editions for benefit in plan.benefits.values())
    return any(limit.counted_for is CountedFor.EPISODE for benefit in benefits for limit in benefit.limits)


def copay_scopes_of(editions: Iterable[Plan]) -> Iterator[str]:
    """The scopes of copays per day in all editions, "" for the one without a name (point 20)."""
    for benefit in (benefit for plan in editions for benefit in plan.benefits.values()):
        if benefit.shared_copay is not None:
            yield benefit.shared_copay


def hands_on(editions: Iterable[Plan]) -> bool:
    """Whether some limit hands on what it cuts of a line (point 16)."""
    benefits = (benefit for plan in editions for benefit in plan.benefits.values())
    return any(limit.hands_on for benefit in benefits for limit in benefit.limits)


def billing_tiers(editions: Iterable[Plan]) -> frozenset[str]:
    """The tiers that in some edition leave what is above the allowed amount to the member."""
    tiers = (tier for plan in editions for tier in plan.tiers.items())
    return frozenset(str(name) for name, tier in tiers if tier.above_allowed.kind is not AboveAllowedKind.WRITTEN_OFF)
