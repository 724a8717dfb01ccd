"""The records a rule file decodes to: frozen, positioned, without behaviour.

What comes in: nothing; these are the nouns of the rule language (docs/rule-language.md). What goes out: the types that
`rulebook` fills and `engine` compiles. Money is integer cents, percentages are integer basis points (12.5 % = 1250),
dates are `datetime.date`. `None` means "not given" (for amounts of an accumulator also: unlimited).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

STATES = [
    "AK",
    "AL",
    "AR",
    "AZ",
    "CA",
    "CO",
    "CT",
    "DC",
    "DE",
    "FL",
    "GA",
    "HI",
    "IA",
    "ID",
    "IL",
    "IN",
    "KS",
    "KY",
    "LA",
    "MA",
    "MD",
    "ME",
    "MI",
    "MN",
    "MO",
    "MS",
    "MT",
    "NC",
    "ND",
    "NE",
    "NH",
    "NJ",
    "NM",
    "NV",
    "NY",
    "OH",
    "OK",
    "OR",
    "PA",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VA",
    "VT",
    "WA",
    "WI",
    "WV",
    "WY",
    "AS",
    "GU",
    "MP",
    "PR",
    "VI",
]
"""USPS codes: the states, the District of Columbia, then the inhabited territories."""


class TaxAdvantage(StrEnum):
    """Whether an HSA or FSA may pay for a therapy (IRS Publication 502)."""

    ELIGIBLE = "eligible"
    WITH_LETTER = "with_letter"
    NOT_ELIGIBLE = "not_eligible"


class AccumulatorKind(StrEnum):
    """What an accumulator's sum does."""

    DEDUCTIBLE = "deductible"
    OUT_OF_POCKET_MAXIMUM = "out_of_pocket_maximum"


class FamilyMode(StrEnum):
    """How individual and family amounts combine under family coverage."""

    EMBEDDED = "embedded"
    AGGREGATE = "aggregate"


class Carryover(StrEnum):
    """Whether the last quarter's deductible is credited to the next benefit period."""

    NONE = "none"
    LAST_QUARTER = "last_quarter"
    LAST_QUARTER_IF_UNMET = "last_quarter_if_unmet"


class AboveAllowedKind(StrEnum):
    """Who owes charge minus allowed amount."""

    WRITTEN_OFF = "written_off"
    MEMBER = "member"
    MEMBER_UP_TO = "member_up_to"


class Setting(StrEnum):
    """Where a service is given: the closed vocabulary of the `settings` criterion."""

    OFFICE = "office"
    HOME = "home"
    TELEHEALTH = "telehealth"
    OUTPATIENT_HOSPITAL = "outpatient_hospital"
    INPATIENT_HOSPITAL = "inpatient_hospital"
    CLINIC = "clinic"
    GROUP = "group"
    COMMUNITY = "community"


class Attestation(StrEnum):
    """What a requirement or a soft limit asks for."""

    PRIOR_AUTHORIZATION = "prior_authorization"
    REFERRAL = "referral"
    PLAN_OF_CARE = "plan_of_care"
    LETTER_OF_MEDICAL_NECESSITY = "letter_of_medical_necessity"
    IMPROVEMENT_DOCUMENTED = "improvement_documented"
    ACTIVE_TREATMENT = "active_treatment"


class Measure(StrEnum):
    """What a limit counts in."""

    VISITS = "visits"
    UNITS = "units"
    MONEY = "money"


class Counting(StrEnum):
    """What makes a limit count: the covered visit or unit, or money paid by the plan or allowed."""

    COVERED = "covered"
    PLAN_PAID = "plan_paid"
    ALLOWED = "allowed"


class PeriodKind(StrEnum):
    """The period over which a limit counts."""

    VISIT = "visit"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    BENEFIT_PERIOD = "benefit_period"
    CALENDAR_YEAR = "calendar_year"
    ROLLING_DAYS = "rolling_days"
    ROLLING_MONTHS = "rolling_months"
    LIFETIME = "lifetime"


class CopayPer(StrEnum):
    """What one copay is due for."""

    VISIT = "visit"
    LINE = "line"
    UNIT = "unit"


class CoinsuranceOf(StrEnum):
    """The base of a coinsurance percentage."""

    REMAINING = "remaining"
    AFTER_DEDUCTIBLE = "after_deductible"
    ALLOWED = "allowed"


class NotCoveredPays(StrEnum):
    """What a member owes on a line that is not covered."""

    CHARGE = "charge"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a rule file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, as compilers print it."""
        return f"{self.file}:{self.line}:{self.column}"


class Word(str):
    """An identifier or code as written in a file: a `str` that knows its place.

    Every reference in the records (therapies, codes, conditions, policy, fees, accumulators, tiers, states, ...) and
    every id is a Word, so that a check can point at the very word that is wrong.
    """

    __slots__ = ("at",)
    at: Place

    def __new__(cls, text: str, at: Place) -> Self:
        """`text` read at `at`."""
        word = super().__new__(cls, text)
        word.at = at
        return word


@dataclass(frozen=True, slots=True)
class Effective:
    """An inclusive range of dates; `to` None is open."""

    start: date
    end: date | None
    at: Place

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the range."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was published."""

    title: str
    url: str | None
    published: date | None
    retrieved: date | None
    at: Place


@dataclass(frozen=True, slots=True)
class Review:
    """Who looked at the file, when, and when to look again."""

    on: date
    by: str | None
    next: date | None
    at: Place


@dataclass(frozen=True, slots=True)
class Heading:
    """The keys every rule file begins with."""

    id: str
    name: str | None
    effective: Effective
    sources: Mapping[str, Source]
    illustrative: bool
    reviewed: Review | None
    notes: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class TypicalCharge:
    """Cash price of one session, cents."""

    low: int
    typical: int
    high: int
    at: Place


@dataclass(frozen=True, slots=True)
class Therapy:
    """A therapy of the catalog."""

    id: str
    name: str
    aliases: tuple[str, ...]
    codes: tuple[str, ...]
    practitioners: tuple[str, ...]
    service_type: str | None
    typical_charge: TypicalCharge | None
    tax_advantaged: TaxAdvantage | None
    at: Place


@dataclass(frozen=True, slots=True)
class Condition:
    """A named group of ICD-10-CM prefixes, as written."""

    id: str
    name: str
    icd10: tuple[str, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A kind of practitioner and its NUCC taxonomy code."""

    id: str
    name: str
    taxonomy: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class Licensure:
    """The states that do, or that do not, license a kind of practitioner; exactly one is given."""

    practitioner: str
    licensed: tuple[str, ...] | None
    unlicensed: tuple[str, ...] | None
    at: Place


@dataclass(frozen=True, slots=True)
class Catalog:
    """kind: catalog."""

    heading: Heading
    therapies: Mapping[str, Therapy]
    conditions: Mapping[str, Condition]
    practitioners: Mapping[str, Practitioner]
    licensure: Mapping[str, Licensure]


@dataclass(frozen=True, slots=True)
class Ages:
    """Completed years, inclusive."""

    min: int | None
    max: int | None
    at: Place


@dataclass(frozen=True, slots=True)
class Criteria:
    """A `when:` block; None = that key is not given."""

    conditions: tuple[str, ...] | None
    icd10: tuple[str, ...] | None
    not_conditions: tuple[str, ...] | None
    practitioners: tuple[str, ...] | None
    settings: tuple[Setting, ...] | None
    ages: Ages | None
    states: tuple[str, ...] | None
    licensed: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Policy:
    """kind: policy."""

    heading: Heading
    when: Criteria
    cite: str | None


@dataclass(frozen=True, slots=True)
class PercentOf:
    """`80% of charge` or `100% of in_network`; `tier` None is the charge."""

    basis_points: int
    tier: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class FeeTable:
    """Allowed amounts of one tier, cents per unit."""

    tier: str
    codes: Mapping[str, int]
    therapies: Mapping[str, int]
    otherwise: PercentOf | None
    cite: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class Fees:
    """kind: fees."""

    heading: Heading
    tiers: Mapping[str, FeeTable]


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
    """A running sum; amounts in cents, None = unlimited."""

    id: str
    kind: AccumulatorKind
    individual: int | None
    family: int | None
    family_mode: FamilyMode
    feeds: tuple[str, ...]
    carryover: Carryover
    cite: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class AboveAllowed:
    """What happens to charge minus allowed; `cap_basis_points` only with MEMBER_UP_TO."""

    kind: AboveAllowedKind
    cap_basis_points: int | None


@dataclass(frozen=True, slots=True)
class Tier:
    """Whom the member sees, and what a bare `deductible` and the cap mean there."""

    id: str
    name: str | None
    deductible: str | None
    out_of_pocket_maximum: str | None
    above_allowed: AboveAllowed
    copay_feeds: tuple[str, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class LimitPeriod:
    """`length` in days or months for the rolling kinds, else 0."""

    kind: PeriodKind
    length: int


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap on visits, units or cents (`allow`) over a period; `shared` when it is a pool of the plan."""

    id: str
    measure: Measure
    allow: int
    per: LimitPeriod
    counts: Counting
    beyond: Attestation | None
    cite: str | None
    shared: bool
    at: Place


@dataclass(frozen=True, slots=True)
class Requirement:
    """An attestation asked for; `penalty` in basis points of what the plan pays, `after` in visits."""

    attestation: Attestation
    penalty: int | None
    after: int | None
    at: Place


@dataclass(frozen=True, slots=True)
class DeductibleStep:
    """Takes what is left of a deductible; None = the tier's."""

    accumulator: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class CopayStep:
    """A fixed amount in cents."""

    cents: int
    per: CopayPer
    waived_with_deductible: bool
    at: Place


@dataclass(frozen=True, slots=True)
class CoinsuranceStep:
    """A percentage in basis points."""

    basis_points: int
    of: CoinsuranceOf
    at: Place


@dataclass(frozen=True, slots=True)
class NothingStep:
    """The member pays nothing."""

    at: Place


Step = DeductibleStep | CopayStep | CoinsuranceStep | NothingStep


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps for visits up to and with number `through` of the benefit period; None = from there on."""

    through: int | None
    steps: tuple[Step, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class TierBenefit:
    """What the member pays in one tier."""

    tier: str
    member_pays: tuple[Phase, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class Benefit:
    """One benefit; `tiers` holds only the tiers it covers, `refused_tiers` those it names as not covered."""

    id: str
    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    policy: str | None
    when: Criteria | None
    requires: tuple[Requirement, ...]
    limits: tuple[Limit, ...]
    continues_when_exhausted: bool
    counts_toward_out_of_pocket_maximum: bool
    tiers: Mapping[str, TierBenefit]
    cite: str | None
    at: Place
    refused_tiers: tuple[str, ...] = ()


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
    """A lower price on lines that are not covered; `percent` in basis points."""

    therapies: tuple[str, ...]
    codes: tuple[str, ...]
    percent: int
    cite: str | None
    at: Place


@dataclass(frozen=True, slots=True)
class Plan:
    """kind: plan; mappings keep file order. `tests` are decoded by `rulebook.cases`."""

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


@dataclass(frozen=True, slots=True)
class TestItem:
    """One planned service of a test; names follow the request of docs/api.md. Amounts in cents."""

    __test__ = False

    member: str | None
    therapy: str | None
    codes: tuple[tuple[str, int, int | None, int | None], ...]  # (code, units, charge, allowed)
    practitioner: str | None
    setting: Setting | None
    tier: str | None
    state: str | None
    diagnoses: tuple[str, ...]
    conditions: tuple[str, ...]
    attestations: tuple[Attestation, ...]
    charge: int | None
    allowed: int | None
    dates: tuple[date, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class TestGiven:
    """The member and the services of a test. `used` by accumulator (cents) or limit id (visits, units or cents)."""

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
    items: tuple[TestItem, ...]
    at: Place


@dataclass(frozen=True, slots=True)
class TestExpect:
    """What a test states; None = not stated. Amounts in cents; `covered` in visits.

    `lines` maps a line index (-1: last) to field -> value. A None inside `each` repeats the amount before it, as often
    as fits.
    """

    __test__ = False

    patient: int | None
    plan_paid: int | None
    written_off: int | None
    each: tuple[int | None, ...] | None
    covered: int | None
    lines: Mapping[int, Mapping[str, int | str | bool]]
    after: Mapping[str, int]
    at: Place


@dataclass(frozen=True, slots=True)
class TestCase:
    """One entry of a plan file's `tests:`."""

    __test__ = False  # a record of the rule language, not a pytest class

    name: str
    given: TestGiven
    expect: TestExpect
    at: Place


Document = Catalog | Policy | Fees | Plan


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every file of a rule folder, checked: for each id its editions in order of date.

    `digest` is the SHA-256 (hex) over the files' names and bytes; `texts` holds each file's text by name.
    """

    catalogs: Mapping[str, tuple[Catalog, ...]]
    policies: Mapping[str, tuple[Policy, ...]]
    fees: Mapping[str, tuple[Fees, ...]]
    plans: Mapping[str, tuple[Plan, ...]]
    texts: Mapping[str, str]
    digest: str
