"""A plan: accumulators, tiers, benefits with their steps and limits, exclusions, discounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from camcover.money import BasisPoints, Cents
from camcover.rulebook.records.cases import TestCase
from camcover.rulebook.records.headings import Heading, Place
from camcover.rulebook.records.limit_terms import Counting, Measure
from camcover.rulebook.records.money_words import CarriedOver, OwedPart, Payee
from camcover.rulebook.records.periods import PERIODS, CountedFor, PeriodKind
from camcover.rulebook.records.policy_and_fees import Ages, Criteria
from camcover.rulebook.records.step_terms import CoinsuranceOf, CopayPer, daily_scope
from camcover.rulebook.records.terms import (
    AccumulatorKind,
    Attestation,
    Carryover,
    CodeEdits,
    FamilyMode,
    NotCoveredPays,
    SharePart,
    UnitRule,
)
from camcover.rulebook.records.tiers import Tier


@dataclass(frozen=True, slots=True)
class Payer:
    """Who insures."""

    id: str
    name: str
    at: Place


@dataclass(frozen=True, slots=True)
class BenefitPeriod:
    """The day of the year on which accumulators start anew (1 January: calendar year)."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Accumulator:
    """A running sum; amounts in cents, None = unlimited. `counts`: the parts that it takes; None = all.

    `self_only`: in place of `individual` under self-only coverage; `wellness_incentive`: what an earned one takes off.
    """

    id: str
    kind: AccumulatorKind
    individual: Cents | None
    family: Cents | None
    family_mode: FamilyMode
    feeds: tuple[str, ...]
    carryover: Carryover
    cite: str | None
    at: Place
    counts: tuple[SharePart, ...] | None = None
    self_only: Cents | None = None
    wellness_incentive: Cents | None = None

    @property
    def alone(self) -> Cents | None:
        """The maximum under self-only coverage; None = unlimited (point 22)."""
        return self.individual if self.self_only is None else self.self_only

    @property
    def parts(self) -> frozenset[SharePart]:
        """The parts of the cost share that it counts."""
        return frozenset(SharePart if self.counts is None else self.counts)


@dataclass(frozen=True, slots=True)
class LimitPeriod:
    """`length` in days or months for the kinds that have one, else 0."""

    kind: PeriodKind
    length: int


@dataclass(frozen=True, slots=True)
class AgeAllowance:
    """What a limit allows at some ages, in its measure."""

    ages: Ages
    amount: int
    at: Place


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap on visits, units or cents (`allow`) over a period; `shared` if it is a pool of the plan.

    `excepts`: the limit leaves out lines for which all of these are attested. `tiers`: it leaves out lines of other
    tiers, if any tier is named. `by_age`: the first entry that holds the member's age replaces `allow`. `hands_on`: the
    part that the limit cuts from a line goes on to the next benefit (point 16). `named`: who or what has a
    count of its own, if the file names it.
    """

    id: str
    measure: Measure
    allow: int
    per: LimitPeriod
    counts: Counting
    beyond: Attestation | None
    cite: str | None
    shared: bool
    at: Place
    excepts: tuple[Attestation, ...] = ()
    tiers: tuple[str, ...] = ()
    by_age: tuple[AgeAllowance, ...] = ()
    hands_on: bool = False
    named: CountedFor | None = None

    @property
    def counted_for(self) -> CountedFor | None:
        """What the limit counts separately: what its period says, else what `for` names; None: each member."""
        return PERIODS[self.per.kind].has or self.named

    @property
    def of_family(self) -> bool:
        """Whether all members share its count."""
        return self.counted_for is CountedFor.FAMILY

    @property
    def leaves_out(self) -> bool:
        """Whether it leaves out some lines, so that its count of a dated visit is unknown (point 43)."""
        return bool(self.excepts or self.tiers)

    def allow_at(self, age: int | None) -> int:
        """The amount at an age in completed years; None = the age is not known, and no entry holds for it."""
        holding = (each.amount for each in self.by_age if age is not None and each.ages.holds(age))
        return next(holding, self.allow)

    @property
    def most(self) -> int:
        """The most that it allows at any age."""
        return max(self.allow, *(each.amount for each in self.by_age)) if self.by_age else self.allow

    @property
    def least(self) -> int:
        """The least that it allows at any age."""
        return min(self.allow, *(each.amount for each in self.by_age)) if self.by_age else self.allow


@dataclass(frozen=True, slots=True)
class Account:
    """Money that pays parts of what a member owes; amounts in cents, for a period on fixed dates.

    `family`: the amount of one account for all members under family coverage; None: each member has an account of
    `individual`. A line needs to match only one of `benefits`, `therapies` and `codes`. If none is given, the account
    is for every line. `carries_over` None: each period begins with the amount alone.
    """

    id: str
    individual: Cents
    family: Cents | None
    per: LimitPeriod
    pays: tuple[OwedPart, ...]
    benefits: tuple[str, ...]
    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    payment_to: Payee
    cite: str | None
    at: Place
    carries_over: CarriedOver | None = None

    @property
    def parts(self) -> tuple[OwedPart, ...]:
        """What it pays, in order."""
        return tuple(part for part in OwedPart if part in self.pays)

    def is_for(self, benefit: str, therapy: str, code: str) -> bool:
        """Whether it pays lines of a benefit, therapy and code, each empty where there is none."""
        is_for_all = not (self.benefits or self.therapies or self.codes)
        return is_for_all or benefit in self.benefits or therapy in self.therapies or code in self.codes


@dataclass(frozen=True, slots=True)
class Requirement:
    """An attestation that a benefit asks for; `after` in visits.

    `penalty`: without it the plan pays less by so many basis points; `penalty_cents`: less by so many cents a visit;
    neither = the line is not covered. `visits_of`: the limit whose visits are counted; None = the benefit's own visits
    in the benefit period (point 13).
    """

    attestation: Attestation
    penalty: BasisPoints | None
    after: int | None
    at: Place
    visits_of: str | None = None
    penalty_cents: Cents | None = None

    @property
    def is_bare(self) -> bool:
        """Whether the line is not covered without it."""
        return self.penalty is None and self.penalty_cents is None


@dataclass(frozen=True, slots=True)
class DeductibleStep:
    """Takes what is left of a deductible; None = the tier's."""

    accumulator: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class CopayStep:
    """A fixed amount in cents."""

    cents: Cents
    per: CopayPer
    waived_with_deductible: bool
    at: Place


@dataclass(frozen=True, slots=True)
class CoinsuranceBound:
    """The least or the most of a coinsurance, cents."""

    cents: Cents
    per: CopayPer


@dataclass(frozen=True, slots=True)
class CoinsuranceStep:
    """A percentage in basis points; None = no least, no most."""

    basis_points: BasisPoints
    of: CoinsuranceOf
    at: Place
    at_least: CoinsuranceBound | None = None
    at_most: CoinsuranceBound | None = None


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """The lesser, else the greater, of a copay and a coinsurance."""

    is_lesser: bool
    copay: CopayStep
    coinsurance: CoinsuranceStep
    at: Place


@dataclass(frozen=True, slots=True)
class CopayBand:
    """The copay of a line that allows at most `up_to`, cents; None = whatever it allows."""

    up_to: int | None
    cents: int


@dataclass(frozen=True, slots=True)
class BandedCopayStep:
    """A copay per line by bands of the allowed amount, the first one that holds it (point 19)."""

    bands: tuple[CopayBand, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class NothingStep:
    """The member pays nothing."""

    at: Place


SingleStep = DeductibleStep | CopayStep | BandedCopayStep | CoinsuranceStep | NothingStep
Step = SingleStep | ComparedStep


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps for visits up to and with number `through`; None = from there on.

    `visits_of`: the limit whose visits are counted; None = the benefit's own in the benefit period (point 13).
    """

    through: int | None
    steps: tuple[Step, ...]
    at: Place
    visits_of: str | None = None


@dataclass(frozen=True, slots=True)
class TierBenefit:
    """What the member pays in one tier."""

    tier: str
    member_pays: tuple[Phase, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit; `tiers` holds only the tiers it covers, `refused_tiers` those it names as not covered.

    `counted_parts`: the parts of its cost share that out-of-pocket maxima count and cap, in order (points 21 and 23).
    `without_codes`: codes of its therapies that it does not apply to. `copay_scope`: its copays per day are shared with
    those of benefits with the same scope; None = it names none.
    """

    id: str
    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    policy: str | None
    when: Criteria | None
    requires: tuple[Requirement, ...]
    limits: tuple[Limit, ...]
    continues_when_exhausted: bool
    counted_parts: tuple[SharePart, ...]
    tiers: Mapping[str, TierBenefit]
    cite: str | None
    at: Place
    refused_tiers: tuple[str, ...] = ()
    without_codes: tuple[str, ...] = ()
    copay_scope: str | None = None

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions that its own `when` lists, each of which may have a count of its own."""
        return self.when.conditions or () if self.when is not None else ()

    @property
    def shared_copay(self) -> str | None:
        """The scope of its copays per day, "" where it names none; None: it has no copay per day (point 20)."""
        steps = (step for block in self.tiers.values() for phase in block.member_pays for step in phase.steps)
        return daily_scope((step.per for step in steps if isinstance(step, CopayStep)), str(self.copay_scope or ""))

    @property
    def numbered(self) -> list[Requirement | Phase]:
        """Everything that may depend on a visit number: requirements, and the parts of what the member pays."""
        parts = [phase for block in self.tiers.values() for phase in block.member_pays]
        return [*self.requires, *parts]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What the plan does not cover, looked at first."""

    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    when: Criteria | None
    reason: str
    cite: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class Discount:
    """A lower price on lines that are not covered; `percent` in basis points. `tiers`: where they are; () = in all."""

    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    percent: BasisPoints
    cite: str | None
    at: Place
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """kind: plan; mappings keep file order, accounts pay in it. `tests` are decoded by `rulebook.cases`."""

    heading: Heading
    payer: Payer
    benefit_period: BenefitPeriod
    hsa_qualified: bool
    fees: str | None
    accumulators: Mapping[str, Accumulator]
    tiers: Mapping[str, Tier]
    limits: Mapping[str, Limit]
    benefits: Mapping[str, Benefit]
    exclusions: tuple[Exclusion, ...]
    not_covered_pays: NotCoveredPays
    discounts: tuple[Discount, ...]
    tests: tuple[TestCase, ...]
    accounts: Mapping[str, Account]
    unit_rule: UnitRule | None = None
    code_edits: CodeEdits = CodeEdits.NONE

    @property
    def has_code_edits(self) -> bool:
        """Whether some tier holds the codes of a day to each other."""
        return any(self.edits_in(tier) is not CodeEdits.NONE for tier in self.tiers.values())

    def edits_in(self, tier: Tier) -> CodeEdits:
        """Whose rules judge the codes of a day in a tier (docs/rule-language.md, point 48)."""
        return self.code_edits if tier.code_edits is None else tier.code_edits
