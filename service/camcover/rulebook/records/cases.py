"""The tests that stand in plan files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from camcover.money import Cents
from camcover.rulebook.records.headings import Place
from camcover.rulebook.records.membership import MemberRole, MemberStatus
from camcover.rulebook.records.terms import Attestation, Setting


@dataclass(frozen=True, slots=True)
class TestProcedure:
    """One code of a test's session; amounts in cents, for all its units."""

    __test__ = False

    code: str
    units: int = 1
    charge: Cents | None = None
    allowed: Cents | None = None
    modifiers: tuple[str, ...] = ()
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class TestItem:
    """One planned service of a test; names follow the request of docs/api.md. Amounts in cents."""

    __test__ = False

    member: str | None
    therapy: str | None
    codes: tuple[TestProcedure, ...]
    practitioner: str | None
    setting: Setting | None
    tier: str | None
    state: str | None
    diagnoses: tuple[str, ...]
    conditions: tuple[str, ...]
    attestations: tuple[Attestation, ...]
    charge: Cents | None
    allowed: Cents | None
    dates: tuple[date, ...]
    at: Place
    place_of_service: str | None = None
    taxonomy: str | None = None
    episode: str | None = None
    first_service: date | None = None
    facility: str | None = None


@dataclass(frozen=True, slots=True)
class TestGiven:
    """The member, born on `birth_date` or of some `age` on every date, and the services of a test.

    `used` by accumulator (cents) or limit id (visits, units or cents); `balances` of accounts in cents.
    `episodes`: when each began.
    """

    __test__ = False

    age: int | None
    state: str | None
    family: bool
    as_of: date | None
    assume_requirements: bool
    used: Mapping[str, int]
    family_used: Mapping[str, int]
    benefit_visits: Mapping[str, int]
    prior_visits: Mapping[str, tuple[date, ...]]
    balances: Mapping[str, int]
    family_balances: Mapping[str, int]
    items: tuple[TestItem, ...]
    at: Place
    birth_date: date | None = None
    covered_from: date | None = None
    covered_to: date | None = None
    role: MemberRole | None = None
    status: MemberStatus | None = None
    enrolled_on: date | None = None
    wellness_incentive: bool | None = None
    episodes: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestExpect:
    """What a test expects; None = not stated. Amounts in cents; `covered` in visits.

    `lines` maps a line index (-1: last) to field -> value. A None inside `each` repeats the amount before it, as often
    as needed. `after` holds sums, and `balances` holds what accounts have left.
    """

    __test__ = False

    patient: Cents | None
    plan_paid: Cents | None
    written_off: Cents | None
    due_at_service: Cents | None
    reimbursed: Cents | None
    account_paid: Cents | None
    each: tuple[int | None, ...] | None
    covered: int | None
    lines: Mapping[int, Mapping[str, int | str | bool]]
    after: Mapping[str, int]
    balances: Mapping[str, int]
    at: Place


@dataclass(frozen=True, slots=True)
class TestCase:
    """One entry of a plan file's `tests:`."""

    __test__ = False  # a record of the rule language, not a pytest class

    name: str
    given: TestGiven
    expect: TestExpect
    at: Place
