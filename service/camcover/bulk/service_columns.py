"""Items of a batch as rows of `services`: their words as numbers, their prices, minutes and diagnoses.

What comes in: the items of a batch, and the plan of each row. What goes out: rows of `services`. A plan with an unknown
word, an amount out of bounds, or an item that batches cannot price, gets the status FALLBACK.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from camcover.bulk.book_columns import FALLBACK
from camcover.bulk.columns import Coded, Ints, Lists, coded, days, fields_of, integers, lists
from camcover.bulk.plan_words import UNKNOWN_WORD, PlanWords
from camcover.engine.asking.words import provider_violations
from camcover.engine.compiling.compile_rows import ATTESTATION_BITS, SETTING_INDEX
from camcover.engine.compiling.plan_index import PlanIndex
from camcover.engine.compiling.vocabulary import ICD10, STATE_INDEX, Vocabulary
from camcover.engine.kernel import tables as columns
from camcover.engine.kernel.tables import Array
from camcover.request_bounds import CENTS, UNITS
from camcover.rulebook.records import Setting

_ANY_DAY = date.min
"""Used only where the catalog has one edition, so that every day gives the same."""

_WIDEST_MASK = 2**63 - 1
"""What fits a signed number. The few plans with more groups of diagnoses are priced as single requests."""

_SETTINGS = {"": SETTING_INDEX[Setting.OFFICE]} | {str(setting): number for setting, number in SETTING_INDEX.items()}


class ServiceCoder:
    """Numbers the items of batches."""

    def __init__(self, vocabulary: Vocabulary, words: PlanWords) -> None:
        """Number by `vocabulary`; a plan's own words by `words`."""
        self._vocabulary = vocabulary
        self._words = words
        self._is_steady = not vocabulary.breaks

    def services(self, items: Lists, owner: Ints, plan: Ints, status: Ints) -> Array:
        """The rows of `services`, one an item; sets plans FALLBACK whose words or amounts are not sound."""
        vocabulary, item = self._vocabulary, fields_of(items.values)
        services = np.zeros(len(owner), dtype=columns.SERVICE)
        therapies, codes = coded(item("therapy")), coded(item("code"))
        services["therapy"] = therapies.numbers(_of(vocabulary.services), null=UNKNOWN_WORD)
        services["code"] = codes.numbers(_of(vocabulary.codes), null=-1)
        services["practitioner"] = coded(item("practitioner")).numbers(_of(vocabulary.practitioners), null=-1)
        services["setting"] = coded(item("setting")).numbers(_setting, null=SETTING_INDEX[Setting.OFFICE])
        services["state"] = coded(item("state")).numbers(state_number, null=-1)
        services["tier"] = self._words.tiers(coded(item("tier")), plan[owner])
        services["units"] = integers(item("units"), null=1)
        wrong_time = self._time(therapies, codes, services)
        services["charge"] = integers(item("charge_cents"), null=-1)
        services["allowed"] = integers(item("allowed_cents"), null=-1)
        services["typical"] = -1
        wrong = UNITS.is_outside(services["units"]) | self._mismatched(therapies, codes) | wrong_time
        wrong |= (services["code"] == -1) & (services["units"] != 1)
        wrong |= services["therapy"] < 0
        for name in ("code", "practitioner", "setting", "state", "tier"):
            wrong |= services[name] == UNKNOWN_WORD
        for name in ("charge", "allowed"):
            given = item(f"{name}_cents").is_valid().to_numpy(zero_copy_only=False)
            wrong |= given & CENTS.is_outside(services[name])
        wrong |= self._price(therapies, services)
        # Rows with codes of a claim, such as modifiers, are priced as single requests.
        wrong |= _is_given(items, "modifiers")
        wrong |= integers(item("minutes"), null=0) != 0
        for name in ("member_id", "taxonomy", "place_of_service", "facility"):
            wrong |= coded(item(name)).numbers(len, null=0) > 0
        for name, number in (("provider", _provider), ("tax_number", _tax_number)):
            wrong |= coded(item(name)).numbers(number, null=0) == UNKNOWN_WORD
        services["first_service"] = days(item("first_service"), null=0)
        given = item("first_service").is_valid().to_numpy(zero_copy_only=False)
        starts = days(item("start_date"), null=0)
        wrong |= given & ((services["first_service"] < 1) | (services["first_service"] > starts))
        services["diagnosed"] = _is_given(items, "diagnoses") | _is_given(items, "conditions")
        wrong |= self._diagnose(items, plan[owner], services)
        wrong |= _attest(lists(item("attestations")), services)
        status[owner[wrong]] = FALLBACK
        return services

    def _mismatched(self, therapies: Coded, codes: Coded) -> Ints:
        """Where a code is not billed for its therapy."""
        vocabulary = self._vocabulary
        fits = np.ones((len(therapies.words) + 1, len(codes.words) + 1), dtype=bool)
        for row, therapy in enumerate(therapies.words):
            may = vocabulary.bills if therapy in vocabulary.services else _bills_nothing
            fits[row, : len(codes.words)] = [not code or may(therapy, code) for code in codes.words]
        return ~fits[therapies.places, codes.places]

    def _time(self, therapies: Coded, codes: Coded, services: Array) -> Ints:
        """Put in the minutes of a unit; gives where they may be others on another day."""
        vocabulary = self._vocabulary
        minutes = np.zeros((len(therapies.words) + 1, len(codes.words) + 1), dtype=np.int32)
        for row, therapy in enumerate(therapies.words):
            if therapy in vocabulary.timed:
                own = [vocabulary.minutes_of(therapy, code, 1) for code in (*codes.words, "")]
                minutes[row] = own if self._is_steady else UNKNOWN_WORD
        services["minutes"] = minutes[therapies.places, codes.places]
        changing: Ints = services["minutes"] == UNKNOWN_WORD
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
            charge = self._vocabulary.typical_charge(therapy, _ANY_DAY)
            if charge is not None:
                prices[row] = charge.low, charge.typical, charge.high
        services["typical"][unpriced] = prices[therapies.places[unpriced]]
        return unpriced & (services["typical"][:, 0] < 0)

    def _diagnose(self, items: Lists, plan: Ints, services: Array) -> Ints:
        """Put in the groups of each item's diagnoses and conditions; gives where one of them is no such word."""
        wrong = np.zeros(len(services), dtype=bool)
        masks = np.zeros(len(services), dtype=np.uint64)
        for name, of_pair in (("diagnoses", self._diagnosis_mask), ("conditions", self._condition_mask)):
            words = lists(fields_of(items.values)(name))
            if not len(words.values):
                continue
            item = words.owners()
            numbers = self._words.pairwise(name, coded(words.values), plan[item], of_pair)
            wrong[item[numbers == UNKNOWN_WORD]] = True
            known = numbers != UNKNOWN_WORD
            np.bitwise_or.at(masks, item[known], numbers[known].astype(np.uint64))
        services["diagnoses"] = masks
        return wrong

    def _diagnosis_mask(self, plan: PlanIndex, word: str) -> int:
        return _narrow(plan.groups.mask(word)) if ICD10.fullmatch(word) else UNKNOWN_WORD

    def _condition_mask(self, plan: PlanIndex, word: str) -> int:
        vocabulary = self._vocabulary
        if word not in vocabulary.conditions or not self._is_steady:
            return UNKNOWN_WORD
        mask = 0
        for prefix in vocabulary.diagnoses_of(word, _ANY_DAY):
            mask |= plan.groups.mask(prefix)
        return _narrow(mask)


def _is_given(items: Lists, name: str) -> Ints:
    """Where a list of an item is given and not empty."""
    found: Ints = np.diff(lists(fields_of(items.values)(name)).offsets) > 0
    return found


def _of(numbers: dict[str, int]) -> Callable[[str], int]:
    """The number of a word; of an empty one -1."""
    return lambda word: numbers.get(word, UNKNOWN_WORD) if word else -1


def _bills_nothing(_therapy: str, _code: str) -> bool:
    """What a therapy that does not exist may be billed with."""
    return False


def state_number(word: str) -> int:
    """The number of a state; -1 of an empty word, `UNKNOWN_WORD` of one that does not exist."""
    return STATE_INDEX.get(word, UNKNOWN_WORD) if word else -1


def _provider(word: str) -> int:
    """Batches do not read who gives a service; 0 of a number that is sound, or not given."""
    return UNKNOWN_WORD if any(provider_violations("", word, "")) else 0


def _tax_number(word: str) -> int:
    return UNKNOWN_WORD if any(provider_violations("", "", word)) else 0


def _setting(word: str) -> int:
    return _SETTINGS.get(word, UNKNOWN_WORD)


def _attest(words: Lists, services: Array) -> Ints:
    """Put in each item's attestations; gives where one of them is no such word."""
    wrong = np.zeros(len(services), dtype=bool)
    if len(words.values):
        bits = {str(attestation): bit for attestation, bit in ATTESTATION_BITS.items()}
        item, numbers = words.owners(), coded(words.values).numbers(_of(bits), null=UNKNOWN_WORD)
        wrong[item[numbers < 0]] = True
        known = numbers >= 0
        masks = np.zeros(len(services), dtype=np.uint64)
        np.bitwise_or.at(masks, item[known], numbers[known].astype(np.uint64))
        services["attestations"] = masks
    return wrong


def _narrow(mask: int) -> int:
    """A mask of groups as a number of a column."""
    return mask if mask <= _WIDEST_MASK else UNKNOWN_WORD
