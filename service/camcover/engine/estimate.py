"""The typed answer: lines, totals, ranges and the messages that explain them.

What goes out of `engine.evaluate`; amounts are integer cents. Identities (docs/rule-language.md, section 6):
charge = plan_paid + secondary_paid + account_paid + patient + written_off;
patient = deductible + copay + coinsurance + penalty + balance_bill + not_covered - secondary_paid - account_paid;
due_at_service = patient + reimbursed.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

from camcover import money
from camcover.engine.causes import RangeCauses
from camcover.engine.request import AccountBalance, AccumulatorUse, EpisodeStart, UseSoFar
from camcover.messages import Message
from camcover.money import Cents, in_cents


class Reason(IntEnum):
    """Why a line is not covered, or not wholly (LIMIT_REACHED on a covered line)."""

    NONE = 0
    EXCLUDED = 1
    NOT_LISTED = 2
    NOT_IN_FORCE = 3
    TIER_NOT_COVERED = 4
    DIAGNOSIS_NOT_COVERED = 5
    PRACTITIONER_NOT_COVERED = 6
    SETTING_NOT_COVERED = 7
    AGE = 8
    STATE = 9
    UNLICENSED = 10
    REQUIREMENT_MISSING = 11
    LIMIT_REACHED = 12
    UNKNOWN_CODE = 13
    ATTESTATION_NOT_COVERED = 14
    BEFORE_COVERAGE = 15
    AFTER_COVERAGE = 16
    CODE_NOT_PAID_BESIDE = 17
    ADD_ON_ALONE = 18
    UNITS_PER_DAY = 19
    MEMBER_ROLE = 20
    MEMBER_STATUS = 21
    WAITING_PERIOD = 22


class Amounts(NamedTuple):
    """The money of a line, an item or a whole estimate, in cents."""

    charge_cents: Cents = Cents(0)
    allowed_cents: Cents = Cents(0)
    deductible_cents: Cents = Cents(0)
    copay_cents: Cents = Cents(0)
    coinsurance_cents: Cents = Cents(0)
    penalty_cents: Cents = Cents(0)
    balance_bill_cents: Cents = Cents(0)
    not_covered_cents: Cents = Cents(0)
    written_off_cents: Cents = Cents(0)
    plan_paid_cents: Cents = Cents(0)
    secondary_paid_cents: Cents = Cents(0)
    patient_cents: Cents = Cents(0)
    due_at_service_cents: Cents = Cents(0)
    reimbursed_cents: Cents = Cents(0)
    account_paid_cents: Cents = Cents(0)


class Adjustment(NamedTuple):
    """An X12 835 claim adjustment: group (CO, PR, OA), CARC, cents; the remark code (RARC) where the CARC asks for one.

    A line's sum to charge - plan_paid.
    """

    group: str
    reason_code: str
    amount_cents: Cents
    remark_code: str = ""


class AccountPayment(NamedTuple):
    """What an account pays of a line, cents."""

    account: str
    amount_cents: Cents


class ExplainedStep(NamedTuple):
    """One step, as a message to a patient.

    `rule` is file:line, `citation` the payer's document, both may be empty.
    """

    message: Message
    amount_cents: Cents
    rule: str
    citation: str

    @property
    def text(self) -> str:
        """The step in English."""
        return self.message.text


class Line(NamedTuple):
    """One adjudicated line, its amounts as in `Amounts`.

    `tier` is empty where none is named and no terms hold, `benefit` when none was chosen; `limit` names the limit that
    bit; `terms_assumed`: the line lies behind the plan's last edition (docs/rule-language.md, point 37);
    `rest_benefit`: the one that took over what a limit with `straddle: next` left of the line (point 16), else empty;
    `secondary_adjustments`: those of the second plan, which sum to charge - secondary_paid.
    """

    item_index: int
    member_id: str
    session: int
    line: int
    date: date
    therapy: str
    code: str
    units: int
    covered_units: int
    tier: str
    benefit: str
    covered: bool
    reason: Reason
    limit: str
    charge_assumed: bool
    terms_assumed: bool
    rest_benefit: str
    charge_cents: Cents
    allowed_cents: Cents
    deductible_cents: Cents
    copay_cents: Cents
    coinsurance_cents: Cents
    penalty_cents: Cents
    balance_bill_cents: Cents
    not_covered_cents: Cents
    written_off_cents: Cents
    plan_paid_cents: Cents
    secondary_paid_cents: Cents
    patient_cents: Cents
    due_at_service_cents: Cents
    reimbursed_cents: Cents
    account_paid_cents: Cents
    account_payments: tuple[AccountPayment, ...]
    adjustments: tuple[Adjustment, ...]
    secondary_adjustments: tuple[Adjustment, ...]
    steps: tuple[ExplainedStep, ...]

    @property
    def amounts(self) -> Amounts:
        """The money of the line."""
        return Amounts._make(tuple[Any, ...](self)[LINE_AMOUNTS])


LINE_AMOUNTS = slice(Line._fields.index("charge_cents"), Line._fields.index("account_paid_cents") + 1)
"""Where the fields of `Amounts` stand in a `Line`."""

if not Amounts._fields == tuple[str, ...](Line._fields)[LINE_AMOUNTS] == in_cents(money.LINE_AMOUNTS):
    raise AssertionError(f"the amounts of `Amounts` and of `Line` are not {money.LINE_AMOUNTS}, in order")


class AccumulatorAfter(NamedTuple):
    """A sum after the last line, in its benefit period; `member_id` empty = the family's. Maximum None = unlimited."""

    accumulator: str
    member_id: str
    used_cents: Cents
    maximum_cents: Cents | None


class AccountAfter(NamedTuple):
    """What an account holds after the last line, in that line's period; `member_id` empty = the family's.

    `amount_cents`: what it holds when a period begins.
    """

    account: str
    member_id: str
    balance_cents: Cents
    amount_cents: Cents


class LimitAfter(NamedTuple):
    """A limit's count after the last line, in the period of the last line that touched it (visits, units or cents).

    `episode`, `condition`: whose count it is, where the limit counts each by itself.
    """

    limit: str
    member_id: str
    used: int
    allowed: int
    money: bool
    episode: str = ""
    condition: str = ""


class Month(NamedTuple):
    """What the patient pays for services dated in one calendar month (`2026-03`)."""

    month: str
    patient_cents: Cents


class Range(NamedTuple):
    """The least, expected and greatest patient total, and each assumption.

    `causes`: what leads to the ends; None unless the request asks to explain the range.
    """

    low_cents: Cents
    expected_cents: Cents
    high_cents: Cents
    assumptions: tuple[Message, ...]
    causes: RangeCauses | None = None


class Prerequisite(NamedTuple):
    """An attestation that was assumed met, the benefit and item that need it, and the place of the rule."""

    attestation: str
    benefit: str
    item_index: int
    message: Message
    rule: str

    @property
    def text(self) -> str:
        """The same in English."""
        return self.message.text


class Citation(NamedTuple):
    """A source that a figure of the estimate rests on."""

    place: str
    title: str
    url: str
    rule: str


class UseAfter(NamedTuple):
    """The state after the last line, as a request for later lines states it (docs/rule-language.md, point 42).

    `use`, `secondary_use` and `account_balances` are by member, in the order of `member_ids`; the second is empty
    without a second plan.
    """

    as_of: date
    member_ids: tuple[str, ...]
    use: tuple[UseSoFar, ...]
    secondary_use: tuple[UseSoFar, ...]
    family_accumulators: tuple[AccumulatorUse, ...]
    secondary_family_accumulators: tuple[AccumulatorUse, ...]
    account_balances: tuple[tuple[AccountBalance, ...], ...]
    family_account_balances: tuple[AccountBalance, ...]
    episodes: tuple[tuple[EpisodeStart, ...], ...] = ()
    """When their episodes began, by member, where a limit counts from there on."""


class Estimate(NamedTuple):
    """Everything the engine says about a request; names, times and notices are added by the workflow."""

    plan_id: str
    lines: tuple[Line, ...]
    items: tuple[Amounts, ...]
    totals: Amounts
    accumulators_after: tuple[AccumulatorAfter, ...]
    secondary_accumulators_after: tuple[AccumulatorAfter, ...]
    limits_after: tuple[LimitAfter, ...]
    use_after: UseAfter
    months: tuple[Month, ...]
    range: Range
    prerequisites: tuple[Prerequisite, ...]
    citations: tuple[Citation, ...]
    accounts_after: tuple[AccountAfter, ...]
