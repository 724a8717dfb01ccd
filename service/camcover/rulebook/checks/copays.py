"""Copays per day: no benefit mixes them with copays per visit, and each scope is shared by several benefits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import DAILY_COPAYS, Benefit, ComparedStep, CopayPer, CopayStep, RuleSet

COPAY_UNITS_MIXED = declare_fault(
    "copay-units-mixed",
    Severity.ERROR,
    "A benefit has copays of two of the units day, facility and visit. The copay that a visit has paid could then "
    "belong to either (docs/rule-language.md, point 20).",
    "Use one unit in all copays of the benefit, or make two benefits of it.",
)
COPAY_SCOPE_IDLE = declare_fault(
    "copay-scope-idle",
    Severity.WARNING,
    "A `copay_scope` has no effect: its benefit has no copay per day, or no other benefit with a copay per day names "
    "the same scope (docs/rule-language.md, point 20).",
    "Write the copay `per day`, name the same scope in the benefits that share the copay, or remove `copay_scope`.",
)

_PER_DAY_AND_VISIT = sentence("copay-units-mixed-per-day-and-visit", "benefit", "one", "other")
_USE_ONE_UNIT = sentence("copay-units-mixed-use-one-unit")
_NO_COPAY_PER_DAY = sentence("copay-scope-idle-no-copay-per-day", "benefit", "scope")
_WRITE_PER_DAY = sentence("copay-scope-idle-write-per-day")
_NO_OTHER_BENEFIT = sentence("copay-scope-idle-no-other-benefit", "scope")
_NAME_SAME_SCOPE = sentence("copay-scope-idle-name-same-scope")


def _copays(benefit: Benefit) -> Iterator[CopayStep]:
    """Every copay of a benefit, those that are compared with a coinsurance too."""
    for block in benefit.tiers.values():
        for step in (step for phase in block.member_pays for step in phase.steps):
            if isinstance(step, CopayStep):
                yield step
            elif isinstance(step, ComparedStep):
                yield step.copay


def check_units(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A benefit's copays are per day, per facility or per visit, never two (docs/rule-language.md, point 20)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            first = {copay.per: copay for copay in reversed([*_copays(benefit)])}
            mixed = [per for per in (*DAILY_COPAYS, CopayPer.VISIT) if per in first]
            if len(mixed) > 1:
                message = _PER_DAY_AND_VISIT(benefit=benefit.id, one=mixed[0], other=mixed[1])
                yield COPAY_UNITS_MIXED.at(first[mixed[0]].at, message, _USE_ONE_UNIT())


def check_scopes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A scope is named for copays per day that several benefits share (docs/rule-language.md, point 20)."""
    for plan in plans(rules):
        shared = [benefit.shared_copay for benefit in plan.benefits.values()]
        for benefit in plan.benefits.values():
            scope = benefit.copay_scope
            if scope is None:
                continue
            place = place_of(scope, benefit.at)
            if benefit.shared_copay is None:
                message = _NO_COPAY_PER_DAY(benefit=benefit.id, scope=scope)
                hint = _WRITE_PER_DAY()
                yield COPAY_SCOPE_IDLE.at(place, message, hint)
            elif shared.count(benefit.shared_copay) == 1:
                message = _NO_OTHER_BENEFIT(scope=scope)
                yield COPAY_SCOPE_IDLE.at(place, message, _NAME_SAME_SCOPE())
