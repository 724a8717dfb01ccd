"""A well-being plan as single lines: each service's dates, each session's procedures, in order of date.

What comes in: a typed request and the vocabulary. What goes out: its services and lines, with words checked against the
catalog. Nothing here depends on the payer plan. A request with any fault is `Unsound`; `engine/asking/violations.py`
then finds the faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple, TypeAlias, cast

from camcover.calendar import OrdinalDay
from camcover.engine.compiling.vocabulary import Vocabulary
from camcover.engine.request import EstimateRequest, PlannedService, Procedure
from camcover.errors import CamcoverError
from camcover.request_bounds import MAX_CENTS, MAX_LINES, MAX_UNITS, MINUTES
from camcover.rulebook.records import UnitRule

UNKNOWN = -1

_day_of = itemgetter(0)


class Unsound(CamcoverError):
    """A request that cannot be priced as it is; raised inside `engine` only."""


class UnbilledMinutes(NamedTuple):
    """Minutes of an item that come to no unit: its place, the code, how many, and by which rule."""

    item: int
    code: str
    minutes: int
    rule: UnitRule


class AskedService(NamedTuple):
    """One service of an item: a procedure, or the session as a whole. Amounts in cents, -1 = unknown.

    `item` counts from 0, `number` from 1 within the session. `therapy` is empty where no edition of the catalog has the
    code; then the charge is known (point 2). `unpriced` services of the session have no charge, of
    which this is number `place` from 0. `minutes`: in place of units that are not worked out yet, 0 = none.
    """

    item: int
    number: int
    therapy: str
    code: str
    units: int
    charge: int
    allowed: int
    unpriced: int
    place: int
    minutes: int = 0


AskedLine: TypeAlias = tuple[OrdinalDay, int, int]
"""One line: its ordinal day, the place of its service, its session from 1."""


class Asked(NamedTuple):
    """A request's services, and its lines sorted by date; those of a date in the order in which they are judged.

    `unbilled`: timed procedures that come to no unit, and so to no line (`engine/asking/timed.py`).
    """

    services: Sequence[AskedService]
    lines: Sequence[AskedLine]
    unbilled: tuple[UnbilledMinutes, ...] = ()


def asked_of(request: EstimateRequest, vocabulary: Vocabulary) -> Asked:
    """The services and lines of a request, by (date, order in the request).

    Raises `Unsound` or KeyError when something is wrong with its items.
    """
    services: list[AskedService] = []
    lines: list[AskedLine] = []
    for index, item in enumerate(request.items):
        first = len(services)
        services += _services(index, item, vocabulary)
        count = len(services) - first
        if not item.dates or len(item.dates) * count + len(lines) > MAX_LINES:
            raise Unsound
        days = cast("list[OrdinalDay]", sorted(map(date.toordinal, item.dates)))
        if len(set(days)) < len(days):
            raise Unsound
        if count == 1:
            lines += zip(days, repeat(first), range(1, len(days) + 1), strict=False)
        else:
            numbers = range(first, len(services))
            lines += [(day, number, session) for session, day in enumerate(days, 1) for number in numbers]
    if not lines:
        raise Unsound
    if len(request.items) > 1:
        lines.sort(key=_day_of)
    return Asked(services, lines)


def _services(index: int, item: PlannedService, vocabulary: Vocabulary) -> list[AskedService]:
    """The services of one session."""
    charge, allowed = amount(item.charge_cents), amount(item.allowed_cents)
    if not item.procedures:
        if item.therapy not in vocabulary.services:
            raise Unsound
        return [AskedService(index, 1, item.therapy, "", 1, charge, allowed, 1, 0)]
    if len(item.procedures) == 1:
        return [
            _service(
                index,
                1,
                item,
                item.procedures[0],
                vocabulary=vocabulary,
                charge=charge,
                allowed=allowed,
                unpriced=1,
                place=0,
            )
        ]
    if charge >= 0 or allowed >= 0:
        raise Unsound
    unpriced = sum(each.charge_cents is None for each in item.procedures)
    place = 0
    services = []
    for number, each in enumerate(item.procedures, 1):
        services.append(
            _service(
                index, number, item, each, vocabulary=vocabulary, charge=-1, allowed=-1, unpriced=unpriced, place=place
            )
        )
        place += each.charge_cents is None
    return services


def _service(
    index: int,
    number: int,
    item: PlannedService,
    procedure: Procedure,
    *,
    vocabulary: Vocabulary,
    charge: int,
    allowed: int,
    unpriced: int,
    place: int,
) -> AskedService:
    """One procedure; `charge` and `allowed` are the session's where this is its only one (point 34), -1 = not given."""
    code, units = procedure.code, procedure.units
    therapy = _therapy_of(item, number, code, vocabulary)
    if not 1 <= units <= MAX_UNITS:
        raise Unsound
    if procedure.minutes and (units != 1 or MINUTES.is_outside(procedure.minutes)):
        raise Unsound
    if procedure.charge_cents is not None:
        if charge >= 0:
            raise Unsound
        charge = amount(procedure.charge_cents)
    if procedure.allowed_cents is not None:
        if allowed >= 0:
            raise Unsound
        allowed = amount(procedure.allowed_cents)
    if not therapy and charge < 0:
        raise Unsound
    return AskedService(index, number, therapy, code, units, charge, allowed, unpriced, place, procedure.minutes)


def _therapy_of(item: PlannedService, number: int, code: str, vocabulary: Vocabulary) -> str:
    """The therapy of a procedure: the item's, else the one its code settles; empty where no catalog has the code."""
    if item.therapy and vocabulary.bills(item.therapy, code):
        return item.therapy
    therapies = vocabulary.therapies_of(code, item.practitioner, codes_beside(item, number - 1))
    if not therapies:
        return ""
    if item.therapy or len(therapies) > 1:
        raise Unsound
    return therapies[0]


def codes_beside(item: PlannedService, place: int) -> list[str]:
    """The codes of an item's other procedures than the one in a place from 0."""
    return [each.code for other, each in enumerate(item.procedures) if other != place]


def amount(cents: int | None) -> int:
    """An amount of a request, -1 = unknown. Raises `Unsound` when it is out of bounds."""
    if cents is None:
        return UNKNOWN
    if not 0 <= cents <= MAX_CENTS:
        raise Unsound
    return cents
