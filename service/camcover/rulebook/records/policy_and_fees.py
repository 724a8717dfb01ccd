"""Criteria, policies, and fee tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camcover.money import BasisPoints, Cents
from camcover.rulebook.records.headings import Heading, Place
from camcover.rulebook.records.membership import MemberRole, MemberStatus, WaitingPeriod
from camcover.rulebook.records.terms import Attestation, Setting


@dataclass(frozen=True, slots=True)
class Ages:
    """Completed years, inclusive."""

    min: int | None
    max: int | None
    at: Place

    def holds(self, age: int) -> bool:
        """Whether an age in completed years lies within."""
        return (self.min is None or self.min <= age) and (self.max is None or age <= self.max)


@dataclass(frozen=True, slots=True)
class Criteria:
    """A `when:` block; None = that key is not given.

    `roles` and `statuses` stand under `member:`; `waiting_period` is a key of the benefit that has the block.
    """

    conditions: tuple[str, ...] | None
    icd10: tuple[str, ...] | None
    not_conditions: tuple[str, ...] | None
    practitioners: tuple[str, ...] | None
    settings: tuple[Setting, ...] | None
    ages: Ages | None
    states: tuple[str, ...] | None
    licensed: bool
    at: Place
    attested: tuple[Attestation, ...] | None = None
    not_attested: tuple[Attestation, ...] | None = None
    roles: tuple[MemberRole, ...] | None = None
    statuses: tuple[MemberStatus, ...] | None = None
    waiting_period: WaitingPeriod | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """kind: policy."""

    heading: Heading
    when: Criteria
    cite: str | None


@dataclass(frozen=True, slots=True)
class PercentOf:
    """`80% of charge` or `100% of in_network`; `tier` None is the charge."""

    basis_points: BasisPoints
    tier: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class FeeRate:
    """Other amounts for some practitioners or settings, None = any: cents as in a table, or a part of what it gives."""

    practitioners: tuple[str, ...] | None
    settings: tuple[Setting, ...] | None
    codes: Mapping[str, Cents]
    visits: Mapping[str, Cents]
    therapies: Mapping[str, Cents]
    basis_points: BasisPoints | None
    at: Place


@dataclass(frozen=True, slots=True)
class FeeTable:
    """Allowed amounts of one tier, cents per unit; `visits` per visit and therapy, `maximum_per_day` of all lines.

    `practice_expense`: of a unit's amount in `codes`; `multiple_procedures`: the basis points of it that are allowed
    for every unit of a day but one.
    """

    tier: str
    codes: Mapping[str, Cents]
    therapies: Mapping[str, Cents]
    otherwise: PercentOf | None
    cite: str | None
    at: Place
    visits: Mapping[str, Cents]
    maximum_per_day: Cents | None
    rates: tuple[FeeRate, ...]
    practice_expense: Mapping[str, Cents]
    multiple_procedures: BasisPoints | None


@dataclass(frozen=True, slots=True)
class Fees:
    """kind: fees."""

    heading: Heading
    tiers: Mapping[str, FeeTable]
