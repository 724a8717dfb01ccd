"""Accumulators: amounts and uses that contradict each other, and sums that nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from camcover.rulebook.checks.fault import Severity, declare_fault
from camcover.rulebook.checks.scope import phases, place_of, plans
from camcover.rulebook.diagnostics import Diagnostic
from camcover.rulebook.records import (
    AccumulatorKind,
    DeductibleStep,
    FamilyMode,
    Place,
    Plan,
    RuleSet,
)
from camcover.rulebook.words import written

FEEDS_ITSELF = declare_fault(
    "accumulator-feeds-itself",
    Severity.ERROR,
    "An accumulator stands in its own `feeds`, which would count the same dollars twice.",
    "Remove it from `feeds`.",
)
WRONG_KIND = declare_fault(
    "accumulator-of-wrong-kind",
    Severity.ERROR,
    "A tier or a deductible step names an accumulator of the other kind: a deductible where an out-of-pocket "
    "maximum is "
    "meant, or the reverse.",
    "Name an accumulator of the kind that is asked for, or change its `kind`.",
)
INDIVIDUAL_ABOVE_FAMILY = declare_fault(
    "individual-above-family",
    Severity.ERROR,
    "The individual amount of an accumulator is above its family amount.",
    "Check both amounts against the plan's document.",
)
AGGREGATE_WITHOUT_FAMILY = declare_fault(
    "aggregate-without-family",
    Severity.ERROR,
    "An accumulator has `family_mode: aggregate` but no family amount, so that under family coverage nothing would "
    "bound "
    "it (docs/rule-language.md, point 22).",
    "Give the family amount (`unlimited` amounts need no mode), or use `family_mode: embedded`.",
)
UNUSED_ACCUMULATOR = declare_fault(
    "unused-accumulator",
    Severity.WARNING,
    "No tier, step or `feeds` names the accumulator, so nothing moves it.",
    "Remove it, or name it where it belongs.",
)


def check_feeds(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """No accumulator feeds itself (docs/rule-language.md, point 23: the same dollars count once)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            own = [word for word in accumulator.feeds if word == accumulator.id]
            if own:
                message = f"'{accumulator.id}' feeds itself"
                yield FEEDS_ITSELF.at(place_of(own[0], accumulator.at), message, "remove it from `feeds`")


def check_kinds(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """`deductible` names deductibles, `out_of_pocket_maximum` maxima (docs/rule-language.md, section 4)."""
    for plan in plans(rules):
        for word, place, wanted in _uses_by_kind(plan):
            accumulator = plan.accumulators.get(word)
            if accumulator is not None and accumulator.kind is not wanted:
                message = f"'{word}' is of kind {accumulator.kind}, not {wanted}"
                same = [each.id for each in plan.accumulators.values() if each.kind is wanted]
                hint = f"accumulators of kind {wanted}: {', '.join(same)}" if same else f"the plan has no {wanted}"
                yield WRONG_KIND.at(place, message, hint)


def _uses_by_kind(plan: Plan) -> Iterator[tuple[str, Place, AccumulatorKind]]:
    """Every word that must name an accumulator of one kind."""
    for tier in plan.tiers.values():
        if tier.deductible is not None:
            yield tier.deductible, place_of(tier.deductible, tier.at), AccumulatorKind.DEDUCTIBLE
        if tier.out_of_pocket_maximum is not None:
            maximum = tier.out_of_pocket_maximum
            yield maximum, place_of(maximum, tier.at), AccumulatorKind.OUT_OF_POCKET_MAXIMUM
    for _, phase in phases(plan):
        for step in phase.steps:
            if isinstance(step, DeductibleStep) and step.accumulator is not None:
                yield step.accumulator, place_of(step.accumulator, step.at), AccumulatorKind.DEDUCTIBLE


def check_amounts(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Individual and family amounts fit each other and the family mode (docs/rule-language.md, point 22)."""
    for plan in plans(rules):
        for accumulator in plan.accumulators.values():
            individual, family = accumulator.individual, accumulator.family
            if individual is not None and family is not None and individual > family:
                message = f"the individual amount {written(individual)} is above the family amount {written(family)}"
                yield INDIVIDUAL_ABOVE_FAMILY.at(accumulator.at, message, "check both amounts")
            # Unlimited on both sides bounds nobody in either mode, so only a bound that gets lost is a fault.
            if accumulator.family_mode is FamilyMode.AGGREGATE and family is None and individual is not None:
                message = f"'{accumulator.id}' is aggregate but has no family amount"
                yield AGGREGATE_WITHOUT_FAMILY.at(accumulator.at, message, "give `family: $...`")


def check_unused_accumulators(rules: RuleSet, _today: date) -> Iterator[Diagnostic]:
    """Every accumulator is moved by a tier, a step or another accumulator (docs/rule-language.md, point 23)."""
    for plan in plans(rules):
        used = {word for word, _, _ in _uses_by_kind(plan)}
        used.update(word for tier in plan.tiers.values() for word in tier.copay_feeds)
        used.update(word for each in plan.accumulators.values() for word in each.feeds if word != each.id)
        for accumulator in plan.accumulators.values():
            if accumulator.id not in used:
                message = f"nothing moves the accumulator '{accumulator.id}'"
                yield UNUSED_ACCUMULATOR.at(accumulator.at, message, "name it in a tier, a step or `feeds`")
