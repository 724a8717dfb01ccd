"""A record batch as integers: words looked up once for all rows that hold them.

What comes in: `Tables` and a batch of `REQUEST_SCHEMA`. What goes out: a `Book` and rows of `services`. A plan with a
word that does not exist, an amount out of bounds, or something the fast way does not take, has the status FALLBACK.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from camcover.bulk.book_columns import COUNT, FALLBACK, MAXIMUM, PLAN, UNKNOWN, Book, LayoutTables
from camcover.bulk.columns import Coded, Ints, Lists, coded, days, integers, lists, rows_with_nulls, truths
from camcover.bulk.day_order import rows_out_of_order
from camcover.bulk.membership import put_in_memberships
from camcover.bulk.schema import ASKED_SINGLY, LISTS
from camcover.calendar import LAST_DAY
from camcover.engine.asking.contradictions import counted_toward
from camcover.engine.asking.limit_amounts import most_used
from camcover.engine.compiling.compile import Tables
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS, SETTING_INDEX
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import ICD10, STATE_INDEX
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.tables import Array
from camcover.request_bounds import AGE, CENTS, UNITS
from camcover.rulebook.records import ROLLING, Measure, Setting

_UNKNOWN_WORD = -2
"""The number of a word that does not exist; -1 stands for none."""

_ANY_DAY = date.min
"""Where the catalog has one edition, every day is as good."""

_WIDEST_MASK = 2**63 - 1
"""What fits a signed number; the few plans with more groups of diagnoses are asked aside."""

_SETTINGS = {"": SETTING_INDEX[Setting.OFFICE]} | {str(setting): number for setting, number in SETTING_INDEX.items()}


class CodedBatch(NamedTuple):
    """A batch laid out as far as single columns can tell."""

    book: Book
    services: Array


class Coder:
    """Numbers the words of batches by one release of the rules; what it has looked up once it keeps."""

    def __init__(self, tables: Tables) -> None:
        """Number by `tables`."""
        self._tables = tables
        self._plans: list[PlanIndex] = []
        self._plan_numbers: dict[str, int] = {}
        self._pairs: dict[tuple[str, int, str], int] = {}
        self._facts = _Facts()
        self._is_steady = not tables.vocabulary.breaks

    @property
    def facts(self) -> LayoutTables:
        """The facts of every plan that was named so far."""
        return self._facts.arrays()

    @property
    def plans(self) -> list[PlanIndex]:
        """The plans that were named so far, by number."""
        return self._plans

    def code(self, batch: pa.RecordBatch) -> CodedBatch:
        """The batch in numbers."""
        plan = coded(batch["plan_id"]).numbers(self.number_of, null=_UNKNOWN_WORD).astype(np.int32)
        items = lists(batch["items"])
        owner = items.owners()
        status = np.where(plan < 0, FALLBACK, 0).astype(np.int32)
        aside = [number for number, index in enumerate(self._plans) if index.hands_on or index.has_accounts]
        status[np.isin(plan, aside)] = FALLBACK
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
        state = coded(batch["state"]).numbers(_state, null=-1)
        status[state == _UNKNOWN_WORD] = FALLBACK
        attested = truths(batch["requirements_as_attested"])
        status[truths(batch["terms_in_force_only"])] = FALLBACK
        services = self._services(items, owner, plan, status)
        status[rows_out_of_order(self._tables.vocabulary, items, owner)] = FALLBACK
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
        item = _field(items.values)
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
        )  # fmt: skip
        return CodedBatch(book, services)

    def _services(self, items: Lists, owner: Ints, plan: Ints, status: Ints) -> Array:
        """The rows of `services`, one an item; sets plans FALLBACK whose words or amounts are not sound."""
        vocabulary, item = self._tables.vocabulary, _field(items.values)
        services = np.zeros(len(owner), dtype=columns.SERVICE)
        therapies, codes = coded(item("therapy")), coded(item("code"))
        services["therapy"] = therapies.numbers(_of(vocabulary.services), null=_UNKNOWN_WORD)
        services["code"] = codes.numbers(_of(vocabulary.codes), null=-1)
        services["practitioner"] = coded(item("practitioner")).numbers(_of(vocabulary.practitioners), null=-1)
        services["setting"] = coded(item("setting")).numbers(_setting, null=SETTING_INDEX[Setting.OFFICE])
        services["state"] = coded(item("state")).numbers(_state, null=-1)
        services["tier"] = self._by_plan("tier", coded(item("tier")), plan[owner])
        services["units"] = integers(item("units"), null=1)
        wrong_time = self._time(therapies, codes, services)
        services["charge"] = integers(item("charge_cents"), null=-1)
        services["allowed"] = integers(item("allowed_cents"), null=-1)
        services["typical"] = -1
        wrong = UNITS.is_outside(services["units"]) | self._mismatched(therapies, codes) | wrong_time
        wrong |= (services["code"] == -1) & (services["units"] != 1)
        wrong |= services["therapy"] < 0
        for name in ("code", "practitioner", "setting", "state", "tier"):
            wrong |= services[name] == _UNKNOWN_WORD
        for name in ("charge", "allowed"):
            given = item(f"{name}_cents").is_valid().to_numpy(zero_copy_only=False)
            wrong |= given & CENTS.is_outside(services[name])
        wrong |= self._price(therapies, services)
        # What a claim says in codes of its own is a matter for single requests.
        wrong |= _is_given(items, "modifiers")
        wrong |= integers(item("minutes"), null=0) != 0
        for name in ("taxonomy", "place_of_service"):
            wrong |= coded(item(name)).numbers(len, null=0) > 0
        services["diagnosed"] = _is_given(items, "diagnoses") | _is_given(items, "conditions")
        wrong |= self._diagnose(items, plan[owner], services)
        wrong |= _attest(lists(item("attestations")), services)
        status[owner[wrong]] = FALLBACK
        return services

    def _mismatched(self, therapies: Coded, codes: Coded) -> Ints:
        """Where a code is not billed for its therapy."""
        vocabulary = self._tables.vocabulary
        fits = np.ones((len(therapies.words) + 1, len(codes.words) + 1), dtype=bool)
        for row, therapy in enumerate(therapies.words):
            may = vocabulary.bills if therapy in vocabulary.services else _bills_nothing
            fits[row, : len(codes.words)] = [not code or may(therapy, code) for code in codes.words]
        return ~fits[therapies.places, codes.places]

    def _time(self, therapies: Coded, codes: Coded, services: Array) -> Ints:
        """Put in the minutes of a unit; gives where they may be others on another day."""
        vocabulary = self._tables.vocabulary
        minutes = np.zeros((len(therapies.words) + 1, len(codes.words) + 1), dtype=np.int32)
        for row, therapy in enumerate(therapies.words):
            if therapy in vocabulary.timed:
                own = [vocabulary.minutes_of(therapy, code, 1) for code in (*codes.words, "")]
                minutes[row] = own if self._is_steady else _UNKNOWN_WORD
        services["minutes"] = minutes[therapies.places, codes.places]
        changing: Ints = services["minutes"] == _UNKNOWN_WORD
        return changing

    def _price(self, therapies: Coded, services: Array) -> Ints:
        """Put in typical charges where there is no charge; gives where the catalog knows none, or more than one."""
        unpriced = services["charge"] < 0
        if not unpriced.any():
            return unpriced
        if not self._is_steady:
            return unpriced
        prices = np.full((len(therapies.words) + 1, 3), -1, dtype=np.int64)
        for row, therapy in enumerate(therapies.words):
            charge = self._tables.vocabulary.typical_charge(therapy, _ANY_DAY)
            if charge is not None:
                prices[row] = charge.low, charge.typical, charge.high
        services["typical"][unpriced] = prices[therapies.places[unpriced]]
        return unpriced & (services["typical"][:, 0] < 0)

    def _diagnose(self, items: Lists, plan: Ints, services: Array) -> Ints:
        """Put in the groups of each item's diagnoses and conditions; gives where one of them is no such word."""
        wrong = np.zeros(len(services), dtype=bool)
        masks = np.zeros(len(services), dtype=np.uint64)
        for name, of_pair in (("diagnoses", self._diagnosis_mask), ("conditions", self._condition_mask)):
            words = lists(_field(items.values)(name))
            if not len(words.values):
                continue
            item = words.owners()
            numbers = self._pairwise(name, coded(words.values), plan[item], of_pair)
            wrong[item[numbers == _UNKNOWN_WORD]] = True
            known = numbers != _UNKNOWN_WORD
            np.bitwise_or.at(masks, item[known], numbers[known].astype(np.uint64))
        services["diagnoses"] = masks
        return wrong

    def _diagnosis_mask(self, plan: PlanIndex, word: str) -> int:
        return _narrow(plan.groups.mask(word)) if ICD10.fullmatch(word) else _UNKNOWN_WORD

    def _condition_mask(self, plan: PlanIndex, word: str) -> int:
        vocabulary = self._tables.vocabulary
        if word not in vocabulary.conditions or not self._is_steady:
            return _UNKNOWN_WORD
        mask = 0
        for prefix in vocabulary.diagnoses_of(word, _ANY_DAY):
            mask |= plan.groups.mask(prefix)
        return _narrow(mask)

    def _by_plan(self, kind: str, words: Coded, plan: Ints) -> Ints:
        """The number of a word in its row's plan; -1 = none is given."""
        numbers = self._pairwise(kind, words, plan, lambda index, word: index.tiers.get(word, _UNKNOWN_WORD))
        empty = np.array([*(word == "" for word in words.words), True])
        return np.where(empty[words.places], -1, numbers)

    def _pairwise(self, kind: str, words: Coded, plan: Ints, number_of: Callable[[PlanIndex, str], int]) -> Ints:
        """A number for each (plan, word) of a batch, each distinct pair looked up once."""
        width = len(words.words) + 1
        pairs, place = np.unique(plan.astype(np.int64) * width + words.places, return_inverse=True)
        numbers = np.full(len(pairs), _UNKNOWN_WORD, dtype=np.int64)
        for number, pair in enumerate(pairs.tolist()):
            row, word = divmod(pair, width)
            if row < 0 or word == width - 1:
                continue
            key = kind, row, words.words[word]
            found = self._pairs.get(key)
            if found is None:
                found = self._pairs[key] = number_of(self._plans[row], words.words[word])
            numbers[number] = found
        return numbers[place]

    def _sums(self, sums: Lists, plan: Ints) -> tuple[Ints, Ints, Ints]:
        """(accumulator's number, used, last quarter) of each listed sum."""
        field = _field(sums.values)
        words = coded(field("accumulator"))
        number = self._pairwise(
            "accumulator", words, plan[sums.owners()], lambda index, word: index.accumulators.get(word, -1)
        )
        used = integers(field("used_cents"), null=UNKNOWN)
        late = integers(field("last_quarter_cents"), null=0)
        return number.astype(np.int32), used.astype(np.int64), late.astype(np.int64)

    def _uses(self, uses: Lists, plan: Ints) -> tuple[Ints, Ints, Ints]:
        """(limit's slot, visits or units, cents) of each use of a limit that is listed."""
        field = _field(uses.values)
        slot = self._pairwise("limit", coded(field("limit")), plan[uses.owners()], _only_slot)
        units, cents = integers(field("used"), null=0), integers(field("used_cents"), null=0)
        return slot.astype(np.int32), units.astype(np.int64), cents.astype(np.int64)

    def number_of(self, plan_id: str) -> int:
        """The number of a plan, given at its first mention; -2 where there is no such plan."""
        number = self._plan_numbers.get(plan_id)
        if number is None:
            index = self._tables.plans.get(plan_id)
            if index is None:
                return _UNKNOWN_WORD
            number = self._plan_numbers[plan_id] = len(self._plans)
            self._plans.append(index)
            self._facts.add(index)
        return number


class _Facts:
    """Collects the facts of plans."""

    def __init__(self) -> None:
        self._plans: list[tuple[int, ...]] = []
        self._references: dict[int, int] = {}
        self._maxima: list[tuple[int, int, int, int]] = []
        self._counts: list[tuple[int, int]] = []
        self._made: LayoutTables | None = None

    def add(self, index: PlanIndex) -> None:
        """Add a plan and the segments of its editions."""
        self._made = None
        self._plans.append((
            index.first_segment, len(index.segments),
            len(index.accumulators), len(index.slots), len(index.benefits), index.rolling_limits, len(self._counts),
        ))  # fmt: skip
        self._counts += [(most_used(limit), int(limit.measure is Measure.MONEY)) for limit in index.slot_limits]
        firsts: dict[int, int] = {}
        for place, segment in enumerate(index.segments):
            if segment.edition not in firsts:
                firsts[segment.edition] = len(self._maxima)
                alone = index.maxima(segment.edition, family=False)
                together = index.maxima(segment.edition, family=True)
                toward = [sum(1 << number for number in each) for each in counted_toward(index)]
                self._maxima += zip(alone.member, together.member, together.family, toward, strict=True)
            row = index.first_segment + place
            self._references[row] = firsts[segment.edition]

    def arrays(self) -> LayoutTables:
        """What was collected, as arrays of at least one row."""
        if self._made is None:
            references = np.zeros(max(self._references, default=0) + 1, dtype=np.int32)
            for row, first in self._references.items():
                references[row] = first
            self._made = LayoutTables(
                np.array(self._plans or [(0,) * 7], dtype=PLAN),
                references,
                np.array(self._maxima or [(0,) * 4], dtype=MAXIMUM),
                np.array(self._counts or [(0,) * 2], dtype=COUNT),
            )
        return self._made


def _is_stated_apart(uses: Lists) -> NDArray[np.bool_]:
    """Which uses of limits name a date or a benefit: a matter for single requests."""
    field = _field(uses.values)
    stated = field("date").is_valid().to_numpy(zero_copy_only=False)
    named: NDArray[np.bool_] = stated | np.array([bool(word) for word in field("benefit").to_pylist()], dtype=bool)
    return named


def _only_slot(index: PlanIndex, limit_id: str) -> int:
    """The slot of a limit that counts over one period, alike in all editions; -2 of any other, which is asked aside."""
    slots = [number for key, number in index.slots.items() if key.limit == limit_id]
    limits = {
        (limit.most, limit.beyond, limit.measure, limit.per)
        for plan in index.editions
        for benefit in plan.benefits.values()
        for limit in benefit.limits
        if limit.id == limit_id
    }
    is_plain = len(slots) == 1 and len(limits) == 1 and index.slot_limits[slots[0]].per.kind not in ROLLING
    return slots[0] if is_plain else _UNKNOWN_WORD


def _field(values: pa.StructArray) -> Callable[[str], pa.Array]:
    """The fields of a column of structures, by name."""
    fields = {field.name: column for field, column in zip(values.type, values.flatten(), strict=True)}
    return fields.__getitem__


def _is_given(items: Lists, name: str) -> Ints:
    """Where a list of an item is given and not empty."""
    found: Ints = np.diff(lists(_field(items.values)(name)).offsets) > 0
    return found


def _of(numbers: dict[str, int]) -> Callable[[str], int]:
    """The number of a word; of an empty one -1."""
    return lambda word: numbers.get(word, _UNKNOWN_WORD) if word else -1


def _bills_nothing(_therapy: str, _code: str) -> bool:
    """What a therapy that does not exist may be billed with."""
    return False


def _state(word: str) -> int:
    return STATE_INDEX.get(word, _UNKNOWN_WORD) if word else -1


def _setting(word: str) -> int:
    return _SETTINGS.get(word, _UNKNOWN_WORD)


def _attest(words: Lists, services: Array) -> Ints:
    """Put in each item's attestations; gives where one of them is no such word."""
    wrong = np.zeros(len(services), dtype=bool)
    if len(words.values):
        bits = {str(attestation): bit for attestation, bit in ATTESTATION_BITS.items()}
        item, numbers = words.owners(), coded(words.values).numbers(_of(bits), null=_UNKNOWN_WORD)
        wrong[item[numbers < 0]] = True
        known = numbers >= 0
        masks = np.zeros(len(services), dtype=np.uint64)
        np.bitwise_or.at(masks, item[known], numbers[known].astype(np.uint64))
        services["attestations"] = masks
    return wrong


def _narrow(mask: int) -> int:
    """A mask of groups as a number of a column."""
    return mask if mask <= _WIDEST_MASK else _UNKNOWN_WORD
