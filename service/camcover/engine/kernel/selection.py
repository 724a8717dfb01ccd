"""Kernel, fourth part: which benefit applies to a line, and if none, the first criterion that failed.

Exclusions come before benefits in `rules.candidates`, both in file order (docs/rule-language.md, section 4 "Which
benefit applies", points 7 to 11).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from camcover.calendar import add_months
from camcover.engine.estimate import Reason
from camcover.engine.kernel.codes import RuleKind
from camcover.engine.kernel.limits import age_of, is_exhausted, is_visit_admitted, visit_number
from camcover.engine.kernel.sums import holds
from camcover.engine.kernel.tables import LineContext, RuleTables, Work
from camcover.jit import compiled

_EXCLUSION = int(RuleKind.EXCLUSION)

_HOLDS = int(Reason.NONE)
_EXCLUDED = int(Reason.EXCLUDED)
_NOT_LISTED = int(Reason.NOT_LISTED)
_TIER = int(Reason.TIER_NOT_COVERED)
_DIAGNOSIS = int(Reason.DIAGNOSIS_NOT_COVERED)
_PRACTITIONER = int(Reason.PRACTITIONER_NOT_COVERED)
_SETTING = int(Reason.SETTING_NOT_COVERED)
_AGE = int(Reason.AGE)
_STATE = int(Reason.STATE)
_UNLICENSED = int(Reason.UNLICENSED)
_LIMIT = int(Reason.LIMIT_REACHED)
_ATTESTATION = int(Reason.ATTESTATION_NOT_COVERED)
_ROLE = int(Reason.MEMBER_ROLE)
_STATUS = int(Reason.MEMBER_STATUS)
_WAITING = int(Reason.WAITING_PERIOD)

NOTHING_ASSUMED = False
"""How the criteria of an exclusion are judged: a fact that is not given holds for none (point 40)."""

_NONE = -1
_ZERO = np.uint64(0)


@compiled
def failed_criterion(  # noqa: C901, PLR0912 - the rows of one table of the language, in its order
    rules: RuleTables, context: LineContext, row: int, assumed: bool
) -> int:
    """The first criterion of row `row` that does not hold, as a Reason; 0 if all hold or the row is -1.

    If a fact is not given, a criterion that asks for it holds where facts are `assumed` (point 40).
    """
    if row < 0:
        return _HOLDS
    asked, service = rules.criteria[row], context.service
    if asked["diagnoses"] != _ZERO and (service["diagnoses"] & asked["diagnoses"]) == _ZERO:
        if service["diagnosed"] == 1 or not assumed:
            return _DIAGNOSIS
    elif (service["diagnoses"] & asked["not_diagnoses"]) != _ZERO:
        return _DIAGNOSIS
    practitioner = service["practitioner"]
    if asked["asks_practitioner"] == 1 and not _is_in(asked["practitioners"], practitioner, assumed):
        return _PRACTITIONER
    if not holds(asked["settings"], service["setting"]):
        return _SETTING
    if asked["asks_age"] == 1:
        age = age_of(context)
        if (age < 0 and not assumed) or (age >= 0 and (age < asked["age_min"] or age > asked["age_max"])):
            return _AGE
    if asked["asks_state"] == 1 and not _is_in(asked["states"], service["state"], assumed):
        return _STATE
    if asked["licensed"] == 1 and not _is_licensed(rules, context, assumed):
        return _UNLICENSED
    if asked["asks_member"] == 1:
        reason = _failed_of_member(asked, context, assumed)
        if reason != _HOLDS:
            return reason
    given = context.attestations if assumed else service["attestations"]
    if (asked["attested"] & ~given) != _ZERO or (asked["not_attested"] & context.attestations) != _ZERO:
        return _ATTESTATION
    return _HOLDS


@compiled
def _failed_of_member(asked: Any, context: LineContext, assumed: bool) -> int:
    """The first criterion of a row, of those that look at the membership, that does not hold, as a Reason; 0: none."""
    service = context.service
    if asked["roles"] != _ZERO and not _is_in(asked["roles"], service["role"], assumed):
        return _ROLE
    if asked["statuses"] != _ZERO and not _is_in(asked["statuses"], service["status"], assumed):
        return _STATUS
    if asked["wait_days"] + asked["wait_months"] > 0:
        enrolled = service["enrolled"]
        if enrolled <= 0:
            return _HOLDS if assumed else _WAITING
        if context.line["day"] < add_months(enrolled, asked["wait_months"]) + asked["wait_days"]:
            return _WAITING
    if asked["wait_periods"] > 0:
        first = service["first_service"]
        if first <= 0:
            return _HOLDS if assumed else _WAITING
        if first >= add_months(context.request["period"], 12 - 12 * asked["wait_periods"]):
            return _WAITING
    return _HOLDS


@compiled
def _is_in(mask: np.uint64, number: int, assumed: bool) -> bool:
    """Whether a set holds a number; of one that is not given, what is assumed."""
    return assumed if number < 0 else holds(mask, number)


@compiled
def _is_licensed(rules: RuleTables, context: LineContext, assumed: bool) -> bool:
    """Whether the state licenses the practitioner; what is not given is as assumed, where any state licenses it."""
    practitioner, state = context.service["practitioner"], context.service["state"]
    if practitioner < 0:
        return assumed
    states = rules.licensure[context.segment["licensure"] + practitioner]
    return states != _ZERO and _is_in(states, state, assumed)


@compiled
def choose(  # noqa: C901 - one walk over both ranges, kept whole so that it compiles to one loop
    rules: RuleTables, work: Work, context: LineContext, behind: int
) -> tuple[int, int, int, int]:
    """The rule that decides a line: (row of `rules` or -1, Reason or 0, failed row of `criteria`, row of `limits`).

    Walks the two ascending ranges of candidates, by therapy and by code, as one. `behind`: the row behind which rules
    are looked at, -1 = all are.
    """
    position, end = _range(rules, context, context.service["therapy"])
    other, other_end = _range(rules, context, context.service["code"])
    failed_rule, failed_reason, failed_row = _NONE, _NOT_LISTED, _NONE
    exhausted, exhausted_limit = _NONE, _NONE
    while position < end or other < other_end:
        if other >= other_end or (position < end and rules.candidates[position] <= rules.candidates[other]):
            row = rules.candidates[position]
            if other < other_end and rules.candidates[other] == row:
                other += 1
            position += 1
        else:
            row = rules.candidates[other]
            other += 1
        rule = rules.rules[row]
        if row <= behind or _is_without(rules, rule, context.service["code"]):
            continue
        reason, criteria = _judge(rules, context, rule)
        if rule["kind"] == _EXCLUSION:
            if reason == _HOLDS:
                return row, _EXCLUDED, _NONE, _NONE
            continue
        if reason != _HOLDS:
            # The first benefit that has a block for the tier tells the reason, else the first of all (point 9).
            if failed_rule == _NONE or (failed_reason == _TIER and reason != _TIER):
                failed_rule, failed_reason, failed_row = row, reason, criteria
            continue
        if rule["continues"] == 1:
            limit = is_exhausted(rules, work, context, rule, is_visit_admitted(work, context, rule))
            if limit != _NONE:
                exhausted, exhausted_limit = row, limit
                continue
        return row, _HOLDS, _NONE, _NONE
    if exhausted != _NONE:
        return exhausted, _LIMIT, _NONE, exhausted_limit
    return failed_rule, failed_reason, failed_row, _NONE


@compiled
def _is_without(rules: RuleTables, rule: Any, code: int) -> bool:
    """Whether a rule names a code among those that it is not for."""
    return rule["without_count"] > 0 and is_listed(rules, rule["without"], rule["without_count"], code)


@compiled
def is_listed(rules: RuleTables, first: int, count: int, code: int) -> bool:
    """Whether a code stands in a list of `listed_codes`."""
    found = False
    for row in range(first, first + count):
        found = found or rules.listed_codes[row] == code
    return found


@compiled
def _range(rules: RuleTables, context: LineContext, number: int) -> tuple[int, int]:
    """The candidates that name a service: [first, end)."""
    if number < 0:
        return 0, 0
    match = rules.matches[context.segment["matches"] + number]
    return match["first"], match["first"] + match["count"]


@compiled
def _judge(rules: RuleTables, context: LineContext, rule: Any) -> tuple[int, int]:
    """The first thing that keeps a rule from applying, and the row of `criteria` that says so.

    Tier, policy, its own.
    """
    if rule["kind"] == _EXCLUSION:
        return failed_criterion(rules, context, rule["criteria"], NOTHING_ASSUMED), rule["criteria"]
    if rules.rule_tiers[rule["tiers"] + context.tier_number]["count"] == 0:
        return _TIER, _NONE
    assumed = context.request["attested"] == 1
    reason = failed_criterion(rules, context, rule["policy"], assumed)
    if reason != _HOLDS:
        return reason, rule["policy"]
    return failed_criterion(rules, context, rule["criteria"], assumed), rule["criteria"]


@compiled
def phase_of(rules: RuleTables, work: Work, context: LineContext, rule: Any) -> Any:
    """The phase of the line's tier that holds for the number of its visit."""
    row = rules.rule_tiers[rule["tiers"] + context.tier_number]["first"]
    while rules.phases[row]["through"] < visit_number(rules, work, context, rule, rules.phases[row]["limit"]):
        row += 1
    context.entry["phase"] = row
    return rules.phases[row]
