"""The effect of a change of the rules on a book of business, as plain data.

`comparing` makes these records: integers, texts and tuples of them. So a page, a JSON document and a message are made
from the same record. Amounts are cents; an increase is positive, a decrease negative. A member is a row of the book. A
member is *compared* when both rule sets can price the row; amounts include only compared members.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from camcover.money import ONE_PLAN_AMOUNTS, in_cents

__all__ = [
    "AnyGroup",
    "BenefitGroup",
    "Bin",
    "ChangedMember",
    "Distribution",
    "Figures",
    "Group",
    "Impact",
    "LineChange",
    "LineFigures",
    "Members",
    "Money",
    "Quantile",
    "Unpriced",
    "most_changed",
]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount under the two rule sets, cents."""

    before_cents: int
    after_cents: int

    @property
    def change_cents(self) -> int:
        """After less before."""
        return self.after_cents - self.before_cents


@dataclass(frozen=True, slots=True)
class Members:
    """How many members there are, `rows` in all, and how they compare.

    `compared` of them pay more, less or the same. Only the rules before can price `no_longer_priced`, only the rules
    after can price `newly_priced`, and neither can price `never_priced`. `fitted` of the compared members have used
    more than one rule set allows, or something that it does not know. For that rule set, their use so far is cut.
    """

    rows: int
    compared: int
    paying_more: int
    paying_less: int
    no_longer_priced: int
    newly_priced: int
    never_priced: int
    fitted: int = 0

    @property
    def paying_the_same(self) -> int:
        """Compared members whose cost does not change."""
        return self.compared - self.paying_more - self.paying_less


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted over all compared members, and over those of one payer plan or therapy.

    Of a therapy or a benefit a member's cost is that of its own lines. `newly_covered` and `no_longer_covered` count
    lines.
    """

    members: int
    paying_more: int
    paying_less: int
    lines: int
    newly_covered: int
    no_longer_covered: int
    patient: Money
    plan_paid: Money
    written_off: Money


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one payer plan, or of one therapy (of a code where an item names no therapy)."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class BenefitGroup:
    """The figures of the lines that one benefit of a plan decides; `benefit` is "" for those that none decides.

    A line belongs to its benefit under the rules after; to that of the rules before where it has none after.
    """

    plan_id: str
    benefit: str
    figures: Figures

    @property
    def name(self) -> str:
        """Plan and benefit in words."""
        return f"{self.plan_id}: {self.benefit or 'no benefit'}"


AnyGroup = TypeVar("AnyGroup", Group, BenefitGroup)


def most_changed(groups: Sequence[AnyGroup], most: int) -> list[AnyGroup]:
    """At most so many groups, those whose patients' cost changes the most, in the order of all."""
    ranked = sorted(groups, key=lambda group: -abs(group.figures.patient.change_cents))
    kept = {group.name for group in ranked[:most]}
    return [group for group in groups if group.name in kept]


@dataclass(frozen=True, slots=True)
class Quantile:
    """By how much `per_mille` of 1,000 compared members change at the most, by the nearest rank."""

    name: str
    per_mille: int
    change_cents: int


@dataclass(frozen=True, slots=True)
class Bin:
    """How many members change by `low_cents` to `high_cents`, both inclusive; None = without end."""

    low_cents: int | None
    high_cents: int | None
    members: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the cost of compared members changes; all of it 0 where none is compared.

    `mean_cents` is the exact mean rounded to the cent, a half upwards. `most_increase_cents` is the largest increase (0
    when no one pays more), `most_decrease_cents` the largest decrease, negative (0 when no one pays less).
    """

    total_cents: int
    mean_cents: int
    quantiles: tuple[Quantile, ...]
    most_increase_cents: int
    most_decrease_cents: int
    histogram: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One line under one rule set; words are empty and amounts 0 where nothing applies. Amounts in cents."""

    tier: str
    benefit: str
    covered: bool
    covered_units: int
    reason: str
    limit: str
    charge_cents: int
    allowed_cents: int
    deductible_cents: int
    copay_cents: int
    coinsurance_cents: int
    penalty_cents: int
    balance_bill_cents: int
    not_covered_cents: int
    written_off_cents: int
    plan_paid_cents: int
    patient_cents: int
    due_at_service_cents: int
    reimbursed_cents: int
    account_paid_cents: int


if tuple(each.name for each in fields(LineFigures))[-len(ONE_PLAN_AMOUNTS) :] != in_cents(ONE_PLAN_AMOUNTS):
    raise AssertionError(f"the amounts of `LineFigures` are not {ONE_PLAN_AMOUNTS}, in order")


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that the two rule sets adjudicate otherwise; `date` is ISO 8601, `item_index` counts from 0."""

    item_index: int
    session: int
    date: str
    therapy: str
    code: str
    before: LineFigures
    after: LineFigures


@dataclass(frozen=True, slots=True)
class ChangedMember:
    """One member with the lines that change; `lines_alike` more are the same under both."""

    row: int
    request_id: str
    plan_id: str
    patient: Money
    plan_paid: Money
    lines: tuple[LineChange, ...]
    lines_alike: int


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A row that one rule set, or neither, can price, and all that is wrong with it under the one that cannot."""

    row: int
    request_id: str
    plan_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """A book of business under two rule sets, each named by its release's id.

    Groups are sorted by the change of what patients pay, the largest increase first, then by name. `increases` and
    `decreases` are the largest ones, in order; of equal ones the earlier row comes first. The three samples of rows
    that are not compared hold the first rows of each kind (`batches.SAMPLE`); `members` counts all rows.
    """

    release_before: str
    release_after: str
    members: Members
    total: Figures
    change: Distribution
    by_plan: tuple[Group, ...]
    by_therapy: tuple[Group, ...]
    by_benefit: tuple[BenefitGroup, ...]
    increases: tuple[ChangedMember, ...]
    decreases: tuple[ChangedMember, ...]
    no_longer_priced: tuple[Unpriced, ...]
    newly_priced: tuple[Unpriced, ...]
    never_priced: tuple[Unpriced, ...]
