"""A record batch as integers: each word is looked up once for all rows that contain it.

What comes in: `Tables` and a batch of `REQUEST_SCHEMA`. What goes out: a `Book` and rows of `services`. A plan with an
unknown word, an amount out of bounds, or something that batches cannot price has the status FALLBACK.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from camcover.bulk.book_columns import FALLBACK, UNKNOWN, Book, LayoutTables
from camcover.bulk.columns import Ints, Lists, coded, days, fields_of, integers, lists, rows_with_nulls, truths
from camcover.bulk.day_order import rows_out_of_order
from camcover.bulk.membership import put_in_memberships
from camcover.bulk.plan_words import UNKNOWN_WORD, PlanWords
from camcover.bulk.schema import ASKED_SINGLY, LISTS
from camcover.bulk.service_columns import ServiceCoder, state_number
from camcover.bulk.visit_columns import visit_columns
from camcover.calendar import LAST_DAY
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.kernel.tables import Array
from camcover.request_bounds import AGE
from camcover.rulebook.records import MOVING


class CodedBatch(NamedTuple):
    """A batch laid out as far as single columns can tell."""

    book: Book
    services: Array


class Coder:
    """Numbers the words of batches by one release of the rules; it keeps every number that it has looked up."""

    def __init__(self, tables: Tables) -> None:
        """Number by `tables`."""
        self._vocabulary = tables.vocabulary
        self._words = PlanWords(tables)
        self._items = ServiceCoder(tables.vocabulary, self._words)

    @property
    def facts(self) -> LayoutTables:
        """The facts of every plan that was named so far."""
        return self._words.facts

    @property
    def plans(self) -> list[PlanIndex]:
        """The plans that were named so far, by number."""
        return self._words.plans

    def number_of(self, plan_id: str) -> int:
        """The number of a plan; `UNKNOWN_WORD` if no plan has this id."""
        return self._words.number_of(plan_id)

    def code(self, batch: pa.RecordBatch) -> CodedBatch:
        """The batch in numbers."""
        plan = coded(batch["plan_id"]).numbers(self.number_of, null=UNKNOWN_WORD).astype(np.int32)
        items = lists(batch["items"])
        owner = items.owners()
        status = np.where(plan < 0, FALLBACK, 0).astype(np.int32)
        plans = enumerate(self.plans)
        singly = [number for number, each in plans if each.hands_on or each.has_accounts or each.counts_episodes]
        status[np.isin(plan, singly)] = FALLBACK
        for name in ASKED_SINGLY:
            status[np.diff(lists(batch[name]).offsets) > 0] = FALLBACK
        for name in LISTS:
            status[rows_with_nulls(batch[name])] = FALLBACK
        family = truths(batch["family_coverage"])
        born, as_of = days(batch["birth_date"], null=0), days(batch["as_of"], null=-1)
        for name, ordinals in (("birth_date", born), ("as_of", as_of)):
            given = batch[name].is_valid().to_numpy(zero_copy_only=False)
            status[given & ((ordinals < 1) | (ordinals > LAST_DAY))] = FALLBACK
        age = integers(batch["age"], null=-1)
        given_age = batch["age"].is_valid().to_numpy(zero_copy_only=False)
        status[given_age & (AGE.is_outside(age) | (born > 0))] = FALLBACK
        state = coded(batch["state"]).numbers(state_number, null=-1)
        status[state == UNKNOWN_WORD] = FALLBACK
        attested = truths(batch["requirements_as_attested"])
        status[truths(batch["terms_in_force_only"])] = FALLBACK
        services = self._items.services(items, owner, plan, status)
        status[rows_out_of_order(self._vocabulary, items, owner)] = FALLBACK
        services["state"] = np.where(services["state"] == -1, state[owner], services["state"])
        services["born"], services["age"] = born[owner], age[owner]
        put_in_memberships(batch, owner, services, status)
        sums, family_sums = lists(batch["accumulators"]), lists(batch["family_accumulators"])
        number, used, late = self._sums(sums, plan)
        family_number, family_used, family_late = self._sums(family_sums, plan)
        status[~family & (np.diff(family_sums.offsets) > 0)] = FALLBACK
        uses = lists(batch["limit_usage"])
        status[uses.owners()[_is_stated_apart(uses)]] = FALLBACK
        slot, units, cents = self._uses(uses, plan)
        item = fields_of(items.values)
        book = Book(
            plan,
            as_of.astype(np.int32),
            family.astype(np.int32),
            (~attested).astype(np.int32),
            status,
            items.offsets.astype(np.int32),
            sums.offsets.astype(np.int32),
            family_sums.offsets.astype(np.int32),
            uses.offsets.astype(np.int32),
            days(item("start_date"), null=-1).astype(np.int32),
            integers(item("sessions"), null=1).astype(np.int32),
            integers(item("every_days"), null=7).astype(np.int32),
            born[owner].astype(np.int32),
            number, used, late,
            family_number, family_used, family_late,
            slot, units, cents,
            *visit_columns(batch, self._words, plan, status),
        )  # fmt: skip
        return CodedBatch(book, services)

    def _sums(self, sums: Lists, plan: Ints) -> tuple[Ints, Ints, Ints]:
        """(accumulator's number, used, last quarter) of each listed sum."""
        field = fields_of(sums.values)
        words = coded(field("accumulator"))
        number = self._words.pairwise(
            "accumulator", words, plan[sums.owners()], lambda index, word: index.accumulators.get(word, -1)
        )
        used = integers(field("used_cents"), null=UNKNOWN)
        late = integers(field("last_quarter_cents"), null=0)
        return number.astype(np.int32), used.astype(np.int64), late.astype(np.int64)

    def _uses(self, uses: Lists, plan: Ints) -> tuple[Ints, Ints, Ints]:
        """(limit's slot, visits or units, cents) of each use of a limit that is listed."""
        field = fields_of(uses.values)
        slot = self._words.pairwise("limit", coded(field("limit")), plan[uses.owners()], _only_slot)
        units, cents = integers(field("used"), null=0), integers(field("used_cents"), null=0)
        return slot.astype(np.int32), units.astype(np.int64), cents.astype(np.int64)


def _is_stated_apart(uses: Lists) -> NDArray[np.bool_]:
    """The uses of limits that name a date, benefit, episode or condition; they are priced as single requests."""
    field = fields_of(uses.values)
    named: NDArray[np.bool_] = field("date").is_valid().to_numpy(zero_copy_only=False)
    for name in ("benefit", "episode", "condition"):
        named = named | np.array([bool(word) for word in field(name).to_pylist()], dtype=bool)
    return named


def _only_slot(index: PlanIndex, limit_id: str) -> int:
    """The slot of a limit that counts over one period, alike in all editions; -2 for other limits (priced singly)."""
    slots = [number for key, number in index.slots.items() if key.limit == limit_id]
    limits = {
        (limit.most, limit.beyond, limit.measure, limit.per)
        for plan in index.editions
        for benefit in plan.benefits.values()
        for limit in benefit.limits
        if limit.id == limit_id
    }
    is_plain = len(slots) == 1 and len(limits) == 1 and index.slot_limits[slots[0]].per.kind not in MOVING
    return slots[0] if is_plain else UNKNOWN_WORD
