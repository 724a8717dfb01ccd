"""Why a line is not covered, as messages.

What comes in: a `Reason`. What goes out: its sentence, where the reason alone settles it.
"""

from __future__ import annotations

from collections.abc import Collection

from camcover.engine.estimate import Reason
from camcover.engine.facts import OpenFact
from camcover.engine.request import Membership
from camcover.messages import Message, sentence
from camcover.rulebook.records import Criteria, WaitingUnit
from camcover.rulebook.term_messages import roles, statuses, waiting

REASONS = {
    Reason.NOT_LISTED: sentence("reason-not-listed"),
    Reason.NOT_IN_FORCE: sentence("reason-not-in-force"),
    Reason.TIER_NOT_COVERED: sentence("reason-tier-not-covered"),
    Reason.DIAGNOSIS_NOT_COVERED: sentence("reason-diagnosis-not-covered"),
    Reason.PRACTITIONER_NOT_COVERED: sentence("reason-practitioner-not-covered"),
    Reason.SETTING_NOT_COVERED: sentence("reason-setting-not-covered"),
    Reason.AGE: sentence("reason-age-not-covered"),
    Reason.STATE: sentence("reason-state-not-covered"),
    Reason.UNKNOWN_CODE: sentence("reason-unknown-code"),
    Reason.UNLICENSED: sentence("reason-unlicensed"),
    Reason.CODE_NOT_PAID_BESIDE: sentence("reason-code-not-paid-beside"),
    Reason.ADD_ON_ALONE: sentence("reason-add-on-alone"),
    Reason.UNITS_PER_DAY: sentence("reason-units-per-day"),
}
BY_NO_RULE = (Reason.UNKNOWN_CODE, Reason.BEFORE_COVERAGE, Reason.AFTER_COVERAGE)
"""Reasons that no rule of the plan gives, although the date has terms."""

NOT_GIVEN = {
    Reason.DIAGNOSIS_NOT_COVERED: sentence("reason-diagnosis-not-given"),
    Reason.PRACTITIONER_NOT_COVERED: sentence("reason-practitioner-not-given"),
    Reason.AGE: sentence("reason-age-not-given"),
    Reason.STATE: sentence("reason-state-not-given"),
    Reason.UNLICENSED: sentence("reason-license-not-given"),
}
"""The same where the fact that the criterion asks for was not given (point 40)."""

OF_MEMBER = {
    Reason.MEMBER_ROLE: (sentence("reason-role-not-covered", "roles"), sentence("reason-role-not-given", "roles")),
    Reason.MEMBER_STATUS: (
        sentence("reason-status-not-covered", "statuses"),
        sentence("reason-status-not-given", "statuses"),
    ),
    Reason.WAITING_PERIOD: (
        sentence("reason-waiting-period", "waiting"),
        sentence("reason-enrollment-not-given", "waiting"),
    ),
}
_FROM_YEAR = sentence("reason-from-year", "year"), sentence("reason-first-service-not-given", "year")
"""Reasons that criteria of the membership give, and the same where the fact was not given."""

_BEFORE_COVERAGE = sentence("reason-before-coverage", "first")
_AFTER_COVERAGE = sentence("reason-after-coverage", "last")


def by_no_rule(reason: Reason, membership: Membership) -> Message:
    """A reason that no rule of the plan gives: the date, the code, or the member's days of coverage."""
    if reason is Reason.BEFORE_COVERAGE and membership.covered_from is not None:
        return _BEFORE_COVERAGE(first=membership.covered_from)
    if reason is Reason.AFTER_COVERAGE and membership.covered_to is not None:
        return _AFTER_COVERAGE(last=membership.covered_to)
    return REASONS[reason]()


def of_member(reason: Reason, criteria: Criteria, not_given: Collection[Reason | OpenFact]) -> Message:
    """Whom a criterion of the membership lets pass, or from when on; `not_given`: what the request leaves open."""
    waits = criteria.waiting_period
    if reason is Reason.WAITING_PERIOD and waits is not None and waits.unit is WaitingUnit.YEAR:
        return _FROM_YEAR[OpenFact.FIRST_SERVICE in not_given](year=waits.length + 1)
    said = OF_MEMBER[reason][reason in not_given]
    if reason is Reason.MEMBER_ROLE:
        return said(roles=roles(criteria.roles or ()))
    if reason is Reason.MEMBER_STATUS:
        return said(statuses=statuses(criteria.statuses or ()))
    if waits is None:
        raise AssertionError("a line was refused for a waiting period of which there is none")
    return said(waiting=waiting(waits))
