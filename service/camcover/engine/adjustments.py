"""A ledger row as X12 835 claim adjustments: group code and claim adjustment reason code (CARC) for every cent.

The codes are X12's; which one stands for which of our reasons is listed here and nowhere else. Groups: PR the patient
owes it, CO the provider's contract or the law forbids to bill it.
"""

from __future__ import annotations

from collections.abc import Iterator

from camcover.engine.compile import Tables
from camcover.engine.estimate import Adjustment, Reason
from camcover.engine.tables import Array
from camcover.rulebook.records import Attestation, Exclusion, PeriodKind

DEDUCTIBLE, COINSURANCE, COPAY = "1", "2", "3"
ABOVE_FEE_SCHEDULE = "45"

_OF_REASON = {
    Reason.NONE: "96",
    Reason.EXCLUDED: "96",
    Reason.NOT_LISTED: "204",
    Reason.NOT_IN_FORCE: "27",
    Reason.TIER_NOT_COVERED: "242",
    Reason.DIAGNOSIS_NOT_COVERED: "167",
    Reason.PRACTITIONER_NOT_COVERED: "170",
    Reason.SETTING_NOT_COVERED: "58",
    Reason.AGE: "6",
    Reason.STATE: "96",
    Reason.UNLICENSED: "185",
    Reason.REQUIREMENT_MISSING: "50",
    Reason.LIMIT_REACHED: "119",
}
_OF_EXCLUSION = {"experimental": "55", "not_medically_necessary": "50"}
_OF_ATTESTATION = {Attestation.PRIOR_AUTHORIZATION: "197", Attestation.REFERRAL: "288"}
_BEFORE_COVERAGE = "26"
_LIFETIME_MAXIMUM = "149"


def not_covered_code(tables: Tables, row: Array, *, before_coverage: bool) -> str:
    """The CARC for what a line leaves uncovered."""
    reason = Reason(int(row["reason"]))
    if reason is Reason.NOT_IN_FORCE and before_coverage:
        return _BEFORE_COVERAGE
    if reason is Reason.EXCLUDED:
        rule = tables.sources.rules[int(row["rule"])]
        return _OF_EXCLUSION.get(rule.reason, _OF_REASON[reason]) if isinstance(rule, Exclusion) else _OF_REASON[reason]
    if reason is Reason.LIMIT_REACHED and int(row["limit"]) >= 0:
        limit = tables.sources.limits[int(row["limit"])]
        return _LIFETIME_MAXIMUM if limit.per.kind is PeriodKind.LIFETIME else _OF_REASON[reason]
    if reason is Reason.REQUIREMENT_MISSING:
        requirement = tables.sources.requirements[int(row["requirement"])]
        return _OF_ATTESTATION.get(requirement.attestation, _OF_REASON[reason])
    return _OF_REASON[reason]


def adjustments(tables: Tables, row: Array, *, before_coverage: bool = False) -> tuple[Adjustment, ...]:
    """The adjustments of a line, amounts above 0 only; they sum to charge - plan_paid."""
    entries = _entries(tables, row, before_coverage=before_coverage)
    return tuple(Adjustment(group, code, amount) for group, code, amount in entries if amount > 0)


def _entries(tables: Tables, row: Array, *, before_coverage: bool) -> Iterator[tuple[str, str, int]]:
    """(group, CARC, cents) of every part of a line."""
    yield "PR", DEDUCTIBLE, int(row["deductible"])
    yield "PR", COINSURANCE, int(row["coinsurance"])
    yield "PR", COPAY, int(row["copay"])
    yield "PR", _penalty_code(tables, row), int(row["penalty"])
    yield "PR", ABOVE_FEE_SCHEDULE, int(row["balance_bill"])
    yield "PR", not_covered_code(tables, row, before_coverage=before_coverage), int(row["not_covered"])
    yield "CO", ABOVE_FEE_SCHEDULE, int(row["written_off"])


def _penalty_code(tables: Tables, row: Array) -> str:
    """The CARC of a penalty: the attestation that is missing."""
    rule = int(row["rule"])
    if rule < 0 or int(row["penalty"]) == 0:
        return _OF_ATTESTATION[Attestation.PRIOR_AUTHORIZATION]
    table = tables.arrays.rules[rule]
    first = int(table["requirements"])
    for requirement in tables.sources.requirements[first : first + int(table["requirement_count"])]:
        if requirement.penalty is not None:
            return _OF_ATTESTATION.get(requirement.attestation, _OF_REASON[Reason.REQUIREMENT_MISSING])
    return _OF_ATTESTATION[Attestation.PRIOR_AUTHORIZATION]
