"""A ledger row as X12 835 claim adjustments: group code and claim adjustment reason code (CARC) for every cent.

The codes are X12's. Only this module assigns them to our reasons. Groups: PR, the patient owes it; CO, the provider's
contract or the law forbids to bill it.
"""

from __future__ import annotations

from camcover.engine.compiling.sources import Sources
from camcover.engine.estimate import Adjustment, Reason
from camcover.engine.kernel.workspace import LedgerRow, maker_of
from camcover.money import Cents
from camcover.rulebook.records import Attestation, Benefit, Exclusion, PeriodKind

DEDUCTIBLE, COINSURANCE, COPAY = "1", "2", "3"
ABOVE_FEE_SCHEDULE = "45"

_adjusted = maker_of(Adjustment)

_OF_REASON = {
    Reason.NONE: "96",
    Reason.EXCLUDED: "96",
    Reason.NOT_LISTED: "204",
    Reason.NOT_IN_FORCE: "96",
    Reason.TIER_NOT_COVERED: "242",
    Reason.DIAGNOSIS_NOT_COVERED: "167",
    Reason.PRACTITIONER_NOT_COVERED: "170",
    Reason.SETTING_NOT_COVERED: "58",
    Reason.AGE: "6",
    Reason.STATE: "96",
    Reason.UNLICENSED: "185",
    Reason.REQUIREMENT_MISSING: "50",
    Reason.LIMIT_REACHED: "119",
    Reason.UNKNOWN_CODE: "181",
    Reason.ATTESTATION_NOT_COVERED: "50",
    Reason.BEFORE_COVERAGE: "26",
    Reason.AFTER_COVERAGE: "27",
    Reason.CODE_NOT_PAID_BESIDE: "236",
    Reason.ADD_ON_ALONE: "107",
    Reason.UNITS_PER_DAY: "151",
    Reason.MEMBER_ROLE: "177",
    Reason.MEMBER_STATUS: "177",
    Reason.WAITING_PERIOD: "179",
}
_OF_EXCLUSION = {"experimental": "55", "not_medically_necessary": "50"}
_OF_ATTESTATION = {Attestation.PRIOR_AUTHORIZATION: "197", Attestation.REFERRAL: "288"}
_MISCODED = (Reason.CODE_NOT_PAID_BESIDE, Reason.ADD_ON_ALONE, Reason.UNITS_PER_DAY)
"""For the codes of the day (point 48)."""

_REMARKS = {"96": "N130"}
"""The CARCs that ask for a remark code (RARC) that is no alert, of those above, and ours: see the plan's documents."""

_LIFETIME_MAXIMUM = "149"
_NOT_NECESSARY = "50"
"""Of a denial that is the provider's, where its attestation has no code of its own (point 41)."""


def not_covered_code(sources: Sources, row: LedgerRow) -> str:
    """The CARC for what a line leaves uncovered."""
    reason = Reason(row.reason)
    if reason is Reason.EXCLUDED:
        rule = sources.rules[row.rule]
        return _OF_EXCLUSION.get(rule.reason, _OF_REASON[reason]) if isinstance(rule, Exclusion) else _OF_REASON[reason]
    if reason is Reason.LIMIT_REACHED and row.limit >= 0:
        limit = sources.limits[row.limit]
        return _LIFETIME_MAXIMUM if limit.per.kind is PeriodKind.LIFETIME else _OF_REASON[reason]
    if reason is Reason.REQUIREMENT_MISSING:
        return _OF_ATTESTATION.get(sources.requirements[row.requirement].attestation, _OF_REASON[reason])
    if reason is Reason.ATTESTATION_NOT_COVERED:
        asked = sources.criteria[row.criteria].criteria.attested or ()
        return next((_OF_ATTESTATION[each] for each in asked if each in _OF_ATTESTATION), _OF_REASON[reason])
    return _OF_REASON[reason]


def adjustments(sources: Sources, row: LedgerRow, rest: LedgerRow | None = None) -> tuple[Adjustment, ...]:
    """The adjustments of a line, amounts above 0 only; they sum to charge - plan_paid.

    `rest`: what became of what a limit handed on of it, whose amounts are in the line's.
    """
    found = []
    if row.deductible:
        found.append(_adjusted(("PR", DEDUCTIBLE, row.deductible, "")))
    if row.coinsurance:
        found.append(_adjusted(("PR", COINSURANCE, row.coinsurance, "")))
    if row.copay:
        found.append(_adjusted(("PR", COPAY, row.copay, "")))
    if row.penalty:
        found.append(_adjusted(("PR", _penalty_code(sources, row, rest), row.penalty, "")))
    if row.balance_bill:
        found.append(_adjusted(("PR", ABOVE_FEE_SCHEDULE, row.balance_bill, "")))
    if row.not_covered:
        code = not_covered_code(sources, row)
        found.append(_adjusted(("PR", code, row.not_covered, _REMARKS.get(code, ""))))
    if row.miscoded:
        reason = Reason(row.reason)
        code = _OF_REASON[reason if reason in _MISCODED else Reason.UNITS_PER_DAY]
        found.append(_adjusted(("CO", code, row.miscoded, "")))
    if row.provider_owes > row.miscoded:
        owed = Cents(row.provider_owes - row.miscoded)
        found.append(_adjusted(("CO", _provider_code(sources, row), owed, "")))
    if row.written_off > row.provider_owes:
        found.append(_adjusted(("CO", ABOVE_FEE_SCHEDULE, Cents(row.written_off - row.provider_owes), "")))
    return tuple(found)


def _provider_code(sources: Sources, row: LedgerRow) -> str:
    """The CARC of a denial that is the provider's."""
    if Reason(row.reason) is Reason.REQUIREMENT_MISSING:
        return _OF_ATTESTATION.get(sources.requirements[row.requirement].attestation, _NOT_NECESSARY)
    return _NOT_NECESSARY


def _penalty_code(sources: Sources, row: LedgerRow, rest: LedgerRow | None) -> str:
    """The CARC of a penalty: the first attestation that carries one, of the line's benefit or of its rest's."""
    rules = [sources.rules[each.rule] for each in (row, rest) if each is not None and each.rule >= 0]
    asked = [each for rule in rules if isinstance(rule, Benefit) for each in rule.requires]
    attestation = next(each.attestation for each in asked if not each.is_bare)
    return _OF_ATTESTATION.get(attestation, _OF_REASON[Reason.REQUIREMENT_MISSING])
