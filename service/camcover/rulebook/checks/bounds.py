"""The engine's fixed widths: sets are 64-bit masks and step tables have eight columns, so rule files stay within them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.regions import diagnosis_groups
from camcover.rulebook.checks.scope import days_of_change, phases, plans
from camcover.rulebook.diagnostics import Diagnostic, Severity, declare
from camcover.rulebook.records import Practitioner, RuleSet

TOO_MANY = declare(
    "too-many",
    Severity.ERROR,
    "More of something than the engine's fixed tables hold: 64 kinds of practitioner in all catalogs, 64 distinct groups of "
    "diagnoses, 16 accumulators or 12 tiers in a plan, 32 limits on a benefit, 8 steps in a list.",
    "Split the plan or the benefit, or merge what is alike.",
)

MAX_PRACTITIONERS = 64
MAX_DIAGNOSIS_GROUPS = 64
MAX_ACCUMULATORS = 16
MAX_TIERS = 12
MAX_LIMITS = 32
MAX_STEPS = 8


def check_practitioners(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Kinds of practitioner in all catalogs together are bits of one mask (docs/architecture.md, the kernel)."""
    kinds: dict[str, Practitioner] = {}
    for editions in rules.catalogs.values():
        for catalog in editions:
            for practitioner in catalog.practitioners.values():
                kinds.setdefault(practitioner.id, practitioner)
    if len(kinds) > MAX_PRACTITIONERS:
        first_beyond = list(kinds.values())[MAX_PRACTITIONERS]
        message = f"{len(kinds)} kinds of practitioner in the catalogs"
        yield TOO_MANY.at(first_beyond.at, message, f"at most {MAX_PRACTITIONERS}")


def check_diagnosis_groups(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Distinct groups of diagnoses that a plan asks about are bits of one mask (docs/architecture.md, the kernel)."""
    for plan in plans(rules):
        groups = {group for day in days_of_change(plan, rules) for group in diagnosis_groups(plan, rules, day)}
        if len(groups) > MAX_DIAGNOSIS_GROUPS:
            message = f"{len(groups)} distinct groups of diagnoses in the criteria of '{plan.heading.id}'"
            yield TOO_MANY.at(plan.heading.at, message, f"at most {MAX_DIAGNOSIS_GROUPS}")


def check_plan_sizes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Accumulators, tiers and limits have rows of fixed width (docs/architecture.md, the kernel)."""
    for plan in plans(rules):
        if len(plan.accumulators) > MAX_ACCUMULATORS:
            beyond = list(plan.accumulators.values())[MAX_ACCUMULATORS]
            message = f"{len(plan.accumulators)} accumulators in a plan"
            yield TOO_MANY.at(beyond.at, message, f"at most {MAX_ACCUMULATORS}")
        if len(plan.tiers) > MAX_TIERS:
            message = f"{len(plan.tiers)} tiers in a plan"
            yield TOO_MANY.at(list(plan.tiers.values())[MAX_TIERS].at, message, f"at most {MAX_TIERS}")
        for benefit in plan.benefits.values():
            if len(benefit.limits) > MAX_LIMITS:
                message = f"{len(benefit.limits)} limits on benefit '{benefit.id}'"
                yield TOO_MANY.at(benefit.limits[MAX_LIMITS].at, message, f"at most {MAX_LIMITS}")


def check_step_counts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """At most eight steps in a list (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            if len(phase.steps) > MAX_STEPS:
                message = f"{len(phase.steps)} steps in one list"
                yield TOO_MANY.at(phase.steps[MAX_STEPS].at, message, f"at most {MAX_STEPS}")
