"""One record, one row: the translation of single records into tuples in the column order of engine/kernel/tables.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import IntEnum
from typing import Protocol, TypeVar, assert_never

from camcover.engine.compiling.diagnosis_groups import DiagnosisGroups
from camcover.engine.compiling.vocabulary import STATE_INDEX, Vocabulary, plain_icd10
from camcover.engine.kernel.codes import (
    ADVANCE_NOTICE,
    DIAGNOSIS_DENIED,
    FIRST_WINDOW,
    LIMIT_USED_UP,
    LOWER_COST_SHARE,
    SEVERAL,
    Above,
    CappedPart,
    CarryoverRule,
    CountOwner,
    LimitMeasure,
    Period,
    StepBound,
    StepKind,
)
from camcover.engine.kernel.tables import NEVER, UNLIMITED
from camcover.rulebook.records import (
    COINSURANCES,
    COPAYS,
    DIAGNOSIS_DENIAL,
    LIMITS_DENIAL,
    MEASURES,
    PERIODS,
    ROLLING,
    AboveAllowedKind,
    Accumulator,
    AccumulatorKind,
    AgeAllowance,
    Attestation,
    BandedCopayStep,
    Carryover,
    CoinsuranceBound,
    CoinsuranceStep,
    ComparedStep,
    CopayStep,
    CountedFor,
    Criteria,
    DeductibleStep,
    FamilyMode,
    FeeRate,
    Limit,
    MemberRole,
    MemberStatus,
    NothingStep,
    Payee,
    Requirement,
    Setting,
    SharePart,
    Step,
    Tier,
)
from camcover.rulebook.words import waiting_length

Row = tuple[int, ...]
Code = TypeVar("Code", bound=IntEnum)
Key = TypeVar("Key")


class HasCode(Protocol):
    """An entry of a table of terms."""

    @property
    def code(self) -> str:
        """The name of the kernel's code."""


ALL_BITS = 2**64 - 1

ATTESTATION_BITS = {attestation: 1 << index for index, attestation in enumerate(Attestation)} | {
    Attestation.ADVANCE_NOTICE: ADVANCE_NOTICE,
    Attestation.LOWER_COST_SHARE: LOWER_COST_SHARE,
}
_DENIAL_BITS = {DIAGNOSIS_DENIAL: DIAGNOSIS_DENIED, LIMITS_DENIAL: LIMIT_USED_UP} | {
    str(attestation): bit for attestation, bit in ATTESTATION_BITS.items()
}
MEMBER_NUMBERS = {
    "role": {str(word): number for number, word in enumerate(MemberRole)},
    "status": {str(word): number for number, word in enumerate(MemberStatus)},
}
"""The numbers of what a membership says, by its field."""

SETTING_INDEX = {setting: index for index, setting in enumerate(Setting)}

_CARRYOVER = {
    Carryover.NONE: CarryoverRule.NONE,
    Carryover.LAST_QUARTER: CarryoverRule.ALWAYS,
    Carryover.LAST_QUARTER_IF_UNMET: CarryoverRule.IF_UNMET,
}
_OWNER = {None: CountOwner.MEMBER} | {each: CountOwner[each.name] for each in CountedFor}
_ABOVE = {
    AboveAllowedKind.WRITTEN_OFF: Above.WRITTEN_OFF,
    AboveAllowedKind.MEMBER: Above.MEMBER,
    AboveAllowedKind.MEMBER_UP_TO: Above.MEMBER_UP_TO,
}


def _codes_of(codes: type[Code], table: Mapping[Key, HasCode]) -> dict[Key, Code]:
    """The kernel's code of each entry of a table. Raises AssertionError, at import, when there is none."""
    missing = {terms.code for terms in table.values()} - set(codes.__members__)
    if missing:
        raise AssertionError(f"{codes.__name__} has no {missing}, expected as rulebook/records names them")
    return {key: codes[terms.code] for key, terms in table.items()}


_COPAY = _codes_of(StepKind, COPAYS)
_COINSURANCE = _codes_of(StepKind, COINSURANCES)
PERIOD_CODES = _codes_of(Period, PERIODS)
"""The kernel's code of each kind of period."""
_MEASURE = _codes_of(LimitMeasure, MEASURES)


def _assert_codes() -> None:
    """Raise AssertionError, at import, when a code of the kernel has no word, or stands on the wrong side of others."""
    told: dict[type[IntEnum], set[IntEnum]] = {
        StepKind: {StepKind.DEDUCTIBLE, StepKind.COPAY_BANDS, *_COPAY.values(), *_COINSURANCE.values()},
        Period: set(PERIOD_CODES.values()),
        LimitMeasure: set(_MEASURE.values()),
    }
    for codes, used in told.items():
        if set(codes) != used:
            raise AssertionError(f"{codes.__name__}: no word of the language means {set(codes) - used}")
    windows = {PERIOD_CODES[kind] for kind in ROLLING}
    if windows != {code for code in Period if code >= FIRST_WINDOW}:
        raise AssertionError(f"windows are the periods from {FIRST_WINDOW!r} on, expected of {windows}")


_assert_codes()


def accumulator_row(
    accumulator: Accumulator | None, defined: Mapping[str, Accumulator], numbers: Mapping[str, int]
) -> Row:
    """A row of `accumulators`; an accumulator that this edition does not have is absent and unlimited.

    `defined` are the edition's, `numbers` those of their names. `feeds` are those that count what is paid toward it.
    """
    if accumulator is None:
        return 0, 0, 0, 0, UNLIMITED, UNLIMITED, UNLIMITED, 0, 0
    return (
        1,
        int(accumulator.kind is AccumulatorKind.OUT_OF_POCKET_MAXIMUM),
        int(accumulator.family_mode is FamilyMode.AGGREGATE),
        int(_CARRYOVER[accumulator.carryover]),
        *(
            UNLIMITED if amount is None else amount
            for amount in (accumulator.alone, accumulator.individual, accumulator.family)
        ),
        _mask(numbers[name] for name in accumulator.feeds if SharePart.DEDUCTIBLE in defined[name].parts),
        accumulator.wellness_incentive or 0,
    )


def tier_row(
    tier: Tier | None,
    fees: int,
    listed: int,
    owed: tuple[int, int],
    *,
    defined: Mapping[str, Accumulator],
    numbers: Mapping[str, int],
    edits: int,
) -> Row:
    """A row of `tiers`; `fees` is the row of its fee table or -1, `listed` the tier in this place of the edition.

    `owed`: the columns of what is not covered, `pays_allowed` and `discounts`. `edits`: the row of its code edits.
    """
    if tier is None:
        return 0, -1, -1, 0, 0, fees, listed, 0, 0, 0, 0, *owed, 0, 0, 0, 0, 0, 0, -1
    liable = tier.provider_liable
    return (
        1,
        -1 if tier.deductible is None else numbers[tier.deductible],
        _sole_maximum(tier, defined, numbers),
        int(_ABOVE[tier.above_allowed.kind]),
        tier.above_allowed.cap_basis_points or 0,
        fees,
        listed,
        int(tier.payment_to is Payee.MEMBER),
        _mask(numbers[name] for name in tier.copay_feeds if SharePart.COPAY in defined[name].parts),
        sum(_DENIAL_BITS[denial] for denial in dict.fromkeys(liable.denials)) if liable else 0,
        ATTESTATION_BITS[liable.unless] if liable and liable.unless else 0,
        *owed,
        *(_mask(numbers[name] for name in cappers(tier, part, defined)) for part in SharePart),
        *(_mask(numbers[name] for name in receivers(tier, part, defined)) for part in SharePart),
        edits,
    )


def _sole_maximum(tier: Tier, defined: Mapping[str, Accumulator], numbers: Mapping[str, int]) -> int:
    """The number of the one maximum that caps a tier's whole cost share; -1 = none caps it, SEVERAL: other ones do."""
    if not tier.capping:
        return -1
    is_whole = len(tier.capping) == 1 and defined[tier.capping[0]].parts == frozenset(SharePart)
    return numbers[tier.capping[0]] if is_whole else SEVERAL


def parts_mask(parts: Iterable[SharePart]) -> int:
    """Parts of the cost share as a mask: bit n is `CappedPart` n."""
    return _mask({CappedPart[part.name] for part in parts})


def cappers(tier: Tier, part: SharePart, defined: Mapping[str, Accumulator]) -> Iterator[str]:
    """The maxima that cap a part of a tier's cost share (point 21); `defined` are the edition's accumulators."""
    return (name for name in tier.capping if part in defined[name].parts)


def receivers(tier: Tier, part: SharePart, defined: Mapping[str, Accumulator]) -> Iterator[str]:
    """The accumulators that receive a part of a tier's cost share in step (c) of point 23."""
    for name in tier.counted:
        if part in defined[name].parts:
            yield from (each for each in (name, *defined[name].feeds) if part in defined[each].parts)


def criteria_row(criteria: Criteria, vocabulary: Vocabulary, groups: DiagnosisGroups, day: date) -> Row:
    """A row of `criteria` as of `day`; what is not asked for is a mask of all bits, or a flag 0."""
    prefixes = [plain_icd10(prefix) for prefix in criteria.icd10 or ()]
    prefixes += [each for name in criteria.conditions or () for each in vocabulary.diagnoses_of(name, day)]
    refused = [each for name in criteria.not_conditions or () for each in vocabulary.diagnoses_of(name, day)]
    ages, waiting = criteria.ages, criteria.waiting_period
    return (
        groups.bit(prefixes) if prefixes else 0,
        groups.bit(refused) if refused else 0,
        _mask(vocabulary.practitioners[name] for name in criteria.practitioners or ()),
        ALL_BITS if criteria.settings is None else _mask(SETTING_INDEX[setting] for setting in criteria.settings),
        _mask(STATE_INDEX[state] for state in criteria.states or ()),
        0 if ages is None or ages.min is None else ages.min,
        NEVER if ages is None or ages.max is None else ages.max,
        int(criteria.practitioners is not None),
        int(criteria.states is not None),
        int(ages is not None),
        int(criteria.licensed),
        attestations_mask(criteria.attested or ()),
        attestations_mask(criteria.not_attested or ()),
        _mask(MEMBER_NUMBERS["role"][role] for role in criteria.roles or ()),
        _mask(MEMBER_NUMBERS["status"][status] for status in criteria.statuses or ()),
        *(waiting_length(waiting) if waiting else (0, 0, 0)),
        int(any((criteria.roles, criteria.statuses, waiting))),
    )


def rate_row(rate: FeeRate, vocabulary: Vocabulary, cents: int, visits: int) -> Row:
    """A row of `fee_rates`; `cents` and `visits`: where its amounts stand in `fee_cents`, -1 = it lists none."""
    return (
        _mask(vocabulary.practitioners[name] for name in rate.practitioners or ()),
        ALL_BITS if rate.settings is None else _mask(SETTING_INDEX[setting] for setting in rate.settings),
        int(rate.practitioners is not None),
        cents,
        visits,
        -1 if rate.basis_points is None else rate.basis_points,
    )


def step_rows(step: Step, tier: Tier, numbers: Mapping[str, int], bands: list[Row]) -> list[Row]:
    """The rows of `steps` of a step: none for `nothing`, two for a comparison, the copay's before the coinsurance's.

    The rows of `copay_bands` of a copay by bands are appended to `bands`.
    """
    if isinstance(step, ComparedStep):
        copay, coinsurance = step_row(step.copay, tier, numbers), step_row(step.coinsurance, tier, numbers)
        fixed = CoinsuranceBound(step.copay.cents, step.copay.per)
        least, most = (None, fixed) if step.is_lesser else (fixed, None)
        return [
            (*copay, *_bounds(StepBound.COPAY_OF_TWO, None, None)),
            (*coinsurance, *_bounds(StepBound.COINSURANCE_OF_TWO, least, most)),
        ]
    if isinstance(step, NothingStep):
        return []
    if isinstance(step, BandedCopayStep):
        first = len(bands)
        bands += [(UNLIMITED if each.up_to is None else each.up_to, each.cents) for each in step.bands]
        return [
            (int(StepKind.COPAY_BANDS), -1, 0, 0, 0, *_bounds(StepBound.NONE, None, None)[:-2], first, len(step.bands))
        ]
    row = step_row(step, tier, numbers)
    if isinstance(step, CoinsuranceStep) and (step.at_least or step.at_most):
        return [(*row, *_bounds(StepBound.BOUNDED, step.at_least, step.at_most))]
    return [(*row, *_bounds(StepBound.NONE, None, None))]


def _bounds(bound: StepBound, least: CoinsuranceBound | None, most: CoinsuranceBound | None) -> Row:
    """The columns of `steps` behind `cents`."""
    pers = (0 if each is None else int(_COPAY[each.per]) for each in (least, most))
    return (int(bound), *pers, *(0 if each is None else each.cents for each in (least, most)), 0, 0)


def step_row(step: DeductibleStep | CopayStep | CoinsuranceStep, tier: Tier, numbers: Mapping[str, int]) -> Row:
    """The columns of a row of `steps` up to `cents`."""
    match step:
        case DeductibleStep():
            name = step.accumulator if step.accumulator is not None else tier.deductible
            return int(StepKind.DEDUCTIBLE), -1 if name is None else numbers[name], 0, 0, 0
        case CopayStep():
            return int(_COPAY[step.per]), -1, 0, int(step.waived_with_deductible), step.cents
        case CoinsuranceStep():
            return int(_COINSURANCE[step.of]), -1, step.basis_points, 0, 0
        case _:
            assert_never(step)


def requirement_row(requirement: Requirement, limits: Mapping[str, int]) -> Row:
    """A row of `requirements`; `limits`: the places of the benefit's."""
    penalty = -1 if requirement.is_bare else requirement.penalty or 0
    cents = -1 if requirement.penalty_cents is None else requirement.penalty_cents
    counting = -1 if requirement.visits_of is None else limits[requirement.visits_of]
    # -1 stands for every visit, also for one that the limit does not count, whose number is 0.
    after = requirement.after if requirement.after is not None else -1
    return ATTESTATION_BITS[requirement.attestation], penalty, after, counting, cents


def age_row(allowance: AgeAllowance) -> Row:
    """A row of `age_allowances`."""
    low, high = allowance.ages.min, allowance.ages.max
    return 0 if low is None else low, NEVER if high is None else high, allowance.amount


def limit_row(
    limit: Limit,
    slot: int,
    tiers: Mapping[str, int] | None = None,
    ages: int = 0,
    *,
    conditions: tuple[int, int] = (0, 0),
) -> Row:
    """A row of `limits` on a running count; `tiers` are the plan's, `ages` the first of its rows by age.

    `conditions`: the first of those that have a count of their own, and how many there are.
    """
    beyond = 0 if limit.beyond is None else ATTESTATION_BITS[limit.beyond]
    measure = _MEASURE[limit.measure, limit.counts]
    period = int(PERIOD_CODES[limit.per.kind])
    return (
        slot,
        int(measure),
        period,
        limit.per.length,
        limit.allow,
        beyond,
        attestations_mask(limit.excepts),
        _mask((tiers or {})[name] for name in limit.tiers) if limit.tiers else ALL_BITS,
        ages,
        len(limit.by_age),
        int(limit.hands_on),
        int(_OWNER[limit.counted_for]),
        *conditions,
    )


def attestations_mask(attestations: Iterable[Attestation]) -> int:
    """The bits of attestations."""
    mask = 0
    for each in attestations:
        mask |= ATTESTATION_BITS[each]
    return mask


def _mask(bits: Iterable[int]) -> int:
    """The mask of the given bits."""
    mask = 0
    for bit in bits:
        mask |= 1 << bit
    return mask
