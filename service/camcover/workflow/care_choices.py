"""What may be otherwise with one service of a plan of care: its network, practitioner, setting and first day.

What comes in: a request, and what its caller says may change. What goes out: the choices of each service, each the
whole service as it would then be asked. The number of visits and the days between them stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import IntFlag
from itertools import product
from typing import NamedTuple

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine import EstimateRequest, Tables, Violation
from camcover.engine.asking.words import unknown_word
from camcover.engine.request import PlannedService
from camcover.refusals import Refusal
from camcover.rulebook.records import Setting

__all__ = ["CareChange", "MayChange", "ServiceChoice", "choices_of", "has_agreed_price", "unusable"]


class CareChange(IntFlag):
    """The kinds of changes to a service."""

    NONE = 0
    TIER = 1
    PRACTITIONER = 2
    SETTING = 4
    DATES = 8


class MayChange(NamedTuple):
    """What may change: other networks, practitioners and settings that there are for the patient; empty = none.

    `earliest`, `latest`: no moved visit lies before or after. None: not before, or not after, the visits as planned.
    """

    tiers: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    earliest: date | None = None
    latest: date | None = None


class ServiceChoice(NamedTuple):
    """One way to have a service: as it would be asked, which kinds of changes that is, and days of the move."""

    item: PlannedService
    kinds: CareChange
    days: int

    @property
    def changes(self) -> int:
        """How many kinds of changes it is."""
        return self.kinds.bit_count()


def unusable(tables: Tables, request: EstimateRequest, may: MayChange) -> Iterator[Violation]:
    """What is wrong with what may change; the request's plan is known."""
    tiers = tables.plans[request.plan_id].tiers
    known = (
        ("tiers", Refusal.UNKNOWN_TIER, may.tiers, tiers),
        ("practitioners", Refusal.UNKNOWN_PRACTITIONER, may.practitioners, tables.vocabulary.practitioners),
        ("settings", Refusal.UNKNOWN_SETTING, may.settings, list(Setting)),
    )
    for field, kind, words, there in known:
        for place, word in enumerate(words):
            if word not in there:
                yield unknown_word(f"{field}[{place}]", kind, word, there)
    if may.earliest and may.latest and may.latest < may.earliest:
        expected = f"{may.earliest}, the earliest day, or later"
        yield Violation("latest", f"{may.latest}", expected, Refusal.DATE_OUT_OF_RANGE)


def has_agreed_price(item: PlannedService) -> bool:
    """Whether its request states what the plan allows, which holds for this network, practitioner and setting only."""
    return item.allowed_cents is not None or any(each.allowed_cents is not None for each in item.procedures)


def choices_of(tables: Tables, request: EstimateRequest, place: int, may: MayChange) -> tuple[ServiceChoice, ...]:
    """The choices of the item at `place`, the item as it is first; `request.as_of` is given."""
    item = request.items[place]
    first_tier = str(next(iter(tables.plans[request.plan_id].nearest_to(ordinal_of(min(item.dates))).plan.tiers)))
    is_open = not has_agreed_price(item)
    tiers = _others(item.tier, item.tier or first_tier, may.tiers if is_open else ())
    practitioners = _others(item.practitioner, item.practitioner, may.practitioners if is_open else ())
    here = "" if item.setting is None else str(item.setting)
    settings = _others(here, here or str(Setting.OFFICE), may.settings if is_open else ())
    found = []
    for days, tier, practitioner, setting in product(
        _moves(tables, request, item, may), tiers, practitioners, settings
    ):
        kinds = CareChange.NONE
        kinds |= CareChange.TIER if tier != item.tier else CareChange.NONE
        kinds |= CareChange.PRACTITIONER if practitioner != item.practitioner else CareChange.NONE
        kinds |= CareChange.SETTING if setting != here else CareChange.NONE
        kinds |= CareChange.DATES if days else CareChange.NONE
        other = item._replace(tier=tier, practitioner=practitioner, dates=_moved(item.dates, days))
        if setting != here:
            # The place named in the request is not the one of another setting.
            other = other._replace(setting=Setting(setting), facility="")
        found.append(ServiceChoice(other, kinds, days))
    return tuple(sorted(found, key=lambda each: (each.changes, abs(each.days))))


def _others(own: str, meaning: str, words: Iterable[str]) -> tuple[str, ...]:
    """The word that stands, then those of `words` that mean something else."""
    return tuple(dict.fromkeys((own, *(each for each in words if each != meaning))))


def _moved(dates: tuple[date, ...], days: int) -> tuple[date, ...]:
    return tuple(day + timedelta(days=days) for day in dates) if days else dates


def _moves(tables: Tables, request: EstimateRequest, item: PlannedService, may: MayChange) -> tuple[int, ...]:
    """By how many days the visits may move: for each number of visits before a turn, the shortest move; 0 first.

    A turn is a day on which a benefit period or an edition of the plan begins.
    """
    days = sorted(map(ordinal_of, item.dates))
    known_from = days[0] if request.as_of is None else ordinal_of(request.as_of)
    earliest = days[0] if may.earliest is None else max(ordinal_of(may.earliest), known_from)
    latest = days[-1] if may.latest is None else ordinal_of(may.latest)
    least, most = earliest - days[0], latest - days[-1]
    found = {0}
    for turn in _turns(tables, request.plan_id, earliest, latest):
        for before in range(len(days) + 1):
            low = max(least, turn - days[before]) if before < len(days) else least
            high = min(most, turn - 1 - days[before - 1]) if before else most
            if low <= high:
                found.add(min(max(0, low), high))
    return tuple(sorted(found, key=abs))


def _turns(tables: Tables, plan_id: str, first: OrdinalDay, last: OrdinalDay) -> list[int]:
    """The turns after the first day, up to the day after the last one."""
    index = tables.plans[plan_id]
    found = {int(each.first_day) for each in index.segments}
    day = last
    while day > first:
        start = index.period_of(day)
        found.add(int(start))
        day = OrdinalDay(start - 1)
    return sorted(each for each in found if first < each <= last)
