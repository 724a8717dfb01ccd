"""Copays per day: no benefit mixes them with copays per visit, and each scope is shared by several benefits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import Benefit, ComparedStep, CopayPer, CopayStep, RuleSet

COPAY_UNITS_MIXED = declare_fault(
    "copay-units-mixed",
    Severity.ERROR,
    "A benefit has copays per day and copays per visit, so that what a visit paid of the one could not be told from "
    "the other (docs/rule-language.md, point 20).",
    "Give the benefit one of the two, or make two benefits of it.",
)
COPAY_SCOPE_IDLE = declare_fault(
    "copay-scope-idle",
    Severity.WARNING,
    "A `copay_scope` changes nothing: its benefit has no copay per day, or no other benefit of the plan with such a "
    "copay names the same scope (docs/rule-language.md, point 20).",
    "Write the copay `per day`, correct the word so that benefits share it, or remove `copay_scope`.",
)


def _copays(benefit: Benefit) -> Iterator[CopayStep]:
    """Every copay of a benefit, those that are compared with a coinsurance too."""
    for block in benefit.tiers.values():
        for step in (step for phase in block.member_pays for step in phase.steps):
            if isinstance(step, CopayStep):
                yield step
            elif isinstance(step, ComparedStep):
                yield step.copay


def check_units(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """A benefit's copays are per day or per visit, never both (docs/rule-language.md, point 20)."""
    for plan in plans(rules):
        for benefit in plan.benefits.values():
            first = {copay.per: copay for copay in reversed([*_copays(benefit)])}
            if CopayPer.DAY in first and CopayPer.VISIT in first:
                message = f"the benefit '{benefit.id}' has a copay per day and another per visit"
                yield COPAY_UNITS_MIXED.at(first[CopayPer.DAY].at, message, "use one of the two in all of its tiers")


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
                message = f"the benefit '{benefit.id}' has no copay per day for its scope '{scope}'"
                yield COPAY_SCOPE_IDLE.at(place, message, "write such as {copay: $30 per day}, or remove the scope")
            elif shared.count(benefit.shared_copay) == 1:
                message = f"no other benefit has a copay per day in the scope '{scope}'"
                yield COPAY_SCOPE_IDLE.at(place, message, "name one scope in each benefit that shares the copay")
