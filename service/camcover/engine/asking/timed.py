"""Minutes to units for timed codes, by the plan's rule (docs/rule-language.md, point 50).

What comes in: services and lines, some of which have minutes in place of units. What goes out: the same with units,
without the lines that come to no unit. Raises `Unsound` if the plan has no rule, or no line is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camcover.calendar import OrdinalDay, ordinal_of
from camcover.engine.asking.asked import Asked, AskedLine, AskedService, UnbilledMinutes, Unsound, asked_of
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.request import EstimateRequest, Violation
from camcover.refusals import Refusal
from camcover.rulebook.records import UnitRule

_TOGETHER = 15
"""The minutes a unit of the codes that Medicare counts together."""


def in_units(asked: Asked, request: EstimateRequest, index: PlanIndex, vocabulary: Vocabulary) -> Asked:
    """The services and lines with units."""
    for service in asked.services:
        if service.minutes:
            break
    else:
        return asked
    units = _units(asked, request, index, vocabulary)
    kept = [place for place, number in enumerate(units) if number > 0]
    if not kept:
        raise Unsound
    services: dict[AskedService, int] = {}
    lines: list[AskedLine] = []
    for place, (day, _, session) in zip(kept, _in_place(asked, kept), strict=True):
        service = _in_session(asked, kept, place)._replace(units=units[place])
        lines.append((day, services.setdefault(service, len(services)), session))
    unbilled = _unbilled(asked, units, index)
    return Asked(list(services), lines, tuple(unbilled))


def _in_place(asked: Asked, kept: Sequence[int]) -> Iterator[AskedLine]:
    """The lines that are kept."""
    return (asked.lines[place] for place in kept)


def _in_session(asked: Asked, kept: Sequence[int], place: int) -> AskedService:
    """The service of a line; of its session only what is billed shares the typical charge."""
    day, number, session = asked.lines[place]
    service = asked.services[number]
    if service.charge >= 0:
        return service
    beside = [
        asked.services[other]
        for each in kept
        for when, other, its_session in (asked.lines[each],)
        if (when, asked.services[other].item, its_session) == (day, service.item, session)
    ]
    unpriced = [each.number for each in beside if each.charge < 0]
    return service._replace(unpriced=len(unpriced), place=unpriced.index(service.number))


def _units(asked: Asked, request: EstimateRequest, index: PlanIndex, vocabulary: Vocabulary) -> list[int]:
    """The units of each line."""
    units = [asked.services[number].units for _, number, _ in asked.lines]
    together: dict[tuple[int, str], list[int]] = {}
    for place, (day, number, _) in enumerate(asked.lines):
        service = asked.services[number]
        if service.minutes == 0:
            continue
        rule = rule_on(index, day)
        each = vocabulary.timed_unit(service.therapy, service.code, day)
        if rule is None or each == 0:
            raise Unsound
        units[place] = _alone(service.minutes, each)
        if rule is UnitRule.CMS and each == _TOGETHER:
            member = request.items[service.item].member_id or request.members[0].id
            together.setdefault((day, member), []).append(place)
    for places in together.values():
        minutes = [asked.services[asked.lines[place][1]].minutes for place in places]
        for place, number in zip(places, shared_out(minutes), strict=True):
            units[place] = number
    return units


def _alone(minutes: int, each: int) -> int:
    """The units of a line by itself: one more where more than half of a unit is left."""
    return minutes // each + (2 * (minutes % each) > each)


def shared_out(minutes: Sequence[int]) -> list[int]:
    """The units of lines whose minutes count together, largest remainders first (CMS, the 8-minute rule)."""
    units = [each // _TOGETHER for each in minutes]
    left = _alone(sum(minutes), _TOGETHER) - sum(units)
    by_remainder = sorted(range(len(minutes)), key=lambda place: -(minutes[place] % _TOGETHER))
    for place in by_remainder[:left]:
        units[place] += 1
    return units


def _unbilled(asked: Asked, units: Sequence[int], index: PlanIndex) -> dict[UnbilledMinutes, None]:
    """What comes to no unit, each once."""
    found: dict[UnbilledMinutes, None] = {}
    for (day, number, _), count in zip(asked.lines, units, strict=True):
        service, rule = asked.services[number], rule_on(index, day)
        if count == 0 and rule is not None:
            found[UnbilledMinutes(service.item, service.code, service.minutes, rule)] = None
    return found


def rule_on(index: PlanIndex, day: OrdinalDay) -> UnitRule | None:
    """The rule of the plan's edition of an ordinal day, else of the nearest; None = it has none."""
    return (index.terms_on(day) or index.nearest_to(day)).plan.unit_rule


def minutes_violations(index: PlanIndex, request: EstimateRequest, vocabulary: Vocabulary) -> Iterator[Violation]:
    """The violations of minutes: the plan has no rule for them, or all of them come to no unit."""
    for number, item in enumerate(request.items):
        has_rule = all(rule_on(index, ordinal_of(day)) is not None for day in item.dates)
        for place, procedure in enumerate(item.procedures):
            if procedure.minutes and not has_rule:
                path = f"items[{number}].procedures[{place}].minutes"
                found = f"{procedure.minutes} minutes, but plan {index.id} has no unit_rule to convert minutes to units"
                yield Violation(path, found, "units instead", Refusal.UNUSED_STATEMENT)
    if any(procedure.minutes for item in request.items for procedure in item.procedures):
        yield from _nothing_billed(index, request, vocabulary)


def _nothing_billed(index: PlanIndex, request: EstimateRequest, vocabulary: Vocabulary) -> Iterator[Violation]:
    """Whether all minutes come to no unit, where nothing else is wrong with them."""
    try:
        units = _units(asked_of(request, vocabulary), request, index, vocabulary)
    except (Unsound, KeyError):
        return
    if not any(units):
        found, expected = "too few minutes for one unit of any procedure", "enough minutes for one unit"
        yield Violation("items", found, expected, Refusal.MISSING_VALUE)
