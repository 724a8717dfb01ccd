"""Amounts of limits, as statements about use before an estimate need them.

What comes in: a limit, and what a request states. What goes out: amounts in the limit's own measure, and the most that
may be stated (docs/rule-language.md, points 17 and 39). Periods: `engine/asking/count_periods.py`.
"""

from __future__ import annotations

from camcover.engine.asking.scope import Scope
from camcover.engine.compiling.known_limits import known_limits, most_stated
from camcover.engine.compiling.slots import KnownLimit
from camcover.engine.request import LimitUse
from camcover.rulebook.records import ROLLING, Limit, Measure


def in_own_measure(limit: Limit, use: LimitUse) -> tuple[int, int]:
    """(use in the limit's own measure, use in the other one): cents, or visits and units."""
    money = limit.measure is Measure.MONEY
    return (use.used_cents, use.used) if money else (use.used, use.used_cents)


def most_in_use(known: KnownLimit, use: LimitUse) -> int:
    """The most that one statement may say: of one date of several in a rolling window whatever can be stated."""
    is_part = use.date is not None and known.limit.per.kind in ROLLING
    return most_stated(known.limit) if is_part else known.most_used


def limit_of(scope: Scope, limit_id: str) -> KnownLimit | None:
    """A limit as the reference edition has it, else as the first edition that has it."""
    return known_limits(scope.plan, scope.edition).by_id.get(limit_id)
