"""The records that rule files decode to: frozen, with positions, without behaviour.

They are the nouns of the rule language (docs/rule-language.md). `rulebook` fills them, and `engine` compiles them.
Money is integer cents, percentages are integer basis points (12.5 % = 1250), dates are `datetime.date`. `None` means
"not given"; for amounts of an accumulator it also means unlimited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camcover.rulebook.records.cases import TestCase, TestExpect, TestGiven, TestItem, TestProcedure
from camcover.rulebook.records.catalog import (
    Catalog,
    CodeFacts,
    Condition,
    Licensure,
    Modifier,
    Practitioner,
    Therapy,
    TypicalCharge,
    UnitMinutes,
)
from camcover.rulebook.records.headings import Effective, Heading, Place, Review, Source, Word
from camcover.rulebook.records.limit_terms import (
    MEASURES,
    MINUTES_OF_HOUR,
    NOUNS,
    Counting,
    Measure,
    countings,
)
from camcover.rulebook.records.membership import MemberRole, MemberStatus, WaitingPeriod, WaitingUnit
from camcover.rulebook.records.money_words import CarriedOver, OwedPart, Payee
from camcover.rulebook.records.periods import (
    ACCOUNT_PERIODS,
    DATED_PERIODS,
    FIXED_PERIODS,
    FROM_EPISODE,
    FROM_FIRST_VISIT,
    LONG_PERIODS,
    MOVING,
    PERIODS,
    ROLLING,
    WINDOWS,
    WITHIN_A_DAY,
    CountedFor,
    PeriodKind,
    Window,
)
from camcover.rulebook.records.plan import (
    Account,
    Accumulator,
    AgeAllowance,
    BandedCopayStep,
    Benefit,
    BenefitPeriod,
    CoinsuranceBound,
    CoinsuranceStep,
    ComparedStep,
    CopayBand,
    CopayStep,
    DeductibleStep,
    Discount,
    Exclusion,
    Limit,
    LimitPeriod,
    NothingStep,
    Payer,
    Phase,
    Plan,
    Requirement,
    SingleStep,
    Step,
    TierBenefit,
)
from camcover.rulebook.records.policy_and_fees import (
    Ages,
    Criteria,
    FeeRate,
    Fees,
    FeeTable,
    PercentOf,
    Policy,
)
from camcover.rulebook.records.states import STATES
from camcover.rulebook.records.step_terms import (
    BOUND_UNITS,
    COINSURANCES,
    COPAYS,
    DAILY_COPAYS,
    CoinsuranceOf,
    CopayPer,
    is_by_facility,
)
from camcover.rulebook.records.terms import (
    DENIALS,
    DIAGNOSIS_DENIAL,
    LIMITS_DENIAL,
    AboveAllowedKind,
    AccumulatorKind,
    Attestation,
    Carryover,
    CodeEdits,
    FamilyMode,
    NotCoveredPays,
    Setting,
    SharePart,
    TaxAdvantage,
    UnitRule,
)
from camcover.rulebook.records.tiers import AboveAllowed, ProviderLiable, Tier

__all__ = [
    "ACCOUNT_PERIODS",
    "BOUND_UNITS",
    "COINSURANCES",
    "COPAYS",
    "DAILY_COPAYS",
    "DATED_PERIODS",
    "DENIALS",
    "DIAGNOSIS_DENIAL",
    "FIXED_PERIODS",
    "FROM_EPISODE",
    "FROM_FIRST_VISIT",
    "LIMITS_DENIAL",
    "LONG_PERIODS",
    "MEASURES",
    "MINUTES_OF_HOUR",
    "MOVING",
    "NOUNS",
    "PERIODS",
    "ROLLING",
    "STATES",
    "WINDOWS",
    "WITHIN_A_DAY",
    "AboveAllowed",
    "AboveAllowedKind",
    "Account",
    "Accumulator",
    "AccumulatorKind",
    "AgeAllowance",
    "Ages",
    "Attestation",
    "BandedCopayStep",
    "Benefit",
    "BenefitPeriod",
    "CarriedOver",
    "Carryover",
    "Catalog",
    "CodeEdits",
    "CodeFacts",
    "CoinsuranceBound",
    "CoinsuranceOf",
    "CoinsuranceStep",
    "ComparedStep",
    "Condition",
    "CopayBand",
    "CopayPer",
    "CopayStep",
    "CountedFor",
    "Counting",
    "Criteria",
    "DeductibleStep",
    "Discount",
    "Document",
    "Effective",
    "Exclusion",
    "FamilyMode",
    "FeeRate",
    "FeeTable",
    "Fees",
    "Heading",
    "Licensure",
    "Limit",
    "LimitPeriod",
    "Measure",
    "MemberRole",
    "MemberStatus",
    "Modifier",
    "NotCoveredPays",
    "NothingStep",
    "OwedPart",
    "Payee",
    "Payer",
    "PercentOf",
    "PeriodKind",
    "Phase",
    "Place",
    "Plan",
    "Policy",
    "Practitioner",
    "ProviderLiable",
    "Requirement",
    "Review",
    "RuleSet",
    "Setting",
    "SharePart",
    "SingleStep",
    "Source",
    "Step",
    "TaxAdvantage",
    "TestCase",
    "TestExpect",
    "TestGiven",
    "TestItem",
    "TestProcedure",
    "Therapy",
    "Tier",
    "TierBenefit",
    "TypicalCharge",
    "UnitMinutes",
    "UnitRule",
    "WaitingPeriod",
    "WaitingUnit",
    "Window",
    "Word",
    "countings",
    "is_by_facility",
]

Document = Catalog | Policy | Fees | Plan


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every file of a rule folder, checked: for each id its editions in order of date.

    `digest` is the SHA-256 (hex) over the files' names and bytes; `texts` holds each file's text by name. Files read
    from disk are named below their common folder, so that nothing derived from the records shows where the folder is.
    `paths` holds the path under which each file was read, for callers who gave the folder.
    """

    catalogs: Mapping[str, tuple[Catalog, ...]]
    policies: Mapping[str, tuple[Policy, ...]]
    fees: Mapping[str, tuple[Fees, ...]]
    plans: Mapping[str, tuple[Plan, ...]]
    texts: Mapping[str, str]
    digest: str
    paths: Mapping[str, str] = field(default_factory=dict)

    def as_read(self, place: str) -> str:
        """A place, `file:line` or a file alone, with the path under which the file was read."""
        file, colon, line = place.rpartition(":") if place not in self.paths else (place, "", "")
        return f"{self.paths.get(file, file)}{colon}{line}"
