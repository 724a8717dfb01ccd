"""Editions by day: the one in force, its days and benefit periods, and what a plan's edition says of a tier.

What comes in: records. What goes out: what `compile` lays out of them, segment by segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TypeVar

from camcover.calendar import LAST_DAY
from camcover.engine.compiling.plan_index import PeriodRun
from camcover.rulebook.records import Effective, Fees, NotCoveredPays, Plan, Policy

Edition = TypeVar("Edition", Policy, Fees)


def days_of(effective: Effective) -> tuple[int, int]:
    """An effective range as ordinal days, inclusive."""
    return effective.start.toordinal(), LAST_DAY if effective.end is None else effective.end.toordinal()


def edition_on(editions: Sequence[Edition], day: int) -> Edition:
    """The edition in force on an ordinal day; `rulebook` has made sure that there is one."""
    return next(edition for edition in editions if edition.heading.effective.holds(date.fromordinal(day)))


def period_runs(editions: Sequence[Plan]) -> list[PeriodRun]:
    """The benefit periods of each edition; one that changes them ends the period before it (point 24)."""
    runs: list[PeriodRun] = []
    for same, group in groupby(editions, key=lambda plan: plan.benefit_period):
        members = list(group)
        first = days_of(members[0].heading.effective)[0] if runs else 1
        if runs:
            runs = [replace(each, last=min(each.last, first - 1)) for each in runs]
        runs += [PeriodRun(same.month, same.day, first, LAST_DAY)] * len(members)
    return runs


def owed_in(plan: Plan, tier: str) -> NotCoveredPays:
    """What a member owes in a tier for what is not covered."""
    own = plan.tiers[tier].not_covered_pays if tier in plan.tiers else None
    return plan.not_covered_pays if own is None else own
