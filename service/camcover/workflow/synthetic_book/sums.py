"""Sums so far and use of limits for a synthetic book: from nothing met to all met, and some not given.

What comes in: profiles, and the plan of each member. What goes out: columns of `bulk.REQUEST_SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from camcover.bulk.columns import Ints
from camcover.bulk.schema import LIMIT_FIELDS, SUM_FIELDS
from camcover.workflow.synthetic_book.draws import WHOLE, happens, kind_of, lists_of, numbered, spans, structs
from camcover.workflow.synthetic_book.profiles import PlanProfile, SumProfile

_SUMS_KNOWN = (300, 350, 150, 50)
"""Members with nothing met, with something, with the deductibles met, with all met; the others' sums are unknown."""

_FAMILY, _FAMILY_SUMS, _ONE_SUM_UNKNOWN, _LIMIT_USE = 300, 500, 30, 200
"""How often, in parts of 1,000."""

_WITHOUT_END_CENTS = 500
"""A thousandth of a sum that has no maximum."""


class Sums:
    """Sums so far, of the member and of the family."""

    def __init__(self, plans: Sequence[PlanProfile]) -> None:
        """Draw from the accumulators of `plans`."""
        sums: list[SumProfile] = [each for plan in plans for each in plan.sums]
        self._of_plan = numbered([len(plan.sums) for plan in plans])
        self._names = pa.array([each.name for each in sums], pa.string())
        self._is_deductible = np.array([each.is_deductible for each in sums], dtype=bool)
        maxima = [(each.alone_cents, each.in_family_cents, each.family_cents) for each in sums]
        self._maxima = np.array(maxima, dtype=np.int64).reshape(-1, 3)
        most = max((len(each.toward) for each in sums), default=0) or 1
        padded = [[*each.toward, *[0] * (most - len(each.toward))] for each in sums]
        self._toward = np.array(padded, dtype=np.int64).reshape(-1, most).T
        """For the first, second, ... maximum of each sum how far behind it stands; 0 = there is none."""

    def columns(self, random: Generator, plan: Ints) -> dict[str, pa.Array]:
        """`family_coverage`, `accumulators` and `family_accumulators`."""
        rows = len(plan)
        kind = kind_of(random, _SUMS_KNOWN, rows)
        is_family = happens(random, _FAMILY, rows)
        count = np.where(kind < len(_SUMS_KNOWN), self._of_plan.many[plan], 0)
        place, owner = spans(self._of_plan.first[plan], count)
        alone, in_family, family = self._maxima[place].T
        own = np.where(is_family[owner], in_family, alone)
        used = self._agreeing(place, _part_of(own, self._met(random, kind[owner], place)), own)
        is_known = ~happens(random, _ONE_SUM_UNKNOWN, len(place))
        of_family = used + _part_of(np.where(family < 0, -1, family - used), random.integers(0, WHOLE + 1, len(place)))
        of_family = self._agreeing(place, of_family, family)
        is_told = (is_family & happens(random, _FAMILY_SUMS, rows))[owner]
        return {
            "family_coverage": pa.array(is_family),
            "accumulators": self._column(place, used, is_known, count),
            "family_accumulators": self._column(
                place[is_told], of_family[is_told], is_known[is_told], np.bincount(owner[is_told], minlength=rows)
            ),
        }

    def _met(self, random: Generator, kind: Ints, place: Ints) -> Ints:
        """How many thousandths of each sum are met: none, some, all of the deductibles, all."""
        some = random.integers(0, WHOLE + 1, len(place))
        deductibles = np.where(self._is_deductible[place], WHOLE, some)
        return np.choose(kind, [np.zeros_like(some), some, deductibles, np.full_like(some, WHOLE)])

    def _agreeing(self, place: Ints, used: Ints, most: Ints) -> Ints:
        """The sums with each maximum at no less than the deductibles that count wholly toward it, as far as it goes."""
        agreeing = used.copy()
        for toward in self._toward:
            deductible = np.flatnonzero(toward[place])
            maximum = deductible + toward[place[deductible]]
            np.maximum.at(agreeing, maximum, used[deductible])
        return np.where(most < 0, agreeing, np.minimum(agreeing, most))

    def _column(self, place: Ints, used: Ints, is_known: Ints, count: Ints) -> pa.Array:
        columns = {"accumulator": self._names.take(pa.array(place)), "used_cents": pa.array(used, mask=~is_known)}
        return lists_of(np.concatenate([[0], np.cumsum(count)]), structs(columns, SUM_FIELDS, len(place)))


class Limits:
    """Use of one limit of the plan by some members."""

    def __init__(self, plans: Sequence[PlanProfile]) -> None:
        """Draw from the limits of `plans`."""
        limits = [each for plan in plans for each in plan.limits]
        self._of_plan = numbered([len(plan.limits) for plan in plans])
        self._names = pa.array([each.name for each in limits], pa.string())
        self._is_money = np.array([each.is_money for each in limits], dtype=bool)
        self._most = np.array([each.most for each in limits], dtype=np.int64)

    def column(self, random: Generator, plan: Ints) -> pa.Array:
        """`limit_usage`: from nothing used to all of it."""
        uses = happens(random, _LIMIT_USE, len(plan)) & (self._of_plan.many[plan] > 0)
        meant = plan[uses]
        place = self._of_plan.first[meant] + random.integers(0, self._of_plan.many[meant])
        used = random.integers(0, self._most[place] + 1)
        is_money = self._is_money[place]
        columns = {
            "limit": self._names.take(pa.array(place)),
            "used": pa.array(used, mask=is_money),
            "used_cents": pa.array(used, mask=~is_money),
        }
        return lists_of(np.concatenate([[0], np.cumsum(uses)]), structs(columns, LIMIT_FIELDS, len(place)))


def _part_of(maximum: Ints, thousandths: Ints) -> Ints:
    """Thousandths of a maximum, cents; without one (-1), of a fixed sum."""
    return np.where(maximum < 0, thousandths * _WITHOUT_END_CENTS, maximum * thousandths // WHOLE)
