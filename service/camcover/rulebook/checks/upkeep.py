"""Upkeep: files due for review, plans without tests, tiers in which no benefit covers anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Plan, RuleSet

REVIEW_DUE = declare_fault(
    "review-due",
    Severity.WARNING,
    "The date of the next review of a file (`reviewed: {next: ...}`) has passed.",
    "Compare the file with its sources, then update `reviewed`.",
)
PLAN_WITHOUT_TESTS = declare_fault(
    "plan-without-tests",
    Severity.WARNING,
    "A plan edition has no `tests`, and no test of another edition has a date in it. Nothing shows that its rules give "
    "the payer's amounts.",
    "Add a test with an amount from the plan's document.",
)
UNUSED_TIER = declare_fault(
    "unused-tier",
    Severity.WARNING,
    "No benefit names a tier of the plan, neither with terms nor as `not_covered`.",
    "Add terms for the tier to a benefit, or write `TIER: not_covered`.",
)

_WAS_DUE = sentence("review-due-was-due", "file", "day")
_COMPARE_WITH_SOURCES = sentence("review-due-compare-with-sources")
_NO_TEST = sentence("plan-without-tests-no-test", "plan")
_ADD_TESTS = sentence("plan-without-tests-add-tests")
_NO_BENEFIT = sentence("unused-tier-no-benefit", "tier")
_ADD_TERMS = sentence("unused-tier-add-terms", "tier")


def check_reviews(rules: RuleSet, today: date) -> Iterator[Diagnostic]:
    """`reviewed.next` is not before today (docs/rule-language.md, section 1, common keys)."""
    for group in (rules.catalogs, rules.policies, rules.fees, rules.plans):
        for editions in group.values():
            for edition in editions:
                review = edition.heading.reviewed
                if review is not None and review.next is not None and review.next < today:
                    message = _WAS_DUE(file=edition.heading.id, day=str(review.next))
                    yield REVIEW_DUE.at(review.at, message, _COMPARE_WITH_SOURCES())


def check_tests(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every edition is proved by a test, its own or one that runs through it (docs/rule-language.md, section 9)."""
    for plan in plans(rules):
        if not plan.tests and not any(_runs_through(plan, other) for other in rules.plans[plan.heading.id]):
            message = _NO_TEST(plan=plan.heading.id)
            yield PLAN_WITHOUT_TESTS.at(plan.heading.at, message, _ADD_TESTS())


def _runs_through(plan: Plan, other: Plan) -> bool:
    """Whether a test of another edition has a service in this one."""
    days = (day for test in other.tests for item in test.given.items for day in item.dates)
    return any(plan.heading.effective.holds(day) for day in days)


def check_tiers(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every tier is that of some benefit (docs/rule-language.md, section 4); a plan that covers nothing is exempt."""
    for plan in plans(rules):
        named = ((*benefit.tiers, *benefit.refused_tiers) for benefit in plan.benefits.values())
        used = {tier for tiers in named for tier in tiers}
        for tier in plan.tiers.values():
            if plan.benefits and tier.id not in used:
                message = _NO_BENEFIT(tier=tier.id)
                yield UNUSED_TIER.at(tier.at, message, _ADD_TERMS(tier=tier.id))
