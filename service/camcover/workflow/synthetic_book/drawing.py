"""Draws the members of a synthetic book of business at random. No real person is in it.

What comes in: checked rules, the number of members, a seed. What goes out: record batches of `bulk.REQUEST_SCHEMA`;
these rules can price every row. The same rules and seed give the same book, and a larger book begins with the smaller
one. The frequencies below are in parts of 1,000. They were chosen to reach every rule, and come from no study.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from camcover.bulk.columns import Ints, date_column
from camcover.bulk.schema import REQUEST_SCHEMA
from camcover.rulebook import RuleSet
from camcover.rulebook.records import STATES
from camcover.workflow.synthetic_book.draws import TwoWays, happens, kind_of, lists_of, numbered
from camcover.workflow.synthetic_book.items import Services
from camcover.workflow.synthetic_book.profiles import OLDEST, PlanProfile, plan_profiles
from camcover.workflow.synthetic_book.sums import Limits, Sums

__all__ = ["BATCH_ROWS", "synthetic_book"]

BATCH_ROWS = 32_768
"""Members drawn at once."""

_ITEMS = (700, 250, 50)
"""Members with one service, with two, with three, in parts of 1,000."""

_COVERED, _AGE_USUAL = 850, 900
"""How often a service is one that the plan has a benefit for, and an age one that this benefit is open to."""

_BIRTH_DATE, _WITHOUT_AGE, _AS_ATTESTED = 600, 30, 300
_MOST_SESSIONS, _EVERY_DAYS = 24, (7, 14)
_FIRST_DAYS = 90
"""Services begin within so many days of the book's date."""


def synthetic_book(
    rules: RuleSet, members: int, seed: int, on: date, *, plans: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """A book of `members` rows as of a date; `plans`: ids of the only plans to use, empty = all in force.

    Raises `WrongBook` when one of `plans` does not exist or is not in force, or when none is.
    """
    draw = _Draw(rules, plan_profiles(rules, on, plans), on.toordinal())
    return (
        draw.batch(np.random.default_rng([seed, first // BATCH_ROWS]), first).slice(0, members - first)
        for first in range(0, members, BATCH_ROWS)
    )


class _Draw:
    """The profiles as flat arrays, and how a batch is drawn from them."""

    def __init__(self, rules: RuleSet, plans: Sequence[PlanProfile], day: int) -> None:
        self._day = day
        self._plan_ids = pa.array([plan.plan_id for plan in plans], pa.string())
        self._last_day = np.array([plan.last_day for plan in plans])
        self._states = TwoWays([plan.states or STATES for plan in plans], STATES)
        covered = [service for plan in plans for service in plan.covered]
        others = [service for plan in plans for service in plan.others]
        self._covered = numbered([len(plan.covered) for plan in plans])
        self._others = numbered([len(plan.others) for plan in plans], len(covered))
        self._services = Services(rules, [*covered, *others], plans)
        self._sums = Sums(plans)
        self._limits = Limits(plans)

    def batch(self, random: Generator, first_row: int) -> pa.RecordBatch:
        """A full batch, its rows counted from `first_row`."""
        plan = random.integers(0, len(self._plan_ids), BATCH_ROWS)
        counts = 1 + kind_of(random, _ITEMS, BATCH_ROWS)
        owner = np.repeat(np.arange(BATCH_ROWS), counts)
        service = self._pick_service(random, plan[owner])
        items = self._services.items(random, service, plan[owner], self._dates(random, plan[owner]))
        firsts = np.concatenate([[0], np.cumsum(counts)])
        columns = {
            "request_id": _names(first_row),
            "plan_id": self._plan_ids.take(pa.array(plan)),
            "state": self._states.words(random, plan),
            "as_of": date_column(np.full(BATCH_ROWS, self._day)),
            "requirements_as_attested": pa.array(happens(random, _AS_ATTESTED, BATCH_ROWS)),
            "limit_usage": self._limits.column(random, plan),
            "items": lists_of(firsts, items),
        }
        columns |= self._ages(random, service[firsts[:-1]])
        columns |= self._sums.columns(random, plan)
        return pa.RecordBatch.from_arrays(
            [columns.get(field.name, pa.nulls(BATCH_ROWS, field.type)) for field in REQUEST_SCHEMA],
            schema=REQUEST_SCHEMA,
        )

    def _pick_service(self, random: Generator, plan: Ints) -> Ints:
        """A service of each plan: mostly one that it has a benefit for."""
        covered, others = self._covered, self._others
        is_covered = happens(random, _COVERED, len(plan)) & (covered.many[plan] > 0) | (others.many[plan] == 0)
        count = np.where(is_covered, covered.many[plan], others.many[plan])
        first = np.where(is_covered, covered.first[plan], others.first[plan])
        return first + random.integers(0, count)

    def _dates(self, random: Generator, plan: Ints) -> tuple[Ints, Ints, Ints]:
        """(first day, sessions, days between) of each item, all of them while the plan is in force."""
        room = self._last_day[plan] - self._day
        start = random.integers(0, np.minimum(room, _FIRST_DAYS) + 1)
        every = np.array(_EVERY_DAYS)[random.integers(0, len(_EVERY_DAYS), len(plan))]
        sessions = random.integers(1, _MOST_SESSIONS + 1, len(plan))
        return self._day + start, np.minimum(sessions, 1 + (room - start) // every), every

    def _ages(self, random: Generator, service: Ints) -> dict[str, pa.Array]:
        """Ages that the member's first service is mostly open to: as a birth date, as completed years, or neither."""
        low, high = self._services.ages[service].T
        is_usual = happens(random, _AGE_USUAL, len(service))
        low, high = np.where(is_usual, low, 0), np.where(is_usual, high, OLDEST)
        age = low + (random.integers(0, high - low + 1) + random.integers(0, high - low + 1)) // 2
        is_born = happens(random, _BIRTH_DATE, len(service))
        is_unknown = happens(random, _WITHOUT_AGE, len(service))
        born = self._day - age * 1_461 // 4 - random.integers(1, 366, len(service))
        dates = date_column(born)
        return {
            "birth_date": pc.if_else(pa.array(is_born & ~is_unknown), dates, pa.scalar(None, pa.date32())),
            "age": pa.array(age.astype(np.int32), mask=is_born | is_unknown),
        }


def _names(first_row: int) -> pa.Array:
    """What tells a row: that it is synthetic, and its number from 1."""
    numbers = pa.array(np.arange(first_row + 1, first_row + BATCH_ROWS + 1)).cast(pa.string())
    return pc.binary_join_element_wise("synthetic", numbers, "-")
