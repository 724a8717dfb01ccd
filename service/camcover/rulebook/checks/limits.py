"""Limits: counts that their measure cannot have, limits that allow nothing, pools that no benefit draws on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Counting, Limit, Measure, Plan, RuleSet

COUNTS_MISMATCH = declare_fault(
    "limit-counts-mismatch",
    Severity.ERROR,
    "A limit's `counts` does not fit what it allows: visits count covered or plan_paid, units covered, money "
    "plan_paid or "
    "allowed (docs/rule-language.md, section 4, limits).",
    "Use a `counts` of the measure, or leave it out.",
)
LIMIT_OF_ZERO = declare_fault(
    "limit-of-zero",
    Severity.WARNING,
    "A limit allows nothing, so that its benefit never applies.",
    "Say `not_covered` or write an exclusion, or check the number.",
)
UNUSED_LIMIT = declare_fault(
    "unused-limit",
    Severity.WARNING,
    "No benefit draws on a pool of the plan's `limits`.",
    "Name it in a benefit's `limits`, or remove it.",
)

_COUNTS = {
    Measure.VISITS: (Counting.COVERED, Counting.PLAN_PAID),
    Measure.UNITS: (Counting.COVERED,),
    Measure.MONEY: (Counting.PLAN_PAID, Counting.ALLOWED),
}


def limits_of(plan: Plan) -> Iterator[Limit]:
    """Every limit of a plan once: the pools, then those inside benefits."""
    yield from plan.limits.values()
    for benefit in plan.benefits.values():
        yield from (limit for limit in benefit.limits if not limit.shared)


def check_counts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`counts` fits the measure (docs/rule-language.md, section 4, limits)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.counts not in _COUNTS[limit.measure]:
                message = f"a limit in {limit.measure} cannot count '{limit.counts}'"
                words = " or ".join(_COUNTS[limit.measure])
                yield COUNTS_MISMATCH.at(limit.at, message, f"limits in {limit.measure} count {words}")


def check_zero(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A limit allows something, or is soft (docs/rule-language.md, point 11)."""
    for plan in plans(rules):
        for limit in limits_of(plan):
            if limit.allow == 0 and limit.beyond is None:
                message = f"the limit '{limit.id}' allows nothing"
                yield LIMIT_OF_ZERO.at(limit.at, message, "use `not_covered` or an exclusion")


def check_unused(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every pool is drawn on (docs/rule-language.md, section 4: pools that several benefits share)."""
    for plan in plans(rules):
        used = {limit.id for benefit in plan.benefits.values() for limit in benefit.limits if limit.shared}
        for limit in plan.limits.values():
            if limit.id not in used:
                message = f"no benefit draws on the pool '{limit.id}'"
                yield UNUSED_LIMIT.at(limit.at, message, "name it in a benefit's `limits`")
