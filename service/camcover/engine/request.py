"""The typed question: a well-being plan for the members of one family under one payer plan.

What comes in: values that the caller has already parsed. What goes out: frozen records that `engine.evaluate` reads.
Amounts are integer cents, dates `datetime.date`. `None` means unknown, which is not zero (docs/rule-language.md,
section 8).
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import NamedTuple

from camcover.errors import CamcoverError
from camcover.money import Cents
from camcover.refusals import Refusal
from camcover.rulebook.hints import suggested
from camcover.rulebook.records import Attestation, Setting

FIRST_DATE, LAST_DATE = date(1990, 1, 1), date(2200, 12, 31)
"""Dates of service outside these are refused: they are slips of the pen."""


class Coverage(IntEnum):
    """Whether individual or family amounts of an accumulator hold."""

    SELF_ONLY = 0
    FAMILY = 1


class Coordination(IntEnum):
    """How a secondary plan pays (docs/rule-language.md, point 28)."""

    STANDARD = 0
    NON_DUPLICATION = 1
    MAINTENANCE_OF_BENEFITS = 2
    MEDICARE_SECONDARY = 3
    MEDICAID = 4


class AccumulatorUse(NamedTuple):
    """A sum so far; None = unknown. `last_quarter_cents` of it were applied in the period's last three months."""

    accumulator: str
    used_cents: Cents | None
    last_quarter_cents: Cents = Cents(0)


class LimitUse(NamedTuple):
    """Usage of one limit in the period that holds `as_of`: visits or units, or cents for a money limit.

    `date`: of a rolling limit, when it was used; several entries are several dates; of a limit from the first visit on,
    that visit. `benefit`: of a limit per visit, under which benefit; empty = under each. `episode`, `condition`: of
    which episode, of which condition, where the limit counts each by itself (point 49).
    """

    limit: str
    used: int = 0
    used_cents: Cents = Cents(0)
    date: date | None = None
    benefit: str = ""
    episode: str = ""
    condition: str = ""


class BenefitVisits(NamedTuple):
    """Visits so far under a benefit in the benefit period that holds `as_of`."""

    benefit: str
    visits: int


class PriorVisit(NamedTuple):
    """A dated visit before the estimate (docs/rule-language.md, point 39).

    `plan_paid_cents` None: not known, then a limit that counts what the plan paid for counts the visit.
    `coinsurance_paid_cents` and `percentage_cents`: of a coinsurance with a least or a most (point 44);
    `penalty_paid_cents`: of a penalty in dollars (point 12); `episode`, `condition`: for which limits count it that
    count each by itself (point 49); `facility`: where it was (point 20).
    """

    benefit: str
    date: date
    units: int = 1
    copay_paid_cents: Cents = Cents(0)
    plan_paid_cents: Cents | None = None
    coinsurance_paid_cents: Cents = Cents(0)
    percentage_cents: Cents = Cents(0)
    penalty_paid_cents: Cents = Cents(0)
    episode: str = ""
    condition: str = ""
    facility: str = ""


class EpisodeStart(NamedTuple):
    """When an episode of care began: its name, empty = the one of services that name none."""

    episode: str
    started_on: date


class AccountBalance(NamedTuple):
    """What an account holds, None = unknown: in the period that holds `date`, without one in that of `as_of`."""

    account: str
    balance_cents: Cents | None
    date: date | None = None


class FeeUse(NamedTuple):
    """What lines of one day took of a fee that they share (docs/rule-language.md, point 45).

    Of the fee for a visit of `therapy` in a tier; without a therapy, of the tier's maximum per day.
    `practice_expense_cents`: the highest of a unit of theirs in the tier (point 47).
    """

    date: date
    tier: str
    therapy: str = ""
    used_cents: Cents = Cents(0)
    practice_expense_cents: Cents = Cents(0)


class CodeUse(NamedTuple):
    """Units of a code that the plan covered on a date (docs/rule-language.md, point 48)."""

    code: str
    date: date
    units: int = 1


class UseSoFar(NamedTuple):
    """What one member has used under one plan before the estimate."""

    accumulators: tuple[AccumulatorUse, ...] = ()
    limit_usage: tuple[LimitUse, ...] = ()
    benefit_visits: tuple[BenefitVisits, ...] = ()
    prior_visits: tuple[PriorVisit, ...] = ()
    fee_usage: tuple[FeeUse, ...] = ()
    code_usage: tuple[CodeUse, ...] = ()


class Membership(NamedTuple):
    """How a plan covers a member: the first and last day, and what criteria ask for (docs/rule-language.md, point 37).

    `role` and `status`: words of `MemberRole` and `MemberStatus`. None and empty = not given.
    """

    covered_from: date | None = None
    covered_to: date | None = None
    role: str = ""
    status: str = ""
    enrolled_on: date | None = None
    wellness_incentive: bool | None = None


NO_MEMBERSHIP = Membership()
"""Nothing is known of it."""


class Member(NamedTuple):
    """One person; either `birth_date` or `age` (completed years), or neither."""

    id: str = "1"
    birth_date: date | None = None
    age: int | None = None
    state: str = ""
    use: UseSoFar = UseSoFar()
    secondary_use: UseSoFar = UseSoFar()
    membership: Membership = NO_MEMBERSHIP
    secondary_membership: Membership = NO_MEMBERSHIP
    account_balances: tuple[AccountBalance, ...] = ()
    episodes: tuple[EpisodeStart, ...] = ()


class Procedure(NamedTuple):
    """One CPT / HCPCS code of a session; amounts are for all its units together; modifiers as a claim has them.

    `minutes`: in place of units, 0 = not given. `allowed_source`: where `allowed_cents` comes from, in words to cite.
    """

    code: str
    units: int = 1
    charge_cents: Cents | None = None
    allowed_cents: Cents | None = None
    modifiers: tuple[str, ...] = ()
    minutes: int = 0
    allowed_source: str = ""


class PlannedService(NamedTuple):
    """One therapy on a row of dates; `setting` None = the office, where nothing else says it.

    `place_of_service` and `taxonomy` say setting and practitioner as a claim does (engine/asking/claim.py). `episode`:
    the episode of care that it belongs to, in the caller's words. `first_service`: the day on which the member first
    had the service, None = not known (point 51). `facility`: where it is given, in the caller's words (point 20).
    `provider`: an NPI, and `tax_number`: of who bills, by which published prices are looked up.
    """

    dates: tuple[date, ...]
    member_id: str = ""
    therapy: str = ""
    procedures: tuple[Procedure, ...] = ()
    charge_cents: Cents | None = None
    allowed_cents: Cents | None = None
    practitioner: str = ""
    setting: Setting | None = None
    tier: str = ""
    secondary_tier: str = ""
    state: str = ""
    diagnoses: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    place_of_service: str = ""
    taxonomy: str = ""
    episode: str = ""
    first_service: date | None = None
    facility: str = ""
    provider: str = ""
    tax_number: str = ""


NO_USE = UseSoFar()
"""Nothing is said to have been used."""


class EstimateRequest(NamedTuple):
    """A whole request. `as_of` None = the first date of service. Empty `members` = one member without facts.

    `assume_terms`: whether the plan's terms are assumed to go on behind its last edition (point 37). `explain`: each
    line has its steps; `explain_range`: the range has what leads to its ends.
    """

    plan_id: str
    items: tuple[PlannedService, ...]
    members: tuple[Member, ...] = (Member(),)
    coverage: Coverage = Coverage.SELF_ONLY
    family_accumulators: tuple[AccumulatorUse, ...] = ()
    as_of: date | None = None
    assume_requirements: bool = True
    assume_terms: bool = True
    secondary_plan_id: str = ""
    coordination: Coordination = Coordination.STANDARD
    secondary_family_accumulators: tuple[AccumulatorUse, ...] = ()
    explain: bool = False
    family_account_balances: tuple[AccountBalance, ...] = ()
    explain_range: bool = False


class Violation(NamedTuple):
    """One thing wrong with a request: what was found, what was expected, and the kind of refusal.

    `field` is a path as in the .proto (`items[0].therapy`), empty for the whole message. `unknown` is an id that does
    not exist, `nearest` what was perhaps meant. `at_most`: the most that use so far may be, where it is above that.
    """

    field: str
    found: str
    expected: str
    refusal: Refusal
    unknown: str = ""
    nearest: tuple[str, ...] = ()
    at_most: int | None = None

    @property
    def description(self) -> str:
        """The sentence that people read."""
        return f"found {self.found}; expected {self.expected}{suggested(self.nearest)}"


class InvalidRequest(CamcoverError):
    """The request cannot be priced; carries every violation found."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Keep `violations`, at least one."""
        super().__init__("; ".join(f"{item.field}: {item.description}" for item in violations))
        self.violations = violations
