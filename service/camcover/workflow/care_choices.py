"""What may be otherwise with one service of a plan of care: network, practitioner, setting, first day, who is billed.

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
from camcover.engine.asking.words import repeated, unknown_word
from camcover.engine.request import PlannedService
from camcover.money import Cents
from camcover.refusals import Refusal
from camcover.request_bounds import MAX_CENTS
from camcover.rulebook.records import Setting
from camcover.workflow import catalog_entries

__all__ = [
    "CareChange",
    "MayChange",
    "SelfPayPrice",
    "ServiceChoice",
    "choices_of",
    "has_agreed_price",
    "too_many",
    "unusable",
]

MOST_CHOICES = 5_000
"""Choices of all services together."""

MOST_HELD = 500_000
"""Choices times services, and dates of all choices: so much is made before the first way is priced."""


class CareChange(IntFlag):
    """The kinds of changes to a service."""

    NONE = 0
    TIER = 1
    PRACTITIONER = 2
    SETTING = 4
    DATES = 8
    SELF_PAY = 16


class SelfPayPrice(NamedTuple):
    """What the provider of an item, by its place, asks for a visit that the patient pays without the plan, cents."""

    item: int
    cents: Cents


class MayChange(NamedTuple):
    """What may change: other networks, practitioners and settings that there are for the patient; empty = none.

    `earliest`, `latest`: no moved visit lies before or after. None: not before, or not after, the visits as planned.
    `order`: services may trade places, and go before or after each other. `self_pay`: visits that the plan does not
    cover may be paid at these prices.
    """

    tiers: tuple[str, ...] = ()
    practitioners: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    earliest: date | None = None
    latest: date | None = None
    order: bool = False
    self_pay: tuple[SelfPayPrice, ...] = ()


class ServiceChoice(NamedTuple):
    """One way to have a service: as it would be asked, which kinds of changes that is, and days of the move.

    `self_pay_cents`: what a visit costs that the plan does not cover and the patient pays oneself; None = as the plan
    says.
    """

    item: PlannedService
    kinds: CareChange
    days: int
    self_pay_cents: Cents | None = None

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
    yield from _unusable_prices(request, may)


def _unusable_prices(request: EstimateRequest, may: MayChange) -> Iterator[Violation]:
    """What is wrong with self-pay prices."""
    seen: set[int] = set()
    for place, (item, cents) in enumerate(may.self_pay):
        if not 0 <= item < len(request.items):
            expected = f"the place of an item, from 0 to {len(request.items) - 1}"
            yield Violation(f"self_pay[{place}].item_index", str(item), expected, Refusal.NUMBER_OUT_OF_RANGE)
        elif item in seen:
            yield repeated(f"self_pay[{place}].item_index", str(item))
        if not 0 <= cents <= MAX_CENTS:
            expected = f"cents from 0 to {MAX_CENTS}"
            yield Violation(f"self_pay[{place}].price_cents", str(cents), expected, Refusal.AMOUNT_OUT_OF_RANGE)
        seen.add(item)


def too_many(tables: Tables, request: EstimateRequest, may: MayChange) -> Iterator[Violation]:
    """Whether there are more choices than can be held; `request.as_of` is given, and nothing else is wrong."""
    choices = dates = 0
    for place, item in enumerate(request.items):
        parts = _parts(tables, request, place, may)
        others = len(parts.tiers) * len(parts.practitioners) * len(parts.settings)
        found = len(parts.moves) * (others + (parts.self_pay_cents is not None))
        choices, dates = choices + found, dates + found * len(item.dates)
    most = min(MOST_CHOICES, MOST_HELD // len(request.items))
    if choices > most or dates > MOST_HELD:
        said = f"{choices} choices of networks, practitioners, settings and days, of {dates} dates in all"
        yield Violation("", said, f"at most {most} choices of {MOST_HELD} dates", Refusal.COUNT_OUT_OF_RANGE)


def has_agreed_price(item: PlannedService) -> bool:
    """Whether its request states what the plan allows, which holds for this network, practitioner and setting only."""
    return item.allowed_cents is not None or any(each.allowed_cents is not None for each in item.procedures)


class _Parts(NamedTuple):
    """What may be otherwise with one item: its moves in days, words of each kind with its own first, its price."""

    moves: tuple[int, ...]
    tiers: tuple[str, ...]
    practitioners: tuple[str, ...]
    settings: tuple[str, ...]
    self_pay_cents: Cents | None


def _parts(tables: Tables, request: EstimateRequest, place: int, may: MayChange) -> _Parts:
    item = request.items[place]
    first_tier = str(next(iter(tables.plans[request.plan_id].nearest_to(ordinal_of(min(item.dates))).plan.tiers)))
    is_open = not has_agreed_price(item)
    here = "" if item.setting is None else str(item.setting)
    known = catalog_entries.offering(tables, item.therapy)
    offering = [each for each in may.practitioners if each in known]
    return _Parts(
        _moves(tables, request, place, may),
        _others(item.tier, item.tier or first_tier, may.tiers if is_open else ()),
        _others(item.practitioner, item.practitioner, offering if is_open else ()),
        _others(here, here or str(Setting.OFFICE), may.settings if is_open else ()),
        next((each.cents for each in may.self_pay if each.item == place), None),
    )


def choices_of(tables: Tables, request: EstimateRequest, place: int, may: MayChange) -> tuple[ServiceChoice, ...]:
    """The choices of the item at `place`, the item as it is first; `request.as_of` is given."""
    item, parts = request.items[place], _parts(tables, request, place, may)
    here = parts.settings[0]
    found = []
    for days, tier, practitioner, setting in product(parts.moves, parts.tiers, parts.practitioners, parts.settings):
        kinds = CareChange.NONE
        kinds |= CareChange.TIER if tier != item.tier else CareChange.NONE
        kinds |= CareChange.PRACTITIONER if practitioner != item.practitioner else CareChange.NONE
        kinds |= CareChange.SETTING if setting != here else CareChange.NONE
        kinds |= CareChange.DATES if days else CareChange.NONE
        other = item._replace(tier=tier, practitioner=practitioner, dates=_moved(item.dates, days))
        if setting != here:
            # The facility in the request is not where another setting would be.
            other = other._replace(setting=Setting(setting), facility="")
        found.append(ServiceChoice(other, kinds, days))
        if parts.self_pay_cents is not None and kinds in {CareChange.NONE, CareChange.DATES}:
            # The price is that of the provider in the request.
            found.append(ServiceChoice(other, kinds | CareChange.SELF_PAY, days, parts.self_pay_cents))
    return tuple(sorted(found, key=lambda each: (each.changes, abs(each.days))))


def _others(own: str, meaning: str, words: Iterable[str]) -> tuple[str, ...]:
    """The word that stands, then those of `words` that mean something else."""
    return tuple(dict.fromkeys((own, *(each for each in words if each != meaning))))


def _moved(dates: tuple[date, ...], days: int) -> tuple[date, ...]:
    return tuple(day + timedelta(days=days) for day in dates) if days else dates


def _moves(tables: Tables, request: EstimateRequest, place: int, may: MayChange) -> tuple[int, ...]:
    """By how many days the visits of an item may move: for each number of visits before a turn, the shortest move.

    A turn is a day on which a benefit period or an edition of the plan begins. 0 comes first.
    """
    days = sorted(map(ordinal_of, request.items[place].dates))
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
    if may.order:
        found |= {each for each in _reorderings(request, place) if least <= each <= most}
    return tuple(sorted(found, key=abs))


def _reorderings(request: EstimateRequest, place: int) -> Iterator[int]:
    """Moves that put an item where another one begins, just behind another one, or just before it."""
    days = list(map(ordinal_of, request.items[place].dates))
    first, last = min(days), max(days)
    for number, other in enumerate(request.items):
        if number != place:
            begins, ends = ordinal_of(min(other.dates)), ordinal_of(max(other.dates))
            yield from (begins - first, ends + 1 - first, begins - 1 - last)


def _turns(tables: Tables, plan_id: str, first: OrdinalDay, last: OrdinalDay) -> list[int]:
    """The turns after the first day, up to the day after the last one."""
    index = tables.plans[plan_id]
    found = {int(each.first_day) for each in index.segments}
    start = index.period_of(last)
    while start > first:
        found.add(int(start))
        start = index.period_before(start)
    return sorted(each for each in found if first < each <= last)
