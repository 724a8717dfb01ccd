"""The engine's fixed widths: sets are 64-bit masks and step tables have eight columns, so files stay within them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.messages import Sentence, sentence
from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.regions import diagnosis_groups
from camcover.rulebook.checks.scope import days_of_change, phases, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import ComparedStep, Place, RuleSet

TOO_MANY = declare_fault(
    "too-many",
    Severity.ERROR,
    "The files have more of something than the engine's fixed tables hold. They hold 64 kinds of practitioner in all "
    "catalogs, 64 distinct groups of diagnoses, 16 accumulators and 12 tiers in a plan, 32 limits on a benefit, 8 "
    "steps in a list, and 500 benefits and exclusions in a file.",
    "Split the plan or the benefit, or merge parts that are alike.",
)

_PRACTITIONERS = sentence("too-many-practitioners", "found")
_ACCUMULATORS = sentence("too-many-accumulators", "found")
_TIERS = sentence("too-many-tiers", "found")
_BENEFITS = sentence("too-many-benefits", "found")
_LIMITS = sentence("too-many-limits", "found", "benefit")
_STEPS = sentence("too-many-steps", "found")
_DIAGNOSIS_GROUPS = sentence("too-many-diagnosis-groups", "plan", "found")
_AT_MOST = sentence("too-many-at-most", "most")

MAX_PRACTITIONERS = 64
MAX_DIAGNOSIS_GROUPS = 64
MAX_ACCUMULATORS = 16
MAX_TIERS = 12
MAX_LIMITS = 32
MAX_STEPS = 8
MAX_BENEFITS = 500


def check_practitioners(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Kinds of practitioner in all catalogs together are bits of one mask (docs/architecture.md, the kernel)."""
    kinds: dict[str, Place] = {}
    for editions in rules.catalogs.values():
        for catalog in editions:
            for practitioner in catalog.practitioners.values():
                kinds.setdefault(practitioner.id, practitioner.at)
    yield from _beyond(list(kinds.values()), MAX_PRACTITIONERS, _PRACTITIONERS)


def check_diagnosis_groups(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Distinct groups of diagnoses that a plan's editions ask about are bits of one mask (docs/architecture.md)."""
    for editions in rules.plans.values():
        groups = {
            group
            for plan in editions
            for day in days_of_change(plan, rules)
            for group in diagnosis_groups(plan, rules, day)
        }
        if len(groups) > MAX_DIAGNOSIS_GROUPS:
            heading = editions[-1].heading
            finding = _DIAGNOSIS_GROUPS(plan=heading.id, found=str(len(groups)))
            yield TOO_MANY.at(heading.at, finding, _AT_MOST(most=str(MAX_DIAGNOSIS_GROUPS)))


def check_plan_sizes(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Accumulators and tiers of all editions of a plan, and limits, have fixed rows (docs/architecture.md)."""
    for editions in rules.plans.values():
        accumulators = {each.id: each.at for plan in editions for each in plan.accumulators.values()}
        tiers = {each.id: each.at for plan in editions for each in plan.tiers.values()}
        yield from _beyond(list(accumulators.values()), MAX_ACCUMULATORS, _ACCUMULATORS)
        yield from _beyond(list(tiers.values()), MAX_TIERS, _TIERS)
        for plan in editions:
            rows = [benefit.at for benefit in plan.benefits.values()] + [exclusion.at for exclusion in plan.exclusions]
            yield from _beyond(rows, MAX_BENEFITS, _BENEFITS)
            for benefit in plan.benefits.values():
                places = [limit.at for limit in benefit.limits]
                yield from _beyond(places, MAX_LIMITS, _LIMITS, benefit=benefit.id)


def _beyond(places: list[Place], most: int, said: Sentence, **named: str) -> Iterator[Diagnostic]:
    """A diagnostic at the first place beyond the `most` that fit."""
    if len(places) > most:
        yield TOO_MANY.at(places[most], said(found=str(len(places)), **named), _AT_MOST(most=str(most)))


def check_step_counts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """At most eight steps in a list (docs/rule-language.md, point 19)."""
    for plan in plans(rules):
        for _, phase in phases(plan):
            places = [step.at for step in phase.steps for _ in range(2 if isinstance(step, ComparedStep) else 1)]
            yield from _beyond(places, MAX_STEPS, _STEPS)
